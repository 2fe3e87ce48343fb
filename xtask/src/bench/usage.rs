//! A program under measurement: when it is ready, how much memory and processor time it takes, and that it ends with the
//! measurement.
//!
//! Owns reading `/proc`; where the system has none, nothing is told.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use plat_tests::Supervisor;

/// A running program.
pub(super) struct Program {
    supervisor: Supervisor,
    process: Process,
    name: &'static str,
}

/// A process, whoever started it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Process(pub(super) u32);

/// How often it is asked whether it is ready: a fraction of what is measured.
const INTERVAL: Duration = Duration::from_millis(2);
const PATIENCE: Duration = Duration::from_mins(2);
/// Clock ticks of `/proc`, which Linux fixes for programs whatever its own are.
const TICKS: f64 = 100.0;

impl Program {
    /// Starts it.
    pub(super) fn start(name: &'static str, command: &mut Command) -> anyhow::Result<Self> {
        let mut supervisor = Supervisor::start()?;
        let process = Process(supervisor.spawn(name, command)?);
        Ok(Self { supervisor, process, name })
    }

    /// The process.
    pub(super) fn process(&self) -> Process {
        self.process
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
        self.process.memory()
    }

    /// Processor time so far.
    pub(super) fn processor_time(&self) -> Duration {
        self.process.processor_time()
    }

    /// Waits until a plain health endpoint answers 200; how long that took.
    pub(super) async fn ready(
        &mut self,
        address: SocketAddr,
        path: &str,
        started: Instant,
    ) -> anyhow::Result<Duration> {
        let mut last = "it does not listen".to_owned();
        while started.elapsed() < PATIENCE {
            match get(address, path).await {
                Ok(answer) if answer.starts_with("HTTP/1.1 200") => return Ok(started.elapsed()),
                Ok(answer) => last = answer,
                Err(_) => self.alive()?,
            }
            tokio::time::sleep(INTERVAL).await;
        }
        bail!("not ready after {} s: {last}\n{}", PATIENCE.as_secs(), self.last_words())
    }
}

impl Process {
    /// Memory in use and its peak, in MiB.
    pub(super) fn memory(self) -> (f64, f64) {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.0)).unwrap_or_default();
        let of = |key: &str| mebibytes(&text, key).unwrap_or(f64::NAN);
        (of("VmRSS:"), of("VmHWM:"))
    }

    /// Processor time so far.
    pub(super) fn processor_time(self) -> Duration {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.0)).unwrap_or_default();
        Duration::from_secs_f64(ticks(&text).unwrap_or_default() / TICKS)
    }
}

async fn get(address: SocketAddr, path: &str) -> anyhow::Result<String> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = tokio::net::TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.context("no text")?;
    Ok(answer)
}

/// Ports of the loopback that are free now.
pub(super) fn ports<const COUNT: usize>() -> anyhow::Result<[u16; COUNT]> {
    let mut listeners = Vec::new();
    let mut ports = [0; COUNT];
    for port in &mut ports {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port is free on 127.0.0.1")?;
        *port = listener.local_addr()?.port();
        // Held together, so that they differ.
        listeners.push(listener);
    }
    Ok(ports)
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
