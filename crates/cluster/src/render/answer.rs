//! What `internal render` answers: one reconcile of the request's XR, in Crossplane's words.
//!
//! Owns what Crossplane's render command does around its reconciler: the schema of the XR, the in-memory store, which
//! refusals there are. The reconcile itself is [`plat_expand::render`]'s.

use std::collections::{BTreeMap, BTreeSet};

use plat_expand::function::{FunctionError, FunctionRunner, RunFunctionRequest, RunFunctionResponse};
use plat_expand::go::json as go_json;
use plat_expand::native::CompiledInputs;
use plat_expand::pipeline::secret_data;
use plat_expand::render::{
    Rendered, Renderer, Subject, check_observed, observed_references, reconcile_error, set_machinery,
};
use plat_expand::store::Store;
use plat_expand::{Compatibility, ResultSeverity, StepResult, names};
use plat_platform::Platform;
use plat_resource::{Document, GroupVersionKind, ObjectKey, Value, object};
use serde_json::json;

use super::{CompositeInput, Event, RenderResponse, resource_selector, schema_selector};

/// The labels that say which XR and claim composed something; they go before a delete.
const OWNED_LABELS: [&str; 3] =
    ["crossplane.io/composite", "crossplane.io/claim-name", "crossplane.io/claim-namespace"];
/// The scope of XRs that have Crossplane's own fields directly under `spec`.
const LEGACY_SCOPE: &str = "LegacyCluster";

/// What became of a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The response to write.
    pub response: RenderResponse,
    /// Why a function stopped the pipeline, if one did.
    pub fatal: Option<String>,
}

/// Why a request has no response, in Crossplane's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(pub String);

/// Answers `input`. `runner` runs the functions that are not native; a function that the request does not list is refused.
pub fn answer(input: &CompositeInput, runner: &dyn FunctionRunner) -> Result<Answer, Refusal> {
    let composite = &input.composite_resource;
    let kind = GroupVersionKind::of(composite);
    let legacy = is_legacy(&kind, input.composite_resource_definition.as_ref())
        .map_err(|reason| Refusal(format!("cannot select composite resource schema: {reason}")))?;
    let mut composite = composite.clone();
    if object::uid(&composite).is_empty() {
        let uid = names::offline_uid(&kind, object::namespace(&composite), object::name(&composite));
        object::set_metadata(&mut composite, "uid", uid);
    }
    object::set_metadata(&mut composite, "resourceVersion", "999");
    let faults = check_observed(&composite, object::uid(&composite), &input.observed_resources);
    match faults.as_slice() {
        [] => {}
        [fault] => return Err(Refusal(format!("invalid observed resources: {fault}"))),
        faults => return Err(Refusal(format!("invalid observed resources: [{}]", faults.join(", ")))),
    }
    if !input.observed_resources.is_empty() {
        let references = observed_references(&composite, &input.observed_resources);
        set_machinery(&mut composite, legacy, "resourceRefs", references);
    }
    if kind.kind.is_empty() {
        let shown = go_json::marshal(&composite);
        return Err(Refusal(format!(
            "reconcile failed: cannot get composite resource: Object 'Kind' is missing in '{shown}'"
        )));
    }
    reconcile(input, &composite, legacy, runner)
}

/// Which of the two layouts the XR has: that of its XRD, where one is given.
fn is_legacy(kind: &GroupVersionKind, definition: Option<&Value>) -> Result<bool, String> {
    let Some(definition) = definition else { return Ok(false) };
    let name = object::name(definition);
    let scope = object::string_at(definition, &["spec", "scope"]);
    let legacy = match object::string_at(definition, &["apiVersion"]).unwrap_or("") {
        "apiextensions.crossplane.io/v1" => scope.is_none_or(|scope| scope == LEGACY_SCOPE),
        "apiextensions.crossplane.io/v2" => scope == Some(LEGACY_SCOPE),
        other => {
            return Err(format!(
                "CompositeResourceDefinition \"{name}\" has unrecognized apiVersion \"{other}\" (expected one of [apiextensions.crossplane.io/v1 apiextensions.crossplane.io/v2])"
            ));
        }
    };
    let text = |path: &[&str]| object::string_at(definition, path).unwrap_or("").to_owned();
    let (group, defined) = (text(&["spec", "group"]), text(&["spec", "names", "kind"]));
    if (group.as_str(), defined.as_str()) != (kind.group.as_str(), kind.kind.as_str()) {
        return Err(format!(
            "CompositeResourceDefinition \"{name}\" (composite Group={group} Kind={defined}) does not match the input XR's Group={} Kind={}",
            kind.group, kind.kind
        ));
    }
    Ok(legacy)
}

