//! The CustomResourceDefinition of a constraint kind, made from its template.
//!
//! Owns it for clusters in which no Gatekeeper makes it: the same names, versions, schema and columns, so that Gatekeeper
//! can take over and hand back. Whether to apply it is the shell's matter.

use plat_resource::{Value, object};
use serde_json::json;

use crate::kinds::CONSTRAINTS;

/// The kind that a template defines, where it says so.
pub fn kind_of(template: &Value) -> Option<&str> {
    object::string_at(template, &["spec", "crd", "spec", "names", "kind"]).filter(|kind| !kind.is_empty())
}

/// The resource name of a constraint kind.
pub fn plural_of(kind: &str) -> String {
    kind.to_lowercase()
}

/// The definition of the constraint kind of `template`; nothing where the template does not name one.
pub fn made(template: &Value) -> Option<Value> {
    let kind = kind_of(template)?;
    let plural = plural_of(kind);
    let schema = schema(template);
    let version = |name: &str, storage: bool| {
        json!({
            "name": name, "served": true, "storage": storage,
            "schema": {"openAPIV3Schema": schema},
            "subresources": {"status": {}},
            "additionalPrinterColumns": [
                {"name": "enforcement-action", "type": "string", "jsonPath": ".spec.enforcementAction",
                 "description": "Type of enforcement action"},
                {"name": "total-violations", "type": "integer", "jsonPath": ".status.totalViolations",
                 "description": "Total number of violations"},
            ],
        })
    };
    let mut names = json!({
        "kind": kind, "listKind": format!("{kind}List"), "plural": plural, "singular": plural,
        "categories": ["constraint", "constraints"],
    });
    if let Some(short) = object::value_at(template, &["spec", "crd", "spec", "names", "shortNames"]) {
        names["shortNames"] = short.clone();
    }
    let labels = object::value_at(template, &["metadata", "labels"]).and_then(Value::as_object);
    let mut labels = labels.cloned().unwrap_or_default();
    labels.insert("gatekeeper.sh/constraint".to_owned(), "yes".into());
    Some(json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {
            "name": format!("{plural}.{CONSTRAINTS}"), "labels": labels,
            // With the template goes its kind, and with the kind its constraints.
            "ownerReferences": [{
                "apiVersion": template.get("apiVersion"), "kind": "ConstraintTemplate", "name": object::name(template),
                "uid": object::uid(template), "controller": true, "blockOwnerDeletion": true,
            }],
        },
        "spec": {
            "group": CONSTRAINTS, "scope": "Cluster", "names": names,
            "versions": [version("v1beta1", true), version("v1alpha1", false)],
        },
    }))
}

fn schema(template: &Value) -> Value {
    let mut spec = json!({
        "match": match_schema(),
        "enforcementAction": {"type": "string", "default": "deny"},
        "scopedEnforcementActions": {"type": "array", "items": {"type": "object", "properties": {
            "action": {"type": "string"},
            "enforcementPoints": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}}}},
        }}},
    });
    if let Some(parameters) = parameters(template) {
        spec["parameters"] = parameters;
    }
    json!({
        "type": "object",
        "properties": {
            "metadata": {"type": "object", "properties": {"name": {"type": "string", "maxLength": 63}}},
            "spec": {"type": "object", "properties": spec},
            "status": {"x-kubernetes-preserve-unknown-fields": true},
        },
    })
}

/// The schema of the parameters. Templates of v1beta1 may leave it without types; then everything is kept as written.
fn parameters(template: &Value) -> Option<Value> {
    let validation = object::value_at(template, &["spec", "crd", "spec", "validation"])?;
    let schema = validation.get("openAPIV3Schema").filter(|schema| schema.is_object())?;
    let mut schema = schema.clone();
    let legacy = match validation.get("legacySchema") {
        Some(legacy) => legacy == &Value::Bool(true),
        None => template.get("apiVersion").and_then(Value::as_str) != Some("templates.gatekeeper.sh/v1"),
    };
    if legacy {
        preserve(&mut schema);
    }
    Some(schema)
}

