//! One mutator at work on one object: down the location, and the change at its end.
//!
//! Owns the way through objects and lists, what is made where it is missing, and the changes themselves. Does not match,
//! and knows nothing of other mutators.

use plat_resource::{Object, Value};

use super::image::ImageParts;
use super::location::{Step, Which};
use super::{Location, PathTests};

/// What is done at the end of a location.
#[derive(Debug, Clone, Copy)]
pub(super) enum Change<'a> {
    /// The value is put there.
    Assign(&'a Value),
    /// The values are added to the list there.
    Merge(&'a [Value]),
    /// The values are taken out of the list there.
    Prune(&'a [Value]),
    /// Parts of the image reference there are replaced.
    Image(&'a ImageParts),
}

/// What came of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Effect {
    /// The end of the location was reached, as Gatekeeper counts it: also where everything was so already.
    pub(super) applied: bool,
    /// Something is other than before.
    pub(super) changed: bool,
}

/// Why it could not be done, and at which step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Obstacle {
    /// How many steps lead to the place.
    pub(super) depth: usize,
    /// What is wrong there.
    pub(super) reason: String,
}

/// Changes `object` at `location`.
pub(super) fn apply(
    object: &mut Value,
    location: &Location,
    tests: &PathTests,
    change: Change<'_>,
) -> Result<Effect, Obstacle> {
    Walk { steps: location.steps(), tests, change }.step(object, 0)
}

struct Walk<'a> {
    steps: &'a [Step],
    tests: &'a PathTests,
    change: Change<'a>,
}

impl Effect {
    const NONE: Self = Self { applied: false, changed: false };

    fn and(self, other: Self) -> Self {
        Self { applied: self.applied || other.applied, changed: self.changed || other.changed }
    }
}

impl Walk<'_> {
    fn step(&self, current: &mut Value, depth: usize) -> Result<Effect, Obstacle> {
        match self.steps.get(depth) {
            None => Err(Obstacle { depth, reason: "attempting to mutate an empty target location".to_owned() }),
            Some(Step::Field(name)) => match current {
                Value::Object(fields) => self.field(fields, name, depth),
                other => Err(mismatch(depth, "an object", other)),
            },
            Some(Step::Elements { key, which }) => match current {
                Value::Array(items) if self.is_last(depth) => self.put_element(items, key, which, depth),
                Value::Array(items) => self.elements(items, key, which, depth),
                other => Err(mismatch(depth, "a list", other)),
            },
        }
    }

    fn is_last(&self, depth: usize) -> bool {
        depth + 1 == self.steps.len()
    }

    /// What a step that leads nowhere is given: a list where the next step looks for elements, else an object.
    fn missing(&self, depth: usize) -> Value {
        match self.steps.get(depth + 1) {
            Some(Step::Elements { .. }) => Value::Array(Vec::new()),
            _ => Value::Object(Object::new()),
        }
    }

    fn field(&self, fields: &mut Object, name: &str, depth: usize) -> Result<Effect, Obstacle> {
        let exists = fields.contains_key(name);
        if (exists && !self.tests.allow_existing(depth)) || (!exists && !self.tests.allow_missing(depth)) {
            return Ok(Effect::NONE);
        }
        if self.is_last(depth) {
            let changed = self.change.make(fields, name).map_err(|reason| Obstacle { depth: depth + 1, reason })?;
            return Ok(Effect { applied: true, changed });
        }
        if let Some(next) = fields.get_mut(name) {
            return self.step(next, depth + 1);
        }
        let mut made = self.missing(depth);
        let effect = self.step(&mut made, depth + 1)?;
        if !effect.applied {
            return Ok(effect);
        }
        fields.insert(name.to_owned(), made);
        Ok(Effect { applied: true, changed: true })
    }

    fn elements(&self, items: &mut Vec<Value>, key: &str, which: &Which, depth: usize) -> Result<Effect, Obstacle> {
        let is_glob = *which == Which::All;
        if is_glob && !self.tests.allow_existing(depth) {
            return Ok(Effect::NONE);
        }
        let mut effect = Effect::NONE;
        let mut found = false;
        for item in items.iter_mut() {
            if !is_glob && !item.get(key).is_some_and(|value| which.is(value)) {
                continue;
            }
            if !self.tests.allow_existing(depth) {
                return Ok(Effect::NONE);
            }
            effect = effect.and(self.step(item, depth + 1)?);
            found = true;
        }
        let (false, Some(value)) = (found, which.value()) else { return Ok(effect) };
        if !self.tests.allow_missing(depth) {
            return Ok(Effect::NONE);
        }
        let mut made = Value::Object(Object::from_iter([(key.to_owned(), value)]));
        let added = self.step(&mut made, depth + 1)?;
        if !added.applied {
            return Ok(added);
        }
        items.push(made);
        Ok(Effect { applied: true, changed: true })
    }

    /// The change where the location ends in a list: the element with the key is replaced, or one is added.
    fn put_element(&self, items: &mut Vec<Value>, key: &str, which: &Which, depth: usize) -> Result<Effect, Obstacle> {
        let obstacle = |reason: &str| Obstacle { depth, reason: reason.to_owned() };
        let Change::Assign(value) = self.change else {
            return Err(obstacle("mutator does not understand keyed lists"));
        };
        if *which == Which::All {
            return Err(obstacle("last path entry can not be globbed"));
        }
        if !value.is_object() {
            return Err(obstacle("only an object can be an element of this list"));
        }
        for item in items.iter_mut() {
            if !item.is_object() {
                return Err(obstacle("an element of the list is no object, so it has no key to compare"));
            }
            if !item.get(key).is_some_and(|value| which.is(value)) {
                continue;
            }
            if !value.get(key).is_some_and(|value| which.is(value)) {
                return Err(obstacle("key value of replaced object must not change"));
            }
            if !self.tests.allow_existing(depth) {
                return Ok(Effect::NONE);
            }
            let changed = item != value;
            if changed {
                *item = value.clone();
            }
            return Ok(Effect { applied: true, changed });
        }
        if !self.tests.allow_missing(depth) {
            return Ok(Effect::NONE);
        }
        items.push(value.clone());
        Ok(Effect { applied: true, changed: true })
    }
}

