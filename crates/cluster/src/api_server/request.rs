//! One request to the API server, as a value, and many of them at once.
//!
//! Owns the ways to ask about one object, and the pace: some at once, so many a second, answers in the order asked.

use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use plat_resource::Value;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::{ApiServer, ClusterError, escaped};

/// What a user may set of the pace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Requests under way at once.
    pub at_once: usize,
    /// Requests begun in a second.
    pub per_second: u32,
}

impl Default for Pace {
    /// Well below what an API server gives one user by its default limits.
    fn default() -> Self {
        Self { at_once: 16, per_second: 200 }
    }
}

/// One request.
#[derive(Debug, Clone)]
pub struct Request {
    method: http::Method,
    path: String,
    content: Option<&'static str>,
    body: Option<Value>,
    what: String,
}

/// How an object is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Apply<'a> {
    /// The field manager.
    pub manager: &'a str,
    /// Take fields from other managers.
    pub force: bool,
    /// Only say what would become of it.
    pub is_dry_run: bool,
}

impl Apply<'_> {
    fn query(&self, forces: bool) -> String {
        let mut query = format!("?fieldManager={}", escaped(self.manager));
        query.push_str(if forces && self.force { "&force=true" } else { "" });
        query.push_str(if self.is_dry_run { "&dryRun=All" } else { "" });
        query
    }
}

impl Request {
    fn new(method: http::Method, path: String, what: impl Into<String>) -> Self {
        Self { method, path, content: None, body: None, what: what.into() }
    }

    /// Reads the object at `path`. `what` names it in an error.
    pub fn get(path: &str, what: impl Into<String>) -> Self {
        Self::new(http::Method::GET, path.to_owned(), what)
    }

    /// Applies `object` at `path` server-side.
    pub fn apply(path: &str, object: Value, how: Apply<'_>, what: impl Into<String>) -> Self {
        // JSON is YAML.
        let content = Some("application/apply-patch+yaml");
        let request = Self::new(http::Method::PATCH, format!("{path}{}", how.query(true)), what);
        Self { content, body: Some(object), ..request }
    }

    /// Changes the object at `path` by a merge patch.
    pub fn merge(path: &str, change: Value, how: Apply<'_>, what: impl Into<String>) -> Self {
        let content = Some("application/merge-patch+json");
        let request = Self::new(http::Method::PATCH, format!("{path}{}", how.query(false)), what);
        Self { content, body: Some(change), ..request }
    }

    /// Deletes the object at `path`, as `options` says (a `DeleteOptions`).
    pub fn delete(path: &str, options: Value, what: impl Into<String>) -> Self {
        let content = Some("application/json");
        Self { content, body: Some(options), ..Self::new(http::Method::DELETE, path.to_owned(), what) }
    }

    fn to_http(&self) -> Result<http::Request<Vec<u8>>, kube::Error> {
        let mut builder = http::Request::builder().method(self.method.clone()).uri(&self.path);
        if let Some(content) = self.content {
            builder = builder.header(http::header::CONTENT_TYPE, content);
        }
        let body = self.body.as_ref().map(serde_json::to_vec).transpose().map_err(kube::Error::SerdeError)?;
        builder.body(body.unwrap_or_default()).map_err(kube::Error::HttpError)
    }
}

impl ApiServer {
    /// Sends one request.
    pub fn send(&self, request: &Request) -> Result<Value, ClusterError> {
        self.runtime.block_on(self.answer(request))
    }

    /// Sends them all; an answer for each, in their order. `done` is told how many were answered.
    pub fn send_all(
        &self,
        requests: &[Request],
        pace: Pace,
        done: &mut dyn FnMut(usize),
    ) -> Vec<Result<Value, ClusterError>> {
        self.runtime.block_on(async {
            let period = Duration::from_secs(1) / pace.per_second.max(1);
            let mut ticks = interval_at(Instant::now(), period);
            // What was not used while answers were awaited is not made up for, beyond what may be under way at once.
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let ticks = tokio::sync::Mutex::new(ticks);
            let answers = stream::iter(requests).map(|request| async {
                ticks.lock().await.tick().await;
                self.answer(request).await
            });
            let mut answers = answers.buffered(pace.at_once.max(1));
            let mut all = Vec::with_capacity(requests.len());
            while let Some(answer) = answers.next().await {
                all.push(answer);
                done(all.len());
            }
            all
        })
    }

    async fn answer(&self, request: &Request) -> Result<Value, ClusterError> {
        let question = async { self.client.request::<Value>(request.to_http()?).await };
        match tokio::time::timeout(self.timeout, question).await {
            Ok(answer) => answer.map_err(|error| ClusterError::of(error, &self.url, &request.what)),
            Err(_) => Err(ClusterError::Timeout { url: self.url.clone(), seconds: self.timeout.as_secs_f32() }),
        }
    }
}
