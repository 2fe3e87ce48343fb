//! Relations between entities: what a field of the spec means, in both directions.
//!
//! Owns the pairs of relations and reading them out of an entity. Whether the other entity exists is not looked at here.

use plat_resource::javascript::Value;

use crate::entity_ref::{Defaults, EntityRef, RefError};
use crate::kinds::Kind;

/// What one entity is to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Relation {
    /// The other owns it.
    OwnedBy,
    /// It owns the other.
    OwnerOf,
    /// It is a part of the other.
    PartOf,
    /// The other is a part of it.
    HasPart,
    /// It provides the other, an API.
    ProvidesApi,
    /// It, an API, is provided by the other.
    ApiProvidedBy,
    /// It consumes the other, an API.
    ConsumesApi,
    /// It, an API, is consumed by the other.
    ApiConsumedBy,
    /// It needs the other.
    DependsOn,
    /// The other needs it.
    DependencyOf,
    /// It, a group, is below the other.
    ChildOf,
    /// It, a group, is above the other.
    ParentOf,
    /// It, a user, is in the other.
    MemberOf,
    /// The other, a user, is in it.
    HasMember,
}

impl Relation {
    /// The name that Backstage has for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::OwnedBy => "ownedBy",
            Self::OwnerOf => "ownerOf",
            Self::PartOf => "partOf",
            Self::HasPart => "hasPart",
            Self::ProvidesApi => "providesApi",
            Self::ApiProvidedBy => "apiProvidedBy",
            Self::ConsumesApi => "consumesApi",
            Self::ApiConsumedBy => "apiConsumedBy",
            Self::DependsOn => "dependsOn",
            Self::DependencyOf => "dependencyOf",
            Self::ChildOf => "childOf",
            Self::ParentOf => "parentOf",
            Self::MemberOf => "memberOf",
            Self::HasMember => "hasMember",
        }
    }

    /// What the other entity is to this one.
    #[must_use]
    pub fn inverse(self) -> Self {
        match self {
            Self::OwnedBy => Self::OwnerOf,
            Self::OwnerOf => Self::OwnedBy,
            Self::PartOf => Self::HasPart,
            Self::HasPart => Self::PartOf,
            Self::ProvidesApi => Self::ApiProvidedBy,
            Self::ApiProvidedBy => Self::ProvidesApi,
            Self::ConsumesApi => Self::ApiConsumedBy,
            Self::ApiConsumedBy => Self::ConsumesApi,
            Self::DependsOn => Self::DependencyOf,
            Self::DependencyOf => Self::DependsOn,
            Self::ChildOf => Self::ParentOf,
            Self::ParentOf => Self::ChildOf,
            Self::MemberOf => Self::HasMember,
            Self::HasMember => Self::MemberOf,
        }
    }
}

/// One entity named in a field of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// The field below `spec`.
    pub field: &'static str,
    /// The place in the field, where it is a list.
    pub index: Option<usize>,
    /// What the entity is to the other.
    pub relation: Relation,
    /// The other.
    pub target: EntityRef,
}

/// A mention that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadMention {
    /// The field below `spec`.
    pub field: &'static str,
    /// The place in the field, where it is a list.
    pub index: Option<usize>,
    /// Why.
    pub error: RefError,
}

/// Everything that `entity`, valid and of `kind`, names in its spec, in the order Backstage makes the relations. Stops at the
/// first that cannot be read, as Backstage does.
pub fn mentions(entity: &Value, kind: &Kind) -> Result<Vec<Mention>, BadMention> {
    let namespace = entity.text_at(&["metadata", "namespace"]);
    let mut found = Vec::new();
    for field in kind.fields {
        let Some(value) = entity.at(&["spec", field.name]).filter(|value| value.is_truthy()) else { continue };
        let defaults = Defaults { kind: field.kind, namespace };
        let mut take = |index: Option<usize>, value: &Value| {
            let target = read(value, defaults).map_err(|error| BadMention { field: field.name, index, error })?;
            found.push(Mention { field: field.name, index, relation: field.relation, target });
            Ok(())
        };
        match value {
            Value::List(items) => items.iter().enumerate().try_for_each(|(index, item)| take(Some(index), item))?,
            value => take(None, value)?,
        }
    }
    Ok(found)
}

/// A reference as a text, or taken apart; nothing else names an entity.
fn read(value: &Value, defaults: Defaults<'_>) -> Result<EntityRef, RefError> {
    if let Value::Text(text) = value {
        return EntityRef::parse(text, defaults);
    }
    if !value.is_truthy() {
        return EntityRef::parse("", defaults);
    }
    let part = |key: &str| value.get(key).filter(|part| **part != Value::Null);
    EntityRef::of_parts(value, [part("kind"), part("namespace"), part("name")], defaults)
}
