//! A Composition and its CompositionRevisions: which revision there must be, and whether its pipeline can run.
//!
//! Owns names, numbers, labels and owner references of revisions, as Crossplane gives them: a state of a Composition that
//! was there before is its old revision with a new number. Does not choose which revision an XR uses.

mod hash;
mod kept;
mod pipeline;
#[cfg(test)]
mod tests;

pub use hash::Hash;

use plat_platform::Platform;
use plat_resource::{Document, ObjectKey, Value, object};
use serde_json::json;

use crate::live::{controller_reference, patched};
use crate::names::{COMPOSITION_HASH_LABEL, COMPOSITION_NAME_LABEL, CROSSPLANE_MANAGER};
use crate::{Decision, Event, Then, Write};

const REVISION_API: &str = "apiextensions.crossplane.io/v1";
const CREATE: &str = "CreateRevision";
const UPDATE: &str = "UpdateRevision";

/// What is live of a Composition.
#[derive(Debug, Clone, Copy)]
pub struct Observed<'a> {
    /// The Composition.
    pub composition: &'a Value,
    /// The revisions that are labelled with its name.
    pub revisions: &'a [&'a Value],
    /// What is installed; asked for Functions.
    pub platform: &'a Platform,
    /// The time, in RFC 3339.
    pub now: &'a str,
}

/// What is done about a Composition now.
pub fn decide(observed: &Observed<'_>) -> Decision {
    let composition = observed.composition;
    if object::value_at(composition, &["metadata", "deletionTimestamp"]).is_some() {
        return Decision::wait();
    }
    if let Some(decision) = adopt(observed) {
        return decision;
    }
    let mut decision = match Next::of(composition, observed.revisions) {
        Next::Newest => Decision::wait(),
        Next::Again(revision, number) => newest_again(revision, number),
        Next::New(hash, number) => create(composition, &hash, number),
    };
    for revision in observed.revisions {
        // A write to the revision itself comes first: it changes the resourceVersion that the status names.
        if decision.writes.iter().all(|write| write.key() != ObjectKey::of(revision)) {
            pipeline::decide(revision, observed, &mut decision);
        }
    }
    decision
}

/// The revision that a Composition is, as it is now.
enum Next<'a> {
    /// The newest there is.
    Newest,
    /// An old one, which gets a new number.
    Again(&'a Value, i64),
    /// A new one, of this number.
    New(Hash, i64),
}

impl<'a> Next<'a> {
    fn of(composition: &Value, revisions: &'a [&Value]) -> Self {
        let hash = Hash::of(composition);
        let latest = revisions.iter().map(|revision| number(revision)).max().unwrap_or(0);
        match revisions.iter().find(|revision| is_of(revision, &hash)) {
            Some(revision) if number(revision) == latest => Self::Newest,
            Some(revision) => Self::Again(revision, latest + 1),
            None => Self::New(hash, latest + 1),
        }
    }
}

/// The revision that `composition` will be, were it applied as it is now: a new one, or an old one with a new number; `None`
/// where it is the newest already.
pub fn upcoming(composition: &Value, revisions: &[&Value]) -> Option<Value> {
    match Next::of(composition, revisions) {
        Next::Newest => None,
        Next::Again(revision, number) => {
            let mut revision = revision.clone();
            revision["spec"]["revision"] = json!(number);
            Some(revision)
        }
        Next::New(hash, number) => Some(wanted(composition, &hash, number)),
    }
}

