//! The desired object as an apply would send it, ready to compare with a live one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use plat_resource::object::{self, GroupVersionKind, value_at};
use plat_resource::{Map, Value};

use crate::model::Role;

/// Metadata that the API server alone writes.
const SERVER_METADATA: &[&str] =
    &["uid", "resourceVersion", "generation", "creationTimestamp", "selfLink", "managedFields", "deletionTimestamp"];

/// Status that Crossplane keeps for itself.
const OWN_STATUS: &[&str] = &["conditions", "connectionDetails", "claimConditionTypes"];

/// `desired` without what an apply does not carry: server-side metadata, references that follow from the tree, and status
/// except that of an XR, which the plan shows for information.
pub(crate) fn prepare(desired: &Value, live: Option<&Value>, role: Role) -> Value {
    let mut prepared = desired.clone();
    let Value::Object(map) = &mut prepared else { return prepared };
    if let Some(Value::Object(metadata)) = map.get_mut("metadata") {
        for key in SERVER_METADATA {
            metadata.remove(*key);
        }
    }
    match map.get_mut("status") {
        Some(Value::Object(status)) if role == Role::Composite => {
            for key in OWN_STATUS {
                status.remove(*key);
            }
        }
        _ => {
            map.remove("status");
        }
    }
    if role != Role::Composed
        && let Some(Value::Object(spec)) = map.get_mut("spec")
    {
        remove_references(spec);
    }
    if GroupVersionKind::of(desired) == GroupVersionKind::new("v1", "Secret") {
        encode_strings(map);
    }
    if let Some(live) = live {
        adopt_owners(&mut prepared, live);
    }
    prepared
}

fn remove_references(spec: &mut Map<String, Value>) {
    spec.remove("resourceRefs");
    spec.remove("resourceRef");
    if let Some(Value::Object(crossplane)) = spec.get_mut("crossplane") {
        crossplane.remove("resourceRefs");
        if crossplane.is_empty() {
            spec.remove("crossplane");
        }
    }
}

/// `stringData` is only ever written: the API server keeps it, encoded, in `data`.
fn encode_strings(secret: &mut Map<String, Value>) {
    let Some(Value::Object(strings)) = secret.remove("stringData") else { return };
    let data = secret.entry("data").or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(data) = data {
        for (key, value) in strings {
            let encoded = value.as_str().map_or(value.clone(), |text| STANDARD.encode(text).into());
            data.insert(key, encoded);
        }
    }
}

/// Offline the UID of an owner can be made up; an owner that the live object names already is the same one.
fn adopt_owners(desired: &mut Value, live: &Value) {
    let owners = |object: &Value| value_at(object, &["metadata", "ownerReferences"]).and_then(Value::as_array).cloned();
    let (Some(mut wanted), Some(have)) = (owners(desired), owners(live)) else { return };
    let identity = |owner: &Value| {
        let text = |key: &str| owner.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
        let api_version = text("apiVersion");
        let group = api_version.split_once('/').map_or("", |(group, _)| group).to_owned();
        (group, text("kind"), text("name"))
    };
    for owner in &mut wanted {
        let same = have.iter().find(|live| identity(live) == identity(owner));
        if let (Some(uid), Value::Object(owner)) = (same.and_then(|same| same.get("uid")), owner) {
            owner.insert("uid".to_owned(), uid.clone());
        }
    }
    object::set_metadata(desired, "ownerReferences", wanted);
}
