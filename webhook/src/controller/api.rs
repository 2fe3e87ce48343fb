//! One call to the API server, and what its answer means.
//!
//! Owns the words for what went wrong, the time a call may take, and counting calls. What may be written and when is the
//! writer's matter.

use std::sync::Arc;
use std::time::Duration;

use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, Method, Request, StatusCode};
use kube::Client;
use kube::client::Body;
use plat_resource::{GroupVersionKind, Value};

use super::metrics::Metrics;
use crate::sources::words;

/// How long one call may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long it is waited where the API server is overloaded and does not say how long.
const THROTTLED: Duration = Duration::from_secs(1);

/// Talks to the API server.
#[derive(Clone)]
pub struct Api {
    client: Client,
    metrics: Arc<Metrics>,
}

/// One call.
#[derive(Debug, Clone)]
pub struct Call<'a> {
    /// The verb, as permissions name it.
    pub verb: &'static str,
    /// The kind, for counting.
    pub kind: &'a str,
    /// The HTTP method.
    pub method: Method,
    /// Path and query.
    pub path: &'a str,
    /// What the body is.
    pub content: &'static str,
    /// The body.
    pub body: Option<&'a Value>,
}

/// Why something was not written, or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// Somebody else wrote it meanwhile, or it is there already.
    #[error("somebody else wrote it at the same time")]
    Conflict,
    /// It is not there.
    #[error("it is not there")]
    NotFound,
    /// The API server, or an admission webhook, refuses it as it is.
    #[error("{message}")]
    Invalid {
        /// In its words.
        message: String,
    },
    /// A permission is missing.
    #[error("may not {verb} {resource}: {message}")]
    Forbidden {
        /// What was tried.
        verb: String,
        /// With which resource.
        resource: String,
        /// In the words of the API server.
        message: String,
    },
    /// The API server has too much to do.
    #[error("the API server has too much to do")]
    Throttled {
        /// When it may be asked again.
        after: Duration,
    },
    /// Another replica leads.
    #[error("this replica does not lead")]
    NoLease,
    /// The cluster does not have the kind.
    #[error("the cluster has no kind {0}")]
    NoKind(GroupVersionKind),
    /// The API server did not do it, though it might another time.
    #[error("{message}")]
    Failed {
        /// In its words.
        message: String,
    },
}

impl WriteError {
    /// Whether it says something of the object or the cluster that somebody has to mend, and not of this moment.
    pub const fn is_lasting(&self) -> bool {
        matches!(self, Self::NoKind(_) | Self::Forbidden { .. } | Self::Invalid { .. })
    }
}

impl<'a> Call<'a> {
    /// Reads.
    pub const fn read(verb: &'static str, kind: &'a str, path: &'a str) -> Self {
        Self { verb, kind, method: Method::GET, path, content: "application/json", body: None }
    }
}

impl std::fmt::Debug for Api {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Api").finish_non_exhaustive()
    }
}

impl Api {
    /// Calls through a client, and counts.
    pub fn new(client: Client, metrics: Arc<Metrics>) -> Self {
        Self { client, metrics }
    }

    /// Calls, and answers with the object.
    pub async fn send(&self, call: Call<'_>) -> Result<Value, WriteError> {
        let (verb, kind) = (call.verb, call.kind);
        let sent = tokio::time::timeout(PATIENCE, self.exchange(call)).await;
        let (code, answer) = sent.unwrap_or_else(|_| {
            let message = format!("the API server did not answer within {} s", PATIENCE.as_secs());
            (0, Err(WriteError::Failed { message }))
        });
        self.metrics.called(verb, kind, code);
        answer
    }

    async fn exchange(&self, call: Call<'_>) -> (u16, Result<Value, WriteError>) {
        let failed = |message: String| (0, Err(WriteError::Failed { message }));
        let body = match call.body.map(serde_json::to_vec).transpose() {
            Ok(body) => body.unwrap_or_default(),
            Err(error) => return failed(error.to_string()),
        };
        let request = Request::builder().method(call.method).uri(call.path).header(CONTENT_TYPE, call.content);
        let request = match request.body(Body::from(body)) {
            Ok(request) => request,
            Err(error) => return (0, Err(WriteError::Invalid { message: error.to_string() })),
        };
        let response = match self.client.send(request).await {
            Ok(response) => response,
            Err(error) => return failed(words(&error)),
        };
        let (status, headers) = (response.status(), response.headers().clone());
        let value = match response.into_body().collect_bytes().await {
            Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_else(|_| String::from_utf8_lossy(&bytes).into()),
            Err(error) => return failed(error.to_string()),
        };
        let answer = if status.is_success() { Ok(value) } else { Err(refusal(status, &headers, &value, call.verb)) };
        (status.as_u16(), answer)
    }
}

