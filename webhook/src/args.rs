//! The command line.
//!
//! Owns putting together the flags; each group is declared by the module that uses it.

use std::time::Duration;

use crate::body::BodyArguments;
use crate::drain::DrainArguments;
use crate::evaluate::EvaluationArguments;
use crate::health::HealthArguments;
use crate::listener::ListenerArguments;
use crate::logging::LoggingArguments;
use crate::tls::TlsArguments;
use crate::wiring::PolicyArguments;

/// Judge and complete what is applied to a cluster, as its admission webhook
#[derive(Debug, Clone, clap::Parser)]
#[command(name = "plat-webhook", version, max_term_width = 100)]
pub struct Arguments {
    /// The server.
    #[command(flatten)]
    pub server: ServerArguments,
    /// What is decided by.
    #[command(flatten)]
    pub policies: PolicyArguments,
    /// Logs.
    #[command(flatten)]
    pub logging: LoggingArguments,
}

/// Everything about the server itself; what it decides by is not among it.
#[derive(Debug, Clone, clap::Args)]
pub struct ServerArguments {
    /// Connections.
    #[command(flatten)]
    pub listener: ListenerArguments,
    /// Certificates.
    #[command(flatten)]
    pub tls: TlsArguments,
    /// Bodies.
    #[command(flatten)]
    pub bodies: BodyArguments,
    /// Evaluation.
    #[command(flatten)]
    pub evaluation: EvaluationArguments,
    /// Health and metrics.
    #[command(flatten)]
    pub health: HealthArguments,
    /// The end.
    #[command(flatten)]
    pub drain: DrainArguments,
}

/// Reads a number of seconds, which may have a fraction.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let number: f64 = text.trim_end_matches('s').parse().map_err(|_| "not a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(number).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{CommandFactory as _, Parser as _};

    #[test]
    fn the_flags_are_consistent() {
        Arguments::command().debug_assert();
        assert!(Arguments::try_parse_from(["plat-webhook"]).is_ok());
    }

    #[test]
    fn every_flag_is_documented() {
        let page = include_str!("../../docs/webhook.md");
        let command = Arguments::command();
        let flags =
            command.get_arguments().filter_map(clap::Arg::get_long).filter(|flag| !["help", "version"].contains(flag));
        let missing: Vec<_> = flags.filter(|flag| !page.contains(&format!("`--{flag}"))).collect();
        assert!(missing.is_empty(), "docs/webhook.md does not name {missing:?}");
    }

    #[test]
    fn seconds_may_have_a_fraction() {
        assert_eq!(seconds("2.5"), Ok(Duration::from_millis(2500)));
        assert_eq!(seconds("10s"), Ok(Duration::from_secs(10)));
        assert!(seconds("-1").is_err() && seconds("soon").is_err());
    }
}
