//! Logs, on stderr.
//!
//! Owns their form and what a panic leaves in them. No log line holds the contents of an object.

use std::panic;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

/// Logs
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Logs")]
pub struct LoggingArguments {
    /// How log lines look
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
    /// What is logged: a level, or targets with levels (plat_webhook=debug)
    #[arg(long, value_name = "FILTER", default_value = "info")]
    pub log_level: String,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people
    Text,
    /// One JSON object for each line
    Json,
}

/// Starts logging. What panics say may quote what they were working on, so only their place is kept.
pub fn start(arguments: &LoggingArguments) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&arguments.log_level)?;
    let lines = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match arguments.log_format {
        LogFormat::Text => lines.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| anyhow::anyhow!(error))?;
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a mistake in plat itself: panicked");
    }));
    Ok(())
}