impl Change<'_> {
    /// Makes the change to one field, and says whether anything is other than before.
    fn make(self, fields: &mut Object, name: &str) -> Result<bool, String> {
        match self {
            Self::Assign(value) => {
                let changed = fields.get(name) != Some(value);
                if changed {
                    fields.insert(name.to_owned(), value.clone());
                }
                Ok(changed)
            }
            Self::Merge(values) => merge(fields, name, values),
            Self::Prune(values) => prune(fields, name, values),
            Self::Image(parts) => {
                let before = match fields.get(name) {
                    None => None,
                    Some(Value::String(text)) => Some(text.as_str()),
                    Some(other) => return Err(format!("it is {}, an image reference is a string", kind(other))),
                };
                let after = parts.apply(before.unwrap_or_default());
                let changed = before != Some(after.as_str());
                if changed {
                    fields.insert(name.to_owned(), Value::String(after));
                }
                Ok(changed)
            }
        }
    }
}

fn merge(fields: &mut Object, name: &str, values: &[Value]) -> Result<bool, String> {
    let Some(existing) = fields.get_mut(name) else {
        fields.insert(name.to_owned(), Value::Array(values.to_vec()));
        return Ok(true);
    };
    let Value::Array(items) = existing else { return Err(no_set(existing)) };
    let before = items.len();
    for value in values {
        if !items.contains(value) {
            items.push(value.clone());
        }
    }
    Ok(items.len() > before)
}

fn prune(fields: &mut Object, name: &str, values: &[Value]) -> Result<bool, String> {
    let Some(existing) = fields.get_mut(name) else { return Ok(false) };
    let Value::Array(items) = existing else { return Err(no_set(existing)) };
    let before = items.len();
    items.retain(|item| !values.contains(item));
    Ok(items.len() < before)
}

fn no_set(value: &Value) -> String {
    format!("it is {}, not a list of values, so it cannot be treated as a set", kind(value))
}

fn mismatch(depth: usize, wanted: &str, found: &Value) -> Obstacle {
    Obstacle { depth, reason: format!("it is {}, the location wants {wanted}", kind(found)) }
}

/// What a value is, in words.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests;
