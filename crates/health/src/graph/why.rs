//! Why a node is not well: the deepest cause, by the same search that a controller uses.

use plat_resource::ObjectKey;

use super::{Node, Presence, Role, Sync};
use crate::Status;
use crate::cause::{Search, Trouble};

/// The deepest cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    /// The object that says it.
    pub key: ObjectKey,
    /// The name under which that is composed, if it is.
    pub composed: Option<String>,
    /// What it says.
    pub message: String,
    /// Whether something failed, as opposed to not being ready yet.
    pub is_failure: bool,
}

/// Writes to each node why it is not well.
pub(super) fn tell(node: &mut Node) {
    node.children.iter_mut().for_each(tell);
    // What is deeper has been told already: a child answers for all that is below it.
    node.why = why(node);
}

fn why(node: &Node) -> Option<Why> {
    let search =
        Search { trouble: &|node: &&Node| trouble(node), below: &|node: &&Node| node.children.iter().collect() };
    let (way, Trouble { message, is_failure, .. }) = search.deepest(node)?;
    let deepest = way.last()?;
    let composed = if let Role::Composed(name) = &deepest.role { Some(name.clone()) } else { None };
    Some(Why { key: deepest.key.clone(), composed: composed.filter(|name| !name.is_empty()), message, is_failure })
}

/// What a node says is wrong with itself.
fn trouble(node: &Node) -> Option<Trouble> {
    if node.presence == Presence::Hidden && node.health.is_none() {
        return None;
    }
    if node.is_paused && node.is_ready != Some(true) {
        let message = "reconciling it is paused".to_owned();
        return Some(Trouble { message, is_failure: false, is_first: true });
    }
    let health = node.health.as_ref().filter(|it| !it.status.is_well());
    let is_unready = node.is_ready == Some(false);
    if health.is_none() && !is_unready {
        return None;
    }
    let told = health.map(|it| it.message.clone()).filter(|message| !message.is_empty());
    let message = told.unwrap_or_else(|| instead(node));
    let is_failure = health.is_some_and(|it| matches!(it.status, Status::Degraded | Status::Missing | Status::Unknown));
    // A claim or an XR that fails itself does nothing for what is below it; others fail by what is below them.
    let is_first = node.sync == Some(Sync::Failed) && matches!(node.role, Role::Claim | Role::Composite);
    Some(Trouble { message, is_failure, is_first })
}

/// A sentence for those that say nothing.
fn instead(node: &Node) -> String {
    match (&node.health, node.state.as_str()) {
        (None, _) => "it has not said anything yet".to_owned(),
        (Some(health), "") => format!("it is {}", health.status),
        (Some(_), state) => format!("it is {state}"),
    }
}
