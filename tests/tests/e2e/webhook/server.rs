//! One control plane with the webhook registered, for all tests of this module.
//!
//! It is not the one of the other tests: a webhook that sees everything would judge theirs too.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use kube::Client;
use kube::client::Body;
use kube::config::{KubeConfigOptions, Kubeconfig};
use plat_admission::configuration::{Settings, Target, configurations};
use plat_platform::Platform;
use plat_resource::Document;
use plat_tests::ControlPlane;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::fixtures;
use crate::{account, program};

const PATIENCE: Duration = Duration::from_mins(1);
const NAME: &str = "plat-webhook";
/// The account that the webhook takes for its own.
const OWN_ACCOUNT: &str = "plat-webhook-itself";

/// The cluster, and where the webhook answers.
pub(crate) struct Server {
    runtime: Runtime,
    client: Client,
    health: SocketAddr,
    program: PathBuf,
    /// A kubeconfig with the rights of the manifest's service account.
    account: PathBuf,
    /// Never dropped, as statics are not: its supervisor ends it, and the webhook, with this process.
    control_plane: Mutex<ControlPlane>,
}

/// The answer to one request.
#[derive(Debug)]
pub(crate) struct Answer {
    /// HTTP status.
    pub(crate) code: u16,
    /// The object, or why not.
    pub(crate) body: Value,
    /// What kubectl would print as warnings.
    pub(crate) warnings: Vec<String>,
}

impl Answer {
    /// The words of a refusal.
    pub(crate) fn message(&self) -> &str {
        self.body["message"].as_str().unwrap_or_default()
    }

    pub(crate) fn is_accepted(&self) -> bool {
        (200..300).contains(&self.code)
    }
}

/// The server that all tests share.
pub(crate) fn server() -> &'static Server {
    static SERVER: OnceLock<Result<Server, String>> = OnceLock::new();
    match SERVER.get_or_init(|| Server::start().map_err(|error| format!("{error:#}"))) {
        Ok(server) => server,
        Err(error) => panic!("no webhook: {error}"),
    }
}

impl Server {
    fn start() -> anyhow::Result<Self> {
        let program = program::build("plat-webhook", "plat-webhook")?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(2).build()?;
        let control_plane = ControlPlane::start()?;
        let kubeconfig = Kubeconfig::read_from(control_plane.kubeconfig())?;
        let options = KubeConfigOptions::default();
        let config = runtime.block_on(kube::Config::from_custom_kubeconfig(kubeconfig, &options))?;
        let client = runtime.block_on(async { Client::try_from(config) })?;
        let (address, health) = (free_port()?, free_port()?);
        let folder = tempfile::tempdir()?.keep();
        let script = format!(
            "exec \"$0\" --listen={address} --health-addr={health} --self-signed --shutdown-delay=0 --kubeconfig=\"$1\" \
             --own-account={OWN_ACCOUNT} --exempt-namespace=exempt --audit --audit-interval=1 >\"$2\""
        );
        let certificate = folder.join("ca.crt");
        let admin = control_plane.kubeconfig().to_owned();
        let account = folder.join("kubeconfig");
        let server = Self { runtime, client, health, program, account, control_plane: Mutex::new(control_plane) };
        server.wait("the API server", || async {
            server.ask("GET", "/readyz", None).await.is_ok_and(|it| it.code == 200)
        })?;
        let ask = async |method: &str, path: &str, object: Option<&Value>| server.ask(method, path, object).await;
        server.runtime.block_on(account::install(&ask, &admin, &server.account))?;
        server.runtime.block_on(server.prepare())?;
        let mut command = Command::new("sh");
        command.args(["-c", &script]).arg(&server.program).arg(&server.account).arg(&certificate);
        server.control_plane().run_beside(NAME, &mut command)?;
        server.wait("the webhook", || async { is_ready(server.health) })?;
        let bundle = std::fs::read(&certificate)?;
        server.runtime.block_on(server.register(address, &bundle))?;
        Ok(server)
    }

