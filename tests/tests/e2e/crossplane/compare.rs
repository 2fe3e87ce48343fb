//! What two snapshots differ in, field by field.
//!
//! Owns making them comparable: times, UIDs, versions, and names with a random part are called by what they are. Who updated
//! a field is only told from who applied one: Crossplane updates all as `crossplane`, plat's controllers each by a name.

use std::collections::{BTreeMap, BTreeSet};

use plat_resource::{Map, Value, object};
use serde_json::json;

use super::snapshot::Snapshot;

/// One difference: which object, which field, the value in either snapshot (`-` where there is none).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Difference {
    /// `Kind namespace/name`.
    pub(crate) object: String,
    /// Path of the field.
    pub(crate) field: String,
    /// In the first and the second snapshot.
    pub(crate) values: [String; 2],
}

/// Differences of two snapshots that are comparable already.
pub(crate) fn differences(first: &Snapshot, second: &Snapshot) -> Vec<Difference> {
    let mut found = Vec::new();
    let keys: BTreeSet<&String> = first.keys().chain(second.keys()).collect();
    for key in keys {
        walk(key, String::new(), first.get(key), second.get(key), &mut found);
    }
    found
}

fn walk(object: &str, field: String, first: Option<&Value>, second: Option<&Value>, found: &mut Vec<Difference>) {
    match (first, second) {
        (Some(Value::Object(first)), Some(Value::Object(second))) => {
            let keys: BTreeSet<&String> = first.keys().chain(second.keys()).collect();
            for key in keys {
                walk(object, format!("{field}.{key}"), first.get(key), second.get(key), found);
            }
        }
        (Some(Value::Array(first)), Some(Value::Array(second))) => {
            for index in 0..first.len().max(second.len()) {
                walk(object, format!("{field}[{index}]"), first.get(index), second.get(index), found);
            }
        }
        (first, second) if first == second => {}
        (first, second) => {
            let text = |value: Option<&Value>| value.map_or_else(|| "-".to_owned(), ToString::to_string);
            found.push(Difference { object: object.to_owned(), field, values: [text(first), text(second)] });
        }
    }
}

/// A snapshot without what is different each time.
pub(crate) fn comparable(snapshot: &Snapshot) -> Snapshot {
    let names = names(snapshot);
    let objects = snapshot.iter().map(|(key, object)| {
        let mut text = object.to_string();
        let mut key = key.clone();
        for (from, to) in &names {
            text = text.replace(from, to);
            key = key.replace(from, to);
        }
        let mut object = serde_json::from_str(&text).unwrap_or_default();
        forget(&mut object, "");
        by_manager(&mut object);
        by_type(&mut object);
        sort_references(&mut object);
        if let Some(finalizers) = object["metadata"]["finalizers"].as_array_mut() {
            finalizers.sort_by_key(ToString::to_string);
        }
        (key, object)
    });
    objects.collect()
}

/// What stands for what, the longest first, as names hold others.
fn names(snapshot: &Snapshot) -> Vec<(String, String)> {
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for (key, object) in snapshot {
        let name = object::name(object);
        let label = |key: &str| object::label(object, key).unwrap_or_default().to_owned();
        let claim = object["spec"]["claimRef"]["name"].as_str();
        let composed = object::annotation(object, "crossplane.io/composition-resource-name");
        let mut called = key.clone();
        if let Some(claim) = claim {
            names.insert(name.to_owned(), format!("{claim}-XR"));
            called = format!("XR of {claim}");
        } else if let Some(composed) = composed
            && object::value_at(object, &["metadata", "generateName"]).is_some()
        {
            let claim = Some(label("crossplane.io/claim-name")).filter(|name| !name.is_empty());
            let owner = claim.unwrap_or_else(|| label("crossplane.io/composite"));
            names.insert(name.to_owned(), format!("{owner}-{composed}"));
            called = format!("{composed} of {owner}");
        }
        names.insert(object::uid(object).to_owned(), format!("UID of {called}"));
    }
    let mut names: Vec<(String, String)> = names.into_iter().collect();
    names.sort_by_key(|(from, _)| std::cmp::Reverse(from.len()));
    // A Secret of an XR is called by the UID of that.
    let called = |to: &str| names.iter().fold(to.to_owned(), |text, (from, to)| text.replace(from, to));
    names.iter().map(|(from, to)| (from.clone(), called(to))).collect()
}

/// Removes versions; times and the hashes of managers are called what they are.
fn forget(value: &mut Value, key: &str) {
    match value {
        Value::Object(map) => {
            map.remove("resourceVersion");
            for (key, value) in map.iter_mut() {
                forget(value, key);
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|value| forget(value, key)),
        Value::String(text) if is_time(text) => "TIME".clone_into(text),
        Value::String(text) if key == "manager" && text.starts_with("apiextensions.crossplane.io/composed/") => {
            text.truncate("apiextensions.crossplane.io/composed/".len());
        }
        _ => {}
    }
}

fn is_time(text: &str) -> bool {
    text.len() >= 20 && text.ends_with('Z') && text.as_bytes().get(10) == Some(&b'T')
}

/// Managed fields by manager, operation and subresource: their order is that of writes.
fn by_manager(object: &mut Value) {
    let Some(list) = object["metadata"]["managedFields"].as_array_mut().map(std::mem::take) else { return };
    let mut managers = Map::new();
    for entry in list {
        let text = |key: &str| entry[key].as_str().unwrap_or_default();
        let is_engine = text("manager") == "crossplane" || text("manager").starts_with("apiextensions.crossplane.io/");
        let manager = if is_engine && text("operation") == "Update" { "engine" } else { text("manager") };
        let name = format!("{manager} {} {}", text("operation"), text("subresource"));
        add(managers.entry(name).or_insert_with(|| json!({})), &entry["fieldsV1"]);
    }
    object["metadata"]["managedFields"] = Value::Object(managers);
}

fn add(fields: &mut Value, more: &Value) {
    for (key, value) in more.as_object().into_iter().flatten() {
        let Some(map) = fields.as_object_mut() else { return };
        add(map.entry(key.clone()).or_insert_with(|| json!({})), value);
    }
}

/// Conditions by type, as their order says nothing; and whether they speak of what the object asks for now.
fn by_type(object: &mut Value) {
    let generation = object["metadata"]["generation"].clone();
    let Some(list) = object.get_mut("status").and_then(|status| status.get_mut("conditions")) else { return };
    let conditions = list.as_array().into_iter().flatten().cloned().map(|mut condition| {
        if condition.get("observedGeneration") == Some(&generation) {
            condition["observedGeneration"] = "NOW".into();
        }
        (condition["type"].as_str().unwrap_or_default().to_owned(), condition)
    });
    *list = Value::Object(conditions.collect());
}

/// They are in the order of names, of which parts are random; so is the whole name of what could not be made.
fn sort_references(object: &mut Value) {
    for machinery in ["/spec/resourceRefs", "/spec/crossplane/resourceRefs"] {
        let Some(Value::Array(references)) = object.pointer_mut(machinery) else { continue };
        for reference in references.iter_mut() {
            let Some((prefix, suffix)) = reference["name"].as_str().and_then(|name| name.rsplit_once('-')) else {
                continue;
            };
            if suffix.len() == 12 && suffix.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                reference["name"] = format!("{prefix}-HASH").into();
            }
        }
        references.sort_by_key(ToString::to_string);
    }
}
