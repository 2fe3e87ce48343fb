//! May an object that is in use be deleted?
//!
//! Owns the question of the fourth endpoint (crossplane `internal/webhook/protection/usage`), in Crossplane's words. Which objects
//! are asked about is said by a label that the Usage controller sets.

use std::collections::BTreeMap;

use plat_platform::{DELETION_ATTEMPT, USAGE_KINDS, Usage, UsageKind};
use plat_resource::{GroupVersionKind, ObjectKey, Value, object};
use serde_json::json;

use crate::request::{Operation, Request};
use crate::response::{Decision, Reason};

/// All Usages there are.
#[derive(Debug, Clone, Default)]
pub struct Usages(BTreeMap<ObjectKey, Usage>);

/// What a deletion that was refused leaves at the object, so that it can be done later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The path of the object in the API.
    pub path: String,
    /// A merge patch.
    pub patch: Value,
}

impl Usages {
    /// These are all of a kind.
    pub fn replace(&mut self, kind: &GroupVersionKind, all: &[Value]) {
        self.0.retain(|key, _| (&key.kind.group, &key.kind.kind) != (&kind.group, &kind.kind));
        for usage in all {
            self.put(usage);
        }
    }

    /// This one is new or different.
    pub fn put(&mut self, usage: &Value) {
        if let Some(usage) = Usage::read(usage) {
            self.0.insert(usage.key.clone(), usage);
        }
    }

    /// This one is gone.
    pub fn remove(&mut self, usage: &Value) {
        self.0.remove(&ObjectKey::of(usage));
    }

    /// Those of an object, in the order in which Crossplane finds them.
    fn of(&self, key: &ObjectKey) -> Vec<&Usage> {
        let of_kind = |row: &'static UsageKind| {
            let all = self.0.values().filter(|usage| UsageKind::of(&usage.key.kind) == Some(row));
            all.filter(|usage| usage.is_of(key))
        };
        USAGE_KINDS.iter().flat_map(of_kind).collect()
    }

    /// May the object of this request be deleted? Where it may not, the attempt is to be noted at the object.
    pub fn decide(&self, request: &Request) -> (Decision, Option<Attempt>) {
        if request.operation != Operation::Delete {
            let operation = request.text(&["operation"]).unwrap_or_default();
            let message = format!("unexpected operation {operation:?}, expected \"DELETE\"");
            return (Decision::denied(Reason::BadRequest, vec![message]), None);
        }
        let live = request.object();
        let usages = self.of(&ObjectKey::of(live));
        let Some(message) = message(&usages) else { return (Decision::allowed(), None) };
        let attempt = Some(request).filter(|request| !request.dry_run).and_then(|request| attempt(request, live));
        (Decision::denied(Reason::Conflict, vec![message]), attempt)
    }
}

fn message(usages: &[&Usage]) -> Option<String> {
    let first = usages.first()?;
    let ObjectKey { kind, namespace, name } = &first.key;
    let place = if namespace.is_empty() { String::new() } else { format!(" (in namespace {namespace:?})") };
    let why = match (&first.by, &first.reason) {
        (Some(by), _) => format!(" by resource {}/{}", by.kind, by.name.as_deref().unwrap_or_default()),
        (None, Some(reason)) => format!(" with reason: {reason:?}"),
        (None, None) => String::new(),
    };
    Some(format!(
        "This resource is in-use by {} usage(s), including the *{}.{} {name:?}{place}{why}.",
        usages.len(),
        kind.version,
        kind.kind
    ))
}

