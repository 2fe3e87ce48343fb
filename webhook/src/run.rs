//! The server as a whole.
//!
//! Owns the order of things: certificates before sockets, sockets before policies are waited for, and the end in stages.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use tokio::task::JoinHandle;
use tracing::{info, warn};

use crate::args::{Arguments, ServerArguments};
use crate::body::Bodies;
use crate::decision::Admission;
use crate::drain::{self, Stage, Stages};
use crate::evaluate::Evaluator;
use crate::health::{self, Health};
use crate::listener::{Listener, ListenerArguments, Shared, affordable};
use crate::logging;
use crate::metrics::Metrics;
use crate::routes::{self, Service};
use crate::tls::Certificates;
use crate::wiring;

/// Connections of the health port: kubelet, Prometheus and a person.
const HEALTH_CONNECTIONS: usize = 32;

/// Serves as the command line says, until a signal.
pub fn main(arguments: &Arguments) -> anyhow::Result<()> {
    logging::start(&arguments.logging)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start threads")?;
    runtime.block_on(async {
        let metrics = Arc::new(Metrics::default());
        let admission = wiring::start(&arguments.policies).await?;
        let server = Server::start(arguments.server.clone(), Arc::new(admission), metrics).await?;
        server.until_signal().await
    })
}

/// A server that listens.
#[derive(Debug)]
pub struct Server {
    /// Where decisions are asked for.
    pub address: SocketAddr,
    /// Where health is asked for.
    pub health_address: SocketAddr,
    /// The certificates that are served.
    pub certificates: Arc<Certificates>,
    stages: Stages,
    /// The health port's own: it answers until the very end.
    health_stages: Stages,
    arguments: ServerArguments,
    admission: JoinHandle<Arc<Shared>>,
    health: JoinHandle<Arc<Shared>>,
    poll: JoinHandle<()>,
    metrics: Arc<Metrics>,
}

impl Server {
    /// Binds both ports and serves.
    pub async fn start(
        arguments: ServerArguments,
        admission: Arc<dyn Admission>,
        metrics: Arc<Metrics>,
    ) -> anyhow::Result<Self> {
        let certificates = Arc::new(Certificates::load(&arguments.tls, Arc::clone(&metrics))?);
        let evaluator = Evaluator::start(&arguments.evaluation, admission).context("cannot start threads")?;
        let (stages, health_stages) = (Stages::default(), Stages::default());
        let listener = admission_listener(&arguments, &certificates, &metrics).await?;
        let health_listener = health_listener(&arguments, &metrics).await?;
        let (address, health_address) = (listener.address()?, health_listener.address()?);
        let service = Service {
            bodies: Bodies::new(&arguments.bodies),
            evaluator: evaluator.clone(),
            metrics: Arc::clone(&metrics),
            default_timeout: arguments.evaluation.default_timeout,
        };
        let health = Health {
            evaluator,
            certificates: Arc::clone(&certificates),
            stage: stages.watch(),
            metrics: Arc::clone(&metrics),
        };
        Ok(Self {
            address,
            health_address,
            admission: tokio::spawn(listener.run(routes::router(service), stages.watch())),
            health: tokio::spawn(health_listener.run(health::router(health), health_stages.watch())),
            poll: tokio::spawn(Arc::clone(&certificates).poll()),
            certificates,
            stages,
            health_stages,
            arguments,
            metrics,
        })
    }

    /// Serves until a signal, then ends in stages.
    pub async fn until_signal(self) -> anyhow::Result<()> {
        info!(address = %self.address, health = %self.health_address, "serving");
        drain::signal().await.context("cannot wait for signals")?;
        info!(delay_seconds = self.arguments.drain.shutdown_delay.as_secs_f64(), "shutting down");
        self.stages.enter(Stage::Leaving);
        // A second signal is from somebody who does not want to wait.
        tokio::select! {
            () = tokio::time::sleep(self.arguments.drain.shutdown_delay) => {}
            _ = drain::signal() => {}
        }
        self.stop().await;
        Ok(())
    }

    /// Says that it is leaving, and serves on.
    pub fn leave(&self) {
        self.stages.enter(Stage::Leaving);
    }

    /// Takes no more connections, finishes what is in work, and ends. True when everything was finished in time.
    pub async fn stop(self) -> bool {
        self.stages.enter(Stage::Stopping);
        let finished = async {
            if let Ok(shared) = self.admission.await {
                shared.closed().await;
            }
        };
        let finished = tokio::time::timeout(self.arguments.drain.shutdown_timeout, finished).await.is_ok();
        if finished {
            info!("every request was answered");
        } else {
            warn!(in_flight = self.metrics.requests_in_flight(), "connections did not close in time");
        }
        self.health_stages.enter(Stage::Stopping);
        self.health.abort();
        self.poll.abort();
        finished
    }
}

async fn admission_listener(
    arguments: &ServerArguments,
    certificates: &Arc<Certificates>,
    metrics: &Arc<Metrics>,
) -> anyhow::Result<Listener> {
    let ListenerArguments { listen, max_connections, .. } = arguments.listener;
    let limits = ListenerArguments { max_connections: affordable(max_connections), ..arguments.listener.clone() };
    Listener::bind(listen, &limits, Some(Arc::clone(certificates)), Arc::clone(metrics))
        .await
        .with_context(|| format!("cannot listen on {listen}"))
}

async fn health_listener(arguments: &ServerArguments, metrics: &Arc<Metrics>) -> anyhow::Result<Listener> {
    let address = arguments.health.health_addr;
    let limits = ListenerArguments { max_connections: HEALTH_CONNECTIONS, ..arguments.listener.clone() };
    Listener::bind(address, &limits, None, Arc::clone(metrics))
        .await
        .with_context(|| format!("cannot listen on {address}"))
}
