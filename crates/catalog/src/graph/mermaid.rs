//! The language of Mermaid, which GitHub and GitLab draw in Markdown.

use super::Graph;

pub(super) fn write(graph: &Graph) -> String {
    let names = graph.names();
    let name = |entity_ref| names.get(entity_ref).map_or("", String::as_str);
    let mut out = String::from("flowchart LR\n");
    for (entity_ref, node) in &graph.nodes {
        let title = if node.title.is_empty() { String::new() } else { format!("{}<br/>", quoted(&node.title)) };
        out.push_str(&format!("  {}[\"{title}{}\"]\n", name(entity_ref), quoted(&entity_ref.to_string())));
    }
    for (source, relation, target) in &graph.edges {
        out.push_str(&format!("  {} -- {} --> {}\n", name(source), relation.name(), name(target)));
    }
    for (entity_ref, _) in graph.nodes.iter().filter(|(_, node)| !node.is_known) {
        out.push_str(&format!("  style {} stroke-dasharray: 4\n", name(entity_ref)));
    }
    out
}

/// Mermaid has entities of its own: `#quot;`.
fn quoted(text: &str) -> String {
    let text = text.replace('#', "#35;").replace('"', "#quot;");
    text.replace('<', "#lt;").replace('>', "#gt;").replace(['\n', '\r'], " ")
}
