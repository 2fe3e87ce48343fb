//! The constraints of each template: a kind that comes and goes with it.
//!
//! Owns following those kinds, and making them where no Gatekeeper does.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kube::api::{DynamicObject, Patch, PatchParams};
use kube::core::GroupVersionKind;
use kube::{Api, Client, discovery};
use plat_admission::{constraint_crd, kinds};
use plat_resource::{Value, object};
use tokio::task::JoinHandle;
use tracing::{info, warn};

use super::follow::{Happened, Wanted, follow, words};
use super::{CONSTRAINTS, feed_name, into_feed};
use crate::sources::feeds::Feeds;

/// The kind of a new template is there within a moment.
const RETRY: Duration = Duration::from_millis(500);
/// Owner of the fields that this program applies.
const FIELD_MANAGER: &str = "plat-webhook";
/// Says that this program made a definition.
const MANAGED_BY: &str = plat_admission::report::MANAGED_BY;

/// What follows the constraints of all templates.
#[derive(Clone)]
pub(super) struct Constraints {
    client: Client,
    feeds: Arc<Feeds>,
    makes_kinds: bool,
    /// By the name of the template.
    followed: Arc<Mutex<BTreeMap<String, Followed>>>,
}

struct Followed {
    kind: String,
    task: JoinHandle<()>,
}

impl Constraints {
    pub(super) fn new(client: Client, feeds: Arc<Feeds>, makes_kinds: bool) -> Self {
        Self { client, feeds, makes_kinds, followed: Arc::default() }
    }

    /// Something happened to templates. Is called before the templates themselves are taken in: their constraints are
    /// waited for from the start.
    pub(super) fn templates(&self, happened: &Happened) {
        match happened {
            Happened::All(templates) => {
                let names: Vec<&str> = templates.iter().map(object::name).collect();
                let gone: Vec<String> = {
                    let followed = self.followed.lock().unwrap_or_else(PoisonError::into_inner);
                    followed.keys().filter(|name| !names.contains(&name.as_str())).cloned().collect()
                };
                for name in &gone {
                    self.forget(name);
                }
                for template in templates {
                    self.take(template);
                }
            }
            Happened::Put(template) => self.take(template),
            Happened::Gone(template) => self.forget(object::name(template)),
            Happened::Absent | Happened::Failed(_) => {}
        }
    }

    fn take(&self, template: &Value) {
        let Some(kind) = constraint_crd::kind_of(template) else { return };
        if self.makes_kinds {
            tokio::spawn(make_kind(self.client.clone(), template.clone()));
        }
        let mut followed = self.followed.lock().unwrap_or_else(PoisonError::into_inner);
        if followed.get(object::name(template)).is_some_and(|followed| followed.kind == kind) {
            return;
        }
        let feed = feed_name(kind);
        self.feeds.expect(&feed, CONSTRAINTS);
        let row = kinds::KINDS.iter().find(|row| row.group == kinds::CONSTRAINTS);
        let versions = row.map(|row| row.versions).unwrap_or_default();
        let wanted = Wanted {
            group: kinds::CONSTRAINTS.to_owned(),
            versions: versions.iter().map(|version| (*version).to_owned()).collect(),
            kind: kind.to_owned(),
            retry: RETRY,
        };
        let feeds = Arc::clone(&self.feeds);
        let task =
            tokio::spawn(follow(self.client.clone(), wanted, move |happened| into_feed(&feeds, &feed, happened)));
        let new = Followed { kind: kind.to_owned(), task };
        if let Some(old) = followed.insert(object::name(template).to_owned(), new) {
            self.end(&old);
        }
    }

    fn forget(&self, template: &str) {
        let old = self.followed.lock().unwrap_or_else(PoisonError::into_inner).remove(template);
        if let Some(old) = old {
            self.end(&old);
        }
    }

    fn end(&self, old: &Followed) {
        old.task.abort();
        self.feeds.forget(&feed_name(&old.kind));
    }
}

/// Makes the kind of a template's constraints, unless somebody else made it.
async fn make_kind(client: Client, template: Value) {
    let Some(mut wanted) = constraint_crd::made(&template) else { return };
    let name = object::name(&wanted).to_owned();
    object::set_label(&mut wanted, MANAGED_BY, FIELD_MANAGER);
    let kind = GroupVersionKind::gvk("apiextensions.k8s.io", "v1", "CustomResourceDefinition");
    let resource = discovery::ApiResource::from_gvk_with_plural(&kind, "customresourcedefinitions");
    let api: Api<DynamicObject> = Api::all_with(client, &resource);
    match api.get_opt(&name).await {
        Ok(Some(found)) => {
            let own = found.metadata.labels.as_ref().and_then(|labels| labels.get(MANAGED_BY));
            if own.map(String::as_str) != Some(FIELD_MANAGER) {
                return;
            }
        }
        Ok(None) => info!(kind = name, "made for the constraints of a template"),
        Err(error) => {
            warn!(kind = name, "cannot be looked up: {}", words(&error));
            return;
        }
    }
    let parameters = PatchParams::apply(FIELD_MANAGER).force();
    if let Err(error) = api.patch(&name, &parameters, &Patch::Apply(&wanted)).await {
        warn!(kind = name, "the kind of the template's constraints cannot be made: {}", words(&error));
    }
}
