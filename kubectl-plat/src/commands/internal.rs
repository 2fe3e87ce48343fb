//! `kubectl plat internal`: entry points for other programs. Hidden; the formats are those programs' own.
//!
//! `internal render` is what `crossplane composition render --crossplane-binary` runs: a RenderRequest on stdin, its
//! RenderResponse on stdout, exit code 3 where a function stopped the pipeline.

use std::io::{self, Read as _};

use clap::{Args, Subcommand};
use plat_cluster::render::{self as protocol, Answer, RenderRequest};
use plat_resource::Diagnostic;

use crate::engine::Functions;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::Ui;

const OUTCOME: &str = "nothing was rendered";

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

pub(super) fn run(ui: &Ui, arguments: &InternalArgs) -> Result<Exit, CommandError> {
    match arguments.command {
        InternalCommand::Render => render(ui),
    }
}

fn render(ui: &Ui) -> Result<Exit, CommandError> {
    let mut request = Vec::new();
    io::stdin().lock().read_to_end(&mut request)?;
    let input = match protocol::decode_request(&request).map_err(refused)? {
        RenderRequest::Composite(input) => input,
        RenderRequest::Operation => return Err(refused("plat renders composite resources, not operations")),
    };
    let addresses = input.functions.iter().rev().map(|function| (function.name.clone(), function.address.clone()));
    let functions = Functions::at(addresses.collect());
    let Answer { response, fatal } = protocol::answer(&input, &functions).map_err(refused)?;
    let exit = if fatal.is_some() { Exit::Fatal } else { Exit::Done };
    if let Some(reason) = fatal {
        ui.warn(&[Diagnostic::error(reason)]);
    }
    ui.answer(protocol::encode_response(&response).map_err(refused)?)?;
    Ok(exit)
}

fn refused(cause: impl std::fmt::Display) -> CommandError {
    let finding = Diagnostic::error("the render request cannot be answered").because(cause.to_string());
    CommandError::input(vec![finding], OUTCOME)
}
