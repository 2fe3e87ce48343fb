//! What was applied last, of each composed resource.
//!
//! Owns telling an apply that changed nothing the last time: what the offline comparison takes for a difference and the API
//! server does not is not sent again and again. Losing it costs one apply of each.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use plat_resource::{ObjectKey, Value, object};

/// The last applies, by XR and composed object.
#[derive(Debug, Default)]
pub struct Memory {
    random: RandomState,
    applied: Mutex<HashMap<ObjectKey, HashMap<ObjectKey, Last>>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Last {
    wanted: u64,
    version: String,
}

impl Memory {
    fn lock(&self) -> MutexGuard<'_, HashMap<ObjectKey, HashMap<ObjectKey, Last>>> {
        self.applied.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn last(&self, wanted: &Value, live: &Value) -> Last {
        let version = object::string_at(live, &["metadata", "resourceVersion"]).unwrap_or_default().to_owned();
        Last { wanted: self.random.hash_one(wanted.to_string()), version }
    }

    /// `wanted` was applied for the XR, and this is the answer.
    pub fn note(&self, composite: &ObjectKey, wanted: &Value, answer: &Value) {
        let last = self.last(wanted, answer);
        self.lock().entry(composite.clone()).or_default().insert(ObjectKey::of(answer), last);
    }

    /// Whether `live` is what came of applying just this.
    pub fn is_applied(&self, composite: &ObjectKey, wanted: &Value, live: &Value) -> bool {
        let last = self.last(wanted, live);
        self.lock().get(composite).and_then(|of| of.get(&ObjectKey::of(live))) == Some(&last)
    }

    /// The XR is gone.
    pub fn forget(&self, composite: &ObjectKey) {
        self.lock().remove(composite);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plat_resource::GroupVersionKind;
    use serde_json::json;

    #[test]
    fn the_same_apply_is_known_until_either_side_changes() {
        let kind = GroupVersionKind::new("example.org/v1", "XApp");
        let xr = ObjectKey { kind, namespace: String::new(), name: "one".to_owned() };
        let wanted = json!({"data": {"a": "1"}});
        let live = |version: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "resourceVersion": version}});
        let memory = Memory::default();
        assert!(!memory.is_applied(&xr, &wanted, &live("1")));
        memory.note(&xr, &wanted, &live("1"));
        assert!(memory.is_applied(&xr, &wanted, &live("1")));
        assert!(!memory.is_applied(&xr, &wanted, &live("2")), "somebody changed it");
        assert!(!memory.is_applied(&xr, &json!({}), &live("1")), "something else is wanted");
        memory.forget(&xr);
        assert!(!memory.is_applied(&xr, &wanted, &live("1")));
    }
}
