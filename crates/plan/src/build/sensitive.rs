//! Values that are never shown: what a `v1/Secret` holds, wherever the Secret stands in an object.

use plat_resource::object::string_at;
use plat_resource::{Segment, Value};

use crate::constants::SENSITIVE;

const MAX_DEPTH: usize = 256;

fn is_secret(value: &Value) -> bool {
    string_at(value, &["apiVersion"]) == Some("v1") && string_at(value, &["kind"]) == Some("Secret")
}

fn is_content(key: &str) -> bool {
    matches!(key, "data" | "stringData")
}

/// True where `path` leads into the data of a Secret: of `root` itself or of one embedded in it.
pub(super) fn is_sensitive(root: &Value, path: &[Segment]) -> bool {
    let mut current = Some(root);
    for segment in path {
        let Some(value) = current else { return false };
        current = match segment {
            Segment::Field(key) if is_content(key) && is_secret(value) => return true,
            Segment::Field(key) => value.get(key),
            Segment::Index(index) => value.get(*index as usize),
        };
    }
    false
}

/// `value` with the data of every Secret in it covered.
pub(super) fn redact(value: Value) -> Value {
    redact_to(value, 0)
}

fn redact_to(value: Value, depth: usize) -> Value {
    match value {
        Value::Array(items) if depth < MAX_DEPTH => items.into_iter().map(|item| redact_to(item, depth + 1)).collect(),
        Value::Object(map) if depth < MAX_DEPTH => {
            let map = Value::Object(map);
            let secret = is_secret(&map);
            let Value::Object(map) = map else { return map };
            let cover = |(key, value): (String, Value)| {
                let value = if secret && is_content(&key) { SENSITIVE.into() } else { redact_to(value, depth + 1) };
                (key, value)
            };
            Value::Object(map.into_iter().map(cover).collect())
        }
        Value::Array(_) | Value::Object(_) => "(too deep to show)".into(),
        scalar => scalar,
    }
}
