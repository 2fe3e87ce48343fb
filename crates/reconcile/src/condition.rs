//! Conditions of XRDs and revisions: setting them, each of its generation, with the time of its last change.

use plat_resource::{Value, object};
use serde_json::json;

use crate::status::condition_of;

/// One condition, without its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Condition {
    pub(crate) kind: &'static str,
    pub(crate) is_true: bool,
    pub(crate) reason: String,
    pub(crate) message: String,
}

impl Condition {
    pub(crate) fn yes(kind: &'static str, reason: &str) -> Self {
        Self { kind, is_true: true, reason: reason.to_owned(), message: String::new() }
    }

    pub(crate) fn no(kind: &'static str, reason: &str, message: impl Into<String>) -> Self {
        Self { kind, is_true: false, reason: reason.to_owned(), message: message.into() }
    }

    /// Sets the condition in `object.status.conditions`: in place of one of its type, else at the end. It keeps its time
    /// until its status changes.
    pub(crate) fn set(&self, object: &mut Value, now: &str) {
        let generation = object::value_at(object, &["metadata", "generation"]).cloned();
        let before = condition_of(object, self.kind).cloned();
        let same = before.filter(|before| before.get("status").and_then(Value::as_str) == Some(self.status()));
        let since = same.as_ref().and_then(|before| before.get("lastTransitionTime")).cloned();
        let mut condition = json!({
            "type": self.kind, "status": self.status(), "reason": self.reason,
            "lastTransitionTime": since.unwrap_or_else(|| json!(now)),
        });
        if !self.message.is_empty() {
            condition["message"] = json!(self.message);
        }
        if let Some(generation) = generation {
            condition["observedGeneration"] = generation;
        }
        let list = object::object_at_mut(object, &["status"]).entry("conditions").or_insert_with(|| json!([]));
        if !list.is_array() {
            *list = json!([]);
        }
        let Some(list) = list.as_array_mut() else { return };
        match list.iter_mut().find(|present| is_of(present, self.kind)) {
            Some(present) => *present = condition,
            None => list.push(condition),
        }
    }

    fn status(&self) -> &'static str {
        if self.is_true { "True" } else { "False" }
    }
}

fn is_of(condition: &Value, kind: &str) -> bool {
    condition.get("type").and_then(Value::as_str) == Some(kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::has_status;

    #[test]
    fn a_condition_keeps_its_place_and_its_time_until_its_status_changes() {
        let mut object = json!({"metadata": {"generation": 2}, "status": {"conditions": [
            {"type": "Offered", "status": "True", "reason": "A", "lastTransitionTime": "2020-01-01T00:00:00Z"},
            {"type": "Other", "status": "True"},
        ]}});
        Condition::yes("Offered", "B").set(&mut object, "2021-01-01T00:00:00Z");
        assert_eq!(
            object["status"]["conditions"][0],
            json!({"type": "Offered", "status": "True", "reason": "B", "observedGeneration": 2,
                "lastTransitionTime": "2020-01-01T00:00:00Z"})
        );
        Condition::no("Offered", "C", "why").set(&mut object, "2021-01-01T00:00:00Z");
        assert_eq!(object["status"]["conditions"][0]["lastTransitionTime"], "2021-01-01T00:00:00Z");
        assert!(has_status(&object, "Offered", "False") && !has_status(&object, "Missing", "False"));
        let mut bare = json!({});
        Condition::yes("Synced", "R").set(&mut bare, "2021-01-01T00:00:00Z");
        assert!(has_status(&bare, "Synced", "True"));
    }
}
