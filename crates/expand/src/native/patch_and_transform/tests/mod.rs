//! Inputs run as a pipeline runs them, one rule a test, with what the real function answers.

#![expect(clippy::needless_pass_by_value, reason = "json!(...) reads better at the call without a borrow")]

mod limits;
mod patches;
mod properties;
mod templates;
mod transforms;
mod validation;

use serde_json::{Value, json};

use super::{Compiled, run};
use crate::function::{FunctionResource, FunctionSeverity, RunFunctionRequest, RunFunctionResponse};
use crate::go::json::to_struct;

/// The XR of most tests.
fn composite() -> Value {
    json!({
        "apiVersion": "acme.example/v1", "kind": "XThing", "metadata": {"name": "x", "labels": {"a": "xr"}},
        "spec": {"size": 3, "name": "orders", "tags": ["t", "u"], "on": true, "map": {"k": "v", "empty": ""}, "none": null},
    })
}

/// Runs an input over an XR and composed resources that exist, with numbers as protobuf has them.
fn run_over(input: &Value, composite: &Value, observed: &[(&str, Value)]) -> RunFunctionResponse {
    let compiled = Compiled::new(input).expect("a valid input");
    let mut request = RunFunctionRequest::default();
    request.observed.composite.resource = to_struct(composite);
    for (name, resource) in observed {
        let resource = FunctionResource { resource: to_struct(resource), ..FunctionResource::default() };
        request.observed.resources.insert((*name).to_owned(), resource);
    }
    run(&compiled, &request).0
}

/// An input of one template, `thing`, with these patches.
fn one(patches: Value) -> Value {
    json!({"resources": [{
        "name": "thing", "patches": patches,
        "base": {"apiVersion": "v1", "kind": "Thing", "spec": {"list": [{"n": 1}, {"n": 2}], "map": {"k": "base"}, "array": ["t"]}},
    }]})
}

/// What one patch makes of the template; the fatal message where it stops.
fn patched(patch: Value) -> Result<Value, String> {
    let mut response = run_over(&one(json!([patch])), &composite(), &[]);
    match response.results.iter().find(|result| result.severity == FunctionSeverity::Fatal) {
        Some(fatal) => Err(fatal.message.clone()),
        None => Ok(response.desired.resources.remove("thing").expect("the template").resource),
    }
}

/// What transforms make of a value; the fatal message where they stop, from "transform at index" on.
fn transformed(input: &Value, transforms: Value) -> Result<Value, String> {
    let mut composite = composite();
    composite["spec"]["input"] = input.clone();
    let patch = json!([{"fromFieldPath": "spec.input", "toFieldPath": "out", "transforms": transforms}]);
    let mut response = run_over(&one(patch), &composite, &[]);
    match response.results.iter().find(|result| result.severity == FunctionSeverity::Fatal) {
        Some(fatal) => Err(fatal.message.split_once("returned error: ").expect("a transform's error").1.to_owned()),
        None => Ok(response.desired.resources.remove("thing").expect("the template").resource["out"].take()),
    }
}

/// Why an input is refused.
fn refused(input: &Value) -> String {
    Compiled::new(input).expect_err("an invalid input").message
}
