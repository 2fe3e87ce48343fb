//! HorizontalPodAutoscalers. In version 1 the conditions are JSON in an annotation.

use plat_resource::{GroupVersionKind, Value, object};

use crate::Health;
use crate::fields::{list, text};

/// Where version 1 keeps its conditions.
const ANNOTATION: &str = "autoscaling.alpha.kubernetes.io/conditions";
/// Reasons that stop it, by the type of their condition; the status does not matter to Argo CD.
const FAILURES: &[(&str, &str)] = &[
    ("AbleToScale", "FailedGetScale"),
    ("AbleToScale", "FailedUpdateScale"),
    ("ScalingActive", "FailedGetResourceMetric"),
    ("ScalingActive", "InvalidSelector"),
];

pub(super) fn health(object: &Value) -> Health {
    if GroupVersionKind::of(object).version != "v1" {
        return judge(list(object, &["status", "conditions"]));
    }
    match object::annotation(object, ANNOTATION).map(serde_json::from_str::<Value>) {
        None | Some(Ok(Value::Null)) => judge(&[]),
        Some(Ok(Value::Array(conditions))) => judge(&conditions),
        Some(Ok(other)) => unreadable(&format!("{} is no list", plat_resource::go::json_kind(&other))),
        Some(Err(error)) => unreadable(&error.to_string()),
    }
}

fn unreadable(why: &str) -> Health {
    Health::unknown(format!("failed to convert conditions annotation to typed: {why}"))
}

/// The first condition that says something decides.
fn judge(conditions: &[Value]) -> Health {
    let decided = conditions.iter().find_map(|condition| {
        let [kind, reason, status] = ["type", "reason", "status"].map(|field| text(condition, &[field]));
        let message = text(condition, &["message"]);
        if FAILURES.contains(&(kind, reason)) {
            return Some(Health::degraded(message));
        }
        (["AbleToScale", "ScalingLimited"].contains(&kind) && status == "True").then(|| Health::healthy(message))
    });
    decided.unwrap_or_else(|| Health::progressing("Waiting to Autoscale"))
}