/// Makes a schema structural that was written when structural schemas were not asked for.
fn preserve(schema: &mut Value) {
    let Some(map) = schema.as_object_mut() else { return };
    for key in ["properties", "patternProperties"] {
        for child in map.get_mut(key).and_then(Value::as_object_mut).into_iter().flatten() {
            preserve(child.1);
        }
    }
    for key in ["items", "additionalProperties"] {
        map.get_mut(key).filter(|child| child.is_object()).into_iter().for_each(preserve);
    }
    let typed = map.get("type").is_some();
    if !typed {
        if map.contains_key("properties") || map.contains_key("additionalProperties") {
            map.insert("type".to_owned(), "object".into());
        } else if map.contains_key("items") {
            map.insert("type".to_owned(), "array".into());
        }
    }
    let kind = map.get("type").and_then(Value::as_str).map(str::to_owned);
    let is_open = !map.contains_key("additionalProperties");
    match kind.as_deref() {
        Some("object") if is_open => drop(map.insert("x-kubernetes-preserve-unknown-fields".to_owned(), true.into())),
        Some("array") if !map.contains_key("items") => {
            map.insert("items".to_owned(), json!({"x-kubernetes-preserve-unknown-fields": true}));
        }
        None => drop(map.insert("x-kubernetes-preserve-unknown-fields".to_owned(), true.into())),
        _ => {}
    }
}

fn match_schema() -> Value {
    let texts = json!({"type": "array", "items": {"type": "string"}});
    // Names of namespaces, with a star at one end or both.
    let name = json!({"type": "string", "pattern": r"^\*?[-:a-z0-9]*\*?$"});
    let names = json!({"type": "array", "items": name});
    let selector = json!({
        "type": "object", "x-kubernetes-map-type": "atomic",
        "properties": {
            "matchLabels": {"type": "object", "additionalProperties": {"type": "string"}},
            "matchExpressions": {
                "type": "array", "x-kubernetes-list-type": "atomic",
                "items": {"type": "object", "required": ["key", "operator"], "properties": {
                    "key": {"type": "string"}, "operator": {"type": "string"},
                    "values": {"type": "array", "x-kubernetes-list-type": "atomic", "items": {"type": "string"}},
                }},
            },
        },
    });
    json!({
        "type": "object",
        "properties": {
            "kinds": {"type": "array", "items": {"type": "object", "properties": {"apiGroups": texts, "kinds": texts}}},
            "scope": {"type": "string"},
            "name": name, "namespaces": names, "excludedNamespaces": names,
            "labelSelector": selector, "namespaceSelector": selector,
            "source": {"type": "string", "enum": ["All", "Generated", "Original"]},
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use plat_resource::schema::Schema;

    fn template(version: &str, schema: &Value) -> Value {
        json!({
            "apiVersion": format!("templates.gatekeeper.sh/{version}"), "kind": "ConstraintTemplate",
            "metadata": {"name": "k8slabels", "uid": "u-1", "labels": {"a": "b"}},
            "spec": {"crd": {"spec": {"names": {"kind": "K8sLabels"}, "validation": {"openAPIV3Schema": schema}}}},
        })
    }

    #[test]
    fn the_kind_is_named_after_the_template() {
        let crd = made(&template("v1", &json!({"type": "object"}))).unwrap();
        assert_eq!(crd["metadata"]["name"], "k8slabels.constraints.gatekeeper.sh");
        assert_eq!(crd["metadata"]["labels"], json!({"a": "b", "gatekeeper.sh/constraint": "yes"}));
        assert_eq!(crd["spec"]["names"]["plural"], "k8slabels");
        assert_eq!(crd["metadata"]["ownerReferences"][0]["uid"], "u-1");
        assert!(made(&json!({"spec": {}})).is_none());
    }

    #[test]
    fn what_is_made_is_structural_whatever_the_template_left_out() {
        let sloppy = json!({"properties": {
            "labels": {"type": "array", "items": {"properties": {"key": {"type": "string"}}}},
            "any": {}, "list": {"type": "array"}, "map": {"additionalProperties": {"type": "string"}},
        }});
        for (version, schema) in [("v1beta1", &sloppy), ("v1", &json!({"type": "object"}))] {
            let crd = made(&template(version, schema)).unwrap();
            for version in crd["spec"]["versions"].as_array().unwrap() {
                let compiled = Schema::compile(&version["schema"]["openAPIV3Schema"]);
                assert!(compiled.is_ok(), "{:?}", compiled.err());
            }
        }
    }

    #[test]
    fn a_legacy_schema_keeps_what_it_does_not_name() {
        let crd = made(&template("v1beta1", &json!({"properties": {"a": {"type": "string"}}}))).unwrap();
        let schema = Schema::compile(&crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]).unwrap();
        let mut constraint = json!({"spec": {"parameters": {"a": "x", "b": 1}, "unknown": 1}});
        let pruned: Vec<String> = schema.prune(&mut constraint).iter().map(ToString::to_string).collect();
        assert_eq!(pruned, ["spec.unknown"]);
        assert_eq!(constraint["spec"]["parameters"], json!({"a": "x", "b": 1}));
    }
}
