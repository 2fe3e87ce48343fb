//! Removal of fields that a schema does not know.

use serde_json::{Map, Value};

use super::node::Node;
use super::place::Place;
use crate::FieldPath;

const TYPE_AND_METADATA: [&str; 3] = ["apiVersion", "kind", "metadata"];

const METADATA: [&str; 15] = [
    "annotations",
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "finalizers",
    "generateName",
    "generation",
    "labels",
    "managedFields",
    "name",
    "namespace",
    "ownerReferences",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// Prunes an object, with its metadata if it is a whole resource.
pub(super) fn prune(value: &mut Value, node: &Node, is_resource: bool) -> Vec<FieldPath> {
    let mut pruner = Pruner { removed: Vec::new() };
    pruner.value(value, node, is_resource, &Place::ROOT);
    pruner.removed.sort();
    pruner.removed
}

struct Pruner {
    removed: Vec<FieldPath>,
}

impl Pruner {
    fn value(&mut self, value: &mut Value, node: &Node, is_resource: bool, place: &Place<'_>) {
        let is_resource = is_resource || node.embedded_resource;
        match value {
            Value::Object(map) => self.object(map, node, is_resource, place),
            Value::Array(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    let place = place.index(index);
                    match node.items.as_deref() {
                        Some(child) if node.preserve_unknown => self.preserved(item, child, &place),
                        Some(child) => self.value(item, child, false, &place),
                        None if node.preserve_unknown => {}
                        None => self.unknown(item, &place),
                    }
                }
            }
            _ => {}
        }
    }

    fn object(&mut self, map: &mut Map<String, Value>, node: &Node, is_resource: bool, place: &Place<'_>) {
        if is_resource {
            self.metadata(map, place);
        }
        map.retain(|key, value| {
            if is_resource && TYPE_AND_METADATA.contains(&key.as_str()) {
                return true;
            }
            if let Some(child) = node.child(key) {
                self.value(value, child, false, &place.field(key));
                return true;
            }
            // `additionalProperties: true` keeps the key and says nothing of what is below it.
            let kept = node.preserve_unknown || matches!(node.additional, super::node::Additional::Allowed(_));
            if !kept {
                self.removed.push(place.field(key).field_path());
            } else if !node.preserve_unknown {
                self.unknown(value, &place.field(key));
            }
            kept
        });
    }

    /// Items of a list that preserves what it does not know: what is below is kept too, unless a schema prunes it.
    fn preserved(&mut self, value: &mut Value, node: &Node, place: &Place<'_>) {
        match value {
            Value::Object(map) => {
                for (key, value) in map.iter_mut() {
                    let skipped = node.embedded_resource && TYPE_AND_METADATA.contains(&key.as_str());
                    if let Some(child) = node.child(key).filter(|_| !skipped) {
                        self.value(value, child, false, &place.field(key));
                    }
                }
            }
            Value::Array(items) => {
                if let Some(child) = node.items.as_deref() {
                    for (index, item) in items.iter_mut().enumerate() {
                        self.preserved(item, child, &place.index(index));
                    }
                }
            }
            _ => {}
        }
    }

    /// A value of no schema: its fields go, in lists too.
    fn unknown(&mut self, value: &mut Value, place: &Place<'_>) {
        match value {
            Value::Object(map) => {
                self.removed.extend(map.keys().map(|key| place.field(key).field_path()));
                map.clear();
            }
            Value::Array(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    self.unknown(item, &place.index(index));
                }
            }
            _ => {}
        }
    }

    /// Metadata is what Kubernetes says it is, whatever the schema.
    fn metadata(&mut self, map: &mut Map<String, Value>, place: &Place<'_>) {
        let Some(metadata) = map.get_mut("metadata").and_then(Value::as_object_mut) else { return };
        let place = place.field("metadata");
        metadata.retain(|key, _| {
            let known = METADATA.contains(&key.as_str());
            if !known {
                self.removed.push(place.field(key).field_path());
            }
            known
        });
    }
}
