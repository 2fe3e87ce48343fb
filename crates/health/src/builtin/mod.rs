//! Argo CD's own rules for the kinds of Kubernetes, with its words: those that are written in Go in its gitops-engine.
//!
//! Owns which kind has which rule. What Argo CD says in Lua about other kinds is no part of this.

mod autoscaler;
mod pod;
mod small;
mod workload;

use plat_resource::{GroupVersionKind, Value};

use crate::{Health, Status};

/// A rule for objects of one kind.
type Rule = fn(&Value) -> Health;

/// One row: group, kind, the versions that the rule reads (none: any), the rule.
struct Row(&'static str, &'static str, &'static [&'static str], Rule);

const ROWS: &[Row] = &[
    Row("apps", "Deployment", &["v1"], workload::deployment),
    Row("apps", "StatefulSet", &["v1"], workload::stateful_set),
    Row("apps", "ReplicaSet", &["v1"], workload::replica_set),
    Row("apps", "DaemonSet", &["v1"], workload::daemon_set),
    Row("", "Pod", &["v1"], pod::health),
    Row("", "Service", &["v1"], small::service),
    Row("", "PersistentVolumeClaim", &["v1"], small::volume_claim),
    Row("extensions", "Ingress", &[], small::ingress),
    Row("networking.k8s.io", "Ingress", &[], small::ingress),
    Row("batch", "Job", &["v1"], small::job),
    Row("apiregistration.k8s.io", "APIService", &["v1", "v1beta1"], small::api_service),
    Row("autoscaling", "HorizontalPodAutoscaler", &["v1", "v2beta1", "v2beta2", "v2"], autoscaler::health),
    Row("argoproj.io", "Workflow", &[], small::workflow),
];

/// The health of `object`, if its kind is one of these. A version that the rule cannot read is Unknown, as in Argo CD.
pub fn health(object: &Value) -> Option<Health> {
    let kind = GroupVersionKind::of(object);
    let Row(_, name, versions, rule) = ROWS.iter().find(|row| row.0 == kind.group && row.1 == kind.kind)?;
    if versions.is_empty() || versions.contains(&kind.version.as_str()) {
        return Some(rule(object));
    }
    let name = if *name == "HorizontalPodAutoscaler" { "HPA" } else { name };
    let message = format!("unsupported {name} GVK: {}/{}, Kind={}", kind.group, kind.version, kind.kind);
    Some(Health::new(Status::Unknown, message))
}
