//! A tree as text, data or a picture.
//!
//! Owns wording and layout. Every renderer is a pure function of the tree; nothing is printed, and there is no colour in texts.

mod age;
mod data;
mod diagram;
mod svg;
mod text;

pub use age::age;
pub use data::{json, yaml};
pub use diagram::{dot, mermaid};
pub use svg::svg;
pub use text::{Layout, text};

use plat_resource::ObjectKey;

use crate::graph::{Node, Owner, Presence};

/// How a node is to be taken, by whatever means a format has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tone {
    Well,
    Waiting,
    Bad,
    /// Nobody says.
    Silent,
}

/// What the node says of itself, whatever is below it.
fn tone(node: &Node) -> Tone {
    use crate::Status::{Degraded, Healthy, Missing, Progressing, Suspended, Unknown};
    if node.presence == Presence::Missing {
        return Tone::Bad;
    }
    match (node.health.as_ref().map(|it| it.status), node.is_ready) {
        (Some(Degraded | Missing | Unknown), _) => Tone::Bad,
        (Some(Progressing | Suspended), _) | (_, Some(false)) => Tone::Waiting,
        (Some(Healthy), _) | (None, Some(true)) => Tone::Well,
        (None, None) => Tone::Silent,
    }
}

/// `Kind name`, as people call an object.
fn called(key: &ObjectKey) -> String {
    format!("{} {}", key.kind.kind, key.name)
}

/// Every node with its depth, each before what is below it.
fn walk<'a>(nodes: &'a [Node], depth: usize, visit: &mut dyn FnMut(&'a Node, usize)) {
    for node in nodes {
        visit(node, depth);
        walk(&node.children, depth + 1, visit);
    }
}

/// An owner and where it is said.
fn told(owner: &Owner) -> String {
    if owner.is_of_namespace { format!("{} (owner of the namespace)", owner.name) } else { owner.name.clone() }
}
