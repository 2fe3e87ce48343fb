//! `kubectl plat policy check`: what guardrails say of objects, and of all that claims and XRs among them become.

use std::collections::HashMap;

use clap::{Args, ValueEnum};
use plat_plan::PlatformSchemas;
use plat_plan::guardrails::{self, Extent, Reviewer};
use plat_platform::Platform;
use plat_resource::{Diagnostic, Document, GroupVersionKind, Location, Value, yaml};

use crate::arguments::{EngineArgs, GuardrailArgs};
use crate::commands::TEMPLATE;
use crate::engine::Input;
use crate::error::CommandError;
use crate::exit::{self, Exit};
use crate::judged::{self, Judged};
use crate::load::{self, Depth, Files, Live};
use crate::policies::{self, Policies, with_hints};
use crate::ui::Ui;
use crate::{parallel, requests};

const OUTCOME: &str = "nothing was checked";

/// Show what guardrails say of objects, and of everything that claims among them would create
#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, after_help = exit::HELP, before_help = "\
With --platform claims and XRs are expanded first. An AdmissionReview is reviewed as the request it holds. Namespaces among
the files are used for namespaceSelector, and all objects given can be looked up by guardrails.

Examples:
  kubectl plat policy check -f manifests/ -R --policies policies/
  kubectl plat policy check -f claims/ --platform platform/ --policies policies/
  kustomize build . | kubectl plat policy check -f - --policies policies/ -o junit > report.xml
")]
pub(super) struct CheckArgs {
    #[command(flatten)]
    objects: ObjectArgs,

    #[command(flatten)]
    guardrails: GuardrailArgs,

    #[command(flatten)]
    engine: EngineArgs,

    /// Output format
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t, help_heading = "Output options")]
    output: CheckFormat,
}

/// Which objects.
#[derive(Debug, Args)]
#[command(next_help_heading = "Input options")]
struct ObjectArgs {
    /// Objects of any kind: files, folders, globs, or - for stdin; repeat or separate by commas
    #[arg(short, long, required = true, value_delimiter = ',', value_name = "FILE")]
    filename: Vec<String>,

    /// Read the folders in folders of -f too
    #[arg(short = 'R', long)]
    recursive: bool,

    /// The platform, to expand claims and XRs: files or folders with XRDs, Compositions and the like; may be repeated
    #[arg(long, value_name = "PATH")]
    platform: Vec<String>,

    /// Namespace for claims and XRs that name none [default: default]
    #[arg(short, long)]
    namespace: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum CheckFormat {
    #[default]
    Text,
    Json,
    Yaml,
    Junit,
    /// Annotations of GitHub Actions
    Github,
}

pub(super) fn run(ui: &Ui, arguments: &CheckArgs) -> Result<Exit, CommandError> {
    let mut findings = Vec::new();
    let judged = check(arguments, &mut findings);
    if findings.iter().any(Diagnostic::is_error) {
        return Err(CommandError::input(findings, OUTCOME));
    }
    ui.warn(&findings);
    ui.answer(written(ui, arguments.output, &judged)?)?;
    Ok(if judged::tally(&judged).denied > 0 { Exit::Denied } else { Exit::Done })
}

fn check(arguments: &CheckArgs, findings: &mut Vec<Diagnostic>) -> Vec<Judged> {
    policies::require(&arguments.guardrails, findings);
    let mut files = Files::default();
    let depth = if arguments.objects.recursive { Depth::Recursive } else { Depth::Flat };
    let given = files.read("-f", &arguments.objects.filename, depth, findings);
    let documents = load::documents(&given, findings);
    let platform = files.read("--platform", &arguments.objects.platform, Depth::Recursive, findings);
    let platform = load::platform(&platform, findings);
    let objects: Vec<Value> = documents.iter().map(|document| document.value.clone()).collect();
    let policies = Policies::read(&arguments.guardrails, &objects, &mut files, findings);
    let order: HashMap<Location, usize> =
        documents.iter().enumerate().map(|(index, document)| (document.location(), index)).collect();
    let is_expanded = |document: &Document| platform.kind(&GroupVersionKind::of(&document.value)).is_some();
    let (claims, others): (Vec<_>, Vec<_>) = documents.into_iter().partition(is_expanded);
    let mut judged = review(&others, &policies, findings);
    if !claims.is_empty() {
        judged.extend(expand(claims, platform, &policies, arguments, findings));
    }
    judged.sort_by_key(|judged| order.get(&judged.location).copied());
    judged
}

/// Objects that stand for themselves, on all cores.
fn review(documents: &[Document], policies: &Policies, findings: &mut Vec<Diagnostic>) -> Vec<Judged> {
    let worker = || {
        |document: &Document| -> Result<Judged, Box<Diagnostic>> {
            let review = requests::review_of(document, |name| policies.namespace(name))?;
            let review = policies.mutated(review).map_err(|reason| not_mutated(document, &reason))?;
            Ok(Judged::new(document, with_hints(guardrails::review_object(&review, policies))))
        }
    };
    let mut judged = Vec::with_capacity(documents.len());
    parallel::in_order(documents, worker, |answer| match answer {
        Ok(answer) => judged.push(answer),
        Err(finding) => findings.push(*finding),
    });
    judged
}

fn not_mutated(document: &Document, reason: &str) -> Box<Diagnostic> {
    let finding =
        Diagnostic::error(format!("{} has an object that the mutators cannot be applied to", document.file()));
    Box::new(finding.at(document.location()).because(reason))
}

/// Claims and XRs, with everything they become.
fn expand(
    claims: Vec<Document>,
    platform: Platform,
    policies: &Policies,
    arguments: &CheckArgs,
    findings: &mut Vec<Diagnostic>,
) -> Vec<Judged> {
    let claims = load::subjects(claims, &platform, arguments.objects.namespace.as_deref(), findings);
    let mut input = Input::of(platform, claims, Live::default()).into_applied(load::DEFAULT_NAMESPACE);
    policies.mutate(&mut input.documents, findings);
    let schemas = PlatformSchemas::new(&input.platform);
    input.expand(&arguments.engine, findings, || {
        let schemas = &schemas;
        move |document, observed, expansion| {
            let found = guardrails::review_expansion(&expansion, observed, Extent::All, schemas, policies);
            Judged::new(document, with_hints(found))
        }
    })
}

fn written(ui: &Ui, format: CheckFormat, judged: &[Judged]) -> Result<String, CommandError> {
    Ok(match format {
        CheckFormat::Text => judged::text(judged, ui.color_answer()),
        CheckFormat::Json => {
            let text = serde_json::to_string_pretty(&judged::document(judged)).map_err(std::io::Error::from)?;
            text + "\n"
        }
        CheckFormat::Yaml => yaml::to_string(&judged::document(judged)),
        CheckFormat::Junit => judged::junit(judged),
        CheckFormat::Github => judged::github(judged),
    })
}
