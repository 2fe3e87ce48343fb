//! `cargo xtask bench --admission`: plat-webhook beside the real Gatekeeper.
//!
//! Owns what is compared and the limits. Both get the same policies and the same stream of AdmissionReviews over TLS and
//! HTTP/2, one after the other on the same cores, with the same API server idle beside them.

mod gatekeeper;
mod load;
mod plat;
mod policies;
mod reviews;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use hyper::body::Bytes;
use plat_tests::ControlPlane;

use super::measured::Measured;
use super::process::build;
use super::usage::Program;
use super::{Table, inputs};
use gatekeeper::Gatekeeper;
use load::Target;
use plat::Plat;
use policies::Policies;

/// The comparison of admission webhooks
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "With --admission")]
pub(crate) struct ComparisonArguments {
    /// Templates and constraints, in files named template.yaml and constraint.yaml
    #[arg(long, value_name = "DIR", default_value = "policies")]
    policies: PathBuf,
    /// How many templates, and constraints: fewer are filled up with copies
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    constraints: usize,
    /// How long each load lasts
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    seconds: u64,
    /// Requests for each second where latency is measured
    #[arg(long, value_name = "COUNT", default_value_t = 500)]
    rate: u32,
    /// Connections where throughput is measured
    #[arg(long, value_name = "COUNT", default_value_t = 32)]
    connections: usize,
    /// Measure this plat-webhook instead of building one
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
    /// Measure plat alone
    #[arg(long)]
    without_gatekeeper: bool,
}

/// Reviews that differ; the stream repeats them.
const REVIEWS: usize = 500;
const LIMIT_LATENCY: f64 = 5.0;
const LIMIT_CLAIM: f64 = 10.0;
const LIMIT_READY: f64 = 1_000.0;
/// Gatekeeper's throughput by plat's, at most.
const LIMIT_THROUGHPUT: f64 = 1.0 / 5.0;
/// plat's memory by Gatekeeper's, at most.
const LIMIT_MEMORY: f64 = 1.0 / 4.0;

/// What one program showed.
struct Figures {
    ready: Duration,
    idle_memory: f64,
    one: Measured,
    rate: Measured,
    rate_processor: f64,
    full: Measured,
    full_processor: f64,
    memory: (f64, f64),
    verdicts: Vec<(bool, usize)>,
}

