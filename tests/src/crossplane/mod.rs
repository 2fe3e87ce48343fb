//! The real Crossplane beside a control plane: its kinds, its core, and the functions it calls.
//!
//! Owns what they need around them (certificates, objects, flags) and their processes, which end with it. Makes objects
//! through a client of whoever uses it, given as `ask`: one request with all rights (method, path, object; a `PATCH` is a
//! merge) and the status and body of the answer. How it is used:
//!
//! ```text
//! let mut crossplane = Crossplane::install(control_plane.kubeconfig(), &ask)?; // kinds and functions; nobody reconciles
//! let process = crossplane.start(&ask)?;                                       // the core reconciles from now on
//! crossplane.metrics();                                                        // http://127.0.0.1:PORT/metrics
//! crossplane.stop(&ask)?;                                                      // SIGTERM; start it again at will
//! ```
//!
//! Out of a cluster the core cannot take its Lease, as it would read the Lease's Namespace from a Pod's files. So it runs
//! without election, and a Deployment as Crossplane's chart makes it stands for it: scaled to 1 while it runs, to 0 when it
//! has ended. Nothing runs its Pods.

mod certificates;
mod objects;

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use serde_json::Value;

use crate::control_plane::{ATTEMPTS, free_ports, wait_for};
use crate::programs::{CROSSPLANE_CORE, FUNCTION_AUTO_READY, FUNCTION_PATCH_AND_TRANSFORM, Program};
use crate::supervisor::Supervisor;

/// One request to the API server with all rights: method, path, object; status and body of the answer.
pub type Ask<'a> = &'a dyn Fn(&str, &str, &Value) -> anyhow::Result<(u16, String)>;

/// The Namespace that Crossplane lives in.
pub const NAMESPACE: &str = "crossplane-system";
/// The functions that run beside it.
pub const FUNCTIONS: [Program; 2] = [FUNCTION_PATCH_AND_TRANSFORM, FUNCTION_AUTO_READY];

/// How long something may take on a machine that is busy with builds.
const PATIENCE: Duration = Duration::from_mins(2);
const CORE: &str = CROSSPLANE_CORE.name;
const INITIALIZER: &str = "crossplane-core-init";

/// Crossplane, installed; dropping it ends its processes.
#[derive(Debug)]
pub struct Crossplane {
    supervisor: Supervisor,
    binary: PathBuf,
    kubeconfig: PathBuf,
    metrics: u16,
}

impl Crossplane {
    /// Brings Crossplane's kinds and starts its functions. Builds what is not built yet: minutes, once.
    pub fn install(kubeconfig: &Path, ask: Ask<'_>) -> anyhow::Result<Self> {
        let mut installed = Self::bring_kinds(kubeconfig, ask)?;
        certificates::write(&installed.certificates())?;
        for function in FUNCTIONS {
            let port = installed.start_function(&function)?;
            objects::make_function(ask, function.name, &function.version()?, port)?;
        }
        Ok(installed)
    }

    /// Brings only Crossplane's kinds, as its own initializer makes them.
    pub fn bring_kinds(kubeconfig: &Path, ask: Ask<'_>) -> anyhow::Result<Self> {
        let binary = CROSSPLANE_CORE.build()?;
        let supervisor = Supervisor::start()?;
        let mut installed = Self { supervisor, binary, kubeconfig: kubeconfig.to_owned(), metrics: 0 };
        objects::make_surroundings(ask, NAMESPACE)?;
        installed.initialize()?;
        Ok(installed)
    }

    /// Starts the core and tells its process id. It watches its kinds when this returns, or is about to.
    pub fn start(&mut self, ask: Ask<'_>) -> anyhow::Result<u32> {
        objects::scale_deployment(ask, NAMESPACE, 1)?;
        let mut last = None;
        for _ in 0..ATTEMPTS {
            let [metrics, health] = free_ports()?;
            let mut command = self.core("start", metrics, health);
            let process = self.supervisor.spawn(CORE, &mut command)?;
            match self.until_ready(health) {
                Ok(()) => {
                    self.metrics = metrics;
                    return Ok(process);
                }
                Err(error) if format!("{error:#}").contains("address already in use") => last = Some(error),
                Err(error) => return Err(error),
            }
            self.supervisor.end(CORE)?;
        }
        Err(last.context("no attempt was made")?)
    }

