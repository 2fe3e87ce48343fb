//! `kubectl plat policy explain`: which guardrails are asked about an object, which mutators change it, which not, and why.

mod mutators;

use std::fmt::Write as _;

use clap::{Args, ValueEnum};
use plat_plan::guardrails::Reviewer;
use plat_policy::{MatchOutcome, Outcome, PolicySet, Review, Verdict};
use plat_resource::{Diagnostic, Document, ObjectKey, Value, yaml};
use serde_json::json;

use self::mutators::Mutation;
use crate::arguments::GuardrailArgs;
use crate::commands::TEMPLATE;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::load::{self, Depth, Files};
use crate::policies::{self, Policies};
use crate::ui::Ui;
use crate::{requests, written};

const OUTCOME: &str = "nothing was explained";

/// Show which guardrails are asked about an object and which mutators change it, which not, and why
#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, before_help = "\
Mutators come first, as at admission: what is asked about is what they make of the object.

Examples:
  kubectl plat policy explain -f pod.yaml --policies policies/
  kubectl get pod web -o yaml | kubectl plat policy explain -f - --policies policies/ --inventory namespaces.yaml
")]
pub(super) struct ExplainArgs {
    /// Objects of any kind, or AdmissionReviews: files, folders, or - for stdin; repeat or separate by commas
    #[arg(short, long, required = true, value_delimiter = ',', value_name = "FILE", help_heading = "Input options")]
    filename: Vec<String>,

    #[command(flatten)]
    guardrails: GuardrailArgs,

    /// Output format
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t, help_heading = "Output options")]
    output: ExplainFormat,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum ExplainFormat {
    #[default]
    Text,
    Json,
    Yaml,
}

/// One object, and all guardrails.
struct Explained {
    object: ObjectKey,
    document: Document,
    mutation: Mutation,
    outcomes: Vec<(MatchOutcome, Vec<Verdict>)>,
}

pub(super) fn run(ui: &Ui, arguments: &ExplainArgs) -> Result<Exit, CommandError> {
    let mut findings = Vec::new();
    policies::require(&arguments.guardrails, &mut findings);
    let mut files = Files::default();
    let given = files.read("-f", &arguments.filename, Depth::Flat, &mut findings);
    let documents = load::documents(&given, &mut findings);
    let objects: Vec<Value> = documents.iter().map(|document| document.value.clone()).collect();
    let policies = Policies::read(&arguments.guardrails, &objects, &mut files, &mut findings);
    let mut explained = Vec::new();
    for document in documents {
        match requests::review_of(&document, |name| policies.namespace(name)) {
            Ok(review) => explained.push(explain(document, &review, &policies)),
            Err(finding) => findings.push(*finding),
        }
    }
    if findings.iter().any(Diagnostic::is_error) {
        return Err(CommandError::input(findings, OUTCOME));
    }
    ui.warn(&findings);
    let text = match arguments.output {
        ExplainFormat::Text => explained.iter().map(|one| text(one, policies.set())).collect::<Vec<_>>().join("\n"),
        ExplainFormat::Json => serde_json::to_string_pretty(&json(&explained)).map_err(std::io::Error::from)? + "\n",
        ExplainFormat::Yaml => yaml::to_string(&json(&explained)),
    };
    ui.answer(text)?;
    Ok(Exit::Done)
}

fn explain(document: Document, review: &Review, policies: &Policies) -> Explained {
    let mutation = Mutation::of(review, policies);
    // What cannot be mutated is refused; what guardrails would say of it as it is may help all the same.
    let mutated = policies.mutated(review.clone()).ok();
    let review = mutated.as_ref().unwrap_or(review);
    let verdicts = policies.review(review);
    let outcomes = policies.set().explain(review, policies.point());
    let with_verdicts = |outcome: MatchOutcome| {
        let own = verdicts.iter().filter(|verdict| verdict.constraint == outcome.constraint).cloned().collect();
        (outcome, own)
    };
    Explained {
        object: ObjectKey::of(review.object()),
        document,
        mutation,
        outcomes: outcomes.into_iter().map(with_verdicts).collect(),
    }
}

fn text(explained: &Explained, set: &PolicySet) -> String {
    let ObjectKey { kind, namespace, name } = &explained.object;
    let namespace = if namespace.is_empty() { String::new() } else { format!("{namespace}/") };
    let mut out = format!("{} {namespace}{name}  ({})\n", kind.kind, explained.document.location());
    mutators::text(&mut out, &explained.mutation, set);
    let (asked, others): (Vec<_>, Vec<_>) = explained
        .outcomes
        .iter()
        .partition(|(outcome, _)| matches!(outcome.outcome, Outcome::Matches | Outcome::Error(_)));
    section(&mut out, "Asked", &asked, set);
    section(&mut out, "Not asked", &others, set);
    out
}

fn section(out: &mut String, heading: &str, outcomes: &[&(MatchOutcome, Vec<Verdict>)], set: &PolicySet) {
    if outcomes.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{heading}");
    for (outcome, verdicts) in outcomes {
        let name = &outcome.constraint;
        let _ = writeln!(out, "  {} {}  ({})", name.kind, name.name, place(outcome, set));
        let _ = writeln!(out, "      {}", reason(outcome));
        for verdict in verdicts {
            let _ = writeln!(out, "      {}: {}", verdict.action.name(), verdict.message.replace('\n', "\n        "));
        }
    }
}

fn place(outcome: &MatchOutcome, set: &PolicySet) -> String {
    let constraint = set.constraints().iter().find(|constraint| *constraint.name() == outcome.constraint);
    constraint.map_or_else(String::new, |constraint| constraint.location().to_string())
}

/// Why, in one line.
fn reason(outcome: &MatchOutcome) -> String {
    match &outcome.outcome {
        Outcome::Matches => {
            let actions: Vec<&str> = outcome.actions.iter().map(plat_policy::EnforcementAction::name).collect();
            format!("every criterion of its match holds; a violation would {}", actions.join(" and "))
        }
        Outcome::Differs(mismatch) => format!("match.{}: {}", mismatch.criterion.field(), mismatch.reason),
        Outcome::Point => "none of its scopedEnforcementActions is for this enforcement point".to_owned(),
        Outcome::Operation { wanted } => format!("its template is for operations {}", wanted.join(", ")),
        Outcome::Error(message) => format!("refused, since it cannot be told whether it matches: {message}"),
    }
}

fn json(explained: &[Explained]) -> Value {
    let objects = explained.iter().map(|one| {
        let constraints = one.outcomes.iter().map(|(outcome, verdicts)| {
            json!({
                "constraint": outcome.constraint,
                "asked": matches!(outcome.outcome, Outcome::Matches | Outcome::Error(_)),
                "reason": reason(outcome),
                "criterion": match &outcome.outcome {
                    Outcome::Differs(mismatch) => Some(mismatch.criterion.field()),
                    _ => None,
                },
                "verdicts": verdicts,
            })
        });
        json!({
            "object": one.object,
            "location": written::location(&one.document.location()),
            "mutators": mutators::json(&one.mutation),
            "mutationError": one.mutation.error,
            "constraints": constraints.collect::<Vec<_>>(),
        })
    });
    json!({
        "apiVersion": written::API_VERSION,
        "kind": "PolicyExplanation",
        "objects": objects.collect::<Vec<_>>(),
    })
}
