//! The paths of the admission port.
//!
//! Owns what is answered over HTTP to a request for a decision, and its line in the log. The decision is not made here.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use tracing::{debug, info, warn};

use crate::body::Bodies;
use crate::decision::{Endpoint, Outcome};
use crate::evaluate::{Decided, Evaluator, refuse};
use crate::metrics::Metrics;
use crate::review::{Envelope, Refusal};

/// What all requests share.
#[derive(Debug, Clone)]
pub struct Service {
    /// Bounds on bodies.
    pub bodies: Bodies,
    /// Where decisions are made.
    pub evaluator: Evaluator,
    /// Where they are counted.
    pub metrics: Arc<Metrics>,
    /// Time for a request that does not say how long the API server waits.
    pub default_timeout: Duration,
}

/// The router of the admission port.
pub fn router(service: Service) -> Router {
    let mut router = Router::new();
    for endpoint in Endpoint::ALL {
        let handler =
            move |State(service): State<Service>, request| async move { service.answer(endpoint, request).await };
        router = router.route(endpoint.path(), post(handler));
    }
    router.with_state(service)
}

impl Service {
    async fn answer(self, endpoint: Endpoint, request: Request) -> Response {
        let started = Instant::now();
        let deadline = started + time_for(request.uri(), self.default_timeout);
        let counted = self.metrics.begin();
        let (parts, body) = request.into_parts();
        let (buffered, read) = self.bodies.read(&parts.headers, body, deadline.into()).await;
        let buffered = Arc::new(buffered);
        let decided = match read {
            Ok(()) => self.evaluator.decide(endpoint, &buffered, started, deadline).await,
            Err(refusal) => Decided::Refused(refusal),
        };
        let (envelope, response, outcome) = match decided {
            Decided::Answered(envelope, answer) => {
                self.metrics.constraints(&answer.constraints);
                self.metrics.gaps(&envelope.object_kind, answer.gaps);
                (*envelope, respond(answer.review), answer.outcome)
            }
            Decided::Refused(refusal) => refused(&buffered.bytes, &refusal),
        };
        let time = started.elapsed();
        self.metrics.request(endpoint, &envelope, outcome, time);
        drop(counted);
        log(endpoint, &envelope, outcome, time);
        response
    }
}

fn refused(body: &[u8], refusal: &Refusal) -> (Envelope, Response, Outcome) {
    let (envelope, answer) = refuse(body, refusal);
    warn!(uid = envelope.uid, code = refusal.code, "{}", refusal.message);
    let response = answer.map_or_else(
        || {
            let code = StatusCode::from_u16(refusal.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (code, respond(refusal.status())).into_response()
        },
        |answer| respond(answer.review),
    );
    (envelope, response, Outcome::Errored)
}

fn respond(json: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], json).into_response()
}

/// Who asked for what and how it ended; never what the object says.
fn log(endpoint: Endpoint, envelope: &Envelope, outcome: Outcome, time: Duration) {
    let Envelope { uid, operation, object_group, object_kind, namespace, name, dry_run, .. } = envelope;
    let (endpoint, outcome_name) = (endpoint.name(), outcome.name());
    let milliseconds = time.as_secs_f64() * 1_000.0;
    match outcome {
        Outcome::Denied | Outcome::Errored => info!(
            uid,
            endpoint,
            operation,
            group = object_group,
            kind = object_kind,
            namespace,
            name,
            dry_run,
            outcome = outcome_name,
            milliseconds,
            "refused"
        ),
        _ => debug!(
            uid,
            endpoint,
            operation,
            group = object_group,
            kind = object_kind,
            namespace,
            name,
            dry_run,
            outcome = outcome_name,
            milliseconds,
            "allowed"
        ),
    }
}

/// The least time that is left to the API server to hear of the answer.
const LEAST_MARGIN: Duration = Duration::from_millis(50);
/// The API server allows no more.
const MOST: Duration = Duration::from_secs(30);

/// How long a decision may take: a little less than what the API server says it waits.
fn time_for(uri: &Uri, default: Duration) -> Duration {
    let query = uri.query().unwrap_or_default();
    let told = query.split('&').find_map(|pair| pair.strip_prefix("timeout=")).and_then(go_duration);
    let whole = told.filter(|told| !told.is_zero()).unwrap_or(default).min(MOST);
    let margin = (whole / 10).max(LEAST_MARGIN).min(whole / 2);
    whole.saturating_sub(margin)
}

/// A duration as Go prints it: `10s`, `1m30s`, `2.5s`, `500ms`.
fn go_duration(text: &str) -> Option<Duration> {
    let (mut rest, mut seconds) = (text, 0.0);
    while !rest.is_empty() {
        let number = rest.find(|character: char| !character.is_ascii_digit() && character != '.')?;
        let value: f64 = rest[..number].parse().ok()?;
        rest = &rest[number..];
        let unit = rest.find(|character: char| character.is_ascii_digit() || character == '.').unwrap_or(rest.len());
        seconds += value
            * match &rest[..unit] {
                "h" => 3_600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 1e-3,
                "us" | "%C2%B5s" => 1e-6,
                "ns" => 1e-9,
                _ => return None,
            };
        rest = &rest[unit..];
    }
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_durations_as_go_prints_them() {
        let seconds = |text| go_duration(text).map(|duration| duration.as_secs_f64());
        let cases = [
            ("10s", Some(10.0)),
            ("1m0s", Some(60.0)),
            ("1m30s", Some(90.0)),
            ("2.5s", Some(2.5)),
            ("500ms", Some(0.5)),
            ("", Some(0.0)),
            ("10", None),
            ("s", None),
            ("-1s", None),
            ("1x", None),
            ("1e9s", None),
            ("1.1.1s", None),
        ];
        for (text, expected) in cases {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }

    #[test]
    fn leaves_the_api_server_some_time() {
        let time = |uri: &str| time_for(&uri.parse().unwrap(), Duration::from_secs(3)).as_millis();
        assert_eq!(time("/validate?timeout=10s"), 9_000);
        assert_eq!(time("/validate?a=b&timeout=1s"), 900);
        assert_eq!(time("/validate?timeout=100ms"), 50);
        assert_eq!(time("/validate?timeout=20ms"), 10);
        assert_eq!(time("/validate"), 2_700);
        assert_eq!(time("/validate?timeout=0s"), 2_700);
        assert_eq!(time("/validate?timeout=nonsense"), 2_700);
        assert_eq!(time("/validate?timeout=60s"), 27_000);
    }
}
