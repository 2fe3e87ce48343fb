//! `pathTests`: what must or must not be there before a mutator acts.
//!
//! Owns their rules, those that Gatekeeper checks when it takes a mutator, and the question at each depth of a walk.

use std::collections::BTreeMap;

use super::Location;

/// What a path test wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// The place must be there.
    MustExist,
    /// The place must not be there.
    MustNotExist,
}

/// The tests of one mutator, by the depth of the step they are about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PathTests {
    conditions: BTreeMap<usize, Condition>,
}

/// Why path tests cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathTestError {
    /// A place that the location does not lead through.
    #[error(
        "all subpaths must be a prefix of the `location` value of the mutation: {sub_path:?} is none of {location:?}"
    )]
    NoPrefix {
        /// The place of the test.
        sub_path: String,
        /// The location.
        location: String,
    },
    /// One place wanted and not wanted.
    #[error("conflicting path test conditions: {0:?} is marked both MustExist and MustNotExist")]
    Both(String),
    /// A place wanted below one that is not.
    #[error("conflicting path test conditions: a MustExist test stands after a MustNotExist test")]
    Order,
}

impl PathTests {
    /// The tests of a mutator at `location`, in the order in which they are listed.
    pub fn new(location: &Location, tests: &[(Location, Condition)]) -> Result<Self, PathTestError> {
        if let Some((sub_path, _)) = tests.iter().find(|(sub_path, _)| !location.starts_with(sub_path)) {
            return Err(PathTestError::NoPrefix { sub_path: sub_path.to_string(), location: location.to_string() });
        }
        let by_depth: BTreeMap<usize, Condition> =
            tests.iter().map(|(sub_path, condition)| (sub_path.steps().len(), *condition)).collect();
        let differs = |(sub_path, condition): &&(Location, Condition)| {
            by_depth.get(&sub_path.steps().len()).is_some_and(|last| last != condition)
        };
        if let Some((sub_path, _)) = tests.iter().find(differs) {
            return Err(PathTestError::Both(sub_path.to_string()));
        }
        // Gatekeeper means depths here and compares the order of the list; so it refuses some good sets and takes some
        // that can never hold.
        let first_forbidden = tests.iter().position(|(_, condition)| *condition == Condition::MustNotExist);
        let last_wanted = tests.iter().rposition(|(_, condition)| *condition == Condition::MustExist).unwrap_or(0);
        if first_forbidden.is_some_and(|forbidden| last_wanted > forbidden) {
            return Err(PathTestError::Order);
        }
        // The whole object is always there, whatever a test of the empty path wants.
        let conditions =
            by_depth.into_iter().filter_map(|(steps, condition)| Some((steps.checked_sub(1)?, condition))).collect();
        Ok(Self { conditions })
    }

    /// Nothing may be at the end of `location`.
    pub fn absent(location: &Location) -> Self {
        let last = location.steps().len().checked_sub(1);
        Self { conditions: last.map(|depth| (depth, Condition::MustNotExist)).into_iter().collect() }
    }

    /// What the step at `depth` must lead to.
    pub(super) fn condition(&self, depth: usize) -> Option<Condition> {
        self.conditions.get(&depth).copied()
    }

    /// Whether the step at `depth` may lead to something that is there.
    pub(super) fn allow_existing(&self, depth: usize) -> bool {
        self.conditions.get(&depth) != Some(&Condition::MustNotExist)
    }

    /// Whether the step at `depth` may lead to something that is not there.
    pub(super) fn allow_missing(&self, depth: usize) -> bool {
        self.conditions.get(&depth) != Some(&Condition::MustExist)
    }
}
