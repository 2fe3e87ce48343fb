//! Connection details, which travel from Secret to Secret only.
//!
//! Owns which keys a Secret gets and who may write it. Values are in no message, event or condition.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use plat_expand::pipeline::secret_data;
use plat_resource::{GroupVersionKind, Map, ObjectKey, Value, object};
use serde_json::json;

use crate::Write;
use crate::live::controller_reference;

/// Type of a connection Secret (crossplane-runtime `SecretTypeConnection`).
pub const SECRET_TYPE: &str = "connection.crossplane.io/v1alpha1";

/// Details by key.
pub type Details = BTreeMap<String, Vec<u8>>;

/// Where the connection details of an object are: `spec.writeConnectionSecretToRef`. A namespaced object's are in its own
/// namespace.
pub fn secret_key(owner: &Value) -> Option<ObjectKey> {
    let reference = object::value_at(owner, &["spec", "writeConnectionSecretToRef"])?;
    let name = object::string_at(reference, &["name"]).filter(|name| !name.is_empty())?;
    let own = object::namespace(owner);
    let namespace = if own.is_empty() { object::string_at(reference, &["namespace"]).unwrap_or_default() } else { own };
    Some(ObjectKey {
        kind: GroupVersionKind::new("v1", "Secret"),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    })
}

/// Only the keys that the XRD lets through; all where it names none.
pub fn filtered(details: Details, keys: &[String]) -> Details {
    details.into_iter().filter(|(key, _)| keys.is_empty() || keys.contains(key)).collect()
}

/// What makes the Secret at `key` hold exactly `details` for `owner`: nothing where it does already.
///
/// The error is Crossplane's: a Secret that somebody else controls is not touched, nor one of another type that nobody
/// controls.
pub fn publish(
    owner: &Value,
    key: &ObjectKey,
    details: &Details,
    live: Option<&Value>,
    manager: &str,
) -> Result<Option<Write>, String> {
    let Some(live) = live else {
        let object = json!({
            "apiVersion": "v1", "kind": "Secret", "type": SECRET_TYPE,
            "metadata": {"name": key.name, "namespace": key.namespace, "ownerReferences": [controller_reference(owner)]},
            "data": encoded(details),
        });
        return Ok(Some(Write::Create { object, manager: manager.to_owned() }));
    };
    may_write(owner, key, live)?;
    let (before, mut data) = (secret_data(live), encoded(details));
    if before == *details {
        return Ok(None);
    }
    for gone in before.keys().filter(|key| !details.contains_key(*key)) {
        data.insert(gone.clone(), Value::Null);
    }
    let mut patch = json!({
        "metadata": {"resourceVersion": object::string_at(live, &["metadata", "resourceVersion"])}, "data": data,
    });
    if object::controller(live).is_none() {
        patch["metadata"]["ownerReferences"] = json!([controller_reference(owner)]);
    }
    Ok(Some(Write::Patch { key: key.clone(), patch, manager: manager.to_owned() }))
}

/// Whether an object says that its connection details were published.
pub fn is_told(owner: &Value) -> bool {
    object::string_at(owner, &["status", "connectionDetails", "lastPublishedTime"]).is_some()
}

/// Whether `secret` may be read on behalf of `owner`: it controls it. Else a claim could read any Secret by naming it.
pub fn is_controlled_by(secret: &Value, owner: &Value) -> bool {
    let controller = object::controller(secret).and_then(|found| object::string_at(found, &["uid"]));
    controller.is_some_and(|uid| !uid.is_empty() && uid == object::uid(owner))
}

fn may_write(owner: &Value, key: &ObjectKey, live: &Value) -> Result<(), String> {
    let refused =
        |why: &str| Err(format!("cannot publish connection details to Secret {}/{}: {why}", key.namespace, key.name));
    match object::controller(live) {
        Some(_) if is_controlled_by(live, owner) => Ok(()),
        Some(other) => {
            let text = |field: &str| object::string_at(other, &[field]).unwrap_or_default();
            refused(&format!("existing secret is controlled by {} {}", text("kind"), text("name")))
        }
        None if live.get("type").and_then(Value::as_str) == Some(SECRET_TYPE) => Ok(()),
        None => refused("refusing to modify uncontrolled secret of another type"),
    }
}

fn encoded(details: &Details) -> Map<String, Value> {
    details.iter().map(|(key, value)| (key.clone(), Value::String(STANDARD.encode(value)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner() -> Value {
        json!({"apiVersion": "x.org/v1", "kind": "XA", "metadata": {"name": "a", "uid": "u1"},
               "spec": {"writeConnectionSecretToRef": {"name": "s", "namespace": "n"}}})
    }

    fn details(pairs: &[(&str, &str)]) -> Details {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), value.as_bytes().to_vec())).collect()
    }

    #[test]
    fn a_secret_is_made_once_and_then_only_what_differs_is_sent() {
        let (owner, wanted) = (owner(), details(&[("user", "u"), ("port", "1")]));
        let key = secret_key(&owner).unwrap();
        let Some(Write::Create { object, .. }) = publish(&owner, &key, &wanted, None, "m").unwrap() else { panic!() };
        assert_eq!(object["data"], json!({"port": "MQ==", "user": "dQ=="}));
        assert_eq!(publish(&owner, &key, &wanted, Some(&object), "m").unwrap(), None);
        let fewer = details(&[("port", "2")]);
        let Some(Write::Patch { patch, .. }) = publish(&owner, &key, &fewer, Some(&object), "m").unwrap() else {
            panic!()
        };
        assert_eq!(patch["data"], json!({"port": "Mg==", "user": null}));
    }

    #[test]
    fn what_somebody_else_controls_or_made_is_not_touched() {
        let owner = owner();
        let key = secret_key(&owner).unwrap();
        let other = json!({"type": SECRET_TYPE, "metadata": {"ownerReferences": [
            {"uid": "u2", "controller": true, "kind": "XA", "name": "b"}]}});
        let error = publish(&owner, &key, &details(&[]), Some(&other), "m").unwrap_err();
        assert_eq!(error, "cannot publish connection details to Secret n/s: existing secret is controlled by XA b");
        let opaque = json!({"type": "Opaque", "metadata": {}});
        assert!(publish(&owner, &key, &details(&[]), Some(&opaque), "m").is_err());
        assert!(!is_controlled_by(&opaque, &owner) && !is_controlled_by(&other, &owner));
        assert!(!is_told(&owner));
        assert!(is_told(&json!({"status": {"connectionDetails": {"lastPublishedTime": "2026-01-02T03:04:05Z"}}})));
    }

    #[test]
    fn a_namespaced_object_has_its_secret_beside_it() {
        let mut owner = owner();
        owner["metadata"]["namespace"] = json!("own");
        assert_eq!(secret_key(&owner).unwrap().namespace, "own");
        assert_eq!(secret_key(&json!({"spec": {}})), None);
    }

    #[test]
    fn keys_are_filtered_where_some_are_named() {
        let all = details(&[("a", "1"), ("b", "2")]);
        assert_eq!(filtered(all.clone(), &[]).len(), 2);
        assert_eq!(filtered(all, &["b".to_owned()]).into_keys().collect::<Vec<_>>(), ["b"]);
    }
}
