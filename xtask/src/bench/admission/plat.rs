//! plat-webhook under measurement.
//!
//! Owns its flags and knowing when it is ready.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use super::connection::{Trust, certificates};
use super::load::Target;
use super::ports;
use super::usage::Program;

/// A running plat-webhook.
pub(super) struct Plat {
    pub(super) program: Program,
    pub(super) target: Target,
    /// From its start to its readiness.
    pub(super) ready_after: Duration,
}

impl Plat {
    /// Starts it with the policies and perhaps the platform of a folder, and waits until it is ready.
    pub(super) async fn start(
        binary: &Path,
        policies: &Path,
        platform: Option<&Path>,
        folder: &Path,
    ) -> anyhow::Result<Self> {
        let trust: Trust = certificates(folder)?;
        let [port, health] = ports()?;
        let (address, health) = (SocketAddr::from(([127, 0, 0, 1], port)), SocketAddr::from(([127, 0, 0, 1], health)));
        let mut command = Command::new(binary);
        command
            .args([format!("--listen={address}"), format!("--health-addr={health}")])
            .args(["--no-cluster".to_owned(), format!("--policies-dir={}", policies.display())])
            .args(platform.map(|platform| format!("--platform-dir={}", platform.display())))
            .arg("--log-level=warn")
            .arg(format!("--tls-cert={}", folder.join("tls.crt").display()))
            .arg(format!("--tls-key={}", folder.join("tls.key").display()));
        let started = Instant::now();
        let mut program = Program::start("plat-webhook", &mut command)?;
        let ready_after = ready(&mut program, health, "/readyz", started).await?;
        Ok(Self { program, target: Target { address, path: "/validate?timeout=30s", trust }, ready_after })
    }
}

/// How often it is asked: a fraction of what is measured.
const INTERVAL: Duration = Duration::from_millis(2);
const PATIENCE: Duration = Duration::from_mins(2);

/// Waits until a plain health endpoint answers 200.
pub(super) async fn ready(
    program: &mut Program,
    address: SocketAddr,
    path: &str,
    started: Instant,
) -> anyhow::Result<Duration> {
    let mut last = "it does not listen".to_owned();
    while started.elapsed() < PATIENCE {
        match get(address, path).await {
            Ok(answer) if answer.starts_with("HTTP/1.1 200") => return Ok(started.elapsed()),
            Ok(answer) => last = answer,
            Err(_) => program.alive()?,
        }
        tokio::time::sleep(INTERVAL).await;
    }
    bail!("not ready after {} s: {last}\n{}", PATIENCE.as_secs(), program.last_words())
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
