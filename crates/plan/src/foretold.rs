//! What the API server itself says would become of objects: the questions to ask it, and its answers.
//!
//! Owns which objects are worth a question, and how an answer takes the place of the offline model of an apply. Asking is a
//! shell's: each [`Question`] is one server-side dry-run.

use std::collections::HashMap;

use plat_resource::object::{self, GroupVersionKind};
use plat_resource::{ObjectKey, Value};

use crate::constants::LAST_APPLIED;
use crate::model::Role;

/// Metadata that only the API server writes, and that no plan is about.
const SERVER_METADATA: [&str; 5] = ["managedFields", "resourceVersion", "generation", "selfLink", "creationTimestamp"];

/// How an object would be written.
#[derive(Debug, Clone, PartialEq)]
pub enum Writing {
    /// By server-side apply of this object.
    Apply {
        /// What is applied.
        object: Value,
        /// Take fields from other managers.
        force: bool,
    },
    /// By a merge patch, as `kubectl apply` does on the client's side.
    Merge(Value),
}

/// One object to ask about.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// Which object.
    pub key: ObjectKey,
    /// What would be written.
    pub writing: Writing,
    /// As which field manager.
    pub manager: String,
}

/// What the API server says.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// The object as it would be.
    After(Value),
    /// It would refuse, in these words.
    Refused(String),
    /// It was not asked, or gave no answer, for this reason.
    Unasked(String),
}

/// The answers, by object.
#[derive(Debug, Default)]
pub struct Foretold {
    answers: HashMap<ObjectKey, Answer>,
}

impl Foretold {
    /// Notes the answer about an object.
    pub fn note(&mut self, key: ObjectKey, answer: Answer) {
        self.answers.insert(key, answer);
    }

    /// What was answered about an object.
    pub fn of(&self, key: &ObjectKey) -> Option<&Answer> {
        self.answers.get(key)
    }
}

/// The object of an answer, as a plan compares it: without bookkeeping, with the status that `predicted` has, as no apply
/// writes status.
pub(crate) fn comparable(answer: &Value, predicted: &Value, live: Option<&Value>) -> Value {
    let mut after = answer.clone();
    if let Some(metadata) = after.get_mut("metadata").and_then(Value::as_object_mut) {
        for key in SERVER_METADATA {
            metadata.remove(key);
            if let Some(value) = live.and_then(|live| object::value_at(live, &["metadata", key])) {
                metadata.insert(key.to_owned(), value.clone());
            }
        }
        if live.is_none() {
            metadata.remove("uid");
        }
    }
    if live.is_none() {
        remove_stand_ins(&mut after);
    }
    let Some(map) = after.as_object_mut() else { return after };
    match predicted.get("status") {
        Some(status) => map.insert("status".to_owned(), status.clone()),
        None => map.remove("status"),
    };
    after
}

/// A dry-run gives a Service no address of its own, but the first of the range.
fn remove_stand_ins(created: &mut Value) {
    if GroupVersionKind::of(created) != GroupVersionKind::new("v1", "Service") {
        return;
    }
    let is_headless = object::string_at(created, &["spec", "clusterIP"]) == Some("None");
    if let Some(spec) = created.get_mut("spec").and_then(Value::as_object_mut).filter(|_| !is_headless) {
        spec.remove("clusterIP");
        spec.remove("clusterIPs");
    }
}

/// Whether the words of a refusal say that a field cannot change in place.
pub(crate) fn is_immutable(refusal: &str) -> bool {
    let refusal = refusal.to_lowercase();
    ["immutable", "may not be changed", "cannot be changed", "may not change", "updates to", "cannot change"]
        .iter()
        .any(|words| refusal.contains(words))
}

/// How what a user applies is written: as whoever applied it before did.
pub(crate) fn by_user(desired: &Value, live: Option<&Value>, after: &Value) -> (Writing, String) {
    // What nobody applied yet `kubectl apply` takes over on the client's side, without a conflict.
    let merged = live.filter(|live| object::annotation(live, LAST_APPLIED).is_some() || !is_applied_by_kubectl(live));
    match merged {
        None => (Writing::Apply { object: desired.clone(), force: false }, "kubectl".to_owned()),
        Some(live) => {
            let mut wanted = after.clone();
            let text = format!("{}\n", without_annotation(desired));
            object::object_at_mut(&mut wanted, &["metadata", "annotations"])
                .insert(LAST_APPLIED.to_owned(), text.into());
            (Writing::Merge(merge_patch(live, &wanted)), "kubectl-client-side-apply".to_owned())
        }
    }
}

fn is_applied_by_kubectl(live: &Value) -> bool {
    let entries = object::value_at(live, &["metadata", "managedFields"]).and_then(Value::as_array);
    entries.into_iter().flatten().any(|entry| {
        let is = |key: &str, text: &str| object::string_at(entry, &[key]) == Some(text);
        is("manager", "kubectl") && is("operation", "Apply")
    })
}

fn without_annotation(desired: &Value) -> Value {
    let mut applied = desired.clone();
    if let Some(annotations) = applied.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut) {
        annotations.remove(LAST_APPLIED);
    } else {
        // kubectl always writes the map, as it looks at it afterwards.
        object::object_at_mut(&mut applied, &["metadata", "annotations"]);
    }
    applied
}

