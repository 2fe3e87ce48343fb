//! All mutators together: their order, their conflicts, and rounds until nothing changes.
//!
//! Owns what Gatekeeper calls the mutation system, as an immutable value. Does not make patches.

use std::collections::{BTreeMap, BTreeSet};

use plat_resource::{Diagnostic, Document, GroupVersionKind, Value, object};

use super::context::MutationContext;
use super::error::ObjectName;
use super::explain::{Journal, MutatorOutcome, Nobody, Witness};
use super::{MutationError, Mutator, MutatorId, Operation, numbers, read, schema};

/// The annotation with the mutators that changed an object.
pub const MUTATIONS_ANNOTATION: &str = "gatekeeper.sh/mutations";
/// The annotation with the name of the mutation.
pub const MUTATION_ID_ANNOTATION: &str = "gatekeeper.sh/mutation-id";

/// Every mutator, ready to be applied.
#[derive(Debug, Clone, Default)]
pub struct MutationSystem {
    mutators: Vec<Mutator>,
    conflicts: BTreeMap<MutatorId, BTreeSet<MutatorId>>,
}

/// What came of a mutation.
#[derive(Debug, Clone, PartialEq)]
pub struct Mutated {
    /// The object as it is now.
    pub object: Value,
    /// Whether it is other than before.
    pub changed: bool,
    /// The mutators that changed something, in their order.
    pub applied: Vec<MutatorId>,
}

impl MutationSystem {
    /// Puts mutators in order and finds their conflicts. Of two with the same id the later one counts.
    pub fn new(mutators: impl IntoIterator<Item = Mutator>) -> Self {
        let ordered: BTreeMap<MutatorId, Mutator> =
            mutators.into_iter().map(|mutator| (mutator.id.clone(), mutator)).collect();
        let mutators: Vec<Mutator> = ordered.into_values().collect();
        let name = |index: usize| mutators.get(index).map(|mutator| mutator.id.clone());
        let conflicts = schema::conflicts(&mutators)
            .into_iter()
            .filter_map(|(index, others)| Some((name(index)?, others.into_iter().filter_map(name).collect())))
            .collect();
        Self { mutators, conflicts }
    }

    /// Reads the mutators among `documents`. What could be read is in the system; the findings say what not, what is
    /// odd, and who is set aside by a conflict.
    pub fn load(documents: &[Document]) -> (Self, Vec<Diagnostic>) {
        let (mut mutators, mut findings) = (Vec::new(), Vec::new());
        let mut places = BTreeMap::new();
        for document in documents.iter().filter(|document| read::is_mutator(&document.value)) {
            let (mutator, found) = read::read(document);
            findings.extend(found);
            let Some(mutator) = mutator else { continue };
            if let Some(first) = places.insert(mutator.id.clone(), document.location()) {
                let repeated = Diagnostic::error(format!("{} is there twice", mutator.id))
                    .at(document.location())
                    .because(format!("the first is at {first}; the last one counts"))
                    .hint("remove one of them");
                findings.push(repeated);
            }
            mutators.push(mutator);
        }
        let system = Self::new(mutators);
        for (id, others) in &system.conflicts {
            let place = places.get(id).cloned();
            findings.push(conflict(id, others).at(place));
        }
        (system, findings)
    }

    /// The mutators, in the order in which they are applied; those set aside by a conflict too.
    pub fn mutators(&self) -> &[Mutator] {
        &self.mutators
    }

    /// The mutators that are set aside because their locations contradict others, with all that take part.
    pub fn conflicts(&self) -> &BTreeMap<MutatorId, BTreeSet<MutatorId>> {
        &self.conflicts
    }

    /// What the status of a mutator says about its conflict, in Gatekeeper's words.
    pub fn conflict_message(&self, id: &MutatorId) -> Option<String> {
        let mut others: Vec<_> = self.conflicts.get(id)?.iter().map(MutatorId::status_text).collect();
        others.sort();
        Some(format!("the following mutators have conflicting schemas: [{}]", others.join(",")))
    }

    /// Applies every mutator that matches, again and again until nothing changes. Only requests that make or change an
    /// object are mutated.
    pub fn mutate(&self, object: Value, context: &MutationContext<'_>) -> Result<Mutated, MutationError> {
        let unchanged = |object| Mutated { object, changed: false, applied: Vec::new() };
        let candidates = self.candidates(&object, context);
        if candidates.is_empty() {
            return Ok(unchanged(object));
        }
        let mut state = object.clone();
        if let Some(namespace) = context.request_namespace {
            set_namespace(&mut state, namespace);
        }
        let rounds = Rounds { candidates, most: self.mutators.len() + 1, context };
        let Some(record) = rounds.run(&mut state, &mut Nobody)? else { return Ok(unchanged(object)) };
        if let Some(name) = context.annotate {
            record.annotate(&mut state, name);
        }
        if context.request_namespace.is_some() {
            set_namespace(&mut state, object::namespace(&object));
        }
        numbers::settle(&mut state, Some(&object));
        let changed = state != object;
        let changing = record.changed.into_iter().filter(|_| changed);
        let applied = changing.map(|mutator| mutator.id.clone()).collect();
        Ok(Mutated { object: state, changed, applied })
    }

