//! The plain port for kubelet and Prometheus.
//!
//! Owns `/healthz`, `/readyz` and `/metrics` of the controller. A replica that does not lead is ready too: it is there to take
//! over.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use plat_reconcile::standing::{Engine, Standing};

use super::metrics::Metrics;
use super::platform::parts;
use super::reconciler::Context;
use super::watches::WatchState;
use crate::decision::Condition;
use crate::drain::{Stage, Watch};
use crate::health::{exposition, readiness};
use crate::listener::{Listener, ListenerArguments};

/// Health and metrics
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Health and metrics")]
pub struct HealthArguments {
    /// Address of /healthz, /readyz and /metrics, without TLS
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:8082")]
    pub health_addr: SocketAddr,
}

/// Connections of the port: kubelet, Prometheus and a person.
const CONNECTIONS: usize = 32;

/// What is looked at.
#[derive(Debug, Clone)]
pub struct Health {
    /// All that the controller has.
    pub context: Arc<Context>,
    /// How far the end has come.
    pub stage: Watch,
}

/// Binds the port and serves. Answers with the address.
pub async fn serve(arguments: &HealthArguments, health: Health) -> anyhow::Result<SocketAddr> {
    let listen = arguments.health_addr;
    let limits = ListenerArguments {
        listen,
        max_connections: CONNECTIONS,
        handshake_timeout: Duration::from_secs(10),
        idle_timeout: Duration::from_mins(2),
    };
    let connections = Arc::new(crate::metrics::Metrics::default());
    let listener = Listener::bind(listen, &limits, None, connections).await;
    let listener = listener.with_context(|| format!("cannot listen on {listen}"))?;
    let address = listener.address()?;
    let stage = health.stage.clone();
    tokio::spawn(listener.run(router(health), stage));
    Ok(address)
}

fn router(health: Health) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(health)
}

impl Health {
    fn conditions(&self) -> Vec<Condition> {
        let stage = self.stage.now();
        let mut conditions = vec![Condition {
            name: "controller".to_owned(),
            ready: stage == Stage::Serving,
            detail: if stage == Stage::Serving { "running" } else { "shutting down" }.to_owned(),
        }];
        conditions.extend(parts().into_iter().map(|kind| {
            let (ready, detail) = match self.context.watches.state(&kind) {
                Some(WatchState::Synced) => (true, "followed".to_owned()),
                Some(WatchState::Absent) => (true, "the cluster does not have the kind".to_owned()),
                Some(WatchState::Starting) | None => (false, "not read yet".to_owned()),
                // What was read before is in use still.
                Some(WatchState::Failed(reason)) => (self.context.objects.is_synced(&kind), reason),
            };
            Condition { name: format!("watch {}", kind.kind), ready, detail }
        }));
        conditions.push(self.engine());
        let is_made = self.context.hearing.changes.is_made();
        let detail = if is_made { "made of what the cluster has" } else { "not made yet" };
        conditions.push(Condition { name: "platform".to_owned(), ready: is_made, detail: detail.to_owned() });
        conditions
    }
}

impl Health {
    /// Who reconciles. A replica that stands down is ready: it is there to take over.
    fn engine(&self) -> Condition {
        let (ready, detail) = match &*self.context.standing.borrow() {
            Some(Standing { engine: Engine::Plat, why, .. }) => (true, format!("plat: {why}")),
            Some(Standing { engine: Engine::Crossplane, why, .. }) => (true, format!("Crossplane: {why}")),
            None => (false, "not known yet".to_owned()),
        };
        Condition { name: "engine".to_owned(), ready, detail }
    }
}

async fn ready(State(health): State<Health>) -> Response {
    readiness(&health.conditions())
}

async fn metrics(State(health): State<Health>) -> Response {
    let Context { queue, objects, watches, .. } = &*health.context;
    let metrics: &Metrics = &health.context.metrics;
    exposition(metrics.text(queue, objects, watches.states().len()))
}
