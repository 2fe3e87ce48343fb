//! The snapshot in use.
//!
//! Owns the swap: a decision takes the snapshot once and keeps it to its end, whatever comes meanwhile.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use plat_admission::{Settings, Snapshot};
use plat_policy::Change;
use plat_resource::{GroupVersionKind, Value, object};

/// The snapshot in use, and when its policies were made.
#[derive(Debug)]
pub struct Snapshots {
    current: RwLock<Snapshot>,
    made: RwLock<Option<Instant>>,
}

impl Snapshots {
    /// Nothing but what is set.
    pub fn new(settings: Settings) -> Self {
        let snapshot = Snapshot { settings: Arc::new(settings), ..Snapshot::default() };
        Self { current: RwLock::new(snapshot), made: RwLock::default() }
    }

    /// The snapshot in use.
    pub fn current(&self) -> Snapshot {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How long ago policies and platform were made; nothing before they were.
    pub fn age(&self) -> Option<Duration> {
        let made = *self.made.read().unwrap_or_else(PoisonError::into_inner);
        made.map(|made| made.elapsed())
    }

    /// Changes the snapshot in use. What takes long was done before.
    pub fn change(&self, change: impl FnOnce(&mut Snapshot)) {
        change(&mut self.current.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// Platform and policies are new as of now.
    pub fn made_now(&self) {
        *self.made.write().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// These are all Namespaces there are.
    pub fn set_namespaces(&self, all: Vec<Value>) {
        let by_name = all.into_iter().map(|namespace| (object::name(&namespace).to_owned(), Arc::new(namespace)));
        let by_name: BTreeMap<_, _> = by_name.collect();
        self.change(|snapshot| snapshot.namespaces = Arc::new(by_name));
    }

    /// Whether there is a Namespace of this name, as far as is known.
    pub fn knows_namespace(&self, name: &str) -> bool {
        self.current.read().unwrap_or_else(PoisonError::into_inner).namespace(name).is_some()
    }

    /// One Namespace is new or different.
    pub fn put_namespace(&self, namespace: Value) {
        let name = object::name(&namespace).to_owned();
        self.change(|snapshot| {
            Arc::make_mut(&mut snapshot.namespaces).insert(name, Arc::new(namespace));
        });
    }

    /// One Namespace is gone.
    pub fn remove_namespace(&self, namespace: &Value) {
        self.change(|snapshot| {
            Arc::make_mut(&mut snapshot.namespaces).remove(object::name(namespace));
        });
    }

    /// These are all Usages of a kind.
    pub fn set_usages(&self, kind: &GroupVersionKind, all: &[Value]) {
        self.change(|snapshot| Arc::make_mut(&mut snapshot.usages).replace(kind, all));
    }

    /// One Usage is new or different.
    pub fn put_usage(&self, usage: &Value) {
        self.change(|snapshot| Arc::make_mut(&mut snapshot.usages).put(usage));
    }

    /// One Usage is gone.
    pub fn remove_usage(&self, usage: &Value) {
        self.change(|snapshot| Arc::make_mut(&mut snapshot.usages).remove(usage));
    }

    /// Objects of the inventory changed. Only one caller at a time.
    pub fn change_inventory(&self, changes: Vec<Change>) {
        let next = self.current().inventory.changed(changes);
        self.change(|snapshot| snapshot.inventory = Arc::new(next));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_decision_keeps_the_snapshot_it_took() {
        let namespace = |name: &str| json!({"metadata": {"name": name}});
        let snapshots = Snapshots::new(Settings::default());
        snapshots.set_namespaces(vec![namespace("a"), namespace("b")]);
        let taken = snapshots.current();
        snapshots.remove_namespace(&namespace("a"));
        snapshots.put_namespace(namespace("c"));
        let names = |snapshot: &Snapshot| snapshot.namespaces.keys().cloned().collect::<Vec<_>>();
        assert_eq!(
            (names(&taken), names(&snapshots.current())),
            (vec!["a".into(), "b".into()], vec!["b".into(), "c".into()])
        );
        assert!(snapshots.age().is_none());
        snapshots.made_now();
        assert!(snapshots.age().is_some());
    }
}
