//! `kubectl plat claim plan`: what would change, and why.

use clap::{Args, ValueEnum};
use plat_plan::render::{self, TextOptions};
use plat_plan::{Plan, Planner, PlatformSchemas, Subject};
use plat_resource::{Diagnostic, yaml};

use crate::arguments::{EngineArgs, InputArgs};
use crate::commands::TEMPLATE;
use crate::engine::Input;
use crate::error::CommandError;
use crate::exit::{self, Exit};
use crate::ui::Ui;

const OUTCOME: &str = "nothing was planned";

/// Show what a claim or XR would change, and where each change comes from
#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, after_help = exit::HELP, before_help = "\
Without --observed everything is new. Planning writes nothing.

Examples:
  kubectl plat claim plan -f claim.yaml --platform platform/
  kubectl plat claim plan -f claims/ -R --platform platform/ --observed live/
  kubectl get sqlinstance orders-db -o yaml | kubectl plat claim plan -f - --platform platform/
  kubectl plat claim plan -f claims/ --platform platform/ -o markdown > comment.md
")]
pub(super) struct PlanArgs {
    #[command(flatten)]
    input: InputArgs,

    #[command(flatten)]
    engine: EngineArgs,

    /// Output format
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t, help_heading = "Output options")]
    output: PlanFormat,

    /// Exit with 2 where there are changes
    #[arg(long, help_heading = "Output options")]
    detailed_exitcode: bool,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum PlanFormat {
    #[default]
    Text,
    Json,
    Yaml,
    Markdown,
}

pub(super) fn run(ui: &Ui, arguments: &PlanArgs) -> Result<Exit, CommandError> {
    let mut findings = Vec::new();
    let input = Input::read(&arguments.input, &mut findings).into_applied();
    let schemas = PlatformSchemas::new(&input.platform);
    let mut planner = Planner::new(&schemas);
    let mut claims = Vec::new();
    input.expand(&arguments.engine, &mut findings, |document, observed, expansion| {
        claims.push(planner.claim(&Subject {
            file: Some(document.file()),
            given: Some(&document.value),
            expansion: &expansion,
            observed,
            warnings: &[],
        }));
    });
    if findings.iter().any(Diagnostic::is_error) {
        return Err(CommandError::input(findings, OUTCOME));
    }
    ui.warn(&findings);
    let plan = Plan::of(arguments.engine.compatibility.into(), claims);
    ui.answer(written(&plan, arguments, ui.color_answer())?)?;
    Ok(if arguments.detailed_exitcode && plan.has_changes() { Exit::Changes } else { Exit::Done })
}

fn written(plan: &Plan, arguments: &PlanArgs, color: bool) -> Result<String, CommandError> {
    Ok(match arguments.output {
        PlanFormat::Text => render::text(plan, &TextOptions { color, ..TextOptions::default() }),
        PlanFormat::Markdown => render::markdown(plan),
        PlanFormat::Json => render::json(plan).map_err(std::io::Error::from)?,
        PlanFormat::Yaml => yaml::to_string(&serde_json::to_value(plan).map_err(std::io::Error::from)?),
    })
}
