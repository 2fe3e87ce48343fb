//! `function-environment-configs`, in process: picks EnvironmentConfigs and merges them into the pipeline's environment.
//!
//! Owns what the Function answers, refusals in its words. Follows the state of 2026-08 (`toFieldPath` and
//! `FromEnvironmentFieldPath` included, selector transforms not). Fetching what it asks for is the engine's matter: as long
//! as no required resource is in the request the answer is the requirements alone.

mod environment;
mod input;
mod selection;
mod shape;

use std::collections::BTreeMap;

use plat_resource::{FieldPath, Map, Value};

use super::patch_and_transform::ENVIRONMENT_KEY;
use crate::function::{
    FunctionResult, FunctionSeverity, Requirements, ResourceMatch, ResourceSelector, RunFunctionRequest,
    RunFunctionResponse,
};
use input::{Input, LabelMatcher, Source};

const CONFIG_API_VERSION: &str = "apiextensions.crossplane.io/v1beta1";
const CONFIG_KIND: &str = "EnvironmentConfig";

/// Runs the Function once.
pub fn run(request: &RunFunctionRequest) -> RunFunctionResponse {
    let mut response = RunFunctionResponse {
        desired: request.desired.clone(),
        context: request.context.is_object().then(|| request.context.clone()),
        ..RunFunctionResponse::default()
    };
    if let Err(message) = answer(request, &mut response) {
        response.results.push(FunctionResult {
            severity: FunctionSeverity::Fatal,
            message,
            reason: None,
            to_claim: false,
        });
    }
    response
}

fn answer(request: &RunFunctionRequest, response: &mut RunFunctionResponse) -> Result<(), String> {
    let input = Input::parse(request.input.as_ref().unwrap_or(&Value::Null))
        .map_err(|error| format!("cannot get Function input from *v1.RunFunctionRequest: {error}"))?;
    let Some(sources) = &input.sources else { return Ok(()) };
    let incoming = request.context.get(ENVIRONMENT_KEY).map(object_or_empty);
    let nothing = Value::Object(Map::new());
    let scope = Scope {
        composite: &object_or_empty(&request.observed.composite.resource),
        environment: incoming.as_ref().unwrap_or(&nothing),
    };
    response.requirements =
        requirements(sources, &scope).map_err(|error| format!("cannot build requirements: {error}"))?;
    // Protobuf does not tell an empty map from no map, so neither does the Function.
    if request.required_resources.is_empty() {
        return Ok(());
    }
    let selected = selection::select(&input, sources, &request.required_resources)
        .map_err(|error| format!("cannot get selected environment configs: {error}"))?;
    let data = environment::data_of(selected).map_err(|error| format!("cannot merge environment data: {error}"))?;
    let built = environment::build(data, incoming, input.default_data);
    let context = response.context.get_or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(context) = context {
        context.insert(ENVIRONMENT_KEY.to_owned(), Value::Object(built));
    }
    Ok(())
}

/// A protobuf Struct that is not there reads as an empty one.
fn object_or_empty(value: &Value) -> Value {
    if value.is_object() { value.clone() } else { Value::Object(Map::new()) }
}

/// Where labels may take their values from.
struct Scope<'a> {
    composite: &'a Value,
    environment: &'a Value,
}

/// The name of the requirement of the source at `index`.
fn requirement_name(index: usize) -> String {
    format!("environment-config-{index}")
}

fn requirements(sources: &[Source], scope: &Scope<'_>) -> Result<Requirements, String> {
    let mut resources = BTreeMap::new();
    for (index, source) in sources.iter().enumerate() {
        let matches = match source.kind() {
            "Reference" => ResourceMatch::Name(source.reference_name(index)?.to_owned()),
            "Selector" => {
                let labels = labels(&source.selector_of(index)?.labels, scope)?;
                if labels.is_empty() {
                    continue;
                }
                ResourceMatch::Labels(labels)
            }
            _ => continue,
        };
        resources.insert(
            requirement_name(index),
            ResourceSelector {
                api_version: CONFIG_API_VERSION.to_owned(),
                kind: CONFIG_KIND.to_owned(),
                matches,
                namespace: None,
            },
        );
    }
    Ok(Requirements { resources, ..Requirements::default() })
}

fn labels(matchers: &[LabelMatcher], scope: &Scope<'_>) -> Result<BTreeMap<String, String>, String> {
    let mut labels = BTreeMap::new();
    for matcher in matchers {
        let (object, place) = match matcher.kind() {
            "Value" => {
                labels.insert(matcher.key.clone(), matcher.literal()?.to_owned());
                continue;
            }
            "FromCompositeFieldPath" => (scope.composite, "composite"),
            "FromEnvironmentFieldPath" => (scope.environment, "environment"),
            _ => continue,
        };
        let path = matcher.path()?;
        match text_at(object, path) {
            Ok(value) => {
                labels.insert(matcher.key.clone(), value);
            }
            Err(_) if matcher.is_optional => {}
            Err(error) => return Err(format!("cannot get value from {place} field path {path:?}: {error}")),
        }
    }
    Ok(labels)
}

fn text_at(object: &Value, path: &str) -> Result<String, String> {
    let parsed = FieldPath::parse(path).map_err(|error| error.to_string())?;
    let value = parsed.get(object).map_err(|error| error.to_string())?;
    value.as_str().map(str::to_owned).ok_or_else(|| format!("{path}: not a string"))
}

#[cfg(test)]
mod tests;
