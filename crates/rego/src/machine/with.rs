//! `with`: another input, other data or other functions, for one step.

use std::collections::BTreeMap;

use super::{Cached, Flow, Machine, Mock, Next, World};
use crate::ast::Name;
use crate::ir::{Step, Target};
use crate::value::{Object, Value};

impl<'p> Machine<'p> {
    /// Runs a step in a changed world; what follows it runs in the world as it was.
    pub(super) fn with(&mut self, step: &'p Step, next: Next<'_, 'p>) -> Flow {
        let mut changed = World { cache: vec![Cached::Unknown; self.rules.groups.len()], ..self.world.clone() };
        self.budget.items(self.rules.groups.len())?;
        let mut values = Vec::new();
        for with in &step.with {
            let Some(mock) = self.replacement(&with.replacement)? else { return Ok(()) };
            values.push((&with.target, mock));
        }
        for (target, mock) in values {
            change(&mut changed, target, mock);
        }
        let mut other = std::mem::replace(&mut self.world, changed);
        let result = self.bare(step, &mut |machine| {
            std::mem::swap(&mut machine.world, &mut other);
            let result = next(machine);
            std::mem::swap(&mut machine.world, &mut other);
            result
        });
        std::mem::swap(&mut self.world, &mut other);
        result
    }
}

impl Machine<'_> {
    /// The world without other functions.
    pub(super) fn unmocked(&self) -> World {
        let cache = vec![Cached::Unknown; self.rules.groups.len()];
        World { functions: BTreeMap::new(), builtins: BTreeMap::new(), cache, ..self.world.clone() }
    }
}

fn change(world: &mut World, target: &Target, mock: Mock) {
    match (target, mock) {
        (Target::Input(path), Mock::Value(value)) => {
            let before = world.input.take().unwrap_or_else(|| Value::object(vec![]));
            world.input = Some(replaced(&before, path, value));
        }
        (Target::Data(path, node), Mock::Value(value)) => {
            world.data = replaced(&world.data, path, value);
            world.shadowed.extend(node);
        }
        (Target::Function(group), mock) => {
            world.functions.insert(*group, mock);
        }
        (Target::Builtin(name), mock) => {
            world.builtins.insert(name, mock);
        }
        (Target::Input(_) | Target::Data(..), Mock::Other(_) | Mock::Function(_)) => {}
    }
}

/// The value with another one at a path; what is no object on the way becomes one.
fn replaced(value: &Value, path: &[Name], with: Value) -> Value {
    let Some((name, rest)) = path.split_first() else { return with };
    let empty = Object::default();
    let object = match value {
        Value::Object(object) => object,
        _ => &empty,
    };
    let key = Value::String(name.clone());
    let below = object.get(&key).cloned().unwrap_or_else(|| Value::object(vec![]));
    Value::Object(object.with(&key, replaced(&below, rest, with)).into())
}
