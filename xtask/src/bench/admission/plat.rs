//! plat-webhook under measurement.
//!
//! Owns its flags and knowing when it is ready.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use super::super::connection::{Trust, certificates};
use super::super::usage::{Program, ports};
use super::load::Target;

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
        let ready_after = program.ready(health, "/readyz", started).await?;
        Ok(Self { program, target: Target { address, path: "/validate?timeout=30s", trust }, ready_after })
    }
}
