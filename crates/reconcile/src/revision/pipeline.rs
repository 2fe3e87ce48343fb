//! Whether the pipeline of a revision can run: the condition that XRs wait for.

use plat_expand::native::native;
use plat_resource::{Value, object};

use super::Observed;
use crate::condition::Condition;
use crate::{Decision, Event, Write};

const CHECK: &str = "CheckCapabilities";
/// Type of the condition.
const VALID: &str = "ValidPipeline";

/// Adds the status of `revision` where it changes.
pub(super) fn decide(revision: &Value, observed: &Observed<'_>, decision: &mut Decision) {
    if object::value_at(revision, &["metadata", "deletionTimestamp"]).is_some() {
        return;
    }
    let (condition, event) = match missing(revision, observed) {
        None => {
            let text = "All functions have required composition capability";
            (Condition::yes(VALID, VALID), Event::normal(CHECK, text))
        }
        Some(message) => {
            (Condition::no(VALID, "MissingCapabilities", message.as_str()), Event::warning(CHECK, message))
        }
    };
    let mut changed = revision.clone();
    Condition::yes("Synced", "ReconcileSuccess").set(&mut changed, observed.now);
    condition.set(&mut changed, observed.now);
    if changed != *revision {
        decision.writes.push(Write::Status { object: changed });
        let text = format!("CompositionRevision {}: {}", object::name(revision), event.message);
        decision.events.push(Event { message: text, ..event });
    }
}

/// The functions that nobody runs.
fn missing(revision: &Value, observed: &Observed<'_>) -> Option<String> {
    let steps = object::value_at(revision, &["spec", "pipeline"]).and_then(Value::as_array);
    let mut names: Vec<&str> = Vec::new();
    for step in steps.into_iter().flatten() {
        let Some(name) = object::string_at(step, &["functionRef", "name"]) else { continue };
        let is_there = observed.platform.function(name).is_some() || native(observed.platform, name).is_some();
        if !is_there && !names.contains(&name) {
            names.push(name);
        }
    }
    let list = names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
    match names.len() {
        0 => None,
        1 => Some(format!("function {list} is not installed: create a Function of this name")),
        _ => Some(format!("functions {list} are not installed: create a Function for each")),
    }
}
