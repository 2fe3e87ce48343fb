//! Whole resources inside of a resource: their type and their metadata.

use serde_json::{Map, Value};

use super::node::Node;
use super::place::Place;
use super::text::{bad_value, violation};
use super::{Violation, ViolationKind as Is};
use crate::{go, names};

/// Checks every embedded resource below `value`.
pub(super) fn validate(value: &Value, node: &Node, place: &Place<'_>, errors: &mut Vec<Violation>) {
    match value {
        Value::Object(map) => {
            if node.embedded_resource {
                resource(map, place, errors);
            }
            for (key, value) in map {
                if let Some(child) = node.properties.get(key) {
                    validate(value, child, &place.field(key), errors);
                } else if let Some(child) = node.additional_schema() {
                    validate(value, child, &place.key(key), errors);
                }
            }
        }
        Value::Array(items) => {
            if let Some(child) = node.items.as_deref() {
                for (index, item) in items.iter().enumerate() {
                    validate(item, child, &place.index(index), errors);
                }
            }
        }
        _ => {}
    }
}

fn invalid(place: &Place<'_>, value: &Value, detail: &str) -> Violation {
    violation(Is::Invalid, (place, &place.bracketed()), Some(&bad_value(value)), detail)
}

fn resource(map: &Map<String, Value>, place: &Place<'_>, errors: &mut Vec<Violation>) {
    for key in ["apiVersion", "kind"] {
        let place = place.field(key);
        match map.get(key) {
            None => errors.push(violation(Is::Required, (&place, &place.bracketed()), None, "")),
            Some(value @ Value::String(text)) if text.is_empty() => {
                errors.push(invalid(&place, value, "must not be empty"));
            }
            Some(value @ Value::String(text)) if key == "apiVersion" => {
                if text.matches('/').count() > 1 {
                    errors.push(invalid(&place, value, &format!("unexpected GroupVersion string: {text}")));
                }
            }
            Some(value @ Value::String(text)) => {
                let faults = names::is_dns1035_label(&text.to_lowercase());
                if !faults.is_empty() {
                    let detail = format!("may have mixed case, but should otherwise match: {}", faults.join(","));
                    errors.push(invalid(&place, value, &detail));
                }
            }
            Some(value) => errors.push(invalid(&place, value, "must be a string")),
        }
    }
    let place = place.field("metadata");
    match map.get("metadata") {
        None | Some(Value::Null) => {}
        Some(Value::Object(fields)) => match malformed(fields) {
            Some(fault) => errors.push(invalid(&place, &Value::Object(fields.clone()), &fault)),
            None => metadata(fields, &place, errors),
        },
        Some(other) => {
            let found = go::json_kind(other);
            errors.push(invalid(
                &place,
                other,
                &format!("json: cannot unmarshal {found} into Go value of type v1.ObjectMeta"),
            ));
        }
    }
}

/// The first field of the metadata that is of another type than Kubernetes reads.
fn malformed(metadata: &Map<String, Value>) -> Option<String> {
    let fault = |value: &Value, key: &str, wanted: &str| {
        let found = go::json_kind(value);
        format!("json: cannot unmarshal {found} into Go struct field ObjectMeta.{key} of type {wanted}")
    };
    let is_text = |value: &Value| value.is_string() || value.is_null();
    metadata.iter().find_map(|(key, value)| match (key.as_str(), value) {
        (_, Value::Null) => None,
        ("name" | "generateName" | "namespace" | "uid" | "resourceVersion" | "selfLink", value) => {
            (!value.is_string()).then(|| fault(value, key, "string"))
        }
        ("labels" | "annotations", Value::Object(map)) => {
            map.values().find(|value| !is_text(value)).map(|value| fault(value, key, "string"))
        }
        ("labels" | "annotations", value) => Some(fault(value, key, "map[string]string")),
        _ => None,
    })
}

/// Finds what is wrong with a name.
type Check = fn(&str) -> Vec<String>;

/// Checks names, labels and annotations of an object whose name is only a segment of a path.
fn metadata(metadata: &Map<String, Value>, place: &Place<'_>, errors: &mut Vec<Violation>) {
    let rules: [(&str, Check); 3] = [
        ("generateName", names::is_path_segment),
        ("name", names::is_path_segment),
        ("namespace", names::is_dns1123_label),
    ];
    for (key, check) in rules {
        let Some(value @ Value::String(text)) = metadata.get(key) else { continue };
        if !text.is_empty() {
            errors.extend(check(text).iter().map(|fault| invalid(&place.field(key), value, fault)));
        }
    }
    for (key, is_label) in [("labels", true), ("annotations", false)] {
        let Some(Value::Object(map)) = metadata.get(key) else { continue };
        let place = place.field(key);
        for (name, value) in map {
            let lower = if is_label { name.clone() } else { name.to_lowercase() };
            let shown = Value::String(name.clone());
            errors.extend(names::is_qualified_name(&lower).iter().map(|fault| invalid(&place, &shown, fault)));
            if let Some(text) = value.as_str().filter(|_| is_label) {
                errors.extend(names::is_label_value(text).iter().map(|fault| invalid(&place, value, fault)));
            }
        }
    }
}
