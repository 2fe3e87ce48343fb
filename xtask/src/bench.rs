//! `cargo xtask bench`: how fast plat is, how much memory it takes, how large it is.
//!
//! Owns what is measured and the limits. Everything is measured from outside, on release builds: whole processes with
//! their start, their reading of files and their output. Inputs are made in a temporary folder.

mod admission;
mod api;
mod cluster;
mod connection;
mod inputs;
mod measured;
mod process;
mod usage;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;

use inputs::RESOURCES_PER_XR;
use process::{Binaries, Measured};

/// Measure plat's speed, memory and size
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Fail where a limit is exceeded
    #[arg(long)]
    check: bool,
    /// Practice cases, laid out like ../shared/corpus/crossplane
    #[arg(long, value_name = "DIR", default_value = "../shared/corpus/crossplane")]
    cases: PathBuf,
    /// How often the short measurements are repeated
    #[arg(long, default_value_t = 20)]
    repeat: usize,
    /// Measure the admission webhook instead, beside the real Gatekeeper
    #[arg(long)]
    admission: bool,
    #[command(flatten)]
    comparison: admission::ComparisonArguments,
    /// Measure the controller instead, beside the real Crossplane
    #[arg(long, conflicts_with = "admission")]
    cluster: bool,
    #[command(flatten)]
    controllers: cluster::ClusterArguments,
}

const MEBIBYTE: f64 = 1024.0 * 1024.0;
/// A plan of one claim, as a whole process.
const LIMIT_ONE_CLAIM: f64 = 30.0;
/// All practice cases, in one process.
const LIMIT_CASES: f64 = 1_000.0;
/// A plan of 1,000 XRs.
const LIMIT_PLAN: f64 = 2_000.0;
const LIMIT_MEMORY: f64 = 250.0;
/// Ten times the XRs may take ten times as long and ten times the memory, with something for measuring.
const LIMIT_GROWTH: f64 = 11.5;
const LIMIT_SIZE: f64 = 25.0;

const MANY: usize = 1_000;
const TEN_TIMES: usize = 10 * MANY;

/// Runs the benchmarks.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    if arguments.admission {
        return admission::run(&arguments.comparison, arguments.check);
    }
    if arguments.cluster {
        return cluster::run(&arguments.controllers, arguments.check);
    }
    let binaries = Binaries::build()?;
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let mut table = Table::new();
    one_claim(&mut table, &binaries, arguments.repeat)?;
    practice_cases(&mut table, &binaries, &arguments.cases)?;
    many(&mut table, &binaries, folder.path())?;
    let size = std::fs::metadata(&binaries.plugin)?.len();
    #[expect(clippy::cast_precision_loss, reason = "a size for people")]
    table.row("release binary", size as f64 / MEBIBYTE, None, LIMIT_SIZE, "MiB");
    println!("{}", table.verdict());
    Ok(if arguments.check && table.over > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The smallest and the middle one of what was measured.
fn summary(mut times: Vec<Duration>) -> (f64, f64) {
    times.sort();
    let at = |index: usize| times.get(index).map_or(f64::NAN, |time| time.as_secs_f64() * 1_000.0);
    (at(0), at(times.len() / 2))
}

fn one_claim(table: &mut Table, binaries: &Binaries, repeat: usize) -> anyhow::Result<()> {
    let arguments = ["claim", "plan", "-f", "examples/claims/orders-db.yaml", "--platform", "examples/platform"];
    let run = || process::time(&binaries.plugin, &arguments);
    let times = (0..repeat.max(1)).map(|_| run()).collect::<Result<_, _>>()?;
    let (least, median) = summary(times);
    table.row("plan of one claim, whole process", median, Some(least), LIMIT_ONE_CLAIM, "ms");
    Ok(())
}

fn practice_cases(table: &mut Table, binaries: &Binaries, folder: &Path) -> anyhow::Result<()> {
    if !folder.is_dir() {
        println!("{:<44} not measured: {} is not there", "practice cases in one process", folder.display());
        return Ok(());
    }
    let folder = folder.display().to_string();
    let run = || process::time(&binaries.xtask, &["conformance", "--strict", &folder]);
    let times = (0..REPEAT_LONG).map(|_| run()).collect::<Result<_, _>>()?;
    let (least, median) = summary(times);
    table.row("practice cases in one process, --strict", median, Some(least), LIMIT_CASES, "ms");
    Ok(())
}

/// How often the long measurements are repeated.
const REPEAT_LONG: usize = 5;

fn many(table: &mut Table, binaries: &Binaries, folder: &Path) -> anyhow::Result<()> {
    let (time, memory) = plan_of(table, binaries, folder, MANY, REPEAT_LONG, [LIMIT_PLAN, LIMIT_MEMORY])?;
    let ten = [LIMIT_PLAN * LIMIT_GROWTH, LIMIT_MEMORY * LIMIT_GROWTH];
    let (long_time, long_memory) = plan_of(table, binaries, folder, TEN_TIMES, 1, ten)?;
    table.row("  ten times the XRs: time", long_time / time, None, LIMIT_GROWTH, "x");
    table.row("  ten times the XRs: memory", long_memory / memory, None, LIMIT_GROWTH, "x");
    Ok(())
}

/// Median time and peak memory of a plan of so many XRs.
fn plan_of(
    table: &mut Table,
    binaries: &Binaries,
    folder: &Path,
    count: usize,
    repeat: usize,
    limits: [f64; 2],
) -> anyhow::Result<(f64, f64)> {
    let platform = folder.join("platform.yaml");
    let composites = folder.join(format!("{count}.yaml"));
    std::fs::write(&platform, inputs::platform())?;
    std::fs::write(&composites, inputs::composites(count))?;
    let output = folder.join("plan.txt");
    let paths = [&composites, &platform].map(|path| path.display().to_string());
    let arguments = ["claim", "plan", "-f", &paths[0], "--platform", &paths[1]];
    let runs = (0..repeat)
        .map(|_| process::measure(&binaries.plugin, &arguments, &output))
        .collect::<Result<Vec<Measured>, _>>()?;
    inputs::check(&output, count)?;
    let (least, median) = summary(runs.iter().map(|run| run.time).collect());
    let name = format!("plan of {count} XRs x {RESOURCES_PER_XR} resources");
    table.row(&name, median, (repeat > 1).then_some(least), limits[0], "ms");
    let peaks = runs.iter().filter_map(|run| run.peak_bytes);
    #[expect(clippy::cast_precision_loss, reason = "a size for people")]
    let peak = peaks.max().map_or(f64::NAN, |peak| peak as f64 / MEBIBYTE);
    table.row("  peak memory", peak, None, limits[1], "MiB");
    Ok((median, peak))
}

/// The table, printed as it grows.
struct Table {
    over: usize,
}

impl Table {
    fn new() -> Self {
        println!("{:<44} {:>10} {:>10} {:>9}", "", "measured", "least", "limit");
        Self { over: 0 }
    }

    /// What could not be measured is over its limit.
    fn row(&mut self, name: &str, measured: f64, least: Option<f64>, limit: f64, unit: &str) {
        let within = measured <= limit;
        self.over += usize::from(!within);
        let least = least.map(|least| format!("{least:.1}")).unwrap_or_default();
        let verdict = if within { "ok" } else { "over" };
        println!("{name:<44} {measured:>10.1} {least:>10} {limit:>9.1} {unit:<4} {verdict}");
    }

    fn verdict(&self) -> String {
        match self.over {
            0 => "all within their limits".to_owned(),
            over => format!("{over} over the limit"),
        }
    }
}
