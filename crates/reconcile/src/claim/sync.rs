//! What travels between a claim and its XR (crossplane `claim/syncer_ssa.go`).

use plat_expand::claim::composite_of;
use plat_expand::conditions::{self, Condition};
use plat_plan::would_change;
use plat_resource::{Map, Value, object};
use serde_json::json;

use super::{Cause, Look};
use crate::names::CLAIM_MANAGER;
use crate::{Decision, Event, Then, Write, status};

/// Annotation that names the resource outside the cluster.
const EXTERNAL_NAME: &str = "crossplane.io/external-name";
/// Status that an XR keeps for itself.
const OWN_STATUS: [&str; 3] = ["conditions", "connectionDetails", "claimConditionTypes"];
/// What a claim says while its XR is not ready.
const WAITING: &str = "Claim is waiting for composite resource to become Ready";
/// What it says while its XR was ready and cannot be reconciled.
const AS_BEFORE: &str = "Ready as before, but not reconciled now";

impl Look<'_> {
    /// What the XR decides for the claim: an external name, the Composition, and the revision where it moves by itself.
    pub(super) fn take_back(&self, composite: &Value, patch: &mut Value) {
        let own = |key: &str| object::value_at(self.claim, &["spec", key]);
        let of_composite = |key: &str| object::value_at(composite, &["spec", key]).filter(|found| !found.is_null());
        if let Some(name) = object::annotation(composite, EXTERNAL_NAME).filter(|name| !name.is_empty())
            && object::annotation(self.claim, EXTERNAL_NAME) != Some(name)
        {
            patch["metadata"]["annotations"][EXTERNAL_NAME] = json!(name);
        }
        let enforced = self.definition.enforced_composition_ref.is_some();
        if let Some(reference) = of_composite("compositionRef")
            && (own("compositionRef").is_none() || enforced)
            && own("compositionRef") != Some(reference)
        {
            patch["spec"]["compositionRef"] = reference.clone();
        }
        if let (Some(selector), None) =
            (of_composite("compositionRevisionSelector"), own("compositionRevisionSelector"))
        {
            patch["spec"]["compositionRevisionSelector"] = selector.clone();
        }
        let automatic = of_composite("compositionUpdatePolicy").and_then(Value::as_str) == Some("Automatic");
        if let Some(reference) = of_composite("compositionRevisionRef").filter(|_| automatic)
            && own("compositionRevisionRef") != Some(reference)
        {
            patch["spec"]["compositionRevisionRef"] = reference.clone();
        }
    }

    /// Makes the XR, or makes it as the claim says; nothing where it is so.
    pub(super) fn sync(&self, live: Option<&Value>) -> Option<Decision> {
        let wanted = composite_of(self.definition, self.claim, live);
        if live.is_some_and(|live| !would_change(&wanted, live, CLAIM_MANAGER, self.schemas)) {
            return None;
        }
        let was_bound = live.is_some_and(|live| object::value_at(live, &["spec", "claimRef"]).is_some());
        let bound = Event::normal("BindCompositeResource", "Successfully bound composite resource");
        let write = Write::Apply { object: wanted, manager: CLAIM_MANAGER.to_owned() };
        let events = if was_bound { Vec::new() } else { vec![bound] };
        Some(Decision { writes: vec![write], events, then: Then::Again })
    }

    /// The claim's status by its XR. `published` says that connection details were handed on just now.
    pub fn conclude(&self, composite: &Value, published: bool) -> Decision {
        let mut after = self.claim.clone();
        let machinery =
            object::value_at(self.claim, &["status"]).and_then(Value::as_object).cloned().unwrap_or_default();
        let of_composite = composite.get("status").and_then(Value::as_object).cloned().unwrap_or_default();
        let taken = of_composite.into_iter().filter(|(key, _)| !OWN_STATUS.contains(&key.as_str()));
        let mut status: Map<String, Value> = taken.collect();
        for key in ["conditions", "connectionDetails"] {
            if let Some(value) = machinery.get(key) {
                status.insert(key.to_owned(), value.clone());
            }
        }
        if published {
            status.insert("connectionDetails".to_owned(), json!({"lastPublishedTime": self.now}));
        }
        after["status"] = Value::Object(status);
        copy_conditions(composite, &mut after);
        let ready = status::is_true(composite, "Ready");
        // An XR that was ready stays so where it, or something below it, cannot be reconciled any more. What is below a ready
        // XR and only not ready is none of the claim's.
        let cause = (self.cause)(composite).filter(|cause| !ready || cause.is_failure);
        let troubled = !ready || cause.is_some();
        let ends = [Condition::synced(), if ready { available(cause.as_ref()) } else { waiting(cause.as_ref()) }];
        let after = status::with_conditions(&after, &ends, self.now);
        if after.get("status") == self.claim.get("status") {
            return Decision::wait();
        }
        let mut events = Vec::new();
        if published {
            let message = "Successfully propagated connection details from composite resource";
            events.push(Event::normal("PropagateConnectionSecret", message));
        }
        events.extend(troubled.then(|| not_ready(cause.as_ref())));
        Decision { writes: vec![Write::Status { object: after }], events, then: Then::Wait }
    }
}

fn available(cause: Option<&Cause>) -> Condition {
    match cause {
        Some(cause) => Condition::new("Ready", "True", "Available", format!("{AS_BEFORE}: {cause}")),
        None => Condition::available(),
    }
}

fn waiting(cause: Option<&Cause>) -> Condition {
    let message = match cause {
        Some(cause) => format!("{WAITING}: {cause}"),
        None => WAITING.to_owned(),
    };
    Condition::new("Ready", "False", "Waiting", message)
}

fn not_ready(cause: Option<&Cause>) -> Event {
    match cause {
        Some(cause) if cause.is_failure => Event::warning("BindCompositeResource", cause.to_string()),
        _ => Event::normal("BindCompositeResource", "Composite resource is not yet ready"),
    }
}

/// Conditions that functions set for the claim too.
fn copy_conditions(composite: &Value, claim: &mut Value) {
    let types = object::value_at(composite, &["status", "claimConditionTypes"]).and_then(Value::as_array);
    let types = types.into_iter().flatten().filter_map(Value::as_str);
    let found = types.filter_map(|kind| status::condition_of(composite, kind)).cloned();
    let list: Vec<Value> = found.collect();
    if !list.is_empty() {
        conditions::carry(&json!({"status": {"conditions": list}}), claim);
    }
}