/// The merge patch (RFC 7386) that makes `after` of `before`.
pub fn merge_patch(before: &Value, after: &Value) -> Value {
    let (Value::Object(before), Value::Object(after)) = (before, after) else { return after.clone() };
    let mut patch = plat_resource::Map::new();
    for key in before.keys().filter(|key| !after.contains_key(*key)) {
        patch.insert(key.clone(), Value::Null);
    }
    for (key, value) in after {
        match before.get(key) {
            Some(old) if old == value => {}
            Some(old) => drop(patch.insert(key.clone(), merge_patch(old, value))),
            None => drop(patch.insert(key.clone(), value.clone())),
        }
    }
    Value::Object(patch)
}

/// The question about an object that an engine writes.
pub(crate) fn by_engine(desired: &Value, manager: &str) -> (Writing, String) {
    (Writing::Apply { object: desired.clone(), force: true }, manager.to_owned())
}

/// What is applied of `prepared`: an XR's status is the engine's to write.
pub(crate) fn applicable(prepared: &Value, role: Role) -> Value {
    let mut object = prepared.clone();
    if role != Role::Composed
        && let Some(map) = object.as_object_mut()
    {
        map.remove("status");
    }
    object
}

/// The field manager of what an XR composes: another for each XR, so that two that want the same object do not take it from
/// each other unnoticed. Crossplane's rule: the hash of the XR's name and `KIND.GROUP`.
pub fn composed_manager(composite: &Value) -> String {
    use sha2::{Digest as _, Sha256};
    let kind = GroupVersionKind::of(composite);
    let group_kind = if kind.group.is_empty() { kind.kind } else { format!("{}.{}", kind.kind, kind.group) };
    let digest = Sha256::digest(format!("{}{group_kind}", object::name(composite)).as_bytes());
    let hash: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}/{hash}", crate::constants::OWNER_OF_COMPOSED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_merge_patch_makes_one_object_of_the_other() {
        let before = json!({"a": 1, "b": {"c": 2, "d": 3}, "e": [1], "g": {"h": 1}});
        let after = json!({"a": 1, "b": {"c": 4}, "e": [1, 2], "f": {"x": null}, "g": {"h": 1}});
        assert_eq!(merge_patch(&before, &after), json!({"b": {"c": 4, "d": null}, "e": [1, 2], "f": {"x": null}}));
        assert_eq!(merge_patch(&before, &before), json!({}));
    }

    #[test]
    fn a_user_writes_as_the_one_who_wrote_before() {
        let desired = json!({"metadata": {"name": "a"}, "spec": {"size": 2}});
        let (writing, manager) = by_user(&desired, None, &desired);
        assert_eq!((writing, manager.as_str()), (Writing::Apply { object: desired.clone(), force: false }, "kubectl"));
        let applied = json!([{"manager": "kubectl", "operation": "Apply"}]);
        let live = json!({"metadata": {"name": "a", "managedFields": applied}, "spec": {"size": 1}});
        assert!(matches!(by_user(&desired, Some(&live), &desired).0, Writing::Apply { force: false, .. }));
        let created = json!({"metadata": {"name": "a"}, "spec": {"size": 1}});
        assert!(matches!(by_user(&desired, Some(&created), &desired).0, Writing::Merge(_)));
        let live =
            json!({"metadata": {"name": "a", "annotations": {LAST_APPLIED: "{}"}}, "spec": {"size": 1, "old": 1}});
        let after = json!({"metadata": {"name": "a", "annotations": {LAST_APPLIED: "{}"}}, "spec": {"size": 2}});
        let (writing, manager) = by_user(&desired, Some(&live), &after);
        let applied = "{\"metadata\":{\"annotations\":{},\"name\":\"a\"},\"spec\":{\"size\":2}}\n";
        assert_eq!(manager, "kubectl-client-side-apply");
        let Writing::Merge(patch) = writing else { panic!("{writing:?}") };
        assert_eq!(patch["spec"], json!({"size": 2, "old": null}));
        let text: Value =
            serde_json::from_str(patch["metadata"]["annotations"][LAST_APPLIED].as_str().unwrap()).unwrap();
        assert_eq!(text, serde_json::from_str::<Value>(applied).unwrap());
    }

    #[test]
    fn an_answer_is_compared_without_bookkeeping() {
        let answer = json!({"metadata": {"name": "a", "uid": "u", "resourceVersion": "9", "managedFields": []},
                            "spec": {"x": 1}, "status": {"from": "server"}});
        let predicted = json!({"metadata": {"name": "a"}, "spec": {}});
        assert_eq!(comparable(&answer, &predicted, None), json!({"metadata": {"name": "a"}, "spec": {"x": 1}}));
        let live = json!({"metadata": {"name": "a", "uid": "u", "resourceVersion": "7"}, "status": {"y": 1}});
        let predicted = json!({"metadata": {"name": "a"}, "status": {"y": 2}});
        assert_eq!(
            comparable(&answer, &predicted, Some(&live)),
            json!({"metadata": {"name": "a", "uid": "u", "resourceVersion": "7"}, "spec": {"x": 1}, "status": {"y": 2}})
        );
    }
}
