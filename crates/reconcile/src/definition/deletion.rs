//! An XRD that goes away: claims first, then composite resources, then the CRDs, then the XRD.
//!
//! Crossplane deletes both kinds of instances at once; here composite resources wait for the claims, so that what a claim
//! says of its deletion is heeded. No CRD is deleted while one of its instances is there.

use std::time::Duration;

use plat_resource::{ObjectKey, Value, object};

use super::{Observed, Role, crd, status};
use crate::condition::Condition;
use crate::live::without_finalizer;
use crate::names::{DEFINED_FINALIZER, OFFERED_FINALIZER, PLAT_MANAGER};
use crate::{Decision, Event, Propagation, Then, Write};

/// How many instances one decision deletes.
const AT_ONCE: usize = 100;
/// How many instances a message names.
const NAMED: usize = 3;
/// Instances may be many kinds of slow, and no watch on them tells of their XRD.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// What is done about an XRD that is being deleted.
pub(super) fn decide(observed: &Observed<'_>) -> Decision {
    for role in [Role::Claim, Role::Composite] {
        let own = observed.crds.iter().filter(|live| crd::is_controlled_by(live, object::uid(observed.definition)));
        let live: Vec<&Value> = own.filter(|live| Role::of(observed.definition, live) == role).collect();
        if let Some(decision) = terminate(observed, role, &live) {
            return decision;
        }
    }
    Decision::wait()
}

/// The next step for one of the two; nothing where nothing is left of it.
fn terminate(observed: &Observed<'_>, role: Role, live: &[&Value]) -> Option<Decision> {
    let finalizer = if role == Role::Claim { OFFERED_FINALIZER } else { DEFINED_FINALIZER };
    if live.is_empty() {
        return without_finalizer(observed.definition, finalizer, PLAT_MANAGER).map(Decision::first);
    }
    let left = instances(observed, live);
    let mut decision = status::written(observed, terminating(observed, role, &left));
    decision.then = Then::After(LOOK_AGAIN);
    if left.is_empty() {
        for live in live.iter().filter(|live| !super::is_deleted(live)) {
            decision.writes.push(delete(live, Propagation::Background));
            let text = format!("Deleted {} CustomResourceDefinition: {}", role.words().resource, object::name(live));
            decision.events.push(Event::normal(role.words().terminate, text));
        }
        return Some(decision);
    }
    if !decision.writes.is_empty() {
        let text = format!("{}: {}", role.words().wait_deleted, names(&left));
        decision.events.push(Event::normal(role.words().terminate, text));
    }
    let remaining = left.iter().filter(|instance| !super::is_deleted(instance));
    decision.writes.extend(remaining.take(AT_ONCE).map(|instance| delete(instance, Propagation::Background)));
    Some(decision)
}

/// The XRD with the condition that says what is awaited.
fn terminating(observed: &Observed<'_>, role: Role, left: &[&Value]) -> Value {
    let words = role.words();
    let message = if left.is_empty() { String::new() } else { format!("{}: {}", words.wait_deleted, names(left)) };
    let mut object = observed.definition.clone();
    Condition::no(words.condition, words.terminating, message).set(&mut object, observed.now);
    object
}

fn instances<'a>(observed: &Observed<'a>, live: &[&Value]) -> Vec<&'a Value> {
    let is_of = |instance: &Value, crd: &Value| {
        let text = |path: &[&str]| object::string_at(crd, path).map(str::to_owned).unwrap_or_default();
        let key = ObjectKey::of(instance);
        key.kind.group == text(&["spec", "group"]) && key.kind.kind == text(&["spec", "names", "kind"])
    };
    observed.instances.iter().filter(|instance| live.iter().any(|crd| is_of(instance, crd))).collect()
}

fn delete(object: &Value, propagation: Propagation) -> Write {
    Write::Delete { key: ObjectKey::of(object), uid: object::uid(object).to_owned(), propagation }
}

/// `3 left: team-a/a, team-a/b, team-a/c`.
fn names(left: &[&Value]) -> String {
    let name = |object: &&Value| match object::namespace(object) {
        "" => object::name(object).to_owned(),
        namespace => format!("{namespace}/{}", object::name(object)),
    };
    let mut named: Vec<String> = left.iter().map(name).collect();
    named.sort();
    let more = named.len().saturating_sub(NAMED);
    named.truncate(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{} left: {}{more}", left.len(), named.join(", "))
}
