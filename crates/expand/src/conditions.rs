//! Status conditions of an XR, in Crossplane's words and order.

use plat_resource::{Map, Value};
use serde_json::json;

use crate::function::FunctionCondition;

/// The engine has no clock; `crossplane composition render` prints this instant too.
pub const RENDER_TIME: &str = "2024-01-01T00:00:00Z";
/// How many names a message lists before it counts.
const LISTED: usize = 3;
/// Condition types that functions cannot set.
const SYSTEM: [&str; 4] = ["Ready", "Synced", "Healthy", "Responsive"];

/// One condition, without its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    kind: String,
    status: &'static str,
    reason: String,
    message: String,
    generation: Option<i64>,
}

impl Condition {
    /// A condition of type `kind`.
    pub fn new(kind: &str, status: &'static str, reason: &str, message: impl Into<String>) -> Self {
        Self { kind: kind.to_owned(), status, reason: reason.to_owned(), message: message.into(), generation: None }
    }

    /// The controller's watches are not held back.
    pub fn responsive() -> Self {
        Self::new("Responsive", "True", "WatchCircuitClosed", "")
    }

    /// This condition, said of generation `generation` of the object.
    #[must_use]
    pub fn observed_at(self, generation: Option<i64>) -> Self {
        Self { generation: generation.filter(|generation| *generation != 0), ..self }
    }

    /// The XR is being deleted.
    pub fn deleting() -> Self {
        Self::new("Ready", "False", "Deleting", "")
    }

    /// The reconcile went through.
    pub fn synced() -> Self {
        Self::new("Synced", "True", "ReconcileSuccess", "")
    }

    /// The reconcile failed.
    pub fn not_synced(message: impl Into<String>) -> Self {
        Self::new("Synced", "False", "ReconcileError", message)
    }

    /// Reconciling is paused.
    pub fn paused() -> Self {
        let message = "Reconciliation (including deletion) is paused via the pause annotation";
        Self::new("Synced", "False", "ReconcilePaused", message)
    }

    /// All composed resources are ready.
    pub fn available() -> Self {
        Self::new("Ready", "True", "Available", "")
    }

    /// Some are not; without names where a function said so.
    pub fn creating(unready: &[String]) -> Self {
        let message =
            if unready.is_empty() { String::new() } else { format!("Unready resources: {}", listed(unready)) };
        Self::new("Ready", "False", "Creating", message)
    }

    /// What a function said; nothing for the types that are Crossplane's own.
    pub fn of_function(condition: &FunctionCondition) -> Option<Self> {
        (!SYSTEM.contains(&condition.kind.as_str())).then(|| Self {
            kind: condition.kind.clone(),
            status: condition.status,
            reason: condition.reason.clone(),
            message: condition.message.clone().unwrap_or_default(),
            generation: None,
        })
    }

    fn to_value(&self) -> Value {
        let mut value = json!({
            "type": self.kind, "status": self.status, "reason": self.reason, "lastTransitionTime": RENDER_TIME,
        });
        if !self.message.is_empty() {
            value["message"] = json!(self.message);
        }
        if let Some(generation) = self.generation {
            value["observedGeneration"] = json!(generation);
        }
        value
    }

    fn equals(&self, value: &Value) -> bool {
        let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or("");
        let generation = value.get("observedGeneration").and_then(Value::as_i64).filter(|found| *found != 0);
        // A condition that is not of any generation equals one of each.
        let same_generation = generation.is_none() || self.generation.is_none() || generation == self.generation;
        same_generation
            && text("status") == self.status
            && text("reason") == self.reason
            && text("message") == self.message
    }
}

/// Conditions pass through Go's type whenever one is set: known fields only, a null where there is no time.
fn typed(condition: &Value) -> Value {
    let text = |key: &str| condition.get(key).and_then(Value::as_str).unwrap_or("");
    let time = condition.get("lastTransitionTime").filter(|time| time.is_string());
    let mut typed = json!({
        "type": text("type"), "status": text("status"), "reason": text("reason"), "lastTransitionTime": time,
    });
    if !text("message").is_empty() {
        typed["message"] = json!(text("message"));
    }
    if let Some(generation) = condition.get("observedGeneration").and_then(Value::as_i64).filter(|found| *found != 0) {
        typed["observedGeneration"] = json!(generation);
    }
    typed
}

/// The list of conditions of `object`, made where there is none; nothing where the status is no object.
fn list_of(object: &mut Value) -> Option<&mut Vec<Value>> {
    let status = object.as_object_mut()?.entry("status").or_insert_with(|| Value::Object(Map::new()));
    let list = status.as_object_mut()?.entry("conditions").or_insert_with(|| json!([]));
    if !list.is_array() {
        *list = json!([]);
    }
    let list = list.as_array_mut()?;
    for condition in list.iter_mut() {
        *condition = typed(condition);
    }
    Some(list)
}

