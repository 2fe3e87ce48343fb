//! The command line: parses it, hands over to one file per command, and turns the outcome into an exit code.

mod claim;
mod completion;
mod help;
mod internal;
mod policy;
mod version;

use std::panic;
use std::process::ExitCode;

use clap::{ArgAction, CommandFactory, Parser, Subcommand};

use crate::error::CommandError;
use crate::exit::{self, Exit};
use crate::ui::{self, ColorChoice, Ui};

/// Examples first, then usage and flags: what a reader of `--help` looks for, in that order.
const TEMPLATE: &str = "\
{about-with-newline}
{before-help}{usage-heading} {usage}

{all-args}{after-help}";

/// See, offline, what a claim means on your platform, and what its guardrails say
#[derive(Debug, Parser)]
#[command(
    name = "kubectl-plat",
    bin_name = "kubectl plat",
    version,
    disable_help_flag = true,
    disable_help_subcommand = true,
    max_term_width = 100,
    help_template = TEMPLATE,
    before_help = "\
Examples:
  kubectl plat claim plan -f claim.yaml --platform platform/
  kubectl plat claim explain SQLInstance --platform platform/
  kubectl plat policy check -f manifests/ --policies policies/
  kubectl plat help topics
",
    after_help = exit::HELP,
)]
struct Cli {
    /// When to colour
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t, help_heading = "Global options")]
    color: ColorChoice,

    /// Print help
    // One help, not a short one and a long one.
    #[arg(short, long, global = true, action = ArgAction::HelpShort, help_heading = "Global options")]
    help: Option<bool>,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Claim(claim::ClaimArgs),
    Policy(policy::PolicyArgs),
    Version(version::VersionArgs),
    Completion(completion::CompletionArgs),
    Help(help::HelpArgs),
    #[command(hide = true)]
    Internal(internal::InternalArgs),
}

/// Runs plat on this process's arguments.
pub(crate) fn main() -> ExitCode {
    panic::set_hook(Box::new(report_panic));
    panic::catch_unwind(run).unwrap_or(Exit::Internal).into()
}

fn run() -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return fail(&Ui::new(ColorChoice::Auto), &error.into()),
    };
    let ui = Ui::new(cli.color);
    dispatch(&ui, &cli.command).unwrap_or_else(|error| fail(&ui, &error))
}

fn dispatch(ui: &Ui, command: &Command) -> Result<Exit, CommandError> {
    match command {
        Command::Claim(arguments) => claim::run(ui, arguments),
        Command::Policy(arguments) => policy::run(ui, arguments),
        Command::Version(arguments) => version::run(ui, arguments),
        Command::Completion(arguments) => completion::run(ui, arguments),
        Command::Help(arguments) => help::run(ui, arguments),
        Command::Internal(arguments) => internal::run(ui, arguments),
    }
}

fn fail(ui: &Ui, error: &CommandError) -> Exit {
    ui.failure(error);
    error.exit()
}

/// The whole command line as clap knows it, for help and completion.
fn command_line() -> clap::Command {
    Cli::command()
}

fn report_panic(information: &panic::PanicHookInfo<'_>) {
    let place = information.location().map_or_else(|| "unknown place".to_owned(), ToString::to_string);
    ui::internal_error(information.payload_as_str().unwrap_or("no message"), &place);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        command_line().debug_assert();
    }

    #[test]
    fn every_flag_and_command_has_help() {
        fn check(command: &clap::Command) {
            assert!(command.get_about().is_some(), "{} says nothing of itself", command.get_name());
            for argument in command.get_arguments() {
                assert!(argument.get_help().is_some(), "{} {} has no help", command.get_name(), argument.get_id());
            }
            command.get_subcommands().for_each(check);
        }
        check(&command_line());
    }
}
