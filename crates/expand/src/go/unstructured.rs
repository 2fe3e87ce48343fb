//! Reading and writing of object metadata as Kubernetes' `unstructured` package does it.
//!
//! Its accessors give nothing for a field of the wrong type, and its setters silently do nothing when a non-object is in
//! the way (`metadata: null`). Crossplane inherits both, so the engine has to.

use std::collections::BTreeMap;

use plat_resource::{Map, Value};
use serde_json::json;

/// The string at `metadata.KEY`, empty where there is none.
pub fn metadata<'a>(object: &'a Value, key: &str) -> &'a str {
    plat_resource::object::string_at(object, &["metadata", key]).unwrap_or("")
}

/// Whether `metadata.deletionTimestamp` says when: what does not read as a time says nothing.
pub fn is_deleted(object: &Value) -> bool {
    const FORM: &[u8] = b"0000-00-00T00:00:00";
    let text = metadata(object, "deletionTimestamp").as_bytes();
    let Some((time, rest)) = text.split_at_checked(FORM.len()) else { return false };
    let fits = |bytes: &[u8], form: &[u8]| {
        let alike = |(byte, form): (&u8, &u8)| if *form == b'0' { byte.is_ascii_digit() } else { byte == form };
        bytes.len() == form.len() && bytes.iter().zip(form).all(alike)
    };
    let digits = rest.strip_prefix(b".").map_or(0, |rest| rest.iter().take_while(|byte| byte.is_ascii_digit()).count());
    let zone = if digits > 0 { rest.get(digits + 1..).unwrap_or_default() } else { rest };
    fits(time, FORM) && (zone == b"Z" || fits(zone, b"+00:00") || fits(zone, b"-00:00"))
}

/// Sets `metadata.KEY`; the empty string removes it.
pub fn set_metadata(object: &mut Value, key: &str, value: &str) {
    if value.is_empty() {
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.remove(key);
        }
    } else {
        set(object, key, Value::String(value.to_owned()));
    }
}

fn set(object: &mut Value, key: &str, value: Value) {
    let Some(root) = object.as_object_mut() else { return };
    let metadata = root.entry("metadata").or_insert_with(|| Value::Object(Map::new()));
    if let Some(metadata) = metadata.as_object_mut() {
        metadata.insert(key.to_owned(), value);
    }
}

/// The string map at `metadata.KEY`; nothing at all when one value is not a string.
pub fn string_map(object: &Value, key: &str) -> Option<BTreeMap<String, String>> {
    object
        .get("metadata")?
        .get(key)?
        .as_object()?
        .iter()
        .map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect()
}

/// One entry of the string map at `metadata.KEY`.
pub fn string_map_entry(object: &Value, key: &str, entry: &str) -> Option<String> {
    string_map(object, key)?.remove(entry)
}

/// Adds entries to the string map at `metadata.KEY`. A map that does not read as strings is replaced.
pub fn add_to_string_map<'a>(object: &mut Value, key: &str, entries: impl IntoIterator<Item = (&'a str, &'a str)>) {
    let mut map = string_map(object, key).unwrap_or_default();
    map.extend(entries.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())));
    set(object, key, json!(map));
}

/// The owner references; none at all when one of them is no object.
pub fn owner_references(object: &Value) -> Vec<Value> {
    let owners = object.get("metadata").and_then(|metadata| metadata.get("ownerReferences")).and_then(Value::as_array);
    let owners = owners.filter(|owners| owners.iter().all(Value::is_object));
    owners.map(|owners| owners.iter().map(typed_owner).collect()).unwrap_or_default()
}

/// An owner reference with the typed fields only, as it comes out of a read and write through Go's type.
fn typed_owner(owner: &Value) -> Value {
    let text = |key: &str| owner.get(key).and_then(Value::as_str).unwrap_or("");
    let mut typed = json!({
        "apiVersion": text("apiVersion"), "kind": text("kind"), "name": text("name"), "uid": text("uid"),
    });
    for key in ["controller", "blockOwnerDeletion"] {
        if let Some(flag) = owner.get(key).and_then(Value::as_bool) {
            typed[key] = Value::Bool(flag);
        }
    }
    typed
}

/// Sets the owner references.
pub fn set_owner_references(object: &mut Value, owners: Vec<Value>) {
    set(object, "ownerReferences", Value::Array(owners));
}

/// The status of condition `kind` as Crossplane reads it from `status.conditions`: `Unknown` where there is no such
/// condition, empty where the conditions do not read as conditions.
pub fn condition_status(object: &Value, kind: &str) -> String {
    read_condition(object, kind).unwrap_or_default()
}

fn read_condition(object: &Value, kind: &str) -> Option<String> {
    let unknown = || Some("Unknown".to_owned());
    let conditions = match object.get("status")? {
        Value::Null => return unknown(),
        status => match status.as_object()?.get("conditions") {
            None | Some(Value::Null) => return unknown(),
            Some(conditions) => conditions.as_array()?,
        },
    };
    let mut found = None;
    for condition in conditions {
        let condition = condition.as_object()?;
        let text = |key: &str| match condition.get(key) {
            None | Some(Value::Null) => Some(""),
            Some(value) => value.as_str(),
        };
        let (this, status) = (text("type")?, text("status")?);
        text("reason")?;
        text("message")?;
        text("lastTransitionTime")?;
        if this == kind && found.is_none() {
            found = Some(status.to_owned());
        }
    }
    found.or_else(unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn setters_do_nothing_where_a_null_is_in_the_way() {
        let mut object = json!({"metadata": null});
        set_metadata(&mut object, "name", "x");
        assert_eq!(object, json!({"metadata": null}));
        let mut object = json!({});
        set_metadata(&mut object, "name", "x");
        assert_eq!(metadata(&object, "name"), "x");
        set_metadata(&mut object, "name", "");
        assert_eq!(object, json!({"metadata": {}}));
    }

    #[test]
    fn labels_that_are_not_strings_are_lost_when_one_is_added() {
        let mut object = json!({"metadata": {"labels": {"a": 1, "b": "c"}}});
        add_to_string_map(&mut object, "labels", [("d", "e")]);
        assert_eq!(object["metadata"]["labels"], json!({"d": "e"}));
    }

    #[test]
    fn only_a_time_deletes() {
        let deleted = |text: &str| is_deleted(&json!({"metadata": {"deletionTimestamp": text}}));
        assert!(deleted("2020-01-01T00:00:00Z") && deleted("2020-01-01T00:00:00.25+02:00"));
        assert!(!["", "soon", "2020-01-01", "2020-01-01T00:00:00", "2020-01-01T00:00:00.Z"].into_iter().any(deleted));
        assert!(!is_deleted(&json!({"metadata": {"deletionTimestamp": null}})));
    }

    #[test]
    fn a_condition_that_is_not_there_is_unknown() {
        assert_eq!(condition_status(&json!({}), "Ready"), "");
        assert_eq!(condition_status(&json!({"status": {}}), "Ready"), "Unknown");
        let object = json!({"status": {"conditions": [{"type": "Ready", "status": "True"}]}});
        assert_eq!(condition_status(&object, "Ready"), "True");
        assert_eq!(condition_status(&json!({"status": {"conditions": [{"type": 1}]}}), "Ready"), "");
    }
}
