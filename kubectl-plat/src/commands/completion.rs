//! `kubectl plat completion`: completion scripts for shells.

use clap::Args;
use clap_complete::Shell;

use super::TEMPLATE;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::Ui;

/// Print a completion script for a shell
#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, before_help = "\
The script completes the plugin under its own name, kubectl-plat.

Examples:
  source <(kubectl plat completion bash)
  kubectl plat completion zsh > \"${fpath[1]}/_kubectl-plat\"
  kubectl plat completion fish > ~/.config/fish/completions/kubectl-plat.fish
")]
pub(super) struct CompletionArgs {
    /// Shell to print the script for
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn run(ui: &Ui, arguments: &CompletionArgs) -> Result<Exit, CommandError> {
    let mut script = Vec::new();
    let mut command = super::command_line().bin_name("kubectl-plat");
    clap_complete::generate(arguments.shell, &mut command, "kubectl-plat", &mut script);
    ui.answer(script)?;
    Ok(Exit::Done)
}
