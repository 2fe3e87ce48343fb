//! The project's own commands: `cargo xtask test`, `bench`, `conformance` and `generate`.
//!
//! Owns reading the command line; each command is one file.
#![expect(clippy::print_stdout, reason = "what a command finds goes to standard output")]
#![recursion_limit = "256"]

mod bench;
mod conformance;
mod generate;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The project's own commands
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Test(test::Arguments),
    Bench(bench::Arguments),
    Conformance(conformance::Arguments),
    Generate(generate::Arguments),
}

fn main() -> anyhow::Result<ExitCode> {
    match Arguments::parse().command {
        Command::Test(arguments) => test::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Conformance(arguments) => conformance::run(&arguments),
        Command::Generate(arguments) => generate::run(&arguments),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    /// clap finds names that are there twice only when it runs.
    #[test]
    fn the_command_line_is_consistent() {
        super::Arguments::command().debug_assert();
    }
}
