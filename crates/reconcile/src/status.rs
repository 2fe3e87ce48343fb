//! Statuses as controllers write them: the time of conditions, and whether there is anything to write.
//!
//! The engine has no clock: a condition that it sets carries a fixed time, which is replaced here by the time of the change.

use plat_expand::conditions::{self, Condition, RENDER_TIME};
use plat_resource::{Map, Value, object};

/// Sets the time of every condition that has changed, and the generation that Crossplane's own conditions speak of.
///
/// `live` is the object as it was read; a condition whose status is the same keeps its time, as in Kubernetes.
pub fn stamp(status: &mut Value, live: &Value, now: &str) {
    let Some(list) = status.get_mut("conditions").and_then(Value::as_array_mut) else { return };
    for condition in list {
        let kind = condition.get("type").and_then(Value::as_str).unwrap_or_default();
        let before = condition_of(live, kind);
        let kept = before.filter(|before| before.get("status") == condition.get("status"));
        let kept = kept.and_then(|before| before.get("lastTransitionTime")).and_then(Value::as_str).map(str::to_owned);
        let is_unset = condition.get("lastTransitionTime").and_then(Value::as_str).is_none_or(|at| at == RENDER_TIME);
        if is_unset {
            condition["lastTransitionTime"] = kept.unwrap_or_else(|| now.to_owned()).into();
        }
    }
}

/// The condition of type `kind` in the status of `object`.
pub fn condition_of<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    let list = object::value_at(object, &["status", "conditions"])?.as_array()?;
    list.iter().find(|condition| condition.get("type").and_then(Value::as_str) == Some(kind))
}

/// Whether the condition of type `kind` is True.
pub fn is_true(object: &Value, kind: &str) -> bool {
    has_status(object, kind, "True")
}

/// Whether the condition of type `kind` has this status; one that is missing has none.
pub(crate) fn has_status(object: &Value, kind: &str, status: &str) -> bool {
    condition_of(object, kind).and_then(|found| found.get("status")).and_then(Value::as_str) == Some(status)
}

/// `live` with these conditions, of its own generation, and their times set.
pub fn with_conditions(live: &Value, set: &[Condition], now: &str) -> Value {
    let generation = object::value_at(live, &["metadata", "generation"]).and_then(Value::as_i64);
    let set: Vec<Condition> = set.iter().cloned().map(|each| each.observed_at(generation)).collect();
    let mut object = live.clone();
    conditions::set(&mut object, &set);
    if let Some(status) = object.get_mut("status") {
        stamp(status, live, now);
    }
    object
}

/// Whether applying `desired` as the status of `live` would change it: a field is missing or different, or `manager` owns one
/// that is not wanted any more.
pub fn differs(live: &Value, desired: &Value, manager: &str) -> bool {
    let none = Value::Null;
    let status = live.get("status").unwrap_or(&none);
    !covers(status, desired) || owned_fields(live, manager).any(|fields| gives_up(fields, desired))
}

/// Whether `have` has everything that is in `want`. Conditions are matched by their type; other lists are equal or not.
fn covers(have: &Value, want: &Value) -> bool {
    match (have, want) {
        (Value::Object(have), Value::Object(want)) => want.iter().all(|(key, wanted)| match (have.get(key), wanted) {
            (Some(Value::Array(have)), Value::Array(want)) if key == "conditions" => covers_conditions(have, want),
            (Some(have), wanted) => covers(have, wanted),
            (None, wanted) => is_empty(wanted),
        }),
        (have, want) => have == want,
    }
}

/// What an API server does not keep.
fn is_empty(value: &Value) -> bool {
    value.is_null()
}

fn covers_conditions(have: &[Value], want: &[Value]) -> bool {
    let same_type = |one: &Value, other: &Value| one.get("type") == other.get("type");
    want.iter()
        .all(|wanted| have.iter().find(|found| same_type(found, wanted)).is_some_and(|found| covers(found, wanted)))
}

fn owned_fields<'a>(live: &'a Value, manager: &'a str) -> impl Iterator<Item = &'a Value> {
    let entries = object::value_at(live, &["metadata", "managedFields"]).and_then(Value::as_array);
    let entries = entries.into_iter().flatten();
    let text = |entry: &'a Value, key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default();
    let entries = entries.filter(move |entry| {
        text(entry, "manager") == manager
            && text(entry, "operation") == "Apply"
            && text(entry, "subresource") == "status"
    });
    entries.filter_map(|entry| object::value_at(entry, &["fieldsV1", "f:status"]))
}

/// Whether a tree of owned fields has one that `desired` lacks.
fn gives_up(fields: &Value, desired: &Value) -> bool {
    let Some(fields) = fields.as_object() else { return false };
    fields.iter().any(|(key, below)| {
        let found = if let Some(name) = key.strip_prefix("f:") {
            desired.get(name)
        } else if let Some(keys) = key.strip_prefix("k:") {
            keyed(desired, keys)
        } else {
            // `.` is the thing itself; `v:` are members of a set, which statuses of XRs do not have.
            return false;
        };
        found.is_none_or(|found| gives_up(below, found))
    })
}

fn keyed<'a>(list: &'a Value, keys: &str) -> Option<&'a Value> {
    let keys: Map<String, Value> = serde_json::from_str(keys).ok()?;
    list.as_array()?.iter().find(|item| keys.iter().all(|(key, value)| item.get(key) == Some(value)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: &str = "2026-01-02T03:04:05Z";

    fn live() -> Value {
        json!({"metadata": {"generation": 3, "managedFields": [{
            "manager": "m", "operation": "Apply", "subresource": "status", "fieldsV1": {"f:status": {
                "f:address": {}, "f:conditions": {"k:{\"type\":\"Ready\"}": {".": {}, "f:type": {}, "f:status": {}}},
            }},
        }]}, "status": {"address": "a", "conditions": [
            {"type": "Ready", "status": "False", "reason": "Creating", "lastTransitionTime": "2025-01-01T00:00:00Z"},
        ]}})
    }

    #[test]
    fn a_condition_keeps_its_time_until_its_status_changes() {
        let object = with_conditions(&live(), &[Condition::creating(&["a".to_owned()]), Condition::synced()], NOW);
        assert_eq!(
            object["status"]["conditions"],
            json!([
                {"type": "Ready", "status": "False", "reason": "Creating", "message": "Unready resources: a",
                 "lastTransitionTime": "2025-01-01T00:00:00Z", "observedGeneration": 3},
                {"type": "Synced", "status": "True", "reason": "ReconcileSuccess", "lastTransitionTime": NOW,
                 "observedGeneration": 3},
            ])
        );
        let object = with_conditions(&live(), &[Condition::available()], NOW);
        assert_eq!(object["status"]["conditions"][0]["lastTransitionTime"], NOW);
    }

    #[test]
    fn a_status_differs_by_what_is_missing_and_by_what_is_given_up() {
        let ready = json!([{"type": "Ready", "status": "False"}]);
        assert!(!differs(&live(), &json!({"address": "a", "conditions": ready}), "m"));
        assert!(differs(&live(), &json!({"address": "b", "conditions": ready}), "m"));
        assert!(differs(&live(), &json!({"conditions": ready}), "m"), "address is given up");
        assert!(!differs(&live(), &json!({"conditions": ready}), "other"), "address is somebody else's");
        assert!(differs(&live(), &json!({"address": "a"}), "m"), "a condition is given up");
        assert!(differs(&json!({}), &json!({"address": "a"}), "m"));
    }
}
