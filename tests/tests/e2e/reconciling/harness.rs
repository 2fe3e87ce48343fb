//! A control plane with Kubernetes' own controllers and the real plat-controller beside it, by the account of the manifest.
//!
//! Owns starting them, asking the API server as kubectl would, and waiting. One is shared by the tests that do not disturb
//! each other; a test that kills or stops something starts its own.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use kube::Client;
use kube::client::Body;
use kube::config::{KubeConfigOptions, Kubeconfig};
use plat_tests::ControlPlane;
use plat_tests::control_plane::Options;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::fixtures;
use crate::account;
use crate::webhook::server::Answer;

/// How long something may take on a machine that is busy with other tests.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);
const NAME: &str = "plat-controller";

/// A cluster, and a controller that runs in it.
pub(crate) struct Harness {
    runtime: Runtime,
    client: Client,
    program: PathBuf,
    control_plane: Mutex<ControlPlane>,
}

/// The one that tests share.
pub(crate) fn shared() -> &'static Harness {
    static SHARED: OnceLock<Result<Harness, String>> = OnceLock::new();
    let start = || {
        let harness = Harness::new()?;
        harness.controller(NAME, &[])?;
        anyhow::Ok(harness)
    };
    match SHARED.get_or_init(|| start().map_err(|error| format!("{error:#}"))) {
        Ok(harness) => harness,
        Err(error) => panic!("no controller: {error}"),
    }
}

impl Harness {
    /// A control plane with the kinds of platforms, and no controller of plat's yet.
    pub(crate) fn new() -> anyhow::Result<Self> {
        let harness = Self::bare()?;
        harness.run(async {
            for crd in fixtures::kinds() {
                harness.put("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", &crd).await?;
            }
            anyhow::Ok(())
        })?;
        Ok(harness)
    }

    /// A control plane without the kinds of platforms, for somebody else to bring them.
    pub(crate) fn bare() -> anyhow::Result<Self> {
        let program = crate::program::build("plat-webhook", NAME)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(2).build()?;
        let control_plane = ControlPlane::start_with(Options { controllers: true })?;
        let kubeconfig = Kubeconfig::read_from(control_plane.kubeconfig())?;
        let options = KubeConfigOptions::default();
        let config = runtime.block_on(kube::Config::from_custom_kubeconfig(kubeconfig, &options))?;
        let client = runtime.block_on(async { Client::try_from(config) })?;
        let harness = Self { runtime, client, program, control_plane: Mutex::new(control_plane) };
        let admin = harness.control_plane().kubeconfig().to_owned();
        let own = harness.account();
        let ask = async |method: &str, path: &str, object: Option<&Value>| harness.ask(method, path, object).await;
        harness.run(async {
            harness
                .eventually("the API server", || async { Ok(harness.ask("GET", "/readyz", None).await?.code == 200) })
                .await?;
            harness.allow("platforms", &fixtures::rights()).await?;
            account::install(&ask, &admin, &own).await
        })?;
        Ok(harness)
    }

    /// The kubeconfig of the manifest's service account.
    pub(crate) fn account(&self) -> PathBuf {
        self.control_plane().kubeconfig().with_file_name("kubeconfig-of-the-account")
    }

    /// Gives the controller rights on kinds of a platform. It has them a moment later.
    pub(crate) async fn allow(&self, name: &str, rules: &Value) -> anyhow::Result<()> {
        self.put(account::ROLES, &account::composed_role(name, rules)).await.map(|_| ())
    }

    /// Starts a controller with these flags besides the necessary; its process id.
    pub(crate) fn controller(&self, name: &'static str, flags: &[&str]) -> anyhow::Result<u32> {
        let mut command = Command::new(&self.program);
        command.arg("--kubeconfig").arg(self.account()).arg("--namespace=plat-system");
        command.args(["--health-addr=127.0.0.1:0", "--log-format=json"]).args(flags);
        self.control_plane().run_beside(name, &mut command)
    }

