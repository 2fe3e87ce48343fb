//! Running a Composition's pipeline: steps in order, context, requirements, results.
//!
//! Owns the loop of Crossplane's FunctionComposer up to the desired state. What becomes of that state is
//! [`crate::compose`]'s matter.

use std::collections::BTreeMap;

use plat_platform::{Composition, Platform, RequirementMatch, Step};
use plat_resource::{FieldPath, GroupVersionKind, Value, object};
use serde_json::json;

use crate::function::{
    FunctionCondition, FunctionError, FunctionResource, FunctionRunner, FunctionSeverity, ResourceMatch,
    ResourceSelector, RunFunctionRequest, RunFunctionResponse, State,
};
use crate::go::json as go_json;
use crate::model::{Failure, ResultSeverity, StepResult, Unknown};
use crate::native::patch_and_transform::{self, Fault, Trace};
use crate::native::{CompiledInputs, Native, auto_ready, environment_configs, native};
use crate::store::Store;

/// How often a function is asked again while its requirements change (crossplane `MaxRequirementsIterations`).
const MAX_REQUIREMENTS_ITERATIONS: usize = 5;

/// What a pipeline runs with.
#[derive(Clone, Copy)]
pub struct Pipeline<'a> {
    /// The Composition.
    pub composition: &'a Composition,
    /// Its steps.
    pub steps: &'a [Step],
    /// Says which functions are native.
    pub platform: &'a Platform,
    /// Runs the others.
    pub runner: &'a dyn FunctionRunner,
    /// What exists.
    pub store: &'a Store<'a>,
    /// Compiled inputs.
    pub compiled: &'a CompiledInputs,
    /// Steps whose function cannot run are left out instead of stopping the pipeline.
    pub skip_unavailable: bool,
}

/// What a pipeline leaves behind.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// What the last step wants.
    pub desired: State,
    /// The context at the end.
    pub context: Value,
    /// Conditions that functions set.
    pub conditions: Vec<FunctionCondition>,
    /// What functions said.
    pub results: Vec<StepResult>,
    /// Origins and unknowns.
    pub trace: Trace,
    /// Why it stopped, if it did.
    pub failure: Option<Failure>,
    /// Whether it stopped because a function said so (and not because it could not be run).
    pub fatal: bool,
    /// Every selector that was looked up, in order.
    pub selectors: Vec<ResourceSelector>,
    /// Every schema that was looked up, in order: apiVersion and kind.
    pub schemas: Vec<(String, String)>,
}

