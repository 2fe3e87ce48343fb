//! What conditions say of a kind that nobody knows, by the conventions that most controllers keep.
//!
//! The conventions are those of kstatus: a generation that has not been observed, `Stalled`, `Reconciling` and `Ready`; and
//! `Available`, `Degraded` and `Failed`, which as many controllers write instead. Argo CD says nothing of such kinds.

use plat_resource::Value;

use crate::Health;
use crate::fields::{Condition, condition, number, optional_number};

/// Conditions that say, when True, that something has gone wrong.
const WRONG: &[&str] = &["Stalled", "Degraded", "Failed"];
/// Conditions that say whether the object is what it is meant to be; the first one that it has decides.
const DECISIVE: &[&str] = &["Ready", "Available"];

/// The health of `object` by its conditions; nothing, where it has none that are known.
pub fn health(object: &Value) -> Option<Health> {
    let generation = number(object, &["metadata", "generation"]);
    if optional_number(object, &["status", "observedGeneration"]).is_some_and(|observed| observed < generation) {
        return Some(Health::progressing("the newest spec has not been observed yet"));
    }
    let find = |kinds: &[&str]| kinds.iter().find_map(|kind| condition(object, kind));
    if let Some(wrong) = WRONG.iter().find_map(|kind| condition(object, kind).filter(|it| it.is_true())) {
        return Some(Health::degraded(named(wrong)));
    }
    if let Some(reconciling) = condition(object, "Reconciling").filter(|it| it.is_true()) {
        return Some(Health::progressing(named(reconciling)));
    }
    let decisive = find(DECISIVE)?;
    if decisive.observed_generation().is_some_and(|observed| observed < generation) {
        return Some(Health::progressing(format!("{} speaks of an older spec", decisive.kind())));
    }
    Some(if decisive.is_true() { Health::healthy("") } else { Health::progressing(named(decisive)) })
}

/// What a condition tells, or else which one it is.
fn named(condition: Condition<'_>) -> String {
    match condition.told() {
        "" => format!("{} is {}", condition.kind(), condition.status()),
        told => told.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Status;
    use serde_json::json;

    fn says(status: &Value) -> Option<Health> {
        health(&json!({"apiVersion": "x.org/v1", "kind": "X", "metadata": {"generation": 2}, "status": status}))
    }

    #[test]
    fn conditions_are_read_worst_first() {
        let ready = json!({"type": "Ready", "status": "True"});
        let cases = [
            (json!({}), None),
            (json!({"conditions": [{"type": "Odd", "status": "True"}]}), None),
            (json!({"conditions": [ready]}), Some(Status::Healthy)),
            (json!({"conditions": [ready], "observedGeneration": 1}), Some(Status::Progressing)),
            (json!({"conditions": [ready], "observedGeneration": 2}), Some(Status::Healthy)),
            (json!({"conditions": [ready, {"type": "Reconciling", "status": "True"}]}), Some(Status::Progressing)),
            (json!({"conditions": [ready, {"type": "Stalled", "status": "True"}]}), Some(Status::Degraded)),
            (json!({"conditions": [ready, {"type": "Stalled", "status": "False"}]}), Some(Status::Healthy)),
            (json!({"conditions": [{"type": "Available", "status": "Unknown"}]}), Some(Status::Progressing)),
        ];
        for (status, expected) in cases {
            assert_eq!(says(&status).map(|it| it.status), expected, "{status}");
        }
    }

    #[test]
    fn a_condition_of_an_older_generation_does_not_count() {
        let stale = json!({"conditions": [{"type": "Ready", "status": "True", "observedGeneration": 1}]});
        assert_eq!(says(&stale), Some(Health::progressing("Ready speaks of an older spec")));
    }

    #[test]
    fn the_message_is_told_or_what_there_is_instead() {
        let with = |more: Value| says(&json!({"conditions": [more]})).map(|it| it.message).unwrap_or_default();
        assert_eq!(with(json!({"type": "Ready", "status": "False", "reason": "R", "message": "m"})), "m");
        assert_eq!(with(json!({"type": "Ready", "status": "False", "reason": "R"})), "R");
        assert_eq!(with(json!({"type": "Ready", "status": "False"})), "Ready is False");
    }
}
