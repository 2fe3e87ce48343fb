//! `kubectl plat internal`: entry points for other programs. Hidden; the formats are those programs' own.
//!
//! `internal render` is what `crossplane composition render --crossplane-binary` runs: a RenderRequest on stdin, its
//! RenderResponse on stdout, exit code 3 where a function stopped the pipeline.

use std::collections::BTreeMap;
use std::io::{self, Read as _};

use clap::{Args, Subcommand};
use plat_cluster::render::{
    self as protocol, CompositeInput, Event, RenderRequest, RenderResponse, resource_selector, schema_selector,
};
use plat_expand::function::FunctionRunner;
use plat_expand::native::CompiledInputs;
use plat_expand::render::{Rendered, Renderer, Subject, check_observed};
use plat_expand::store::Store;
use plat_expand::{Compatibility, ResultSeverity, names};
use plat_platform::{Composition, Platform};
use plat_resource::{Diagnostic, Document, GroupVersionKind, Value, object};
use serde_json::json;

use crate::engine::Functions;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::Ui;

const OUTCOME: &str = "nothing was rendered";

/// Entry points for other programs
#[derive(Debug, Args)]
pub(super) struct InternalArgs {
    #[command(subcommand)]
    command: InternalCommand,
}

#[derive(Debug, Subcommand)]
enum InternalCommand {
    /// Read a RenderRequest (protobuf) on stdin, write its RenderResponse to stdout
    Render,
}

pub(super) fn run(ui: &Ui, arguments: &InternalArgs) -> Result<Exit, CommandError> {
    match arguments.command {
        InternalCommand::Render => render(ui),
    }
}

fn render(ui: &Ui) -> Result<Exit, CommandError> {
    let mut request = Vec::new();
    io::stdin().lock().read_to_end(&mut request)?;
    let input = match protocol::decode_request(&request).map_err(refused)? {
        RenderRequest::Composite(input) => input,
        RenderRequest::Operation => return Err(refused("plat renders composite resources, not operations")),
    };
    let (platform, findings) = platform(&input);
    let name = object::name(&input.composition);
    let Some(composition) = platform.composition(name) else {
        return Err(CommandError::input(findings, OUTCOME));
    };
    let (rendered, exit) = reconcile(&input, &platform, composition)?;
    if let Some(failure) = &rendered.expansion.fatal {
        ui.warn(&[Diagnostic::error(format!("cannot compose resources: {}", failure.message))]);
    }
    ui.answer(protocol::encode_response(&response(rendered)).map_err(refused)?)?;
    Ok(exit)
}

fn platform(input: &CompositeInput) -> (Platform, Vec<Diagnostic>) {
    let definition = input.composite_resource_definition.as_ref().map(|value| (value, "XRD"));
    let documents = [Some((&input.composition, "Composition")), definition].into_iter().flatten();
    Platform::load(documents.map(|(value, name)| Document::synthetic(value.clone(), name)).collect())
}

/// One reconcile. Fails where Crossplane's own would, except where a function stopped the pipeline.
fn reconcile(
    input: &CompositeInput,
    platform: &Platform,
    composition: &Composition,
) -> Result<(Rendered, Exit), CommandError> {
    let composite = &input.composite_resource;
    let kind = GroupVersionKind::of(composite);
    let offline = names::offline_uid(&kind, object::namespace(composite), object::name(composite));
    let uid = Some(object::uid(composite)).filter(|uid| !uid.is_empty()).unwrap_or(&offline);
    let faults = check_observed(composite, uid, &input.observed_resources);
    if !faults.is_empty() {
        return Err(refused(format!("invalid observed resources: {}", faults.join("; "))));
    }
    let addresses = input.functions.iter().rev().map(|function| (function.name.clone(), function.address.clone()));
    let functions = Functions::at(addresses.collect());
    let store = store(input, platform);
    let engine = Renderer {
        platform,
        runner: &functions as &dyn FunctionRunner,
        compiled: &CompiledInputs::default(),
        compatibility: Compatibility::default(),
        skip_unavailable: false,
    };
    let rendered = engine.render(Subject {
        composite,
        legacy: platform.kind(&kind).is_some_and(|found| found.definition.is_legacy()),
        composition,
        observed: &input.observed_resources,
        connection_details: &BTreeMap::new(),
        store: &store,
        context: &json!({}),
    });
    match &rendered.expansion.fatal {
        None => Ok((rendered, Exit::Done)),
        Some(_) if rendered.outcome.fatal => Ok((rendered, Exit::Fatal)),
        Some(failure) => Err(refused(format!("cannot compose resources: {}", failure.message))),
    }
}

/// What functions may look up: required resources, credentials and schemas.
fn store<'a>(input: &'a CompositeInput, platform: &'a Platform) -> Store<'a> {
    let objects = input.required_resources.iter().chain(&input.observed_resources).chain(&input.credentials);
    let mut store = Store::of_platform(platform, objects);
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

fn response(rendered: Rendered) -> RenderResponse {
    let Rendered { expansion, bare_composite, outcome } = rendered;
    let events = expansion.results.into_iter().map(|result| Event {
        kind: match result.severity {
            ResultSeverity::Normal => "Normal".to_owned(),
            ResultSeverity::Warning => "Warning".to_owned(),
        },
        reason: result.reason,
        message: result.message,
    });
    RenderResponse {
        composite_resource: Some(bare_composite),
        composed_resources: expansion.composed.into_iter().map(|composed| composed.object).collect(),
        deleted_resources: expansion.removed.into_iter().map(|removed| removed.object).collect(),
        events: events.collect(),
        required_resources: outcome.selectors.iter().map(resource_selector).collect(),
        required_schemas: outcome.schemas.iter().map(|(version, kind)| schema_selector(version, kind)).collect(),
    }
}

fn refused(cause: impl std::fmt::Display) -> CommandError {
    let finding = Diagnostic::error("the render request cannot be answered").because(cause.to_string());
    CommandError::input(vec![finding], OUTCOME)
}
