//! Nodes of live objects, and of those that are referred to and not there.

use plat_resource::{GroupVersionKind, ObjectKey, Value, object};

use super::edges::{Edges, Reference, is_application};
use super::{Node, Presence, Role, World, events, node, owner};
use crate::cause::RESOURCE_NAME;
use crate::crossplane::{is_claim, is_composite};
use crate::fields::optional_number;
use crate::{Health, Status};

/// What stands below nothing, with all that stands below it.
pub(super) fn roots(world: &World<'_>) -> Vec<Node> {
    let builder = Builder {
        world,
        edges: Edges::new(world.objects),
        events: events::Events::new(world.events),
        owners: owner::Owners::new(world.objects),
    };
    let mut roots: Vec<Node> = builder.edges.roots().map(|index| builder.node(index, None, None)).collect();
    roots.sort_by(|one, other| rank(one).cmp(&rank(other)));
    roots
}

/// Applications first, then what was asked for, then the rest.
fn rank(node: &Node) -> (u8, &str, &str, &str) {
    let rank = match node.role {
        Role::Application => 0,
        Role::Claim => 1,
        Role::Composite => 2,
        _ => 3,
    };
    (rank, &node.key.namespace, &node.key.kind.kind, &node.key.name)
}

struct Builder<'a> {
    world: &'a World<'a>,
    edges: Edges<'a>,
    events: events::Events<'a>,
    owners: owner::Owners<'a>,
}

impl Builder<'_> {
    /// The node of a live object below `parent`. `entry` is what an Application says of it.
    fn node(&self, index: usize, parent: Option<&Value>, entry: Option<&Value>) -> Node {
        let object = self.edges.object(index);
        let health = self.world.rules.health(object, self.world.now);
        let role = role(object, parent);
        let facts = node::facts(object, &role, health.as_ref(), entry);
        let references = self.edges.references(index);
        let mut children: Vec<Node> = Vec::new();
        for child in self.edges.children(index).iter().filter(|child| !is_over(self.edges.object(**child))) {
            let entry =
                references.iter().find(|it| self.edges.find(&it.key) == Some(*child)).and_then(|it| it.entry.as_ref());
            children.push(self.node(*child, Some(object), entry));
        }
        children.extend(
            references.iter().filter(|it| self.edges.find(&it.key).is_none()).map(|it| self.absent(object, it)),
        );
        children.sort_by(|one, other| order(one).cmp(&order(other)));
        Node {
            key: ObjectKey::of(object),
            role,
            presence: Presence::Live,
            sync: facts.sync,
            is_ready: facts.is_ready,
            health,
            state: facts.state,
            detail: facts.detail,
            created: node::created(object),
            is_paused: facts.is_paused,
            why: None,
            owner: self.owners.of(object),
            events: self.events.about(object),
            children,
        }
    }

    /// A node of what `parent` refers to and nobody has seen.
    fn absent(&self, parent: &Value, reference: &Reference) -> Node {
        let key = &reference.key;
        let is_hidden = self.world.hidden.iter().any(|it| {
            (&it.group, &it.kind) == (&key.kind.group, &key.kind.kind)
                && (it.namespace.is_empty() || it.namespace == key.namespace)
        });
        let entry = reference.entry.as_ref();
        let (presence, told) = if is_hidden {
            (Presence::Hidden, None)
        } else {
            (Presence::Missing, Some(Health::new(Status::Missing, "it is referred to and not there")))
        };
        // An Application may tell of an object in another cluster, or of a kind that was not asked for.
        let health = entry.and_then(node::health_of_entry).or(told.filter(|_| entry.is_none()));
        let role = if is_application(parent) { Role::Applied } else { absent_role(parent) };
        Node {
            key: key.clone(),
            role,
            presence: if entry.is_some() { Presence::Hidden } else { presence },
            sync: entry.and_then(node::sync_of_entry),
            is_ready: None,
            state: health.as_ref().map_or("hidden".to_owned(), |it| it.status.as_str().to_owned()),
            detail: String::new(),
            health,
            created: None,
            is_paused: false,
            why: None,
            owner: None,
            events: Vec::new(),
            children: Vec::new(),
        }
    }
}

fn absent_role(parent: &Value) -> Role {
    if is_claim(parent) { Role::Composite } else { Role::Composed(String::new()) }
}

/// By the name under which it is composed, then kind and name.
fn order(node: &Node) -> (&str, &str, &str) {
    let composed = if let Role::Composed(name) = &node.role { name.as_str() } else { "" };
    (composed, &node.key.kind.kind, &node.key.name)
}

fn role(object: &Value, parent: Option<&Value>) -> Role {
    if is_application(object) {
        return Role::Application;
    }
    if let Some(name) = object::annotation(object, RESOURCE_NAME)
        && parent.is_some()
    {
        return Role::Composed(name.to_owned());
    }
    match parent {
        _ if is_composite(object) => Role::Composite,
        _ if is_claim(object) => Role::Claim,
        Some(parent) if is_application(parent) => Role::Applied,
        _ => Role::Object,
    }
}

/// A ReplicaSet that a Deployment has left behind tells nothing.
fn is_over(object: &Value) -> bool {
    let kind = GroupVersionKind::of(object);
    (kind.group.as_str(), kind.kind.as_str()) == ("apps", "ReplicaSet")
        && optional_number(object, &["spec", "replicas"]) == Some(0)
        && optional_number(object, &["status", "replicas"]).unwrap_or(0) == 0
}