fn reconcile(
    input: &CompositeInput,
    composite: &Value,
    legacy: bool,
    runner: &dyn FunctionRunner,
) -> Result<Answer, Refusal> {
    let (platform, findings) = Platform::load(vec![Document::synthetic(input.composition.clone(), "Composition")]);
    let Some(composition) = platform.composition(object::name(&input.composition)) else {
        let reasons: Vec<String> = findings.iter().map(ToString::to_string).collect();
        return Err(Refusal(format!("cannot convert composition from protobuf: {}", reasons.join("; "))));
    };
    let credentials: Vec<Value> = input.credentials.iter().map(as_secret).collect();
    let store = store(input, composite, &credentials);
    let observed = observed(composite, legacy, &store);
    let functions = Listed { names: input.functions.iter().map(|function| function.name.as_str()).collect(), runner };
    let engine = Renderer {
        platform: &platform,
        runner: &functions,
        compiled: &CompiledInputs::default(),
        compatibility: Compatibility::default(),
        skip_unavailable: false,
    };
    let rendered = engine.render(Subject {
        composite,
        legacy,
        composition,
        connection_details: &connection_details(composite, legacy, &observed, &store),
        observed: &observed,
        store: &store,
        context: &json!({}),
    });
    match &rendered.expansion.fatal {
        Some(failure) if !rendered.outcome.fatal => {
            Err(Refusal(format!("reconcile failed: {}", reconcile_error(failure))))
        }
        failure => {
            let fatal = failure.as_ref().map(reconcile_error);
            let claim = claim_of(composite, legacy, &store);
            Ok(Answer { response: response(rendered, claim), fatal })
        }
    }
}

/// A credential may leave out its kind.
fn as_secret(credential: &Value) -> Value {
    let mut secret = credential.clone();
    if object::string_at(&secret, &["kind"]).unwrap_or("").is_empty()
        && let Some(fields) = secret.as_object_mut()
    {
        fields.insert("apiVersion".to_owned(), json!("v1"));
        fields.insert("kind".to_owned(), json!("Secret"));
    }
    secret
}

/// What there is to look up. Of two objects with the same key, the later one counts.
fn store<'a>(input: &'a CompositeInput, composite: &'a Value, credentials: &'a [Value]) -> Store<'a> {
    let given = input.observed_resources.iter().chain(&input.required_resources).chain(credentials);
    let mut store = Store::new(std::iter::once(composite).chain(given));
    for schemas in &input.required_schemas {
        let schemas = object::value_at(schemas, &["components", "schemas"]).and_then(Value::as_object);
        for schema in schemas.into_iter().flat_map(|schemas| schemas.values()) {
            let kinds = schema.get("x-kubernetes-group-version-kind").and_then(Value::as_array);
            for kind in kinds.into_iter().flatten() {
                let text = |key: &str| object::string_at(kind, &[key]).unwrap_or("").to_owned();
                let kind = GroupVersionKind { group: text("group"), version: text("version"), kind: text("kind") };
                store.add_schema(kind, schema.clone());
            }
        }
    }
    store
}

