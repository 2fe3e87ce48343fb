//! Where the nodes of an image stand: in columns by their distance from the start, or by how far relations lead.
//!
//! Owns columns and rows. No two nodes stand in one place.

use std::collections::BTreeMap;

use super::Graph;
use crate::entity_ref::EntityRef;

/// A place in the grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) column: u32,
    pub(super) row: u32,
}

/// How far relations may lead in columns of their own; what leads further shares the last ones.
const MAX_ROUNDS: usize = 100;

/// A place for every node.
pub(super) fn cells(graph: &Graph) -> BTreeMap<&EntityRef, Cell> {
    let has_start = graph.nodes.values().any(|node| node.distance > 0);
    let columns = if has_start { by_distance(graph) } else { by_relations(graph) };
    let mut filled: BTreeMap<u32, u32> = BTreeMap::new();
    let mut cells = BTreeMap::new();
    for (entity_ref, column) in columns {
        let row = filled.entry(column).or_default();
        cells.insert(entity_ref, Cell { column, row: *row });
        *row += 1;
    }
    cells
}

fn by_distance(graph: &Graph) -> BTreeMap<&EntityRef, u32> {
    let column = |distance: usize| u32::try_from(distance).unwrap_or(u32::MAX);
    graph.nodes.iter().map(|(entity_ref, node)| (entity_ref, column(node.distance))).collect()
}

/// Each node right of those that lead to it. Circles would go on for ever: nobody moves more often than [`MAX_ROUNDS`], and the
/// columns that nobody stands in are closed.
fn by_relations(graph: &Graph) -> BTreeMap<&EntityRef, u32> {
    let mut columns: BTreeMap<&EntityRef, u32> = graph.nodes.keys().map(|entity_ref| (entity_ref, 0)).collect();
    let most = u32::try_from(graph.nodes.len().saturating_sub(1)).unwrap_or(u32::MAX);
    for _ in 0..MAX_ROUNDS.min(graph.nodes.len()) {
        let mut moved = false;
        for (source, _, target) in &graph.edges {
            let least = columns.get(source).copied().unwrap_or_default().saturating_add(1).min(most);
            if let Some(column) = columns.get_mut(target)
                && *column < least
                && source != target
            {
                *column = least;
                moved = true;
            }
        }
        if !moved {
            break;
        }
    }
    let mut used: Vec<u32> = columns.values().copied().collect();
    used.sort_unstable();
    used.dedup();
    let closed = |column: &u32| used.binary_search(column).ok().and_then(|place| u32::try_from(place).ok());
    for column in columns.values_mut() {
        *column = closed(column).unwrap_or(*column);
    }
    columns
}
