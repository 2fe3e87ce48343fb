//! Namespaces, and the objects that Config and SyncSets put into the inventory.
//!
//! Owns following them into the snapshot. They change all the time and are swapped by themselves: policies are not
//! compiled again for them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kube::Client;
use plat_admission::Snapshot;
use plat_admission::kinds::Part;
use plat_policy::{Change, Config, Process};
use plat_resource::{GroupVersionKind, ObjectKey, Value};
use tokio::task::JoinHandle;
use tracing::warn;

use super::follow::{Happened, Wanted, follow};
use crate::snapshots::Snapshots;
use crate::sources::feeds::{Feeds, State, inventory_feed};

/// The feed of Namespaces.
const NAMESPACES: &str = "cluster Namespace";
/// How often what changed is put into the inventory, and how often it is looked whether other kinds are to be synced.
const FLUSH: Duration = Duration::from_millis(200);
const RETRY: Duration = Duration::from_secs(10);

/// What follows objects into the snapshot.
pub(super) struct Objects {
    client: Client,
    feeds: Arc<Feeds>,
    snapshots: Arc<Snapshots>,
    pending: Arc<Mutex<Pending>>,
}

/// What was heard and is not in the snapshot yet.
#[derive(Debug, Default)]
struct Pending {
    changes: Vec<Change>,
    /// How far feeds will be once the changes are in: a kind counts as read only when its objects can be seen.
    heard: Vec<(String, Result<State, String>)>,
}

impl Objects {
    pub(super) fn new(client: Client, feeds: Arc<Feeds>, snapshots: Arc<Snapshots>) -> Self {
        Self { client, feeds, snapshots, pending: Arc::default() }
    }

    /// Follows Namespaces and the inventory, for ever.
    pub(super) fn start(self) {
        self.feeds.expect(NAMESPACES, Part::Policies);
        self.feeds.follow_inventory();
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
        let mut exempt: Vec<String> = Vec::new();
        loop {
            let config = Arc::new(self.snapshots.current().policies.config().clone());
            let wanted: BTreeSet<GroupVersionKind> = config.synced_kinds().iter().cloned().collect();
            let now: Vec<String> = config.exemptions(Process::Sync).map(|name| name.as_str().to_owned()).collect();
            if now != exempt {
                // Others are exempt now: everything is listed again, and what stays is there all the while.
                for (_, task) in std::mem::take(&mut followed) {
                    task.abort();
                    let _ = task.await;
                }
                self.flush().await;
                self.remove_unwanted(&wanted);
                exempt = now;
            }
            for (kind, task) in followed.extract_if(.., |kind, _| !wanted.contains(kind)).collect::<Vec<_>>() {
                task.abort();
                // Nothing of the kind may be heard after it was taken out.
                let _ = task.await;
                end(&kind, &self.feeds, &self.snapshots, &self.pending);
            }
            for kind in &wanted {
                if !followed.contains_key(kind) {
                    followed.insert(kind.clone(), self.follow_kind(kind, &config));
                }
            }
            tokio::time::sleep(FLUSH).await;
            self.flush().await;
        }
    }

    async fn flush(&self) {
        let (feeds, snapshots) = (Arc::clone(&self.feeds), Arc::clone(&self.snapshots));
        let pending = Arc::clone(&self.pending);
        if tokio::task::spawn_blocking(move || flush(&feeds, &snapshots, &pending)).await.is_err() {
            warn!("bringing the inventory up to date failed; the one before stays in use");
            tokio::time::sleep(RETRY).await;
        }
    }

    /// Takes out the kinds in the inventory that are not wanted, where nobody follows them any more.
    fn remove_unwanted(&self, wanted: &BTreeSet<GroupVersionKind>) {
        let snapshot = self.snapshots.current();
        let there: BTreeSet<GroupVersionKind> = snapshot.inventory.objects().map(GroupVersionKind::of).collect();
        for kind in there.difference(wanted) {
            end(kind, &self.feeds, &self.snapshots, &self.pending);
        }
    }

