//! The kinds of the cluster: what the API server calls them, and whether they are in namespaces.
//!
//! Owns the cache. A kind that is not in it is asked for, each group at most once a second.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use plat_resource::{GroupVersionKind, ObjectKey, Value};
use tokio::time::Instant;

use super::api::{Api, Call, WriteError};

/// How long a group is not asked for again.
const PAUSE: Duration = Duration::from_secs(1);

/// What the API server says of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// Plural name in paths and permissions.
    pub plural: String,
    /// Whether its objects are in namespaces.
    pub is_namespaced: bool,
    /// What can be done with them.
    pub verbs: Vec<String>,
    /// Whether there is a status to be written by itself.
    pub has_status: bool,
}

/// The cache.
#[derive(Debug, Default)]
pub struct Kinds {
    inner: Mutex<Inner>,
    /// One question at a time: whoever waits finds the answer.
    asking: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Inner {
    kinds: HashMap<GroupVersionKind, Served>,
    /// When each group and version was asked for.
    asked: HashMap<String, Instant>,
}

impl Kinds {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of a kind, without asking.
    pub fn get(&self, kind: &GroupVersionKind) -> Option<Served> {
        self.lock().kinds.get(kind).cloned()
    }

    /// What the API server says of a kind; asked where it is not known.
    pub async fn resolve(&self, api: &Api, kind: &GroupVersionKind) -> Result<Served, WriteError> {
        if let Some(served) = self.get(kind) {
            return Ok(served);
        }
        let _one = self.asking.lock().await;
        if let Some(served) = self.get(kind) {
            return Ok(served);
        }
        let version = kind.api_version();
        let asked = self.lock().asked.get(&version).copied();
        if asked.is_none_or(|at| at.elapsed() >= PAUSE) {
            self.ask(api, &version).await?;
        }
        self.get(kind).ok_or_else(|| WriteError::NoKind(kind.clone()))
    }

    /// What is known of a group may not be so any more.
    pub fn forget(&self, group: &str) {
        let mut inner = self.lock();
        inner.kinds.retain(|kind, _| kind.group != group);
        inner.asked.retain(|version, _| version.split_once('/').map_or("", |(group, _)| group) != group);
    }

    async fn ask(&self, api: &Api, api_version: &str) -> Result<(), WriteError> {
        let path =
            if api_version.contains('/') { format!("/apis/{api_version}") } else { format!("/api/{api_version}") };
        let found = match api.send(Call::read("discover", "APIResourceList", &path)).await {
            Ok(found) => found,
            Err(WriteError::NotFound | WriteError::NoKind(_)) => Value::Null,
            Err(error) => return Err(error),
        };
        let mut inner = self.lock();
        inner.asked.insert(api_version.to_owned(), Instant::now());
        inner.kinds.retain(|kind, _| kind.api_version() != api_version);
        inner.kinds.extend(read(api_version, &found));
        Ok(())
    }
}

/// The kinds in an `APIResourceList`.
fn read(api_version: &str, list: &Value) -> Vec<(GroupVersionKind, Served)> {
    let resources: Vec<&Value> = list["resources"].as_array().into_iter().flatten().collect();
    let name = |resource: &Value| resource["name"].as_str().unwrap_or_default().to_owned();
    let whole = resources.iter().filter(|resource| !name(resource).contains('/'));
    let served = whole.map(|resource| {
        let plural = name(resource);
        let status = format!("{plural}/status");
        let verbs = resource["verbs"].as_array().into_iter().flatten();
        let served = Served {
            is_namespaced: resource["namespaced"] == true,
            verbs: verbs.filter_map(|verb| verb.as_str().map(str::to_owned)).collect(),
            has_status: resources.iter().any(|resource| name(resource) == status),
            plural,
        };
        (GroupVersionKind::new(api_version, resource["kind"].as_str().unwrap_or_default()), served)
    });
    served.collect()
}

impl Served {
    /// The path of an object, or of all objects where the name is empty.
    pub fn path(&self, key: &ObjectKey) -> String {
        let version = key.kind.api_version();
        let root = if key.kind.group.is_empty() { "/api" } else { "/apis" };
        let namespace = if self.is_namespaced && !key.namespace.is_empty() {
            format!("/namespaces/{}", key.namespace)
        } else {
            String::new()
        };
        let name = if key.name.is_empty() { String::new() } else { format!("/{}", escaped(&key.name)) };
        format!("{root}/{version}{namespace}/{}{name}", self.plural)
    }
}

/// A text as a part of a path or a query.
pub(super) fn escaped(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._:@~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reads_what_the_api_server_serves_and_makes_paths_of_it() {
        let list = json!({"resources": [
            {"name": "buckets", "kind": "Bucket", "namespaced": true, "verbs": ["get", "patch"]},
            {"name": "buckets/status", "kind": "Bucket", "namespaced": true, "verbs": ["get"]},
            {"name": "roles", "kind": "Role", "namespaced": false, "verbs": []},
        ]});
        let read = read("acme.example/v1", &list);
        assert_eq!(read.len(), 2);
        let (kind, served) = &read[0];
        assert_eq!(
            (kind, served.has_status, served.verbs.len()),
            (&GroupVersionKind::new("acme.example/v1", "Bucket"), true, 2)
        );
        let key = |namespace: &str, name: &str| ObjectKey {
            kind: kind.clone(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        };
        assert_eq!(served.path(&key("a", "b")), "/apis/acme.example/v1/namespaces/a/buckets/b");
        assert_eq!(served.path(&key("", "")), "/apis/acme.example/v1/buckets");
        let core =
            ObjectKey { kind: GroupVersionKind::new("v1", "Node"), namespace: String::new(), name: "a/%".into() };
        let nodes = Served { plural: "nodes".into(), is_namespaced: false, verbs: vec![], has_status: true };
        assert_eq!(nodes.path(&core), "/api/v1/nodes/a%2F%25");
    }
}
