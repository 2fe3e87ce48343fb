//! What a live object becomes when the desired one is applied to it.
//!
//! Owns the offline model of server-side apply: desired fields win, fields that we do not set stay, fields that we owned
//! and no longer set go. Defaults and webhooks of a real API server are beyond it, and so is status, which apply does
//! not write.

mod core_kinds;
mod managers;
mod owned;
mod platform;

use std::sync::Arc;

use plat_resource::object::GroupVersionKind;
use plat_resource::{FieldPath, Map, Segment, Value};

pub use core_kinds::{CoreKind, immutable};
pub use managers::manager_of;
pub use owned::Owned;
pub use platform::PlatformSchemas;

use crate::diff::arrays::key_of;

/// Deeper values are replaced as a whole, so that no input can exhaust the stack.
const MAX_DEPTH: usize = 256;

/// How a list is merged (`x-kubernetes-list-type`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListType {
    /// Replaced as a whole.
    Atomic,
    /// United.
    Set,
    /// Merged by these keys.
    Map(Vec<String>),
}

/// Tells how the list at a path is merged.
pub trait Lists {
    /// The type of the list at `path`; `None` where nobody says, which merges as [`ListType::Atomic`].
    fn list(&self, path: &[Segment]) -> Option<ListType>;
}

/// What the schema of a kind says that a plan needs.
pub trait KindSchema: Lists {
    /// Why the API server would refuse to turn `live` into `after` and yet take `after` as a new object: rules that
    /// compare with the old object, such as `self == oldSelf`.
    fn refusals(&self, live: &Value, after: &Value) -> Vec<Refusal>;

    /// Fills in what the API server fills in on each write.
    fn apply_defaults(&self, object: &mut Value);
}

/// A change that the API server refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The field that the rule is about.
    pub field: FieldPath,
    /// The reason, as the API server gives it.
    pub message: String,
}

/// Finds the schema of a kind.
pub trait Schemas {
    /// The schema of `kind`, where one is known.
    fn of(&self, kind: &GroupVersionKind) -> Option<Arc<dyn KindSchema>>;
}

/// No schema at all.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoSchemas;

impl Schemas for NoSchemas {
    fn of(&self, _kind: &GroupVersionKind) -> Option<Arc<dyn KindSchema>> {
        None
    }
}

impl Lists for NoSchemas {
    fn list(&self, _path: &[Segment]) -> Option<ListType> {
        None
    }
}

/// `live` after `desired` was applied to it by the owner of `owned`.
pub fn predict(live: &Value, desired: &Value, owned: &Owned<'_>, lists: &CoreKind<'_>) -> Value {
    let mut result = live.clone();
    owned.prune(&mut result, desired);
    let mut merger = Merger { lists, path: Vec::new() };
    merger.merge(&mut result, desired);
    lists.apply_defaults(&mut result);
    result
}

/// Adds to `target` what `defaults` has and it lacks; lists are left alone.
pub fn fill(target: &mut Value, defaults: &Value) {
    fill_to(target, defaults, 0);
}

fn fill_to(target: &mut Value, defaults: &Value, depth: usize) {
    let (Value::Object(target), Value::Object(defaults)) = (target, defaults) else { return };
    for (key, value) in defaults {
        match target.get_mut(key) {
            Some(slot) if depth < MAX_DEPTH => fill_to(slot, value, depth + 1),
            Some(_) => {}
            None => {
                target.insert(key.clone(), value.clone());
            }
        }
    }
}

struct Merger<'a> {
    lists: &'a CoreKind<'a>,
    path: Vec<Segment>,
}

impl Merger<'_> {
    fn merge(&mut self, live: &mut Value, desired: &Value) {
        match (live, desired) {
            (Value::Object(live), Value::Object(desired)) if self.path.len() < MAX_DEPTH => self.objects(live, desired),
            (Value::Array(live), Value::Array(desired)) if self.path.len() < MAX_DEPTH => self.arrays(live, desired),
            (live, desired) if same(live, desired) || self.lists.same_quantity(&self.path, live, desired) => {}
            (live, desired) => *live = without_nulls(desired),
        }
    }

    fn objects(&mut self, live: &mut Map<String, Value>, desired: &Map<String, Value>) {
        for (key, value) in desired {
            if value.is_null() {
                live.remove(key);
                continue;
            }
            let Some(slot) = live.get_mut(key) else {
                live.insert(key.clone(), without_nulls(value));
                continue;
            };
            self.path.push(Segment::Field(key.clone()));
            self.merge(slot, value);
            self.path.pop();
        }
    }

    fn arrays(&mut self, live: &mut Vec<Value>, desired: &[Value]) {
        match self.lists.list(&self.path) {
            Some(ListType::Set) => {
                for item in desired {
                    if !live.iter().any(|have| same(have, item)) {
                        live.push(item.clone());
                    }
                }
            }
            Some(ListType::Map(keys)) => self.list_map(live, desired, &keys),
            Some(ListType::Atomic) | None => {
                if !(live.len() == desired.len() && live.iter().zip(desired).all(|(one, other)| same(one, other))) {
                    *live = desired.to_vec();
                }
            }
        }
    }

    fn list_map(&mut self, live: &mut Vec<Value>, desired: &[Value], keys: &[String]) {
        let places: std::collections::BTreeMap<_, _> =
            live.iter().enumerate().filter_map(|(index, item)| Some((key_of(item, keys)?, index))).collect();
        for item in desired {
            let place = key_of(item, keys).and_then(|key| places.get(&key).copied());
            match place.and_then(|place| live.get_mut(place).map(|slot| (place, slot))) {
                Some((place, slot)) => {
                    self.path.push(Segment::Index(u32::try_from(place).unwrap_or(u32::MAX)));
                    self.merge(slot, item);
                    self.path.pop();
                }
                None => live.push(without_nulls(item)),
            }
        }
    }
}

/// The API server drops nulls of fields that are not nullable.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(
            map.iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| (key.clone(), without_nulls(value)))
                .collect(),
        ),
        other => other.clone(),
    }
}

/// Equal, where `1` and `1.0` are one number.
pub(crate) fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, value)| other.get(key).is_some_and(|other| same(value, other)))
        }
        _ => one == other,
    }
}

#[cfg(test)]
mod tests;
