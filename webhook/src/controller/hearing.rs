//! News about objects, from watches and from answers to writes.
//!
//! Owns what follows from them: live objects, the roles of kinds, who is woken at once, and what the platform has to be made
//! of again.

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use plat_platform::kinds::{self, What};
use plat_reconcile::breaker::{Breakers, Limits, Open, Passage};
use plat_resource::{GroupVersionKind, ObjectKey, Value, object};
use prometheus_client::metrics::counter::Counter;
use tokio::time::Instant;
use tracing::warn;

use super::kinds::Kinds;
use super::objects::{News, Objects};
use super::platform::Changes;
use super::queue::Queue;
use super::request::{Controller, Request, shown};
use super::wakes::{self, Roles};
use super::watches::WatchScope;
use crate::sources::follow::Happened;

/// Hears news.
#[derive(Debug)]
pub struct Hearing {
    /// Live objects.
    pub objects: Arc<Objects>,
    /// Who is woken.
    pub queue: Arc<Queue>,
    /// The kinds of the cluster.
    pub kinds: Arc<Kinds>,
    /// What the platform is not made of yet.
    pub changes: Arc<Changes>,
    roles: RwLock<Arc<Roles>>,
    /// Of XRs, by what their composed resources wake them.
    breakers: Mutex<Breakers<ObjectKey>>,
    began: Instant,
    opened: Counter,
}

impl Hearing {
    /// Nothing was heard yet. An XR that is woken more often than the limits say is left alone for a while, and counted.
    pub fn new(limits: Limits, opened: Counter) -> Self {
        Self {
            objects: Arc::default(),
            queue: Arc::default(),
            kinds: Arc::default(),
            changes: Arc::default(),
            roles: RwLock::default(),
            breakers: Mutex::new(Breakers::new(limits)),
            began: Instant::now(),
            opened,
        }
    }

