//! What the claim controller does, step by step.
//!
//! Owns binding a claim to its XR, what travels between the two, deletion, and what the claim is told: also why its XR is not
//! well, which Crossplane leaves at the XR. What is copied from claim to XR is `plat_expand::claim`'s.

mod sync;

use plat_expand::conditions::Condition;
use plat_expand::names;
use plat_platform::Definition;
use plat_resource::{GroupVersionKind, ObjectKey, Value, object};
use serde_json::json;

pub use plat_health::cause::{Cause, Known, deepest_cause};

use crate::live::{patched, with_finalizers, without_finalizer};
use crate::names::{CLAIM_FINALIZER, CLAIM_MANAGER, COMPOSITE_MANAGER, PAUSED};
use crate::{Decision, Event, Propagation, Then, Write, status};

/// How many names are tried for a new XR.
const NAMES: usize = 8;

/// One claim, as it is looked at.
#[derive(Clone, Copy)]
pub struct Look<'a> {
    /// The live claim.
    pub claim: &'a Value,
    /// The XRD of its kind.
    pub definition: &'a Definition,
    /// Finds a live XR of the claim's kind by name.
    pub composite: &'a (dyn Fn(&str) -> Option<Value> + Sync),
    /// Why the XR is not well, where that is known.
    pub cause: &'a (dyn Fn(&Value) -> Option<Cause> + Sync),
    /// Finds out whether an apply to a live object changes it.
    pub schemas: &'a (dyn plat_plan::Schemas + Sync),
    /// Now, in RFC 3339.
    pub now: &'a str,
}

/// What is next for a claim.
#[derive(Debug, PartialEq)]
pub enum Next {
    /// This.
    Decided(Decision),
    /// The XR is there and as the claim says; connection details may be handed on, and then [`Look::conclude`] decides.
    Bound(Value),
}