impl Pipeline<'_> {
    /// Runs all steps over `observed` (numbers as protobuf has them).
    pub fn run(&self, observed: &State, context: Value) -> Outcome {
        let mut outcome = Outcome { context, ..Outcome::default() };
        let mut observed = observed.clone();
        for step in self.steps {
            if let Err(failure) = self.step(step, &mut observed, &mut outcome) {
                outcome.failure = Some(failure);
                break;
            }
        }
        outcome
    }

    /// Runs one step; `observed` is lent to its request.
    fn step(&self, step: &Step, observed: &mut State, outcome: &mut Outcome) -> Result<(), Failure> {
        let native = self.native(step);
        // These two do not read it: one has it compiled, the other has none.
        let takes_input = !matches!(native, Some(Native::PatchAndTransform | Native::AutoReady));
        let mut request = RunFunctionRequest {
            observed: std::mem::take(observed),
            desired: to_struct(std::mem::take(&mut outcome.desired)),
            input: step.input.as_ref().filter(|_| takes_input).map(go_json::to_struct),
            context: std::mem::take(&mut outcome.context),
            ..RunFunctionRequest::default()
        };
        self.credentials(step, &mut request)?;
        self.bootstrap(step, &mut request, outcome);
        let answer = self.until_stable(step, native, &mut request, outcome);
        *observed = std::mem::take(&mut request.observed);
        let (response, trace) = match answer {
            Ok(found) => found,
            Err(FunctionError::Unavailable { .. }) if self.skip_unavailable => {
                left_out(step, request, outcome);
                return Ok(());
            }
            Err(error) => return Err(not_run(step, &error)),
        };
        merge_trace(&mut outcome.trace, trace, &step.name);
        outcome.desired = response.desired;
        outcome.context = response.context.unwrap_or_else(|| json!({}));
        outcome.conditions.extend(response.conditions);
        for result in response.results {
            if result.severity == FunctionSeverity::Fatal {
                outcome.fatal = true;
                let fault = outcome.trace.fault.take();
                return Err(fatal(step, &result.message, fault.as_ref()));
            }
            outcome.results.push(step_result(step, result));
        }
        Ok(())
    }

    fn credentials(&self, step: &Step, request: &mut RunFunctionRequest) -> Result<(), Failure> {
        for credential in &step.credentials {
            let Some(secret) = &credential.secret else { continue };
            let kind = GroupVersionKind::new("v1", "Secret");
            let found = self.store.get(&kind, &secret.namespace, &secret.name).ok_or_else(|| Failure {
                step: Some(step.name.clone()),
                resource: None,
                path: Some(step.path().key("credentials")),
                message: format!(
                    "cannot get Composition pipeline step \"{}\" credential \"{}\" from Secret: Secret \"{}\" not found",
                    step.name, credential.name, secret.name
                ),
                hint: Some(format!("give the Secret {}/{} with --observed", secret.namespace, secret.name)),
            })?;
            request.credentials.insert(credential.name.clone(), secret_data(found));
        }
        Ok(())
    }

    fn bootstrap(&self, step: &Step, request: &mut RunFunctionRequest, outcome: &mut Outcome) {
        for requirement in &step.requirements.resources {
            let selector = ResourceSelector {
                api_version: requirement.kind.api_version(),
                kind: requirement.kind.kind.clone(),
                namespace: requirement.namespace.clone(),
                matches: match &requirement.matches {
                    RequirementMatch::Name(name) => ResourceMatch::Name(name.clone()),
                    RequirementMatch::Labels(labels) => ResourceMatch::Labels(labels.clone()),
                },
            };
            let found = self.store.select(&selector).unwrap_or_default();
            outcome.selectors.push(selector);
            request.required_resources.insert(requirement.name.clone(), found);
        }
        for (name, kind) in &step.requirements.schemas {
            outcome.schemas.push((kind.api_version(), kind.kind.clone()));
            request.required_schemas.insert(name.clone(), self.store.schema(kind));
        }
    }

    /// The native function that runs a step, where one does.
    fn native(&self, step: &Step) -> Option<Native> {
        native(self.platform, &step.function).filter(|_| !self.runner.replaces_native(&step.function))
    }

    /// Calls a function until it has seen what it asks for.
    fn until_stable(
        &self,
        step: &Step,
        native: Option<Native>,
        request: &mut RunFunctionRequest,
        outcome: &mut Outcome,
    ) -> Result<(RunFunctionResponse, Trace), FunctionError> {
        let given = (request.required_resources.clone(), request.required_schemas.clone());
        let mut previous = crate::function::Requirements::default();
        for iteration in 0..=MAX_REQUIREMENTS_ITERATIONS {
            let (response, trace) = self.call(step, native, request)?;
            let fatal = response.results.iter().any(|result| result.severity == FunctionSeverity::Fatal);
            if fatal || response.requirements == previous {
                return Ok((response, trace));
            }
            let (mut resources, mut schemas) = given.clone();
            let mut extra = BTreeMap::new();
            self.fetch(&response.requirements.extra_resources, &mut extra, outcome);
            self.fetch(&response.requirements.resources, &mut resources, outcome);
            for (name, (api_version, kind)) in &response.requirements.schemas {
                outcome.schemas.push((api_version.clone(), kind.clone()));
                let kind = GroupVersionKind::new(api_version, kind);
                schemas.insert(name.clone(), self.store.schema(&kind));
            }
            let seen = iteration == 0
                && request.required_resources == resources
                && request.extra_resources == extra
                && request.required_schemas == schemas;
            if seen {
                return Ok((response, trace));
            }
            request.required_resources = resources;
            request.extra_resources = extra;
            request.required_schemas = schemas;
            request.context = response.context.unwrap_or_else(|| json!({}));
            previous = response.requirements;
        }
        Err(FunctionError::Failed {
            function: step.function.clone(),
            target: "its requirements".to_owned(),
            reason: format!(
                "requirements didn't stabilize after the maximum number of iterations ({MAX_REQUIREMENTS_ITERATIONS})"
            ),
        })
    }

    fn fetch(
        &self,
        selectors: &BTreeMap<String, ResourceSelector>,
        into: &mut BTreeMap<String, Vec<FunctionResource>>,
        outcome: &mut Outcome,
    ) {
        for (name, selector) in selectors {
            outcome.selectors.push(selector.clone());
            into.insert(name.clone(), self.store.select(selector).unwrap_or_default());
        }
    }

    fn call(
        &self,
        step: &Step,
        native: Option<Native>,
        request: &mut RunFunctionRequest,
    ) -> Result<(RunFunctionResponse, Trace), FunctionError> {
        let plain = |response| Ok((response, Trace::default()));
        match native {
            Some(Native::PatchAndTransform) => Ok(self.patch_and_transform(step, request)),
            // It asks for nothing, so it is not called again and may keep what is desired.
            Some(Native::AutoReady) => plain(auto_ready::run_on(std::mem::take(&mut request.desired), request)),
            Some(Native::EnvironmentConfigs) => plain(environment_configs::run(request)),
            None => self.runner.run(&step.function, request).and_then(plain),
        }
    }

    fn patch_and_transform(&self, step: &Step, request: &RunFunctionRequest) -> (RunFunctionResponse, Trace) {
        let compiled = self.compiled.of_step(self.composition, step);
        match compiled.as_ref() {
            Ok(compiled) => patch_and_transform::run(compiled, request),
            Err(fault) => {
                let response = RunFunctionResponse {
                    results: vec![crate::function::FunctionResult {
                        severity: FunctionSeverity::Fatal,
                        message: fault.message.clone(),
                        reason: None,
                        to_claim: false,
                    }],
                    ..RunFunctionResponse::default()
                };
                (response, Trace { fault: Some(fault.clone()), ..Trace::default() })
            }
        }
    }
}

