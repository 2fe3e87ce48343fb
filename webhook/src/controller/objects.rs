//! Live objects, as last heard of, by their exact kind.
//!
//! Owns that an older version of an object never takes the place of a newer one, whether it came from a watch or as the answer
//! to a write, and which news are no news because this program made them. What is kept of an object is `projection`'s, in
//! which form `packed`'s.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use plat_resource::{GroupVersionKind, ObjectKey, Value, object};

use super::packed::Packed;
use super::projection;
use super::watches::WatchScope;

/// Versions of own writes that are remembered until their echo comes.
const MOST_OWN: usize = 16_384;
/// Objects that are gone and are remembered until late answers have come.
const MOST_GONE: usize = 16_384;

/// Live objects of the kinds that are followed.
#[derive(Debug, Default)]
pub struct Objects {
    inner: RwLock<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    kinds: HashMap<GroupVersionKind, Kept>,
    /// Keys by the UID of the controller owner.
    controlled: HashMap<Arc<str>, HashSet<Arc<ObjectKey>>>,
    own: Recent<u64>,
    gone: HashMap<ObjectKey, u64>,
    gone_order: VecDeque<(ObjectKey, u64)>,
}

/// The objects of one kind.
#[derive(Debug, Default)]
struct Kept {
    /// Which of them are followed, and whether all of those were read.
    scopes: Vec<(WatchScope, bool)>,
    objects: HashMap<Arc<ObjectKey>, Held>,
}

#[derive(Debug, Clone)]
struct Held {
    object: Packed,
    version: u64,
    /// The UID of its controller owner.
    controller: Option<Arc<str>>,
}

/// The last so many of something.
#[derive(Debug, Default)]
struct Recent<T> {
    known: HashSet<T>,
    order: VecDeque<T>,
}

/// What a watch's news was.
#[derive(Debug, Clone, PartialEq)]
pub struct News {
    /// The object before, where it was known.
    pub before: Option<Arc<Value>>,
    /// The object now.
    pub now: Arc<Value>,
}

/// An object, before and after.
struct Change {
    before: Option<Packed>,
    now: Packed,
}

/// The objects of a scope, each opened when it is its turn: all at once would be many times what is kept.
fn opened(packed: Vec<Packed>, scope: WatchScope) -> impl Iterator<Item = Arc<Value>> {
    packed.into_iter().map(|packed| packed.open()).filter(move |object| scope.covers(object))
}

impl Change {
    fn is_same(&self) -> bool {
        self.before.as_ref() == Some(&self.now)
    }

    fn news(&self) -> News {
        News { before: self.before.as_ref().map(Packed::open), now: self.now.open() }
    }
}

