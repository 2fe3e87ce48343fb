//! Whole resources inside of a resource: their type and their metadata.

use serde_json::{Map, Value};

use super::node::Node;
use super::place::Place;
use super::text::{bad_value, violation};
use super::{Violation, ViolationKind as Is};
use crate::names;

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
                errors.push(invalid(&place, value, "must not be empty"))
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
    if let Some(Value::Object(metadata)) = map.get("metadata") {
        self::metadata(metadata, &place.field("metadata"), errors);
    }
}

/// Checks names, labels and annotations of an object whose name is only a segment of a path.
fn metadata(metadata: &Map<String, Value>, place: &Place<'_>, errors: &mut Vec<Violation>) {
    let rules: [(&str, fn(&str) -> Vec<String>); 3] = [
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
