//! A control plane with the kinds that the controller follows, and controllers beside it, by the account of the manifest.
//!
//! Each test that breaks something has one of its own.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use kube::Client;
use kube::client::Body;
use kube::config::{KubeConfigOptions, Kubeconfig};
use plat_tests::ControlPlane;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::account;
use crate::webhook::fixtures::open_kind;
use crate::webhook::server::{self, Answer};

const PATIENCE: Duration = Duration::from_mins(1);
const PROGRAM: &str = "plat-controller";

/// A control plane, and how tests talk to it.
pub(crate) struct Harness {
    runtime: Runtime,
    client: Client,
    program: PathBuf,
    control_plane: Mutex<ControlPlane>,
}

/// A controller that runs.
pub(crate) struct Controller<'a> {
    harness: &'a Harness,
    name: &'static str,
    process: u32,
    /// Where it is asked for health.
    pub(crate) health: SocketAddr,
}

impl Harness {
    /// Starts a control plane whose kinds of Crossplane take anything.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let program = crate::program::build("plat-webhook", PROGRAM)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(2).build()?;
        let control_plane = ControlPlane::start()?;
        let kubeconfig = Kubeconfig::read_from(control_plane.kubeconfig())?;
        let options = KubeConfigOptions::default();
        let client = runtime.block_on(async {
            let config = kube::Config::from_custom_kubeconfig(kubeconfig, &options).await?;
            anyhow::Ok(Client::try_from(config)?)
        })?;
        let harness = Self { runtime, client, program, control_plane: Mutex::new(control_plane) };
        harness.eventually("the API server", || Ok(harness.ask("GET", "/readyz", None).is_ok_and(|it| it.0 == 200)))?;
        for crd in kinds() {
            harness.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", &crd)?;
        }
        let admin = harness.control_plane().kubeconfig().to_owned();
        let ask = async |method: &str, path: &str, object: Option<&Value>| harness.send(method, path, object).await;
        harness.runtime.block_on(account::install(&ask, &admin, &account_of(&admin)))?;
        Ok(harness)
    }

    pub(crate) fn control_plane(&self) -> MutexGuard<'_, ControlPlane> {
        self.control_plane.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a controller under a name of its own, and waits until it is ready.
    pub(crate) fn controller(&self, name: &'static str, flags: &[&str]) -> anyhow::Result<Controller<'_>> {
        let mut command = Command::new(&self.program);
        command.args(["--health-addr=127.0.0.1:0", "--log-format=json", "--log-level=info,plat_webhook=debug"]);
        let process = {
            let mut control_plane = self.control_plane();
            command.arg("--kubeconfig").arg(account_of(control_plane.kubeconfig())).arg("--namespace=plat-system");
            command.args(flags);
            command.env("POD_NAME", name);
            control_plane.run_beside(name, &mut command)?
        };
        let log = self.control_plane().log_of(name);
        let port = || serving(&std::fs::read_to_string(&log).unwrap_or_default());
        self.eventually(name, || Ok(port().is_some()))?;
        let health = port().context("its port")?;
        let controller = Controller { harness: self, name, process, health };
        self.eventually(name, || Ok(server::is_ready(health)))?;
        Ok(controller)
    }

    /// Asks the API server as kubectl would.
    pub(crate) fn ask(&self, method: &str, path: &str, object: Option<&Value>) -> anyhow::Result<(u16, Value)> {
        self.runtime.block_on(self.send(method, path, object)).map(|answer| (answer.code, answer.body))
    }

    async fn send(&self, method: &str, path: &str, object: Option<&Value>) -> anyhow::Result<Answer> {
        let body = object.map(serde_json::to_vec).transpose()?.unwrap_or_default();
        let content = match method {
            "PATCH" if path.contains("fieldManager=") => "application/apply-patch+yaml",
            "PATCH" => "application/merge-patch+json",
            _ => "application/json",
        };
        let request = http::Request::builder().method(method).uri(path).header("Content-Type", content);
        let response =
            self.client.send(request.body(Body::from(body))?).await.with_context(|| format!("{method} {path}"))?;
        let code = response.status().as_u16();
        let bytes = response.into_body().collect_bytes().await?;
        let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| json!(String::from_utf8_lossy(&bytes)));
        Ok(Answer { code, body, warnings: Vec::new() })
    }

    /// Creates an object that must be accepted, as soon as its kind is served.
    pub(crate) fn create(&self, path: &str, object: &Value) -> anyhow::Result<()> {
        self.eventually(path, || {
            let (code, answer) = self.ask("POST", path, Some(object))?;
            ensure!(code == 404 || (200..300).contains(&code), "POST {path}: {answer}");
            Ok(code != 404)
        })?;
        Ok(())
    }

    /// Looks until something holds. How long that took.
    pub(crate) fn eventually(&self, what: &str, holds: impl Fn() -> anyhow::Result<bool>) -> anyhow::Result<Duration> {
        let began = Instant::now();
        while !holds().with_context(|| what.to_owned())? {
            if began.elapsed() > PATIENCE {
                bail!("{what} does not come:\n{}", self.control_plane().last_words());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(began.elapsed())
    }
}

impl Controller<'_> {
    /// The value of a metric, all its series together.
    pub(crate) fn metric(&self, name: &str) -> anyhow::Result<f64> {
        server::metric(self.health, name)
    }

    /// Whether it says that it leads.
    pub(crate) fn leads(&self) -> anyhow::Result<bool> {
        Ok(self.metric("plat_controller_leader")? > 0.5)
    }

    /// Waits until it leads, or does not. How long that took.
    pub(crate) fn until_leading(&self, leads: bool) -> anyhow::Result<Duration> {
        let what = format!("{}: leads {leads}", self.name);
        self.harness.eventually(&what, || Ok(self.leads()? == leads)).with_context(|| self.log())
    }

    /// Asks it to end, as the kubelet does.
    pub(crate) fn terminate(&self) -> anyhow::Result<()> {
        self.signal("-TERM")
    }

    /// Kills it.
    pub(crate) fn kill(&self) -> anyhow::Result<()> {
        self.signal("-KILL")
    }

    fn signal(&self, signal: &str) -> anyhow::Result<()> {
        let status = Command::new("kill").args([signal, &self.process.to_string()]).status()?;
        ensure!(status.success(), "{} cannot be sent {signal}", self.name);
        Ok(())
    }

    /// All it said.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.harness.control_plane().log_of(self.name)).unwrap_or_default()
    }
}

/// The kubeconfig of the manifest's service account, beside that of the administrator.
fn account_of(admin: &Path) -> PathBuf {
    admin.with_file_name("kubeconfig-of-the-account")
}

/// Where it says it serves: it chose its port itself, as nobody else could without a race.
fn serving(log: &str) -> Option<SocketAddr> {
    let mut lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.find(|line| line["message"] == "serving")?["health"].as_str()?.parse().ok()
}

/// The kinds that the controller follows.
fn kinds() -> Vec<Value> {
    let crossplane = "apiextensions.crossplane.io";
    vec![
        open_kind(crossplane, &["v1"], "CompositeResourceDefinition", "compositeresourcedefinitions", "Cluster"),
        open_kind(crossplane, &["v1"], "Composition", "compositions", "Cluster"),
        open_kind(crossplane, &["v1"], "CompositionRevision", "compositionrevisions", "Cluster"),
        open_kind("pkg.crossplane.io", &["v1"], "Function", "functions", "Cluster"),
    ]
}
