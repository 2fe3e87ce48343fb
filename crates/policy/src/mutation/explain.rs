//! What each mutator does to one object, and why.
//!
//! Owns looking on while mutators are applied, and the words for it. The application itself is in `system`: what is told here
//! is what happens there.

use std::collections::BTreeSet;

use plat_resource::{FieldPath, GroupVersionKind, Segment, Value};
use serde::Serialize;

use super::context::MutationContext;
use super::location::{Step, Which};
use super::path_tests::Condition;
use super::system::MutationSystem;
use super::walk::Effect;
use super::{ApplyTo, Mutator, MutatorId, Operation, numbers};
use crate::matcher::Mismatch;

/// One mutator and one object.
#[derive(Debug, Clone, PartialEq)]
pub struct MutatorOutcome {
    /// The mutator.
    pub mutator: MutatorId,
    /// Whether it changes such an object, and why not.
    pub verdict: MutatorVerdict,
    /// What it changed, one after the other.
    pub changes: Vec<FieldChange>,
}

/// Whether a mutator changes an object.
#[derive(Debug, Clone, PartialEq)]
pub enum MutatorVerdict {
    /// Its `spec.match` holds. Where it changed nothing, this says why.
    Matches(Option<String>),
    /// A criterion of its `spec.match` says no.
    Differs(Mismatch),
    /// Its `applyTo` does not name the kind, or the operation.
    AppliesNot(String),
    /// It is set aside: its location contradicts those of others.
    SetAside(Vec<MutatorId>),
    /// Whether it matches cannot be told, or its location does not fit the object: the object is refused.
    Fails(String),
    /// Another one failed before it was asked.
    Unasked,
}

/// A field before and after.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldChange {
    /// Its path.
    pub field: String,
    /// What was there; nothing where the field was not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// What is there now; nothing where the field is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

/// Who looks on while mutators are applied.
pub(super) trait Witness {
    /// A mutator is about to be asked, and applied where it matches.
    fn asks(&mut self, _mutator: &Mutator, _object: &Value, _context: &MutationContext<'_>) {}
    /// It cannot be asked, or cannot be applied.
    fn fails(&mut self, _mutator: &Mutator, _reason: String) {}
    /// It was applied without an error.
    fn applied(&mut self, _mutator: &Mutator, _object: &Value, _effect: Effect) {}
}

/// Nobody looks on.
pub(super) struct Nobody;

impl Witness for Nobody {}

/// Takes down what happens.
pub(super) struct Journal {
    /// Every mutator, in order.
    pub(super) outcomes: Vec<MutatorOutcome>,
    before: Value,
}

impl Journal {
    /// Nothing has happened yet.
    pub(super) fn new(system: &MutationSystem, object: &Value, context: &MutationContext<'_>) -> Self {
        let kind = GroupVersionKind::of(object);
        let verdict = |mutator: &Mutator| match system.conflicts().get(mutator.id()) {
            Some(others) => {
                let others = others.iter().filter(|other| *other != mutator.id());
                MutatorVerdict::SetAside(others.cloned().collect())
            }
            None => reason_not_to_apply(mutator, &kind, context.operation)
                .map_or(MutatorVerdict::Unasked, MutatorVerdict::AppliesNot),
        };
        let outcome = |mutator: &Mutator| MutatorOutcome {
            mutator: mutator.id().clone(),
            verdict: verdict(mutator),
            changes: Vec::new(),
        };
        Self { outcomes: system.mutators().iter().map(outcome).collect(), before: Value::Null }
    }

    fn outcome(&mut self, mutator: &Mutator) -> Option<&mut MutatorOutcome> {
        self.outcomes.iter_mut().find(|outcome| outcome.mutator == *mutator.id())
    }
}

impl Witness for Journal {
    fn asks(&mut self, mutator: &Mutator, object: &Value, context: &MutationContext<'_>) {
        self.before = settled(object);
        let mismatch = mutator.mismatch(object, context);
        let Some(outcome) = self.outcome(mutator) else { return };
        // What matched in an earlier round is not taken back.
        let is_new = !matches!(outcome.verdict, MutatorVerdict::Matches(_));
        if let Ok(Some(mismatch)) = mismatch
            && is_new
        {
            outcome.verdict = MutatorVerdict::Differs(mismatch);
        }
    }

