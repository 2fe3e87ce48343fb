//! Which constraints can match objects of a kind, so that the others cost nothing.

use std::collections::HashMap;

use crate::Constraint;
use crate::matcher::Match;

/// Positions of constraints by the kinds that they list.
#[derive(Debug, Default)]
pub(crate) struct Index {
    by_kind: HashMap<String, Vec<usize>>,
    /// Those that list no kinds, or all.
    any: Vec<usize>,
}

impl Index {
    pub(crate) fn new(constraints: &[Constraint]) -> Self {
        let mut index = Self::default();
        for (position, constraint) in constraints.iter().enumerate() {
            let kinds = constraint.matcher.as_ref().map(Match::kinds).unwrap_or_default();
            let listed: Option<Vec<_>> = kinds.iter().map(|kinds| kinds.listed_kinds()).collect();
            match listed.filter(|listed| !listed.is_empty()) {
                None => index.any.push(position),
                Some(listed) => {
                    let mut kinds: Vec<_> = listed.into_iter().flatten().collect();
                    kinds.sort();
                    kinds.dedup();
                    for kind in kinds {
                        index.by_kind.entry(kind.clone()).or_default().push(position);
                    }
                }
            }
        }
        index
    }

    /// The positions of those that may match one of these kinds, in order.
    pub(crate) fn candidates<'k>(&self, kinds: impl IntoIterator<Item = &'k str>) -> Vec<usize> {
        let mut positions = self.any.clone();
        positions.extend(kinds.into_iter().filter_map(|kind| self.by_kind.get(kind)).flatten());
        positions.sort_unstable();
        positions.dedup();
        positions
    }
}
