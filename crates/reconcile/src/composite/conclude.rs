//! The end of a reconcile: status, conditions, events, and when to look again.

use std::collections::BTreeMap;
use std::time::Duration;

use plat_expand::conditions::{self, Condition};
use plat_expand::render::{Rendered, reconcile_error};
use plat_expand::{ResultSeverity, StepResult};
use plat_resource::{GroupVersionKind, Value, object};
use serde_json::json;

use super::{Look, responsive};
use crate::names::{COMPOSITE_MANAGER, POLL_INTERVAL};
use crate::status::{differs, stamp};
use crate::{Decision, Event, Then, Write};

/// Asks for a reconcile; answered in the status.
const RECONCILE_REQUESTED: &str = "crossplane.io/reconcile-requested-at";
/// Field of the status that answers it.
const HANDLED: &str = "lastHandledReconcileAt";
/// Crossplane's own conditions, which speak of a generation.
const SYSTEM: [&str; 3] = ["Synced", "Ready", "Responsive"];

/// What became of the writes.
#[derive(Debug, Default)]
pub struct Outcomes {
    /// Resources that the API server found invalid, and why.
    pub invalid: BTreeMap<String, String>,
    /// What failed otherwise, in words for the XR: not everything was written.
    pub failed: Option<String>,
    /// Why connection details could not be published, though everything was written.
    pub unpublished: Option<String>,
    /// Whether anything was written.
    pub wrote: bool,
    /// Whether connection details were published.
    pub published: bool,
}

/// The last decision of a reconcile.
#[derive(Debug, PartialEq, Default)]
pub struct Conclusion {
    /// For the XR.
    pub decision: Decision,
    /// What the claim is told too.
    pub for_claim: Vec<Event>,
}

/// What the XR says after composing. `rendered` is what it meant, `poll` how often it is looked at where nothing says
/// otherwise (`None`: only when something changes).
pub fn conclude(look: &Look<'_>, rendered: &Rendered, outcomes: &Outcomes, poll: Option<Duration>) -> Conclusion {
    let failed = |reason: &String| format!("cannot compose resources: {reason}");
    if let Some(reason) = &outcomes.failed {
        // What functions say of the XR speaks of resources that are not there.
        let decision = look.fail("ComposeResources", &failed(reason));
        return Conclusion { decision, for_claim: Vec::new() };
    }
    let mut status = rendered.bare_composite.get("status").cloned().unwrap_or_else(|| json!({}));
    let failure = rendered.expansion.fatal.as_ref().map(reconcile_error);
    let failure = failure.or_else(|| outcomes.unpublished.as_ref().map(failed));
    set_ends(look, &mut status, failure.as_deref(), outcomes);
    carry(look, &mut status, outcomes.published);
    let is_news = outcomes.wrote || differs(look.composite, &status, COMPOSITE_MANAGER);
    let mut events: Vec<Event> = rendered.expansion.results.iter().map(event).collect();
    if let Some(failure) = failure.as_ref().filter(|_| rendered.expansion.fatal.is_none()) {
        events.push(Event::warning("ComposeResources", failure.clone()));
    }
    events.extend(outcomes.invalid.iter().map(|(name, why)| {
        Event::warning("ComposeResources", format!("cannot apply composed resource \"{name}\": {why}"))
    }));
    if outcomes.published {
        events.push(Event::normal("PublishConnectionSecret", "Successfully published connection details"));
    }
    let told = rendered.expansion.results.iter().filter(|result| result.to_claim);
    let for_claim = told.map(event).filter(|_| is_news).collect();
    let then = match (&failure, outcomes.invalid.is_empty()) {
        (None, true) => own_poll(look.composite).or(poll).map_or(Then::Wait, Then::After),
        _ => Then::Retry,
    };
    let writes =
        if differs(look.composite, &status, COMPOSITE_MANAGER) { vec![apply(look, &status)] } else { Vec::new() };
    Conclusion { decision: Decision { writes, events: if is_news { events } else { Vec::new() }, then }, for_claim }
}

