//! What a Function that plat does not run itself becomes: a Deployment and a Service of its image.
//!
//! Owns what is written for a Function and what its conditions say. The package is the image, as Crossplane has it. There are no
//! revisions of packages: a Function is the one that its `spec.package` names. Making certificates is the shell's matter.

pub mod certificates;
mod manifests;

use std::sync::Arc;
use std::time::Duration;

use plat_resource::{GroupVersionKind, ObjectKey, Value, object};
use serde_json::{Map, json};

use crate::status::{self, condition_of};
use crate::{Decision, Propagation, Then, Write};

/// Field manager of what runs a function, as Crossplane's.
pub const RUNTIME_MANAGER: &str = "pkg.crossplane.io/runtime";
/// Field manager of the status of Functions.
pub const STATUS_MANAGER: &str = "pkg.crossplane.io/function";
/// Label of what runs a function, with its name.
pub const FUNCTION_LABEL: &str = "pkg.crossplane.io/function";
/// Port that functions listen on.
pub const PORT: u16 = 9443;

/// How often a function is looked at though nothing happened: its Service, account and Secrets are not watched.
const POLL: Duration = Duration::from_mins(1);

/// What is there.
#[derive(Debug, Clone, Copy)]
pub struct Live<'a> {
    /// The Function.
    pub function: &'a Value,
    /// Whether plat runs it itself.
    pub is_native: bool,
    /// Where functions run.
    pub namespace: &'a str,
    /// The DeploymentRuntimeConfig that [`runtime_config`] names.
    pub config: Option<&'a Value>,
    /// The Deployment of [`deployment_key`].
    pub deployment: Option<&'a Value>,
    /// All that the Function controls, as far as it is known.
    pub owned: &'a [Arc<Value>],
    /// The Service of [`service_key`].
    pub service: Option<&'a Value>,
    /// The ServiceAccount of [`account_key`].
    pub account: Option<&'a Value>,
    /// Tells the certificate of the function from the one before.
    pub certificate: Option<&'a str>,
    /// The time, as conditions have it.
    pub now: &'a str,
}

/// Where a function listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The name of its Service, for which its certificate is, too.
    pub host: String,
}

impl Endpoint {
    /// As gRPC writes it.
    pub fn target(&self) -> String {
        format!("dns:///{}:{PORT}", self.host)
    }
}

/// Where a function listens.
pub fn endpoint(function: &Value, config: Option<&Value>, namespace: &str) -> Endpoint {
    Endpoint { host: format!("{}.{namespace}", manifests::service_name(function, config)) }
}

/// The names that a function's certificate is for.
pub fn server_names(function: &Value, config: Option<&Value>, namespace: &str) -> Vec<String> {
    let name = manifests::service_name(function, config);
    vec![name.to_owned(), format!("{name}.{namespace}"), format!("{name}.{namespace}.svc")]
}

/// The kind of what a Function may be configured by.
pub fn config_kind() -> GroupVersionKind {
    GroupVersionKind::new("pkg.crossplane.io/v1beta1", "DeploymentRuntimeConfig")
}

/// The name of the DeploymentRuntimeConfig that a Function refers to. The one that everybody refers to who says nothing need
/// not be there.
pub fn runtime_config(function: &Value) -> &str {
    object::string_at(function, &["spec", "runtimeConfigRef", "name"]).unwrap_or(DEFAULT_CONFIG)
}

const DEFAULT_CONFIG: &str = "default";

/// The Deployment of a Function.
pub fn deployment_key(function: &Value, config: Option<&Value>, namespace: &str) -> ObjectKey {
    key("apps/v1", "Deployment", namespace, manifests::deployment_name(function, config))
}

/// The Service of a Function.
pub fn service_key(function: &Value, config: Option<&Value>, namespace: &str) -> ObjectKey {
    key("v1", "Service", namespace, manifests::service_name(function, config))
}

/// The ServiceAccount of a Function.
pub fn account_key(function: &Value, config: Option<&Value>, namespace: &str) -> ObjectKey {
    key("v1", "ServiceAccount", namespace, manifests::account_name(function, config))
}

fn key(api_version: &str, kind: &str, namespace: &str, name: &str) -> ObjectKey {
    ObjectKey { kind: GroupVersionKind::new(api_version, kind), namespace: namespace.to_owned(), name: name.to_owned() }
}

/// What is done about a Function now.
pub fn decide(live: &Live<'_>) -> Decision {
    let is_paused = object::annotation(live.function, crate::names::PAUSED) == Some("true");
    if is_paused || object::value_at(live.function, &["metadata", "deletionTimestamp"]).is_some() {
        // What it owns is collected with it.
        return Decision::wait();
    }
    let (mut writes, conditions) = match look(live) {
        Ok((writes, healthy)) => (writes, [installed(), healthy]),
        Err(reason) => (Vec::new(), [not_installed(&reason), unhealthy(&reason)]),
    };
    writes.extend(status_write(live, &conditions));
    Decision { writes, events: Vec::new(), then: Then::After(POLL) }
}

/// What is said where the API server did not take what [`decide`] writes, in its words.
pub fn refused(live: &Live<'_>, words: &str) -> Decision {
    let writes = status_write(live, &[not_installed(words), unhealthy(words)]).into_iter().collect();
    Decision { writes, events: Vec::new(), then: Then::Retry }
}

