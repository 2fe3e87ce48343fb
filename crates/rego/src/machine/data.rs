//! The document `data`: rules and given values in one tree.

use super::{Each, Flow, Machine, Stop};
use crate::ir::{GroupKind, NodeId, Term};
use crate::value::Value;

impl<'p> Machine<'p> {
    /// A reference below `data` whose first elements were looked up before.
    pub(super) fn each_static(
        &mut self,
        node: Option<NodeId>,
        taken: usize,
        path: &'p [Term],
        each: Each<'_, 'p>,
    ) -> Flow {
        if !self.world.shadowed.is_empty() {
            return self.each_node(0, true, path, each);
        }
        let Some(rest) = path.get(taken..) else { return Ok(()) };
        let group = node.and_then(|node| self.rules.nodes.get(node)?.group);
        if let (Some(node), Some(_)) = (node, group) {
            return self.each_group(node, rest, each);
        }
        match node {
            None => {
                let data = self.world.data.clone();
                self.each_inside(&data, path, each)
            }
            Some(_) => self.each_node(0, true, path, each),
        }
    }

    /// A path from the root, known when it runs.
    pub(super) fn each_data(&mut self, path: &[Term], each: Each<'_, 'p>) -> Flow {
        let names: Vec<_> = path
            .iter()
            .filter_map(|term| match term {
                Term::Const(Value::String(name)) => Some(name.clone()),
                _ => None,
            })
            .collect();
        let (node, taken) = self.rules.walk(&names);
        let value = match node {
            Some(node) => self.whole(node, names.get(..taken).unwrap_or_default())?,
            None => lookup(&self.world.data, &names),
        };
        let rest = if node.is_some() { taken } else { names.len() };
        match value.and_then(|value| lookup(&value, names.get(rest..).unwrap_or_default())) {
            Some(value) => each(self, &value),
            None => Ok(()),
        }
    }

    fn each_group(&mut self, node: NodeId, rest: &'p [Term], each: Each<'_, 'p>) -> Flow {
        match self.whole_rule(node)? {
            Some(value) => self.each_inside(&value, rest, each),
            None => Ok(()),
        }
    }

    /// What the rules of a node give, with those below it.
    fn whole_rule(&mut self, node: NodeId) -> Flow<Option<Value>> {
        let Some(found) = self.rules.nodes.get(node) else { return Ok(None) };
        let Some(group) = found.group else { return Ok(None) };
        let own = match self.rules.groups.get(group).map(|group| group.kind) {
            Some(GroupKind::Function(_)) | None => return Ok(None),
            Some(_) => self.group(group)?,
        };
        if found.children.is_empty() {
            return Ok(own);
        }
        let Some(mut whole) = own else { return Ok(None) };
        for (name, child) in &found.children {
            let below = if self.rules.nodes.get(*child).is_some_and(|child| child.group.is_some()) {
                self.whole_rule(*child)?
            } else {
                self.whole_below(*child, None)?
            };
            if let Some(value) = below {
                let below = Value::object(vec![(Value::String(name.clone()), value)]);
                whole = joined(&whole, &below).ok_or_else(conflict)?;
            }
        }
        Ok(Some(whole))
    }

    /// A path from a node on. `base` says whether `path` is still the one from the root, for what was given.
    fn each_node(&mut self, node: NodeId, base: bool, path: &'p [Term], each: Each<'_, 'p>) -> Flow {
        let given = if base { Some(self.world.data.clone()) } else { None };
        self.each_merged(Some(node), given, path, each)
    }

