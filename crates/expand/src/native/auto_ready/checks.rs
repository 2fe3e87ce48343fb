//! The health checks, by kind.

use std::cmp::Ordering;

use plat_resource::{Value, time};

use super::fields::{is_true, list_at, text_at, value_at, whole_at};
use super::typed;

/// Looks at an observed object and says whether it is healthy.
pub(super) type Check = fn(&Value) -> bool;

/// The check for the kind of `object`, if there is one.
pub(super) fn for_object(object: &Value) -> Option<Check> {
    let version = text_at(object, &["apiVersion"]).unwrap_or_default();
    // An empty group may be written with its slash.
    let version = version.strip_prefix('/').unwrap_or(version);
    let check: Check = match (version, text_at(object, &["kind"]).unwrap_or_default()) {
        ("v1", "ConfigMap" | "Namespace" | "Secret" | "ServiceAccount") => |_| true,
        ("v1", "PersistentVolumeClaim") => persistent_volume_claim,
        ("v1", "Pod") => pod,
        ("v1", "Service") => service,
        ("apps/v1", "DaemonSet") => daemon_set,
        ("apps/v1", "Deployment") => deployment,
        ("apps/v1", "ReplicaSet") => replica_set,
        ("apps/v1", "StatefulSet") => stateful_set,
        ("autoscaling/v2", "HorizontalPodAutoscaler") => horizontal_pod_autoscaler,
        ("batch/v1", "CronJob") => cron_job,
        ("batch/v1", "Job") => job,
        ("networking.k8s.io/v1", "Ingress") => has_load_balancer,
        _ => return None,
    };
    Some(check)
}

fn persistent_volume_claim(object: &Value) -> bool {
    typed::fits(object, "PersistentVolumeClaim") && text_at(object, &["status", "phase"]) == Some("Bound")
}

/// A running Pod counts as ready only where it is meant to run on and on.
fn pod(object: &Value) -> bool {
    if !typed::fits(object, "Pod") {
        return false;
    }
    match text_at(object, &["status", "phase"]) {
        Some("Succeeded") => true,
        Some("Running") => {
            text_at(object, &["spec", "restartPolicy"]) == Some("Always")
                && list_at(object, &["status", "conditions"]).iter().any(|condition| is_true(condition, "Ready"))
        }
        _ => false,
    }
}

fn service(object: &Value) -> bool {
    text_at(object, &["spec", "type"]) != Some("LoadBalancer") || has_load_balancer(object)
}

fn has_load_balancer(object: &Value) -> bool {
    !list_at(object, &["status", "loadBalancer", "ingress"]).is_empty()
}

fn daemon_set(object: &Value) -> bool {
    let status = |field| whole_at(object, &["status", field]);
    let desired = status("desiredNumberScheduled");
    desired.is_some()
        && ["numberReady", "updatedNumberScheduled", "numberAvailable"].iter().all(|field| status(field) == desired)
}

fn wanted_replicas(object: &Value) -> i64 {
    whole_at(object, &["spec", "replicas"]).unwrap_or(1)
}

fn deployment(object: &Value) -> bool {
    let wanted = Some(wanted_replicas(object));
    whole_at(object, &["status", "updatedReplicas"]) == wanted
        && whole_at(object, &["status", "availableReplicas"]) == wanted
        && list_at(object, &["status", "conditions"]).iter().any(|condition| is_true(condition, "Available"))
}

#[expect(clippy::cast_possible_truncation, reason = "Go's int32 fields wrap around in this conversion")]
fn replica_set(object: &Value) -> bool {
    if !typed::fits(object, "ReplicaSet") {
        return false;
    }
    let generation = whole_at(object, &["metadata", "generation"]).unwrap_or(0);
    let observed = whole_at(object, &["status", "observedGeneration"]).unwrap_or(0);
    let available = whole_at(object, &["status", "availableReplicas"]).unwrap_or(0) as i32;
    let failed =
        list_at(object, &["status", "conditions"]).iter().any(|condition| is_true(condition, "ReplicaFailure"));
    observed >= generation && !failed && available >= wanted_replicas(object) as i32
}

fn stateful_set(object: &Value) -> bool {
    let wanted = Some(wanted_replicas(object));
    let current = text_at(object, &["status", "currentRevision"]);
    whole_at(object, &["status", "readyReplicas"]) == wanted
        && whole_at(object, &["status", "currentReplicas"]) == wanted
        && current.is_some()
        && current == text_at(object, &["status", "updateRevision"])
}

/// The first condition that says something decides.
fn horizontal_pod_autoscaler(object: &Value) -> bool {
    typed::fits(object, "HorizontalPodAutoscaler")
        && decided_by(
            object,
            &["ScalingActive", "ScalingLimited"],
            &["FailedGetScale", "FailedUpdateScale", "FailedGetResourceMetric", "InvalidSelector"],
        )
}

fn job(object: &Value) -> bool {
    typed::fits(object, "Job") && decided_by(object, &["Complete"], &["Failed", "Suspended"])
}

fn decided_by(object: &Value, good: &[&str], bad: &[&str]) -> bool {
    let verdict = list_at(object, &["status", "conditions"]).iter().find_map(|condition| {
        let is_any = |kinds: &[&str]| kinds.iter().any(|kind| is_true(condition, kind));
        if is_any(bad) { Some(false) } else { is_any(good).then_some(true) }
    });
    verdict.unwrap_or(false)
}

fn cron_job(object: &Value) -> bool {
    if !typed::fits(object, "CronJob") {
        return false;
    }
    if value_at(object, &["spec", "suspend"]) == Some(&Value::Bool(true)) {
        return true;
    }
    let moment = |field| text_at(object, &["status", field]).and_then(time::parse);
    let Some(scheduled) = moment("lastScheduleTime") else { return false };
    if !list_at(object, &["status", "active"]).is_empty() {
        return true;
    }
    moment("lastSuccessfulTime").is_some_and(|succeeded| succeeded.cmp(&scheduled) != Ordering::Less)
}