    /// Asks the core to end, waits until it has, and says so in its Deployment.
    pub fn stop(&mut self, ask: Ask<'_>) -> anyhow::Result<()> {
        self.supervisor.terminate(CORE, PATIENCE)?;
        objects::scale_deployment(ask, NAMESPACE, 0)
    }

    /// Process ids by program, the core's among them while it runs.
    pub fn processes(&self) -> Vec<(&'static str, u32)> {
        let names = [CORE].into_iter().chain(FUNCTIONS.map(|function| function.name));
        names.filter_map(|name| Some((name, self.supervisor.id(name)?))).collect()
    }

    /// The port on 127.0.0.1 where the core that runs tells its metrics.
    pub fn metrics(&self) -> u16 {
        self.metrics
    }

    /// The ends of all logs, for a failure's message.
    pub fn last_words(&self) -> String {
        let names = [INITIALIZER, CORE].into_iter().chain(FUNCTIONS.map(|function| function.name));
        names.map(|name| format!("{name}:\n{}\n", self.supervisor.last_words(name))).collect()
    }

    fn certificates(&self) -> PathBuf {
        self.supervisor.folder().join("certificates")
    }

    /// The initializer makes objects of kinds it has just brought, and may come too early for that.
    fn initialize(&mut self) -> anyhow::Result<()> {
        let kinds = CROSSPLANE_CORE.module_folder().context("the module of Crossplane is not there")?;
        for _ in 0..ATTEMPTS {
            let mut command = self.crossplane();
            command
                .args(["core", "init", "--enable-webhooks=false", "--tlsca-secret-name=crossplane-root-ca"])
                .args([
                    "--tls-server-secret-name=crossplane-tls-server",
                    "--tls-client-secret-name=crossplane-tls-client",
                ])
                .arg(format!("--cr-ds-path={}", kinds.join("cluster/crds").display()));
            self.supervisor.spawn(INITIALIZER, &mut command)?;
            if self.supervisor.wait(INITIALIZER, PATIENCE)?.success() {
                return Ok(());
            }
        }
        bail!("Crossplane's kinds cannot be brought:\n{}", self.supervisor.last_words(INITIALIZER))
    }

    fn start_function(&mut self, function: &Program) -> anyhow::Result<u16> {
        let binary = function.build()?;
        let mut last = None;
        for _ in 0..ATTEMPTS {
            let [port] = free_ports()?;
            let mut command = Command::new(&binary);
            command.arg(format!("--tls-certs-dir={}", self.certificates().display()));
            command.arg(format!("--address=127.0.0.1:{port}"));
            self.supervisor.spawn(function.name, &mut command)?;
            match wait_for(port, &mut self.supervisor) {
                Ok(()) => return Ok(port),
                Err(error) if format!("{error:#}").contains("address already in use") => last = Some(error),
                Err(error) => return Err(error),
            }
            self.supervisor.end(function.name)?;
        }
        Err(last.context("no attempt was made")?)
    }

    fn core(&self, what: &str, metrics: u16, health: u16) -> Command {
        let mut command = self.crossplane();
        command
            .args(["core", what, "--enable-webhooks=false"])
            .arg(format!("--tls-client-certs-dir={}", self.certificates().display()))
            .arg(format!("--xpkg-cache-dir={}", self.supervisor.folder().join("packages").display()))
            .args([format!("--metrics-port={metrics}"), format!("--health-probe-port={health}")]);
        command
    }

    /// By the name its image has: the API server writes it down as the manager of fields.
    fn crossplane(&self) -> Command {
        let mut command = Command::new(&self.binary);
        command.arg0("crossplane").env("KUBECONFIG", &self.kubeconfig);
        command
    }

    fn until_ready(&mut self, health: u16) -> anyhow::Result<()> {
        wait_for(health, &mut self.supervisor)?;
        let end = Instant::now() + PATIENCE;
        while !is_ready(health).unwrap_or(false) {
            ensure!(Instant::now() < end, "Crossplane does not become ready:\n{}", self.supervisor.last_words(CORE));
            if let Some((name, words)) = self.supervisor.ended() {
                bail!("{name} ended at its start:\n{words}");
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }
}

fn is_ready(port: u16) -> anyhow::Result<bool> {
    let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    connection.set_read_timeout(Some(PATIENCE))?;
    connection.write_all(b"GET /readyz HTTP/1.0\r\n\r\n")?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer)?;
    Ok(answer.split_whitespace().nth(1) == Some("200"))
}
