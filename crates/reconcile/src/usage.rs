//! What the Usage controller does, step by step (crossplane `internal/controller/protection/usage`).
//!
//! Owns finding the two objects, the finalizer, the label on the used object by which its deletion is asked about, and what
//! happens when the Usage goes. Whether a deletion is refused is the webhook's matter.

mod select;

use std::time::Duration;

use plat_expand::conditions::Condition;
use plat_platform::{DELETION_ATTEMPT, IN_USE_LABEL, Usage};
use plat_resource::{ObjectKey, Value, object};
use serde_json::json;

pub use select::{Search, Side};

use crate::live::{patched, with_finalizers, without_finalizer};
use crate::names::{COMPOSITE_LABEL, CROSSPLANE_MANAGER, USAGE_DETAILS, USAGE_FINALIZER};
use crate::{Decision, Event, Propagation, Then, Write, status};

/// How long is waited for the using object to go. Where it is followed, its end is heard before.
const WAIT: Duration = Duration::from_secs(30);

/// One Usage, as it is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Look<'a> {
    /// The live Usage.
    pub live: &'a Value,
    /// What it says.
    pub usage: &'a Usage,
    /// How often it is looked at though nothing happened: not all objects that are used are followed.
    pub poll: Duration,
    /// Now, in RFC 3339.
    pub now: &'a str,
}

/// The two objects, as they are live.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    /// The used one.
    pub used: Option<&'a Value>,
    /// The one that uses it.
    pub using: Option<&'a Value>,
    /// Whether there are other Usages of the used one.
    pub has_others: bool,
}

/// What is next, and what is said where that cannot be written.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// This.
    pub decision: Decision,
    /// Reason of the event about a failure.
    pub reason: &'static str,
    /// What failed.
    pub failed: &'static str,
}

impl Step {
    fn new(decision: Decision, reason: &'static str, failed: &'static str) -> Self {
        Self { decision, reason, failed }
    }

    fn said(decision: Decision) -> Self {
        Self::new(decision, "UpdateStatus", "cannot update status of usage")
    }
}

