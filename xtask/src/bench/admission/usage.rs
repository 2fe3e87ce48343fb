//! A program under measurement: how much memory and processor time it takes, and that it ends with the measurement.
//!
//! Owns reading `/proc`; where the system has none, nothing is told.

use std::process::Command;
use std::time::Duration;

use plat_tests::Supervisor;

/// A running program.
pub(super) struct Program {
    supervisor: Supervisor,
    id: u32,
    name: &'static str,
}

/// Clock ticks of `/proc`, which Linux fixes for programs whatever its own are.
const TICKS: f64 = 100.0;

impl Program {
    /// Starts it.
    pub(super) fn start(name: &'static str, command: &mut Command) -> anyhow::Result<Self> {
        let mut supervisor = Supervisor::start()?;
        let id = supervisor.spawn(name, command)?;
        Ok(Self { supervisor, id, name })
    }

    /// Fails, with its last words, when it has ended.
    pub(super) fn alive(&mut self) -> anyhow::Result<()> {
        match self.supervisor.ended() {
            Some((name, words)) => anyhow::bail!("{name} ended:\n{words}"),
            None => Ok(()),
        }
    }

    /// The end of its log.
    pub(super) fn last_words(&self) -> String {
        self.supervisor.last_words(self.name)
    }

    /// Memory in use and its peak, in MiB.
    pub(super) fn memory(&self) -> (f64, f64) {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.id)).unwrap_or_default();
        let of = |key: &str| mebibytes(&text, key).unwrap_or(f64::NAN);
        (of("VmRSS:"), of("VmHWM:"))
    }

    /// Processor time so far.
    pub(super) fn processor_time(&self) -> Duration {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.id)).unwrap_or_default();
        Duration::from_secs_f64(ticks(&text).unwrap_or_default() / TICKS)
    }
}

fn mebibytes(status: &str, key: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix(key))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes / 1_024.0)
}

/// User and system time. The name of the program, in parentheses, may hold anything.
fn ticks(stat: &str) -> Option<f64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    let (user, system): (f64, f64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(user + system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_linux_prints() {
        assert_eq!(mebibytes("VmPeak:\t 9 kB\nVmRSS:\t  2048 kB\n", "VmRSS:"), Some(2.0));
        assert_eq!(ticks("42 (a (b) c) S 1 1 1 0 -1 4194304 100 0 0 0 250 50 0 0 20 0"), Some(300.0));
        assert_eq!(ticks(""), None);
    }
}
