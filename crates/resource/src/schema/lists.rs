//! Uniqueness in lists of type `set` and `map`.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::node::{ListType, Node};
use super::place::Place;
use super::text::{bad_value, json, violation};
use super::{Violation, ViolationKind};

/// Checks every list below `value`.
pub(super) fn validate(value: &Value, node: &Node, place: &Place<'_>, errors: &mut Vec<Violation>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                // A key with a property of its own is looked at under the additional schema too, as Kubernetes does.
                if let Some(child) = node.additional_schema() {
                    validate(value, child, &place.key(key), errors);
                }
                if let Some(child) = node.properties.get(key) {
                    validate(value, child, &place.field(key), errors);
                }
            }
        }
        Value::Array(items) => {
            match node.list_type {
                Some(ListType::Set) => check_set(items, place, errors),
                Some(ListType::Map) => check_map(items, node, place, errors),
                Some(ListType::Atomic) | None => {}
            }
            if let Some(child) = node.items.as_deref() {
                for (index, item) in items.iter().enumerate() {
                    validate(item, child, &place.index(index), errors);
                }
            }
        }
        _ => {}
    }
}

fn duplicate(place: &Place<'_>, value: &Value) -> Violation {
    violation(ViolationKind::Duplicate, (place, &place.bracketed()), Some(&bad_value(value)), "")
}

/// Where a value comes the second time; a third is not told.
fn repeated(keys: impl Iterator<Item = String>) -> Vec<usize> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut repeated = Vec::new();
    for (index, key) in keys.enumerate() {
        let times = seen.entry(key).or_default();
        *times += 1;
        if *times == 2 {
            repeated.push(index);
        }
    }
    repeated
}

fn check_set(items: &[Value], place: &Place<'_>, errors: &mut Vec<Violation>) {
    for index in repeated(items.iter().map(json)) {
        errors.extend(items.get(index).map(|item| duplicate(&place.index(index), item)));
    }
}

fn check_map(items: &[Value], node: &Node, place: &Place<'_>, errors: &mut Vec<Violation>) {
    for (index, item) in items.iter().enumerate() {
        if !item.is_null() && !item.is_object() {
            let place = place.index(index);
            let detail = "must be an object for an array of list-type map";
            let value = bad_value(item);
            errors.push(violation(ViolationKind::Invalid, (&place, &place.bracketed()), Some(&value), detail));
            return;
        }
    }
    let key = |item: &Value| {
        let field = |key: &String| item.get(key).map(|value| (key.clone(), value.clone()));
        Value::Object(node.list_map_keys.iter().filter_map(field).collect::<Map<_, _>>())
    };
    let keys: Vec<Value> = items.iter().map(key).collect();
    for index in repeated(keys.iter().map(json)) {
        errors.extend(keys.get(index).map(|key| duplicate(&place.index(index), key)));
    }
}
