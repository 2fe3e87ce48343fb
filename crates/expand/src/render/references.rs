//! How an XR refers to what composes it and to what it composes.
//!
//! Owns Crossplane's own fields in the spec, and which live resources belong to an XR. What is done with them is
//! [`super`]'s.

use std::collections::BTreeMap;

use plat_resource::{FieldPath, GroupVersionKind, Map, Value, object};
use serde_json::json;

use crate::compose::RESOURCE_NAME_ANNOTATION;
use crate::go::unstructured;

/// Crossplane's own fields in the spec of an XR.
pub(super) fn machinery(composite: &Value, legacy: bool) -> Option<&Value> {
    let path: &[&str] = if legacy { &["spec"] } else { &["spec", "crossplane"] };
    object::value_at(composite, path)
}

/// Sets one of Crossplane's own fields in the spec of an XR.
pub fn set_machinery(composite: &mut Value, legacy: bool, key: &str, value: Value) {
    let path: &[&str] = if legacy { &["spec"] } else { &["spec", "crossplane"] };
    let path = path.iter().fold(FieldPath::default(), |path, key| path.key(key)).key(key);
    // Crossplane goes on where something else is in the way, too.
    let _ = path.set(composite, value);
}

/// The fields of a reference to an object, without others and without empty ones.
pub(super) fn object_reference(value: &Value) -> Option<Value> {
    let keys = ["apiVersion", "kind", "name", "namespace", "uid", "resourceVersion", "fieldPath"];
    let fields = value.as_object()?.iter().filter(|(key, _)| keys.contains(&key.as_str()));
    let fields = fields.filter(|(_, value)| !value.is_null() && value.as_str() != Some(""));
    let fields: Map<String, Value> = fields.map(|(key, value)| (key.clone(), value.clone())).collect();
    fields.values().all(Value::is_string).then_some(Value::Object(fields))
}

/// Whether the XR refers to everything that is live.
pub(super) fn refers_to_all(composite: &Value, legacy: bool, observed: &[Value]) -> bool {
    let present = machinery(composite, legacy).and_then(|found| found.get("resourceRefs")).and_then(Value::as_array);
    let own = object::namespace(composite);
    let refers = |reference: &Value, value: &Value| {
        let text = |key: &str| object::string_at(reference, &[key]).unwrap_or("");
        GroupVersionKind::new(text("apiVersion"), text("kind")) == GroupVersionKind::of(value)
            && text("name") == object::name(value)
            && (!own.is_empty() || text("namespace") == object::namespace(value))
    };
    observed.iter().all(|value| present.is_some_and(|present| present.iter().any(|found| refers(found, value))))
}

/// References to what is live, as an XR holds them.
pub fn observed_references(composite: &Value, observed: &[Value]) -> Value {
    let cluster_scoped = object::namespace(composite).is_empty();
    observed
        .iter()
        .map(|value| {
            let kind = GroupVersionKind::of(value);
            let mut reference =
                json!({"apiVersion": kind.api_version(), "kind": kind.kind, "name": object::name(value)});
            if cluster_scoped && !object::namespace(value).is_empty() {
                reference["namespace"] = json!(object::namespace(value));
            }
            reference
        })
        .collect()
}

/// Live resources by composition-resource name; those that another controls count as not there.
pub(super) fn live_by_name(composite: &Value, observed: &[Value]) -> Result<BTreeMap<String, Value>, String> {
    let uid = unstructured::metadata(composite, "uid");
    let mut live = BTreeMap::new();
    for value in observed {
        let controller = object::controller(value).and_then(|owner| owner.get("uid")).and_then(Value::as_str);
        if controller.is_some_and(|controller| controller != uid) {
            continue;
        }
        let name = unstructured::string_map_entry(value, "annotations", RESOURCE_NAME_ANNOTATION).unwrap_or_default();
        if name.is_empty() {
            return Err(format!(
                "cannot get existing composed resources: encountered composed resource without required \"{RESOURCE_NAME_ANNOTATION}\" annotation"
            ));
        }
        live.insert(name, value.clone());
    }
    Ok(live)
}

/// What `crossplane internal render` refuses about observed resources, all of it.
pub fn check_observed(composite: &Value, uid: &str, observed: &[Value]) -> Vec<String> {
    let namespace = object::namespace(composite);
    let mut faults = Vec::new();
    for value in observed {
        let name = object::name(value);
        let controller = object::controller(value).and_then(|owner| owner.get("uid")).and_then(Value::as_str);
        if controller.is_some_and(|controller| controller != uid) {
            faults.push(format!("observed resource {name} has a controller ref but is not controlled by the XR"));
        }
        if !namespace.is_empty() && object::namespace(value) != namespace {
            faults.push(format!("observed resource {name} is not in the same namespace as the XR"));
        }
    }
    faults
}
