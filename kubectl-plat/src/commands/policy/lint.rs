//! `kubectl plat policy lint`: what cannot work, or would let through what it means to stop.

use std::fmt::Write as _;

use clap::{Args, ValueEnum};
use plat_policy::Options;
use plat_policy::lint::{self, Lint};
use plat_resource::{Diagnostic, Location};
use serde_json::json;

use crate::commands::TEMPLATE;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::load::Files;
use crate::policies;
use crate::ui::Ui;
use crate::written;

const OUTCOME: &str = "nothing was checked";

/// Find guardrails that cannot work, or that let through what they mean to stop
#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, before_help = "\
Exits 1 where there are errors; with --strict where there is anything.

Examples:
  kubectl plat policy lint policies/
  kubectl plat policy lint policies/ --strict -o github
")]
pub(super) struct LintArgs {
    /// Files or folders with ConstraintTemplates, Constraints and what Gatekeeper reads besides
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<String>,

    /// Exit with 1 for warnings too
    #[arg(long)]
    strict: bool,

    /// Output format
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t, help_heading = "Output options")]
    output: LintFormat,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum LintFormat {
    #[default]
    Text,
    Json,
    /// Annotations of GitHub Actions
    Github,
}

pub(super) fn run(ui: &Ui, arguments: &LintArgs) -> Result<Exit, CommandError> {
    let mut findings = Vec::new();
    let found = policies::documents(&arguments.paths, &mut Files::default(), &mut findings);
    let is_policy = |value: &plat_resource::Value| {
        let group = plat_resource::GroupVersionKind::of(value).group;
        group.ends_with("gatekeeper.sh")
    };
    if findings.is_empty() && !found.documents.iter().any(|document| is_policy(&document.value)) {
        let finding = Diagnostic::error(format!("there is no guardrail in {}", arguments.paths.join(", ")));
        findings.push(finding.because("there is neither a ConstraintTemplate nor a Constraint nor a mutator"));
    }
    if findings.iter().any(Diagnostic::is_error) {
        return Err(CommandError::input(findings, OUTCOME));
    }
    ui.warn(&findings);
    let lints = lint::lint(&found.documents, &Options::default());
    ui.answer(match arguments.output {
        LintFormat::Text => text(&lints),
        LintFormat::Json => serde_json::to_string_pretty(&document(&lints)).map_err(std::io::Error::from)? + "\n",
        LintFormat::Github => lints.iter().map(annotation).collect(),
    })?;
    let is_bad = |lint: &Lint| arguments.strict || lint.finding.is_error();
    Ok(if lints.iter().any(is_bad) { Exit::Error } else { Exit::Done })
}

fn errors(lints: &[Lint]) -> usize {
    lints.iter().filter(|lint| lint.finding.is_error()).count()
}

fn text(lints: &[Lint]) -> String {
    let mut out = String::new();
    for lint in lints {
        let _ = writeln!(out, "{}\n  rule: {}\n", lint.finding, lint.rule.id());
    }
    let errors = errors(lints);
    let (errors, warnings) = (written::count(errors, "error"), written::count(lints.len() - errors, "warning"));
    let _ = writeln!(out, "Lint: {errors}, {warnings}.");
    out
}

fn document(lints: &[Lint]) -> plat_resource::Value {
    let findings = lints.iter().map(|lint| {
        let Diagnostic { message, location, field, causes, hint, .. } = &lint.finding;
        json!({
            "rule": lint.rule.id(),
            "severity": if lint.finding.is_error() { "error" } else { "warning" },
            "message": message,
            "causes": causes,
            "field": field,
            "hint": hint,
            "location": location.as_ref().map(written::location),
        })
    });
    let errors = errors(lints);
    json!({
        "apiVersion": written::API_VERSION,
        "kind": "PolicyLint",
        "summary": {"errors": errors, "warnings": lints.len() - errors},
        "findings": findings.collect::<Vec<_>>(),
    })
}

fn annotation(lint: &Lint) -> String {
    let level = if lint.finding.is_error() { "error" } else { "warning" };
    let nowhere = Location { file: "".into(), position: None };
    let place = lint.finding.location.as_ref().unwrap_or(&nowhere);
    let Diagnostic { message, causes, hint, .. } = &lint.finding;
    let lines = std::iter::once(message).chain(causes).chain(hint).cloned().collect::<Vec<_>>();
    written::annotation(level, place, lint.rule.id(), &lines.join("\n"))
}
