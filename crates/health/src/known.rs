//! Kinds that a user of a platform meets and whose conditions do not say all: CronJob, PodDisruptionBudget,
//! CustomResourceDefinition, Namespace, PersistentVolume, Argo CD's Application, and what Flux applies.
//!
//! Argo CD has scripts for some of them. These rules are plat's own; where they mean something else, `docs/health.md` says so.

use plat_resource::{GroupVersionKind, Value, object, time};

use crate::fields::{Condition, condition, conditions, list, text};
use crate::{Health, Status};

/// The health of `object`, if its kind is one of these.
pub fn health(object: &Value) -> Option<Health> {
    let kind = GroupVersionKind::of(object);
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("", "Namespace") => Some(namespace(object)),
        ("", "PersistentVolume") => Some(volume(object)),
        ("batch", "CronJob") => Some(cron_job(object)),
        ("policy", "PodDisruptionBudget") => Some(disruption_budget(object)),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => Some(definition(object)),
        ("argoproj.io", "Application") => Some(application(object)),
        (group, _) if group.ends_with(".toolkit.fluxcd.io") => flux(object),
        _ => None,
    }
}

fn namespace(object: &Value) -> Health {
    match text(object, &["status", "phase"]) {
        "Active" => Health::healthy(""),
        "Terminating" => {
            let failed = conditions(object).find(|it| it.is_true());
            Health::progressing(failed.map_or("it is being deleted", |it| it.told()))
        }
        _ => Health::progressing("it has no phase yet"),
    }
}

fn volume(object: &Value) -> Health {
    let message = text(object, &["status", "message"]);
    match text(object, &["status", "phase"]) {
        "Available" | "Bound" | "Released" => Health::healthy(message),
        "Failed" => Health::degraded(message),
        _ => Health::progressing(message),
    }
}

fn cron_job(object: &Value) -> Health {
    if object::value_at(object, &["spec", "suspend"]) == Some(&Value::Bool(true)) {
        return Health::suspended("it is suspended");
    }
    let at = |field: &str| time::parse(text(object, &["status", field]));
    let is_running = !list(object, &["status", "active"]).is_empty();
    match (at("lastScheduleTime"), at("lastSuccessfulTime")) {
        (None, _) => Health::healthy("it has not been scheduled yet"),
        (Some(_), _) if is_running => Health::healthy("a job is running"),
        (Some(_), None) => Health::healthy("no job has succeeded yet"),
        (Some(scheduled), Some(succeeded)) if succeeded < scheduled => {
            Health::degraded("the last job has not succeeded")
        }
        _ => Health::healthy(""),
    }
}

/// Too few pods is what a budget may be for; only one that cannot be computed is unwell.
fn disruption_budget(object: &Value) -> Health {
    if let Some(failed) = conditions(object).find(|it| it.is_false() && it.reason() == "SyncFailed") {
        return Health::degraded(failed.told());
    }
    match condition(object, "DisruptionAllowed") {
        Some(_) => Health::healthy(""),
        None => Health::progressing("it has not been looked at yet"),
    }
}

fn definition(object: &Value) -> Health {
    let wrong = [("NamesAccepted", "False"), ("NonStructuralSchema", "True")];
    let is_wrong = |kind: &str, status: &str| wrong.contains(&(kind, status));
    if let Some(wrong) = conditions(object).find(|it| is_wrong(it.kind(), it.status())) {
        return Health::degraded(wrong.told());
    }
    match condition(object, "Established") {
        Some(established) if established.is_true() => Health::healthy(""),
        Some(pending) => Health::progressing(pending.told()),
        None => Health::progressing("it is not established yet"),
    }
}

/// What Argo CD itself says, and why it cannot say more.
fn application(object: &Value) -> Health {
    let error = conditions(object).find(|it| it.kind().ends_with("Error")).map(Condition::message);
    let message = [text(object, &["status", "health", "message"]), error.unwrap_or_default()];
    let message = message.into_iter().find(|text| !text.is_empty()).unwrap_or_default();
    match text(object, &["status", "health", "status"]).parse::<Status>() {
        Ok(status) => Health::new(status, message),
        Err(()) if message.is_empty() => Health::progressing("Argo CD has not looked at it yet"),
        Err(()) => Health::unknown(message),
    }
}

