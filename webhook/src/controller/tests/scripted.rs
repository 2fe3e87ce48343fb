//! An API server that answers as a test says, and remembers what it was asked.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use http::{Request, Response};
use http_body_util::BodyExt as _;
use kube::Client;
use kube::client::Body;
use plat_resource::Value;
use serde_json::json;
use tower::service_fn;

use crate::controller::api::Api;
use crate::controller::metrics::Metrics;

/// One question.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Asked {
    pub(super) line: String,
    pub(super) content: String,
    pub(super) body: Value,
}

/// What was asked so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen(Arc<Mutex<Vec<Asked>>>);

impl Seen {
    pub(super) fn all(&self) -> Vec<Asked> {
        self.0.lock().unwrap().clone()
    }

    /// All but the questions which kinds there are.
    pub(super) fn writes(&self) -> Vec<Asked> {
        self.all().into_iter().filter(|asked| !asked.line.starts_with("GET ")).collect()
    }
}

/// Answers each question with a code and a body; 429 asks for three seconds.
pub(super) fn api(answer: impl Fn(&Asked) -> (u16, Value) + Send + Sync + 'static) -> (Api, Seen) {
    let (client, seen) = client(answer);
    (Api::new(client, Arc::new(Metrics::default())), seen)
}

/// As [`api`], without it.
pub(super) fn client(answer: impl Fn(&Asked) -> (u16, Value) + Send + Sync + 'static) -> (Client, Seen) {
    let seen = Seen::default();
    let (remembered, answer) = (seen.clone(), Arc::new(answer));
    let service = service_fn(move |request: Request<Body>| {
        let (remembered, answer) = (remembered.clone(), Arc::clone(&answer));
        async move {
            let (head, body) = request.into_parts();
            let bytes = body.collect().await.unwrap().to_bytes();
            let asked = Asked {
                line: format!("{} {}", head.method, head.uri),
                content: head.headers.get("content-type").map_or("", |value| value.to_str().unwrap()).to_owned(),
                body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
            };
            let (code, body) = answer(&asked);
            remembered.0.lock().unwrap().push(asked);
            let response = Response::builder().status(code).header("retry-after", "3");
            Ok::<_, Infallible>(response.body(Body::from(serde_json::to_vec(&body).unwrap())).unwrap())
        }
    });
    (Client::new(service, "default"), seen)
}

/// What the API server says of the kinds that tests use.
pub(super) fn kinds(asked: &Asked) -> Option<(u16, Value)> {
    let bucket = |name: &str| json!({"name": name, "kind": "Bucket", "namespaced": true, "verbs": []});
    match asked.line.as_str() {
        "GET /apis/acme.example/v1" => Some((200, json!({"resources": [bucket("buckets"), bucket("buckets/status")]}))),
        line if line.starts_with("GET /apis/") && line.split('/').count() == 4 => {
            Some((404, json!({"message": "the server could not find the requested resource"})))
        }
        _ => None,
    }
}
