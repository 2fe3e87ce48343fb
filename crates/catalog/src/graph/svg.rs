//! An image: boxes in columns, lines between them. No fonts, scripts or styles from elsewhere.

use super::layout::{self, Cell};
use super::{Graph, Node};
use crate::entity_ref::EntityRef;

const BOX_HEIGHT: u32 = 44;
const ROW_GAP: u32 = 22;
const COLUMN_GAP: u32 = 130;
const MARGIN: u32 = 20;
/// The width of a letter, and of the space around a text.
const LETTER: u32 = 7;
const PADDING: u32 = 24;

const STYLE: &str = "<style>text{font:12px ui-monospace,monospace;fill:#1a1a1a}.sub{fill:#5a5a5a}.node{fill:#fff;stroke:#3a6ea5}\
.missing{stroke:#a53a3a;stroke-dasharray:4}line{stroke:#9a9a9a}.edge{font-size:10px;fill:#5a5a5a}</style>";

pub(super) fn write(graph: &Graph) -> String {
    let cells = layout::cells(graph);
    let letters = |entity_ref: &EntityRef, node: &Node| {
        u32::try_from(entity_ref.to_string().chars().count().max(node.title.chars().count())).unwrap_or(u32::MAX)
    };
    let longest = graph.nodes.iter().map(|(entity_ref, node)| letters(entity_ref, node)).max().unwrap_or_default();
    let grid = Grid { width: longest.saturating_mul(LETTER).saturating_add(PADDING) };
    let columns = cells.values().map(|cell| cell.column + 1).max().unwrap_or_default();
    let rows = cells.values().map(|cell| cell.row + 1).max().unwrap_or_default();
    let (width, height) = (grid.x(columns) + MARGIN, Grid::y(rows) + MARGIN);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n{STYLE}\n\
         <defs><marker id=\"to\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\">\
         <path d=\"M0 0 8 4 0 8z\" fill=\"#9a9a9a\"/></marker></defs>\n"
    );
    for (source, relation, target) in &graph.edges {
        if let (Some(from), Some(to)) = (cells.get(source), cells.get(target)) {
            out.push_str(&grid.edge(*from, *to, relation.name()));
        }
    }
    for (entity_ref, node) in &graph.nodes {
        if let Some(cell) = cells.get(entity_ref) {
            out.push_str(&grid.node(*cell, entity_ref, node));
        }
    }
    out.push_str("</svg>\n");
    out
}

struct Grid {
    /// Of each box.
    width: u32,
}

impl Grid {
    fn x(&self, column: u32) -> u32 {
        column.saturating_mul(self.width.saturating_add(COLUMN_GAP)).saturating_add(MARGIN)
    }

    fn y(row: u32) -> u32 {
        row.saturating_mul(BOX_HEIGHT + ROW_GAP).saturating_add(MARGIN)
    }

    fn node(&self, cell: Cell, entity_ref: &EntityRef, node: &Node) -> String {
        let (x, y) = (self.x(cell.column), Self::y(cell.row));
        let class = if node.is_known { "node" } else { "node missing" };
        let text_x = x + PADDING / 2;
        let reference = escaped(&entity_ref.to_string());
        let words = if node.title.is_empty() {
            format!("<text x=\"{text_x}\" y=\"{}\">{reference}</text>", y + 27)
        } else {
            let title = escaped(&node.title);
            let line = format!("<text x=\"{text_x}\" y=\"{}\">{title}</text>", y + 19);
            format!("{line}<text class=\"sub\" x=\"{text_x}\" y=\"{}\">{reference}</text>", y + 35)
        };
        let width = self.width;
        format!(
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{BOX_HEIGHT}\" rx=\"5\"/>{words}\n"
        )
    }

    fn edge(&self, from: Cell, to: Cell, label: &str) -> String {
        let middle = |cell: Cell| Self::y(cell.row) + BOX_HEIGHT / 2;
        let (left, right) = (|cell: Cell| self.x(cell.column), |cell: Cell| self.x(cell.column) + self.width);
        let (x1, x2) = match from.column.cmp(&to.column) {
            std::cmp::Ordering::Less => (right(from), left(to)),
            std::cmp::Ordering::Greater => (left(from), right(to)),
            std::cmp::Ordering::Equal => (right(from), right(to)),
        };
        let (y1, y2) = (middle(from), middle(to));
        let (label_x, label_y) = (u32::midpoint(x1, x2), u32::midpoint(y1, y2).saturating_sub(4));
        format!(
            "<line x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\" marker-end=\"url(#to)\"/>\
             <text class=\"edge\" x=\"{label_x}\" y=\"{label_y}\" text-anchor=\"middle\">{label}</text>\n"
        )
    }
}

fn escaped(text: &str) -> String {
    let visible: String = text.chars().filter(|character| !character.is_control()).collect();
    visible.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
