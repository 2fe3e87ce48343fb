//! The objects that policies may look at beside the one under review: `data.inventory`, and the Namespaces.
//!
//! Owns Gatekeeper's keys and one immutable document that every engine shares. Does not own which objects are in it:
//! see [`crate::Config`] and [`crate::SyncSet`].

use std::collections::BTreeMap;
use std::sync::Arc;

use plat_rego::Document;
use plat_resource::{GroupVersionKind, ObjectKey, Value};

/// A snapshot. A clone is cheap, and so is a changed copy: only the kinds that change are built again.
#[derive(Debug, Clone, Default)]
pub struct Inventory {
    /// By namespace (empty for the cluster), then `group/version`, then kind.
    spaces: Arc<BTreeMap<String, Space>>,
    namespaces: Arc<BTreeMap<String, Arc<Value>>>,
    data: Document,
    size: usize,
}

#[derive(Debug, Clone, Default)]
struct Space {
    kinds: BTreeMap<String, BTreeMap<String, Kind>>,
    document: Document,
}

/// The objects of one kind in one namespace.
#[derive(Debug, Clone, Default)]
struct Kind {
    objects: BTreeMap<String, Entry>,
    document: Document,
}

#[derive(Debug, Clone)]
struct Entry {
    value: Arc<Value>,
    document: Document,
}

/// What happened to one object.
#[derive(Debug, Clone)]
pub enum Change {
    /// It is there, or is there in another form.
    Put(Arc<Value>),
    /// It is gone.
    Remove(ObjectKey),
}

impl Inventory {
    /// The snapshot of these objects. What has no kind or version is left out.
    pub fn new<'a>(objects: impl IntoIterator<Item = &'a Value>) -> Self {
        Self::default().changed(objects.into_iter().map(|value| Change::Put(Arc::new(value.clone()))))
    }

    /// A snapshot with these changes made, in their order.
    #[must_use]
    pub fn changed(&self, changes: impl IntoIterator<Item = Change>) -> Self {
        let mut next = self.clone();
        let mut touched: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
        for change in changes {
            let key = match &change {
                Change::Put(value) => ObjectKey::of(value),
                Change::Remove(key) => key.clone(),
            };
            if key.kind.kind.is_empty() || key.kind.version.is_empty() {
                continue;
            }
            touched.entry(key.namespace.clone()).or_default().push((key.kind.api_version(), key.kind.kind.clone()));
            next.apply(key, change);
        }
        if touched.is_empty() {
            return next;
        }
        let spaces = Arc::make_mut(&mut next.spaces);
        for (space, mut kinds) in touched {
            kinds.sort();
            kinds.dedup();
            if let Some(entry) = spaces.get_mut(&space) {
                entry.rebuild(&kinds);
                if entry.kinds.is_empty() {
                    spaces.remove(&space);
                }
            }
        }
        next.data = data_document(&next.spaces);
        next
    }

    fn apply(&mut self, key: ObjectKey, change: Change) {
        if is_namespace(&key.kind) && key.namespace.is_empty() {
            let namespaces = Arc::make_mut(&mut self.namespaces);
            match &change {
                Change::Put(value) => namespaces.insert(key.name.clone(), Arc::clone(value)),
                Change::Remove(_) => namespaces.remove(&key.name),
            };
        }
        let space = Arc::make_mut(&mut self.spaces).entry(key.namespace).or_default();
        let kind = space.kinds.entry(key.kind.api_version()).or_default().entry(key.kind.kind).or_default();
        match change {
            Change::Put(value) => {
                let document = Document::new(&value);
                self.size += usize::from(kind.objects.insert(key.name, Entry { value, document }).is_none());
            }
            Change::Remove(_) => self.size -= usize::from(kind.objects.remove(&key.name).is_some()),
        }
    }

    /// The Namespace object of this name.
    pub fn namespace(&self, name: &str) -> Option<&Value> {
        self.namespaces.get(name).map(AsRef::as_ref)
    }

    /// One object.
    pub fn get(&self, key: &ObjectKey) -> Option<&Value> {
        let kind = self.spaces.get(&key.namespace)?.kinds.get(&key.kind.api_version())?.get(&key.kind.kind)?;
        kind.objects.get(&key.name).map(|entry| entry.value.as_ref())
    }

    /// All objects, by namespace, version, kind and name.
    pub fn objects(&self) -> impl Iterator<Item = &Value> {
        let kinds = self.spaces.values().flat_map(|space| space.kinds.values()).flat_map(BTreeMap::values);
        kinds.flat_map(|kind| kind.objects.values()).map(|entry| entry.value.as_ref())
    }

    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.size
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.size == 0
    }

    /// The `data` document: `inventory` and nothing else.
    pub fn data(&self) -> &Document {
        &self.data
    }
}

