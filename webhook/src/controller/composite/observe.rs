//! What is live of an XR: composed resources and connection details.
//!
//! Owns that nothing is decided from a cache that was not read yet, and that what a cache does not have is asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use plat_expand::pipeline::secret_data;
use plat_reconcile::composite::Look;
use plat_reconcile::connection::{self, Details};
use plat_reconcile::names::COMPOSITE_LABEL;
use plat_resource::{GroupVersionKind, ObjectKey, Value, object};
use tokio::time::Instant;

use crate::controller::api::WriteError;
use crate::controller::reconciler::{Context, Failure};
use crate::controller::watches::{WatchScope, WatchState};

/// How long a new watch may take to be read.
const PATIENCE: Duration = Duration::from_secs(10);

/// Live resources of one XR.
#[derive(Debug, Default)]
pub(super) struct Observed {
    /// Those that the XR controls, and those it refers to that nobody controls.
    pub(super) resources: Vec<Value>,
    /// The details in the Secrets that they name; those of the XR are among them.
    pub(super) connection_details: BTreeMap<ObjectKey, Details>,
}

/// What is live. The inner error is for the XR's condition.
pub(super) async fn observe(context: &Context, look: &Look<'_>) -> Result<Result<Observed, String>, Failure> {
    let references = references(look);
    let kinds: BTreeSet<&GroupVersionKind> = references.iter().map(|key| &key.kind).collect();
    for kind in kinds {
        if let Err(reason) = followed(context, kind).await {
            return Ok(Err(reason));
        }
    }
    let own = object::uid(look.composite);
    let mut found: BTreeMap<ObjectKey, Value> = BTreeMap::new();
    for value in context.objects.controlled_by(own) {
        found.insert(ObjectKey::of(&value), Arc::unwrap_or_clone(value));
    }
    for key in references {
        if found.contains_key(&key) {
            continue;
        }
        let live = match context.objects.get(&key) {
            Some(live) => Some(Arc::unwrap_or_clone(live)),
            // Without the label it is in no watch.
            None => match context.read(&key).await {
                Ok(live) => live,
                Err(WriteError::NoKind(_)) => None,
                Err(error @ WriteError::Forbidden { .. }) => return Ok(Err(error.to_string())),
                Err(error) => return Err(error.into()),
            },
        };
        if let Some(live) = live {
            found.insert(key, live);
        }
    }
    // A Secret or anything else that the XR controls without having composed it has no name in the Composition.
    let resources: Vec<Value> = found.into_values().filter(|value| is_composed(value, own)).collect();
    let connection_details = details(context, look, &resources).await?;
    Ok(Ok(Observed { resources, connection_details }))
}

fn is_composed(value: &Value, own: &str) -> bool {
    let is_own = object::controller(value).and_then(|owner| object::string_at(owner, &["uid"])) == Some(own);
    !is_own || object::annotation(value, "crossplane.io/composition-resource-name").is_some()
}

/// What the XR refers to, in the namespaces where that is.
fn references(look: &Look<'_>) -> BTreeSet<ObjectKey> {
    let list = object::value_at(look.composite, look.definition.machinery_path());
    let list = list.and_then(|machinery| machinery.get("resourceRefs")).and_then(Value::as_array);
    let own = object::namespace(look.composite);
    let keys = list.into_iter().flatten().filter_map(|reference| {
        let text = |key: &str| object::string_at(reference, &[key]).unwrap_or_default();
        let namespace = if own.is_empty() { text("namespace") } else { own };
        let kind = GroupVersionKind::new(text("apiVersion"), text("kind"));
        let key = ObjectKey { kind, namespace: namespace.to_owned(), name: text("name").to_owned() };
        (!key.name.is_empty()).then_some(key)
    });
    keys.collect()
}

/// Sees to it that a composed kind is followed, and waits until it was read. The error says why that cannot be.
pub(super) async fn followed(context: &Context, kind: &GroupVersionKind) -> Result<(), String> {
    context.watches.ensure(kind, WatchScope::Labelled(COMPOSITE_LABEL));
    let until = Instant::now() + PATIENCE;
    loop {
        match context.watches.state(kind) {
            Some(WatchState::Synced | WatchState::Absent) => return Ok(()),
            // What it said last stays in use; that it is heard again nobody says until there is something to hear.
            Some(WatchState::Failed(_)) if context.objects.is_synced(kind) => return Ok(()),
            Some(WatchState::Failed(reason)) => return Err(format!("cannot watch {kind}: {reason}")),
            Some(WatchState::Starting) | None if Instant::now() > until => {
                return Err(format!("cannot watch {kind}: it was not read within {} s", PATIENCE.as_secs()));
            }
            Some(WatchState::Starting) | None => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn details(
    context: &Context,
    look: &Look<'_>,
    resources: &[Value],
) -> Result<BTreeMap<ObjectKey, Details>, Failure> {
    let mut all = BTreeMap::new();
    let own = look.definition.is_legacy().then_some(look.composite);
    for owner in resources.iter().chain(own) {
        let Some(key) = connection::secret_key(owner) else { continue };
        if let Some(secret) = context.read(&key).await? {
            all.insert(ObjectKey::of(owner), secret_data(&secret));
        }
    }
    Ok(all)
}