/// What a refusal means.
fn refusal(status: StatusCode, headers: &HeaderMap, body: &Value, verb: &str) -> WriteError {
    let message = body["message"].as_str().or(body.as_str()).unwrap_or(status.as_str()).trim().to_owned();
    match status.as_u16() {
        404 if message.contains("could not find the requested resource") || !body.is_object() => {
            WriteError::NoKind(GroupVersionKind::default())
        }
        // What it was to be put in is not there.
        404 if body["details"]["kind"] == "namespaces" && verb != "get" => WriteError::Invalid { message },
        404 => WriteError::NotFound,
        // Crossplane and plat refuse so to delete what is in use.
        409 if message.starts_with("admission webhook ") => WriteError::Invalid { message },
        409 => WriteError::Conflict,
        403 if message.contains("\" cannot ") => {
            let details = &body["details"];
            let text = |key: &str| details[key].as_str().unwrap_or_default();
            let dot = if text("group").is_empty() { "" } else { "." };
            let resource = format!("{}{dot}{}", text("kind"), text("group"));
            WriteError::Forbidden { verb: missing_verb(&message).unwrap_or(verb).to_owned(), resource, message }
        }
        429 => WriteError::Throttled { after: retry_after(headers) },
        400..=428 => WriteError::Invalid { message },
        _ => WriteError::Failed { message },
    }
}

/// The verb that is missing: an apply to what is not there yet needs another than its own.
fn missing_verb(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("\" cannot ")?;
    rest.split_once(" resource ").map(|(verb, _)| verb)
}

fn retry_after(headers: &HeaderMap) -> Duration {
    let seconds = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    seconds.map_or(THROTTLED, Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn answers_mean_what_they_say() {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, "3".parse().unwrap())]);
        let cases = [
            (409, json!({"message": "the object has been modified"}), WriteError::Conflict),
            (
                409,
                json!({"message": "admission webhook \"a\" denied the request: This resource is in-use"}),
                WriteError::Invalid {
                    message: "admission webhook \"a\" denied the request: This resource is in-use".into(),
                },
            ),
            (404, json!({"message": "buckets \"a\" not found", "details": {"kind": "buckets"}}), WriteError::NotFound),
            (
                404,
                json!({"message": "namespaces \"a\" not found", "details": {"kind": "namespaces"}}),
                WriteError::Invalid { message: "namespaces \"a\" not found".into() },
            ),
            (
                404,
                json!({"message": "the server could not find the requested resource"}),
                WriteError::NoKind(GroupVersionKind::default()),
            ),
            (404, json!("404 page not found\n"), WriteError::NoKind(GroupVersionKind::default())),
            (
                403,
                json!({
                    "message": "buckets.acme.example \"a\" is forbidden: User \"me\" cannot patch resource \"buckets\"",
                    "details": {"kind": "buckets", "group": "acme.example"},
                }),
                WriteError::Forbidden {
                    verb: "patch".into(),
                    resource: "buckets.acme.example".into(),
                    message: "buckets.acme.example \"a\" is forbidden: User \"me\" cannot patch resource \"buckets\""
                        .into(),
                },
            ),
            (
                403,
                json!({
                    "message": "secrets \"a\" is forbidden: User \"me\" cannot create resource \"secrets\" in API group \"\"",
                    "details": {"kind": "secrets"},
                }),
                WriteError::Forbidden {
                    verb: "create".into(),
                    resource: "secrets".into(),
                    message:
                        "secrets \"a\" is forbidden: User \"me\" cannot create resource \"secrets\" in API group \"\""
                            .into(),
                },
            ),
            (
                403,
                json!({"message": "admission webhook \"a\" denied the request: no"}),
                WriteError::Invalid { message: "admission webhook \"a\" denied the request: no".into() },
            ),
            (422, json!({"message": "spec.a: Required"}), WriteError::Invalid { message: "spec.a: Required".into() }),
            (429, json!({"message": "later"}), WriteError::Throttled { after: Duration::from_secs(3) }),
            (500, json!({"message": "etcd"}), WriteError::Failed { message: "etcd".into() }),
        ];
        for (code, body, expected) in cases {
            let status = StatusCode::from_u16(code).unwrap();
            assert_eq!(refusal(status, &headers, &body, "patch"), expected, "{code} {body}");
        }
        assert_eq!(retry_after(&HeaderMap::new()), THROTTLED);
    }
}