impl Objects {
    fn read(&self) -> RwLockReadGuard<'_, Inner> {
        self.inner.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Inner> {
        self.inner.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The object, where its kind is followed and it is there.
    pub fn get(&self, key: &ObjectKey) -> Option<Arc<Value>> {
        let packed = self.read().kinds.get(&key.kind)?.objects.get(key)?.object.clone();
        Some(packed.open())
    }

    /// All objects of a kind, in no order.
    pub fn list(&self, kind: &GroupVersionKind) -> Vec<Arc<Value>> {
        let packed: Vec<Packed> = {
            let inner = self.read();
            inner
                .kinds
                .get(kind)
                .into_iter()
                .flat_map(|kept| kept.objects.values())
                .map(|held| held.object.clone())
                .collect()
        };
        packed.iter().map(Packed::open).collect()
    }

    /// How many objects of a kind there are.
    pub fn count(&self, kind: &GroupVersionKind) -> usize {
        self.read().kinds.get(kind).map_or(0, |kept| kept.objects.len())
    }

    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.read().kinds.values().map(|kept| kept.objects.len()).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All objects of all kinds whose controller owner has this UID, in the order of their keys.
    pub fn controlled_by(&self, uid: &str) -> Vec<Arc<Value>> {
        let packed: Vec<Packed> = {
            let inner = self.read();
            let mut keys: Vec<&Arc<ObjectKey>> = inner.controlled.get(uid).into_iter().flatten().collect();
            keys.sort_unstable();
            let held = keys.into_iter().filter_map(|key| inner.kinds.get(&key.kind)?.objects.get(key));
            held.map(|held| held.object.clone()).collect()
        };
        packed.iter().map(Packed::open).collect()
    }

    /// Whether all objects of the kind that are followed were read once.
    pub fn is_synced(&self, kind: &GroupVersionKind) -> bool {
        let inner = self.read();
        inner.kinds.get(kind).is_some_and(|kept| !kept.scopes.is_empty() && kept.scopes.iter().all(|(_, read)| *read))
    }

    /// Takes in the answer to a write. News where it is other than what was known.
    pub fn put(&self, object: Value) -> Option<News> {
        let change = self.write().put(object)?;
        (!change.is_same()).then(|| change.news())
    }

    /// As [`Objects::put`]; the write made this version, so that a watch telling of it tells nothing new.
    pub fn put_own(&self, object: Value) -> Option<News> {
        let change = {
            let mut inner = self.write();
            inner.own.remember(version(&object), MOST_OWN);
            inner.put(object)?
        };
        (!change.is_same()).then(|| change.news())
    }

    /// Takes in what a watch told. Nothing where it was this program's own doing, or is known already. An old version is news
    /// too, though it is not kept: somebody else made it, and the answer to a write came first.
    pub fn heard(&self, object: Value) -> Option<News> {
        let (key, version) = (ObjectKey::of(&object), version(&object));
        let mut inner = self.write();
        let held = inner.kinds.get(&key.kind)?.objects.get(&key);
        let is_known = held.is_some_and(|held| held.version == version) || inner.own.known.contains(&version);
        let before = held.map(|held| held.object.clone());
        let change = inner.put(object);
        drop(inner);
        if is_known {
            return None;
        }
        change.map(|change| change.news()).or_else(|| {
            let before = before?.open();
            Some(News { now: Arc::clone(&before), before: Some(before) })
        })
    }

    /// Takes in all objects of one scope of a kind. Answers all that there are now, and those that are gone.
    pub fn replace(
        &self,
        kind: &GroupVersionKind,
        scope: WatchScope,
        all: Vec<Value>,
    ) -> (impl Iterator<Item = Arc<Value>> + use<>, Vec<Arc<Value>>) {
        let mut inner = self.write();
        let there: HashSet<ObjectKey> = all.iter().map(ObjectKey::of).collect();
        let Some(kept) = inner.kinds.get_mut(kind) else { return (opened(Vec::new(), scope), Vec::new()) };
        for (_, read) in kept.scopes.iter_mut().filter(|(each, _)| *each == scope) {
            *read = true;
        }
        let missing =
            kept.objects.iter().filter(|(key, held)| !there.contains(&***key) && scope.covers(&held.object.open()));
        let missing: Vec<Arc<ObjectKey>> = missing.map(|(key, _)| Arc::clone(key)).collect();
        let gone = missing.into_iter().filter_map(|key| inner.take(&key)).map(|held| held.object.open()).collect();
        for object in all {
            inner.put(object);
        }
        let now: Vec<Packed> = inner
            .kinds
            .get(kind)
            .into_iter()
            .flat_map(|kept| kept.objects.values())
            .map(|held| held.object.clone())
            .collect();
        (opened(now, scope), gone)
    }

    /// The object with this UID is gone. What it was, where it was known.
    pub fn remove(&self, key: &ObjectKey, uid: &str) -> Option<Arc<Value>> {
        let mut inner = self.write();
        let held = inner.kinds.get(&key.kind)?.objects.get(key)?;
        if object::uid(&held.object.open()) != uid {
            return None;
        }
        let version = held.version;
        inner.bury(key, version);
        inner.take(key).map(|held| held.object.open())
    }

    /// A watch told that this object is gone. What it was.
    pub fn lost(&self, object: &Value) -> Option<Arc<Value>> {
        let key = ObjectKey::of(object);
        let mut inner = self.write();
        inner.bury(&key, version(object));
        let held = inner.kinds.get(&key.kind)?.objects.get(&key)?;
        if object::uid(&held.object.open()) != object::uid(object) {
            return None;
        }
        inner.take(&key).map(|held| held.object.open())
    }

    /// The objects of a kind are kept from now on.
    pub fn follow(&self, kind: &GroupVersionKind, scope: WatchScope) {
        let mut inner = self.write();
        let kept = inner.kinds.entry(kind.clone()).or_default();
        if !kept.scopes.iter().any(|(each, _)| *each == scope) {
            kept.scopes.push((scope, false));
        }
    }

    /// One scope of a kind is not followed any more; what no other scope covers is forgotten.
    pub fn unfollow(&self, kind: &GroupVersionKind, scope: WatchScope) {
        let mut inner = self.write();
        let Some(kept) = inner.kinds.get_mut(kind) else { return };
        kept.scopes.retain(|(each, _)| *each != scope);
        let scopes = kept.scopes.clone();
        let uncovered =
            kept.objects.iter().filter(|(_, held)| !scopes.iter().any(|(it, _)| it.covers(&held.object.open())));
        for key in uncovered.map(|(key, _)| Arc::clone(key)).collect::<Vec<_>>() {
            inner.take(&key);
        }
        if scopes.is_empty() {
            inner.kinds.remove(kind);
        }
    }
}

impl Inner {
    /// Keeps an object, unless it is older than what is known, was gone already, or is not followed.
    fn put(&mut self, object: Value) -> Option<Change> {
        let (key, version) = (ObjectKey::of(&object), version(&object));
        let kept = self.kinds.get(&key.kind)?;
        let held = kept.objects.get(&key);
        if held.is_some_and(|held| held.version > version) || self.gone.get(&key).is_some_and(|gone| *gone >= version) {
            return None;
        }
        if let Some(held) = held.filter(|held| held.version == version) {
            return Some(Change { before: Some(held.object.clone()), now: held.object.clone() });
        }
        let is_followed = kept.scopes.iter().any(|(scope, _)| scope.covers(&object));
        let is_whole = kept.scopes.iter().any(|(scope, _)| *scope == WatchScope::All);
        let before = self.take(&key).map(|held| held.object);
        if !is_followed {
            return None;
        }
        let (key, now) = (Arc::new(key), projection::kept(object, is_whole));
        let controller = controller_uid(&now).map(Arc::<str>::from);
        if let Some(uid) = &controller {
            self.controlled.entry(Arc::clone(uid)).or_default().insert(Arc::clone(&key));
        }
        let kept = self.kinds.get_mut(&key.kind)?;
        let now = Packed::of(&now);
        kept.objects.insert(key, Held { object: now.clone(), version, controller });
        Some(Change { before, now })
    }

