//! The real function-patch-and-transform, running beside plat for `--real`.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use plat_cluster::{ClientOptions, FunctionClients};
use plat_expand::function::FunctionRunner;
use plat_tests::programs::FUNCTION_PATCH_AND_TRANSFORM;

/// Running functions; they stop when this is dropped.
pub(crate) struct Functions {
    child: Child,
    clients: FunctionClients,
}

impl Functions {
    /// Builds the function where it is not built yet, starts it on a free port and waits until it answers.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let binary = FUNCTION_PATCH_AND_TRANSFORM.build()?;
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let child = Command::new(&binary)
            .args(["--insecure", "--address"])
            .arg(address.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {}", binary.display()))?;
        let target = address.to_string();
        let name = FUNCTION_PATCH_AND_TRANSFORM.name;
        let clients = FunctionClients::new([(name, target.as_str())], ClientOptions::default())?;
        let functions = Self { child, clients };
        wait(address)?;
        Ok(functions)
    }

    /// What runs them.
    pub(crate) fn runner(&self) -> &dyn FunctionRunner {
        &self.clients
    }
}

impl Drop for Functions {
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
