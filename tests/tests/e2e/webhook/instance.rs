//! One more webhook beside the shared one, for one Namespace and with policies of its own; and requests without end for it.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, ensure};
use plat_admission::configuration::{Settings, Target, configurations};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::fixtures::{config_map, constraint, forbidden_label};
use super::server::{self, Server};

const CONFIGURATIONS: &str = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";
/// Tasks that ask at once.
const TASKS: usize = 8;

/// A certificate that is its own authority, and its key, in PEM.
pub(super) struct Certificate {
    pub(super) text: String,
    key: String,
}

impl Certificate {
    /// A certificate until January of `year`.
    pub(super) fn until(year: i32) -> anyhow::Result<Self> {
        let mut parameters = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()])?;
        parameters.not_after = rcgen::date_time_ymd(year, 1, 1);
        let key = rcgen::KeyPair::generate()?;
        Ok(Self { text: parameters.self_signed(&key)?.pem(), key: key.serialize_pem() })
    }

    /// Writes it to where an instance of this folder reads it; in between, the two files do not fit each other.
    pub(super) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        std::fs::write(folder.join("tls.key"), &self.key)?;
        Ok(std::fs::write(folder.join("tls.crt"), &self.text)?)
    }
}

/// A folder with a certificate, and with policies: nothing may carry the label `refused`.
pub(super) fn folder(certificate: &Certificate, policies: &[Value]) -> anyhow::Result<tempfile::TempDir> {
    let folder = tempfile::tempdir()?;
    certificate.write(folder.path())?;
    let under = folder.path().join("policies");
    std::fs::create_dir(&under)?;
    let refused = constraint("K8sForbiddenLabel", "no-refused", &json!({"parameters": {"label": "refused"}}));
    for (number, policy) in [forbidden_label(), refused].iter().chain(policies).enumerate() {
        std::fs::write(under.join(format!("{number}.yaml")), policy.to_string())?;
    }
    Ok(folder)
}

/// A running webhook.
pub(super) struct Instance {
    name: &'static str,
    process: u32,
    pub(super) address: SocketAddr,
    pub(super) health: SocketAddr,
}

impl Instance {
    /// Starts it, and waits until it is ready.
    pub(super) async fn start(server: &Server, name: &'static str, folder: &Path) -> anyhow::Result<Self> {
        let file = |name: &str| folder.join(name).display().to_string();
        let mut command = Command::new(server.program());
        command
            .args(["--listen=127.0.0.1:0", "--health-addr=127.0.0.1:0", "--no-cluster", "--log-format=json"])
            .args(["--tls-cert", &file("tls.crt"), "--tls-key", &file("tls.key"), "--tls-poll=0.1"])
            .args(["--policies-dir", &file("policies"), "--shutdown-delay=5"]);
        let process = server.control_plane().run_beside(name, &mut command)?;
        let ports = || serving(&server.control_plane().last_words_of(name));
        server.eventually(name, || async { Ok(ports().is_some()) }).await?;
        let (address, health) = ports().context("its ports")?;
        server.eventually(name, || async { Ok(server::is_ready(health)) }).await?;
        Ok(Self { name, process, address, health })
    }

    /// How many requests it has answered.
    pub(super) fn answered(&self) -> anyhow::Result<f64> {
        server::metric(self.health, "plat_admission_requests_total")
    }

    /// Waits until it has answered so many more.
    pub(super) async fn answers(&self, server: &Server, more: f64) -> anyhow::Result<()> {
        let before = self.answered()?;
        server.eventually("more answers", || async { Ok(self.answered()? >= before + more) }).await
    }

    /// Asks it to end, as the kubelet does.
    pub(super) fn terminate(&self) -> anyhow::Result<()> {
        let status = Command::new("kill").args(["-TERM", &self.process.to_string()]).status()?;
        ensure!(status.success(), "{} cannot be asked to end", self.name);
        Ok(())
    }