    fn fails(&mut self, mutator: &Mutator, reason: String) {
        if let Some(outcome) = self.outcome(mutator) {
            outcome.verdict = MutatorVerdict::Fails(reason);
        }
    }

    fn applied(&mut self, mutator: &Mutator, object: &Value, effect: Effect) {
        let before = std::mem::take(&mut self.before);
        let Some(outcome) = self.outcome(mutator) else { return };
        differences(&FieldPath::default(), Some(&before), Some(&settled(object)), &mut outcome.changes);
        let reason = outcome.changes.is_empty().then(|| {
            if effect.applied { "everything is so already".to_owned() } else { reason_not_to_reach(mutator, object) }
        });
        outcome.verdict = MutatorVerdict::Matches(reason);
    }
}

fn reason_not_to_apply(mutator: &Mutator, kind: &GroupVersionKind, operation: Option<Operation>) -> Option<String> {
    if let Some(operation) = operation.filter(|operation| !operation.is_mutated()) {
        return Some(format!("nothing is mutated on {operation}"));
    }
    if mutator.applies_to(kind, operation) {
        return None;
    }
    let entries = mutator.apply_to().unwrap_or_default();
    if !entries.iter().any(|entry| entry.has_kind(kind)) {
        let wanted: Vec<String> = entries.iter().flat_map(ApplyTo::kinds_in_words).collect();
        return Some(format!("applyTo: it is {}, wanted is {}", in_words(kind), wanted.join(" or ")));
    }
    let wanted = entries.iter().filter(|entry| entry.has_kind(kind)).flat_map(|entry| &entry.operations);
    let wanted: Vec<&str> = wanted.map(|operation| operation.name()).collect();
    let is = operation.map_or("it is no request", Operation::name);
    Some(format!("applyTo: {is}, wanted is {}", wanted.join(" or ")))
}

fn in_words(kind: &GroupVersionKind) -> String {
    format!("{} of {}", kind.kind, kind.api_version())
}

/// Why the end of the location was not reached.
fn reason_not_to_reach(mutator: &Mutator, object: &Value) -> String {
    let location = mutator.location();
    let mut here = vec![object];
    for (depth, step) in location.steps().iter().enumerate() {
        let next: Vec<&Value> = here.iter().flat_map(|value| children(value, step)).collect();
        let place = || location.shown(depth + 1);
        match mutator.tests.condition(depth) {
            Some(Condition::MustNotExist) if !next.is_empty() => return format!("{} is there already", place()),
            Some(Condition::MustExist) if next.is_empty() => return format!("{} is not there, and must be", place()),
            _ if next.is_empty() => return format!("there is no {}", place()),
            _ => here = next,
        }
    }
    "nothing is left to do".to_owned()
}

fn children<'a>(value: &'a Value, step: &Step) -> Vec<&'a Value> {
    match step {
        Step::Field(name) => value.get(name).into_iter().collect(),
        Step::Elements { key, which } => {
            let items = value.as_array().into_iter().flatten();
            let is_meant = |item: &&Value| *which == Which::All || item.get(key).is_some_and(|value| which.is(value));
            items.filter(is_meant).collect()
        }
    }
}

/// Whole numbers as they are written: mutators have floats.
fn settled(object: &Value) -> Value {
    let mut object = object.clone();
    numbers::settle(&mut object, None);
    object
}

/// The smallest fields that differ. Mutators change elements of a list where they stand and add others at its end; where one
/// was taken out, the whole list is told.
fn differences(path: &FieldPath, before: Option<&Value>, after: Option<&Value>, changes: &mut Vec<FieldChange>) {
    match (before, after) {
        (one, other) if one == other => {}
        (Some(Value::Object(one)), Some(Value::Object(other))) => {
            let keys: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            for key in keys {
                differences(&path.key(key), one.get(key), other.get(key), changes);
            }
        }
        (Some(Value::Array(one)), Some(Value::Array(other))) if one.len() <= other.len() => {
            for index in 0..other.len() {
                let element = path.join(Segment::Index(u32::try_from(index).unwrap_or(u32::MAX)));
                differences(&element, one.get(index), other.get(index), changes);
            }
        }
        _ => changes.push(FieldChange { field: path.to_string(), before: before.cloned(), after: after.cloned() }),
    }
}

#[cfg(test)]
mod tests;
