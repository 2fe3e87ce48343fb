//! Whether an XR may move to a new revision of its Composition, and who is next.
//!
//! Owns looking at the XRs of a Composition and waking those whose turn it is. The rules are `plat_reconcile::rollout`'s.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use plat_platform::{Definition, Revision};
use plat_reconcile::Event;
use plat_reconcile::names::ROLLOUT;
use plat_reconcile::rollout::{self, Rollout, Target, Verdict, rollout};
use plat_resource::{GroupVersionKind, ObjectKey, Value, object};

use super::composite::Subject;
use super::reconciler::Context;
use super::request::Controller;

/// XRs that wait for others, and the Composition of each.
#[derive(Debug, Default)]
pub struct Held {
    inner: Mutex<HashMap<ObjectKey, String>>,
}

impl Held {
    fn lock(&self) -> MutexGuard<'_, HashMap<ObjectKey, String>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, key: &ObjectKey, composition: &str) {
        self.lock().insert(key.clone(), composition.to_owned());
    }

    /// The XR is looked at again.
    pub(super) fn remove(&self, key: &ObjectKey) {
        self.lock().remove(key);
    }

    /// Of each Composition the XR of this kind that comes first: where it may move, it wakes the next.
    fn first(&self, kind: &GroupVersionKind) -> Vec<ObjectKey> {
        let held = self.lock();
        let mut first: BTreeMap<&str, (String, &ObjectKey)> = BTreeMap::new();
        for (key, composition) in held.iter().filter(|(key, _)| key.kind == *kind) {
            let place = (rollout::place(&key.namespace, &key.name), key);
            let kept = first.entry(composition).or_insert_with(|| place.clone());
            if place < *kept {
                *kept = place;
            }
        }
        first.into_values().map(|(_, key)| key.clone()).collect()
    }
}

/// An XR does not count any more: whoever waited for it looks again.
pub(super) fn freed(context: &Context, key: &ObjectKey) {
    for waiting in context.held.first(&key.kind) {
        context.queue.add(Controller::Composite.of(waiting));
    }
}

/// Why the XR stays on its revision for now, if it does. That is told of the XR, and of the Composition where nothing moves
/// any more.
pub(super) fn hold(
    context: &Context,
    subject: &Subject,
    definition: &Definition,
    revision: &Revision,
) -> Option<String> {
    let composition = subject.platform.composition(&revision.composition.name)?;
    let annotation = composition.annotations.get(ROLLOUT)?;
    let rollout = stand(&users(context, subject, definition, &composition.name), annotation, definition, revision);
    let Verdict::Stay(why) = rollout.of(&subject.composite, definition.machinery_path()) else { return None };
    if rollout.stopped.is_some() {
        context.events.record(&composition.document.value, Event::warning("RolloutStopped", why.as_str()));
        context.events.record(&subject.composite, Event::warning("RolloutStopped", why.as_str()));
    } else {
        context.events.record(&subject.composite, Event::normal("RolloutWaiting", why.as_str()));
    }
    context.held.add(&subject.key, &composition.name);
    // Others wake it when they are done.
    context.queue.add_after(Controller::Composite.of(subject.key.clone()), context.settings.poll_interval);
    Some(why)
}

/// Wakes those that may move to a revision, now that something was said of an XR that uses it.
pub(super) fn advance(context: &Context, subject: &Subject, definition: &Definition, revision: &Revision) {
    let Some(composition) = subject.platform.composition(&revision.composition.name) else { return };
    let Some(annotation) = composition.annotations.get(ROLLOUT) else { return };
    let users = users(context, subject, definition, &composition.name);
    let rollout = stand(&users, annotation, definition, revision);
    // An XR that is held composes with an old revision, to which nobody wants to move.
    let wants = |xr: &Value| {
        let selection = subject.platform.select_composition(definition, xr);
        selection.is_ok_and(|selection| selection.revision.is_some_and(|wanted| wanted.name == revision.name))
    };
    let next = users.iter().filter(|xr| rollout.may_move.iter().any(|uid| uid == object::uid(xr)) && wants(xr));
    for xr in next.filter(|xr| object::uid(xr) != object::uid(&subject.composite)) {
        context.queue.add(Controller::Composite.of(ObjectKey::of(xr)));
    }
}

fn stand(users: &[Arc<Value>], annotation: &str, definition: &Definition, revision: &Revision) -> Rollout {
    let users: Vec<&Value> = users.iter().map(AsRef::as_ref).collect();
    let target = Target { name: &revision.name, labels: &revision.labels };
    rollout(Some(annotation), target, &users, definition.machinery_path())
}

/// The XRs that use a Composition.
fn users(context: &Context, subject: &Subject, definition: &Definition, composition: &str) -> Vec<Arc<Value>> {
    let mut all = context.objects.list(&subject.key.kind);
    all.retain(|xr| {
        let machinery = object::value_at(xr, definition.machinery_path());
        machinery.and_then(|fields| object::string_at(fields, &["compositionRef", "name"])) == Some(composition)
    });
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_each_composition_the_first_of_the_kind_is_woken() {
        let kind = GroupVersionKind::new("example.org/v1", "XApp");
        let key = |namespace: &str, name: &str| ObjectKey {
            kind: kind.clone(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        };
        let held = Held::default();
        for (namespace, name, composition) in [("b", "a", "one"), ("a", "z", "one"), ("a", "c", "two")] {
            held.add(&key(namespace, name), composition);
        }
        let other = ObjectKey { kind: GroupVersionKind::new("example.org/v1", "XOther"), ..key("a", "a") };
        held.add(&other, "one");
        assert_eq!(held.first(&kind), [key("a", "z"), key("a", "c")]);
        held.remove(&key("a", "z"));
        assert_eq!(held.first(&kind), [key("b", "a"), key("a", "c")]);
    }
}