/// What is to be written, and the condition `Healthy`; or why there is nothing that could be.
fn look(live: &Live<'_>) -> Result<(Vec<Write>, Condition), String> {
    if live.is_native {
        return Ok((deployments_but(live, None), healthy("plat runs this function itself")));
    }
    let reference = runtime_config(live.function);
    if live.config.is_none() && reference != DEFAULT_CONFIG {
        return Err(format!("there is no DeploymentRuntimeConfig {reference:?}, which spec.runtimeConfigRef names"));
    }
    for object in [live.deployment, live.service].into_iter().flatten() {
        if !is_own(live.function, object) {
            let kind = object::string_at(object, &["kind"]).unwrap_or_default();
            let (namespace, name) = (object::namespace(object), object::name(object));
            return Err(format!(
                "{kind} {namespace}/{name} belongs to something else; give the Function's another name in a \
                 DeploymentRuntimeConfig"
            ));
        }
    }
    let Some(certificate) = live.certificate else {
        return Err("its certificate is not there yet".to_owned());
    };
    let wanted = [
        (manifests::service(live)?, live.service),
        (manifests::account(live), live.account),
        (manifests::deployment(live, certificate)?, live.deployment),
    ];
    // An account that the configuration names is somebody else's matter.
    let account = manifests::is_account_used(live);
    let wanted = wanted.into_iter().filter(|(object, _)| object["kind"] != "ServiceAccount" || account);
    let mut writes: Vec<Write> = wanted.filter_map(|(object, there)| manifests::apply(object, there)).collect();
    let health = health(live.deployment);
    if health.1 == "True" {
        // One of the name before goes once its successor is there.
        writes.extend(deployments_but(live, live.deployment));
    }
    Ok((writes, health))
}

/// The removal of the Function's Deployments, but of this one.
fn deployments_but(live: &Live<'_>, kept: Option<&Value>) -> Vec<Write> {
    let unwanted = live.owned.iter().filter(|object| object["kind"] == "Deployment");
    let unwanted = unwanted.filter(|object| Some(object::uid(object)) != kept.map(object::uid));
    let delete = |object: &Arc<Value>| Write::Delete {
        key: ObjectKey::of(object),
        uid: object::uid(object).to_owned(),
        propagation: Propagation::Background,
    };
    unwanted.map(delete).collect()
}

/// Whether an object is controlled by the Function.
fn is_own(function: &Value, object: &Value) -> bool {
    object::controller(object).and_then(|owner| object::string_at(owner, &["uid"])) == Some(object::uid(function))
}

/// Type, status, reason, message.
type Condition = (&'static str, &'static str, &'static str, String);

fn installed() -> Condition {
    ("Installed", "True", "ActivePackageRevision", String::new())
}

fn not_installed(why: &str) -> Condition {
    ("Installed", "False", "UnpackingPackage", why.to_owned())
}

fn healthy(message: &str) -> Condition {
    ("Healthy", "True", "HealthyPackageRevision", message.to_owned())
}

fn unhealthy(why: &str) -> Condition {
    ("Healthy", "False", "UnhealthyPackageRevision", why.to_owned())
}

/// What the Deployment says of the function.
fn health(deployment: Option<&Value>) -> Condition {
    let Some(deployment) = deployment else { return unhealthy("its Deployment is being made") };
    let message = |condition: &Value| condition["message"].as_str().unwrap_or_default().to_owned();
    match condition_of(deployment, "Available") {
        Some(available) if available["status"] == "True" => healthy(""),
        available => {
            // Why there are no Pods says more than that there are none.
            let failure = condition_of(deployment, "ReplicaFailure").filter(|failure| failure["status"] == "True");
            let why = failure.or(available).map(message).filter(|message| !message.is_empty());
            let name = object::name(deployment);
            let why = why.unwrap_or_else(|| "it has not said yet whether it is available".to_owned());
            unhealthy(&format!("Deployment {}/{name} is not available: {why}", object::namespace(deployment)))
        }
    }
}

/// The status, where it says something new.
fn status_write(live: &Live<'_>, conditions: &[Condition]) -> Option<Write> {
    let mut status = Map::new();
    let package = object::string_at(live.function, &["spec", "package"]).unwrap_or_default();
    status.insert("currentIdentifier".to_owned(), package.into());
    status.insert("currentRevision".to_owned(), object::name(live.function).into());
    status.insert("resolvedPackage".to_owned(), package.into());
    let conditions: Vec<Value> = conditions.iter().map(|condition| stamped(condition, live)).collect();
    status.insert("conditions".to_owned(), conditions.into());
    let status = Value::Object(status);
    if !status::differs(live.function, &status, STATUS_MANAGER) {
        return None;
    }
    let object = json!({
        "apiVersion": live.function["apiVersion"], "kind": live.function["kind"],
        "metadata": {"name": object::name(live.function)}, "status": status,
    });
    Some(Write::ApplyStatus { object, manager: STATUS_MANAGER.to_owned() })
}

/// A condition with its time, which stays as long as its status does.
fn stamped((kind, status, reason, message): &Condition, live: &Live<'_>) -> Value {
    let old = condition_of(live.function, kind).filter(|old| old["status"] == *status);
    let time = old.and_then(|old| old["lastTransitionTime"].as_str()).unwrap_or(live.now);
    let mut condition = json!({"type": kind, "status": status, "reason": reason, "lastTransitionTime": time});
    if !message.is_empty() {
        condition["message"] = message.as_str().into();
    }
    condition
}

/// Whether a Function may be called, and why not.
pub fn readiness(function: &Value) -> Result<(), String> {
    match condition_of(function, "Healthy") {
        Some(healthy) if healthy["status"] == "True" => Ok(()),
        Some(healthy) => Err(healthy["message"].as_str().unwrap_or("it does not say why").to_owned()),
        None => Err("nobody has looked at it yet".to_owned()),
    }
}

#[cfg(test)]
mod tests;