    pub(crate) fn control_plane(&self) -> MutexGuard<'_, ControlPlane> {
        self.control_plane.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `work` to its end.
    pub(crate) fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// Asks until the answer is as wished.
    pub(crate) async fn eventually<F: Future<Output = anyhow::Result<bool>>>(
        &self,
        what: &str,
        holds: impl Fn() -> F,
    ) -> anyhow::Result<()> {
        let end = Instant::now() + PATIENCE;
        loop {
            let last = holds().await;
            if matches!(last, Ok(true)) {
                return Ok(());
            }
            if Instant::now() > end {
                let words = self.control_plane().last_words_of(NAME);
                bail!("{what} does not come ({last:?}):\n{words}");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The object at `path` once `is_so`, which is told if it never is.
    pub(crate) async fn until(&self, path: &str, is_so: impl Fn(&Value) -> bool) -> anyhow::Result<Value> {
        let end = Instant::now() + PATIENCE;
        loop {
            let answer = self.ask("GET", path, None).await?;
            if answer.is_accepted() && is_so(&answer.body) {
                return Ok(answer.body);
            }
            if Instant::now() > end {
                let words = self.control_plane().last_words_of(NAME);
                bail!("{path} does not become as wished: {}\n{words}", answer.body);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until there is nothing at `path`.
    pub(crate) async fn gone(&self, path: &str) -> anyhow::Result<()> {
        self.eventually(&format!("the end of {path}"), || async { Ok(self.ask("GET", path, None).await?.code == 404) })
            .await
    }

    /// Creates an object that must be accepted, as soon as its kind is served.
    pub(crate) async fn put(&self, path: &str, object: &Value) -> anyhow::Result<Value> {
        let end = Instant::now() + PATIENCE;
        loop {
            let answer = self.ask("POST", path, Some(object)).await?;
            if answer.is_accepted() {
                return Ok(answer.body);
            }
            ensure!(answer.code == 404 && Instant::now() < end, "POST {path}: {}", answer.body);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Changes an object by a merge patch.
    pub(crate) async fn patch(&self, path: &str, change: &Value) -> anyhow::Result<Value> {
        let answer = self.ask("PATCH", path, Some(change)).await?;
        ensure!(answer.is_accepted(), "PATCH {path}: {}", answer.body);
        Ok(answer.body)
    }

    /// Deletes an object.
    pub(crate) async fn delete(&self, path: &str) -> anyhow::Result<()> {
        let answer = self.ask("DELETE", path, None).await?;
        ensure!(answer.is_accepted(), "DELETE {path}: {}", answer.body);
        Ok(())
    }

    /// All objects at `path`, by namespace and name.
    pub(crate) async fn list(&self, path: &str) -> anyhow::Result<BTreeMap<String, Value>> {
        let answer = self.ask("GET", path, None).await?;
        ensure!(answer.is_accepted(), "GET {path}: {}", answer.body);
        let items = answer.body["items"].as_array().cloned().unwrap_or_default();
        let text = |item: &Value, key: &str| item["metadata"][key].as_str().unwrap_or_default().to_owned();
        Ok(items
            .into_iter()
            .map(|item| (format!("{}/{}", text(&item, "namespace"), text(&item, "name")), item))
            .collect())
    }

    /// Makes a Namespace.
    pub(crate) async fn namespace(&self, name: &str) -> anyhow::Result<()> {
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        self.put("/api/v1/namespaces", &namespace).await.map(|_| ())
    }

    /// Asks the API server as kubectl would.
    pub(crate) async fn ask(&self, method: &str, path: &str, object: Option<&Value>) -> anyhow::Result<Answer> {
        let kind = match method {
            "PATCH" if path.contains("fieldManager=") => "application/apply-patch+yaml",
            "PATCH" => "application/merge-patch+json",
            _ => "application/json",
        };
        let body = object.map(serde_json::to_vec).transpose()?.unwrap_or_default();
        let request = http::Request::builder().method(method).uri(path).header("Content-Type", kind);
        let response =
            self.client.send(request.body(Body::from(body))?).await.with_context(|| format!("{method} {path}"))?;
        let code = response.status().as_u16();
        let bytes = response.into_body().collect_bytes().await?;
        let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| json!({"text": String::from_utf8_lossy(&bytes)}));
        Ok(Answer { code, body, warnings: Vec::new() })
    }
}

/// The status of the condition of this type.
pub(crate) fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    object["status"]["conditions"].as_array()?.iter().find(|condition| condition["type"] == kind)
}

/// Whether the condition of this type has this status and reason.
pub(crate) fn says(object: &Value, kind: &str, status: &str, reason: &str) -> bool {
    condition(object, kind).is_some_and(|found| found["status"] == status && found["reason"] == reason)
}
