//! The kinds of the cluster, as the controller remembers them.
//!
//! Owns the cache. A kind that is not in it is asked for, each group at most once a second.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use plat_cluster::api_server::{Served, served, version_path};
use plat_resource::{GroupVersionKind, Value};
use tokio::time::Instant;

use super::api::{Api, Call, WriteError};

/// How long a group is not asked for again.
const PAUSE: Duration = Duration::from_secs(1);

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
        let found = match api.send(Call::read("discover", "APIResourceList", &version_path(api_version))).await {
            Ok(found) => found,
            Err(WriteError::NotFound | WriteError::NoKind(_)) => Value::Null,
            Err(error) => return Err(error),
        };
        let mut inner = self.lock();
        inner.asked.insert(api_version.to_owned(), Instant::now());
        inner.kinds.retain(|kind, _| kind.api_version() != api_version);
        inner.kinds.extend(served(api_version, &found));
        Ok(())
    }
}
