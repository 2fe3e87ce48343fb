//! Native patch-and-transform of Crossplane 1.x (`mode: Resources`).
//!
//! Owns the translation of a Composition's own templates into the function's input, with the defaults that the 1.x API
//! server filled in, and the differences that stay: numbers are integers where they are integers, and a template that
//! fails to render is left out with a warning instead of stopping everything.

use plat_platform::Mode;
use plat_resource::Value;
use serde_json::json;

use crate::function::{FunctionResource, RunFunctionRequest, State};
use crate::model::{Failure, ResultSeverity, StepResult};
use crate::native::environment_configs;
use crate::native::patch_and_transform::{self, Compiled, Fault};
use crate::pipeline::{Outcome, Pipeline};

/// Runs the templates of a Composition in Resources mode.
pub fn run(pipeline: Pipeline<'_>, observed: &State, context: Value) -> Outcome {
    let mut outcome = Outcome { context, ..Outcome::default() };
    if let Err(failure) = try_run(pipeline, observed, &mut outcome) {
        outcome.fatal = true;
        outcome.failure = Some(failure);
    }
    outcome
}

fn try_run(pipeline: Pipeline<'_>, observed: &State, outcome: &mut Outcome) -> Result<(), Failure> {
    let Mode::Resources { patch_sets, resources, environment } = &pipeline.composition.mode else { return Ok(()) };
    environment_step(pipeline, observed, environment, outcome)?;
    let compiled = pipeline
        .compiled
        .get(pipeline.composition, usize::MAX, || Compiled::new(&input(patch_sets, resources, environment)));
    let mut compiled = compiled.as_ref().clone().map_err(|fault| failure(&fault))?;
    let request = RunFunctionRequest {
        observed: observed.clone(),
        context: std::mem::take(&mut outcome.context),
        ..RunFunctionRequest::default()
    };
    loop {
        let (response, mut trace) = patch_and_transform::run(&compiled, &request);
        let Some(fault) = trace.fault.take() else {
            outcome.desired = response.desired;
            outcome.context = response.context.unwrap_or_else(|| json!({}));
            outcome.results.extend(response.results.into_iter().map(|result| warning(result.message)));
            outcome.trace = trace;
            return Ok(());
        };
        let Some(name) = &fault.resource else { return Err(failure(&fault)) };
        if !compiled.leave_out(name) {
            return Err(failure(&fault));
        }
        outcome.results.push(warning(format!("cannot compose resource \"{name}\": {}", fault.message)));
    }
}

/// `spec.environment` chose EnvironmentConfigs as function-environment-configs does now.
fn environment_step(
    pipeline: Pipeline<'_>,
    observed: &State,
    environment: &Value,
    outcome: &mut Outcome,
) -> Result<(), Failure> {
    let chosen: serde_json::Map<String, Value> = ["environmentConfigs", "defaultData", "policy"]
        .into_iter()
        .filter_map(|key| Some((key.to_owned(), environment.get(key)?.clone())))
        .collect();
    if !chosen.contains_key("environmentConfigs") && !chosen.contains_key("defaultData") {
        return Ok(());
    }
    let mut request = RunFunctionRequest {
        observed: State { composite: observed.composite.clone(), ..State::default() },
        input: Some(json!({
            "apiVersion": "environmentconfigs.fn.crossplane.io/v1beta1", "kind": "Input", "spec": chosen,
        })),
        context: outcome.context.clone(),
        ..RunFunctionRequest::default()
    };
    let asked = environment_configs::run(&request).requirements;
    for (name, selector) in asked.resources.iter().chain(&asked.extra_resources) {
        let found: Vec<FunctionResource> = pipeline.store.select(selector).unwrap_or_default();
        request.required_resources.insert(name.clone(), found.clone());
        request.extra_resources.insert(name.clone(), found);
    }
    let response = environment_configs::run(&request);
    let fatal = response.results.iter().find(|result| result.severity == crate::function::FunctionSeverity::Fatal);
    if let Some(fatal) = fatal {
        return Err(Failure { step: None, resource: None, path: None, message: fatal.message.clone(), hint: None });
    }
    outcome.context = response.context.unwrap_or_else(|| json!({}));
    Ok(())
}

fn warning(message: String) -> StepResult {
    StepResult {
        step: None,
        severity: ResultSeverity::Warning,
        reason: "ComposeResources".to_owned(),
        message,
        to_claim: false,
    }
}

fn failure(fault: &Fault) -> Failure {
    let spec = plat_resource::FieldPath::default().key("spec");
    Failure {
        step: None,
        resource: fault.resource.clone(),
        path: Some(spec.concat(&fault.place)),
        message: fault.message.clone(),
        hint: None,
    }
}