    /// What every mutator does to an object that is mutated so, and why; in the order in which they are applied. The
    /// error is that of [`Self::mutate`]: what was not asked then says so.
    pub fn explain(
        &self,
        object: &Value,
        context: &MutationContext<'_>,
    ) -> (Vec<MutatorOutcome>, Option<MutationError>) {
        let mut journal = Journal::new(self, object, context);
        let candidates = self.candidates(object, context);
        let mut state = object.clone();
        if let Some(namespace) = context.request_namespace {
            set_namespace(&mut state, namespace);
        }
        let rounds = Rounds { candidates, most: self.mutators.len() + 1, context };
        let error = rounds.run(&mut state, &mut journal).err();
        (journal.outcomes, error)
    }

    /// The mutators that are asked whether they match.
    fn candidates(&self, object: &Value, context: &MutationContext<'_>) -> Vec<&Mutator> {
        let is_mutated = context.operation.is_none_or(Operation::is_mutated);
        let kind = GroupVersionKind::of(object);
        self.mutators
            .iter()
            .filter(|mutator| is_mutated && mutator.applies_to(&kind, context.operation))
            .filter(|mutator| !self.conflicts.contains_key(&mutator.id))
            .collect()
    }
}

/// Repeated application to one object.
struct Rounds<'a> {
    candidates: Vec<&'a Mutator>,
    most: usize,
    context: &'a MutationContext<'a>,
}

/// Who did something to one object.
#[derive(Default)]
struct Record<'a> {
    /// Who reached the end of their location in an earlier round than the last, by their order.
    reached: Vec<&'a Mutator>,
    /// Who changed something.
    changed: Vec<&'a Mutator>,
}

/// One round over one object.
struct Round<'a> {
    reached: Vec<&'a Mutator>,
    changed: Vec<&'a Mutator>,
}

impl<'a> Rounds<'a> {
    /// Applies all until nothing changes; `None` where nothing changed at all.
    fn run(&self, state: &mut Value, witness: &mut dyn Witness) -> Result<Option<Record<'a>>, MutationError> {
        let mut record = Record::default();
        let mut last = Vec::new();
        for round in 0..self.most {
            let before = state.clone();
            let done = self.round(state, witness)?;
            if done.changed.is_empty() || before == *state {
                return Ok((round > 0).then_some(record));
            }
            add(&mut record.reached, &done.reached);
            add(&mut record.changed, &done.changed);
            last = done.changed;
        }
        Err(MutationError::NotConverging {
            object: ObjectName::of(state),
            rounds: self.most,
            mutators: last.into_iter().map(|mutator| mutator.id.clone()).collect(),
        })
    }

    fn round(&self, state: &mut Value, witness: &mut dyn Witness) -> Result<Round<'a>, MutationError> {
        let mut done = Round { reached: Vec::new(), changed: Vec::new() };
        for &mutator in &self.candidates {
            witness.asks(mutator, state, self.context);
            let matches = mutator.matches(state, self.context).map_err(|error| {
                witness.fails(mutator, error.to_string());
                let (mutator, object) = (mutator.id.clone(), ObjectName::of(state));
                MutationError::Match { mutator, object, reason: error.to_string() }
            })?;
            if !matches {
                continue;
            }
            let effect = mutator.apply(state).map_err(|obstacle| {
                let field = mutator.location.shown(obstacle.depth);
                witness.fails(mutator, format!("{field}: {}", obstacle.reason));
                let (mutator, object) = (mutator.id.clone(), ObjectName::of(state));
                MutationError::Obstacle { mutator, object, field, reason: obstacle.reason }
            })?;
            witness.applied(mutator, state, effect);
            if effect.applied {
                done.reached.push(mutator);
            }
            if effect.changed {
                done.changed.push(mutator);
            }
        }
        Ok(done)
    }
}

/// Adds those that are not there yet, in the order of ids.
fn add<'a>(all: &mut Vec<&'a Mutator>, more: &[&'a Mutator]) {
    all.extend(more);
    all.sort_by(|left, right| left.id.cmp(&right.id));
    all.dedup_by(|left, right| left.id == right.id);
}

impl Record<'_> {
    fn annotate(&self, object: &mut Value, name: &str) {
        let mut names: Vec<_> = self.reached.iter().map(|mutator| mutator.annotation()).collect();
        names.sort();
        object::set_annotation(object, MUTATIONS_ANNOTATION, &names.join(", "));
        object::set_annotation(object, MUTATION_ID_ANNOTATION, name);
    }
}

/// Sets `metadata.namespace`, or takes it away where it is empty.
fn set_namespace(object: &mut Value, namespace: &str) {
    if !namespace.is_empty() {
        object::set_metadata(object, "namespace", namespace);
    } else if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("namespace");
    }
}

fn conflict(id: &MutatorId, others: &BTreeSet<MutatorId>) -> Diagnostic {
    let others: Vec<_> = others.iter().filter(|other| *other != id).map(ToString::to_string).collect();
    Diagnostic::warning(format!("{id} is set aside, it changes nothing"))
        .field("spec.location")
        .because(format!("its location cannot hold for the same objects as that of {}", others.join(", ")))
        .hint("one place is an object, a list or a value: correct the locations, or let applyTo tell the kinds apart")
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