    fn follow_kind(&self, kind: &GroupVersionKind, config: &Arc<Config>) -> JoinHandle<()> {
        let feed = inventory_feed(kind);
        self.feeds.expect(&feed, Part::Policies);
        let wanted = Wanted {
            group: kind.group.clone(),
            versions: vec![kind.version.clone()],
            kind: kind.kind.clone(),
            retry: RETRY,
        };
        let pending = Arc::clone(&self.pending);
        let mut known = keys(&self.snapshots.current(), kind).collect();
        let config = Arc::clone(config);
        tokio::spawn(follow(self.client.clone(), wanted, move |happened| {
            if let Some(happened) = synced(happened, &config) {
                lock(&pending).hear(&feed, &mut known, happened);
            }
        }))
    }
}

impl Pending {
    fn hear(&mut self, feed: &str, known: &mut BTreeSet<ObjectKey>, happened: Happened) {
        match happened {
            Happened::All(all) => {
                self.changes.extend(replaced(known, all));
                self.heard.push((feed.to_owned(), Ok(State::Followed)));
            }
            Happened::Put(object) => {
                known.insert(ObjectKey::of(&object));
                self.changes.push(Change::Put(Arc::new(object)));
            }
            Happened::Gone(object) => {
                known.remove(&ObjectKey::of(&object));
                self.changes.push(Change::Remove(ObjectKey::of(&object)));
            }
            Happened::Absent => {
                self.changes.extend(replaced(known, Vec::new()));
                self.heard.push((feed.to_owned(), Ok(State::Absent)));
            }
            Happened::Failed(reason) => self.heard.push((feed.to_owned(), Err(reason))),
        }
    }
}

fn lock(pending: &Mutex<Pending>) -> MutexGuard<'_, Pending> {
    pending.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Puts what was heard into the snapshot, and then says how far the feeds are. What is taken is forgotten only when it is
/// in: should this fail, the next time tries again.
fn flush(feeds: &Feeds, snapshots: &Snapshots, pending: &Mutex<Pending>) {
    let (changes, heard) = {
        let pending = lock(pending);
        (pending.changes.clone(), pending.heard.clone())
    };
    let taken = (changes.len(), heard.len());
    if !changes.is_empty() {
        snapshots.change_inventory(changes);
    }
    for (feed, state) in heard {
        match state {
            Ok(state) => feeds.mark(&feed, state),
            Err(reason) => feeds.fail(&feed, reason),
        }
    }
    let mut pending = lock(pending);
    pending.changes.drain(..taken.0);
    pending.heard.drain(..taken.1);
}

/// Takes out a kind that is not followed any more, with its objects.
fn end(kind: &GroupVersionKind, feeds: &Feeds, snapshots: &Snapshots, pending: &Mutex<Pending>) {
    let feed = inventory_feed(kind);
    let mut pending = lock(pending);
    pending.heard.retain(|(name, _)| *name != feed);
    pending.changes.retain(|change| match change {
        Change::Put(object) => ObjectKey::of(object).kind != *kind,
        Change::Remove(_) => true,
    });
    pending.changes.extend(keys(&snapshots.current(), kind).map(Change::Remove));
    feeds.forget(&feed);
}

/// The objects of a kind in the inventory.
fn keys(snapshot: &Snapshot, kind: &GroupVersionKind) -> impl Iterator<Item = ObjectKey> {
    snapshot.inventory.objects().map(ObjectKey::of).filter(|key| key.kind == *kind)
}

