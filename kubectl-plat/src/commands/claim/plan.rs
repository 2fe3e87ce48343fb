//! `kubectl plat claim plan`: what would change, and why.

use clap::{Args, ValueEnum};
use plat_plan::guardrails::{self, Extent};
use plat_plan::render::{self, TextOptions};
use plat_plan::{ClaimPlan, Plan, Planner, PlatformSchemas, Subject, Summary};
use plat_resource::{Diagnostic, yaml};

use crate::arguments::{EngineArgs, GuardrailArgs, InputArgs};
use crate::commands::TEMPLATE;
use crate::engine::Input;
use crate::error::CommandError;
use crate::exit::{self, Exit};
use crate::load::Files;
use crate::policies::{Policies, with_hints};
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
  kubectl plat claim plan -f claims/ --platform platform/ --policies policies/
  kubectl plat claim plan -f claims/ --platform platform/ -o markdown > comment.md
")]
pub(super) struct PlanArgs {
    #[command(flatten)]
    input: InputArgs,

    #[command(flatten)]
    guardrails: GuardrailArgs,

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
    let mut files = Files::default();
    let mut input = Input::read(&arguments.input, &mut files, &mut findings).into_applied();
    let policies = Policies::read(&arguments.guardrails, input.live_objects(), &mut files, &mut findings);
    policies.mutate(&mut input.documents, &mut findings);
    let schemas = PlatformSchemas::new(&input.platform);
    let options = TextOptions { color: ui.color_answer(), ..TextOptions::default() };
    let pieces = input.expand(&arguments.engine, &mut findings, || {
        let (schemas, policies, options) = (&schemas, &policies, &options);
        let mut planner = Planner::new(schemas);
        move |document, observed, expansion| {
            let judge = || guardrails::review_expansion(&expansion, observed, Extent::All, schemas, policies);
            let verdicts = if policies.is_empty() { Vec::new() } else { with_hints(judge()) };
            let claim = planner.claim(&Subject {
                file: Some(document.file()),
                given: Some(&document.value),
                expansion: &expansion,
                observed,
                warnings: &[],
                verdicts: &verdicts,
            });
            Piece::of(claim, arguments.output, options)
        }
    });
    if findings.iter().any(Diagnostic::is_error) {
        return Err(CommandError::input(findings, OUTCOME));
    }
    ui.warn(&findings);
    let summary = answer(ui, arguments, pieces)?;
    Ok(match summary {
        _ if summary.guardrails.denied > 0 => Exit::Denied,
        _ if arguments.detailed_exitcode && summary.has_changes() => Exit::Changes,
        _ => Exit::Done,
    })
}

/// What is kept of the plan of one claim: its text, where text is wanted, takes less room than all that is known.
enum Piece {
    Text(String, Summary),
    Claim(Box<ClaimPlan>),
}

impl Piece {
    fn of(claim: ClaimPlan, format: PlanFormat, options: &TextOptions) -> Self {
        match format {
            PlanFormat::Text => Self::Text(render::text_of_claim(&claim, options), claim.summary),
            _ => Self::Claim(Box::new(claim)),
        }
    }
}

fn answer(ui: &Ui, arguments: &PlanArgs, pieces: Vec<Piece>) -> Result<Summary, CommandError> {
    let mut summary = Summary::default();
    let mut texts = Vec::new();
    let mut claims = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Text(text, of_claim) => {
                summary.add_all(&of_claim);
                texts.extend([text, "\n".to_owned()]);
            }
            Piece::Claim(claim) => claims.push(*claim),
        }
    }
    if matches!(arguments.output, PlanFormat::Text) {
        texts.push(render::text_of_summary(&summary));
        ui.answer_in_parts(&texts)?;
        return Ok(summary);
    }
    let plan = Plan::of(arguments.engine.compatibility.into(), claims);
    ui.answer(written(&plan, arguments.output)?)?;
    Ok(plan.summary)
}

fn written(plan: &Plan, format: PlanFormat) -> Result<String, CommandError> {
    Ok(match format {
        PlanFormat::Text => render::text(plan, &TextOptions::default()),
        PlanFormat::Markdown => render::markdown(plan),
        PlanFormat::Json => render::json(plan).map_err(std::io::Error::from)?,
        PlanFormat::Yaml => yaml::to_string(&serde_json::to_value(plan).map_err(std::io::Error::from)?),
    })
}
