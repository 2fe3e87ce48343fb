//! `function-auto-ready` v0.6.0, in process: says which desired resources are ready by looking at the observed ones.
//!
//! Owns the two passes, health checks first, the `Ready` condition second. A resource that its health check finds wanting
//! still gets ready by a `Ready` condition, as in the real Function. Readiness that an earlier step set stays.

mod checks;
mod fields;
mod typed;

use plat_resource::{Map, Value};

use crate::function::{FunctionResource, Ready, RunFunctionRequest, RunFunctionResponse, State};
use fields::text_at;

/// Runs the Function.
pub fn run(request: &RunFunctionRequest) -> RunFunctionResponse {
    run_on(request.desired.clone(), request)
}

/// [`run`] on `desired` instead of what the request says is desired.
pub fn run_on(desired: State, request: &RunFunctionRequest) -> RunFunctionResponse {
    let mut response = RunFunctionResponse {
        desired,
        context: request.context.is_object().then(|| request.context.clone()),
        ..RunFunctionResponse::default()
    };
    for (name, desired) in &mut response.desired.resources {
        let ready = match (desired.ready, request.observed.resources.get(name)) {
            (Ready::Unspecified, Some(observed)) if is_ready(&observed.resource) => Ready::True,
            (ready, _) => ready,
        };
        // The SDK writes every desired composed resource anew, with nothing but the object and its readiness.
        let resource = if desired.resource.is_object() { desired.resource.take() } else { Value::Object(Map::new()) };
        *desired = FunctionResource { resource, ready, ..FunctionResource::default() };
    }
    response
}

fn is_ready(observed: &Value) -> bool {
    checks::for_object(observed).is_some_and(|check| check(observed)) || has_ready_condition(observed)
}

/// The first condition of type `Ready` decides; conditions that do not have the right types decide nothing at all.
fn has_ready_condition(observed: &Value) -> bool {
    let Some(status) = observed.get("status") else { return false };
    if !typed::fits(status, "ConditionedStatus") {
        return false;
    }
    let conditions = status.get("conditions").and_then(Value::as_array);
    let ready = conditions.into_iter().flatten().find(|condition| text_at(condition, &["type"]) == Some("Ready"));
    ready.is_some_and(|condition| text_at(condition, &["status"]) == Some("True"))
}

#[cfg(test)]
mod tests;
