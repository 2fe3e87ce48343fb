//! The fields and columns that Crossplane adds to every composite resource and claim.

use plat_resource::{Object, Value};
use serde_json::json;

use crate::{Definition, Role, Scope};

/// Properties that Crossplane puts into `spec`.
pub(super) fn spec(definition: &Definition, role: Role) -> Object {
    let properties = match (role, definition.scope) {
        (Role::Claim, _) => claim_spec(&definition.default_composite_delete_policy),
        (Role::Composite, scope) => composite_spec(scope, &definition.default_composition_update_policy),
    };
    into_object(properties)
}

/// Properties that Crossplane puts into `status`.
pub(super) fn status(scope: Scope, role: Role) -> Object {
    let mut properties = into_object(json!({
        "conditions": {
            "description": "Conditions of the resource.",
            "type": "array",
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["type"],
            "items": {
                "type": "object",
                "required": ["lastTransitionTime", "reason", "status", "type"],
                "properties": {
                    "lastTransitionTime": {"type": "string", "format": "date-time"},
                    "message": text(),
                    "reason": text(),
                    "status": text(),
                    "type": text(),
                    "observedGeneration": {"type": "integer", "format": "int64"},
                },
            },
        },
    }));
    if role == Role::Claim || scope == Scope::LegacyCluster {
        properties.extend(into_object(json!({
            "connectionDetails": {
                "type": "object",
                "properties": {"lastPublishedTime": {"type": "string", "format": "date-time"}},
            },
            "claimConditionTypes": {"type": "array", "x-kubernetes-list-type": "set", "items": text()},
        })));
    }
    properties
}

/// Columns that `kubectl get` shows after the author's.
pub(super) fn printer_columns(scope: Scope, role: Role) -> Vec<Value> {
    let column = |name: &str, path: &str| json!({"name": name, "type": "string", "jsonPath": path});
    let machinery = if scope == Scope::LegacyCluster { ".spec" } else { ".spec.crossplane" };
    let mut columns = vec![
        column("SYNCED", ".status.conditions[?(@.type=='Synced')].status"),
        column("READY", ".status.conditions[?(@.type=='Ready')].status"),
    ];
    match role {
        Role::Claim => columns.push(column("CONNECTION-SECRET", ".spec.writeConnectionSecretToRef.name")),
        Role::Composite => {
            columns.push(column("COMPOSITION", &format!("{machinery}.compositionRef.name")));
            columns.push(json!({
                "name": "COMPOSITIONREVISION",
                "type": "string",
                "jsonPath": format!("{machinery}.compositionRevisionRef.name"),
                "priority": 1,
            }));
        }
    }
    columns.push(json!({"name": "AGE", "type": "date", "jsonPath": ".metadata.creationTimestamp"}));
    columns
}

fn composite_spec(scope: Scope, update_policy: &str) -> Value {
    let mut properties = into_object(json!({
        "compositionRef": named(),
        "compositionSelector": selector(),
        "compositionRevisionRef": named(),
        "compositionRevisionSelector": selector(),
        "compositionUpdatePolicy": {"type": "string", "enum": ["Automatic", "Manual"], "default": update_policy},
        "resourceRefs": resource_references(scope),
    }));
    if scope != Scope::LegacyCluster {
        return json!({
            "crossplane": {
                "type": "object",
                "description": "Configures how Crossplane will reconcile this composite resource",
                "properties": properties,
            },
        });
    }
    properties.insert("claimRef".to_owned(), texts(&["apiVersion", "kind", "namespace", "name"]));
    properties.insert("writeConnectionSecretToRef".to_owned(), texts(&["name", "namespace"]));
    Value::Object(properties)
}

fn claim_spec(delete_policy: &str) -> Value {
    json!({
        "compositionRef": named(),
        "compositionSelector": selector(),
        "compositionRevisionRef": named(),
        "compositionRevisionSelector": selector(),
        "compositionUpdatePolicy": {"type": "string", "enum": ["Automatic", "Manual"]},
        "compositeDeletePolicy": {"type": "string", "enum": ["Background", "Foreground"], "default": delete_policy},
        "resourceRef": texts(&["apiVersion", "kind", "name"]),
        "writeConnectionSecretToRef": named(),
    })
}

fn resource_references(scope: Scope) -> Value {
    let mut properties = into_object(json!({"apiVersion": text(), "name": text(), "kind": text()}));
    // A namespaced XR composes into its own namespace only.
    if scope != Scope::Namespaced {
        properties.insert("namespace".to_owned(), text());
    }
    json!({
        "type": "array",
        "x-kubernetes-list-type": "atomic",
        "items": {"type": "object", "required": ["apiVersion", "kind"], "properties": properties},
    })
}

fn text() -> Value {
    json!({"type": "string"})
}

fn named() -> Value {
    texts(&["name"])
}

/// An object of required strings.
fn texts(keys: &[&str]) -> Value {
    let properties: Object = keys.iter().map(|key| ((*key).to_owned(), text())).collect();
    json!({"type": "object", "required": keys, "properties": properties})
}

fn selector() -> Value {
    json!({
        "type": "object",
        "required": ["matchLabels"],
        "properties": {"matchLabels": {"type": "object", "additionalProperties": text()}},
    })
}

fn into_object(value: Value) -> Object {
    match value {
        Value::Object(map) => map,
        _ => Object::new(),
    }
}
