//! The real Gatekeeper under measurement, with the same policies in a real API server.
//!
//! Owns what it needs around it: the definitions of its kinds, the Pod it believes to be, and its flags.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use plat_resource::{Document, yaml};
use plat_tests::{ControlPlane, control_plane, programs, repository};
use serde_json::json;

use super::super::api::Api;
use super::super::connection::certificates;
use super::super::usage::{Program, ports};
use super::load::Target;
use super::policies::Policies;
use super::reviews::NAMESPACE;

/// A running Gatekeeper.
pub(super) struct Gatekeeper {
    pub(super) program: Program,
    pub(super) target: Target,
    /// From its start to its readiness, with all policies in the API server already.
    pub(super) ready_after: Duration,
}

const OWN_NAMESPACE: &str = "gatekeeper-system";
const POD: &str = "gatekeeper";

/// Puts into the API server what Gatekeeper needs, and the policies. Gatekeeper must run meanwhile: it makes the kinds of
/// the constraints.
pub(super) async fn prepare(control_plane: &ControlPlane, policies: &Policies, folder: &Path) -> anyhow::Result<()> {
    let mut api = Api::connect(control_plane).await?;
    for name in [OWN_NAMESPACE, NAMESPACE] {
        api.create("/api/v1/namespaces", &json!({"metadata": {"name": name, "labels": {"team": name}}})).await?;
    }
    let pod = json!({
        "metadata": {"name": POD, "namespace": OWN_NAMESPACE},
        "spec": {"containers": [{"name": "manager", "image": "gatekeeper.invalid/manager"}]},
    });
    api.create(&format!("/api/v1/namespaces/{OWN_NAMESPACE}/pods"), &pod).await?;
    for definition in definitions()? {
        api.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", &definition.value).await?;
    }
    api.exists("/apis/templates.gatekeeper.sh/v1/constrainttemplates").await?;
    let first = Gatekeeper::start(control_plane, folder).await?;
    for template in &policies.templates {
        api.create("/apis/templates.gatekeeper.sh/v1/constrainttemplates", template).await?;
    }
    for constraint in &policies.constraints {
        let plural = constraint["kind"].as_str().unwrap_or_default().to_lowercase();
        let made = api.create(&format!("/apis/constraints.gatekeeper.sh/v1beta1/{plural}"), constraint).await;
        made.with_context(|| first.program.last_words())?;
    }
    Ok(())
}

impl Gatekeeper {
    /// Starts it and waits until it is ready.
    pub(super) async fn start(control_plane: &ControlPlane, folder: &Path) -> anyhow::Result<Self> {
        let binary = control_plane::find(&programs::GATEKEEPER)?;
        let trust = certificates(folder)?;
        let [port, health, metrics] = ports()?;
        let mut command = Command::new(binary);
        command
            .env("POD_NAME", POD)
            .env("POD_NAMESPACE", OWN_NAMESPACE)
            .args(
                ["webhook", "generate", "status", "mutation-webhook"]
                    .map(|operation| format!("--operation={operation}")),
            )
            .arg(format!("--kubeconfig={}", control_plane.kubeconfig().display()))
            .args([format!("--cert-dir={}", folder.display()), "--disable-cert-rotation".to_owned()])
            .args(["--host=127.0.0.1".to_owned(), format!("--port={port}"), format!("--prometheus-port={metrics}")])
            .args([format!("--health-addr=127.0.0.1:{health}"), "--log-level=ERROR".to_owned()])
            // The Pod that it is told to be does not run.
            .args(["--logtostderr", "--shutdown-delay=0"]);
        let started = Instant::now();
        let mut program = Program::start("gatekeeper", &mut command)?;
        let ready_after = program.ready(SocketAddr::from(([127, 0, 0, 1], health)), "/readyz", started).await?;
        let target = Target { address: SocketAddr::from(([127, 0, 0, 1], port)), path: "/v1/admit?timeout=30s", trust };
        Ok(Self { program, target, ready_after })
    }
}

/// The definitions of Gatekeeper's kinds, from its published module.
fn definitions() -> anyhow::Result<Vec<Document>> {
    let path = module()?.join("deploy/gatekeeper.yaml");
    let text = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let (documents, _) = yaml::parse("gatekeeper.yaml", &text);
    let definitions: Vec<_> =
        documents.into_iter().filter(|document| document.value["kind"] == "CustomResourceDefinition").collect();
    ensure!(!definitions.is_empty(), "{} defines nothing", path.display());
    Ok(definitions)
}

fn module() -> anyhow::Result<PathBuf> {
    let output = Command::new("go")
        .args(["list", "-mod=readonly", "-m", "-f", "{{.Dir}}", "github.com/open-policy-agent/gatekeeper/v3"])
        .current_dir(repository().join("tests/real-programs/gatekeeper"))
        .env("GOFLAGS", "")
        .env("GOWORK", "off")
        .output()
        .context("go cannot be started")?;
    let folder = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    ensure!(output.status.success() && !folder.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(folder.into())
}