    /// The circuit of an XR, where it is open.
    pub fn circuit(&self, key: &ObjectKey) -> Option<Open> {
        self.breakers.lock().unwrap_or_else(PoisonError::into_inner).open(key, self.now())
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// What XRDs make of kinds now.
    pub fn roles(&self) -> Arc<Roles> {
        Arc::clone(&self.roles.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// A watch told something.
    pub(crate) fn happened(&self, kind: &GroupVersionKind, scope: WatchScope, happened: Happened) {
        match happened {
            Happened::All(all) => self.replaced(kind, scope, all),
            Happened::Absent => self.replaced(kind, scope, Vec::new()),
            Happened::Put(object) => {
                if let Some(news) = self.objects.heard(object) {
                    self.follow_up(&news, None);
                }
            }
            Happened::Gone(object) => {
                if let Some(gone) = self.objects.lost(&object) {
                    self.gone(&gone, None);
                }
            }
            // What was heard last stays in use.
            Happened::Failed(_) => {}
        }
    }

    /// The API server answered a write with this object. Whoever wrote it, while looking at `about`, knows already.
    pub fn answered(&self, object: Value, is_own: bool, about: Option<&ObjectKey>) {
        let news = if is_own { self.objects.put_own(object) } else { self.objects.put(object) };
        if let Some(news) = news {
            self.follow_up(&news, about);
        }
    }

    /// The API server answered that an object is deleted for good.
    pub fn deleted(&self, key: &ObjectKey, uid: &str, about: Option<&ObjectKey>) {
        if let Some(gone) = self.objects.remove(key, uid) {
            self.gone(&gone, about);
        }
    }

    fn replaced(&self, kind: &GroupVersionKind, scope: WatchScope, all: Vec<Value>) {
        let (now, gone) = self.objects.replace(kind, scope, all);
        self.learn_roles(kind);
        for object in &gone {
            self.gone(object, None);
        }
        // Whatever happened in between is in the list only: all of it may be news.
        for object in now {
            self.follow_up(&News { before: None, now: object }, None);
        }
        self.changes.note_read(kind);
    }

    fn gone(&self, object: &Arc<Value>, about: Option<&ObjectKey>) {
        self.learn_roles_from(object);
        self.wake(object, about);
        self.breakers.lock().unwrap_or_else(PoisonError::into_inner).reset(&ObjectKey::of(object));
        if is_of_platform(object) {
            self.changes.note(Arc::clone(object));
        }
        self.forget_kinds(object);
        for request in wakes::usages_waiting_for(object, &self.objects) {
            self.queue.add(request);
        }
    }

    fn follow_up(&self, news: &News, about: Option<&ObjectKey>) {
        let is_meaningful = news.before.as_ref().is_none_or(|before| says_other(before, &news.now));
        if is_meaningful {
            self.learn_roles_from(&news.now);
            self.forget_kinds(&news.now);
            if is_of_platform(&news.now) {
                self.changes.note(Arc::clone(&news.now));
            }
        }
        // A new owner looks at it, and the old one too.
        if let Some(before) = news.before.as_ref().filter(|before| object::controller(before).is_some()) {
            self.wake(before, about);
        }
        self.wake(&news.now, about);
    }

    fn wake(&self, changed: &Value, about: Option<&ObjectKey>) {
        let key = ObjectKey::of(changed);
        let is_about = about == Some(&key);
        let configured = wakes::configured_by(changed, &self.objects);
        for request in wakes::wakes(changed, &self.roles()).into_iter().chain(configured) {
            if is_about && request.key == key {
                continue;
            }
            // What this program did itself, and what ends, is not held up.
            let is_held_to = about.is_none()
                && request.controller == Controller::Composite
                && request.key != key
                && object::value_at(changed, &["metadata", "deletionTimestamp"]).is_none();
            if is_held_to {
                self.wake_within_limits(request, &key);
            } else {
                self.queue.add(request);
            }
        }
    }

    /// Many changes that make one look count as one.
    fn wake_within_limits(&self, request: Request, source: &ObjectKey) {
        if self.queue.is_pending(&request) {
            return;
        }
        let now = self.now();
        let mut breakers = self.breakers.lock().unwrap_or_else(PoisonError::into_inner);
        match breakers.event(&request.key, &shown(source), now) {
            Passage::Allowed | Passage::Probe => self.queue.add(request),
            Passage::Opened => {
                self.opened.inc();
                warn!(%request, source = shown(source), "is woken too often and is left alone for a while");
                self.queue.add(request);
            }
            Passage::Dropped { until } => self.queue.add_after(request, until.saturating_sub(now)),
        }
    }

    fn learn_roles(&self, kind: &GroupVersionKind) {
        if *kind == wakes::definition_kind() {
            let roles = Roles::of(&self.objects.list(kind));
            *self.roles.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(roles);
        }
    }

    fn learn_roles_from(&self, object: &Value) {
        self.learn_roles(&GroupVersionKind::of(object));
    }

    /// A CRD that changed changes what kinds its group has.
    fn forget_kinds(&self, object: &Value) {
        if GroupVersionKind::of(object) == wakes::crd_kind()
            && let Some(group) = object::string_at(object, &["spec", "group"])
        {
            self.kinds.forget(group);
        }
    }
}

fn is_of_platform(object: &Value) -> bool {
    let row = kinds::what_is(&GroupVersionKind::of(object));
    row.is_some_and(|row| row.what != What::Crd)
}

/// Whether somebody else reads the status of a kind: whether a Function answers, a pipeline is valid, a CRD is in force.
fn status_counts(kind: &GroupVersionKind) -> bool {
    [wakes::function_kind(), wakes::revision_kind(), wakes::crd_kind()].contains(kind)
}

/// Whether two versions of an object differ in what somebody else reads of it.
fn says_other(before: &Value, now: &Value) -> bool {
    let meta = |object: &'_ Value, key: &str| object::value_at(object, &["metadata", key]).cloned();
    ["uid", "labels", "annotations", "deletionTimestamp"].iter().any(|key| meta(before, key) != meta(now, key))
        || before.get("spec") != now.get("spec")
        || (status_counts(&GroupVersionKind::of(now)) && before.get("status") != now.get("status"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn hearing() -> Hearing {
        let hearing = Hearing::new(Limits { burst: 3.0, ..Limits::default() }, Counter::default());
        for kind in [wakes::definition_kind(), composed_kind(), composite_kind()] {
            hearing.objects.follow(&kind, WatchScope::All);
        }
        let definition = json!({
            "apiVersion": "apiextensions.crossplane.io/v1", "kind": "CompositeResourceDefinition",
            "metadata": {"name": "xbuckets.acme.example", "uid": "d", "resourceVersion": "1"},
            "spec": {
                "group": "acme.example", "names": {"kind": "XBucket"}, "scope": "Cluster",
                "versions": [{"name": "v1", "referenceable": true}],
            },
        });
        hearing.happened(&wakes::definition_kind(), WatchScope::All, Happened::All(vec![definition]));
        hearing
    }

    fn composite_kind() -> GroupVersionKind {
        GroupVersionKind::new("acme.example/v1", "XBucket")
    }

    fn composed_kind() -> GroupVersionKind {
        GroupVersionKind::new("v1", "ConfigMap")
    }

    fn composite(version: u64) -> Value {
        json!({"apiVersion": "acme.example/v1", "kind": "XBucket", "metadata": {
            "name": "x", "uid": "x", "resourceVersion": version.to_string(),
        }})
    }

    fn composed(version: u64) -> Value {
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {
            "name": "c", "namespace": "a", "uid": "c", "resourceVersion": version.to_string(), "ownerReferences": [
                {"apiVersion": "acme.example/v1", "kind": "XBucket", "name": "x", "uid": "x", "controller": true},
            ],
        }})
    }

    /// What is ready, after all of it was worked on.
    async fn woken(hearing: &Hearing) -> Vec<String> {
        let mut all = Vec::new();
        while hearing.queue.depth() > 0 {
            let taken = hearing.queue.next().await.unwrap();
            hearing.queue.done(&taken.request);
            all.push(taken.request.to_string());
        }
        all
    }

    const XR: &str = "composite: XBucket.acme.example/x";

    #[tokio::test(start_paused = true)]
    async fn a_write_wakes_others_and_not_who_wrote() {
        let hearing = hearing();
        woken(&hearing).await;
        let about = ObjectKey::of(&composite(1));
        hearing.answered(composite(2), true, Some(&about));
        assert!(woken(&hearing).await.is_empty());
        // What the XR's reconcile did to a composed resource it has to look at.
        hearing.answered(composed(3), true, Some(&about));
        assert_eq!(woken(&hearing).await, [XR]);
        for echo in [composite(2), composed(3)] {
            hearing.happened(&ObjectKey::of(&echo).kind, WatchScope::All, Happened::Put(echo));
        }
        assert!(woken(&hearing).await.is_empty());
        hearing.happened(&composite_kind(), WatchScope::All, Happened::Put(composite(4)));
        assert_eq!(woken(&hearing).await, [XR]);
        hearing.happened(&composed_kind(), WatchScope::All, Happened::Gone(composed(5)));
        assert_eq!(woken(&hearing).await, [XR]);
        hearing.happened(&composed_kind(), WatchScope::All, Happened::Failed("away".into()));
        assert!(woken(&hearing).await.is_empty() && hearing.objects.get(&about).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn news_about_the_platform_are_kept_for_it_and_status_is_none() {
        let hearing = hearing();
        assert_eq!(hearing.changes.waiting(), 1);
        assert_eq!(woken(&hearing).await.len(), 1);
        let mut definition = (*hearing.objects.list(&wakes::definition_kind())[0]).clone();
        definition["metadata"]["resourceVersion"] = json!("9");
        definition["status"] = json!({"conditions": []});
        hearing.happened(&wakes::definition_kind(), WatchScope::All, Happened::Put(definition.clone()));
        assert_eq!((hearing.changes.waiting(), woken(&hearing).await.len()), (1, 1));
        definition["metadata"]["resourceVersion"] = json!("10");
        definition["spec"]["names"] = json!({"kind": "XOther"});
        hearing.happened(&wakes::definition_kind(), WatchScope::All, Happened::Put(definition.clone()));
        assert_eq!(hearing.changes.waiting(), 2);
        assert!(hearing.roles().composite("acme.example", "XOther").is_some());
        hearing.happened(&wakes::definition_kind(), WatchScope::All, Happened::Gone(definition));
        assert!(hearing.roles().composite("acme.example", "XOther").is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_composed_resource_that_flaps_is_left_alone_for_a_while() {
        let hearing = hearing();
        hearing.happened(&composite_kind(), WatchScope::All, Happened::Put(composite(1)));
        let key = ObjectKey::of(&composite(1));
        let flap = |version| hearing.happened(&composed_kind(), WatchScope::All, Happened::Put(composed(version)));
        woken(&hearing).await;
        // Many at once are one.
        (2..50).for_each(flap);
        assert_eq!(woken(&hearing).await, [XR]);
        for version in 50..53 {
            flap(version);
            assert_eq!(woken(&hearing).await, [XR], "{version}");
        }
        assert_eq!(hearing.circuit(&key).unwrap().triggered_by, "ConfigMap/a/c");
        assert_eq!(hearing.opened.get(), 1);
        flap(53);
        assert!(woken(&hearing).await.is_empty());
        // The last word is heard, half a minute later; the XR itself always is.
        hearing.happened(&composite_kind(), WatchScope::All, Happened::Put(composite(60)));
        assert_eq!(woken(&hearing).await, [XR]);
        let before = Instant::now();
        assert_eq!(hearing.queue.next().await.unwrap().request.to_string(), XR);
        assert_eq!(before.elapsed().as_secs(), 30);
        tokio::time::advance(Duration::from_mins(5)).await;
        assert_eq!(hearing.circuit(&key), None);
    }
}
