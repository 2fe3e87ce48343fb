//! The real functions, running beside plat for `--real`.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use plat_cluster::render::FunctionAddress;
use plat_cluster::{ClientOptions, FunctionClients};
use plat_expand::function::FunctionRunner;
use plat_tests::programs::{FUNCTION_AUTO_READY, FUNCTION_PATCH_AND_TRANSFORM, Program};

/// Running functions; they stop when this is dropped.
pub(crate) struct Functions {
    running: Vec<Running>,
    clients: FunctionClients,
}

impl Functions {
    /// Builds the functions where they are not built yet, starts them on free ports and waits until they answer.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let programs = [&FUNCTION_PATCH_AND_TRANSFORM, &FUNCTION_AUTO_READY];
        let running = programs.into_iter().map(Running::start).collect::<anyhow::Result<Vec<_>>>()?;
        let targets = running.iter().map(|function| (function.name, function.target.as_str()));
        let clients = FunctionClients::new(targets, ClientOptions::default())?;
        Ok(Self { running, clients })
    }

    /// Where they listen.
    pub(crate) fn addresses(&self) -> Vec<FunctionAddress> {
        let address =
            |function: &Running| FunctionAddress { name: function.name.to_owned(), address: function.target.clone() };
        self.running.iter().map(address).collect()
    }

    /// What runs them.
    pub(crate) fn runner(&self) -> &dyn FunctionRunner {
        &self.clients
    }
}

/// One running function; it stops when this is dropped.
struct Running {
    name: &'static str,
    target: String,
    child: Child,
}

impl Running {
    fn start(program: &Program) -> anyhow::Result<Self> {
        let binary = program.build()?;
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let child = Command::new(&binary)
            .args(["--insecure", "--address"])
            .arg(address.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {}", binary.display()))?;
        let running = Self { name: program.name, target: address.to_string(), child };
        wait(address)?;
        Ok(running)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself; there is nobody left to tell.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn wait(address: SocketAddr) -> anyhow::Result<()> {
    let started = Instant::now();
    while TcpStream::connect(address).is_err() {
        ensure!(started.elapsed() < Duration::from_secs(20), "the function does not listen on {address}");
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}
