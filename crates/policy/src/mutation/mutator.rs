//! One mutator: what it changes, where, and in which objects.
//!
//! Owns the four kinds as one type, and the question whether one matches. Reading them is in `read`, the way through an
//! object in `walk`.

use std::fmt;

use plat_resource::{GroupVersionKind, Value, object};
use serde::Serialize;

use super::apply_to::{ApplyTo, Operation};
use super::context::MutationContext;
use super::image::ImageParts;
use super::walk::{self, Change, Effect, Obstacle};
use super::{Location, PathTests};
use crate::matcher::{Match, MatchError, Mismatch, Subject};

/// The API group of mutators.
pub const GROUP: &str = "mutations.gatekeeper.sh";

/// The kinds of mutators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum MutatorKind {
    /// Puts a value anywhere but in `metadata`.
    Assign,
    /// Replaces parts of an image reference.
    AssignImage,
    /// Puts a label or an annotation where there is none.
    AssignMetadata,
    /// Adds values to a list, or takes them out.
    ModifySet,
}

impl MutatorKind {
    /// Every kind, in the order in which mutators are applied.
    pub const ALL: [Self; 4] = [Self::Assign, Self::AssignImage, Self::AssignMetadata, Self::ModifySet];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Assign => "Assign",
            Self::AssignImage => "AssignImage",
            Self::AssignMetadata => "AssignMetadata",
            Self::ModifySet => "ModifySet",
        }
    }
}

/// Which mutator; in the order in which mutators are applied: by kind, namespace and name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct MutatorId {
    /// Its kind.
    pub kind: MutatorKind,
    /// Its namespace; mutators are cluster-scoped, so this is empty but for odd files.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl fmt::Display for MutatorId {
    /// `Assign/name`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, namespace, name } = self;
        let separator = if namespace.is_empty() { "" } else { "/" };
        write!(formatter, "{}/{namespace}{separator}{name}", kind.name())
    }
}

impl MutatorId {
    /// As Gatekeeper writes it in a mutator's status.
    pub fn status_text(&self) -> String {
        format!("{}.{GROUP} {}/{}", self.kind.name(), self.namespace, self.name)
    }
}

/// What an Assign or AssignMetadata puts in place.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Assigned {
    /// A value, with its numbers as floats.
    Value(Value),
    /// The object's own name.
    Name,
    /// The object's own namespace.
    Namespace,
}

/// What a mutator does.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Action {
    Assign(Assigned),
    Merge(Vec<Value>),
    Prune(Vec<Value>),
    Image(ImageParts),
}

/// One mutator, read and checked.
#[derive(Debug, Clone)]
pub struct Mutator {
    pub(super) id: MutatorId,
    pub(super) place: plat_resource::Location,
    pub(super) generation: i64,
    /// Absent for AssignMetadata, which applies to every kind.
    pub(super) apply_to: Option<Vec<ApplyTo>>,
    pub(super) criteria: Match,
    pub(super) location: Location,
    pub(super) tests: PathTests,
    pub(super) action: Action,
}

impl Mutator {
    /// Which it is.
    pub fn id(&self) -> &MutatorId {
        &self.id
    }

    /// Where it stands.
    pub fn place(&self) -> &plat_resource::Location {
        &self.place
    }

    /// Where it changes objects.
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// Its `spec.match`.
    pub fn criteria(&self) -> &Match {
        &self.criteria
    }

    /// Its `applyTo`; none for AssignMetadata, which applies to every kind.
    pub fn apply_to(&self) -> Option<&[ApplyTo]> {
        self.apply_to.as_deref()
    }

    /// As the annotation `gatekeeper.sh/mutations` names it.
    pub(super) fn annotation(&self) -> String {
        format!("{}/{}/{}:{}", self.id.kind.name(), self.id.namespace, self.id.name, self.generation)
    }

    /// Whether it may change objects of this kind on this operation. One entry of `applyTo` must name both.
    pub fn applies_to(&self, kind: &GroupVersionKind, operation: Option<Operation>) -> bool {
        self.apply_to
            .as_ref()
            .is_none_or(|entries| entries.iter().any(|entry| entry.has_kind(kind) && entry.has_operation(operation)))
    }

    /// Whether its `spec.match` selects the object.
    pub(super) fn matches(&self, object: &Value, context: &MutationContext<'_>) -> Result<bool, MatchError> {
        self.criteria.matches(subject(object, context))
    }

    /// Which criterion of its `spec.match` does not hold.
    pub(super) fn mismatch(
        &self,
        object: &Value,
        context: &MutationContext<'_>,
    ) -> Result<Option<Mismatch>, MatchError> {
        self.criteria.explain(subject(object, context))
    }

    /// Changes the object, which must match.
    pub(super) fn apply(&self, object: &mut Value) -> Result<Effect, Obstacle> {
        let own;
        let change = match &self.action {
            Action::Assign(Assigned::Value(value)) => Change::Assign(value),
            Action::Assign(Assigned::Name) => {
                own = Value::from(object::name(object));
                Change::Assign(&own)
            }
            Action::Assign(Assigned::Namespace) => {
                own = Value::from(object::namespace(object));
                Change::Assign(&own)
            }
            Action::Merge(values) => Change::Merge(values),
            Action::Prune(values) => Change::Prune(values),
            Action::Image(parts) => Change::Image(parts),
        };
        walk::apply(object, &self.location, &self.tests, change)
    }
}

fn subject<'a>(object: &'a Value, context: &MutationContext<'a>) -> Subject<'a> {
    Subject { object, namespace: context.namespace, source: context.source }
}
