//! Connection details: taken from live resources, and the Secret that stands for them under a v2 XR.

use std::collections::BTreeMap;

use base64::Engine as _;
use plat_resource::{FieldPath, Value};
use serde_json::json;

use super::input::{ConnectionDetail, WriteConnectionSecretToRef};
use super::patch;
use crate::budget::Budget;
use crate::function::{FunctionResource, Ready};
use crate::go::{json as go_json, unstructured};

/// Details by key.
pub type Details = BTreeMap<String, Vec<u8>>;

/// Takes the details that `wanted` asks for out of a live resource. What is not there yet is left out.
pub fn extract(resource: &FunctionResource, wanted: &[ConnectionDetail]) -> Details {
    let mut details = Details::new();
    for detail in wanted {
        let found = match detail.kind.as_str() {
            "FromValue" => detail.value.as_ref().map(|value| value.clone().into_bytes()),
            "FromConnectionSecretKey" => {
                detail.from_connection_secret_key.as_ref().and_then(|key| resource.connection_details.get(key).cloned())
            }
            _ => detail.from_field_path.as_ref().and_then(|path| from_field(&resource.resource, path)),
        };
        if let Some(found) = found {
            details.insert(detail.name.clone(), found);
        }
    }
    details
}

fn from_field(resource: &Value, path: &str) -> Option<Vec<u8>> {
    let value = FieldPath::parse(path).ok()?.get(resource).ok()?.clone();
    Some(match value {
        Value::String(text) => text.into_bytes(),
        other => go_json::marshal(&other).into_bytes(),
    })
}

/// Whether the XR carries connection details itself. The real test is whether `spec.crossplane` exists.
pub fn supports_details(composite: &Value) -> bool {
    FieldPath::parse("spec.crossplane").is_ok_and(|path| path.get(composite).is_err())
}

/// The Secret that holds `details` for a v2 XR.
pub fn compose_secret(
    composite: &Value,
    details: &Details,
    reference: Option<&WriteConnectionSecretToRef>,
) -> Result<FunctionResource, String> {
    let (name, namespace) = secret_reference(composite, reference)
        .map_err(|reason| format!("cannot generate connection secret reference: {reason}"))?;
    let engine = base64::engine::general_purpose::STANDARD;
    let data: BTreeMap<&String, String> = details.iter().map(|(key, value)| (key, engine.encode(value))).collect();
    let mut secret = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "connection.crossplane.io/v1alpha1", "data": data,
    });
    unstructured::set_metadata(&mut secret, "name", &name);
    unstructured::set_metadata(&mut secret, "namespace", &namespace);
    Ok(FunctionResource { resource: secret, ready: Ready::True, ..FunctionResource::default() })
}

fn secret_reference(
    composite: &Value,
    reference: Option<&WriteConnectionSecretToRef>,
) -> Result<(String, String), String> {
    let text = |key: &str| {
        let path = ["spec", "writeConnectionSecretToRef", key];
        plat_resource::object::string_at(composite, &path).unwrap_or("").to_owned()
    };
    let own = plat_resource::object::value_at(composite, &["spec", "writeConnectionSecretToRef"]);
    let (name, namespace) = match reference {
        _ if own.is_some_and(Value::is_object) => (text("name"), text("namespace")),
        Some(given) if !given.name.is_empty() || !given.namespace.is_empty() => {
            (given.name.clone(), given.namespace.clone())
        }
        _ => {
            let name = unstructured::metadata(composite, "name");
            (format!("{name}-connection"), unstructured::metadata(composite, "namespace").to_owned())
        }
    };
    patched(composite, name, namespace, reference)
        .map_err(|reason| format!("cannot apply connection secret patches: {reason}"))
}

fn patched(
    composite: &Value,
    name: String,
    namespace: String,
    reference: Option<&WriteConnectionSecretToRef>,
) -> Result<(String, String), String> {
    let target = json!({"apiVersion": "v1", "kind": "SecretReference", "name": name, "namespace": namespace});
    let mut target = patch::Target::normal(target);
    for (index, found) in reference.map(|given| given.patches.as_slice()).unwrap_or_default().iter().enumerate() {
        let kind = found.kind();
        let optional = kind == "FromCompositeFieldPath" && found.from_policy() == "Optional";
        if !matches!(kind, "FromCompositeFieldPath" | "CombineFromComposite") {
            return Err(format!("unsupported patch type {kind} at index {index}"));
        }
        match patch::apply(found, composite, &mut target, &mut Budget::default()) {
            Ok(_) => {}
            // Any error, not only a missing field: upstream skips them all here.
            Err(_) if optional => {}
            Err(error) => return Err(format!("cannot apply patch type {kind} at index {index}: {}", error.message)),
        }
    }
    let text =
        |key: &str, otherwise: String| target.object.get(key).and_then(Value::as_str).map_or(otherwise, str::to_owned);
    Ok((text("name", name), text("namespace", namespace)))
}