/// Sets conditions in `object.status.conditions`: an equal one stays as it is, another of the type is replaced in place,
/// a new one goes to the end.
pub fn set(object: &mut Value, conditions: &[Condition]) {
    let Some(list) = list_of(object) else { return };
    for condition in conditions {
        let mut exists = false;
        for present in list.iter_mut() {
            if present.get("type").and_then(Value::as_str) == Some(&condition.kind) {
                exists = true;
                if !condition.equals(present) {
                    *present = condition.to_value();
                }
            }
        }
        if !exists {
            list.push(condition.to_value());
        }
    }
}

/// A custom condition that nobody could set, since the pipeline stopped. It keeps its time.
pub fn lose(object: &mut Value, kind: &str, generation: Option<i64>) {
    let message = "A fatal error occurred before the status of this condition could be determined.";
    let lost = Condition::new(kind, "Unknown", "FatalError", message).observed_at(generation);
    for present in list_of(object).into_iter().flatten() {
        if present.get("type").and_then(Value::as_str) == Some(kind) && !lost.equals(present) {
            let mut value = lost.to_value();
            value["lastTransitionTime"] = present["lastTransitionTime"].take();
            *present = value;
        }
    }
}

/// Sets the conditions of `from` in `to`, as they are.
pub fn carry(from: &Value, to: &mut Value) {
    let had = from.get("status").and_then(|status| status.get("conditions")).and_then(Value::as_array);
    let Some(had) = had.filter(|had| !had.is_empty()) else { return };
    let Some(list) = list_of(to) else { return };
    for condition in had {
        match list.iter_mut().find(|present| present.get("type") == condition.get("type")) {
            Some(present) => present.clone_from(condition),
            None => list.push(condition.clone()),
        }
    }
}

/// What `crossplane composition render` does to the conditions of everything it prints: one fixed time, typed fields only,
/// and a null where a status has no conditions. A status that does not read as conditions stays as it is.
pub fn as_printed(object: &mut Value) {
    let Some(status) = object.get_mut("status").filter(|status| status.is_object()) else { return };
    let printed = match status.get("conditions") {
        None | Some(Value::Null) => Some(Value::Null),
        Some(Value::Array(list)) => list.iter().map(printed_condition).collect(),
        Some(_) => None,
    };
    if let Some(printed) = printed {
        status["conditions"] = printed;
    }
}

fn printed_condition(condition: &Value) -> Option<Value> {
    let text = |key: &str| match condition.get(key) {
        None | Some(Value::Null) => Some(""),
        Some(value) => value.as_str(),
    };
    let mut printed = json!({
        "type": text("type")?, "status": text("status")?, "reason": text("reason")?, "lastTransitionTime": RENDER_TIME,
    });
    let message = text("message")?;
    if !message.is_empty() {
        printed["message"] = json!(message);
    }
    if let Some(generation) = condition.get("observedGeneration").and_then(Value::as_i64).filter(|found| *found != 0) {
        printed["observedGeneration"] = json!(generation);
    }
    Some(printed)
}

/// The types in `object.status.conditions` that are not Crossplane's own.
pub fn custom_types(object: &Value) -> Vec<String> {
    let list = object.get("status").and_then(|status| status.get("conditions")).and_then(Value::as_array);
    let types = list.into_iter().flatten().filter_map(|condition| condition.get("type").and_then(Value::as_str));
    types.filter(|kind| !SYSTEM.contains(kind)).map(str::to_owned).collect()
}

/// `a`, `a, b`, `a, b, and c`, `a, b, c, and 2 more`; sorted.
pub fn listed(names: &[String]) -> String {
    let mut sorted: Vec<&str> = names.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    match sorted.as_slice() {
        [head @ .., last] if sorted.len() == LISTED => format!("{}, and {last}", head.join(", ")),
        all if all.len() > LISTED => format!("{}, and {} more", all[..LISTED].join(", "), all.len() - LISTED),
        all => all.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_as_crossplane_lists() {
        let names =
            |count: usize| ["d", "b", "a", "c"][..count].iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(listed(&names(1)), "d");
        assert_eq!(listed(&names(2)), "b, d");
        assert_eq!(listed(&names(3)), "a, b, and d");
        assert_eq!(listed(&names(4)), "a, b, c, and 1 more");
    }

    #[test]
    fn conditions_keep_their_place_and_an_equal_one_its_time() {
        let mut object = json!({"status": {"conditions": [
            {"type": "Ready", "status": "True", "reason": "Available", "lastTransitionTime": "2020-01-01T00:00:00Z"},
            {"type": "Custom", "status": "True", "reason": "X", "lastTransitionTime": "2020-01-01T00:00:00Z"},
        ]}});
        set(&mut object, &[Condition::responsive(), Condition::available(), Condition::synced()]);
        let conditions = object["status"]["conditions"].as_array().unwrap();
        let types: Vec<&str> = conditions.iter().map(|condition| condition["type"].as_str().unwrap()).collect();
        assert_eq!(types, ["Ready", "Custom", "Responsive", "Synced"]);
        assert_eq!(conditions[0]["lastTransitionTime"], "2020-01-01T00:00:00Z");
        assert_eq!(custom_types(&object), ["Custom"]);
    }
}
