//! Indexes of one collection, kept with it for as long as it lives.
//!
//! Owns where they are kept: a snapshot of data that shares a collection with the one before shares its indexes too. What
//! an index is of says [`crate::narrow`], and how one is made and used `machine::narrow`.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use crate::ir::Narrow;
use crate::value::Value;

/// By key, at which places in the collection the elements stand that have it.
pub(crate) type Index = BTreeMap<Value, Vec<usize>>;

/// One for each program and walk that asked.
#[derive(Default)]
pub(crate) struct Indexes(OnceLock<Box<Mutex<Vec<Kept>>>>);

struct Kept {
    of: Weak<Narrow>,
    /// None where one cannot be made.
    index: Option<Arc<Index>>,
}

impl Indexes {
    /// The index, made where there is none yet. Those of programs that are gone are dropped then.
    pub(crate) fn get(&self, of: &Arc<Narrow>, make: impl FnOnce() -> Option<Index>) -> Option<Arc<Index>> {
        let mut kept = self.0.get_or_init(Box::default).lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = kept.iter().find(|kept| std::ptr::eq(kept.of.as_ptr(), Arc::as_ptr(of))) {
            return found.index.clone();
        }
        kept.retain(|kept| kept.of.strong_count() > 0);
        let index = make().map(Arc::new);
        kept.push(Kept { of: Arc::downgrade(of), index: index.clone() });
        index
    }
}

// An index says nothing that is not in the collection: values are equal with and without, and a copy makes its own.

impl Clone for Indexes {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl std::fmt::Debug for Indexes {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Indexes")
    }
}

impl PartialEq for Indexes {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Indexes {}

impl PartialOrd for Indexes {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Indexes {
    fn cmp(&self, _: &Self) -> Ordering {
        Ordering::Equal
    }
}