    fn each_merged(
        &mut self,
        node: Option<NodeId>,
        given: Option<Value>,
        path: &'p [Term],
        each: Each<'_, 'p>,
    ) -> Flow {
        let node = node.filter(|node| !self.world.shadowed.contains(node));
        let Some(node) = node else {
            return match given {
                Some(value) => self.each_inside(&value, path, each),
                None => Ok(()),
            };
        };
        let Some(found) = self.rules.nodes.get(node) else { return Ok(()) };
        if found.group.is_some() {
            return self.each_group(node, path, each);
        }
        let Some((element, rest)) = path.split_first() else {
            return match self.whole_below(node, given)? {
                Some(value) => each(self, &value),
                None => Ok(()),
            };
        };
        if self.is_evaluable(element) {
            let Some(key) = self.ground(element)? else { return Ok(()) };
            return self.each_merged_child(node, given.as_ref(), &key, rest, each);
        }
        let mut keys: Vec<Value> = found.children.keys().map(|name| Value::String(name.clone())).collect();
        if let Some(Value::Object(object)) = &given {
            keys.extend(object.pairs().iter().map(|(key, _)| key.clone()));
        }
        keys.sort();
        keys.dedup();
        for key in &keys {
            self.matched(element, key, &mut |machine| {
                machine.each_merged_child(node, given.as_ref(), key, rest, each)
            })?;
        }
        Ok(())
    }

    fn each_merged_child(
        &mut self,
        node: NodeId,
        given: Option<&Value>,
        key: &Value,
        rest: &'p [Term],
        each: Each<'_, 'p>,
    ) -> Flow {
        let child = match key {
            Value::String(name) => self.rules.nodes.get(node).and_then(|node| node.children.get(name)).copied(),
            _ => None,
        };
        let below = given.and_then(|given| given.get(key)).cloned();
        self.deeper(|machine| machine.each_merged(child, below, rest, each))
    }

    /// The whole document of a node.
    fn whole(&mut self, node: NodeId, path: &[crate::ast::Name]) -> Flow<Option<Value>> {
        if self.rules.nodes.get(node).is_some_and(|node| node.group.is_some()) {
            return self.whole_rule(node);
        }
        let given = lookup(&self.world.data, path);
        self.whole_below(node, given)
    }

    fn whole_below(&mut self, node: NodeId, given: Option<Value>) -> Flow<Option<Value>> {
        let node = Some(node).filter(|node| !self.world.shadowed.contains(node));
        let Some(found) = node.and_then(|node| self.rules.nodes.get(node)) else { return Ok(given) };
        let mut pairs = match &given {
            Some(Value::Object(object)) => object.pairs().to_vec(),
            _ => vec![],
        };
        for (name, child) in &found.children {
            let key = Value::String(name.clone());
            let below = given.as_ref().and_then(|given| given.get(&key)).cloned();
            let shadowed = self.world.shadowed.contains(child);
            let rule = self.rules.nodes.get(*child).is_some_and(|child| child.group.is_some());
            let value = match (shadowed, rule) {
                (true, _) => below,
                (false, true) => self.deeper(|machine| machine.whole_rule(*child))?.or(below),
                (false, false) => self.deeper(|machine| machine.whole_below(*child, below))?,
            };
            if let Some(value) = value {
                pairs.push((key, value));
            }
        }
        self.budget.items(pairs.len() * 2)?;
        Ok(Some(Value::object(pairs)))
    }
}

fn conflict() -> Stop {
    crate::EvalError::Failed("object keys must be unique".to_owned()).into()
}

/// What two rules made of one path: objects and sets are joined, other values must agree.
fn joined(left: &Value, right: &Value) -> Option<Value> {
    match (left, right) {
        (Value::Object(lefts), Value::Object(rights)) => {
            let mut pairs = lefts.pairs().to_vec();
            for (key, value) in rights.pairs() {
                let value = match lefts.get(key) {
                    Some(known) => joined(known, value)?,
                    None => value.clone(),
                };
                pairs.push((key.clone(), value));
            }
            Some(Value::object(pairs))
        }
        (Value::Set(lefts), Value::Set(rights)) => {
            Some(Value::set(lefts.items().iter().chain(rights.items()).cloned().collect()))
        }
        _ => (left == right).then(|| left.clone()),
    }
}

/// What stands at a path inside of a value.
pub(super) fn lookup(value: &Value, path: &[crate::ast::Name]) -> Option<Value> {
    let mut current = value;
    for name in path {
        match current {
            Value::Object(object) => current = object.get_text(name)?,
            _ => return None,
        }
    }
    Some(current.clone())
}
