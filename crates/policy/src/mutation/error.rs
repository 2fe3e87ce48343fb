//! Why an object could not be mutated.

use plat_resource::{Diagnostic, GroupVersionKind, Value, object};

use super::MutatorId;

/// Which object, as messages name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectName {
    /// Its kind.
    pub kind: GroupVersionKind,
    /// Its namespace; empty where it says none.
    pub namespace: String,
    /// Its name, or its generateName.
    pub name: String,
}

impl ObjectName {
    /// The name of `object`.
    pub fn of(object: &Value) -> Self {
        let name = object::name(object);
        let name = if name.is_empty() { object::generate_name(object) } else { name };
        Self {
            kind: GroupVersionKind::of(object),
            namespace: object::namespace(object).to_owned(),
            name: name.to_owned(),
        }
    }
}

impl std::fmt::Display for ObjectName {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { kind, namespace, name } = self;
        let separator = if namespace.is_empty() { "" } else { "/" };
        write!(formatter, "{} {namespace}{separator}{name}", kind.kind)
    }
}

/// Why an object could not be mutated. Gatekeeper refuses the request then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MutationError {
    /// Whether a mutator matches cannot be told.
    #[error("{mutator} cannot tell whether it matches {object}: {reason}")]
    Match {
        /// The mutator.
        mutator: MutatorId,
        /// The object.
        object: ObjectName,
        /// Why.
        reason: String,
    },
    /// A mutator does not fit the object.
    #[error("{mutator} does not fit {object}: {field}: {reason}")]
    Obstacle {
        /// The mutator.
        mutator: MutatorId,
        /// The object.
        object: ObjectName,
        /// The place where it goes wrong, in the language of locations.
        field: String,
        /// What is wrong there.
        reason: String,
    },
    /// Mutators undo each other's changes.
    #[error("mutation not converging for {object}: after {rounds} rounds these still change it: {}", names(.mutators))]
    NotConverging {
        /// The object.
        object: ObjectName,
        /// How often all mutators were applied.
        rounds: usize,
        /// Those that changed something in the last round.
        mutators: Vec<MutatorId>,
    },
}

fn names(mutators: &[MutatorId]) -> String {
    mutators.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl MutationError {
    /// The error as a finding.
    pub fn diagnostic(&self) -> Diagnostic {
        match self {
            Self::Match { mutator, object, reason } => {
                Diagnostic::error(format!("{object} cannot be mutated")).because(format!("{mutator}: {reason}"))
            }
            Self::Obstacle { mutator, object, field, reason } => {
                Diagnostic::error(format!("{object} cannot be mutated"))
                    .field(field.clone())
                    .because(format!("{reason} ({mutator})"))
                    .hint(format!("correct the object, or the location of {mutator}"))
            }
            Self::NotConverging { object, rounds, mutators } => {
                Diagnostic::error(format!("{object} cannot be mutated"))
                    .because(format!("mutation not converging after {rounds} rounds"))
                    .because(format!("these still change it: {}", names(mutators)))
                    .hint("let only one of them set each field, or let their pathTests exclude each other")
            }
        }
    }
}
