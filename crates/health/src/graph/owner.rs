//! Who answers for an object.

use std::collections::BTreeMap;

use plat_resource::{GroupVersionKind, Value, object};

use super::Node;

/// Annotations and labels that name an owner, the first that is there.
const KEYS: &[&str] = &["kubectl-plat.dev/owner", "backstage.io/owner"];

/// Who, and where that is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// As it is written: `team-a`, `group:default/team-a`.
    pub name: String,
    /// Whether the object's namespace says it, and not the object or one above it.
    pub is_of_namespace: bool,
}

/// The owners that namespaces name.
pub(super) struct Owners<'a>(BTreeMap<&'a str, String>);

impl<'a> Owners<'a> {
    pub(super) fn new(objects: &'a [Value]) -> Self {
        let is_namespace = |object: &&Value| {
            let kind = GroupVersionKind::of(object);
            kind.group.is_empty() && kind.kind == "Namespace"
        };
        let namespaces = objects.iter().filter(is_namespace);
        Self(namespaces.filter_map(|it| Some((object::name(it), named(it)?))).collect())
    }

    /// The owner that an object names, or its namespace for it.
    pub(super) fn of(&self, object: &Value) -> Option<Owner> {
        let of_namespace = || self.0.get(object::namespace(object)).cloned();
        let own = named(object).map(|name| Owner { name, is_of_namespace: false });
        own.or_else(|| of_namespace().map(|name| Owner { name, is_of_namespace: true }))
    }
}

fn named(object: &Value) -> Option<String> {
    let said = KEYS.iter().find_map(|key| object::annotation(object, key).or_else(|| object::label(object, key)));
    said.filter(|name| !name.is_empty()).map(str::to_owned)
}

/// Gives what names no owner that of what is above it, which is nearer than its namespace.
pub(super) fn hand_down(node: &mut Node, above: Option<&Owner>) {
    if node.owner.as_ref().is_none_or(|owner| owner.is_of_namespace)
        && let Some(above) = above
    {
        node.owner = Some(above.clone());
    }
    let owner = node.owner.clone();
    node.children.iter_mut().for_each(|child| hand_down(child, owner.as_ref()));
}