impl Look<'_> {
    /// What is next, once both objects have names.
    pub fn next(&self, found: Found<'_>) -> Step {
        if self.is_ending() {
            return self.end(found);
        }
        if let Some(step) = self.prepare() {
            return step;
        }
        let Some(used) = found.used else {
            return Step::said(self.missing("GetUsedResource", "used", self.usage.used()));
        };
        if object::label(used, IN_USE_LABEL) != Some("true") {
            let write = patched(used, json!({"metadata": {"labels": {IN_USE_LABEL: "true"}}}), CROSSPLANE_MANAGER);
            return Step::new(Decision::first(write), "AddInUseLabel", "cannot add in use label to the used resource");
        }
        if self.usage.by.is_some() {
            let Some(using) = found.using else {
                return Step::said(self.missing("GetUsingResource", "using", self.usage.using()));
            };
            if let Some(write) = self.own(using) {
                let failed = "cannot update usage resource with owner ref";
                return Step::new(Decision::first(write), "AddOwnerRefToUsage", failed);
            }
        }
        Step::said(self.configured())
    }

    /// Whether the Usage is on its way out.
    pub fn is_ending(&self) -> bool {
        object::string_at(self.live, &["metadata", "deletionTimestamp"]).is_some()
    }

    /// The Usage cannot be looked after: the reason as condition and event, and another try later. Crossplane has the event
    /// alone, which who waits for the Usage does not see.
    pub fn fail(&self, reason: &str, message: &str) -> Decision {
        let object = status::with_conditions(self.live, &[Condition::not_synced(message)], self.now);
        let is_news = object.get("status") != self.live.get("status");
        let events = vec![Event::warning(reason, message)];
        let writes = if is_news { vec![Write::Status { object }] } else { Vec::new() };
        Decision { writes, events: if is_news { events } else { Vec::new() }, then: Then::Retry }
    }

    fn missing(&self, reason: &str, which: &str, key: Option<ObjectKey>) -> Decision {
        let (kind, name) = key.map(|key| (key.kind.kind, key.name)).unwrap_or_default();
        self.fail(reason, &format!("cannot get {which}: {kind} \"{name}\" not found"))
    }

    /// What has to be on the Usage before anything is done for it.
    fn prepare(&self) -> Option<Step> {
        if let Some(finalizers) = with_finalizers(self.live, [USAGE_FINALIZER]) {
            let patch = json!({"metadata": {"finalizers": finalizers}});
            let write = patched(self.live, patch, CROSSPLANE_MANAGER);
            return Some(Step::new(Decision::first(write), "AddFinalizer", "cannot add finalizer"));
        }
        let details = self.details();
        if object::annotation(self.live, USAGE_DETAILS) == Some(&details) {
            return None;
        }
        let patch = json!({"metadata": {"annotations": {USAGE_DETAILS: details}}});
        let failed = "cannot update usage resource with details annotation";
        let decision = Decision::first(patched(self.live, patch, CROSSPLANE_MANAGER));
        Some(Step::new(decision, "AddDetailsToUsage", failed))
    }

    fn details(&self) -> String {
        let Usage { of, by, reason, .. } = self.usage;
        let name = |name: &Option<String>| name.clone().unwrap_or_default();
        match (reason, by) {
            (Some(reason), _) => reason.clone(),
            (None, Some(by)) => {
                let place =
                    of.namespace.as_ref().map_or_else(String::new, |namespace| format!(" in namespace {namespace}"));
                format!("{}/{} uses {}/{}{place}", by.kind, name(&by.name), of.kind, name(&of.name))
            }
            (None, None) => "undefined".to_owned(),
        }
    }

    /// The Usage goes with what uses the other.
    fn own(&self, using: &Value) -> Option<Write> {
        let owners = object::value_at(self.live, &["metadata", "ownerReferences"]).and_then(Value::as_array);
        let mut owners = owners.cloned().unwrap_or_default();
        if owners.iter().any(|owner| object::string_at(owner, &["uid"]) == Some(object::uid(using))) {
            return None;
        }
        let text = |key: &str| object::string_at(using, &[key]).unwrap_or_default();
        owners.push(json!({
            "apiVersion": text("apiVersion"), "kind": text("kind"), "name": object::name(using), "uid": object::uid(using),
        }));
        Some(patched(self.live, json!({"metadata": {"ownerReferences": owners}}), CROSSPLANE_MANAGER))
    }

    fn configured(&self) -> Decision {
        let mut object = status::with_conditions(self.live, &[Condition::available()], self.now);
        // What failed before does so no more; of Usages that work Crossplane says no more than that.
        if let Some(conditions) = object["status"]["conditions"].as_array_mut() {
            conditions.retain(|condition| condition["type"] != "Synced");
        }
        let then = Then::After(self.poll);
        if object.get("status") == self.live.get("status") {
            return Decision { then, ..Decision::default() };
        }
        let events = vec![Event::normal("UsageConfigured", "Usage configured successfully.")];
        Decision { writes: vec![Write::Status { object }], events, then }
    }

    fn end(&self, found: Found<'_>) -> Step {
        // One that was composed goes with the other composed resources; it must not go before the one that uses.
        let is_composed = object::label(self.live, COMPOSITE_LABEL).is_some_and(|label| !label.is_empty());
        if let Some(by) = self.usage.by.as_ref().filter(|_| is_composed && found.using.is_some()) {
            let name = by.name.as_deref().unwrap_or_default();
            let message =
                format!("Waiting for the using resource (which is a \"{}\" named \"{name}\") to be deleted.", by.kind);
            let events = vec![Event::normal("WaitingUsingDeleted", message)];
            return Step::said(Decision { events, then: Then::After(WAIT), ..Decision::default() });
        }
        if let Some(write) = found.used.filter(|_| !found.has_others).and_then(release) {
            return Step::new(
                Decision::first(write),
                "RemoveInUseLabel",
                "cannot remove in use label from the used resource",
            );
        }
        if let Some(write) = found.used.filter(|_| !found.has_others).and_then(|used| self.replay(used)) {
            // What it deletes is gone or going then, and the Usage goes next.
            return Step::new(Decision::first(write), "ReplayDeletion", "cannot replay deletion of the used resource");
        }
        let write = without_finalizer(self.live, USAGE_FINALIZER, CROSSPLANE_MANAGER);
        let decision = Decision { writes: write.into_iter().collect(), ..Decision::default() };
        Step::new(decision, "RemoveFinalizer", "cannot remove finalizer")
    }

    /// The deletion that was refused while the Usage was there.
    fn replay(&self, used: &Value) -> Option<Write> {
        let policy = object::annotation(used, DELETION_ATTEMPT).filter(|_| self.usage.replays_deletion)?;
        let is_going = object::string_at(used, &["metadata", "deletionTimestamp"]).is_some();
        let propagation = match policy {
            "Foreground" => Propagation::Foreground,
            "Orphan" => Propagation::Orphan,
            _ => Propagation::Background,
        };
        let (key, uid) = (ObjectKey::of(used), object::uid(used).to_owned());
        (!is_going).then_some(Write::Delete { key, uid, propagation })
    }
}

/// Takes the mark off an object.
fn release(used: &Value) -> Option<Write> {
    object::label(used, IN_USE_LABEL)?;
    Some(patched(used, json!({"metadata": {"labels": {IN_USE_LABEL: null}}}), CROSSPLANE_MANAGER))
}

#[cfg(test)]
mod tests;