/// Flux keeps the conventions of conditions; only being suspended is in the spec.
fn flux(object: &Value) -> Option<Health> {
    let is_suspended = object::value_at(object, &["spec", "suspend"]) == Some(&Value::Bool(true));
    is_suspended.then(|| Health::suspended("it is suspended"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn says(api_version: &str, kind: &str, fields: Value) -> Option<Health> {
        let mut object = json!({"apiVersion": api_version, "kind": kind});
        let Value::Object(fields) = fields else { return None };
        object.as_object_mut()?.extend(fields);
        health(&object)
    }

    #[test]
    fn a_cron_job_is_judged_by_its_last_runs() {
        let says = |fields: Value| says("batch/v1", "CronJob", fields).unwrap();
        let at = |hour: u32| format!("2026-01-01T{hour:02}:00:00Z");
        assert_eq!(says(json!({"spec": {"suspend": true}})).status, Status::Suspended);
        assert_eq!(says(json!({})), Health::healthy("it has not been scheduled yet"));
        assert_eq!(says(json!({"status": {"lastScheduleTime": at(9)}})), Health::healthy("no job has succeeded yet"));
        let failed = json!({"lastScheduleTime": at(10), "lastSuccessfulTime": at(9)});
        assert_eq!(says(json!({"status": failed})).status, Status::Degraded);
        let running = json!({"lastScheduleTime": at(10), "lastSuccessfulTime": at(9), "active": [{"name": "j"}]});
        assert_eq!(says(json!({"status": running})), Health::healthy("a job is running"));
        let done = json!({"lastScheduleTime": at(9), "lastSuccessfulTime": at(10)});
        assert_eq!(says(json!({"status": done})), Health::healthy(""));
    }

    #[test]
    fn an_application_says_what_argo_cd_says() {
        let says = |status: Value| says("argoproj.io/v1alpha1", "Application", json!({"status": status})).unwrap();
        let health = json!({"health": {"status": "Degraded", "message": "Caused by Deployment:a/b"}});
        assert_eq!(says(health), Health::degraded("Caused by Deployment:a/b"));
        let error = json!({"conditions": [{"type": "ComparisonError", "message": "no such revision"}]});
        assert_eq!(says(error), Health::unknown("no such revision"));
        assert_eq!(says(json!({})), Health::progressing("Argo CD has not looked at it yet"));
    }

    #[test]
    fn the_others_by_a_table() {
        let condition = |kind: &str, status: &str, reason: &str| {
            json!({"status": {"conditions": [
            {"type": kind, "status": status, "reason": reason}]}})
        };
        let crd = "CustomResourceDefinition";
        let cases = [
            (says("v1", "Namespace", json!({"status": {"phase": "Active"}})), Health::healthy("")),
            (
                says("v1", "Namespace", json!({"status": {"phase": "Terminating"}})),
                Health::progressing("it is being deleted"),
            ),
            (
                says("v1", "PersistentVolume", json!({"status": {"phase": "Failed", "message": "m"}})),
                Health::degraded("m"),
            ),
            (
                says("policy/v1", "PodDisruptionBudget", condition("DisruptionAllowed", "False", "InsufficientPods")),
                Health::healthy(""),
            ),
            (
                says("policy/v1", "PodDisruptionBudget", condition("DisruptionAllowed", "False", "SyncFailed")),
                Health::degraded("SyncFailed"),
            ),
            (says("apiextensions.k8s.io/v1", crd, condition("Established", "True", "")), Health::healthy("")),
            (
                says("apiextensions.k8s.io/v1", crd, condition("NamesAccepted", "False", "Conflict")),
                Health::degraded("Conflict"),
            ),
            (
                says("source.toolkit.fluxcd.io/v1", "GitRepository", json!({"spec": {"suspend": true}})),
                Health::suspended("it is suspended"),
            ),
        ];
        for (found, expected) in cases {
            assert_eq!(found, Some(expected));
        }
        assert_eq!(says("source.toolkit.fluxcd.io/v1", "GitRepository", json!({})), None);
    }
}
