//! Following one kind of the cluster, whatever happens to it.
//!
//! Owns finding the kind, listing, watching and beginning again: a kind may not be there yet, go, or come back. What the
//! objects mean is decided by whoever is told.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::time::Duration;

use futures_util::{StreamExt, pin_mut};
use kube::api::DynamicObject;
use kube::core::GroupVersionKind;
use kube::runtime::utils::{Backoff, ResetTimerBackoff};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, Client, discovery};
use plat_resource::Value;
use tracing::debug;

const SHORTEST_PAUSE: Duration = Duration::from_millis(800);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// Beyond the longest pause.
const MOST_DOUBLINGS: u32 = 4;
/// After so long without a failure the next one is the first.
const CALM: Duration = Duration::from_mins(2);

/// A kind to follow.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    /// API group.
    pub(crate) group: String,
    /// Versions, the preferred one first.
    pub(crate) versions: Vec<String>,
    /// Kind.
    pub(crate) kind: String,
    /// How long to wait before looking again for a kind that is not there.
    pub(crate) retry: Duration,
}

/// Which of its objects, and how much of each.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Manner {
    /// Only those with this label.
    pub(crate) label: Option<&'static str>,
    /// With versions and field managers, which have no meaning for policies.
    pub(crate) keeps_bookkeeping: bool,
}

/// What happened to the objects of a kind.
#[derive(Debug)]
pub(crate) enum Happened {
    /// These are all there are.
    All(Vec<Value>),
    /// This one is new or different.
    Put(Value),
    /// This one is gone.
    Gone(Value),
    /// The cluster does not have the kind.
    Absent,
    /// The cluster cannot be asked, and why.
    Failed(String),
}

/// Follows a kind for ever.
pub(crate) async fn follow(client: Client, wanted: Wanted, tell: impl FnMut(Happened) + Send) {
    follow_in(client, wanted, Manner::default(), tell).await;
}

/// As [`follow`], but some objects only, or all of each.
pub(crate) async fn follow_in(client: Client, wanted: Wanted, manner: Manner, mut tell: impl FnMut(Happened) + Send) {
    loop {
        match resolve(&client, &wanted).await {
            Ok(Some(resource)) => watch(&client, &resource, manner, &mut tell).await,
            Ok(None) => tell(Happened::Absent),
            Err(error) => tell(Happened::Failed(words(&error))),
        }
        tokio::time::sleep(wanted.retry).await;
    }
}

/// The first of the wanted versions that the cluster serves.
async fn resolve(client: &Client, wanted: &Wanted) -> Result<Option<discovery::ApiResource>, kube::Error> {
    for version in &wanted.versions {
        let kind = GroupVersionKind::gvk(&wanted.group, version, &wanted.kind);
        match discovery::pinned_kind(client, &kind).await {
            Ok((resource, _)) => return Ok(Some(resource)),
            Err(error) if is_absent(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

fn is_absent(error: &kube::Error) -> bool {
    match error {
        kube::Error::Api(status) => status.code == 404,
        kube::Error::Discovery(_) => true,
        _ => false,
    }
}

/// Watches until the kind is gone.
async fn watch(
    client: &Client,
    resource: &discovery::ApiResource,
    manner: Manner,
    tell: &mut (impl FnMut(Happened) + Send),
) {
    let api: Api<DynamicObject> = Api::all_with(client.clone(), resource);
    let config = watcher::Config { label_selector: manner.label.map(str::to_owned), ..watcher::Config::default() };
    let stream = watcher(api, config).backoff(ResetTimerBackoff::new(Pauses::default(), CALM));
    pin_mut!(stream);
    let value_of = |object| value_of(object, resource, manner);
    let mut listed = Vec::new();
    while let Some(event) = stream.next().await {
        match event {
            Ok(watcher::Event::Init) => listed.clear(),
            Ok(watcher::Event::InitApply(object)) => listed.extend(value_of(object)),
            Ok(watcher::Event::InitDone) => tell(Happened::All(std::mem::take(&mut listed))),
            Ok(watcher::Event::Apply(object)) => {
                if let Some(value) = value_of(object) {
                    tell(Happened::Put(value));
                }
            }
            Ok(watcher::Event::Delete(object)) => {
                if let Some(value) = value_of(object) {
                    tell(Happened::Gone(value));
                }
            }
            Err(error) => {
                debug!(kind = resource.kind, %error, "watch failed");
                if is_gone(&error) {
                    return;
                }
                tell(Happened::Failed(watch_words(&error)));
            }
        }
    }
}

/// How long it is waited before a watch that failed begins again: an API server that is back is heard soon.
#[derive(Debug, Default)]
struct Pauses {
    doublings: u32,
}

impl Iterator for Pauses {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let pause = SHORTEST_PAUSE * 2_u32.pow(self.doublings);
        self.doublings = (self.doublings + 1).min(MOST_DOUBLINGS);
        // Watches that failed together do not come back together.
        let part = u32::try_from(RandomState::new().hash_one(self.doublings) % 1000).unwrap_or_default();
        Some(pause.min(LONGEST_PAUSE).mul_f64(0.5 + f64::from(part) / 2000.0))
    }
}

impl Backoff for Pauses {
    fn reset(&mut self) {
        self.doublings = 0;
    }
}

fn is_gone(error: &watcher::Error) -> bool {
    match error {
        watcher::Error::InitialListFailed(error)
        | watcher::Error::WatchStartFailed(error)
        | watcher::Error::WatchFailed(error) => is_absent(error),
        watcher::Error::WatchError(status) => status.code == 404,
        watcher::Error::NoResourceVersion => false,
    }
}

fn watch_words(error: &watcher::Error) -> String {
    match error {
        watcher::Error::InitialListFailed(error)
        | watcher::Error::WatchStartFailed(error)
        | watcher::Error::WatchFailed(error) => words(error),
        watcher::Error::WatchError(status) => status.message.clone(),
        watcher::Error::NoResourceVersion => "the kind cannot be watched".to_owned(),
    }
}

/// What the API server said, without the wrapping of the client.
pub(crate) fn words(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(status) => status.message.clone(),
        other => other.to_string(),
    }
}

/// The object as a value, unless it is kept without what changes without a meaning for policies.
fn value_of(object: DynamicObject, resource: &discovery::ApiResource, manner: Manner) -> Option<Value> {
    let mut value = serde_json::to_value(object).ok()?;
    let map = value.as_object_mut()?;
    // In lists the items of built-in kinds do not say what they are.
    map.insert("apiVersion".to_owned(), resource.api_version.as_str().into());
    map.insert("kind".to_owned(), resource.kind.as_str().into());
    let metadata = map.get_mut("metadata").and_then(Value::as_object_mut)?;
    if !manner.keeps_bookkeeping {
        for key in ["managedFields", "resourceVersion", "selfLink"] {
            metadata.remove(key);
        }
    }
    Some(value)
}
