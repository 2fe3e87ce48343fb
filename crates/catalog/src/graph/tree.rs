//! Relations as a tree of lines, as `tree` and `kubectl tree` draw them.

use std::collections::{BTreeMap, BTreeSet};

use super::Scope;
use crate::catalog::Catalog;
use crate::entity_ref::EntityRef;
use crate::relations::Relation;

/// The tree below the root of `scope`, or below each entity. Each entity is opened once, where it is nearest to the root.
pub fn tree(catalog: &Catalog, scope: Scope<'_>) -> String {
    let roots: Vec<EntityRef> = match scope.root {
        Some(root) => vec![root.canonical()],
        None => catalog.entries().map(|(entity_ref, _)| entity_ref.clone()).collect(),
    };
    let mut writer = Writer { catalog, scope, distances: BTreeMap::new(), opened: BTreeSet::new(), out: String::new() };
    for root in roots {
        if writer.opened.insert(root.clone()) {
            writer.distances = distances(&writer, &root);
            writer.out.push_str(&format!("{root}{}\n", writer.remark(&root)));
            writer.below(&root, None, "", 0);
        }
    }
    writer.out
}

/// How many steps each entity, not opened yet, is from the root.
fn distances(writer: &Writer<'_>, root: &EntityRef) -> BTreeMap<EntityRef, usize> {
    let mut distances = BTreeMap::from([(root.clone(), 0)]);
    let mut wave = vec![root.clone()];
    for distance in 1..=writer.scope.depth {
        let mut next = Vec::new();
        for source in &wave {
            let relations = writer.catalog.relations(source);
            for (_, other) in relations.filter(|(relation, _)| writer.scope.follows(*relation)) {
                if !distances.contains_key(other) && !writer.opened.contains(other) {
                    distances.insert(other.clone(), distance);
                    next.push(other.clone());
                }
            }
        }
        if next.is_empty() {
            break;
        }
        wave = next;
    }
    distances
}

struct Writer<'a> {
    catalog: &'a Catalog,
    scope: Scope<'a>,
    distances: BTreeMap<EntityRef, usize>,
    opened: BTreeSet<EntityRef>,
    out: String,
}

impl Writer<'_> {
    fn remark(&self, entity_ref: &EntityRef) -> &'static str {
        if self.catalog.get(entity_ref).is_some() { "" } else { " (not in the catalog)" }
    }

    /// The lines below an entity that was reached by `came`, from the other and by which relation.
    fn below(&mut self, entity_ref: &EntityRef, came: Option<(Relation, &EntityRef)>, indent: &str, depth: usize) {
        if depth >= self.scope.depth {
            return;
        }
        let is_back = |relation: Relation, other: &EntityRef| {
            came.is_some_and(|(by, from)| relation == by.inverse() && other == from)
        };
        let relations: Vec<(Relation, EntityRef)> = self
            .catalog
            .relations(entity_ref)
            .filter(|(relation, other)| self.scope.follows(*relation) && !is_back(*relation, other))
            .map(|(relation, other)| (relation, other.clone()))
            .collect();
        let last = relations.len().saturating_sub(1);
        for (index, (relation, other)) in relations.iter().enumerate() {
            let (branch, below) = if index == last { ("└─", "   ") } else { ("├─", "│  ") };
            let is_nearest = self.distances.get(other) == Some(&(depth + 1));
            let is_new = is_nearest && self.opened.insert(other.clone());
            let remark = if is_new { self.remark(other) } else { " …" };
            self.out.push_str(&format!("{indent}{branch} {} {other}{remark}\n", relation.name()));
            if is_new {
                self.below(other, Some((*relation, entity_ref)), &format!("{indent}{below}"), depth + 1);
            }
        }
    }
}
