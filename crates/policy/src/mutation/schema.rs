//! Conflicts: mutators whose locations cannot hold for the same objects.
//!
//! Owns the shape that the locations of all mutators imply, for each kind and operation, and who contradicts whom. What
//! is assigned is not looked at, as in Gatekeeper: only the ways that lead there.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use plat_resource::GroupVersionKind;

use super::apply_to::Operation;
use super::location::Step;
use super::mutator::{Action, Mutator};

/// The mutators that contradict others, each with all that take part.
pub(super) type Conflicts = BTreeMap<usize, BTreeSet<usize>>;

/// What a place holds, as far as a location tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Shape {
    /// The end of an Assign: anything.
    Unknown,
    Object,
    List,
    /// The end of a ModifySet.
    Set,
    /// The end of an AssignImage.
    Text,
}

#[derive(Debug, Default)]
struct Node {
    users: BTreeSet<usize>,
    /// Those who want nothing below it.
    ends: BTreeSet<usize>,
    children: BTreeMap<String, BTreeMap<Shape, Node>>,
}

/// Finds the conflicts of `mutators`, which are named by their index.
pub(super) fn conflicts(mutators: &[Mutator]) -> Conflicts {
    let mut schemas: HashMap<(GroupVersionKind, Operation), Node> = HashMap::new();
    for (index, mutator) in mutators.iter().enumerate() {
        for binding in bindings(mutator) {
            schemas.entry(binding).or_default().add(index, mutator.location.steps(), mutator);
        }
    }
    let mut disabled = BTreeSet::new();
    for schema in schemas.values() {
        schema.collect(&mut disabled);
    }
    let with = |index: usize| {
        let mutator = mutators.get(index)?;
        let mut others = BTreeSet::new();
        for schema in bindings(mutator).iter().filter_map(|binding| schemas.get(binding)) {
            schema.along(mutator.location.steps(), mutator, &mut others);
        }
        Some((index, others))
    };
    disabled.into_iter().filter_map(with).collect()
}

/// AssignMetadata implies nothing: labels and annotations are the same for every object.
fn bindings(mutator: &Mutator) -> BTreeSet<(GroupVersionKind, Operation)> {
    mutator.apply_to.iter().flatten().flat_map(super::ApplyTo::bindings).collect()
}

/// What the place of the first of `steps` holds.
fn shape(steps: &[Step], mutator: &Mutator) -> Shape {
    match (steps.get(1), &mutator.action) {
        (Some(Step::Field(_)), _) => Shape::Object,
        (Some(Step::Elements { .. }), _) => Shape::List,
        (None, Action::Assign(_)) => Shape::Unknown,
        (None, Action::Merge(_) | Action::Prune(_)) => Shape::Set,
        (None, Action::Image(_)) => Shape::Text,
    }
}

fn key(step: &Step) -> &str {
    match step {
        Step::Field(name) => name,
        Step::Elements { key, .. } => key,
    }
}

impl Node {
    fn add(&mut self, index: usize, steps: &[Step], mutator: &Mutator) {
        self.users.insert(index);
        let Some((first, rest)) = steps.split_first() else {
            if matches!(mutator.action, Action::Image(_)) {
                self.ends.insert(index);
            }
            return;
        };
        let children = self.children.entry(key(first).to_owned()).or_default();
        children.entry(shape(steps, mutator)).or_default().add(index, rest, mutator);
    }

    /// Everyone in a conflict here or below.
    fn collect(&self, found: &mut BTreeSet<usize>) {
        for shapes in self.children.values() {
            contradictions(shapes, found);
            for child in shapes.values() {
                child.collect(found);
            }
        }
    }

    /// Everyone in a conflict along a location.
    fn along(&self, steps: &[Step], mutator: &Mutator, found: &mut BTreeSet<usize>) {
        let Some((first, rest)) = steps.split_first() else { return };
        let Some(shapes) = self.children.get(key(first)) else { return };
        contradictions(shapes, found);
        if let Some(child) = shapes.get(&shape(steps, mutator)) {
            child.along(rest, mutator, found);
        }
    }
}

/// Those that contradict each other over one place.
fn contradictions(shapes: &BTreeMap<Shape, Node>, found: &mut BTreeSet<usize>) {
    let known = shapes.keys().filter(|shape| **shape != Shape::Unknown).count();
    for (shape, child) in shapes.iter().filter(|(shape, _)| **shape != Shape::Unknown) {
        // A place is one thing only, and the elements of a list have one key field only.
        if known > 1 || (*shape == Shape::List && child.children.len() > 1) {
            found.extend(&child.users);
        }
    }
    let ended = shapes.values().any(|child| !child.ends.is_empty());
    let goes_on = shapes.values().any(|child| !child.children.is_empty());
    if ended && goes_on {
        for child in shapes.values() {
            found.extend(&child.ends);
            found.extend(child.children.values().flat_map(BTreeMap::values).flat_map(|below| &below.users));
        }
    }
}