    /// The end of its log.
    pub(super) fn last_words(&self, server: &Server) -> String {
        server.control_plane().last_words_of(self.name)
    }
}

/// Where it says it serves: it chose its ports itself, as nobody else could without a race.
fn serving(log: &str) -> Option<(SocketAddr, SocketAddr)> {
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let fields = lines.map(|line| line.get("fields").cloned().unwrap_or(line));
    let told = fields.into_iter().find(|fields| fields["message"] == "serving")?;
    let address = |key: &str| told[key].as_str()?.parse().ok();
    Some((address("address")?, address("health")?))
}

/// A validating webhook for what is created in one Namespace.
pub(super) fn configuration(namespace: &str, address: SocketAddr, bundle: Option<&str>, failure_policy: &str) -> Value {
    let settings = Settings {
        target: Target::Url(format!("https://{address}")),
        ca_bundle: bundle.map(|bundle| server::base64(bundle.as_bytes())),
        failure_policy: failure_policy.to_owned(),
        ..Settings::default()
    };
    let [mut validating, _] = configurations(&settings);
    validating["metadata"]["name"] = namespace.into();
    let mut hook = validating["webhooks"][0].take();
    let only =
        json!({"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "In", "values": [namespace]}]});
    hook["namespaceSelector"] = only;
    hook["timeoutSeconds"] = 30.into();
    // Cluster-scoped objects have no Namespace to select by, and are other tests' matter.
    hook["rules"] = json!([{
        "apiGroups": ["", "hostile.example"], "apiVersions": ["v1"], "resources": ["configmaps", "deeps"],
        "operations": ["CREATE"], "scope": "Namespaced",
    }]);
    validating["webhooks"] = json!([hook]);
    validating
}

/// Makes a Namespace for which the webhook at `address` is asked; nothing passes when it does not answer.
pub(super) async fn register(
    server: &Server,
    namespace: &str,
    address: SocketAddr,
    bundle: &str,
) -> anyhow::Result<()> {
    server.namespace(namespace).await?;
    server.put(CONFIGURATIONS, &configuration(namespace, address, Some(bundle), "Fail")).await?;
    let path = format!("/api/v1/namespaces/{namespace}/configmaps?dryRun=All");
    let refused = config_map("a", "refused");
    server
        .eventually("the first refusal", || async {
            Ok(server.ask("POST", &path, Some(&refused)).await?.message().contains("[no-refused]"))
        })
        .await
}

/// Requests in a Namespace from many tasks at once, until it is finished.
pub(super) struct Stream {
    is_over: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<anyhow::Result<usize>>>,
}

impl Stream {
    /// Begins to ask.
    pub(super) fn start(server: &'static Server, namespace: &'static str) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let tasks = (0..TASKS).map(|_| tokio::spawn(ask(server, namespace, Arc::clone(&is_over)))).collect();
        Self { is_over, tasks }
    }

    /// Ends it. How many requests there were, each of which was answered as it should be.
    pub(super) async fn finish(self) -> anyhow::Result<usize> {
        self.is_over.store(true, Ordering::SeqCst);
        let mut all = 0;
        for task in self.tasks {
            all += task.await??;
        }
        Ok(all)
    }
}

async fn ask(server: &'static Server, namespace: &'static str, is_over: Arc<AtomicBool>) -> anyhow::Result<usize> {
    let path = format!("/api/v1/namespaces/{namespace}/configmaps?dryRun=All");
    let mut count = 0;
    while !is_over.load(Ordering::SeqCst) {
        let fine = server.ask("POST", &path, Some(&config_map("a", "fine"))).await.context("a fine object")?;
        ensure!(fine.is_accepted(), "a fine object after {count} requests: {fine:?}");
        let refused = server.ask("POST", &path, Some(&config_map("a", "refused"))).await.context("a bad object")?;
        ensure!(refused.message().contains("[no-refused]"), "a bad object after {count} requests: {refused:?}");
        count += 2;
    }
    Ok(count)
}
