//! What writes say of a live object: its finalizers, who controls it, and that it must not have changed meanwhile.
//!
//! Every controller of this room needs the same few; what is written and why is decided by each.

use plat_resource::{GroupVersionKind, ObjectKey, Value, object};
use serde_json::json;

use crate::Write;

/// The finalizers of an object.
pub(crate) fn finalizers(object: &Value) -> Vec<Value> {
    object::value_at(object, &["metadata", "finalizers"]).and_then(Value::as_array).cloned().unwrap_or_default()
}

/// The finalizers of `object` with these, where one is missing.
pub(crate) fn with_finalizers<'a>(object: &Value, wanted: impl IntoIterator<Item = &'a str>) -> Option<Value> {
    let mut list = finalizers(object);
    let before = list.len();
    for finalizer in wanted {
        if !list.iter().any(|found| found == finalizer) {
            list.push(Value::String(finalizer.to_owned()));
        }
    }
    (list.len() > before).then_some(Value::Array(list))
}

/// What takes this finalizer off `object`, where it is there.
pub(crate) fn without_finalizer(object: &Value, finalizer: &str, manager: &str) -> Option<Write> {
    let mut list = finalizers(object);
    let before = list.len();
    list.retain(|found| found != finalizer);
    (list.len() < before).then(|| patched(object, json!({"metadata": {"finalizers": list}}), manager))
}

/// A patch of `object` as it was read: a conflict where it has changed since. Lists are replaced by it as a whole.
pub(crate) fn patched(object: &Value, mut patch: Value, manager: &str) -> Write {
    if let Some(version) = object::string_at(object, &["metadata", "resourceVersion"]) {
        patch["metadata"]["resourceVersion"] = json!(version);
    }
    Write::Patch { key: ObjectKey::of(object), patch, manager: manager.to_owned() }
}

/// A reference that says that `owner` controls an object.
pub(crate) fn controller_reference(owner: &Value) -> Value {
    let kind = GroupVersionKind::of(owner);
    json!({
        "apiVersion": kind.api_version(), "kind": kind.kind, "name": object::name(owner), "uid": object::uid(owner),
        "controller": true, "blockOwnerDeletion": true,
    })
}
