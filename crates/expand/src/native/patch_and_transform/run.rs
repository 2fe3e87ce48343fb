//! One run: environment patches, then templates in order, then the connection secret, the XR and the context.

use std::collections::BTreeMap;

use plat_resource::{FieldPath, GroupVersionKind, Value};
use serde_json::json;

use super::input::{Patch, Template, indexed};
use super::patch::{PatchError, Target};
use super::{Compiled, ENVIRONMENT_KEY, Fault, Trace, connection, origin, patch, readiness};
use crate::budget::Budget;
use crate::function::{
    FunctionResource, FunctionResult, FunctionSeverity, Ready, RunFunctionRequest, RunFunctionResponse,
};
use crate::go::unstructured;
use crate::model::Unknown;

/// Runs a compiled input. Numbers in `request` look to transforms as they are: doubles where the request has been
/// through protobuf (as in a pipeline), integers where it has not (as in Resources mode).
pub fn run(compiled: &Compiled, request: &RunFunctionRequest) -> (RunFunctionResponse, Trace) {
    let mut session = Session::new(request);
    let outcome = session.environment(compiled).and_then(|()| session.templates(compiled));
    let outcome = outcome.and_then(|()| session.connection_secret(compiled));
    match outcome {
        Ok(()) => session.finish(),
        Err(fault) => session.stop(fault),
    }
}

/// Fields of an XR that only the API server decides; a plan made before the XR exists must not pretend to know them.
const DECIDED_ON_CREATE: [&str; 3] = ["metadata.uid", "metadata.resourceVersion", "metadata.creationTimestamp"];

struct Session<'a> {
    request: &'a RunFunctionRequest,
    desired_composite: Target,
    connection_details: connection::Details,
    resources: BTreeMap<String, FunctionResource>,
    environment: Target,
    results: Vec<FunctionResult>,
    trace: Trace,
    /// Whether a template was left out because a required field is not there yet.
    left_out: bool,
    budget: Budget,
}

impl<'a> Session<'a> {
    fn new(request: &'a RunFunctionRequest) -> Self {
        let observed = &request.observed.composite.resource;
        let mut desired_composite = request.desired.composite.resource.clone();
        if !desired_composite.is_object() {
            desired_composite = json!({});
        }
        for key in ["apiVersion", "kind"] {
            desired_composite[key] = observed.get(key).cloned().unwrap_or_default();
        }
        let mut environment = request.context.get(ENVIRONMENT_KEY).filter(|found| found.is_object()).cloned();
        let environment = environment.get_or_insert_with(|| json!({}));
        if GroupVersionKind::of(environment) == GroupVersionKind::default() {
            environment["apiVersion"] = json!("internal.crossplane.io/v1alpha1");
            environment["kind"] = json!("Environment");
        }
        Self {
            desired_composite: Target::new(desired_composite),
            connection_details: request.desired.composite.connection_details.clone(),
            resources: request.desired.resources.clone(),
            environment: Target::new(environment.take()),
            results: Vec::new(),
            trace: Trace::default(),
            left_out: false,
            budget: Budget::default(),
            request,
        }
    }

    fn environment(&mut self, compiled: &Compiled) -> Result<(), Fault> {
        let patches = compiled.resources.environment.as_ref().map(|found| found.patches.as_slice()).unwrap_or_default();
        for (index, found) in patches.iter().enumerate() {
            let observed = &self.request.observed.composite.resource;
            let to_environment =
                matches!(found.kind(), "FromCompositeFieldPath" | "ToEnvironmentFieldPath" | "CombineFromComposite");
            let applied = if to_environment {
                patch::apply(found, observed, &mut self.environment, &mut self.budget).map(|_| ())
            } else {
                let origin = origin(found, index, "", "environment");
                patch::apply(found, &self.environment.object, &mut self.desired_composite, &mut self.budget).map(
                    |paths| {
                        self.trace.composite.extend(paths.into_iter().map(|path| (path, origin.clone())));
                    },
                )
            };
            match applied {
                Ok(()) => {}
                Err(error) if error.not_found && found.from_policy() == "Optional" => {}
                Err(error) => {
                    return Err(Fault {
                        message: format!(
                            "cannot apply the \"{}\" environment patch at index {index}: {}",
                            found.kind(),
                            error.message
                        ),
                        place: found.place.clone(),
                        resource: None,
                    });
                }
            }
        }
        Ok(())
    }