impl Look<'_> {
    /// What comes before the status.
    pub fn next(&self) -> Next {
        Next::Decided(match self.step() {
            Ok(composite) => return Next::Bound(composite),
            Err(decision) => decision,
        })
    }

    fn step(&self) -> Result<Value, Decision> {
        if object::annotation(self.claim, PAUSED) == Some("true") {
            let message = "Reconciliation (including deletion) is paused via the pause annotation";
            return Err(self.say(&[Condition::paused()], Event::normal("ReconciliationPaused", message)));
        }
        let bound = object::string_at(self.claim, &["spec", "resourceRef", "name"]).filter(|name| !name.is_empty());
        let composite = bound.and_then(|name| (self.composite)(name));
        if let Some(other) = composite.as_ref().and_then(|composite| self.other_claim(composite)) {
            let name = composite.as_ref().map(object::name).unwrap_or_default();
            let message =
                format!("cannot bind composite resource \"{name}\" that references a different claim \"{other}\"");
            // Somebody has to mend the reference, and the edit wakes us.
            return Err(
                self.say(&[Condition::not_synced(&message)], Event::warning("BindCompositeResource", message.clone()))
            );
        }
        if object::string_at(self.claim, &["metadata", "deletionTimestamp"]).is_some() {
            return Err(self.deleting(composite.as_ref()));
        }
        let name = bound.map_or_else(|| self.new_name(), |name| Ok(name.to_owned()))?;
        if let Some(write) = self.bind(&name, composite.as_ref()) {
            return Err(Decision::first(write));
        }
        match self.sync(composite.as_ref()) {
            Some(decision) => Err(decision),
            None => composite.ok_or_else(Decision::wait),
        }
    }

    /// The claim cannot be reconciled: the reason as condition and event, and another try later.
    pub fn fail(&self, reason: &str, message: &str) -> Decision {
        let mut decision = self.say(&[Condition::not_synced(message)], Event::warning(reason, message));
        decision.then = Then::Retry;
        decision
    }

    fn say(&self, set: &[Condition], event: Event) -> Decision {
        let object = status::with_conditions(self.claim, set, self.now);
        if object.get("status") == self.claim.get("status") {
            return Decision::wait();
        }
        Decision { writes: vec![Write::Status { object }], events: vec![event], then: Then::Wait }
    }

    /// The other claim that an XR is bound to.
    fn other_claim(&self, composite: &Value) -> Option<String> {
        let reference = object::value_at(composite, &["spec", "claimRef"])?;
        let text = |key: &str| object::string_at(reference, &[key]).unwrap_or_default();
        let own = text("name") == object::name(self.claim) && text("namespace") == object::namespace(self.claim);
        (!own && !text("name").is_empty()).then(|| text("name").to_owned())
    }

    /// A name that no XR has. It is made from the UID of the claim: whoever is stopped before the name is stored makes the
    /// same one again, and a claim made anew does not take over what is left of the old one's.
    fn new_name(&self) -> Result<String, Decision> {
        let prefix = format!("{}-", object::name(self.claim));
        let made =
            (0..NAMES).map(|attempt| names::suffixed(&prefix, &format!("{}/{attempt}", object::uid(self.claim))));
        let mut free = made.filter(|name| (self.composite)(name).is_none());
        free.next()
            .ok_or_else(|| self.fail("BindCompositeResource", "cannot generate a name for the composite resource"))
    }

    fn composite_kind(&self) -> GroupVersionKind {
        GroupVersionKind {
            group: self.definition.group.clone(),
            version: GroupVersionKind::of(self.claim).version,
            kind: self.definition.names.kind.clone(),
        }
    }

    fn deleting(&self, composite: Option<&Value>) -> Decision {
        let foreground = object::string_at(self.claim, &["spec", "compositeDeletePolicy"]) == Some("Foreground");
        if let Some(composite) = composite {
            let is_going = object::string_at(composite, &["metadata", "deletionTimestamp"]).is_some();
            if is_going && foreground {
                let event =
                    Event::normal("DeleteCompositeResource", "Waiting for the composite resource to be deleted");
                return self.say(&[Condition::deleting()], event);
            }
            if !is_going {
                let propagation = if foreground { Propagation::Foreground } else { Propagation::Background };
                let uid = object::uid(composite).to_owned();
                return Decision::first(Write::Delete { key: ObjectKey::of(composite), uid, propagation });
            }
        }
        match without_finalizer(self.claim, CLAIM_FINALIZER, COMPOSITE_MANAGER) {
            Some(write) => Decision {
                writes: vec![write],
                events: vec![Event::normal("DeleteCompositeResource", "Successfully deleted composite resource")],
                then: Then::Wait,
            },
            // Another finalizer holds it.
            None => self.say(
                &[Condition::deleting(), Condition::synced()],
                Event::normal("DeleteCompositeResource", "Successfully deleted composite resource"),
            ),
        }
    }

    /// What the claim itself must say before its XR is made: finalizer, reference, and what the XR chose.
    fn bind(&self, name: &str, composite: Option<&Value>) -> Option<Write> {
        let mut patch = json!({});
        if let Some(finalizers) = with_finalizers(self.claim, [CLAIM_FINALIZER]) {
            patch["metadata"]["finalizers"] = finalizers;
        }
        let kind = self.composite_kind();
        let reference = json!({"apiVersion": kind.api_version(), "kind": kind.kind, "name": name});
        let present = object::value_at(self.claim, &["spec", "resourceRef"]);
        let same = |key: &str| present.and_then(|found| found.get(key)) == reference.get(key);
        if !["apiVersion", "kind", "name"].into_iter().all(same) {
            patch["spec"]["resourceRef"] = reference;
        }
        if let Some(composite) = composite {
            self.take_back(composite, &mut patch);
        }
        let is_empty = patch.as_object().is_none_or(plat_resource::Map::is_empty);
        (!is_empty).then(|| patched(self.claim, patch, CLAIM_MANAGER))
    }
}

#[cfg(test)]
mod tests;
