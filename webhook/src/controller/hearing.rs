//! News about objects, from watches and from answers to writes.
//!
//! Owns what follows from them: live objects, the roles of kinds, who is woken at once, and what the platform has to be made
//! of again.

use std::sync::{Arc, PoisonError, RwLock};

use plat_platform::kinds::{self, What};
use plat_resource::{GroupVersionKind, ObjectKey, Value, object};

use super::kinds::Kinds;
use super::objects::{News, Objects};
use super::platform::Changes;
use super::queue::Queue;
use super::wakes::{self, Roles};
use super::watches::WatchScope;
use crate::sources::follow::Happened;

/// Hears news.
#[derive(Debug, Default)]
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
}

impl Hearing {
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
        let before = self.objects.get(&ObjectKey::of(&object));
        let key = ObjectKey::of(&object);
        let is_new = if is_own { self.objects.put_own(object) } else { self.objects.put(object) };
        if is_new && let Some(now) = self.objects.get(&key) {
            self.follow_up(&News { before, now }, about);
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
        if is_of_platform(object) {
            self.changes.note(Arc::clone(object));
        }
        self.forget_kinds(object);
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
        let is_about = about.is_some_and(|about| *about == ObjectKey::of(changed));
        for request in wakes::wakes(changed, &self.roles()) {
            if !is_about || about.is_none_or(|about| *about != request.key) {
                self.queue.add(request);
            }
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
