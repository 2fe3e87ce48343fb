//! The tree in the languages of Graphviz and Mermaid.

use plat_resource::shown::escape;

use super::{Tone, called, tone};
use crate::graph::{Node, Presence, Tree};

/// A directed graph for Graphviz.
pub fn dot(tree: &Tree) -> String {
    let mut out =
        "digraph status {\n  rankdir=LR;\n  node [shape=box, style=\"rounded,filled\", fontname=\"sans-serif\"];\n"
            .to_owned();
    let mut lines = Lines { out: &mut out, next: 0, write: dot_node, arrow: "->", end: ";" };
    tree.roots.iter().for_each(|root| lines.add(root, None));
    out.push_str("}\n");
    out
}

/// A flowchart for Mermaid, as Markdown on GitHub and GitLab shows it.
pub fn mermaid(tree: &Tree) -> String {
    let mut out = "flowchart LR\n".to_owned();
    let mut lines = Lines { out: &mut out, next: 0, write: mermaid_node, arrow: "-->", end: "" };
    tree.roots.iter().for_each(|root| lines.add(root, None));
    for (class, fill, stroke) in [
        ("well", "#dafbe1", "#1a7f37"),
        ("waiting", "#fff8c5", "#9a6700"),
        ("bad", "#ffebe9", "#cf222e"),
        ("silent", "#f6f8fa", "#59636e"),
    ] {
        out.push_str(&format!("  classDef {class} fill:{fill},stroke:{stroke},color:#1f2328\n"));
    }
    out
}

/// Writes nodes and the arrows to them, with short names.
struct Lines<'a> {
    out: &'a mut String,
    next: usize,
    write: fn(&Node, usize) -> String,
    arrow: &'static str,
    end: &'static str,
}

impl Lines<'_> {
    fn add(&mut self, node: &Node, parent: Option<usize>) {
        let own = self.next;
        self.next += 1;
        self.out.push_str(&format!("  {}\n", (self.write)(node, own)));
        if let Some(parent) = parent {
            self.out.push_str(&format!("  n{parent} {} n{own}{}\n", self.arrow, self.end));
        }
        node.children.iter().for_each(|child| self.add(child, Some(own)));
    }
}

fn class(node: &Node) -> &'static str {
    match tone(node) {
        Tone::Well => "well",
        Tone::Waiting => "waiting",
        Tone::Bad => "bad",
        Tone::Silent => "silent",
    }
}

/// Kind and name, and how it is.
fn lines(node: &Node) -> (String, String) {
    let sync = node.sync.map_or("", crate::graph::Sync::as_str);
    let state = if node.presence == Presence::Missing { "missing" } else { node.state.as_str() };
    let said = [sync, state].into_iter().filter(|it| !it.is_empty()).collect::<Vec<_>>().join(", ");
    (escape(&called(&node.key)), escape(&said))
}

fn dot_node(node: &Node, number: usize) -> String {
    let (name, said) = lines(node);
    let (fill, line) = match tone(node) {
        Tone::Well => ("#dafbe1", "#1a7f37"),
        Tone::Waiting => ("#fff8c5", "#9a6700"),
        Tone::Bad => ("#ffebe9", "#cf222e"),
        Tone::Silent => ("#f6f8fa", "#59636e"),
    };
    let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    let label = if said.is_empty() { quoted(&name) } else { format!("{}\\n{}", quoted(&name), quoted(&said)) };
    format!("n{number} [label=\"{label}\", fillcolor=\"{fill}\", color=\"{line}\"];")
}

fn mermaid_node(node: &Node, number: usize) -> String {
    let (name, said) = lines(node);
    // In quotes, only quotes and what HTML reads need an escape.
    let quoted =
        |text: &str| text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;");
    let label = if said.is_empty() { quoted(&name) } else { format!("{}<br/>{}", quoted(&name), quoted(&said)) };
    format!("n{number}[\"{label}\"]:::{}", class(node))
}
