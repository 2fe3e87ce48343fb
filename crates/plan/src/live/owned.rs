//! Which fields of a live object are ours: by `metadata.managedFields`, or by what kubectl applied last.

use std::borrow::Cow;

use plat_resource::object::value_at;
use plat_resource::{Map, Segment, Value};
use serde_json::json;

use super::{ListType, Lists, same};
use crate::constants::LAST_APPLIED;

const MAX_DEPTH: usize = 256;

/// Trees of owned fields in the form of `fieldsV1`: those of the one who applies, and those of everybody else.
#[derive(Debug, Default)]
pub struct Owned<'a> {
    ours: Vec<Cow<'a, Value>>,
    others: Vec<&'a Value>,
    known: bool,
}

impl<'a> Owned<'a> {
    /// Owns nothing, and nobody knows what it did own: no removals can be told.
    pub fn unknown() -> Self {
        Self::default()
    }

    /// What the field managers whose name begins with `manager` own of `live`.
    pub fn by_manager(live: &'a Value, manager: &str) -> Self {
        let mut owned = Self::default();
        let entries = value_at(live, &["metadata", "managedFields"]).and_then(Value::as_array);
        for entry in entries.into_iter().flatten() {
            let Some(fields) = entry.get("fieldsV1") else { continue };
            if entry.get("subresource").and_then(Value::as_str).is_some_and(|name| !name.is_empty()) {
                continue;
            }
            let is_ours = entry.get("manager").and_then(Value::as_str).is_some_and(|name| name.starts_with(manager));
            if is_ours {
                owned.ours.push(Cow::Borrowed(fields));
            } else {
                owned.others.push(fields);
            }
        }
        owned.known = !owned.ours.is_empty();
        owned
    }

    /// What `kubectl apply` wrote of `live`: its annotation, or its managed fields where it applied server-side.
    pub fn by_kubectl(live: &'a Value, lists: &dyn Lists) -> Self {
        let annotation = plat_resource::object::annotation(live, LAST_APPLIED);
        let Some(applied) = annotation.and_then(|text| serde_json::from_str::<Value>(text).ok()) else {
            return Self::by_manager(live, "kubectl");
        };
        Self { ours: vec![Cow::Owned(fields_of(&applied, lists, &mut Vec::new()))], others: Vec::new(), known: true }
    }

    /// Whether removals can be told at all.
    pub fn is_known(&self) -> bool {
        self.known
    }

    /// Takes out of `result` what is ours alone and not in `desired`.
    pub(super) fn prune(&self, result: &mut Value, desired: &Value) {
        for ours in &self.ours {
            prune(ours, &self.others, result, Some(desired), 0);
        }
    }
}

fn prune(ours: &Value, others: &[&Value], result: &mut Value, desired: Option<&Value>, depth: usize) {
    let Some(fields) = ours.as_object().filter(|_| depth < MAX_DEPTH) else { return };
    match result {
        Value::Object(map) => prune_object(fields, others, map, desired, depth),
        Value::Array(items) => prune_array(fields, others, items, desired, depth),
        _ => {}
    }
}

fn prune_object(
    fields: &Map<String, Value>,
    others: &[&Value],
    result: &mut Map<String, Value>,
    desired: Option<&Value>,
    depth: usize,
) {
    for (field, below) in fields {
        let Some(key) = field.strip_prefix("f:") else { continue };
        // Identity is never given up, and status is not ours to apply.
        if depth == 0 && matches!(key, "apiVersion" | "kind" | "status") {
            continue;
        }
        let Some(slot) = result.get_mut(key) else { continue };
        let wanted = desired.and_then(|desired| desired.get(key)).filter(|wanted| !wanted.is_null());
        let others = below_in(others, field);
        prune(below, &others, slot, wanted, depth + 1);
        if wanted.is_none() && others.is_empty() && is_given_up(below, slot) {
            result.remove(key);
        }
    }
}

fn prune_array(
    fields: &Map<String, Value>,
    others: &[&Value],
    result: &mut Vec<Value>,
    desired: Option<&Value>,
    depth: usize,
) {
    let wanted = desired.and_then(Value::as_array);
    for (field, below) in fields {
        let matches: Box<dyn Fn(&Value) -> bool> = if let Some(keys) = field.strip_prefix("k:") {
            let Ok(Value::Object(keys)) = serde_json::from_str(keys) else { continue };
            Box::new(move |item| keys.iter().all(|(key, value)| item.get(key).is_some_and(|have| same(have, value))))
        } else if let Some(value) = field.strip_prefix("v:") {
            let Ok(value) = serde_json::from_str::<Value>(value) else { continue };
            Box::new(move |item| same(item, &value))
        } else {
            continue;
        };
        let Some(index) = result.iter().position(&matches) else { continue };
        let wanted = wanted.and_then(|items| items.iter().find(|item| matches(item)));
        let others = below_in(others, field);
        let Some(slot) = result.get_mut(index) else { continue };
        prune(below, &others, slot, wanted, depth + 1);
        if wanted.is_none() && others.is_empty() {
            result.remove(index);
        }
    }
}

fn below_in<'a>(others: &[&'a Value], field: &str) -> Vec<&'a Value> {
    others.iter().filter_map(|other| other.get(field)).collect()
}

/// A leaf goes; a container goes when we own it as such or nothing is left in it.
fn is_given_up(below: &Value, slot: &Value) -> bool {
    let is_leaf = below.as_object().is_none_or(Map::is_empty);
    is_leaf || slot.as_object().is_some_and(Map::is_empty) || slot.as_array().is_some_and(Vec::is_empty)
}

/// The tree of `fieldsV1` that applying `value` would give.
fn fields_of(value: &Value, lists: &dyn Lists, path: &mut Vec<Segment>) -> Value {
    match value {
        Value::Object(map) if path.len() < MAX_DEPTH => {
            let mut fields = Map::new();
            for (key, value) in map {
                path.push(Segment::Field(key.clone()));
                fields.insert(format!("f:{key}"), fields_of(value, lists, path));
                path.pop();
            }
            Value::Object(fields)
        }
        Value::Array(items) => match lists.list(path) {
            Some(ListType::Map(keys)) => items.iter().map(|item| keyed(item, &keys, lists, path)).collect(),
            Some(ListType::Set) => items.iter().map(|item| (format!("v:{item}"), json!({}))).collect(),
            Some(ListType::Atomic) | None => json!({}),
        },
        _ => json!({}),
    }
}

fn keyed(item: &Value, keys: &[String], lists: &dyn Lists, path: &mut Vec<Segment>) -> (String, Value) {
    let named: Map<String, Value> = keys.iter().filter_map(|key| Some((key.clone(), item.get(key)?.clone()))).collect();
    path.push(Segment::Index(0));
    let below = fields_of(item, lists, path);
    path.pop();
    (format!("k:{}", Value::Object(named)), below)
}