/// Without what stands in a namespace that Config exempts from `sync`.
fn synced(happened: Happened, config: &Config) -> Option<Happened> {
    let is_synced = |object: &Value| !config.exempts(Process::Sync, object);
    match happened {
        Happened::All(all) => Some(Happened::All(all.into_iter().filter(is_synced).collect())),
        Happened::Put(object) => is_synced(&object).then_some(Happened::Put(object)),
        other => Some(other),
    }
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
    use plat_admission::Settings;
    use plat_policy::{Options, PolicySet};
    use plat_resource::Document;
    use serde_json::json;

    #[test]
    fn a_kind_is_read_only_when_its_objects_are_in_the_snapshot() {
        let (feeds, snapshots, pending) = (Feeds::default(), Snapshots::new(Settings::default()), Mutex::default());
        feeds.follow_inventory();
        let kinds = ["Pod", "Secret", "Unknown"].map(|kind| GroupVersionKind::new("v1", kind));
        let [pods, secrets, unknown] = kinds.each_ref().map(inventory_feed);
        for feed in [&pods, &secrets, &unknown] {
            feeds.expect(feed, Part::Policies);
        }
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": "a"}});
        let known = &mut BTreeSet::new();
        lock(&pending).hear(&pods, known, Happened::All(vec![pod]));
        lock(&pending).hear(&secrets, &mut BTreeSet::new(), Happened::Failed("secrets is forbidden".to_owned()));
        lock(&pending).hear(&unknown, &mut BTreeSet::new(), Happened::Absent);
        assert_eq!(feeds.unread_inventory(&kinds), [pods.clone(), secrets.clone(), unknown.clone()]);
        flush(&feeds, &snapshots, &pending);
        assert_eq!((snapshots.current().inventory.objects().count(), lock(&pending).changes.len()), (1, 0));
        assert_eq!(feeds.unread_inventory(&kinds), std::slice::from_ref(&secrets));
        let states = [
            (pods.clone(), State::Followed),
            (secrets, State::Waiting("secrets is forbidden".to_owned())),
            (unknown, State::Absent),
        ];
        assert_eq!(feeds.states(), states);
        // Nothing that was heard of a kind before comes in after it was taken out.
        let other = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "b", "namespace": "a"}});
        lock(&pending).hear(&pods, known, Happened::Put(other));
        end(&kinds[0], &feeds, &snapshots, &pending);
        flush(&feeds, &snapshots, &pending);
        assert_eq!(snapshots.current().inventory.objects().count(), 0);
        assert_eq!(feeds.unread_inventory(&kinds[..1]), [pods]);
    }

    #[test]
    fn what_stands_in_an_exempt_namespace_is_not_synced() {
        let config = json!({
            "apiVersion": "config.gatekeeper.sh/v1alpha1", "kind": "Config",
            "metadata": {"name": "config", "namespace": "gatekeeper-system"},
            "spec": {"match": [
                {"excludedNamespaces": ["kube-*"], "processes": ["sync"]},
                {"excludedNamespaces": ["a"], "processes": ["audit", "webhook"]},
            ]},
        });
        let documents = [Document::synthetic(config, "test")];
        let (policies, findings) = PolicySet::load(&documents, &Options::default());
        assert_eq!(findings, []);
        let pod = |namespace: &str| json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": namespace}});
        let (feeds, snapshots, pending) = (Feeds::default(), Snapshots::new(Settings::default()), Mutex::default());
        let kind = GroupVersionKind::new("v1", "Pod");
        let hear = |happened: Happened| {
            let mut known = keys(&snapshots.current(), &kind).collect();
            if let Some(happened) = synced(happened, policies.config()) {
                lock(&pending).hear("feed", &mut known, happened);
            }
            flush(&feeds, &snapshots, &pending);
            snapshots.current().inventory.objects().map(|object| object["metadata"]["namespace"].clone()).collect()
        };
        // That of kube-system came in before it was exempt.
        snapshots.change_inventory([pod("kube-system")].map(|pod| Change::Put(Arc::new(pod))).to_vec());
        let there: Vec<Value> = hear(Happened::All(vec![pod("a"), pod("kube-system")]));
        assert_eq!(there, ["a"]);
        let there: Vec<Value> = hear(Happened::Put(pod("kube-public")));
        assert_eq!(there, ["a"]);
        let there: Vec<Value> = hear(Happened::Put(pod("b")));
        assert_eq!(there, ["a", "b"]);
    }

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