/// None where the object says so already.
fn attempt(request: &Request, live: &Value) -> Option<Attempt> {
    let policy = request.text(&["options", "propagationPolicy"]).unwrap_or("Background");
    if object::annotation(live, DELETION_ATTEMPT) == Some(policy) {
        return None;
    }
    let resource = |key: &str| request.text(&["resource", key]).unwrap_or_default();
    let root = match resource("group") {
        "" => format!("/api/{}", resource("version")),
        group => format!("/apis/{group}/{}", resource("version")),
    };
    let namespace = match request.namespace.as_str() {
        "" => String::new(),
        namespace => format!("/namespaces/{namespace}"),
    };
    let place = format!("{root}{namespace}/{}/{}", resource("resource"), object::name(live));
    // With its UID it is meant for no other object of the name.
    let patch = json!({"metadata": {"uid": object::uid(live), "annotations": {DELETION_ATTEMPT: policy}}});
    Some(Attempt { path: place, patch })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(operation: &str, object: &Value, dry_run: bool) -> Request {
        let review = json!({
            "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
            "request": {
                "uid": "u", "operation": operation, "kind": {"group": "", "version": "v1", "kind": "ConfigMap"},
                "resource": {"group": "", "version": "v1", "resource": "configmaps"}, "namespace": "team", "name": "database",
                "object": if operation == "DELETE" { Value::Null } else { object.clone() },
                "oldObject": object, "dryRun": dry_run, "options": {"propagationPolicy": "Foreground"},
            },
        });
        Request::of_review(review).unwrap()
    }

    fn database() -> Value {
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "database", "namespace": "team", "uid": "d"}})
    }

    fn usage(kind: &str, name: &str, spec: &Value) -> Value {
        let namespace = if kind == "Usage" { "team" } else { "" };
        let mut spec = spec.clone();
        spec["of"] = json!({"apiVersion": "v1", "kind": "ConfigMap", "resourceRef": {"name": "database"}});
        json!({"apiVersion": "protection.crossplane.io/v1beta1", "kind": kind,
            "metadata": {"name": name, "namespace": namespace}, "spec": spec})
    }

    fn decided(usages: &Usages, request: &Request) -> (u16, String, Option<Attempt>) {
        let (decision, attempt) = usages.decide(request);
        let denied = decision.denied.map(|denied| (denied.reason.code(), denied.messages.join("\n")));
        let (code, message) = denied.unwrap_or((200, String::new()));
        (code, message, attempt)
    }

    #[test]
    fn what_is_in_use_may_not_be_deleted_and_the_attempt_is_noted_once() {
        let mut usages = Usages::default();
        assert_eq!(decided(&usages, &request("DELETE", &database(), false)), (200, String::new(), None));
        let by = json!({"by": {"apiVersion": "v1", "kind": "Pod", "resourceRef": {"name": "app"}}});
        usages.put(&usage("ClusterUsage", "a", &json!({"reason": "it is \"mine\""})));
        usages.put(&usage("Usage", "b", &by));
        let (code, message, attempt) = decided(&usages, &request("DELETE", &database(), false));
        assert_eq!(
            (code, message.as_str()),
            (
                409,
                "This resource is in-use by 2 usage(s), including the *v1beta1.Usage \"b\" (in namespace \"team\") by \
                   resource Pod/app."
            )
        );
        let patch = json!({"metadata": {"uid": "d", "annotations": {DELETION_ATTEMPT: "Foreground"}}});
        let place = "/api/v1/namespaces/team/configmaps/database".to_owned();
        assert_eq!(attempt, Some(Attempt { path: place, patch }));
        let mut noted = database();
        noted["metadata"]["annotations"] = json!({DELETION_ATTEMPT: "Foreground"});
        assert_eq!(decided(&usages, &request("DELETE", &noted, false)).2, None);
        assert_eq!(decided(&usages, &request("DELETE", &database(), true)).2, None);
        usages.remove(&usage("Usage", "b", &by));
        let (_, message, _) = decided(&usages, &request("DELETE", &database(), false));
        assert_eq!(
            message,
            "This resource is in-use by 1 usage(s), including the *v1beta1.ClusterUsage \"a\" with reason: \"it is \\\"mine\\\"\"."
        );
        usages.replace(&USAGE_KINDS[1].kind(), &[]);
        assert_eq!(decided(&usages, &request("DELETE", &database(), false)).0, 200);
    }

    #[test]
    fn other_operations_are_not_for_this_path() {
        let (code, message, _) = decided(&Usages::default(), &request("UPDATE", &database(), false));
        assert_eq!((code, message.as_str()), (400, "unexpected operation \"UPDATE\", expected \"DELETE\""));
    }
}