    fn take(&mut self, key: &ObjectKey) -> Option<Held> {
        let held = self.kinds.get_mut(&key.kind)?.objects.remove(key)?;
        if let Some(uid) = &held.controller
            && let Some(keys) = self.controlled.get_mut(uid)
        {
            keys.remove(key);
            if keys.is_empty() {
                self.controlled.remove(uid);
            }
        }
        Some(held)
    }

    fn bury(&mut self, key: &ObjectKey, version: u64) {
        let known = self.gone.entry(key.clone()).or_default();
        *known = version.max(*known);
        self.gone_order.push_back((key.clone(), *known));
        if self.gone_order.len() > MOST_GONE
            && let Some((oldest, version)) = self.gone_order.pop_front()
            && self.gone.get(&oldest) == Some(&version)
        {
            self.gone.remove(&oldest);
        }
    }
}

impl<T: Copy + Eq + std::hash::Hash> Recent<T> {
    fn remember(&mut self, one: T, most: usize) {
        if self.known.insert(one) {
            self.order.push_back(one);
        }
        if self.order.len() > most
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }
}

/// The UID of the controller owner.
fn controller_uid(object: &Value) -> Option<&str> {
    object::string_at(object::controller(object)?, &["uid"])
}

/// Kubernetes promises since 1.35 what etcd always did: versions are whole numbers that grow.
fn version(object: &Value) -> u64 {
    let text = object::string_at(object, &["metadata", "resourceVersion"]);
    text.and_then(|text| text.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn kind() -> GroupVersionKind {
        GroupVersionKind::new("v1", "ConfigMap")
    }

    fn object(name: &str, version: u64, owner: &str) -> Value {
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {
            "name": name, "namespace": "a", "uid": name, "resourceVersion": version.to_string(),
            "labels": {"crossplane.io/composite": owner},
            "ownerReferences": [{"apiVersion": "a/v1", "kind": "X", "name": owner, "uid": owner, "controller": true}],
        }})
    }

    fn names(objects: impl IntoIterator<Item = Arc<Value>>) -> Vec<String> {
        let mut names: Vec<_> = objects.into_iter().map(|object| object::name(&object).to_owned()).collect();
        names.sort_unstable();
        names
    }

    fn followed() -> Objects {
        let objects = Objects::default();
        objects.follow(&kind(), WatchScope::All);
        objects
    }

