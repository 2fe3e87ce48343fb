//! Kinds that keep a number of pods: Deployment, StatefulSet, ReplicaSet, DaemonSet.

use plat_resource::go::quote;
use plat_resource::{Value, object};

use crate::Health;
use crate::fields::{condition, number, optional_number, text};

const SPEC_REPLICAS: &[&str] = &["spec", "replicas"];
const STRATEGY: &[&str] = &["spec", "updateStrategy", "type"];

/// Whether the controller has not seen the newest spec yet.
fn is_unobserved(object: &Value) -> bool {
    number(object, &["metadata", "generation"]) > number(object, &["status", "observedGeneration"])
}

fn count(object: &Value, field: &str) -> i64 {
    number(object, &["status", field])
}

fn waiting(what: impl std::fmt::Display) -> Health {
    Health::progressing(format!("Waiting for rollout to finish: {what}"))
}

pub(super) fn deployment(object: &Value) -> Health {
    if object::value_at(object, &["spec", "paused"]) == Some(&Value::Bool(true)) {
        return Health::suspended("Deployment is paused");
    }
    if is_unobserved(object) {
        return waiting("observed deployment generation less than desired generation");
    }
    if condition(object, "Progressing").is_some_and(|it| it.reason() == "ProgressDeadlineExceeded") {
        let name = quote::string(object::name(object), false);
        return Health::degraded(format!("Deployment {name} exceeded its progress deadline"));
    }
    let (all, updated) = (count(object, "replicas"), count(object, "updatedReplicas"));
    if let Some(wanted) = optional_number(object, SPEC_REPLICAS).filter(|wanted| updated < *wanted) {
        return waiting(format_args!("{updated} out of {wanted} new replicas have been updated..."));
    }
    if all > updated {
        return waiting(format_args!("{} old replicas are pending termination...", all - updated));
    }
    let available = count(object, "availableReplicas");
    if available < updated {
        return waiting(format_args!("{available} of {updated} updated replicas are available..."));
    }
    Health::healthy("")
}

pub(super) fn replica_set(object: &Value) -> Health {
    if is_unobserved(object) {
        return waiting("observed replica set generation less than desired generation");
    }
    if let Some(failure) = condition(object, "ReplicaFailure").filter(|it| it.is_true()) {
        return Health::degraded(failure.message());
    }
    let available = count(object, "availableReplicas");
    match optional_number(object, SPEC_REPLICAS).filter(|wanted| available < *wanted) {
        Some(wanted) => waiting(format_args!("{available} out of {wanted} new replicas are available...")),
        None => Health::healthy(""),
    }
}

pub(super) fn daemon_set(object: &Value) -> Health {
    if is_unobserved(object) {
        return waiting("observed daemon set generation less than desired generation");
    }
    let (updated, wanted) = (count(object, "updatedNumberScheduled"), count(object, "desiredNumberScheduled"));
    if text(object, STRATEGY) == "OnDelete" {
        return Health::healthy(format!("daemon set {updated} out of {wanted} new pods have been updated"));
    }
    let waiting = |what: String| {
        let name = quote::string(object::name(object), false);
        Health::progressing(format!("Waiting for daemon set {name} rollout to finish: {what}"))
    };
    if updated < wanted {
        return waiting(format!("{updated} out of {wanted} new pods have been updated..."));
    }
    let available = count(object, "numberAvailable");
    if available < wanted {
        return waiting(format!("{available} of {wanted} updated pods are available..."));
    }
    Health::healthy("")
}

pub(super) fn stateful_set(object: &Value) -> Health {
    if count(object, "observedGeneration") == 0 || is_unobserved(object) {
        return Health::progressing("Waiting for statefulset spec update to be observed...");
    }
    let wanted = optional_number(object, SPEC_REPLICAS);
    let (ready, updated) = (count(object, "readyReplicas"), count(object, "updatedReplicas"));
    if let Some(wanted) = wanted.filter(|wanted| ready < *wanted) {
        return Health::progressing(format!("Waiting for {} pods to be ready...", wanted - ready));
    }
    let strategy = text(object, STRATEGY);
    let rolling = object::value_at(object, &["spec", "updateStrategy", "rollingUpdate"]).filter(|it| !it.is_null());
    if let Some(rolling) = rolling.filter(|_| strategy == "RollingUpdate") {
        let partition = optional_number(rolling, &["partition"]);
        let to_update = wanted.zip(partition).map(|(wanted, partition)| wanted - partition);
        return match to_update.filter(|to_update| updated < *to_update) {
            Some(to_update) => Health::progressing(format!(
                "Waiting for partitioned roll out to finish: {updated} out of {to_update} new pods have been updated..."
            )),
            None => Health::healthy(format!("partitioned roll out complete: {updated} new pods have been updated...")),
        };
    }
    if strategy == "OnDelete" {
        return Health::healthy(format!("statefulset has {ready} ready pods"));
    }
    let (current, update) = (text(object, &["status", "currentRevision"]), text(object, &["status", "updateRevision"]));
    if update != current {
        return Health::progressing(format!(
            "waiting for statefulset rolling update to complete {updated} pods at revision {update}..."
        ));
    }
    let replicas = count(object, "currentReplicas");
    Health::healthy(format!("statefulset rolling update complete {replicas} pods at revision {current}..."))
}