    fn templates(&mut self, compiled: &Compiled) -> Result<(), Fault> {
        for (index, template) in compiled.templates.iter().enumerate() {
            let place = indexed(&FieldPath::default().key("resources"), index);
            let mut desired = self.base(template, &place)?;
            let observed = self.request.observed.resources.get(&template.name);
            if let Some(observed) = observed {
                self.adopt(template, observed, &mut desired);
            }
            let object = desired.resource.take();
            // Compiling an input has made the numbers of bases what they are to be.
            let mut target = if template.base.is_some() { Target::normal(object) } else { Target::new(object) };
            let is_wanted = self.patches(template, observed, &mut target)?;
            if is_wanted {
                desired.resource = target.object;
                self.resources.insert(template.name.clone(), desired);
            }
        }
        Ok(())
    }

    fn base(&self, template: &Template, place: &FieldPath) -> Result<FunctionResource, Fault> {
        let name = &template.name;
        let fault = |message: String, place: FieldPath| Fault { message, place, resource: Some(name.clone()) };
        let Some(base) = &template.base else {
            let produced = self.resources.get(name).ok_or_else(|| {
                fault(
                    format!(
                        "composed resource \"{name}\" has no base template, and was not produced by a previous Function in the pipeline"
                    ),
                    place.clone(),
                )
            })?;
            return Ok(FunctionResource { resource: produced.resource.clone(), ..FunctionResource::default() });
        };
        let has_kind = base.get("kind").and_then(Value::as_str).is_some_and(|kind| !kind.is_empty());
        if !has_kind {
            let text = crate::go::json::marshal(base);
            let reason = format!("Object 'Kind' is missing in '{text}'");
            return Err(fault(
                format!("cannot parse base template of composed resource \"{name}\": {reason}"),
                place.key("base"),
            ));
        }
        Ok(FunctionResource { resource: base.clone(), ..FunctionResource::default() })
    }

    fn adopt(&mut self, template: &Template, observed: &FunctionResource, desired: &mut FunctionResource) {
        for key in ["namespace", "name"] {
            let value = unstructured::metadata(&observed.resource, key).to_owned();
            unstructured::set_metadata(&mut desired.resource, key, &value);
        }
        self.connection_details.extend(connection::extract(observed, &template.connection_details));
        match readiness::is_ready(&observed.resource, &template.readiness_checks) {
            Ok(true) => desired.ready = Ready::True,
            Ok(false) => {}
            Err(reason) => {
                self.warn(format!("cannot check readiness of composed resource \"{}\": {reason}", template.name));
            }
        }
    }

    /// Applies the patches of one template; false when the resource must not be added yet.
    fn patches(
        &mut self,
        template: &Template,
        observed: Option<&FunctionResource>,
        desired: &mut Target,
    ) -> Result<bool, Fault> {
        let name = &template.name;
        for (index, found) in template.patches.iter().enumerate() {
            let error = match self.patch(found, index, name, observed, desired) {
                Ok(()) => continue,
                Err(error) => error,
            };
            let kind = found.kind();
            let message = error.message;
            if !error.not_found {
                return Err(Fault {
                    message: format!(
                        "cannot render composed resource \"{name}\" \"{kind}\" patch at index {index}: {message}"
                    ),
                    place: found.place.clone(),
                    resource: Some(name.clone()),
                });
            }
            if found.from_policy() == "Required" {
                if to_composed(found) && observed.is_none() {
                    let warning = format!(
                        "not adding new composed resource \"{name}\" to desired state because \"{kind}\" patch at index {index} has 'policy.fromFieldPath: Required': {message}"
                    );
                    self.left_out = true;
                    self.warn(warning);
                    return Ok(false);
                }
                self.warn(format!(
                    "cannot render composed resource \"{name}\" \"{kind}\" patch at index {index}: ignoring 'policy.fromFieldPath: Required' because 'to' resource already exists: {message}"
                ));
            }
        }
        Ok(true)
    }