/// Conditions: those of the render, and what the writes add to them.
fn set_ends(look: &Look<'_>, status: &mut Value, failure: Option<&str>, outcomes: &Outcomes) {
    let mut ends = vec![responsive(look.circuit_open)];
    if let Some(failure) = failure {
        ends.push(Condition::not_synced(failure));
    } else if !outcomes.invalid.is_empty() {
        let names: Vec<String> = outcomes.invalid.keys().cloned().collect();
        ends.push(Condition::not_synced(format!("Unsynced resources: {}", conditions::listed(&names))));
    }
    let mut holder = json!({"status": status.take()});
    conditions::set(&mut holder, &ends);
    *status = holder["status"].take();
    let generation = object::value_at(look.composite, &["metadata", "generation"]).cloned();
    for condition in status.get_mut("conditions").and_then(Value::as_array_mut).into_iter().flatten() {
        let kind = condition.get("type").and_then(Value::as_str).unwrap_or_default();
        if SYSTEM.contains(&kind)
            && let Some(generation) = &generation
        {
            condition["observedGeneration"] = generation.clone();
        }
    }
    stamp(status, look.composite, look.now);
}

/// What stays in the status though no function says it.
fn carry(look: &Look<'_>, status: &mut Value, published: bool) {
    for key in ["connectionDetails", "claimConditionTypes"] {
        if let (None, Some(live)) = (status.get(key), object::value_at(look.composite, &["status", key])) {
            status[key] = live.clone();
        }
    }
    if published {
        status["connectionDetails"]["lastPublishedTime"] = json!(look.now);
    }
    let handled = object::value_at(look.composite, &["status", HANDLED]).and_then(Value::as_str);
    let token = object::annotation(look.composite, RECONCILE_REQUESTED).filter(|token| !token.is_empty());
    match token.or(handled).filter(|_| keeps_requests(look)) {
        Some(token) => status[HANDLED] = json!(token),
        None => {
            status.as_object_mut().map(|status| status.remove(HANDLED));
        }
    }
}

/// Whether the API server keeps the answer to a request. The CRDs that Crossplane makes lack the field, so the XRD must have
/// it; without, the answer would be written again each time.
fn keeps_requests(look: &Look<'_>) -> bool {
    let version = GroupVersionKind::of(look.composite).version;
    let versions = object::value_at(&look.definition.document.value, &["spec", "versions"]).and_then(Value::as_array);
    let mut versions = versions.into_iter().flatten();
    let found = versions.find(|each| object::string_at(each, &["name"]) == Some(&version));
    let status = found.and_then(|each| object::value_at(each, &["schema", "openAPIV3Schema", "properties", "status"]));
    status.is_some_and(|status| {
        object::value_at(status, &["properties", HANDLED]).is_some()
            || object::value_at(status, &["x-kubernetes-preserve-unknown-fields"]) == Some(&Value::Bool(true))
    })
}

fn apply(look: &Look<'_>, status: &Value) -> Write {
    let kind = GroupVersionKind::of(look.composite);
    let mut object = json!({
        "apiVersion": kind.api_version(), "kind": kind.kind,
        // With the UID, a new XR of the same name is not taken for this one.
        "metadata": {"name": object::name(look.composite), "uid": object::uid(look.composite)},
        "status": status,
    });
    if !object::namespace(look.composite).is_empty() {
        object["metadata"]["namespace"] = json!(object::namespace(look.composite));
    }
    Write::ApplyStatus { object, manager: COMPOSITE_MANAGER.to_owned() }
}

fn event(result: &StepResult) -> Event {
    match result.severity {
        ResultSeverity::Normal => Event::normal(&result.reason, result.full_message()),
        ResultSeverity::Warning => Event::warning(&result.reason, result.full_message()),
    }
}

/// The poll interval that an object asks for: a duration as Go writes it, such as `30s` or `1h30m`.
pub(crate) fn own_poll(object: &Value) -> Option<Duration> {
    let nanoseconds = plat_resource::go::duration::parse(object::annotation(object, POLL_INTERVAL)?)?;
    let nanoseconds = u64::try_from(nanoseconds).ok().filter(|found| *found > 0)?;
    // As Crossplane's own lower bound keeps an object from being looked at all the time.
    Some(Duration::from_nanos(nanoseconds).max(Duration::from_secs(1)))
}
