//! `cargo xtask test`: everything that can fail, in one run, with what it is doing and how long each part took.
//!
//! Owns the order of the parts, the control plane they need and the count at the end. The tests themselves live beside the
//! code, in `tests/` and in `xtask/tests/`.

mod count;

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::Context;
use plat_tests::programs::{ETCD, KUBE_APISERVER};

use crate::conformance;
use count::Count;

/// The practice cases, where somebody has laid them beside the repository.
const PRACTICE_CASES: &str = "../shared/corpus/crossplane";

/// Run every test: unit, snapshot, house rules, end to end, conformance
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Leave out the tests that need a control plane
    #[arg(long)]
    no_cluster: bool,
    /// Run only the tests whose name contains this, and no conformance
    #[arg(value_name = "FILTER")]
    filter: Option<String>,
}

/// Runs the parts and ends with `N passed, N failed, N skipped`.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let mut count = Count::default();
    let started = Instant::now();
    if arguments.no_cluster {
        let left_out = end_to_end_tests()?;
        count.skipped += left_out;
        println!("end to end: left out by --no-cluster ({left_out} tests)");
    } else if let Err(error) = part("control plane", prepare_control_plane) {
        println!("control plane: {error:#}");
        count.failed += 1;
        println!("{count}");
        return Ok(ExitCode::FAILURE);
    }
    count += part("building the tests", || cargo_build(arguments))?;
    if count.failed == 0 {
        count += part("tests", || cargo_test(arguments))?;
        count += part("conformance", || practice_cases(arguments))?;
    }
    println!("everything took {:.0} s", started.elapsed().as_secs_f32());
    println!("{count}");
    Ok(if count.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Says what starts and how long it took.
fn part<T>(name: &str, work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    println!("==> {name}");
    let started = Instant::now();
    let outcome = work()?;
    println!("<== {name}: {:.1} s", started.elapsed().as_secs_f32());
    Ok(outcome)
}

/// Finds or builds the programs before the tests, so that a wait of minutes is seen, and a lack is told at once.
fn prepare_control_plane() -> anyhow::Result<()> {
    for program in [ETCD, KUBE_APISERVER] {
        let binary = plat_tests::control_plane::find(&program)?;
        println!("{}: {}", program.name, binary.display());
    }
    Ok(())
}

/// Builds apart from running, so that the time of each is told.
fn cargo_build(arguments: &Arguments) -> anyhow::Result<Count> {
    let status = cargo(arguments).arg("--no-run").status().context("cargo cannot be started")?;
    Ok(Count { failed: usize::from(!status.success()), ..Count::default() })
}

fn cargo_test(arguments: &Arguments) -> anyhow::Result<Count> {
    let mut command = cargo(arguments);
    command.arg("--no-fail-fast").args(&arguments.filter).stdout(Stdio::piped());
    let mut child = command.spawn().context("cargo cannot be started")?;
    let output = child.stdout.take().context("cargo's output is piped")?;
    let mut count = Count::default();
    for line in BufReader::new(output).split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        count.read(&line);
        // A thousand good news would hide the bad one.
        if !(line.is_empty() || line.ends_with("... ok") || line.starts_with("running ")) {
            println!("{line}");
        }
    }
    let status = child.wait().context("cargo cannot be waited for")?;
    if !status.success() && count.failed == 0 {
        println!("cargo test failed without a failed test: {status}");
        count.failed += 1;
    }
    Ok(count)
}

/// `cargo test` over the packages that are asked for. One selection for building and running: another one would unify
/// features differently and build again.
fn cargo(arguments: &Arguments) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(plat_tests::repository()).args(["test", "--workspace"]);
    if arguments.no_cluster {
        command.args(["--exclude", "plat-tests"]);
    }
    // A snapshot that differs is a failure, never a new file.
    command.env("INSTA_UPDATE", "no");
    command
}

/// How many tests `--no-cluster` leaves out, counted without building them.
fn end_to_end_tests() -> anyhow::Result<usize> {
    let mut tests = 0;
    let mut folders = vec![plat_tests::repository().join("tests/tests"), plat_tests::repository().join("tests/src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("{} cannot be read", folder.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                tests += fs::read_to_string(&path)?.lines().filter(|line| line.trim() == "#[test]").count();
            }
        }
    }
    Ok(tests)
}

/// Each practice case counts as a test; the command itself prints the table.
fn practice_cases(arguments: &Arguments) -> anyhow::Result<Count> {
    let folder = plat_tests::repository().join(PRACTICE_CASES);
    if arguments.filter.is_some() {
        println!("left out by the filter");
        return Ok(Count::default());
    }
    if !Path::new(&folder).is_dir() {
        println!("left out: {PRACTICE_CASES} is not there");
        return Ok(Count { skipped: 1, ..Count::default() });
    }
    let totals = conformance::compare_all(&conformance::Arguments {
        folder,
        strict: true,
        real: false,
        verbose: false,
        generated: 0,
        requests: 0,
        seed: 0,
        cel: None,
        policy: conformance::PolicyArguments::default(),
        rego: conformance::RegoArguments::default(),
        mutation: conformance::MutationArguments::default(),
    })?;
    Ok(Count {
        passed: totals.identical + totals.explained,
        failed: totals.differs + totals.errors,
        skipped: totals.unsupported,
    })
}
