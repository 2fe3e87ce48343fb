//! Why XRs are not well, handed on to those who wait for them.
//!
//! Owns what is remembered for that between two looks at an XR, and waking whom a new cause concerns: the claim, or the XR that
//! composed this one, whose own status need not change by it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use plat_reconcile::claim::{Cause, Known, deepest_cause};
use plat_resource::{ObjectKey, Value, object};

use super::reconciler::Context;
use super::wakes;

/// What is remembered of XRs.
#[derive(Debug, Default)]
pub struct Causes {
    inner: Mutex<HashMap<ObjectKey, Remembered>>,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Remembered {
    /// A resource that the API server refused, and why.
    refused: Option<(String, String)>,
    /// The cause that others were woken for last.
    told: Option<String>,
}

impl Causes {
    fn lock(&self) -> MutexGuard<'_, HashMap<ObjectKey, Remembered>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// These resources of an XR the API server refused, and no others.
    pub(super) fn note_refused(&self, key: &ObjectKey, refused: &BTreeMap<String, String>) {
        let first = refused.first_key_value().map(|(name, why)| (name.clone(), why.clone()));
        self.change(key, |known| known.refused = first);
    }

    fn refused(&self, key: &ObjectKey) -> Option<(String, String)> {
        self.lock().get(key).and_then(|known| known.refused.clone())
    }

    /// Whether this is another cause than the last.
    fn tell(&self, key: &ObjectKey, cause: Option<String>) -> bool {
        self.change(key, move |known| {
            let is_news = known.told != cause;
            known.told = cause;
            is_news
        })
    }

    fn change<T>(&self, key: &ObjectKey, change: impl FnOnce(&mut Remembered) -> T) -> T {
        let mut inner = self.lock();
        let known = inner.entry(key.clone()).or_default();
        let changed = change(known);
        // Of XRs that are well nothing is kept.
        if *known == Remembered::default() {
            inner.remove(key);
        }
        changed
    }

    /// The XR is gone.
    pub(super) fn forget(&self, key: &ObjectKey) {
        self.lock().remove(key);
    }
}

/// Why an XR is not well, as deep as that is known.
pub(super) fn cause(context: &Context, composite: &Value) -> Option<Cause> {
    let composed = |composite: &Value| context.objects.controlled_by(object::uid(composite));
    let refused = |composite: &Value| context.causes.refused(&ObjectKey::of(composite));
    deepest_cause(composite, Known { composed: &composed, refused: &refused })
}

/// Wakes who waits for an XR, where why it is not well is news.
pub(super) fn pass_on(context: &Context, key: &ObjectKey) {
    let Some(composite) = context.objects.get(key) else { return };
    let cause = cause(context, &composite).map(|cause| cause.to_string());
    if context.causes.tell(key, cause)
        && let Some(request) = wakes::waits_for(&composite, &context.hearing.roles())
    {
        context.queue.add(request);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plat_resource::GroupVersionKind;

    #[test]
    fn only_news_are_told_and_nothing_is_kept_of_what_is_well() {
        let kind = GroupVersionKind::new("example.org/v1", "XApp");
        let key = ObjectKey { kind, namespace: String::new(), name: "one".to_owned() };
        let causes = Causes::default();
        assert!(!causes.tell(&key, None));
        assert!(causes.tell(&key, Some("no quota".to_owned())) && !causes.tell(&key, Some("no quota".to_owned())));
        causes.note_refused(&key, &BTreeMap::from([("a".to_owned(), "bad".to_owned())]));
        assert_eq!(causes.refused(&key), Some(("a".to_owned(), "bad".to_owned())));
        assert!(causes.tell(&key, None));
        causes.note_refused(&key, &BTreeMap::new());
        assert!(causes.lock().is_empty());
    }
}
