//! The schema of the constraints of a template, as Gatekeeper makes it for their CustomResourceDefinition.

use plat_resource::{Map, Value};
use serde_json::json;

/// The parameter schema of a template: `None` where it takes no parameters.
pub(super) fn parameters(validation: Option<&Value>, api_version: &str) -> Option<Value> {
    // v1 is strict where it does not say; the older versions let anything through.
    let legacy_by_default = api_version != "v1";
    let legacy = match validation.and_then(|validation| validation.get("legacySchema")) {
        Some(Value::Bool(legacy)) => *legacy,
        _ => legacy_by_default,
    };
    let given = validation.and_then(|validation| validation.get("openAPIV3Schema")).filter(|schema| !schema.is_null());
    match (given, legacy) {
        (Some(schema), false) => Some(schema.clone()),
        (Some(schema), true) => {
            let mut schema = schema.clone();
            preserve_unknown_fields(&mut schema);
            Some(schema)
        }
        (None, true) => Some(json!({"x-kubernetes-preserve-unknown-fields": true})),
        (None, false) => None,
    }
}

/// Lets every object below take any field, as Gatekeeper does for legacy schemas.
fn preserve_unknown_fields(schema: &mut Value) {
    let Some(schema) = schema.as_object_mut() else { return };
    match schema.get("type").and_then(Value::as_str).unwrap_or_default() {
        "" | "object" => {
            schema.insert("x-kubernetes-preserve-unknown-fields".to_owned(), Value::Bool(true));
        }
        "array" if schema.get("items").is_none_or(Value::is_null) => {
            schema.insert("items".to_owned(), json!({"x-kubernetes-preserve-unknown-fields": true}));
        }
        _ => {}
    }
    for property in schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut) {
        preserve_unknown_fields(property);
    }
    for field in ["items", "additionalProperties"] {
        if let Some(below) = schema.get_mut(field).filter(|below| below.is_object()) {
            preserve_unknown_fields(below);
        }
    }
}

/// The whole schema of a constraint.
pub(super) fn constraint(parameters: Option<&Value>) -> Value {
    let text = json!({"type": "string"});
    let mut spec = json!({
        "match": match_schema(),
        "enforcementAction": {"type": "string", "default": "deny"},
        "scopedEnforcementActions": {"type": "array", "items": {"type": "object", "properties": {
            "action": text,
            "enforcementPoints": {"type": "array", "items": {"type": "object", "properties": {"name": text}}},
        }}},
    });
    if let (Some(spec), Some(parameters)) = (spec.as_object_mut(), parameters) {
        spec.insert("parameters".to_owned(), parameters.clone());
    }
    json!({"type": "object", "properties": {
        "metadata": {"type": "object", "properties": {"name": {"type": "string", "maxLength": 63}}},
        "spec": {"type": "object", "properties": spec},
        "status": {"x-kubernetes-preserve-unknown-fields": true},
    }})
}

fn match_schema() -> Value {
    let text = json!({"type": "string"});
    let texts = json!({"type": "array", "items": text});
    let wildcard = json!({"type": "string", "pattern": r"^\*?[-:a-z0-9]*\*?$"});
    let wildcards = json!({"type": "array", "items": wildcard});
    let selector = json!({"type": "object", "x-kubernetes-map-type": "atomic", "properties": {
        "matchLabels": {"type": "object", "additionalProperties": text},
        "matchExpressions": {"type": "array", "x-kubernetes-list-type": "atomic", "items": {
            "type": "object",
            "required": ["key", "operator"],
            "properties": {
                "key": text,
                "operator": text,
                "values": {"type": "array", "x-kubernetes-list-type": "atomic", "items": text},
            },
        }},
    }});
    json!({"type": "object", "properties": {
        "source": {"type": "string", "enum": ["All", "Generated", "Original"]},
        "kinds": {"type": "array", "items": {"type": "object", "properties": {"apiGroups": texts, "kinds": texts}}},
        "scope": text,
        "namespaces": wildcards,
        "excludedNamespaces": wildcards,
        "labelSelector": selector,
        "namespaceSelector": selector,
        "name": wildcard,
    }})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v1_is_strict_and_its_elders_are_not() {
        assert_eq!(parameters(None, "v1"), None);
        assert_eq!(parameters(None, "v1beta1"), Some(json!({"x-kubernetes-preserve-unknown-fields": true})));
        let schema = json!({"openAPIV3Schema": {"type": "object", "properties": {"list": {"type": "array"}}}});
        assert_eq!(parameters(Some(&schema), "v1"), Some(schema["openAPIV3Schema"].clone()));
        let open = json!({"x-kubernetes-preserve-unknown-fields": true});
        let expected = json!({
            "type": "object",
            "x-kubernetes-preserve-unknown-fields": true,
            "properties": {"list": {"type": "array", "items": open}},
        });
        assert_eq!(parameters(Some(&schema), "v1beta1"), Some(expected));
    }

    #[test]
    fn the_schema_of_a_constraint_is_structural() {
        plat_resource::schema::Schema::compile(&constraint(Some(&json!({"type": "object"})))).unwrap();
        plat_resource::schema::Schema::compile(&constraint(None)).unwrap();
    }
}
