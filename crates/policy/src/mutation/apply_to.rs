//! `applyTo` and operations: the kinds a mutator may change, and on which requests.
//!
//! Owns exact comparison (there are no globs here) and the operations that mutation knows. Does not own `match`.

use std::fmt;

use plat_resource::GroupVersionKind;

/// What a request does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// An object is made.
    Create,
    /// An object is changed.
    Update,
    /// An object is taken away: never mutated.
    Delete,
    /// A connection to an object: never mutated.
    Connect,
}

impl Operation {
    /// The operations on which objects are mutated.
    pub const MUTATED: [Self; 2] = [Self::Create, Self::Update];

    /// The operation by its name in an AdmissionRequest.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Create, Self::Update, Self::Delete, Self::Connect].into_iter().find(|known| known.name() == name)
    }

    /// Its name in an AdmissionRequest.
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
            Self::Connect => "CONNECT",
        }
    }

    /// Whether objects are mutated on it.
    pub fn is_mutated(self) -> bool {
        Self::MUTATED.contains(&self)
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// One entry of `applyTo`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApplyTo {
    /// API groups, the core group as an empty string.
    pub groups: Vec<String>,
    /// API versions.
    pub versions: Vec<String>,
    /// Kinds.
    pub kinds: Vec<String>,
    /// Operations; nothing stands for all.
    pub operations: Vec<Operation>,
}

impl ApplyTo {
    /// Whether it names this kind.
    pub fn has_kind(&self, kind: &GroupVersionKind) -> bool {
        self.groups.contains(&kind.group) && self.versions.contains(&kind.version) && self.kinds.contains(&kind.kind)
    }

    /// The kinds it names, for people.
    pub(super) fn kinds_in_words(&self) -> impl Iterator<Item = String> + '_ {
        let versions = |group: &String| {
            let versions = self.versions.iter();
            if group.is_empty() {
                versions.cloned().collect()
            } else {
                versions.map(|version| format!("{group}/{version}")).collect::<Vec<_>>()
            }
        };
        let places: Vec<String> = self.groups.iter().flat_map(versions).collect();
        self.kinds.iter().map(move |kind| format!("{kind} of {}", places.join(" or ")))
    }

    /// Whether it names this operation. Without one, as in an audit or on the command line, it must name them all.
    pub fn has_operation(&self, operation: Option<Operation>) -> bool {
        match operation {
            Some(operation) => operation.is_mutated() && self.names(operation),
            None => Operation::MUTATED.into_iter().all(|operation| self.names(operation)),
        }
    }

    fn names(&self, operation: Operation) -> bool {
        self.operations.is_empty() || self.operations.contains(&operation)
    }

    /// Every kind and operation it names.
    pub(super) fn bindings(&self) -> impl Iterator<Item = (GroupVersionKind, Operation)> + '_ {
        let operations = || Operation::MUTATED.into_iter().filter(|operation| self.names(*operation));
        self.groups.iter().flat_map(move |group| {
            self.versions.iter().flat_map(move |version| {
                self.kinds.iter().flat_map(move |kind| {
                    operations().map(move |operation| {
                        let kind =
                            GroupVersionKind { group: group.clone(), version: version.clone(), kind: kind.clone() };
                        (kind, operation)
                    })
                })
            })
        })
    }
}