impl Space {
    fn rebuild(&mut self, touched: &[(String, String)]) {
        for (version, name) in touched {
            let Some(kinds) = self.kinds.get_mut(version) else { continue };
            let Some(kind) = kinds.get_mut(name) else { continue };
            if kind.objects.is_empty() {
                kinds.remove(name);
            } else {
                let objects = kind.objects.iter().map(|(name, entry)| (name.as_str(), entry.document.clone()));
                kind.document = Document::object(objects);
            }
        }
        self.kinds.retain(|_, kinds| !kinds.is_empty());
        let versions = self.kinds.iter().map(|(version, kinds)| {
            let kinds = kinds.iter().map(|(name, kind)| (name.as_str(), kind.document.clone()));
            (version.as_str(), Document::object(kinds))
        });
        self.document = Document::object(versions);
    }
}

fn data_document(spaces: &BTreeMap<String, Space>) -> Document {
    let mut inventory = Vec::new();
    if let Some(cluster) = spaces.get("") {
        inventory.push(("cluster", cluster.document.clone()));
    }
    let others = || spaces.iter().filter(|(name, _)| !name.is_empty());
    if others().next().is_some() {
        let namespaces = others().map(|(name, space)| (name.as_str(), space.document.clone()));
        inventory.push(("namespace", Document::object(namespaces)));
    }
    // Where there is nothing, `data.inventory` is undefined, as in Gatekeeper.
    if inventory.is_empty() {
        return Document::default();
    }
    Document::object([("inventory", Document::object(inventory))])
}

fn is_namespace(kind: &GroupVersionKind) -> bool {
    kind.group.is_empty() && kind.kind == "Namespace"
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn config_map(namespace: &str, name: &str, value: &str) -> Value {
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}, "data": {"x": value}})
    }

    #[test]
    fn changes_make_a_new_snapshot_and_leave_the_old_one() {
        let space = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}});
        let old = Inventory::new([&space, &config_map("a", "one", "1"), &config_map("b", "two", "2")]);
        assert_eq!(old.len(), 3);
        let key = ObjectKey::of(&config_map("a", "one", ""));
        let changed = config_map("b", "two", "3");
        let new = old.changed([Change::Remove(key.clone()), Change::Put(Arc::new(changed.clone()))]);
        assert_eq!((new.len(), new.get(&key)), (2, None));
        assert_eq!(new.get(&ObjectKey::of(&changed)), Some(&changed));
        assert_eq!(old.get(&key), Some(&config_map("a", "one", "1")));
        assert!(new.namespace("a").is_some());
        let gone = new.changed([Change::Remove(ObjectKey::of(&space))]);
        assert!(gone.namespace("a").is_none());
    }

    #[test]
    fn what_is_removed_twice_counts_once() {
        let one = config_map("a", "one", "1");
        let key = ObjectKey::of(&one);
        let inventory = Inventory::new([&one]);
        let inventory = inventory.changed([Change::Remove(key.clone()), Change::Remove(key)]);
        assert!(inventory.is_empty());
        assert_eq!(inventory.objects().count(), 0);
    }
}
