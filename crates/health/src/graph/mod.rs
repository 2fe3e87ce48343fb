//! Who belongs to whom, and how each of them is: one pure function from live objects to a tree.
//!
//! Owns the tree. An object stands below one other: what controls it, the claim that asked for it, or the Application that applies it.
//! Which objects there are is the caller's matter, and so is what it could not list: that is shown, never guessed.

mod build;
mod edges;
mod events;
mod node;
mod owner;
#[cfg(test)]
mod tests;
mod why;

use plat_resource::{ObjectKey, Value};

use crate::{Health, Rules};

pub use events::Happening;
pub use owner::Owner;
pub use why::Why;

/// Everything that a graph is made of.
#[derive(Clone, Copy)]
pub struct World<'a> {
    /// Live objects, of whatever kinds could be listed. Namespaces among them only tell owners.
    pub objects: &'a [Value],
    /// Events, of either API.
    pub events: &'a [Value],
    /// What could not be listed.
    pub hidden: &'a [Hidden],
    /// Who says how well an object is.
    pub rules: &'a Rules,
    /// Seconds since 1970.
    pub now: i64,
}

/// A kind that could not be listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hidden {
    /// API group; empty for core.
    pub group: String,
    /// Kind.
    pub kind: String,
    /// Where; empty for the whole cluster.
    pub namespace: String,
    /// Why, as the API server says it.
    pub reason: String,
}

/// What a node is to the one above it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// A claim.
    Claim,
    /// An XR.
    Composite,
    /// Composed by the XR above, under this name.
    Composed(String),
    /// An Application of Argo CD.
    Application,
    /// Applied by the Application above.
    Applied,
    /// Controlled by what is above, or belonging to nobody.
    Object,
}

/// Whether an object is what somebody wants it to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sync {
    /// It is.
    Synced,
    /// It is not.
    OutOfSync,
    /// The controller could not do what is wanted.
    Failed,
    /// Nobody could tell.
    Unknown,
}

impl Sync {
    /// The word that is shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Synced => "Synced",
            Self::OutOfSync => "OutOfSync",
            Self::Failed => "not synced",
            Self::Unknown => "Unknown",
        }
    }
}

/// Whether the object is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It is.
    Live,
    /// Somebody refers to it, and it is not there.
    Missing,
    /// Somebody refers to it, and its kind could not be listed.
    Hidden,
}

/// One object, with what is below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Which object.
    pub key: ObjectKey,
    /// What it is to the one above.
    pub role: Role,
    /// Whether it is there.
    pub presence: Presence,
    /// Whether it is what is wanted; nothing, where nobody says.
    pub sync: Option<Sync>,
    /// Whether it is ready; nothing, where nobody says.
    pub is_ready: Option<bool>,
    /// How well it is.
    pub health: Option<Health>,
    /// In a word or two, as it is shown: `ready`, `1/2 available`, `CrashLoopBackOff`.
    pub state: String,
    /// What is shown of it besides: the Composition, the revision of an Application, the image of nothing.
    pub detail: String,
    /// When it was made, in seconds since 1970.
    pub created: Option<i64>,
    /// Whether reconciling it is paused.
    pub is_paused: bool,
    /// Why it is not well, if it is not.
    pub why: Option<Why>,
    /// Who answers for it.
    pub owner: Option<Owner>,
    /// The last events about it, newest first; only of what is not well.
    pub events: Vec<Happening>,
    /// What belongs to it.
    pub children: Vec<Node>,
}

impl Node {
    /// Whether it and everything below it is well.
    pub fn is_well(&self) -> bool {
        self.why.is_none()
    }
}

/// The whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    /// What belongs to nobody.
    pub roots: Vec<Node>,
    /// What could not be listed.
    pub hidden: Vec<Hidden>,
    /// The time that ages are counted to.
    pub now: i64,
}

impl Tree {
    /// Whether everything is well. What is hidden is not known to be unwell.
    pub fn is_well(&self) -> bool {
        self.roots.iter().all(Node::is_well)
    }

    /// Only the roots that `wanted` chooses; one that stands below another becomes a root of its own.
    #[must_use]
    pub fn only(self, wanted: &dyn Fn(&ObjectKey) -> bool) -> Self {
        fn choose(node: Node, wanted: &dyn Fn(&ObjectKey) -> bool, chosen: &mut Vec<Node>) {
            if wanted(&node.key) {
                chosen.push(node);
            } else {
                node.children.into_iter().for_each(|child| choose(child, wanted, chosen));
            }
        }
        let mut roots = Vec::new();
        self.roots.into_iter().for_each(|root| choose(root, wanted, &mut roots));
        Self { roots, ..self }
    }
}

/// Puts the objects together.
pub fn graph(world: &World<'_>) -> Tree {
    let mut roots = build::roots(world);
    for root in &mut roots {
        owner::hand_down(root, None);
        why::tell(root);
        events::keep_of_the_unwell(root);
    }
    Tree { roots, hidden: world.hidden.to_vec(), now: world.now }
}
