//! The one control plane of this test binary, and how tests talk to it.
//!
//! Owns starting it once, the client and the runtime it needs. Tests run in parallel on it, each in a namespace or an API
//! group of its own.

use std::future::Future;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context, bail};
use kube::Client;
use kube::config::{KubeConfigOptions, Kubeconfig};
use plat_tests::ControlPlane;
use serde_json::Value;
use tokio::runtime::Runtime;

/// How many pieces of work are asked of the API server at once.
const AT_ONCE: usize = 16;

/// A ready control plane and a client with all rights.
pub(crate) struct Cluster {
    runtime: Runtime,
    client: Client,
    /// Never dropped, as statics are not: its supervisor ends it with this process.
    control_plane: ControlPlane,
}

/// The answer of the API server to one request.
#[derive(Debug)]
pub(crate) enum Answer {
    /// It did as asked, and this is the object now.
    Accepted(Value),
    /// It refused, with this status.
    Refused(Refusal),
}

/// Why the API server refused.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// The HTTP status.
    pub(crate) code: u16,
    /// `Invalid`, `BadRequest`, ...
    pub(crate) reason: String,
    /// All of it in words.
    pub(crate) message: String,
    /// Each reason as `field: message`.
    pub(crate) causes: Vec<String>,
}

/// The cluster that all tests share.
pub(crate) fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Result<Cluster, String>> = OnceLock::new();
    match CLUSTER.get_or_init(|| Cluster::start().map_err(|error| format!("{error:#}"))) {
        Ok(cluster) => cluster,
        Err(error) => panic!("no control plane: {error}"),
    }
}

impl Cluster {
    fn start() -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(2).build()?;
        let control_plane = ControlPlane::start()?;
        let client = runtime.block_on(connect(&control_plane))?;
        Ok(Self { runtime, client, control_plane })
    }

    /// A kubeconfig with all rights.
    pub(crate) fn kubeconfig(&self) -> &Path {
        self.control_plane.kubeconfig()
    }

    /// Runs `work` to its end on the shared runtime.
    pub(crate) fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// Runs every piece of work to its end, some at once; the API server shares two cores with them.
    pub(crate) fn run_all<T>(&self, work: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
        use futures_util::StreamExt;
        self.run(futures_util::stream::iter(work).buffer_unordered(AT_ONCE).collect())
    }

    /// Reads the object at `path`.
    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<Answer> {
        self.ask("GET", path, "application/json", Vec::new()).await
    }

    /// Creates `object` in the collection at `path` (with the query, if any).
    pub(crate) async fn create(&self, path: &str, object: &Value) -> anyhow::Result<Answer> {
        self.ask("POST", path, "application/json", serde_json::to_vec(object)?).await
    }

    /// Replaces the object at `path` (with the query, if any).
    pub(crate) async fn replace(&self, path: &str, object: &Value) -> anyhow::Result<Answer> {
        self.ask("PUT", path, "application/json", serde_json::to_vec(object)?).await
    }

    /// Changes the object at `path` by a merge.
    pub(crate) async fn merge(&self, path: &str, change: &Value) -> anyhow::Result<Answer> {
        self.ask("PATCH", path, "application/merge-patch+json", serde_json::to_vec(change)?).await
    }

    /// Applies `object` at `path`, whose query names the field manager.
    pub(crate) async fn apply(&self, path: &str, object: &Value) -> anyhow::Result<Answer> {
        // JSON is YAML.
        self.ask("PATCH", path, "application/apply-patch+yaml", serde_json::to_vec(object)?).await
    }

    async fn ask(&self, method: &str, path: &str, content: &str, body: Vec<u8>) -> anyhow::Result<Answer> {
        let request = http::Request::builder().method(method).uri(path).header("Content-Type", content).body(body)?;
        match self.client.request::<Value>(request).await {
            Ok(object) => Ok(Answer::Accepted(object)),
            Err(kube::Error::Api(status)) => Ok(Answer::Refused(Refusal {
                code: status.code,
                reason: status.reason.clone(),
                message: status.message.clone(),
                causes: causes(&status),
            })),
            Err(error) => Err(error).with_context(|| format!("{method} {path}")),
        }
    }
}

fn causes(status: &kube::core::Status) -> Vec<String> {
    let causes = status.details.iter().flat_map(|details| &details.causes);
    causes.map(|cause| format!("{}: {}", cause.field, cause.message)).collect()
}

/// A client, once the API server says it is ready.
async fn connect(control_plane: &ControlPlane) -> anyhow::Result<Client> {
    let kubeconfig = Kubeconfig::read_from(control_plane.kubeconfig())?;
    let config = kube::Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
    let client = Client::try_from(config)?;
    let mut last = String::new();
    for _ in 0..600 {
        match client.request_text(http::Request::get("/readyz").body(Vec::new())?).await {
            Ok(text) if text == "ok" => return Ok(client),
            Ok(text) => last = text,
            Err(error) => last = format!("{error:#}"),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    bail!("the API server does not become ready: {last}\n{}", control_plane.last_words())
}

#[test]
fn the_control_plane_answers() {
    let cluster = cluster();
    let version = cluster.run(cluster.get("/version")).unwrap();
    let Answer::Accepted(version) = version else { panic!("{version:?}") };
    assert!(version["gitVersion"].as_str().is_some_and(|text| text.starts_with("v1.")), "{version}");
}
