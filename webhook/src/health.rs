//! The plain port for kubelet and Prometheus.
//!
//! Owns `/healthz`, `/readyz` and `/metrics`. Nothing of it is secret, and nothing of it decides.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;

use crate::decision::Condition;
use crate::drain::{Stage, Watch};
use crate::evaluate::Evaluator;
use crate::metrics::Metrics;
use crate::tls::Certificates;

/// Health and metrics
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Health and metrics")]
pub struct HealthArguments {
    /// Address of /healthz, /readyz and /metrics, without TLS
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:8081")]
    pub health_addr: SocketAddr,
}

/// What is looked at.
#[derive(Debug, Clone)]
pub struct Health {
    /// What decides.
    pub evaluator: Evaluator,
    /// The certificates.
    pub certificates: Arc<Certificates>,
    /// How far the end has come.
    pub stage: Watch,
    /// What Prometheus is told.
    pub metrics: Arc<Metrics>,
}

/// The router of the health port.
pub fn router(health: Health) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(health)
}

impl Health {
    fn conditions(&self) -> Vec<Condition> {
        let stage = self.stage.now();
        let detail = if stage == Stage::Serving { "serving" } else { "shutting down" };
        let serving =
            Condition { name: "server".to_owned(), ready: stage == Stage::Serving, detail: detail.to_owned() };
        let mut conditions = vec![serving, self.certificates.condition()];
        conditions.extend(self.evaluator.admission().conditions());
        conditions
    }
}

async fn ready(State(health): State<Health>) -> Response {
    readiness(&health.conditions())
}

/// The answer of `/readyz`: ready where every condition is.
pub(crate) fn readiness(conditions: &[Condition]) -> Response {
    let ready = conditions.iter().all(|condition| condition.ready);
    let code = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, Json(json!({"ready": ready, "conditions": conditions}))).into_response()
}

/// The answer of `/metrics`.
pub(crate) fn exposition(text: String) -> Response {
    ([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text).into_response()
}

async fn metrics(State(health): State<Health>) -> Response {
    exposition(health.metrics.text(health.evaluator.waiting(), &health.evaluator.admission().policies()))
}
