//! Accepting connections, and how long each may stay.
//!
//! Owns the accept loop, the limit on connections and what happens at it, handshakes, and the loop that serves one connection.
//! It does not know what is served.

mod activity;
mod connection;
mod descriptors;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use tokio::net::{TcpListener, TcpStream};
use tracing::{debug, warn};

use activity::Connections;
use connection::Protocols;
pub use connection::Shared;
pub use descriptors::affordable;

use crate::drain::Watch;
use crate::metrics::Metrics;
use crate::tls::Certificates;

/// Connections
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Connections")]
pub struct ListenerArguments {
    /// Address of the admission endpoints
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:8443")]
    pub listen: SocketAddr,
    /// Connections at once; beyond it, the longest idle one is closed for each new one
    #[arg(long, value_name = "COUNT", default_value_t = 2048)]
    pub max_connections: usize,
    /// Time for a TLS handshake, and from there to the first request
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = crate::args::seconds)]
    pub handshake_timeout: Duration,
    /// Time a connection may stay without a request; the API server closes its own after 90 s
    #[arg(long, value_name = "SECONDS", default_value = "120", value_parser = crate::args::seconds)]
    pub idle_timeout: Duration,
}

/// How long it is waited after an accept that failed for want of descriptors or memory.
const BREATH: Duration = Duration::from_millis(20);
/// How long nothing must be waiting in the system's queue until it counts as empty.
const QUEUE_EMPTY: Duration = Duration::from_millis(50);
/// How long the queue is emptied at most: new clients may come without end.
const QUEUE_EMPTIED: Duration = Duration::from_millis(500);

/// A bound address and all that is connected to it.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    shared: Arc<Shared>,
}

impl Listener {
    /// Binds an address. Without certificates it speaks plain HTTP/1.1.
    pub async fn bind(
        address: SocketAddr,
        arguments: &ListenerArguments,
        certificates: Option<Arc<Certificates>>,
        metrics: Arc<Metrics>,
    ) -> io::Result<Self> {
        let socket = TcpListener::bind(address).await?;
        let connections = Arc::new(Connections::new(arguments.max_connections.max(1)));
        let protocols = Protocols::new(arguments);
        Ok(Self { socket, shared: Arc::new(Shared { certificates, connections, protocols, metrics }) })
    }

    /// The address that was bound.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Serves until the stage is stopping; the connections that are then left are in what is returned.
    pub async fn run(self, router: Router, stage: Watch) -> Arc<Shared> {
        let Self { socket, shared } = self;
        let serve = |stream, slot| {
            let connection = connection::run(Arc::clone(&shared), stream, router.clone(), stage.clone(), slot);
            tokio::spawn(connection);
        };
        let (mut stopping, mut stopping_too) = (stage.clone(), stage.clone());
        loop {
            tokio::select! {
                biased;
                () = stopping.stopping() => break,
                slot = shared.connections.slot(&shared.metrics) => {
                    let accepted = tokio::select! {
                        biased;
                        accepted = socket.accept() => accepted,
                        () = stopping_too.stopping() => break,
                    };
                    match accepted {
                        Ok((stream, _)) => serve(stream, slot),
                        Err(error) => failed(&shared, &error).await,
                    }
                }
            }
        }
        // Whoever the system has connected already believes to be served.
        let until = Instant::now() + QUEUE_EMPTIED;
        while Instant::now() < until
            && let Ok(Ok((stream, _))) = tokio::time::timeout(QUEUE_EMPTY, socket.accept()).await
        {
            serve(stream, shared.connections.slot(&shared.metrics).await);
        }
        shared
    }
}

/// Out of descriptors, an idle connection gives up its own; a client that went meanwhile is nothing to wait for.
async fn failed(shared: &Shared, error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    if matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted) {
        debug!(%error, "a client went before it was accepted");
        return;
    }
    if shared.metrics.failed_accepts.inc() == 0 {
        warn!(%error, "cannot accept a connection; told once, plat_accepts_failed_total counts");
    }
    shared.connections.evict(&shared.metrics);
    tokio::time::sleep(BREATH).await;
}

impl Shared {
    /// Waits until every connection is closed.
    pub async fn closed(&self) {
        self.connections.all_closed().await;
    }
}

fn prepare(stream: &TcpStream) {
    // Answers are small and urgent. A socket that cannot be told so works as well, only slower.
    let _ = stream.set_nodelay(true);
}
