//! Circles: groups above themselves, parts of themselves, dependencies on themselves.

use std::collections::{BTreeMap, BTreeSet};

use plat_resource::{Diagnostic, Severity};

use crate::catalog::Catalog;
use crate::entity_ref::EntityRef;
use crate::relations::Relation;

pub(super) fn check(catalog: &Catalog) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    for relation in [Relation::ChildOf, Relation::PartOf, Relation::DependsOn] {
        for way in circles(catalog, relation) {
            findings.extend(circle(catalog, relation, &way));
        }
    }
    findings
}

/// One way round for each set of entities that all lead to each other.
fn circles(catalog: &Catalog, relation: Relation) -> Vec<Vec<&EntityRef>> {
    let mut edges: BTreeMap<&EntityRef, Vec<&EntityRef>> = BTreeMap::new();
    for (entity_ref, _) in catalog.entries() {
        let targets = catalog.relations(entity_ref).filter(|(other, _)| *other == relation).map(|(_, target)| target);
        edges.insert(entity_ref, targets.filter(|target| catalog.get(target).is_some()).collect());
    }
    let mut told: BTreeSet<&EntityRef> = BTreeSet::new();
    let mut circles = Vec::new();
    let ordered = leaves_removed(&edges);
    for start in ordered {
        if told.contains(start) {
            continue;
        }
        if let Some(way) = shortest_way_back(&edges, start) {
            told.extend(way.iter().copied());
            circles.push(way);
        }
    }
    circles
}

/// The entities that are left when those without targets, or targets left, are taken away again and again: only they can be on a
/// circle. Most catalogs have none.
fn leaves_removed<'a>(edges: &BTreeMap<&'a EntityRef, Vec<&'a EntityRef>>) -> BTreeSet<&'a EntityRef> {
    let mut open: BTreeMap<&EntityRef, usize> =
        edges.iter().map(|(source, targets)| (*source, targets.len())).collect();
    let mut sources: BTreeMap<&EntityRef, Vec<&EntityRef>> = BTreeMap::new();
    for (source, targets) in edges {
        for target in targets {
            sources.entry(target).or_default().push(source);
        }
    }
    let mut leaves: Vec<&EntityRef> = open.iter().filter(|(_, count)| **count == 0).map(|(leaf, _)| *leaf).collect();
    while let Some(leaf) = leaves.pop() {
        open.remove(leaf);
        for source in sources.get(leaf).into_iter().flatten() {
            if let Some(count) = open.get_mut(source) {
                *count -= 1;
                if *count == 0 {
                    leaves.push(source);
                }
            }
        }
    }
    open.into_keys().collect()
}

fn shortest_way_back<'a>(
    edges: &BTreeMap<&'a EntityRef, Vec<&'a EntityRef>>,
    start: &'a EntityRef,
) -> Option<Vec<&'a EntityRef>> {
    let mut from: BTreeMap<&EntityRef, &EntityRef> = BTreeMap::new();
    let mut wave = vec![start];
    while !wave.is_empty() {
        let mut next = Vec::new();
        for source in wave {
            for target in edges.get(source).into_iter().flatten() {
                if *target == start {
                    let mut way = vec![source];
                    while let Some(before) = from.get(way.last()?) {
                        way.push(before);
                    }
                    way.reverse();
                    return Some(way);
                }
                if !from.contains_key(target) {
                    from.insert(target, source);
                    next.push(*target);
                }
            }
        }
        wave = next;
    }
    None
}

/// How many steps of a circle are told.
const MAX_TOLD: usize = 10;

fn circle(catalog: &Catalog, relation: Relation, way: &[&EntityRef]) -> Option<Diagnostic> {
    let first = way.first()?;
    let entry = catalog.get(first)?;
    let next = way.get(1).unwrap_or(first);
    let is_step = |mention: &&crate::relations::Mention| {
        mention.target.canonical() == **next && (mention.relation == relation || mention.relation == relation.inverse())
    };
    let place =
        entry.mentions.iter().find(is_step).map_or_else(|| entry.location(), |mention| entry.location_of(mention));
    let step = format!(" {} ", relation.name());
    let mut names: Vec<String> = way.iter().take(MAX_TOLD).map(ToString::to_string).collect();
    if way.len() > MAX_TOLD {
        names.push(format!("({} more)", way.len() - MAX_TOLD));
    }
    names.push(first.to_string());
    let mut finding = Diagnostic::error(format!("{first} is on a circle"))
        .at(place)
        .because(names.join(&step))
        .hint("cut one of these steps");
    // Services that need each other are no beauty, and they run.
    if relation == Relation::DependsOn {
        finding.severity = Severity::Warning;
    }
    Some(finding)
}
