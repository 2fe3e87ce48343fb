//! The language of Graphviz.

use super::Graph;

pub(super) fn write(graph: &Graph) -> String {
    let names = graph.names();
    let name = |entity_ref| names.get(entity_ref).map_or("", String::as_str);
    let mut out = String::from("digraph catalog {\n  rankdir=LR;\n  node [shape=box];\n");
    for (entity_ref, node) in &graph.nodes {
        let title = if node.title.is_empty() { String::new() } else { format!("{}\\n", quoted(&node.title)) };
        let style = if node.is_known { "" } else { ", style=dashed" };
        let label = quoted(&entity_ref.to_string());
        out.push_str(&format!("  {} [label=\"{title}{label}\"{style}];\n", name(entity_ref)));
    }
    for (source, relation, target) in &graph.edges {
        out.push_str(&format!("  {} -> {} [label=\"{}\"];\n", name(source), name(target), relation.name()));
    }
    out.push_str("}\n");
    out
}

fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace(['\n', '\r'], " ")
}
