//! Release builds, and how long they run and how much memory they take.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::Value;

/// The programs to measure.
pub(super) struct Binaries {
    pub(super) plugin: PathBuf,
    pub(super) xtask: PathBuf,
}

impl Binaries {
    /// Builds them for release.
    pub(super) fn build() -> anyhow::Result<Self> {
        println!("building the release plugin");
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let arguments =
            ["build", "--release", "--package", "kubectl-plat", "--package", "xtask", "--message-format", "json"];
        let output =
            Command::new(cargo).args(arguments).stderr(Stdio::inherit()).output().context("cannot run cargo")?;
        ensure!(output.status.success(), "the release build failed");
        let messages = String::from_utf8_lossy(&output.stdout);
        let find = |name: &str| {
            let executable = |line: &str| executable(line, name);
            messages.lines().find_map(executable).with_context(|| format!("cargo built no {name}"))
        };
        Ok(Self { plugin: find("kubectl-plat")?, xtask: find("xtask")? })
    }
}

/// Builds the program of a package for release, as it is shipped.
pub(super) fn build(package: &str) -> anyhow::Result<PathBuf> {
    build_binary(package, package)
}

/// Builds one of the programs of a package for release, as it is shipped.
pub(super) fn build_binary(package: &str, binary: &str) -> anyhow::Result<PathBuf> {
    println!("building {binary} for release");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = ["build", "--release", "--package", package, "--bin", binary, "--message-format", "json"];
    let output = Command::new(cargo).args(arguments).stderr(Stdio::inherit()).output().context("cannot run cargo")?;
    ensure!(output.status.success(), "the release build failed");
    let messages = String::from_utf8_lossy(&output.stdout);
    messages.lines().find_map(|line| executable(line, binary)).with_context(|| format!("cargo built no {binary}"))
}

/// The executable that a message of cargo's is about, where it is that of `name`.
fn executable(message: &str, name: &str) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(message).ok()?;
    let is_named = message.get("target")?.get("name")? == name;
    let path = message.get("executable")?.as_str()?;
    is_named.then(|| PathBuf::from(path))
}

/// One run.
pub(super) struct Measured {
    pub(super) time: Duration,
    /// The largest resident set; absent where the system does not tell.
    pub(super) peak_bytes: Option<u64>,
}

/// How long a whole process takes.
pub(super) fn time(program: &Path, arguments: &[&str]) -> anyhow::Result<Duration> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit());
    let started = Instant::now();
    let status = command.status().with_context(|| format!("cannot run {}", program.display()))?;
    let time = started.elapsed();
    ensure!(status.success(), "{} {} failed", program.display(), arguments.join(" "));
    Ok(time)
}

/// How often the memory of a process is looked at. The kernel keeps the peak, so only the last moment is missed.
const INTERVAL: Duration = Duration::from_millis(2);

/// How long a process takes that writes to the file `output`, and how much memory.
pub(super) fn measure(program: &Path, arguments: &[&str], output: &Path) -> anyhow::Result<Measured> {
    let file = File::create(output).with_context(|| format!("cannot write {}", output.display()))?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(file).stderr(Stdio::inherit());
    let started = Instant::now();
    let mut child = command.spawn().with_context(|| format!("cannot run {}", program.display()))?;
    let status_file = PathBuf::from(format!("/proc/{}/status", child.id()));
    let mut peak_bytes = None;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        peak_bytes = peak_bytes.max(read_peak(&status_file));
        std::thread::sleep(INTERVAL);
    };
    let time = started.elapsed();
    ensure!(status.success(), "{} {} failed", program.display(), arguments.join(" "));
    Ok(Measured { time, peak_bytes })
}

fn read_peak(status: &Path) -> Option<u64> {
    let text = std::fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_executable_in_what_cargo_says() {
        let message = r#"{"reason":"compiler-artifact","target":{"name":"xtask"},"executable":"/t/xtask"}"#;
        assert_eq!(executable(message, "xtask"), Some(PathBuf::from("/t/xtask")));
        assert_eq!(executable(message, "other"), None);
        assert_eq!(executable("Compiling", "xtask"), None);
    }

    #[test]
    fn peaks_are_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let status = folder.path().join("status");
        std::fs::write(&status, "VmPeak:\t  9 kB\nVmHWM:\t    1540 kB\n").unwrap();
        assert_eq!(read_peak(&status), Some(1540 * 1024));
    }
}
