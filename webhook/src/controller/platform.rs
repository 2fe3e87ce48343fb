//! The platform, made of what the cluster has.
//!
//! Owns when it is made again: a moment after the last change, so that many changes make one. XRs that a change may concern
//! are woken when the platform says the same.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use plat_platform::Platform;
use plat_resource::{Document, GroupVersionKind, Severity, Value};
use tokio::sync::{Notify, watch};
use tracing::{debug, error, warn};

use super::hearing::Hearing;
use super::wakes;
use plat_cluster::api_server::unit_name;

/// How long it is waited for more changes.
const PAUSE: Duration = Duration::from_millis(50);

/// What changed and is not in the platform yet.
#[derive(Debug, Default)]
pub struct Changes {
    changed: Mutex<Vec<Arc<Value>>>,
    notify: Notify,
    is_made: AtomicBool,
}

impl Changes {
    /// A document is new, different or gone.
    pub fn note(&self, document: Arc<Value>) {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner).push(document);
        self.notify.notify_one();
    }

    /// How many documents wait to be part of it.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether there is a platform.
    pub fn is_made(&self) -> bool {
        self.is_made.load(Ordering::Acquire)
    }

    /// A kind was read to its end: the platform may be complete now, even where nothing is new.
    pub fn note_read(&self, kind: &GroupVersionKind) {
        if parts().contains(kind) {
            self.notify.notify_one();
        }
    }
}

/// The kinds that a platform is made of. Each must be read before there is one.
pub fn parts() -> [GroupVersionKind; 5] {
    [
        wakes::definition_kind(),
        wakes::composition_kind(),
        wakes::revision_kind(),
        wakes::function_kind(),
        wakes::environment_config_kind(),
    ]
}

/// Makes platforms, for ever.
pub async fn run(hearing: Arc<Hearing>, sender: watch::Sender<Arc<Platform>>) {
    let mut told = BTreeSet::new();
    loop {
        hearing.changes.notify.notified().await;
        tokio::time::sleep(PAUSE).await;
        if !parts().iter().all(|kind| hearing.objects.is_synced(kind)) {
            continue;
        }
        let changed = std::mem::take(&mut *hearing.changes.changed.lock().unwrap_or_else(PoisonError::into_inner));
        if changed.is_empty() && hearing.changes.is_made() {
            continue;
        }
        let objects = Arc::clone(&hearing);
        let Ok((platform, findings)) = tokio::task::spawn_blocking(move || load(&objects)).await else {
            error!("a mistake in plat itself: the platform cannot be made; the one before stays in use");
            continue;
        };
        let findings: BTreeSet<String> = findings.into_iter().collect();
        for finding in findings.difference(&told) {
            warn!("{finding}");
        }
        told = findings;
        debug!(definitions = platform.definitions().len(), changed = changed.len(), "the platform is made again");
        sender.send_replace(Arc::new(platform));
        hearing.changes.is_made.store(true, Ordering::Release);
        let roles = hearing.roles();
        for request in changed.iter().flat_map(|document| wakes::users_of(document, &roles, &hearing.objects)) {
            hearing.queue.add(request);
        }
    }
}

/// The platform, and what is wrong with it.
fn load(hearing: &Hearing) -> (Platform, Vec<String>) {
    let mut objects: Vec<Arc<Value>> = parts().iter().flat_map(|kind| hearing.objects.list(kind)).collect();
    objects.sort_by_cached_key(|object| unit_name(object));
    let documents = objects.iter().map(|object| Document::synthetic((**object).clone(), &unit_name(object)));
    let (platform, findings) = Platform::load(documents.collect());
    let findings = findings.into_iter().filter(|finding| finding.severity == Severity::Error);
    (platform, findings.map(|finding| finding.to_string()).collect())
}