/// Runs the comparison.
pub(super) fn run(arguments: &ComparisonArguments, check: bool) -> anyhow::Result<ExitCode> {
    if cfg!(debug_assertions) {
        // The generator shares the cores with what it measures: it must not be the slower of the two.
        let status = Command::new(build("xtask")?).args(std::env::args_os().skip(1)).status()?;
        return Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    let binary = arguments.binary.clone().map_or_else(|| build("plat-webhook"), Ok)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let over = runtime.block_on(compare(arguments, &binary))?;
    Ok(if check && over > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn compare(arguments: &ComparisonArguments, binary: &Path) -> anyhow::Result<usize> {
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let policies = Policies::read(&arguments.policies, arguments.constraints)?;
    let own = folder.path().join("policies");
    policies.write(&own)?;
    let stream: Arc<[Bytes]> = reviews::mixed(REVIEWS).into();
    let control_plane = (!arguments.without_gatekeeper).then(ControlPlane::start).transpose()?;
    println!("plat-webhook with {} constraints", policies.constraints.len());
    let plat = {
        let mut running = Plat::start(binary, &own, None, &folder.path().join("plat")).await?;
        let ready = running.ready_after;
        measure(&mut running.program, &running.target, ready, &stream, arguments).await.context("plat-webhook")?
    };
    let claims = claims(arguments, binary, &own, folder.path()).await?;
    let gatekeeper = match &control_plane {
        Some(control_plane) => Some(real(control_plane, &policies, folder.path(), &stream, arguments).await?),
        None => None,
    };
    Ok(report(&plat, gatekeeper.as_ref(), &claims, arguments))
}

async fn real(
    control_plane: &ControlPlane,
    policies: &Policies,
    folder: &Path,
    stream: &Arc<[Bytes]>,
    arguments: &ComparisonArguments,
) -> anyhow::Result<Figures> {
    println!("Gatekeeper with {} constraints", policies.constraints.len());
    let folder = folder.join("gatekeeper");
    gatekeeper::prepare(control_plane, policies, &folder).await?;
    let mut running = Gatekeeper::start(control_plane, &folder).await?;
    let ready = running.ready_after;
    measure(&mut running.program, &running.target, ready, stream, arguments).await.context("Gatekeeper")
}

/// The load, the same for both.
async fn measure(
    program: &mut Program,
    target: &Target,
    ready: Duration,
    stream: &Arc<[Bytes]>,
    arguments: &ComparisonArguments,
) -> anyhow::Result<Figures> {
    let (idle_memory, _) = program.memory();
    let time = Duration::from_secs(arguments.seconds);
    // Warms up too.
    let verdicts = load::verdicts(target, stream).await?;
    let one = load::flat_out(target, stream, 1, time / 2).await?;
    let before = program.processor_time();
    let full = load::flat_out(target, stream, arguments.connections, time).await?;
    let full_processor = share(program, before, time);
    let before = program.processor_time();
    let rate = load::at_rate(target, stream, arguments.rate, time).await?;
    let rate_processor = share(program, before, time);
    program.alive()?;
    let memory = program.memory();
    Ok(Figures { ready, idle_memory, one, rate, rate_processor, full, full_processor, memory, verdicts })
}

/// Processor time since `before`, in percent of one core.
fn share(program: &Program, before: Duration, time: Duration) -> f64 {
    100.0 * program.processor_time().saturating_sub(before).as_secs_f64() / time.as_secs_f64()
}

/// Composite resources with 20 composed resources each, with the same constraints on every one of them.
async fn claims(
    arguments: &ComparisonArguments,
    binary: &Path,
    policies: &Path,
    folder: &Path,
) -> anyhow::Result<Measured> {
    let platform = folder.join("platform");
    std::fs::create_dir_all(&platform)?;
    std::fs::write(platform.join("platform.yaml"), inputs::platform())?;
    let mut running = Plat::start(binary, policies, Some(&platform), &folder.join("plat")).await?;
    let stream = reviews::claims(REVIEWS);
    load::verdicts(&running.target, &stream).await?;
    // A cluster sees few claims; a tenth of the rate is still thousands an hour.
    let time = Duration::from_secs(arguments.seconds);
    let measured = load::at_rate(&running.target, &stream, (arguments.rate / 10).max(1), time).await?;
    running.program.alive()?;
    Ok(measured)
}

fn report(plat: &Figures, gatekeeper: Option<&Figures>, claims: &Measured, arguments: &ComparisonArguments) -> usize {
    show("plat-webhook", plat, arguments);
    if let Some(gatekeeper) = gatekeeper {
        show("Gatekeeper", gatekeeper, arguments);
        let pairs = || plat.verdicts.iter().zip(&gatekeeper.verdicts);
        let verdicts = pairs().filter(|(own, other)| own.0 == other.0).count();
        let messages = pairs().filter(|(own, other)| own == other).count();
        println!(
            "of {} reviews: {verdicts} with the same verdict, {messages} with as many messages; {} denied by plat",
            plat.verdicts.len(),
            plat.verdicts.iter().filter(|verdict| !verdict.0).count(),
        );
    }
    println!();
    let mut table = Table::new();
    let rate = format!("p99 at {}/s", arguments.rate);
    table.row(&rate, plat.rate.per_mille(990), Some(plat.rate.per_mille(500)), LIMIT_LATENCY, "ms");
    let name = format!("p99 of a claim with {} resources", inputs::RESOURCES_PER_XR);
    table.row(&name, claims.per_mille(990), Some(claims.per_mille(500)), LIMIT_CLAIM, "ms");
    table.row("from start to readiness", plat.ready.as_secs_f64() * 1_000.0, None, LIMIT_READY, "ms");
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    let lost = (plat.rate.lost + plat.full.lost + plat.one.lost + claims.lost) as f64;
    table.row("requests without an answer", lost, None, 0.0, "");
    if let Some(gatekeeper) = gatekeeper {
        let throughput = gatekeeper.full.throughput() / plat.full.throughput();
        table.row("Gatekeeper's throughput by plat's", throughput, None, LIMIT_THROUGHPUT, "");
        table.row("plat's peak memory by Gatekeeper's", plat.memory.1 / gatekeeper.memory.1, None, LIMIT_MEMORY, "");
    }
    println!("{}", table.verdict());
    table.over
}

fn show(name: &str, figures: &Figures, arguments: &ComparisonArguments) {
    let Figures { one, rate, full, .. } = figures;
    println!("\n{name}");
    println!("  ready after {:.0} ms", figures.ready.as_secs_f64() * 1_000.0);
    println!(
        "  memory: idle {:.1} MiB, after the load {:.1}, peak {:.1}",
        figures.idle_memory, figures.memory.0, figures.memory.1
    );
    let line = |title: &str, measured: &Measured| {
        let [half, most] = [500, 990].map(|share| measured.per_mille(share));
        let (each, lost) = (measured.throughput(), measured.lost);
        println!("  {title:<18} {each:>8.0}/s   p50 {half:>8.2} ms   p99 {most:>8.2} ms   {lost} without an answer");
    };
    line("one connection", one);
    line(&format!("{} connections", arguments.connections), full);
    line(&format!("at {}/s", arguments.rate), rate);
    println!(
        "  processor: {:.0} % of a core flat out, {:.0} % at the rate",
        figures.full_processor, figures.rate_processor
    );
}
