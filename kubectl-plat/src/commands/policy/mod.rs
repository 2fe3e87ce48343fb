//! `kubectl plat policy`: guardrails, judged and tested before they stand in anybody's way.

mod check;
mod explain;
mod lint;
mod report;
mod test;

use clap::{Args, Subcommand};

use super::TEMPLATE;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::Ui;

/// Check, test, lint, explain and report guardrails: Gatekeeper's templates, constraints and suites
#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, before_help = "\
Examples:
  kubectl plat policy check -f manifests/ --policies policies/
  kubectl plat policy test policies/
  kubectl plat policy lint policies/
  kubectl plat policy explain -f pod.yaml --policies policies/
  kubectl plat policy report -A
")]
pub(super) struct PolicyArgs {
    #[command(subcommand)]
    command: PolicyCommand,
}

#[derive(Debug, Subcommand)]
enum PolicyCommand {
    Check(check::CheckArgs),
    Explain(explain::ExplainArgs),
    Test(test::TestArgs),
    Lint(lint::LintArgs),
    Report(report::ReportArgs),
}

pub(super) fn run(ui: &Ui, arguments: &PolicyArgs) -> Result<Exit, CommandError> {
    match &arguments.command {
        PolicyCommand::Check(arguments) => check::run(ui, arguments),
        PolicyCommand::Explain(arguments) => explain::run(ui, arguments),
        PolicyCommand::Test(arguments) => test::run(ui, arguments),
        PolicyCommand::Lint(arguments) => lint::run(ui, arguments),
        PolicyCommand::Report(arguments) => report::run(ui, arguments),
    }
}
