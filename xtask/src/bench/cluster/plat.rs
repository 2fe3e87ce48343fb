//! plat-controller under measurement.
//!
//! Owns what it needs in the API server, its flags, and knowing when it is ready.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use plat_tests::ControlPlane;

use super::super::api::Api;
use super::super::usage::{Program, ports};

/// Puts the kinds into the API server that platforms are made of.
pub(super) async fn prepare(api: &mut Api) -> anyhow::Result<()> {
    for definition in plat_served::definitions() {
        api.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", &definition).await?;
    }
    Ok(())
}

/// Starts it with the flags it has by default, and waits until it is ready.
pub(super) async fn start(binary: &Path, control_plane: &ControlPlane) -> anyhow::Result<Program> {
    let [health] = ports()?;
    let health = SocketAddr::from(([127, 0, 0, 1], health));
    let mut command = Command::new(binary);
    command
        .arg(format!("--kubeconfig={}", control_plane.kubeconfig().display()))
        .args([format!("--health-addr={health}"), "--log-level=warn".to_owned()]);
    let started = Instant::now();
    let mut program = Program::start("plat-controller", &mut command)?;
    program.ready(health, "/readyz", started).await?;
    Ok(program)
}
