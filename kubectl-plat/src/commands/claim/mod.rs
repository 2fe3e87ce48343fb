//! `kubectl plat claim`: what a claim means before it exists.

mod explain;
mod plan;
mod render;

use clap::{Args, Subcommand};

use super::TEMPLATE;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::Ui;

/// Plan, render and explain claims and composite resources (XRs)
#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, before_help = "\
Examples:
  kubectl plat claim plan -f claim.yaml --platform platform/
  kubectl plat claim render -f claim.yaml --platform platform/ -o yaml
  kubectl plat claim explain SQLInstance.spec.parameters --platform platform/
")]
pub(super) struct ClaimArgs {
    #[command(subcommand)]
    command: ClaimCommand,
}

#[derive(Debug, Subcommand)]
enum ClaimCommand {
    Plan(plan::PlanArgs),
    Render(render::RenderArgs),
    Explain(explain::ExplainArgs),
}

pub(super) fn run(ui: &Ui, arguments: &ClaimArgs) -> Result<Exit, CommandError> {
    match &arguments.command {
        ClaimCommand::Plan(arguments) => plan::run(ui, arguments),
        ClaimCommand::Render(arguments) => render::run(ui, arguments),
        ClaimCommand::Explain(arguments) => explain::run(ui, arguments),
    }
}
