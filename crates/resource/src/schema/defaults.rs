//! Structural defaulting, as apiextensions does it on every write and read.

use serde_json::Value;

use super::node::Node;

/// Removes nulls of fields that may not be null and have no default.
pub(super) fn drop_nulls(value: &mut Value, node: &Node) {
    match value {
        Value::Object(map) => {
            map.retain(|key, value| {
                let drops = |child: &Node| value.is_null() && child.refuses_null() && child.default.is_none();
                !node.child(key).is_some_and(drops)
            });
            for (key, value) in map.iter_mut() {
                if let Some(child) = node.child(key) {
                    drop_nulls(value, child);
                }
            }
        }
        Value::Array(items) => {
            if let Some(child) = node.items.as_deref() {
                for item in items {
                    drop_nulls(item, child);
                }
            }
        }
        _ => {}
    }
}

/// Fills in defaults: for missing fields, and in place of nulls where null is not allowed.
pub(super) fn fill(value: &mut Value, node: &Node) {
    match value {
        Value::Object(map) => {
            for (key, child) in &node.properties {
                let Some(default) = &child.default else { continue };
                let missing = map.get(key).is_none_or(|value| value.is_null() && child.refuses_null());
                if missing {
                    map.insert(key.clone(), default.clone());
                }
            }
            for (key, value) in map.iter_mut() {
                if let Some(child) = node.properties.get(key) {
                    fill(value, child);
                } else if let Some(child) = node.additional_schema() {
                    replace_null(value, child);
                    fill(value, child);
                }
            }
        }
        Value::Array(items) => {
            let Some(child) = node.items.as_deref() else { return };
            for item in items {
                replace_null(item, child);
                fill(item, child);
            }
        }
        _ => {}
    }
}

fn replace_null(value: &mut Value, node: &Node) {
    if let Some(default) = node.default.as_ref().filter(|_| value.is_null() && node.refuses_null()) {
        *value = default.clone();
    }
}
