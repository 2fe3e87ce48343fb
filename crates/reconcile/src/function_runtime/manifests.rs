//! The objects that run a function.
//!
//! Owns their fields, and what a DeploymentRuntimeConfig may change of them. Pods satisfy the Pod Security level `restricted`,
//! unless the configuration says otherwise.

use plat_resource::quantity::Quantity;
use plat_resource::{Value, object};
use serde_json::{Map, json};
use sha2::{Digest as _, Sha256};

use super::{FUNCTION_LABEL, Live, PORT, RUNTIME_MANAGER, certificates};
use crate::Write;

/// Name of the function's own container.
const CONTAINER: &str = "package-runtime";
/// Says what was applied, so that what is wanted no more is noticed.
const APPLIED: &str = "kubectl-plat.dev/applied";
/// Restarts a function whose certificate is new: it reads it once.
const CERTIFICATE: &str = "kubectl-plat.dev/certificate";
const REVISION_LABEL: &str = "pkg.crossplane.io/revision";
/// User and group of functions that name none.
const USER: u32 = 2000;
const SERVER_FOLDER: &str = "/tls/server";

fn name_in<'a>(function: &'a Value, config: Option<&'a Value>, template: &str) -> &'a str {
    let named = config.and_then(|config| object::string_at(config, &["spec", template, "metadata", "name"]));
    named.unwrap_or_else(|| object::name(function))
}

pub(super) fn deployment_name<'a>(function: &'a Value, config: Option<&'a Value>) -> &'a str {
    name_in(function, config, "deploymentTemplate")
}

pub(super) fn service_name<'a>(function: &'a Value, config: Option<&'a Value>) -> &'a str {
    name_in(function, config, "serviceTemplate")
}

pub(super) fn account_name<'a>(function: &'a Value, config: Option<&'a Value>) -> &'a str {
    name_in(function, config, "serviceAccountTemplate")
}

/// Whether the Pods have the account that is made here.
pub(super) fn is_account_used(live: &Live<'_>) -> bool {
    let path = ["spec", "deploymentTemplate", "spec", "template", "spec", "serviceAccountName"];
    let named = live.config.and_then(|config| object::string_at(config, &path));
    named.is_none_or(|named| named == account_name(live.function, live.config))
}

/// Identity, owner, and what the template says of labels and annotations.
fn metadata(live: &Live<'_>, template: &str, name: &str) -> Value {
    let mut metadata = json!({
        "name": name, "namespace": live.namespace,
        "ownerReferences": [{
            "apiVersion": live.function["apiVersion"], "kind": live.function["kind"],
            "name": object::name(live.function), "uid": object::uid(live.function),
            "controller": true, "blockOwnerDeletion": true,
        }],
    });
    for key in ["labels", "annotations"] {
        let given = live.config.and_then(|config| object::value_at(config, &["spec", template, "metadata", key]));
        if let Some(given) = given {
            metadata[key] = given.clone();
        }
    }
    metadata["labels"][FUNCTION_LABEL] = object::name(live.function).into();
    metadata
}

fn selector(live: &Live<'_>) -> Value {
    let name = object::name(live.function);
    json!({FUNCTION_LABEL: name, REVISION_LABEL: name})
}

/// A Service without an address of its own, so that every Pod can be found.
pub(super) fn service(live: &Live<'_>) -> Result<Value, String> {
    let name = service_name(live.function, live.config);
    if name.len() > 63 || name.contains('.') {
        return Err(format!(
            "{name:?} is no name of a Service; give it another in spec.serviceTemplate of a DeploymentRuntimeConfig"
        ));
    }
    Ok(json!({
        "apiVersion": "v1", "kind": "Service", "metadata": metadata(live, "serviceTemplate", name),
        "spec": {
            "clusterIP": "None",
            "selector": selector(live),
            "ports": [{"name": "grpc", "protocol": "TCP", "port": PORT, "targetPort": "grpc", "appProtocol": "tls"}],
        },
    }))
}

pub(super) fn account(live: &Live<'_>) -> Value {
    let name = account_name(live.function, live.config);
    let mut account = json!({
        "apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata(live, "serviceAccountTemplate", name),
    });
    if let Some(secrets) = object::value_at(live.function, &["spec", "packagePullSecrets"]) {
        account["imagePullSecrets"] = secrets.clone();
    }
    account
}

pub(super) fn deployment(live: &Live<'_>, certificate: &str) -> Result<Value, String> {
    let package = object::string_at(live.function, &["spec", "package"]).unwrap_or_default();
    if package.is_empty() {
        return Err("spec.package names no image".to_owned());
    }
    let given = live.config.and_then(|config| object::value_at(config, &["spec", "deploymentTemplate", "spec"]));
    let mut spec = given.cloned().unwrap_or_else(|| json!({}));
    default(&mut spec, "replicas", || json!(1));
    spec["selector"]["matchLabels"] = selector(live);
    let template = &mut spec["template"];
    merge(&mut template["metadata"]["labels"], selector(live));
    template["metadata"]["annotations"][CERTIFICATE] = certificate.into();
    pod(&mut template["spec"], live, package);
    let name = deployment_name(live.function, live.config);
    let metadata = metadata(live, "deploymentTemplate", name);
    Ok(json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}))
}