    fn patch(
        &mut self,
        found: &Patch,
        index: usize,
        name: &str,
        observed: Option<&FunctionResource>,
        desired: &mut Target,
    ) -> Result<(), PatchError> {
        let composite = &self.request.observed.composite.resource;
        match found.kind() {
            "FromCompositeFieldPath" | "CombineFromComposite" => {
                let paths = patch::apply(found, composite, desired, &mut self.budget)?;
                self.note_unknown(found, name, &paths);
                self.note(found, index, name, "composite", paths);
            }
            "FromEnvironmentFieldPath" | "CombineFromEnvironment" => {
                let paths = patch::apply(found, &self.environment.object, desired, &mut self.budget)?;
                self.note(found, index, name, "environment", paths);
            }
            kind => {
                let Some(observed) = observed else {
                    self.note_not_yet(found, name);
                    return Ok(());
                };
                if kind.ends_with("ToComposite") || kind == "ToCompositeFieldPath" {
                    let paths = patch::apply(found, &observed.resource, &mut self.desired_composite, &mut self.budget)?;
                    let origin = origin(found, index, name, name);
                    self.trace.composite.extend(paths.into_iter().map(|path| (path, origin.clone())));
                } else {
                    patch::apply(found, &observed.resource, &mut self.environment, &mut self.budget)?;
                }
            }
        }
        Ok(())
    }

    fn note(&mut self, found: &Patch, index: usize, name: &str, source: &str, paths: Vec<FieldPath>) {
        let origin = origin(found, index, name, source);
        let origins = self.trace.resources.entry(name.to_owned()).or_default();
        origins.extend(paths.into_iter().map(|path| (path, origin.clone())));
    }

    /// A value made from what the API server decides on create is known only once the XR exists.
    fn note_unknown(&mut self, found: &Patch, name: &str, paths: &[FieldPath]) {
        let Some(source) = found.sources().into_iter().find(|path| DECIDED_ON_CREATE.contains(&path.as_str())) else {
            return;
        };
        let reason = format!("made from {source} of the XR, which the API server decides");
        let unknowns = paths.iter().map(|path| Unknown { field: path.clone(), reason: reason.clone() });
        self.trace.unknowns.entry(name.to_owned()).or_default().extend(unknowns);
    }

    fn note_not_yet(&mut self, found: &Patch, name: &str) {
        if !found.kind().contains("ToComposite") {
            return;
        }
        if let Ok(field) = FieldPath::parse(found.to()) {
            let reason = format!("taken from {} of \"{name}\", which does not exist yet", found.sources().join(", "));
            self.trace.composite_unknowns.push(Unknown { field, reason });
        }
    }

    fn warn(&mut self, message: String) {
        self.result(FunctionSeverity::Warning, message);
    }

    fn result(&mut self, severity: FunctionSeverity, message: String) {
        self.results.push(FunctionResult { severity, message, reason: None, to_claim: false });
    }

    fn connection_secret(&mut self, compiled: &Compiled) -> Result<(), Fault> {
        let composite = &self.request.observed.composite.resource;
        if connection::supports_details(composite) || self.connection_details.is_empty() {
            return Ok(());
        }
        let reference = compiled.resources.write_connection_secret_to_ref.as_ref();
        let secret =
            connection::compose_secret(composite, &self.connection_details, reference).map_err(|reason| Fault {
                message: format!("cannot compose connection secret: {reason}"),
                place: FieldPath::default().key("writeConnectionSecretToRef"),
                resource: None,
            })?;
        let name = format!("{}-connection-secret", unstructured::metadata(composite, "name"));
        self.resources.insert(name, secret);
        Ok(())
    }

    fn finish(mut self) -> (RunFunctionResponse, Trace) {
        let mut response = RunFunctionResponse::default();
        response.desired.composite = FunctionResource {
            resource: self.desired_composite.object,
            connection_details: self.connection_details,
            ready: if self.left_out { Ready::False } else { Ready::Unspecified },
        };
        response.desired.resources = self.resources;
        response.results = std::mem::take(&mut self.results);
        let mut context = self.request.context.clone();
        if !context.is_object() {
            context = json!({});
        }
        context[ENVIRONMENT_KEY] = self.environment.object;
        response.context = Some(context);
        (response, self.trace)
    }

    fn stop(mut self, fault: Fault) -> (RunFunctionResponse, Trace) {
        self.result(FunctionSeverity::Fatal, fault.message.clone());
        let response = RunFunctionResponse {
            desired: self.request.desired.clone(),
            results: self.results,
            context: Some(self.request.context.clone()),
            ..RunFunctionResponse::default()
        };
        self.trace.fault = Some(fault);
        (response, self.trace)
    }
}

fn to_composed(found: &Patch) -> bool {
    matches!(
        found.kind(),
        "FromCompositeFieldPath" | "CombineFromComposite" | "FromEnvironmentFieldPath" | "CombineFromEnvironment"
    )
}
