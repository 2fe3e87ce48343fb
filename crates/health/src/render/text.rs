//! The tree for a terminal.
//!
//! Owns columns: they are as wide as their contents, and where a line would be wider than the terminal, the name gives way in its
//! middle, where generated names are alike.

use plat_resource::shown::escape;

use super::{Tone, age, called, told, tone};
use crate::graph::{Happening, Hidden, Node, Presence, Role, Sync, Tree, Why};

/// Columns stand this far apart.
const GAP: usize = 2;
/// A name is not made shorter than this.
const SHORTEST: usize = 24;
/// What stands before a line below the table: `Why  `.
const TITLE: usize = 5;

/// How wide, and how much.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Layout {
    /// Columns of the terminal; none where nothing is to be cut.
    pub columns: Option<usize>,
    /// Also namespaces, groups, what composes an object, its owner, and names in full.
    pub is_wide: bool,
    /// Also colours, for a terminal; they say nothing that the words do not.
    pub is_colored: bool,
}

const RESET: &str = "\u{1b}[0m";
const BOLD: &str = "\u{1b}[1m";
const DIM: &str = "\u{1b}[2m";
const RED: &str = "\u{1b}[31m";
const GREEN: &str = "\u{1b}[32m";
const YELLOW: &str = "\u{1b}[33m";

impl Layout {
    fn paint(self, style: &str, text: &str) -> String {
        if self.is_colored && !style.is_empty() { format!("{style}{text}{RESET}") } else { text.to_owned() }
    }

    /// Padding has no colour, and takes the width of what is seen.
    fn painted(self, cell: &Cell, width: usize) -> String {
        let padding = padded(&cell.text, width).split_off(cell.text.len());
        self.paint(cell.style, &cell.text) + &padding
    }
}

/// One line of the table.
struct Row {
    lead: String,
    cells: Vec<Cell>,
}

/// What stands in a column, and in which colour.
struct Cell {
    text: String,
    style: &'static str,
}

/// The table, then for everything unwell why, who and what happened last, then what is hidden.
pub fn text(tree: &Tree, layout: Layout) -> String {
    let mut rows = Vec::new();
    for root in &tree.roots {
        add(&mut rows, root, None, ("", ""), tree.now, layout);
    }
    let mut out = if rows.is_empty() { "nothing found\n".to_owned() } else { table(&rows, layout) };
    for root in tree.roots.iter().filter(|root| !root.is_well()) {
        out.push_str(&reasons(root, tree, layout));
    }
    out.push_str(&hidden(&tree.hidden, layout));
    out
}

fn add(rows: &mut Vec<Row>, node: &Node, parent: Option<&Node>, (first, rest): (&str, &str), now: i64, layout: Layout) {
    rows.push(Row { lead: format!("{first}{}", escape(&name(node, parent, layout))), cells: cells(node, now, layout) });
    let last = node.children.len().saturating_sub(1);
    for (index, child) in node.children.iter().enumerate() {
        let (first, below) = if index == last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        add(rows, child, Some(node), (&format!("{rest}{first}"), &format!("{rest}{below}")), now, layout);
    }
}

/// Kind and name. A name that goes on from the one above is shown from there.
fn name(node: &Node, parent: Option<&Node>, layout: Layout) -> String {
    let key = &node.key;
    if layout.is_wide {
        let group = if key.kind.group.is_empty() { "v1".to_owned() } else { key.kind.group.clone() };
        let namespace = if key.namespace.is_empty() { String::new() } else { format!("{}/", key.namespace) };
        return format!("{group}/{} {namespace}{}", key.kind.kind, key.name);
    }
    let going_on =
        parent.and_then(|parent| key.name.strip_prefix(&parent.key.name)).filter(|rest| rest.starts_with('-'));
    let name = match (going_on, parent) {
        (Some(rest), _) => format!("…{rest}"),
        (None, Some(parent)) if parent.key.namespace != key.namespace && !key.namespace.is_empty() => {
            format!("{}/{}", key.namespace, key.name)
        }
        (None, None) if !key.namespace.is_empty() => format!("{}/{}", key.namespace, key.name),
        (None, _) => key.name.clone(),
    };
    format!("{} {name}", key.kind.kind)
}

fn cells(node: &Node, now: i64, layout: Layout) -> Vec<Cell> {
    let cell = |text: &str, style| Cell { text: escape(text), style };
    let sync = match node.sync {
        Some(Sync::Synced) => GREEN,
        Some(Sync::OutOfSync | Sync::Unknown) => YELLOW,
        Some(Sync::Failed) => RED,
        None => "",
    };
    let state = match tone(node) {
        Tone::Well => GREEN,
        Tone::Waiting => YELLOW,
        Tone::Bad => RED,
        Tone::Silent => DIM,
    };
    let word = if node.presence == Presence::Missing { "missing" } else { node.state.as_str() };
    let created = node.created.map_or_else(String::new, |created| age(now - created));
    let mut cells = vec![cell(node.sync.map_or("", Sync::as_str), sync), cell(word, state), cell(&created, DIM)];
    if layout.is_wide {
        let composed = if let Role::Composed(name) = &node.role { name.as_str() } else { "" };
        let owner = node.owner.as_ref().map_or("", |owner| owner.name.as_str());
        cells.extend([composed, &node.detail, owner].map(|text| cell(text, "")));
    }
    cells
}