    pub(super) fn control_plane(&self) -> MutexGuard<'_, ControlPlane> {
        self.control_plane.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The webhook's program.
    pub(super) fn program(&self) -> &Path {
        &self.program
    }

    /// The kubeconfig that the webhook runs by.
    pub(super) fn account(&self) -> &Path {
        &self.account
    }

    /// The value of a metric of the webhook, all its series together.
    pub(super) fn metric(&self, name: &str) -> anyhow::Result<f64> {
        metric(self.health, name)
    }

    /// Runs `work` to its end.
    pub(crate) fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    fn wait<F: Future<Output = bool>>(&self, what: &str, holds: impl Fn() -> F) -> anyhow::Result<()> {
        let end = Instant::now() + PATIENCE;
        while !self.run(holds()) {
            if Instant::now() > end {
                bail!("{what} does not become ready:\n{}", self.control_plane().last_words_of(NAME));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    /// Kinds and policies that are there before the webhook starts.
    async fn prepare(&self) -> anyhow::Result<()> {
        let (platform, _) =
            Platform::load(fixtures::platform().map(|value| Document::synthetic(value, "test")).to_vec());
        let made = platform.definitions().iter().flat_map(plat_platform::Definition::crds);
        let mut crds: Vec<Value> = fixtures::kinds().into_iter().chain(made).collect();
        for crd in &mut crds {
            // Its owner is not there.
            crd["metadata"]["ownerReferences"].take();
            self.put("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", &*crd).await?;
        }
        let [definition, composition] = fixtures::platform();
        self.put("/apis/apiextensions.crossplane.io/v1/compositeresourcedefinitions", &definition).await?;
        self.put("/apis/apiextensions.crossplane.io/v1/compositions", &composition).await?;
        for template in [fixtures::forbidden_label(), fixtures::bucket_size()] {
            self.put("/apis/templates.gatekeeper.sh/v1/constrainttemplates", &template).await?;
        }
        Ok(())
    }

    async fn register(&self, address: SocketAddr, bundle: &[u8]) -> anyhow::Result<()> {
        let settings = Settings {
            target: Target::Url(format!("https://{address}")),
            ca_bundle: Some(base64(bundle)),
            failure_policy: "Fail".to_owned(),
            ..Settings::default()
        };
        let [validating, mutating] = configurations(&settings);
        let base = "/apis/admissionregistration.k8s.io/v1";
        self.put(&format!("{base}/validatingwebhookconfigurations"), &validating).await?;
        self.put(&format!("{base}/mutatingwebhookconfigurations"), &mutating).await?;
        let size = fixtures::constraint("K8sBucketSize", "size-limit", &json!({}));
        self.put("/apis/constraints.gatekeeper.sh/v1beta1/k8sbucketsize", &size).await?;
        for (name, label, action) in [("no-bad", "bad", "deny"), ("warn-odd", "odd", "warn")] {
            let spec = json!({"enforcementAction": action, "parameters": {"label": label}});
            let constraint = fixtures::constraint("K8sForbiddenLabel", name, &spec);
            self.put("/apis/constraints.gatekeeper.sh/v1beta1/k8sforbiddenlabel", &constraint).await?;
        }
        self.namespace("settling").await?;
        self.eventually("the first denial", || async {
            let bad = fixtures::config_map("bad", "bad");
            let answer = self.ask("POST", "/api/v1/namespaces/settling/configmaps?dryRun=All", Some(&bad)).await?;
            let odd = fixtures::config_map("odd", "odd");
            let warned = self.ask("POST", "/api/v1/namespaces/settling/configmaps?dryRun=All", Some(&odd)).await?;
            let large = fixtures::claim("large", 50);
            let path = "/apis/acme.example/v1/namespaces/settling/buckets?dryRun=All";
            let claimed = self.ask("POST", path, Some(&large)).await?;
            Ok(answer.code == 403 && !warned.warnings.is_empty() && claimed.code == 403)
        })
        .await
    }

    /// Asks until the answer is as wished.
    pub(crate) async fn eventually<F: Future<Output = anyhow::Result<bool>>>(
        &self,
        what: &str,
        holds: impl Fn() -> F,
    ) -> anyhow::Result<()> {
        let end = Instant::now() + PATIENCE;
        while !holds().await? {
            if Instant::now() > end {
                bail!("{what} does not come:\n{}", self.control_plane().last_words_of(NAME));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    }

    /// Creates an object that must be accepted, as soon as its kind is served.
    pub(crate) async fn put(&self, path: &str, object: &Value) -> anyhow::Result<()> {
        let end = Instant::now() + PATIENCE;
        loop {
            let answer = self.ask("POST", path, Some(object)).await?;
            if answer.is_accepted() {
                return Ok(());
            }
            ensure!(answer.code == 404 && Instant::now() < end, "POST {path}: {}", answer.body);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Makes a Namespace.
    pub(crate) async fn namespace(&self, name: &str) -> anyhow::Result<()> {
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        self.put("/api/v1/namespaces", &namespace).await
    }

    /// Asks the API server as kubectl would.
    pub(crate) async fn ask(&self, method: &str, path: &str, object: Option<&Value>) -> anyhow::Result<Answer> {
        self.send(method, path, object, http::Request::builder()).await
    }

    /// Asks as the webhook itself, whose requests are not judged: so what would be refused comes into the cluster.
    pub(crate) async fn ask_unjudged(&self, method: &str, path: &str, object: &Value) -> anyhow::Result<Answer> {
        let request = http::Request::builder()
            .header("Impersonate-User", OWN_ACCOUNT)
            .header("Impersonate-Group", "system:masters");
        self.send(method, path, Some(object), request).await
    }

    async fn send(
        &self,
        method: &str,
        path: &str,
        object: Option<&Value>,
        request: http::request::Builder,
    ) -> anyhow::Result<Answer> {
        let kind = match method {
            "PATCH" if path.contains("fieldManager=") => "application/apply-patch+yaml",
            "PATCH" => "application/merge-patch+json",
            _ => "application/json",
        };
        let body = object.map(serde_json::to_vec).transpose()?.unwrap_or_default();
        let request = request.method(method).uri(path).header("Content-Type", kind).body(Body::from(body))?;
        let response = self.client.send(request).await.with_context(|| format!("{method} {path}"))?;
        let code = response.status().as_u16();
        let warnings = response.headers().get_all("warning").iter();
        let warnings = warnings.filter_map(|value| value.to_str().ok().map(str::to_owned)).collect();
        let bytes = response.into_body().collect_bytes().await?;
        let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| json!({"text": String::from_utf8_lossy(&bytes)}));
        Ok(Answer { code, body, warnings })
    }
}

/// What a health port answers.
pub(crate) fn get(health: SocketAddr, path: &str) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect_timeout(&health, Duration::from_secs(1))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}

/// Whether a webhook says it is ready.
pub(crate) fn is_ready(health: SocketAddr) -> bool {
    get(health, "/readyz").is_ok_and(|text| text.starts_with("HTTP/1.1 200"))
}

/// The value of a metric, all its series together.
pub(crate) fn metric(health: SocketAddr, name: &str) -> anyhow::Result<f64> {
    let text = get(health, "/metrics")?;
    let lines = text.lines().filter_map(|line| line.strip_prefix(name)).filter(|rest| rest.starts_with(['{', ' ']));
    Ok(lines.filter_map(|rest| rest.rsplit(' ').next()?.parse::<f64>().ok()).sum())
}

pub(crate) fn free_port() -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    Ok(listener.local_addr()?)
}

/// Base64, as `caBundle` wants it.
pub(crate) fn base64(bytes: &[u8]) -> String {
    k8s_openapi::serde_json::to_value(k8s_openapi::ByteString(bytes.to_vec()))
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}
