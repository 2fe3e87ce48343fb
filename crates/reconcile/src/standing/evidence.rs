//! What objects of the cluster say about Crossplane.
//!
//! Owns reading Leases, Deployments and managed fields; what follows from them is decided next door.

use plat_resource::{Value, object, time};
use serde_json::json;

use crate::names::CROSSPLANE_MANAGER;

/// The duration of a Lease that names none.
const DEFAULT_DURATION_SECONDS: i64 = 60;

/// What was seen; an error says why something could not be looked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// Leases named [`CROSSPLANE_LEASE`](super::CROSSPLANE_LEASE), of all Namespaces.
    pub leases: Result<Vec<Value>, String>,
    /// Deployments that could be Crossplane's; others among them do no harm.
    pub deployments: Result<Vec<Value>, String>,
    /// XRDs, with their managed fields.
    pub definitions: Result<Vec<Value>, String>,
}

/// What a Lease says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LeaseSays {
    /// Who holds it.
    pub(super) holder: Option<String>,
    /// When it was renewed, by the holder's clock: seconds since 1970.
    pub(super) renewed: Option<i64>,
    /// The whole text of that, fractions too.
    renewed_text: String,
    /// How many seconds it lasts.
    pub(super) duration: i64,
}

impl LeaseSays {
    pub(super) fn of(lease: &Value) -> Self {
        let text = |key: &str| object::string_at(lease, &["spec", key]).unwrap_or_default();
        let holder = Some(text("holderIdentity")).filter(|holder| !holder.is_empty());
        let duration = object::value_at(lease, &["spec", "leaseDurationSeconds"]).and_then(Value::as_i64);
        Self {
            holder: holder.map(str::to_owned),
            renewed: time::parse(text("renewTime")).map(|(seconds, _)| seconds),
            renewed_text: text("renewTime").to_owned(),
            duration: duration.unwrap_or(DEFAULT_DURATION_SECONDS),
        }
    }
}

/// What a Deployment of Crossplane's core says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DeploymentSays {
    pub(super) wanted: i64,
    pub(super) available: i64,
    /// Those that are ending too.
    pub(super) pods: i64,
}

impl DeploymentSays {
    /// Nothing where it runs something else, as the RBAC manager, which reconciles no claims.
    pub(super) fn of(deployment: &Value) -> Option<Self> {
        let number = |path: &[&str]| object::value_at(deployment, path).and_then(Value::as_i64);
        runs_core(deployment).then(|| Self {
            wanted: number(&["spec", "replicas"]).unwrap_or(1),
            available: number(&["status", "availableReplicas"]).unwrap_or(0),
            pods: number(&["status", "replicas"]).unwrap_or(0)
                + number(&["status", "terminatingReplicas"]).unwrap_or(0),
        })
    }
}

/// Whether a container is started with `core start`.
fn runs_core(deployment: &Value) -> bool {
    let containers = object::value_at(deployment, &["spec", "template", "spec", "containers"]);
    containers.and_then(Value::as_array).is_some_and(|containers| {
        containers.iter().any(|container| {
            let words = ["command", "args"].iter().filter_map(|key| container[*key].as_array()).flatten();
            let words: Vec<&Value> = words.collect();
            words.windows(2).any(|pair| pair == [&json!("core"), &json!("start")])
        })
    })
}

/// When Crossplane last wrote an object, in seconds since 1970.
pub(super) fn last_write(object: &Value) -> Option<i64> {
    let managed = object::value_at(object, &["metadata", "managedFields"])?.as_array()?;
    let own = managed.iter().filter(|entry| entry["manager"] == CROSSPLANE_MANAGER);
    own.filter_map(|entry| time::parse(entry["time"].as_str()?)).map(|(seconds, _)| seconds).max()
}