fn left_out(step: &Step, request: RunFunctionRequest, outcome: &mut Outcome) {
    outcome.desired = request.desired;
    outcome.context = request.context;
    outcome.results.push(StepResult {
        step: Some(step.name.clone()),
        severity: ResultSeverity::Warning,
        reason: StepResult::SKIPPED.to_owned(),
        message: format!(
            "function {:?} was not run: what it adds, changes or removes is not in this plan",
            step.function
        ),
        to_claim: false,
    });
    outcome
        .trace
        .composite_unknowns
        .push(Unknown { field: FieldPath::default(), reason: format!("step {:?} was skipped", step.name) });
}

fn not_run(step: &Step, error: &FunctionError) -> Failure {
    let hint = match error {
        FunctionError::Unavailable { function } => Some(format!(
            "run the function and give --function {function}=HOST:PORT, or plan the rest with --skip-unavailable-functions"
        )),
        FunctionError::Failed { target, .. } => Some(format!("check that the function runs at {target}")),
        FunctionError::NotReady { function, .. } => Some(format!("kubectl describe function {function} says more")),
        FunctionError::Unlisted { .. } => None,
    };
    Failure {
        step: Some(step.name.clone()),
        resource: None,
        path: Some(step.path().key("functionRef").key("name")),
        message: format!("cannot run Composition pipeline step \"{}\": {error}", step.name),
        hint,
    }
}

/// What goes over the wire to the next step: doubles only.
fn to_struct(mut state: State) -> State {
    let change = |resource: &mut FunctionResource| go_json::make_struct(&mut resource.resource);
    change(&mut state.composite);
    state.resources.values_mut().for_each(change);
    state
}

/// A Secret's data, decoded; keys that do not decode are left out.
pub fn secret_data(secret: &Value) -> BTreeMap<String, Vec<u8>> {
    use base64::Engine as _;
    let data = object::value_at(secret, &["data"]).and_then(Value::as_object).into_iter().flatten();
    let decode = |value: &Value| base64::engine::general_purpose::STANDARD.decode(value.as_str()?).ok();
    data.filter_map(|(key, value)| Some((key.clone(), decode(value)?))).collect()
}

fn step_result(step: &Step, result: crate::function::FunctionResult) -> StepResult {
    let (severity, message) = match result.severity {
        FunctionSeverity::Normal => (ResultSeverity::Normal, result.message),
        FunctionSeverity::Unspecified => (
            ResultSeverity::Warning,
            format!(
                "Pipeline step \"{}\" returned a result of unknown severity (assuming warning): {}",
                step.name, result.message
            ),
        ),
        _ => (ResultSeverity::Warning, result.message),
    };
    StepResult {
        step: Some(step.name.clone()),
        severity,
        reason: result.reason.filter(|reason| !reason.is_empty()).unwrap_or_else(|| "ComposeResources".to_owned()),
        message,
        to_claim: result.to_claim,
    }
}

fn fatal(step: &Step, message: &str, fault: Option<&Fault>) -> Failure {
    let path = fault.map(|fault| step.input_path().concat(&fault.place));
    Failure {
        step: Some(step.name.clone()),
        resource: fault.and_then(|fault| fault.resource.clone()),
        path: path.or_else(|| Some(step.path())),
        message: format!("pipeline step \"{}\" returned a fatal result: {message}", step.name),
        hint: None,
    }
}

/// Adds what one step's trace says to the pipeline's, under the step's name.
fn merge_trace(total: &mut Trace, mut new: Trace, step: &str) {
    for origin in new.resources.values_mut().flat_map(|origins| origins.values_mut()).chain(new.composite.values_mut())
    {
        step.clone_into(&mut origin.step);
    }
    for (name, origins) in new.resources {
        total.resources.entry(name).or_default().extend(origins);
    }
    for (name, unknowns) in new.unknowns {
        total.unknowns.entry(name).or_default().extend(unknowns);
    }
    total.composite.extend(new.composite);
    total.composite_unknowns.extend(new.composite_unknowns);
    total.fault = new.fault;
}