    #[test]
    fn an_older_version_never_takes_the_place_of_a_newer_one() {
        let objects = followed();
        let key = ObjectKey::of(&object("x", 1, "o"));
        assert!(objects.put(object("x", 5, "o")).is_some());
        assert!(objects.put(object("x", 5, "o")).is_none() && objects.put(object("x", 4, "p")).is_none());
        assert_eq!(objects.get(&key).unwrap()["metadata"]["resourceVersion"], "5");
        assert!(objects.put(object("x", 10, "o")).is_some(), "versions are numbers, not text");
        // What a watch said is gone does not come back by an answer that comes late.
        assert!(objects.lost(&object("x", 12, "o")).is_some());
        assert!(objects.put(object("x", 11, "o")).is_none() && objects.get(&key).is_none());
        assert!(objects.put(object("x", 13, "o")).is_some());
        assert!(objects.remove(&key, "another").is_none() && objects.remove(&key, "x").is_some());
        assert!(objects.is_empty());
    }

    #[test]
    fn own_writes_are_no_news_and_changes_of_others_always_are() {
        let objects = followed();
        objects.put(object("x", 4, "o"));
        // Somebody else wrote version 5; our write made 6 of it, and its answer came before the watch told of 5.
        assert!(objects.put_own(object("x", 6, "o")).is_some());
        let news = objects.heard(object("x", 5, "o")).expect("nobody looked at version 5 yet");
        assert_eq!(news.now["metadata"]["resourceVersion"], "6", "the newer one stays");
        assert_eq!(objects.heard(object("x", 6, "o")), None, "an echo");
        assert_eq!(objects.heard(object("x", 7, "o")).unwrap().now["metadata"]["resourceVersion"], "7");
        assert_eq!(objects.heard(object("x", 7, "o")), None, "known");
        assert!(objects.heard(object("y", 8, "o")).unwrap().before.is_none());
    }

    #[test]
    fn owners_are_found_and_lost_with_what_they_own() {
        let objects = followed();
        objects.put(object("x", 1, "o"));
        objects.put(object("y", 1, "o"));
        objects.put(object("z", 1, "other"));
        assert_eq!(names(objects.controlled_by("o")), ["x", "y"]);
        objects.put(object("y", 2, "other"));
        assert_eq!(names(objects.controlled_by("o")), ["x"]);
        assert_eq!(names(objects.controlled_by("other")), ["y", "z"]);
        objects.unfollow(&kind(), WatchScope::All);
        assert!(objects.controlled_by("other").is_empty() && objects.read().controlled.is_empty());
    }

    #[test]
    fn each_scope_is_read_and_replaced_by_itself() {
        let objects = Objects::default();
        let (composed, functions) = (WatchScope::Labelled("crossplane.io/composite"), WatchScope::Labelled("function"));
        assert!(objects.put(object("x", 1, "o")).is_none(), "nobody follows the kind");
        objects.follow(&kind(), composed);
        objects.follow(&kind(), functions);
        assert!(!objects.is_synced(&kind()));
        let mut function = object("f", 1, "o");
        function["metadata"]["labels"] = json!({"function": "it"});
        let (now, gone) = objects.replace(&kind(), functions, vec![function]);
        assert_eq!((names(now), gone.len(), objects.is_synced(&kind())), (vec!["f".to_owned()], 0, false));
        let (now, _) = objects.replace(&kind(), composed, vec![object("x", 1, "o"), object("y", 1, "o")]);
        assert_eq!((now.count(), objects.is_synced(&kind())), (2, true));
        let (now, gone) = objects.replace(&kind(), composed, vec![object("y", 2, "o")]);
        assert_eq!((names(now), names(gone)), (vec!["y".to_owned()], vec!["x".to_owned()]));
        let mut unlabelled = object("y", 3, "o");
        unlabelled["metadata"]["labels"] = json!({});
        objects.put(unlabelled);
        assert_eq!(names(objects.list(&kind())), ["f"], "what has lost its label is not followed");
        objects.unfollow(&kind(), composed);
        assert_eq!(names(objects.list(&kind())), ["f"]);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let objects = followed();
        for version in 1..=u64::try_from(2 * MOST_OWN).unwrap() {
            objects.put_own(object("x", version, "o"));
        }
        for version in 1..=u64::try_from(2 * MOST_GONE).unwrap() {
            objects.lost(&object(&version.to_string(), version, "o"));
        }
        let inner = objects.read();
        assert_eq!((inner.own.known.len(), inner.own.order.len()), (MOST_OWN, MOST_OWN));
        assert!(inner.gone.len() <= MOST_GONE && inner.gone_order.len() <= MOST_GONE);
    }
}
