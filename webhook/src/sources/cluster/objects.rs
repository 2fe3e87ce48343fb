//! Namespaces, and the objects that Config and SyncSets put into the inventory.
//!
//! Owns following them into the snapshot. They change all the time and are swapped by themselves: policies are not
//! compiled again for them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kube::Client;
use plat_admission::kinds::Part;
use plat_policy::Change;
use plat_resource::{GroupVersionKind, ObjectKey, Value};
use tokio::task::JoinHandle;

use super::follow::{Happened, Wanted, follow};
use crate::snapshots::Snapshots;
use crate::sources::feeds::{Feeds, State};

/// The feed of Namespaces.
const NAMESPACES: &str = "cluster Namespace";
/// How often what changed is put into the inventory.
const FLUSH: Duration = Duration::from_millis(200);
/// How often it is looked whether other kinds are to be synced.
const LOOK: Duration = Duration::from_secs(1);
const RETRY: Duration = Duration::from_secs(10);

/// What follows objects into the snapshot.
pub(super) struct Objects {
    client: Client,
    feeds: Arc<Feeds>,
    snapshots: Arc<Snapshots>,
    pending: Arc<Mutex<Vec<Change>>>,
}

impl Objects {
    pub(super) fn new(client: Client, feeds: Arc<Feeds>, snapshots: Arc<Snapshots>) -> Self {
        Self { client, feeds, snapshots, pending: Arc::default() }
    }

    /// Follows Namespaces and the inventory, for ever.
    pub(super) fn start(self) {
        self.feeds.expect(NAMESPACES, Part::Policies);
        self.namespaces();
        tokio::spawn(self.inventory());
    }

    fn namespaces(&self) {
        let wanted = Wanted {
            group: String::new(),
            versions: vec!["v1".to_owned()],
            kind: "Namespace".to_owned(),
            retry: RETRY,
        };
        let (feeds, snapshots) = (Arc::clone(&self.feeds), Arc::clone(&self.snapshots));
        tokio::spawn(follow(self.client.clone(), wanted, move |happened| match happened {
            Happened::All(all) => {
                snapshots.set_namespaces(all);
                feeds.replace(NAMESPACES, [], State::Followed);
            }
            Happened::Put(namespace) => snapshots.put_namespace(namespace),
            Happened::Gone(namespace) => snapshots.remove_namespace(&namespace),
            Happened::Absent => feeds.fail(NAMESPACES, "the cluster has no Namespaces".to_owned()),
            Happened::Failed(reason) => feeds.fail(NAMESPACES, reason),
        }));
    }

    async fn inventory(self) {
        let mut followed: BTreeMap<GroupVersionKind, JoinHandle<()>> = BTreeMap::new();
        let mut looked = tokio::time::Instant::now();
        loop {
            let wanted: BTreeSet<GroupVersionKind> =
                self.snapshots.current().policies.config().synced_kinds().iter().cloned().collect();
            for kind in followed.keys().filter(|kind| !wanted.contains(*kind)).cloned().collect::<Vec<_>>() {
                self.end(&kind, followed.remove(&kind).as_ref());
            }
            for kind in &wanted {
                if !followed.contains_key(kind) {
                    followed.insert(kind.clone(), self.follow_kind(kind));
                }
            }
            while looked.elapsed() < LOOK {
                tokio::time::sleep(FLUSH).await;
                self.flush().await;
            }
            looked = tokio::time::Instant::now();
        }
    }

    async fn flush(&self) {
        let changes = std::mem::take(&mut *self.pending.lock().unwrap_or_else(PoisonError::into_inner));
        if !changes.is_empty() {
            let snapshots = Arc::clone(&self.snapshots);
            let _ = tokio::task::spawn_blocking(move || snapshots.change_inventory(changes)).await;
        }
    }

    fn follow_kind(&self, kind: &GroupVersionKind) -> JoinHandle<()> {
        let feed = feed_of(kind);
        self.feeds.expect(&feed, Part::Policies);
        let wanted = Wanted {
            group: kind.group.clone(),
            versions: vec![kind.version.clone()],
            kind: kind.kind.clone(),
            retry: RETRY,
        };
        let (feeds, pending) = (Arc::clone(&self.feeds), Arc::clone(&self.pending));
        let mut known: BTreeSet<ObjectKey> = BTreeSet::new();
        tokio::spawn(follow(self.client.clone(), wanted, move |happened| {
            let mut pending = pending.lock().unwrap_or_else(PoisonError::into_inner);
            match happened {
                Happened::All(all) => {
                    pending.extend(replaced(&mut known, all));
                    feeds.replace(&feed, [], State::Followed);
                }
                Happened::Put(object) => {
                    known.insert(ObjectKey::of(&object));
                    pending.push(Change::Put(Arc::new(object)));
                }
                Happened::Gone(object) => {
                    known.remove(&ObjectKey::of(&object));
                    pending.push(Change::Remove(ObjectKey::of(&object)));
                }
                Happened::Absent => {
                    pending.extend(replaced(&mut known, Vec::new()));
                    feeds.replace(&feed, [], State::Absent);
                }
                Happened::Failed(reason) => feeds.fail(&feed, reason),
            }
        }))
    }

    /// Stops following a kind and takes its objects out.
    fn end(&self, kind: &GroupVersionKind, task: Option<&JoinHandle<()>>) {
        if let Some(task) = task {
            task.abort();
        }
        self.feeds.forget(&feed_of(kind));
        let snapshot = self.snapshots.current();
        let keys = snapshot.inventory.objects().map(ObjectKey::of).filter(|key| key.kind == *kind);
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        pending.extend(keys.map(Change::Remove));
    }
}

fn feed_of(kind: &GroupVersionKind) -> String {
    format!("inventory {kind}")
}

/// The changes from what was known to `all`.
fn replaced(known: &mut BTreeSet<ObjectKey>, all: Vec<Value>) -> Vec<Change> {
    let now: BTreeSet<ObjectKey> = all.iter().map(ObjectKey::of).collect();
    let gone = known.difference(&now).cloned().map(Change::Remove);
    let changes = gone.chain(all.into_iter().map(|object| Change::Put(Arc::new(object)))).collect();
    *known = now;
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_new_list_leaves_out_is_removed() {
        let pod = |name: &str| json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "a"}});
        let mut known = BTreeSet::new();
        assert_eq!(replaced(&mut known, vec![pod("a"), pod("b")]).len(), 2);
        let changes = replaced(&mut known, vec![pod("b")]);
        assert!(matches!(&changes[0], Change::Remove(key) if key.name == "a"), "{changes:?}");
        assert_eq!((changes.len(), known.len()), (2, 1));
    }
}
