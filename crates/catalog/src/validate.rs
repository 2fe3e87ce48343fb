//! Whether Backstage takes an entity: the stages of its catalog in their order, and its words for the first fault.
//!
//! Owns the order and the verdict. Placeholders and annotations of the place are put in before (`prepare`).

use plat_resource::javascript::{Map, Value};

use crate::entity_ref::{DEFAULT_NAMESPACE, EntityRef};
use crate::formats;
use crate::kinds::{self, ENTITY, ENVELOPE, Kind};
use crate::relations::{self, BadMention, Mention, Relation};
use crate::shape::{Misfit, Shape, Step};

/// A stage that an entity goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Enough to have a reference.
    Envelope,
    /// The rules of all entities.
    Policy,
    /// The rules of its kind.
    Kind,
}

impl Stage {
    /// Its name in plat's output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Envelope => "envelope",
            Self::Policy => "policy",
            Self::Kind => "kind",
        }
    }
}

/// Why an entity is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Where it failed.
    pub stage: Stage,
    /// Backstage's words.
    pub error: String,
    pub(crate) way: Vec<Step>,
}

impl Refusal {
    fn new(stage: Stage, error: String, way: Vec<Step>) -> Self {
        Self { stage, error, way }
    }

    fn misfit(stage: Stage, misfit: Misfit) -> Self {
        Self::new(stage, misfit.long(), misfit.way)
    }
}

/// An entity that is taken, as the catalog keeps it.
#[derive(Debug, Clone)]
pub struct Valid {
    /// Its reference.
    pub entity_ref: EntityRef,
    /// Its kind.
    pub kind: &'static Kind,
    /// The entity, its namespace filled in.
    pub entity: Value,
}

impl Valid {
    /// The relations that the entity makes, each in both directions, as Backstage makes them.
    pub fn relations(&self) -> Result<Vec<(EntityRef, Relation, EntityRef)>, BadMention> {
        let both = |mention: Mention| {
            let (source, target) = (self.entity_ref.clone(), mention.target);
            let back = (target.clone(), mention.relation.inverse(), source.clone());
            [(source, mention.relation, target), back]
        };
        Ok(relations::mentions(&self.entity, self.kind)?.into_iter().flat_map(both).collect())
    }
}

/// Takes `entity` through the stages.
pub fn validate(entity: &Value) -> Result<Valid, Refusal> {
    ENVELOPE.check(entity).map_err(|misfit| Refusal::misfit(Stage::Envelope, misfit))?;
    let entity = enforce_policies(entity)?;
    let kind = recognize(&entity)?;
    let entity_ref = EntityRef::of(&entity).unwrap_or_else(|| EntityRef::new(kind.name, DEFAULT_NAMESPACE, ""));
    Ok(Valid { entity_ref, kind, entity })
}

fn enforce_policies(entity: &Value) -> Result<Value, Refusal> {
    let refuse = |error, way| Err(Refusal::new(Stage::Policy, error, way));
    if let Err(misfit) = ENTITY.check(entity) {
        return refuse(format!("Malformed envelope, {}", misfit.short()), misfit.way);
    }
    let mut entity = entity.clone();
    if let Some(metadata) = entity.as_map_mut().and_then(|entity| entity.map_at("metadata"))
        && !metadata.contains_key("namespace")
    {
        metadata.insert("namespace", DEFAULT_NAMESPACE);
    }
    let keys = entity.as_map().into_iter().flat_map(Map::keys);
    if let Some(foreign) = keys.into_iter().find(|key| !["apiVersion", "kind", "metadata", "spec"].contains(key)) {
        return refuse(format!("Unknown field {foreign}"), vec![Step::Key(foreign.to_owned())]);
    }
    match formats::check(&entity) {
        Ok(()) => Ok(entity),
        Err(malformed) => refuse(malformed.message, malformed.way),
    }
}

fn recognize(entity: &Value) -> Result<&'static Kind, Refusal> {
    let text = |key: &str| entity.text_at(&[key]).unwrap_or_default();
    let Some(kind) = kinds::find(text("apiVersion"), text("kind")) else {
        let entity_ref = EntityRef::of(entity).map(|entity_ref| entity_ref.to_string()).unwrap_or_default();
        let error = format!(
            "No processor recognized the entity {entity_ref} as valid, possibly caused by a foreign kind or apiVersion"
        );
        let known = kinds::KINDS.iter().any(|kind| kind.name == text("kind"));
        let way = vec![Step::Key(if known { "apiVersion" } else { "kind" }.to_owned())];
        return Err(Refusal::new(Stage::Kind, error, way));
    };
    let Some(spec) = entity.get("spec") else {
        let error = "<root> must have required property 'spec' - missingProperty: spec".to_owned();
        return Err(Refusal::new(Stage::Kind, error, Vec::new()));
    };
    Shape::Object(&kind.spec).check(spec).map_err(|misfit| {
        let misfit = misfit.below(Step::Key("spec".to_owned()));
        Refusal::misfit(Stage::Kind, misfit)
    })?;
    Ok(kind)
}
