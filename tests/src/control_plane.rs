//! A real Kubernetes control plane on free ports of this machine: etcd, the API server and, when asked, the controllers.
//!
//! Owns finding the programs, their flags, the kubeconfig and the retry when a port was taken meanwhile. What uses it talks
//! to the API server with a client of its own. Stopping is the supervisor's.

use std::collections::hash_map::RandomState;
use std::env;
use std::fs;
use std::hash::{BuildHasher, Hasher};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::programs::{ETCD, KUBE_APISERVER, KUBE_CONTROLLER_MANAGER, Program, has_go};
use crate::supervisor::Supervisor;

/// How long a program may take until it accepts connections: generous, for machines busy with other builds.
const PATIENCE: Duration = Duration::from_mins(2);
/// How often a start is tried when a port was taken between picking and using it.
pub(crate) const ATTEMPTS: usize = 5;

/// What to run besides etcd and the API server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// Run Kubernetes' own controllers: namespaces go away, garbage is collected, deployments make pods.
    pub controllers: bool,
}

/// A running control plane; dropping it stops it.
#[derive(Debug)]
pub struct ControlPlane {
    supervisor: Supervisor,
    url: String,
    kubeconfig: PathBuf,
    binaries: Binaries,
    ports: Ports,
}

#[derive(Debug)]
struct Binaries {
    etcd: PathBuf,
    api_server: PathBuf,
    controller_manager: Option<PathBuf>,
}

#[derive(Debug)]
struct Ports {
    etcd: u16,
    etcd_peer: u16,
    api_server: u16,
}

impl ControlPlane {
    /// Starts etcd and the API server.
    pub fn start() -> anyhow::Result<Self> {
        Self::start_with(Options::default())
    }

    /// Starts what `options` ask for. The API server accepts connections when this returns; `/readyz` says when it has
    /// finished its own set-up, a second or two later.
    pub fn start_with(options: Options) -> anyhow::Result<Self> {
        let binaries = Binaries::find(options)?;
        let mut last = None;
        for _ in 0..ATTEMPTS {
            let ports = Ports::pick()?;
            match Self::launch(&binaries, &ports) {
                Err(error) if format!("{error:#}").contains("address already in use") => last = Some(error),
                Err(error) => return Err(error),
                Ok((supervisor, url, kubeconfig)) => return Ok(Self { supervisor, url, kubeconfig, binaries, ports }),
            }
        }
        Err(last.context("no attempt was made")?.context("every port picked was taken by the time it was used"))
    }

    /// The API server's address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A kubeconfig with all rights; it goes when the control plane goes.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// The end of the API server's log, for a failure's message.
    pub fn last_words(&self) -> String {
        self.supervisor.last_words(KUBE_APISERVER.name)
    }

    /// Runs a program beside it, which ends when it does, and tells its process id. What it prints goes to a log.
    pub fn run_beside(&mut self, name: &'static str, command: &mut Command) -> anyhow::Result<u32> {
        self.supervisor.spawn(name, command)
    }

    /// Whether a program that runs beside it has ended by itself.
    pub fn has_ended(&mut self, name: &str) -> bool {
        self.supervisor.has_ended(name)
    }

    /// Kills a program that runs beside it; it can be started again under its name.
    pub fn end(&mut self, name: &str) -> anyhow::Result<()> {
        self.supervisor.end(name)
    }

    /// The end of the log of a program that runs beside it.
    pub fn last_words_of(&self, name: &str) -> String {
        self.supervisor.last_words(name)
    }

    /// Where the log of a program that runs beside it is.
    pub fn log_of(&self, name: &str) -> PathBuf {
        self.supervisor.log(name)
    }

    /// Kills the API server; etcd keeps all it knew.
    pub fn stop_api_server(&mut self) -> anyhow::Result<()> {
        self.supervisor.end(KUBE_APISERVER.name)
    }

    /// Starts the API server again, at the same address.
    pub fn start_api_server(&mut self) -> anyhow::Result<()> {
        let mut command = api_server(&self.binaries.api_server, &self.ports);
        self.supervisor.spawn(KUBE_APISERVER.name, &mut command)?;
        wait_for(self.ports.api_server, &mut self.supervisor)
    }

    /// The process id of etcd, for what a test does to it.
    pub fn etcd_process(&self) -> Option<u32> {
        self.supervisor.id(ETCD.name)
    }

    /// The process id of the API server.
    pub fn api_server_process(&self) -> Option<u32> {
        self.supervisor.id(KUBE_APISERVER.name)
    }

    fn launch(binaries: &Binaries, ports: &Ports) -> anyhow::Result<(Supervisor, String, PathBuf)> {
        let mut supervisor = Supervisor::start()?;
        let folder = supervisor.folder().to_owned();
        let token = format!("{:016x}{:016x}", random(), random());
        fs::write(folder.join("tokens.csv"), format!("{token},plat-test,plat-test,system:masters\n"))?;

        supervisor.spawn(ETCD.name, &mut etcd(&binaries.etcd, ports))?;
        wait_for(ports.etcd, &mut supervisor)?;
        supervisor.spawn(KUBE_APISERVER.name, &mut api_server(&binaries.api_server, ports))?;
        wait_for(ports.api_server, &mut supervisor)?;

        let url = format!("https://127.0.0.1:{}", ports.api_server);
        let kubeconfig = folder.join("kubeconfig");
        fs::write(&kubeconfig, kubeconfig_text(&url, &folder.join("certificates/apiserver.crt"), &token))?;
        if let Some(program) = &binaries.controller_manager {
            supervisor.spawn(KUBE_CONTROLLER_MANAGER.name, &mut controller_manager(program, &kubeconfig))?;
        }
        Ok((supervisor, url, kubeconfig))
    }
}

