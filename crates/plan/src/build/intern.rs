//! Texts and origins that repeat from claim to claim, kept once.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::sync::Arc;

use plat_expand::{Origin, Origins};
use plat_resource::FieldPath;

/// Shares equal paths and origins.
#[derive(Default)]
pub(super) struct Interner {
    paths: HashSet<Arc<str>>,
    origins: HashMap<String, Vec<Arc<Origin>>>,
    scratch: String,
}

impl Interner {
    /// The text of `path`.
    pub(super) fn path(&mut self, path: &FieldPath) -> Arc<str> {
        self.scratch.clear();
        // Writing to a String cannot fail.
        let _ = write!(self.scratch, "{path}");
        if let Some(known) = self.paths.get(self.scratch.as_str()) {
            return Arc::clone(known);
        }
        let new: Arc<str> = self.scratch.as_str().into();
        self.paths.insert(Arc::clone(&new));
        new
    }

    /// A shared copy of `origin`.
    pub(super) fn origin(&mut self, origin: &Origin) -> Arc<Origin> {
        if !self.origins.contains_key(&origin.resource) {
            self.origins.insert(origin.resource.clone(), Vec::new());
        }
        let Some(known) = self.origins.get_mut(&origin.resource) else { return Arc::new(origin.clone()) };
        if let Some(known) = known.iter().find(|known| known.as_ref() == origin) {
            return Arc::clone(known);
        }
        let new = Arc::new(origin.clone());
        known.push(Arc::clone(&new));
        new
    }
}

/// The origin of `path` or of its nearest ancestor that was written whole, without a copy of the path per ancestor.
pub(super) fn origin_of<'a>(origins: &'a Origins, path: &FieldPath) -> Option<&'a Origin> {
    let mut wanted = std::borrow::Cow::Borrowed(path);
    loop {
        let (found, origin) = origins.range::<FieldPath, _>(..=wanted.as_ref()).next_back()?;
        if found.is_prefix_of(&wanted) {
            return Some(origin);
        }
        // Every ancestor of `wanted` that is left to find sorts before `found`, so it is an ancestor of both.
        let common = found.segments().iter().zip(wanted.segments()).take_while(|(one, other)| one == other).count();
        wanted = std::borrow::Cow::Owned(FieldPath::new(wanted.segments().get(..common)?.to_vec()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn path() -> impl Strategy<Value = FieldPath> {
        prop::collection::vec("[ab]", 0..5)
            .prop_map(|keys| keys.iter().fold(FieldPath::default(), |path, key| path.key(key)))
    }

    proptest! {
        #[test]
        fn finds_what_the_engine_finds(paths in prop::collection::vec(path(), 0..8), wanted in path()) {
            let origin = |index| Origin {
                step: String::new(), resource: String::new(), patch: index, patch_type: String::new(),
                patch_set: None, from: Vec::new(), source: String::new(),
            };
            let origins: Origins = paths.into_iter().enumerate().map(|(index, path)| (path, origin(index))).collect();
            prop_assert_eq!(origin_of(&origins, &wanted), plat_expand::origin_of(&origins, &wanted));
        }
    }
}
