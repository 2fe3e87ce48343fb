//! The tree as JSON and YAML, for programs.

use plat_resource::{Value, time, yaml};
use serde_json::json;

use crate::graph::{Node, Presence, Role, Tree};

/// `apiVersion` and `kind` of a written tree.
const API_VERSION: &str = "kubectl-plat.dev/v1alpha1";
const KIND: &str = "StatusTree";

/// The tree as JSON. What nobody says is left out.
pub fn json(tree: &Tree) -> Value {
    let hidden = tree.hidden.iter().map(|it| {
        without_empty(json!({"group": it.group, "kind": it.kind, "namespace": it.namespace, "reason": it.reason}))
    });
    json!({
        "apiVersion": API_VERSION,
        "kind": KIND,
        "time": time::format(tree.now),
        "isWell": tree.is_well(),
        "items": tree.roots.iter().map(node).collect::<Value>(),
        "hidden": hidden.collect::<Value>(),
    })
}

/// The same as YAML.
pub fn yaml(tree: &Tree) -> String {
    yaml::to_string(&json(tree))
}

fn node(node: &Node) -> Value {
    let (role, composed) = match &node.role {
        Role::Claim => ("claim", ""),
        Role::Composite => ("composite", ""),
        Role::Composed(name) => ("composed", name.as_str()),
        Role::Application => ("application", ""),
        Role::Applied => ("applied", ""),
        Role::Object => ("object", ""),
    };
    let presence = match node.presence {
        Presence::Live => "",
        Presence::Missing => "missing",
        Presence::Hidden => "hidden",
    };
    let health = node.health.as_ref();
    let health = health.map(|it| without_empty(json!({"status": it.status.as_str(), "message": it.message})));
    let why = node.why.as_ref().map(|why| {
        without_empty(json!({
            "apiVersion": why.key.kind.api_version(), "kind": why.key.kind.kind, "namespace": why.key.namespace,
            "name": why.key.name, "resource": why.composed, "message": why.message, "isFailure": why.is_failure,
        }))
    });
    let events = node.events.iter().map(|event| {
        without_empty(json!({
            "time": event.at.map(time::format), "type": if event.is_warning { "Warning" } else { "Normal" },
            "reason": event.reason, "message": event.message, "count": event.count,
        }))
    });
    without_empty(json!({
        "apiVersion": node.key.kind.api_version(),
        "kind": node.key.kind.kind,
        "namespace": node.key.namespace,
        "name": node.key.name,
        "role": role,
        "resource": composed,
        "presence": presence,
        "sync": node.sync.map(crate::graph::Sync::as_str),
        "ready": node.is_ready,
        "health": health,
        "state": node.state,
        "detail": node.detail,
        "created": node.created.map(time::format),
        "paused": node.is_paused.then_some(true),
        "why": why,
        "owner": node.owner.as_ref().map(|it| it.name.clone()),
        "events": events.collect::<Value>(),
        "children": node.children.iter().map(self::node).collect::<Value>(),
    }))
}

/// An object without its empty fields; false and 0 say something.
fn without_empty(value: Value) -> Value {
    let is_empty = |value: &Value| match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    };
    match value {
        Value::Object(map) => Value::Object(map.into_iter().filter(|(_, value)| !is_empty(value)).collect()),
        other => other,
    }
}