/// Pads the columns; the first gives way.
fn table(rows: &[Row], layout: Layout) -> String {
    let count = rows.iter().map(|row| row.cells.len()).max().unwrap_or(0);
    let width = |index: usize| {
        rows.iter().filter_map(|row| row.cells.get(index)).map(|it| width_of(&it.text)).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..count).map(width).collect();
    let others: usize = widths.iter().filter(|width| **width > 0).map(|width| width + GAP).sum();
    let longest = rows.iter().map(|row| width_of(&row.lead)).max().unwrap_or(0);
    let room = layout.columns.map_or(longest, |columns| columns.saturating_sub(others).max(SHORTEST));
    let lead = longest.min(room);
    let mut out = String::new();
    for row in rows {
        let mut line = padded(&shortened(&row.lead, lead), lead);
        for (cell, width) in row.cells.iter().zip(&widths).filter(|(_, width)| **width > 0) {
            line.push_str(&" ".repeat(GAP));
            line.push_str(&if cell.text.is_empty() { padded("", *width) } else { layout.painted(cell, *width) });
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// Characters; what is shown is in scripts of one column each.
fn width_of(text: &str) -> usize {
    text.chars().count()
}

fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(width_of(text))))
}

/// Cuts the middle out of what is too long.
fn shortened(text: &str, width: usize) -> String {
    let length = width_of(text);
    if length <= width {
        return text.to_owned();
    }
    let tail = (width.saturating_sub(1)) / 3;
    let head = width.saturating_sub(1 + tail);
    let start: String = text.chars().take(head).collect();
    let end: String = text.chars().skip(length - tail).collect();
    // Where the name was shortened already, one mark is enough.
    format!("{}…{}", start.trim_end_matches('…'), end.trim_start_matches('…'))
}

/// The paragraph below the table for one root.
fn reasons(root: &Node, tree: &Tree, layout: Layout) -> String {
    let Some(why) = &root.why else { return String::new() };
    let mut lines = vec![("Why", sentence(root, why))];
    let deepest = deepest(root, why);
    lines.extend(deepest.into_iter().flat_map(|it| &it.events).map(|it| ("", happened(it, tree.now))));
    let owner = deepest.and_then(|it| it.owner.as_ref()).or(root.owner.as_ref());
    lines.extend(owner.map(|owner| ("Who", told(owner))));
    let mut out = String::from("\n");
    for (title, line) in lines {
        for (index, part) in
            wrapped(&line, layout.columns.map(|columns| columns.saturating_sub(TITLE))).iter().enumerate()
        {
            let title = if index == 0 { title } else { "" };
            let padding = padded(title, TITLE).split_off(title.len());
            out.push_str((layout.paint(if title.is_empty() { "" } else { BOLD }, title) + &padding + part).trim_end());
            out.push('\n');
        }
    }
    out
}

/// What is unwell says why; where it is deeper, the root is named, too.
fn sentence(root: &Node, why: &Why) -> String {
    let named = match &why.composed {
        Some(composed) => format!("{} ({composed})", called(&why.key)),
        None => called(&why.key),
    };
    let message = why.message.trim_end_matches('.');
    if why.key == root.key {
        format!("{named}: {message}")
    } else {
        format!("{}: {named}: {message}", called(&root.key))
    }
}

fn deepest<'a>(node: &'a Node, why: &Why) -> Option<&'a Node> {
    if node.key == why.key { Some(node) } else { node.children.iter().find_map(|child| deepest(child, why)) }
}

fn happened(event: &Happening, now: i64) -> String {
    let ago = event.at.map_or_else(String::new, |at| format!("{} ago ", age(now - at)));
    let times = if event.count > 1 { format!(" ({} times)", event.count) } else { String::new() };
    format!("{ago}{}: {}{times}", event.reason, event.message)
}

/// Breaks a line between words, and makes each safe.
fn wrapped(text: &str, width: Option<usize>) -> Vec<String> {
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split_whitespace().map(escape) {
        let line = lines.last_mut();
        match line {
            Some(line) if line.is_empty() => line.push_str(&word),
            Some(line) if width.is_none_or(|width| width_of(line) + 1 + width_of(&word) <= width) => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

fn hidden(hidden: &[Hidden], layout: Layout) -> String {
    if hidden.is_empty() {
        return String::new();
    }
    let kinds = hidden.iter().map(|it| {
        let group = if it.group.is_empty() { String::new() } else { format!(".{}", it.group) };
        let namespace = if it.namespace.is_empty() { String::new() } else { format!(" in {}", it.namespace) };
        format!("{}{group}{namespace}", it.kind)
    });
    let mut kinds: Vec<String> = kinds.collect();
    kinds.dedup();
    let line = format!("Hidden: you may not list {}", kinds.join(", "));
    let mut out = String::from("\n");
    for line in wrapped(&line, layout.columns) {
        out.push_str(&format!("{line}\n"));
    }
    out
}
