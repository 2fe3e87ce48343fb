//! `cargo xtask bench`: how fast plat is.

use std::process::ExitCode;

/// Measure plat's speed and memory
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {}

/// Runs the benchmarks.
#[expect(clippy::unnecessary_wraps, reason = "every command has this shape")]
pub(crate) fn run(_arguments: &Arguments) -> anyhow::Result<ExitCode> {
    println!("bench: not built yet");
    Ok(ExitCode::FAILURE)
}
