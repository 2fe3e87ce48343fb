//! `kubectl plat claim plan`: what would change, and why.

use plat_expand::{Expansion, Observed};
use plat_plan::guardrails::{self, Extent, Finding};
use plat_plan::render::{self, TextOptions};
use plat_plan::{ClaimPlan, Plan, Planner, PlatformSchemas, Question, Subject, Summary};
use plat_resource::{Diagnostic, Document, yaml};

pub(super) use self::arguments::PlanArgs;
use self::arguments::PlanFormat;
use self::source::Source;
use crate::cluster::foretell;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::policies::with_hints;
use crate::ui::Ui;

mod arguments;
mod source;

const OUTCOME: &str = "nothing was planned";

pub(super) fn run(ui: &Ui, arguments: &PlanArgs) -> Result<Exit, CommandError> {
    let mut findings = Vec::new();
    let source = source::read(arguments, &mut findings);
    let Some(source) = source else { return Err(CommandError::input(findings, OUTCOME)) };
    let pieces = pieces(ui, arguments, &source, &mut findings);
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

/// The plans of all claims and XRs. Where a cluster is asked, what would change is planned again with its answers.
fn pieces(ui: &Ui, arguments: &PlanArgs, source: &Source, findings: &mut Vec<Diagnostic>) -> Vec<Piece> {
    let Source { input, policies, cluster } = source;
    let cluster = cluster.as_ref().filter(|_| !arguments.asked.local);
    let schemas = PlatformSchemas::new(&input.platform);
    let options = TextOptions { color: ui.color_answer(), ..TextOptions::default() };
    let asks = cluster.is_some();
    let steps = input.expand(&arguments.engine, findings, || {
        let planner = Planner::new(&schemas);
        let mut planner = if asks { planner.asking() } else { planner };
        let (schemas, options) = (&schemas, &options);
        move |document, observed, expansion| {
            let judge = || guardrails::review_expansion(&expansion, observed, Extent::All, schemas, policies);
            let verdicts = if policies.is_empty() { Vec::new() } else { with_hints(judge()) };
            let claim = planner.claim(&subject(document, observed, &expansion, &verdicts));
            let questions = planner.take_questions();
            if questions.is_empty() {
                return Step::Done(Piece::of(claim, arguments.output, options));
            }
            let (document, observed) = (document.clone(), observed.clone());
            Step::Asks(Box::new(Waiting { document, observed, expansion, verdicts }), questions)
        }
    });
    let Some(cluster) = cluster else { return steps.into_iter().filter_map(Step::done).collect() };
    let questions = steps.iter().flat_map(Step::questions).cloned().collect::<Vec<_>>();
    let progress = ui.progress("asking the API server", questions.len());
    let foretold = match foretell(cluster, questions, &mut |done| progress.at(done)) {
        Ok(foretold) => foretold,
        Err(error) => {
            findings.push(error.diagnostic().hint("--local works out here what would change"));
            return Vec::new();
        }
    };
    drop(progress);
    let mut planner = Planner::new(&schemas).with_foretold(&foretold);
    let again = steps.into_iter().map(|step| match step {
        Step::Done(piece) => piece,
        Step::Asks(waiting, _) => Piece::of(planner.claim(&waiting.subject()), arguments.output, &options),
    });
    again.collect()
}

/// A claim or XR whose plan waits for what the API server says.
struct Waiting {
    document: Document,
    observed: Observed,
    expansion: Expansion,
    verdicts: Vec<Finding>,
}

impl Waiting {
    fn subject(&self) -> Subject<'_> {
        subject(&self.document, &self.observed, &self.expansion, &self.verdicts)
    }
}

fn subject<'a>(
    document: &'a Document,
    observed: &'a Observed,
    expansion: &'a Expansion,
    verdicts: &'a [Finding],
) -> Subject<'a> {
    let given = Some(&document.value);
    Subject { file: Some(document.file()), given, expansion, observed, warnings: &[], verdicts }
}

enum Step {
    Done(Piece),
    Asks(Box<Waiting>, Vec<Question>),
}

impl Step {
    fn done(self) -> Option<Piece> {
        match self {
            Self::Done(piece) => Some(piece),
            Self::Asks(..) => None,
        }
    }

    fn questions(&self) -> &[Question] {
        match self {
            Self::Done(_) => &[],
            Self::Asks(_, questions) => questions,
        }
    }
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