/// What the XR's references lead to.
fn observed(composite: &Value, legacy: bool, store: &Store<'_>) -> Vec<Value> {
    let path: &[&str] = if legacy { &["spec", "resourceRefs"] } else { &["spec", "crossplane", "resourceRefs"] };
    let own = object::namespace(composite);
    let references = object::value_at(composite, path).and_then(Value::as_array).into_iter().flatten();
    let live = references.filter_map(|reference| {
        let text = |key: &str| object::string_at(reference, &[key]).unwrap_or("");
        let namespace = if own.is_empty() { text("namespace") } else { own };
        let kind = GroupVersionKind::new(text("apiVersion"), text("kind"));
        Some(text("name")).filter(|name| !name.is_empty()).and_then(|name| store.get(&kind, namespace, name))
    });
    live.cloned().collect()
}

/// The Secrets that live resources, and a legacy XR, say they write their connection details to.
fn connection_details(
    composite: &Value,
    legacy: bool,
    observed: &[Value],
    store: &Store<'_>,
) -> BTreeMap<ObjectKey, BTreeMap<String, Vec<u8>>> {
    let own = Some(composite).filter(|_| legacy);
    let found = observed.iter().chain(own).filter_map(|value| {
        let reference =
            |key: &str| object::string_at(value, &["spec", "writeConnectionSecretToRef", key]).unwrap_or("");
        let own = object::namespace(value);
        let namespace = if own.is_empty() { reference("namespace") } else { own };
        let secret = store.get(&GroupVersionKind::new("v1", "Secret"), namespace, reference("name"))?;
        Some((ObjectKey::of(value), secret_data(secret)))
    });
    found.collect()
}

/// Whether there is a claim to tell what a function wants told.
fn claim_of(composite: &Value, legacy: bool, store: &Store<'_>) -> bool {
    let text = |key: &str| object::string_at(composite, &["spec", "claimRef", key]).unwrap_or("");
    let kind = GroupVersionKind::new(text("apiVersion"), text("kind"));
    legacy && store.get(&kind, text("namespace"), text("name")).is_some()
}

fn response(rendered: Rendered, claim: bool) -> RenderResponse {
    let Rendered { expansion, bare_composite, outcome } = rendered;
    RenderResponse {
        composite_resource: Some(bare_composite),
        composed_resources: expansion.composed.into_iter().map(|composed| composed.object).collect(),
        deleted_resources: expansion.removed.into_iter().map(|removed| disowned(removed.object)).collect(),
        events: expansion.results.iter().flat_map(|result| events(result, claim)).collect(),
        required_resources: outcome.selectors.iter().map(resource_selector).collect(),
        required_schemas: outcome.schemas.iter().map(|(version, kind)| schema_selector(version, kind)).collect(),
    }
}

/// What a resource looks like when it is deleted: no longer marked as composed.
fn disowned(mut removed: Value) -> Value {
    let labels = removed.get_mut("metadata").and_then(|metadata| metadata.get_mut("labels"));
    if let Some(labels) = labels.and_then(Value::as_object_mut)
        && labels.values().all(Value::is_string)
    {
        labels.retain(|label, _| !OWNED_LABELS.contains(&label.as_str()));
    }
    removed
}

/// One event on the XR; another on the claim where there is one and the function wants it told.
fn events(result: &StepResult, claim: bool) -> impl Iterator<Item = Event> {
    let event = |message: String| Event {
        kind: match result.severity {
            ResultSeverity::Normal => "Normal".to_owned(),
            ResultSeverity::Warning => "Warning".to_owned(),
        },
        reason: result.reason.clone(),
        message,
    };
    let to_claim = (claim && result.to_claim).then(|| event(result.message.clone()));
    std::iter::once(event(result.full_message())).chain(to_claim)
}

/// Runs only functions that the request lists.
struct Listed<'a> {
    names: BTreeSet<&'a str>,
    runner: &'a dyn FunctionRunner,
}

impl FunctionRunner for Listed<'_> {
    fn replaces_native(&self, function: &str) -> bool {
        !self.names.contains(function) || self.runner.replaces_native(function)
    }

    fn run(&self, function: &str, request: &RunFunctionRequest) -> Result<RunFunctionResponse, FunctionError> {
        if self.names.contains(function) {
            return self.runner.run(function, request);
        }
        Err(FunctionError::Unlisted { function: function.to_owned() })
    }
}