/// The function's input that says the same as a Composition in Resources mode.
pub fn input(patch_sets: &Value, resources: &Value, environment: &Value) -> Value {
    let mut input = json!({"resources": []});
    if let Some(sets) = patch_sets.as_array() {
        input["patchSets"] = sets.iter().map(|set| with_patches(set.clone())).collect();
    }
    if let Some(templates) = resources.as_array() {
        let named = templates.iter().enumerate().map(|(index, found)| template(found.clone(), index));
        input["resources"] = named.collect();
    }
    if let Some(patches) = environment.get("patches") {
        input["environment"] = with_patches(json!({"patches": patches}));
    }
    input
}

fn template(template: Value, index: usize) -> Value {
    let mut template = with_patches(template);
    if template.get("name").and_then(Value::as_str).is_none_or(str::is_empty) && template.is_object() {
        // Crossplane matches anonymous templates by position.
        template["name"] = json!(format!("resource-{index}"));
    }
    if let Some(details) = template.get_mut("connectionDetails").and_then(Value::as_array_mut) {
        details.iter_mut().filter_map(Value::as_object_mut).for_each(connection_detail);
    }
    template
}

fn connection_detail(detail: &mut serde_json::Map<String, Value>) {
    if detail.get("type").is_none_or(Value::is_null) {
        let kind = [
            ("value", "FromValue"),
            ("fromFieldPath", "FromFieldPath"),
            ("fromConnectionSecretKey", "FromConnectionSecretKey"),
        ]
        .into_iter()
        .find(|(key, _)| detail.contains_key(*key));
        if let Some((_, kind)) = kind {
            detail.insert("type".to_owned(), json!(kind));
        }
    }
    if detail.get("name").is_none_or(Value::is_null)
        && detail.get("type").and_then(Value::as_str) == Some("FromConnectionSecretKey")
        && let Some(key) = detail.get("fromConnectionSecretKey").cloned()
    {
        detail.insert("name".to_owned(), key);
    }
}

fn with_patches(mut holder: Value) -> Value {
    if let Some(patches) = holder.get_mut("patches").and_then(Value::as_array_mut) {
        patches.iter_mut().filter_map(Value::as_object_mut).for_each(patch);
    }
    holder
}

fn patch(patch: &mut serde_json::Map<String, Value>) {
    if let Some(policy) = patch.get_mut("policy").and_then(Value::as_object_mut)
        && let Some(options) = policy.remove("mergeOptions")
        && !options.is_null()
    {
        let flag = |key: &str| options.get(key).and_then(Value::as_bool).unwrap_or(false);
        let to = match (flag("keepMapValues"), flag("appendSlice")) {
            (true, true) => "MergeObjectsAppendArrays",
            (true, false) => "MergeObjects",
            (false, true) => "ForceMergeObjectsAppendArrays",
            (false, false) => "ForceMergeObjects",
        };
        policy.insert("toFieldPath".to_owned(), json!(to));
    }
    let transforms = patch.get_mut("transforms").and_then(Value::as_array_mut).into_iter().flatten();
    transforms.filter_map(Value::as_object_mut).for_each(transform);
}

/// Types that 1.x guessed from what else is given.
fn transform(transform: &mut serde_json::Map<String, Value>) {
    let unset =
        |holder: &serde_json::Map<String, Value>| holder.get("type").and_then(Value::as_str).is_none_or(str::is_empty);
    if unset(transform)
        && let Some(kind) =
            ["string", "math"].into_iter().find(|kind| transform.get(*kind).is_some_and(Value::is_object))
    {
        transform.insert("type".to_owned(), json!(kind));
    }
    let guesses: [(&str, &[(&str, &str)]); 2] = [
        ("math", &[("clampMin", "ClampMin"), ("clampMax", "ClampMax"), ("multiply", "Multiply")]),
        ("string", &[("fmt", "Format"), ("convert", "Convert"), ("regexp", "Regexp")]),
    ];
    for (key, fields) in guesses {
        let Some(part) = transform.get_mut(key).and_then(Value::as_object_mut).filter(|part| unset(part)) else {
            continue;
        };
        if let Some((_, kind)) = fields.iter().find(|(field, _)| part.get(*field).is_some_and(|value| !value.is_null()))
        {
            part.insert("type".to_owned(), json!(kind));
        }
    }
    let patterns = transform.get_mut("match").and_then(|found| found.get_mut("patterns")).and_then(Value::as_array_mut);
    for pattern in patterns.into_iter().flatten().filter_map(Value::as_object_mut) {
        pattern.entry("type").or_insert_with(|| json!("literal"));
    }
}
