//! `kubectl plat claim render`: the objects themselves.

use clap::{Args, ValueEnum};
use plat_expand::{Expansion, Observed, StepResult, conditions};
use plat_platform::Mode;
use plat_resource::{Diagnostic, Document, Value, yaml};
use serde_json::json;

use crate::arguments::{EngineArgs, InputArgs};
use crate::commands::TEMPLATE;
use crate::engine::Input;
use crate::error::CommandError;
use crate::exit::{self, Exit};
use crate::load::Files;
use crate::ui::Ui;

const OUTCOME: &str = "nothing was rendered";

/// What `crossplane composition render` calls its own kinds.
const RENDER_API: &str = "render.crossplane.io/v1beta1";

/// Print the XR of a claim and everything it is composed of
#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, after_help = exit::HELP, before_help = "\
Compares, document by document, with crossplane composition render -x.

Examples:
  kubectl plat claim render -f claim.yaml --platform platform/
  kubectl plat claim render -f xr.yaml --platform platform/ -r -c
  kubectl plat claim render -f claims/ --platform platform/ -o json
")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own, as crossplane render has them")]
pub(super) struct RenderArgs {
    #[command(flatten)]
    input: InputArgs,

    #[command(flatten)]
    engine: EngineArgs,

    /// Output format
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t, help_heading = "Output options")]
    output: RenderFormat,

    /// Add what functions said, as objects of kind Result
    #[arg(short = 'r', long, help_heading = "Output options")]
    include_function_results: bool,

    /// Add the pipeline's context, as an object of kind Context
    #[arg(short = 'c', long, help_heading = "Output options")]
    include_context: bool,

    /// Add what nested XRs are composed of
    #[arg(long, help_heading = "Output options")]
    include_nested: bool,

    /// Accepted for those who paste a crossplane render command: the whole XR is always printed
    #[arg(short = 'x', long, hide = true)]
    include_full_xr: bool,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum RenderFormat {
    #[default]
    Yaml,
    Json,
}

pub(super) fn run(ui: &Ui, arguments: &RenderArgs) -> Result<Exit, CommandError> {
    let mut findings = Vec::new();
    let input = Input::read(&arguments.input, &mut Files::default(), &mut findings);
    let of_expansion = |_: &Document, _: &Observed, expansion: Expansion| {
        let mode = input.platform.composition(&expansion.composition).map(|composition| &composition.mode);
        // Only a pipeline has a context.
        let with_context = arguments.include_context && !matches!(mode, Some(Mode::Resources { .. }));
        documents(expansion, arguments, with_context)
    };
    let objects = input.expand(&arguments.engine, &mut findings, || of_expansion).concat();
    if findings.iter().any(Diagnostic::is_error) {
        for finding in &mut findings {
            // The engine's words are those of a plan.
            if let Some(subject) = finding.message.strip_suffix("cannot be planned") {
                finding.message = format!("{subject}cannot be rendered");
            }
        }
        return Err(CommandError::input(findings, OUTCOME));
    }
    ui.warn(&findings);
    ui.answer(match arguments.output {
        RenderFormat::Yaml => objects.iter().flat_map(|object| ["---\n".to_owned(), yaml::to_string(object)]).collect(),
        RenderFormat::Json => format!("{:#}\n", json!({"apiVersion": "v1", "kind": "List", "items": objects})),
    })?;
    Ok(Exit::Done)
}

/// The XR, its composed resources, then what the pipeline said and its context.
fn documents(mut expansion: Expansion, arguments: &RenderArgs, with_context: bool) -> Vec<Value> {
    let results = std::mem::take(&mut expansion.results);
    let context = std::mem::take(&mut expansion.context);
    let mut objects = Vec::new();
    collect(expansion, arguments.include_nested, &mut objects);
    objects.iter_mut().for_each(conditions::as_printed);
    if arguments.include_function_results {
        objects.extend(results.iter().map(result));
    }
    if with_context {
        objects.push(json!({"apiVersion": RENDER_API, "kind": "Context", "fields": context}));
    }
    objects
}

fn collect(expansion: Expansion, include_nested: bool, objects: &mut Vec<Value>) {
    objects.push(expansion.composite);
    let mut nested = Vec::new();
    for composed in expansion.composed {
        match composed.nested.filter(|_| include_nested) {
            // What is nested says more of the same object than its parent does: its status and references.
            Some(expansion) => nested.push(expansion),
            None => objects.push(composed.object),
        }
    }
    for expansion in nested {
        collect(*expansion, include_nested, objects);
    }
}

fn result(result: &StepResult) -> Value {
    let message = match &result.step {
        Some(step) if !result.message.starts_with("Pipeline step") => {
            format!("Pipeline step \"{step}\": {}", result.message)
        }
        _ => result.message.clone(),
    };
    json!({
        "apiVersion": RENDER_API,
        "kind": "Result",
        "severity": result.severity,
        "reason": result.reason,
        "message": message,
    })
}
