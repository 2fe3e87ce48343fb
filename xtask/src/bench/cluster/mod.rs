//! `cargo xtask bench --cluster`: plat-controller beside the real Crossplane.
//!
//! Owns what is compared and the limits. Each gets a new control plane on the same cores, the same platform and the same claims
//! from the same load, one engine after the other.

mod calls;
mod crossplane;
mod load;
mod measure;
mod plat;
mod platform;
mod report;
mod watcher;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::Context as _;
use plat_tests::ControlPlane;

use super::api::Api;
use super::process::{build, build_binary};
use super::usage::Process;
use measure::{Figures, Part, Parts, measure};
use report::report;

/// The comparison of controllers
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "With --cluster")]
pub(crate) struct ClusterArguments {
    /// How many claims
    #[arg(long, value_name = "COUNT", default_value_t = 1_000)]
    claims: usize,
    /// Claims that are changed each second in the steady state
    #[arg(long, value_name = "COUNT", default_value_t = 10)]
    churn: u32,
    /// How long they are changed
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    churn_seconds: u64,
    /// How long nothing happens at the end
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    idle_seconds: u64,
    /// Measure this plat-controller instead of building one
    #[arg(long, value_name = "FILE")]
    controller: Option<PathBuf>,
    /// Measure plat alone
    #[arg(long)]
    without_crossplane: bool,
}

/// Crossplane's rate by plat's, at most.
const LIMIT_RATE: f64 = 1.0 / 3.0;
/// plat's memory by Crossplane's, at most.
const LIMIT_MEMORY: f64 = 1.0 / 4.0;
/// plat's processor time by Crossplane's, at most.
const LIMIT_PROCESSOR: f64 = 1.0 / 4.0;
/// In percent of a core.
const LIMIT_IDLE: f64 = 1.0;
const LIMIT_IDLE_WRITES: f64 = 0.0;

/// Runs the comparison.
pub(super) fn run(arguments: &ClusterArguments, check: bool) -> anyhow::Result<ExitCode> {
    if cfg!(debug_assertions) {
        // The load shares the cores with what it measures.
        let status = Command::new(build("xtask")?).args(std::env::args_os().skip(1)).status()?;
        return Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    let given = arguments.controller.as_ref().map(|path| path.canonicalize().context("--controller"));
    let binary = given.unwrap_or_else(|| build_binary("plat-webhook", "plat-controller"))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let over = runtime.block_on(compare(arguments, &binary))?;
    Ok(if check && over > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn compare(arguments: &ClusterArguments, binary: &Path) -> anyhow::Result<usize> {
    println!("plat with {} claims", arguments.claims);
    let plat = of_plat(arguments, binary).await.context("plat")?;
    if arguments.without_crossplane {
        return Ok(report(&plat, None, arguments));
    }
    println!("Crossplane with {} claims", arguments.claims);
    let crossplane = of_crossplane(arguments).await.context("Crossplane")?;
    Ok(report(&plat, Some(&crossplane), arguments))
}

async fn of_plat(arguments: &ClusterArguments, binary: &Path) -> anyhow::Result<Figures> {
    let control_plane = ControlPlane::start()?;
    let mut api = Api::connect(&control_plane).await?;
    plat::prepare(&mut api).await?;
    let mut program = plat::start(binary, &control_plane).await?;
    let engine = vec![Part { name: "plat-controller", process: program.process() }];
    let parts = Parts { engine, control_plane: control_plane_parts(&control_plane) };
    let figures = measure(&mut api, &parts, arguments).await.with_context(|| program.last_words())?;
    program.alive()?;
    Ok(figures)
}

async fn of_crossplane(arguments: &ClusterArguments) -> anyhow::Result<Figures> {
    let control_plane = ControlPlane::start()?;
    let mut api = Api::connect(&control_plane).await?;
    let (crossplane, engine) = crossplane::start(&api, &control_plane).await?;
    let parts = Parts { engine, control_plane: control_plane_parts(&control_plane) };
    measure(&mut api, &parts, arguments).await.with_context(|| crossplane.last_words())
}

fn control_plane_parts(control_plane: &ControlPlane) -> Vec<Part> {
    let processes = [("etcd", control_plane.etcd_process()), ("kube-apiserver", control_plane.api_server_process())];
    processes.into_iter().filter_map(|(name, id)| Some(Part { name, process: Process(id?) })).collect()
}