fn pod(pod: &mut Value, live: &Live<'_>, package: &str) {
    default(pod, "securityContext", || {
        json!({
            "runAsNonRoot": true, "runAsUser": USER, "runAsGroup": USER, "seccompProfile": {"type": "RuntimeDefault"},
        })
    });
    default(pod, "serviceAccountName", || account_name(live.function, live.config).into());
    if let Some(secrets) = object::value_at(live.function, &["spec", "packagePullSecrets"]) {
        pod["imagePullSecrets"] = secrets.clone();
    }
    let mut containers = pod["containers"].as_array().cloned().unwrap_or_default();
    // The function's own comes first, whether the configuration says something of it or not.
    let index = containers.iter().position(|container| container["name"] == CONTAINER);
    let mut own = index.map_or_else(|| json!({"name": CONTAINER}), |index| containers.remove(index));
    container(&mut own, live, package);
    containers.insert(0, own);
    pod["containers"] = containers.into();
    let secret = certificates::server_secret(object::name(live.function));
    let keys = ["tls.crt", "tls.key", "ca.crt"].map(|key| json!({"key": key, "path": key}));
    push(pod, "volumes", &[json!({"name": "tls-server-certs", "secret": {"secretName": secret, "items": keys}})]);
}

fn container(container: &mut Value, live: &Live<'_>, package: &str) {
    default(container, "image", || package.into());
    let policy = object::string_at(live.function, &["spec", "packagePullPolicy"]);
    match policy {
        Some(policy) => container["imagePullPolicy"] = policy.into(),
        None => default(container, "imagePullPolicy", || "IfNotPresent".into()),
    }
    default(container, "securityContext", || {
        json!({
            "runAsNonRoot": true, "runAsUser": USER, "runAsGroup": USER, "privileged": false,
            "allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]},
        })
    });
    let ports = [("metrics", 8080), ("grpc", PORT)];
    push(
        container,
        "ports",
        &ports.map(|(name, port)| json!({"name": name, "containerPort": port, "protocol": "TCP"})),
    );
    let field = |label: &str| json!({"fieldRef": {"fieldPath": format!("metadata.labels['{label}']")}});
    push(
        container,
        "env",
        &[
            json!({"name": "FUNCTION_NAME", "valueFrom": field(FUNCTION_LABEL)}),
            json!({"name": "REVISION_NAME", "valueFrom": field(REVISION_LABEL)}),
            json!({"name": "REVISION_UID", "value": object::uid(live.function)}),
            json!({"name": "TLS_SERVER_CERTS_DIR", "value": SERVER_FOLDER}),
        ],
    );
    push(
        container,
        "volumeMounts",
        &[json!({"name": "tls-server-certs", "readOnly": true, "mountPath": SERVER_FOLDER})],
    );
}

fn default(object: &mut Value, key: &str, value: impl FnOnce() -> Value) {
    if object.get(key).is_none_or(Value::is_null) {
        object[key] = value();
    }
}

/// Adds what is not there by its name.
fn push(object: &mut Value, key: &str, items: &[Value]) {
    let mut all = object[key].as_array().cloned().unwrap_or_default();
    for item in items {
        if !all.iter().any(|other| other["name"] == item["name"]) {
            all.push(item.clone());
        }
    }
    object[key] = all.into();
}

fn merge(into: &mut Value, from: Value) {
    if !into.is_object() {
        *into = Value::Object(Map::new());
    }
    if let (Some(into), Value::Object(from)) = (into.as_object_mut(), from) {
        into.extend(from);
    }
}

/// The write that makes an object so; none where it is so already.
pub(super) fn apply(mut object: Value, there: Option<&Value>) -> Option<Write> {
    let said: String = Sha256::digest(object.to_string()).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    object::set_annotation(&mut object, APPLIED, &said);
    if there.is_some_and(|there| holds(there, &object)) {
        return None;
    }
    Some(Write::Apply { object, manager: RUNTIME_MANAGER.to_owned() })
}

/// Whether `there` says all that `wanted` does; what else it says are defaults, or others' fields.
pub(super) fn holds(there: &Value, wanted: &Value) -> bool {
    match (there, wanted) {
        (Value::Object(there), Value::Object(wanted)) => wanted
            .iter()
            .all(|(key, wanted)| there.get(key).map_or_else(|| is_nothing(wanted), |there| holds(there, wanted))),
        (Value::Array(there), Value::Array(wanted)) => {
            there.len() == wanted.len() && there.iter().zip(wanted).all(|(there, wanted)| holds(there, wanted))
        }
        (Value::String(there), Value::String(wanted)) => there == wanted || is_same_amount(there, wanted),
        _ => there == wanted,
    }
}

/// What the API server leaves out.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(map) => map.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::String(text) => text.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The API server writes `1000m` as `1`.
fn is_same_amount(one: &str, other: &str) -> bool {
    matches!((one.parse::<Quantity>(), other.parse::<Quantity>()), (Ok(one), Ok(other)) if one == other)
}
