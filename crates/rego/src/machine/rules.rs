//! What the rules of one name give: one value, a function's result, or all elements.

use std::collections::BTreeMap;

use super::{Cached, Flow, Machine, Stop};
use crate::EvalError;
use crate::ir::{Branch, Clause, Group, GroupId, GroupKind};
use crate::value::{Object, Value};

/// What partial rules collected so far.
enum Extent {
    Leaf(Value),
    Elements(Vec<Value>),
    Keys(BTreeMap<Value, Extent>),
}

impl Extent {
    fn value(self) -> Value {
        match self {
            Self::Leaf(value) => value,
            Self::Elements(items) => Value::set(items),
            Self::Keys(keys) => Value::object(keys.into_iter().map(|(key, below)| (key, below.value())).collect()),
        }
    }

    /// Adds a value below a path of keys; false when another one stands there.
    fn add(&mut self, path: &[Value], value: Value, element: bool) -> bool {
        match (path.split_first(), self) {
            (Some((key, rest)), Self::Keys(keys)) => {
                if let Some(below) = keys.get_mut(key) {
                    below.add(rest, value, element)
                } else {
                    let mut below = match (rest.is_empty(), element) {
                        (false, _) => Self::Keys(BTreeMap::new()),
                        (true, true) => Self::Elements(vec![]),
                        (true, false) => Self::Leaf(value.clone()),
                    };
                    let added = below.add(rest, value, element);
                    keys.insert(key.clone(), below);
                    added
                }
            }
            (None, Self::Elements(items)) if element => {
                items.push(value);
                true
            }
            (None, Self::Leaf(known)) if !element => *known == value,
            _ => false,
        }
    }
}

impl<'p> Machine<'p> {
    /// The value of the rules of one name, asked once.
    pub(super) fn group(&mut self, id: GroupId) -> Flow<Option<Value>> {
        if let Some(Cached::Known(value)) = self.world.cache.get(id) {
            return Ok(value.clone());
        }
        let Some(group) = self.rules.groups.get(id) else { return Ok(None) };
        let value = self.deeper(|machine| match group.kind {
            GroupKind::Partial => machine.partial(group).map(Some),
            GroupKind::Complete | GroupKind::Function(_) => machine.complete(group, &[]),
        })?;
        if let Some(place) = self.world.cache.get_mut(id) {
            *place = Cached::Known(value.clone());
        }
        Ok(value)
    }

    /// A function's result.
    pub(super) fn call(&mut self, id: GroupId, arguments: &[Value]) -> Flow<Option<Value>> {
        let Some(group) = self.rules.groups.get(id) else { return Ok(None) };
        self.deeper(|machine| machine.complete(group, arguments))
    }

    fn complete(&mut self, group: &'p Group, arguments: &[Value]) -> Flow<Option<Value>> {
        let mut found: Option<Value> = None;
        for clause in &group.clauses {
            if found.is_some() && group.constant {
                break;
            }
            let Some(value) = self.clause(clause, arguments)? else { continue };
            match &found {
                Some(known) if *known != value => return Err(conflict(group)),
                _ => found = Some(value),
            }
        }
        match (&found, &group.default) {
            (None, Some(default)) => self.clause(default, arguments),
            _ => Ok(found),
        }
    }

    /// The value of one rule: its body's, or that of the first `else` that holds.
    fn clause(&mut self, clause: &'p Clause, arguments: &[Value]) -> Flow<Option<Value>> {
        for branch in &clause.branches {
            let value = self.framed(clause.slots, |machine| {
                for (pattern, argument) in clause.arguments.iter().zip(arguments) {
                    if !machine.fits(pattern, argument)? {
                        return Ok(None);
                    }
                }
                machine.branch(clause, branch)
            })?;
            if value.is_some() {
                return Ok(value);
            }
        }
        Ok(None)
    }

    fn branch(&mut self, clause: &'p Clause, branch: &'p Branch) -> Flow<Option<Value>> {
        let constant = matches!(branch.value, crate::ir::Term::Const(_));
        let (mut found, mut clash): (Option<Value>, bool) = (None, false);
        let result = self.body(&branch.body, &mut |machine| {
            let Some(value) = machine.ground(&branch.value)? else { return Ok(()) };
            match &found {
                Some(known) if *known != value => {
                    clash = true;
                    return Err(Stop::Enough);
                }
                _ => found = Some(value),
            }
            if constant { Err(Stop::Enough) } else { Ok(()) }
        });
        match result {
            Ok(()) | Err(Stop::Enough) if !clash => {}
            Ok(()) | Err(Stop::Enough) => {
                let message = if clause.arguments.is_empty() {
                    "complete rules must not produce multiple outputs"
                } else {
                    "functions must not produce multiple outputs for same inputs"
                };
                return Err(EvalError::Failed(message.to_owned()).into());
            }
            Err(error) => return Err(error),
        }
        if found.is_some() {
            self.mark(clause.module, branch.place.line);
        }
        Ok(found)
    }

    fn mark(&mut self, module: usize, line: u32) {
        if let Some(lines) = &mut self.lines {
            lines.insert((module, line));
        }
    }

    fn partial(&mut self, group: &'p Group) -> Flow<Value> {
        if group.is_set {
            return self.elements(group);
        }
        let mut extent = Extent::Keys(BTreeMap::new());
        for clause in &group.clauses {
            let Some(branch) = clause.branches.first() else { continue };
            self.framed(clause.slots, |machine| {
                machine.body(&branch.body, &mut |machine| {
                    let mut keys = Vec::with_capacity(clause.keys.len());
                    for key in &clause.keys {
                        let Some(key) = machine.ground(key)? else { return Ok(()) };
                        keys.push(key);
                    }
                    let Some(value) = machine.ground(&branch.value)? else { return Ok(()) };
                    machine.budget.items(keys.len() + 1)?;
                    machine.mark(clause.module, branch.place.line);
                    if extent.add(&keys, value, clause.element) {
                        return Ok(());
                    }
                    Err(EvalError::Failed("object keys must be unique".to_owned()).into())
                })
            })?;
        }
        Ok(match extent.value() {
            Value::Object(object) => Value::Object(object),
            _ => Value::Object(Object::default().into()),
        })
    }

    fn elements(&mut self, group: &'p Group) -> Flow<Value> {
        let mut items = Vec::new();
        for clause in &group.clauses {
            let Some(branch) = clause.branches.first() else { continue };
            self.framed(clause.slots, |machine| {
                machine.body(&branch.body, &mut |machine| {
                    if let Some(value) = machine.ground(&branch.value)? {
                        machine.budget.items(1)?;
                        machine.mark(clause.module, branch.place.line);
                        items.push(value);
                    }
                    Ok(())
                })
            })?;
        }
        Ok(Value::set(items))
    }
}

fn conflict(group: &Group) -> Stop {
    let message = match group.kind {
        GroupKind::Function(_) => "functions must not produce multiple outputs for same inputs",
        _ => "complete rules must not produce multiple outputs",
    };
    EvalError::Failed(message.to_owned()).into()
}