impl Binaries {
    fn find(options: Options) -> anyhow::Result<Self> {
        Ok(Self {
            etcd: find(&ETCD)?,
            api_server: find(&KUBE_APISERVER)?,
            controller_manager: options.controllers.then(|| find(&KUBE_CONTROLLER_MANAGER)).transpose()?,
        })
    }
}

/// The program from the folder `KUBEBUILDER_ASSETS` names, PATH, or `target/`; else it is built.
pub fn find(program: &Program) -> anyhow::Result<PathBuf> {
    let assets = env::var_os("KUBEBUILDER_ASSETS").map(PathBuf::from);
    let path = env::var_os("PATH").unwrap_or_default();
    let ready = assets.into_iter().chain(env::split_paths(&path)).map(|folder| folder.join(program.name));
    if let Some(binary) = ready.chain(program.kept()).find(|binary| binary.is_file()) {
        return Ok(binary);
    }
    if !has_go() {
        bail!(
            "there is no {0}, and no Go to build it with. Any of these helps:\n  \
             install Go 1.26 or newer, and it is built from its published module (minutes, once)\n  \
             put {0} on PATH, or in the folder that KUBEBUILDER_ASSETS names\n  \
             leave these tests out: cargo xtask test --no-cluster",
            program.name
        );
    }
    program.build()
}

impl Ports {
    fn pick() -> anyhow::Result<Self> {
        let [etcd, etcd_peer, api_server] = free_ports()?;
        Ok(Self { etcd, etcd_peer, api_server })
    }
}

/// Ports that are free now. Held together while picking, so that they differ.
pub(crate) fn free_ports<const COUNT: usize>() -> anyhow::Result<[u16; COUNT]> {
    let mut ports = [0; COUNT];
    let mut held = Vec::new();
    for port in &mut ports {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port is free on 127.0.0.1")?;
        *port = listener.local_addr()?.port();
        held.push(listener);
    }
    Ok(ports)
}

fn etcd(program: &Path, ports: &Ports) -> Command {
    let (client, peer) = (format!("http://127.0.0.1:{}", ports.etcd), format!("http://127.0.0.1:{}", ports.etcd_peer));
    let mut command = Command::new(program);
    command.args(["--name=plat", "--data-dir=etcd", "--unsafe-no-fsync", "--log-level=warn"]).args([
        format!("--listen-client-urls={client}"),
        format!("--advertise-client-urls={client}"),
        format!("--listen-peer-urls={peer}"),
        format!("--initial-advertise-peer-urls={peer}"),
        format!("--initial-cluster=plat={peer}"),
    ]);
    command
}

fn api_server(program: &Path, ports: &Ports) -> Command {
    let mut command = Command::new(program);
    command
        .args([
            format!("--etcd-servers=http://127.0.0.1:{}", ports.etcd),
            format!("--secure-port={}", ports.api_server),
        ])
        .args(["--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", "--cert-dir=certificates"])
        // The key it makes for its own certificate signs service accounts too: no key of ours to make or keep.
        .args(["--service-account-signing-key-file=certificates/apiserver.key"])
        .args(["--service-account-key-file=certificates/apiserver.key"])
        .args(["--service-account-issuer=https://kubernetes.default.svc", "--service-cluster-ip-range=10.0.0.0/24"])
        .args(["--token-auth-file=tokens.csv", "--authorization-mode=RBAC"])
        .args(["--disable-admission-plugins=ServiceAccount", "--endpoint-reconciler-type=none"])
        // Tests ask for much at once; queueing them would only make them slow.
        .args(["--enable-priority-and-fairness=false", "--max-requests-inflight=0"])
        .args(["--max-mutating-requests-inflight=0", "--profiling=false"]);
    command
}

fn controller_manager(program: &Path, kubeconfig: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .arg(format!("--kubeconfig={}", kubeconfig.display()))
        .args([
            "--service-account-private-key-file=certificates/apiserver.key",
            "--root-ca-file=certificates/apiserver.crt",
        ])
        .args(["--leader-elect=false", "--secure-port=0"]);
    command
}

fn kubeconfig_text(url: &str, certificate: &Path, token: &str) -> String {
    let certificate = certificate.display();
    format!(
        "apiVersion: v1\n\
         kind: Config\n\
         clusters: [{{name: plat, cluster: {{server: '{url}', certificate-authority: '{certificate}'}}}}]\n\
         users: [{{name: plat, user: {{token: '{token}'}}}}]\n\
         contexts: [{{name: plat, context: {{cluster: plat, user: plat, namespace: default}}}}]\n\
         current-context: plat\n"
    )
}

/// Waits until `port` accepts connections, as long as every process lives.
pub(crate) fn wait_for(port: u16, supervisor: &mut Supervisor) -> anyhow::Result<()> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some((name, words)) = supervisor.ended() {
            bail!("{name} ended at its start:\n{words}");
        }
        if TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok() {
            return Ok(());
        }
        if Instant::now() > deadline {
            bail!("nothing listens on {address} after {} s", PATIENCE.as_secs());
        }
        thread::sleep(Duration::from_millis(50));
    }
}

/// A number nobody can guess well enough to matter on the loopback of a test machine.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn picks_ports_that_differ() {
        let ports = Ports::pick().unwrap();
        assert!(ports.etcd != ports.etcd_peer && ports.etcd != ports.api_server && ports.etcd_peer != ports.api_server);
    }
}