/// Makes the revisions ours that lost their owner, as they do when they are restored from a backup.
fn adopt(observed: &Observed<'_>) -> Option<Decision> {
    let uid = object::uid(observed.composition);
    let mut decision = Decision::default();
    for revision in observed.revisions {
        let owner = object::controller(revision);
        let Some(owner) = owner else {
            decision.writes.push(owned(revision, observed.composition));
            continue;
        };
        let text = |key: &str| owner.get(key).and_then(Value::as_str).unwrap_or_default();
        if text("uid") == uid {
            continue;
        }
        let (name, kind, other) = (object::name(revision), text("kind"), text("name"));
        let message = format!(
            "CompositionRevision {name} is labelled as a revision of this Composition, but {kind} {other} with UID {} \
             controls it; remove the label {COMPOSITION_NAME_LABEL} or the owner reference",
            text("uid")
        );
        return Some(Decision {
            events: vec![Event::warning(UPDATE, message)],
            then: Then::Retry,
            ..Decision::default()
        });
    }
    if decision.writes.is_empty() {
        return None;
    }
    decision.then = Then::Again;
    Some(decision)
}

fn owned(revision: &Value, composition: &Value) -> Write {
    let owners = object::value_at(revision, &["metadata", "ownerReferences"]).and_then(Value::as_array);
    let mut owners = owners.cloned().unwrap_or_default();
    owners.retain(|owner| owner.get("uid").and_then(Value::as_str) != Some(object::uid(composition)));
    owners.push(controller_reference(composition));
    patch(revision, json!({"metadata": {"ownerReferences": owners}}))
}

fn newest_again(revision: &Value, number: i64) -> Decision {
    let message = format!("CompositionRevision {} is the latest again, revision {number}", object::name(revision));
    Decision {
        writes: vec![patch(revision, json!({"spec": {"revision": number}}))],
        events: vec![Event::normal(UPDATE, message)],
        then: Then::Again,
    }
}

fn create(composition: &Value, hash: &Hash, number: i64) -> Decision {
    let mut events = vec![Event::normal(CREATE, format!("Created new revision {number}"))];
    events.extend(unreadable(composition));
    let revision = wanted(composition, hash, number);
    Decision {
        writes: vec![Write::Create { object: revision, manager: CROSSPLANE_MANAGER.to_owned() }],
        events,
        then: Then::Again,
    }
}

/// The revision of `composition` as it is now.
fn wanted(composition: &Value, hash: &Hash, number: i64) -> Value {
    let name = object::name(composition);
    let mut spec = kept::spec(composition);
    spec["revision"] = json!(number);
    let mut labels = json!({COMPOSITION_NAME_LABEL: name, COMPOSITION_HASH_LABEL: hash.label()});
    let own = object::value_at(composition, &["metadata", "labels"]).and_then(Value::as_object);
    for (key, value) in own.into_iter().flatten() {
        labels[key] = value.clone();
    }
    let mut revision = json!({
        "apiVersion": REVISION_API,
        "kind": "CompositionRevision",
        "metadata": {
            "name": format!("{name}-{}", hash.suffix()),
            "labels": labels,
            "ownerReferences": [controller_reference(composition)],
        },
        "spec": spec,
    });
    let annotations = object::value_at(composition, &["metadata", "annotations"]);
    if let Some(annotations) = annotations.filter(|map| map.as_object().is_some_and(|map| !map.is_empty())) {
        revision["metadata"]["annotations"] = annotations.clone();
    }
    revision
}

fn patch(revision: &Value, patch: Value) -> Write {
    patched(revision, patch, CROSSPLANE_MANAGER)
}

/// A warning about what XRs will not be able to use, said once for each state of the Composition.
fn unreadable(composition: &Value) -> Option<Event> {
    let name = object::name(composition);
    let (_, findings) = Platform::load(vec![Document::synthetic(composition.clone(), name)]);
    // The XRD is not looked at here: whether it exists may change at any time, and XRs say so.
    let finding = findings.iter().find(|finding| finding.is_error() && finding.field.as_deref() != Some(TYPE_FIELD))?;
    Some(Event::warning("InvalidComposition", crate::told::finding(finding)))
}

const TYPE_FIELD: &str = "spec.compositeTypeRef";

fn number(revision: &Value) -> i64 {
    object::value_at(revision, &["spec", "revision"]).and_then(Value::as_i64).unwrap_or(0)
}

fn is_of(revision: &Value, hash: &Hash) -> bool {
    object::label(revision, COMPOSITION_HASH_LABEL) == Some(hash.label())
}
