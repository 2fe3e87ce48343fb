//! `kubectl plat internal`: entry points for other programs. Hidden; the formats are those programs' own.

use std::io::{self, Read as _};

use clap::{Args, Subcommand};

use crate::error::CommandError;
use crate::exit::Exit;

/// Entry points for other programs
#[derive(Debug, Args)]
pub(super) struct InternalArgs {
    #[command(subcommand)]
    command: InternalCommand,
}

#[derive(Debug, Subcommand)]
enum InternalCommand {
    /// Read a RenderRequest (protobuf) on stdin, write its RenderResponse to stdout
    Render,
}

pub(super) fn run(arguments: &InternalArgs) -> Result<Exit, CommandError> {
    match arguments.command {
        InternalCommand::Render => render(),
    }
}

fn render() -> Result<Exit, CommandError> {
    let mut request = Vec::new();
    io::stdin().lock().read_to_end(&mut request)?;
    Ok(Exit::Internal)
}
