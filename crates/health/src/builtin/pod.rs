//! Pods.

use plat_resource::go::quote;
use plat_resource::{Value, object};

use crate::Health;
use crate::fields::{Condition, condition, is_set, list, number, text};

pub(super) fn health(object: &Value) -> Health {
    let restarts = text(object, &["spec", "restartPolicy"]);
    // A pod that does not start again is often a hook, whose failure is not final as long as its image may still come.
    if restarts == "Always"
        && let Some(stuck) = stuck(object)
    {
        return Health::degraded(stuck);
    }
    let message = text(object, &["status", "message"]);
    match (text(object, &["status", "phase"]), restarts) {
        ("Pending", _) | ("Running", "OnFailure" | "Never") => Health::progressing(message),
        ("Succeeded", _) => Health::healthy(message),
        ("Failed", _) if message.is_empty() => Health::degraded(failure(object)),
        ("Failed", _) => Health::degraded(message),
        ("Running", "Always") => running(object, message),
        _ => Health::unknown(message),
    }
}

/// What the containers say that cannot start, if there is one.
fn stuck(object: &Value) -> Option<String> {
    let waiting = list(object, &["status", "containerStatuses"]).iter().filter_map(|it| {
        let waiting = object::value_at(it, &["state", "waiting"])?;
        let reason = text(waiting, &["reason"]);
        let is_stuck = reason.starts_with("Err") || reason.ends_with("Error") || reason.ends_with("BackOff");
        is_stuck.then(|| text(waiting, &["message"]))
    });
    let messages: Vec<&str> = waiting.collect();
    (!messages.is_empty()).then(|| messages.join(", "))
}

fn running(object: &Value, message: &str) -> Health {
    if condition(object, "Ready").is_some_and(Condition::is_true) {
        return Health::healthy(message);
    }
    let ended = |it: &Value| is_set(it, &["lastState", "terminated"]);
    if list(object, &["status", "containerStatuses"]).iter().any(ended) {
        return Health::degraded(message);
    }
    Health::progressing(message)
}

/// Why the first container failed that says something.
fn failure(object: &Value) -> String {
    let containers = ["initContainerStatuses", "containerStatuses"].map(|field| list(object, &["status", field]));
    containers.concat().iter().find_map(end_of).unwrap_or_default()
}

fn end_of(container: &Value) -> Option<String> {
    let terminated = object::value_at(container, &["state", "terminated"])?;
    let message = text(terminated, &["message"]);
    if !message.is_empty() {
        return Some(message.to_owned());
    }
    if text(terminated, &["reason"]) == "OOMKilled" {
        return Some("OOMKilled".to_owned());
    }
    let code = number(terminated, &["exitCode"]);
    let name = quote::string(text(container, &["name"]), false);
    (code != 0).then(|| format!("container {name} failed with exit code {code}"))
}
