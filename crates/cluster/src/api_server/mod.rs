//! The Kubernetes API server, for commands that read from a cluster.
//!
//! Owns finding the cluster as kubectl finds it, asking, and why there is no answer. Blocks: commands need no event loop of
//! their own. What objects mean is for others.

mod error;
mod kinds;
mod kubeconfig;
mod request;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::APIGroupList;
use kube::Client;
use plat_resource::{Value, object};
use tokio::runtime::{Builder, Runtime};

pub use error::ClusterError;
pub use kinds::{Served, served, version_path};
pub use request::{Apply, Pace, Request};

/// Objects of one answer; a larger list comes in pages.
const PAGE: usize = 500;
/// What may stand in a path and in a query as it is.
const SAFE: &[u8] = b"-_.~:@";

/// Which cluster, and as whom.
#[derive(Debug, Clone)]
pub struct ConnectOptions {
    /// The kubeconfig; else the files in KUBECONFIG, else `~/.kube/config`, else the service account of a Pod.
    pub kubeconfig: Option<PathBuf>,
    /// A context in it; else its current one.
    pub context: Option<String>,
    /// The user to act as.
    pub user: Option<String>,
    /// The time that one request may take.
    pub timeout: Duration,
}

impl Default for ConnectOptions {
    fn default() -> Self {
        Self { kubeconfig: None, context: None, user: None, timeout: Duration::from_secs(30) }
    }
}

/// A collection of objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collection {
    /// For instance `apps/v1`.
    pub api_version: String,
    /// For instance `deployments`.
    pub plural: String,
    /// One namespace; else all of them, and what stands in none.
    pub namespace: Option<String>,
}

/// A cluster to ask. Not to be used within an async task.
pub struct ApiServer {
    runtime: Runtime,
    client: Client,
    url: String,
    timeout: Duration,
}

impl std::fmt::Debug for ApiServer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("ApiServer").field("url", &self.url).finish_non_exhaustive()
    }
}

impl ApiServer {
    /// Finds the cluster. Nothing is asked of it yet.
    pub fn connect(options: &ConnectOptions) -> Result<Self, ClusterError> {
        let runtime = Builder::new_current_thread().enable_all().build().map_err(ClusterError::Runtime)?;
        let mut config = runtime.block_on(kubeconfig::config(options))?;
        config.connect_timeout = Some(options.timeout);
        // Whoever waits at a terminal had better be told.
        config.default_retry = false;
        let url = config.cluster_url.to_string().trim_end_matches('/').to_owned();
        let client = {
            let _guard = runtime.enter();
            Client::try_from(config)
                .map_err(|error| ClusterError::Client { url: url.clone(), source: Box::new(error) })?
        };
        Ok(Self { runtime, client, url, timeout: options.timeout })
    }

    /// The namespace of the context.
    pub fn namespace(&self) -> &str {
        self.client.default_namespace()
    }

    /// The address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The groups that are served, each as `group/version`; the core group is not among them.
    pub fn api_versions(&self) -> Result<Vec<String>, ClusterError> {
        let list: APIGroupList = self.ask("API groups", self.client.list_api_groups())?;
        let versions = list.groups.into_iter().flat_map(|group| group.versions);
        Ok(versions.map(|version| version.group_version).collect())
    }

    /// Lists objects, of those with labels that `selector` selects; `None` where the cluster has no such kind.
    pub fn list(&self, collection: &Collection, selector: Option<&str>) -> Result<Option<Vec<Value>>, ClusterError> {
        let what = format!("{} of {}", collection.plural, collection.api_version);
        match self.pages(&what, collection, selector, Some(PAGE)) {
            // The list grew old between two pages: all at once, then.
            Err(ClusterError::Refused { code: 410, .. }) => self.pages(&what, collection, selector, None),
            answer => answer,
        }
        .map(Some)
        .or_else(|error| if matches!(error, ClusterError::Refused { code: 404, .. }) { Ok(None) } else { Err(error) })
    }

    fn pages(
        &self,
        what: &str,
        collection: &Collection,
        selector: Option<&str>,
        limit: Option<usize>,
    ) -> Result<Vec<Value>, ClusterError> {
        let mut objects = Vec::new();
        let mut token = String::new();
        loop {
            let path = collection.path(selector, limit, &token);
            let request = http::Request::get(path).body(Vec::new()).map_err(kube::Error::HttpError);
            let mut page: Value = self.ask(what, async { self.client.request(request?).await })?;
            if let Some(Value::Array(items)) = page.get_mut("items").map(Value::take) {
                objects.extend(items);
            }
            page["metadata"]["continue"].as_str().unwrap_or_default().clone_into(&mut token);
            if token.is_empty() {
                return Ok(objects);
            }
        }
    }

    fn ask<T>(&self, what: &str, question: impl Future<Output = kube::Result<T>>) -> Result<T, ClusterError> {
        // A timer wants the runtime, so it is made within.
        let answer = self.runtime.block_on(async { tokio::time::timeout(self.timeout, question).await });
        match answer {
            Ok(answer) => answer.map_err(|error| ClusterError::of(error, &self.url, what)),
            Err(_) => Err(ClusterError::Timeout { url: self.url.clone(), seconds: self.timeout.as_secs_f32() }),
        }
    }
}

/// How an object of a cluster is called where its place is told.
pub fn unit_name(object: &Value) -> String {
    let kind = object::string_at(object, &["kind"]).unwrap_or_default();
    match (object::namespace(object), object::name(object)) {
        ("", name) => format!("{kind}/{name}"),
        (namespace, name) => format!("{kind}/{namespace}/{name}"),
    }
}

impl Collection {
    fn path(&self, selector: Option<&str>, limit: Option<usize>, token: &str) -> String {
        let namespace =
            self.namespace.as_ref().map(|name| format!("/namespaces/{}", escaped(name))).unwrap_or_default();
        let mut query = Vec::new();
        query.extend(limit.map(|limit| format!("limit={limit}")));
        query.extend(selector.map(|selector| format!("labelSelector={}", escaped(selector))));
        query.extend((!token.is_empty()).then(|| format!("continue={}", escaped(token))));
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{}{namespace}/{}{mark}{}", version_path(&self.api_version), self.plural, query.join("&"))
    }
}

/// A text as a part of a path or a query.
pub fn escaped(text: &str) -> String {
    let escape = |byte: u8| {
        let is_safe = byte.is_ascii_alphanumeric() || SAFE.contains(&byte);
        if is_safe { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    };
    text.bytes().map(escape).collect()
}
