//! The command line of the controller.
//!
//! Owns putting together the flags; each group is declared by the module that uses it.

use std::path::PathBuf;
use std::time::Duration;

use plat_reconcile::breaker::Limits;

use super::functions::FunctionArguments;
use super::health::HealthArguments;
use super::lease::LeaseArguments;
use crate::logging::LoggingArguments;

/// Make claims and composite resources real, as claim plan prints them
#[derive(Debug, Clone, clap::Parser)]
#[command(name = "plat-controller", version, max_term_width = 100)]
pub struct Arguments {
    /// Reconciling.
    #[command(flatten)]
    pub settings: Settings,
    /// The API server.
    #[command(flatten)]
    pub cluster: ClusterArguments,
    /// Functions.
    #[command(flatten)]
    pub functions: FunctionArguments,
    /// Leader election.
    #[command(flatten)]
    pub lease: LeaseArguments,
    /// Health and metrics.
    #[command(flatten)]
    pub health: HealthArguments,
    /// Logs.
    #[command(flatten)]
    pub logging: LoggingArguments,
}

/// Reconciling
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Reconciling")]
pub struct Settings {
    /// Objects that are reconciled at once
    #[arg(long, value_name = "COUNT", default_value_t = 32, value_parser = positive)]
    pub max_concurrent_reconciles: usize,
    /// How often an XR is looked at though nothing happened; the annotation crossplane.io/poll-interval overrides it
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = crate::args::seconds)]
    pub poll_interval: Duration,
    /// Who reconciles: auto leaves a cluster to Crossplane where Crossplane runs
    #[arg(long, value_enum, default_value_t = Engine::Auto)]
    pub engine: Engine,
    /// Objects that flap.
    #[command(flatten)]
    pub breaker: BreakerArguments,
    /// Time for reconciles in work to finish at the end
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = crate::args::seconds)]
    pub shutdown_timeout: Duration,
    /// For tests: kill this process after so many writes
    #[arg(long, value_name = "COUNT", hide = true)]
    pub stop_after_writes: Option<u64>,
}

/// Objects that flap
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Reconciling")]
pub struct BreakerArguments {
    /// Looks at an XR that its composed resources may cause at once, before it is left alone for a while
    #[arg(long, value_name = "COUNT", default_value_t = 100.0)]
    pub circuit_breaker_burst: f64,
    /// Looks a second that they may cause for ever
    #[arg(long, value_name = "COUNT", default_value_t = 1.0)]
    pub circuit_breaker_refill_rate: f64,
    /// How long an XR is left alone; meanwhile it is looked at every half minute
    #[arg(long, value_name = "SECONDS", default_value = "300", value_parser = crate::args::seconds)]
    pub circuit_breaker_cooldown: Duration,
}

impl BreakerArguments {
    /// The limits that these flags give.
    pub fn limits(&self) -> Limits {
        Limits {
            burst: self.circuit_breaker_burst,
            refill_per_second: self.circuit_breaker_refill_rate,
            open_for: self.circuit_breaker_cooldown,
            ..Limits::default()
        }
    }
}

/// Who reconciles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Engine {
    /// Crossplane where it runs, else plat
    Auto,
    /// plat, whatever else runs
    Plat,
    /// Crossplane: plat stands down
    Crossplane,
}

/// The API server
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "API server")]
pub struct ClusterArguments {
    /// File that says how to reach the cluster [default: as kubectl finds it, or the Pod's service account]
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// Writes a second
    #[arg(long, value_name = "COUNT", default_value_t = 500.0)]
    pub qps: f64,
    /// Writes at once after a while of rest
    #[arg(long, value_name = "COUNT", default_value_t = 1000.0)]
    pub burst: f64,
}

fn positive(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("a whole number from 1 on".to_owned()),
        Ok(number) => Ok(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{CommandFactory as _, Parser as _};

    #[test]
    fn the_flags_are_consistent() {
        Arguments::command().debug_assert();
        let arguments = Arguments::try_parse_from(["plat-controller"]).unwrap();
        assert!(arguments.lease.leader_elect && arguments.lease.check().is_ok());
        let arguments =
            Arguments::try_parse_from(["plat-controller", "--leader-elect=false", "--renew-deadline=12"]).unwrap();
        assert!(!arguments.lease.leader_elect && arguments.lease.check().is_err());
        assert!(Arguments::try_parse_from(["plat-controller", "--max-concurrent-reconciles=0"]).is_err());
    }

    #[test]
    fn every_flag_is_documented() {
        let page = include_str!("../../../docs/controller.md");
        let command = Arguments::command();
        let flags = command.get_arguments().filter(|flag| !flag.is_hide_set()).filter_map(clap::Arg::get_long);
        let flags = flags.filter(|flag| !["help", "version"].contains(flag));
        let missing: Vec<_> = flags.filter(|flag| !page.contains(&format!("`--{flag}"))).collect();
        assert!(missing.is_empty(), "docs/controller.md does not name {missing:?}");
    }
}
