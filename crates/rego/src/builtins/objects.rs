//! Functions of objects.

use super::arguments::{argument, array, object, set};
use super::{Outcome, Problem, Row};
use crate::budget::Budget;
use crate::value::{Object, Set, Value};

pub(super) const ROWS: &[Row] = &[
    ("object.get", 3, get),
    ("object.keys", 1, |_, values| {
        Ok(Value::set(object(values, 0)?.pairs().iter().map(|(key, _)| key.clone()).collect()))
    }),
    ("object.remove", 2, |budget, values| filter(budget, values, false)),
    ("object.filter", 2, |budget, values| filter(budget, values, true)),
    ("object.union", 2, |budget, values| {
        Ok(Value::Object(merged(budget, object(values, 0)?, object(values, 1)?)?.into()))
    }),
    ("object.union_n", 1, union_n),
    ("object.subset", 2, |_, values| subset(argument(values, 0)?, argument(values, 1)?)),
    ("graph.reachable", 2, reachable),
    ("graph.reachable_paths", 2, reachable_paths),
];

fn get(_: &mut Budget, values: &[Value]) -> Outcome {
    let (found, key, default) = (object(values, 0)?, argument(values, 1)?, argument(values, 2)?);
    let Value::Array(path) = key else { return Ok(found.get(key).unwrap_or(default).clone()) };
    let mut current = argument(values, 0)?;
    for element in path.iter() {
        match current.get(element) {
            Some(next) => current = next,
            None => return Ok(default.clone()),
        }
    }
    Ok(current.clone())
}

fn filter(budget: &mut Budget, values: &[Value], keep: bool) -> Outcome {
    let given = object(values, 0)?;
    let keys = match argument(values, 1)? {
        Value::Object(keys) => Set::new(keys.pairs().iter().map(|(key, _)| key.clone()).collect()),
        Value::Array(keys) => Set::new(keys.to_vec()),
        Value::Set(keys) => (**keys).clone(),
        _ => return Err(Problem::Undefined),
    };
    budget.items(given.pairs().len() * 2)?;
    let kept = given.pairs().iter().filter(|(key, _)| keys.contains(key) == keep).cloned();
    Ok(Value::object(kept.collect()))
}

fn merged(budget: &mut Budget, left: &Object, right: &Object) -> Result<Object, Problem> {
    budget.items((left.pairs().len() + right.pairs().len()) * 2)?;
    let mut pairs = left.pairs().to_vec();
    for (key, value) in right.pairs() {
        let value = match (left.get(key), value) {
            (Some(Value::Object(below)), Value::Object(above)) => Value::Object(merged(budget, below, above)?.into()),
            _ => value.clone(),
        };
        pairs.push((key.clone(), value));
    }
    Ok(Object::new(pairs))
}

fn union_n(budget: &mut Budget, values: &[Value]) -> Outcome {
    let mut result = Object::default();
    for item in array(values, 0)?.iter() {
        let Value::Object(object) = item else { return Err(Problem::Undefined) };
        result = merged(budget, &result, object)?;
    }
    Ok(Value::Object(result.into()))
}

fn subset(whole: &Value, part: &Value) -> Outcome {
    Ok(Value::Bool(match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => object_subset(whole, part),
        (Value::Set(whole), Value::Set(part)) => part.items().iter().all(|item| whole.contains(item)),
        (Value::Array(whole), Value::Array(part)) => {
            part.is_empty() || whole.windows(part.len()).any(|window| window == part.as_slice())
        }
        // OPA looks for the part in each item of the whole, and of none it has seen nothing.
        (Value::Array(whole), Value::Set(part)) => {
            !whole.is_empty() && part.items().iter().all(|item| whole.contains(item))
        }
        _ => return Err(Problem::Undefined),
    }))
}

fn object_subset(whole: &Object, part: &Object) -> bool {
    part.pairs().iter().all(|(key, wanted)| match (whole.get(key), wanted) {
        (Some(Value::Object(whole)), Value::Object(part)) => object_subset(whole, part),
        (Some(Value::Set(whole)), Value::Set(part)) => part.items().iter().all(|item| whole.contains(item)),
        (Some(Value::Array(whole)), Value::Array(part)) => {
            part.is_empty() || whole.windows(part.len()).any(|window| window == part.as_slice())
        }
        (Some(found), wanted) => found == wanted,
        (None, _) => false,
    })
}

/// All nodes that an object of neighbours leads to.
fn reachable(budget: &mut Budget, values: &[Value]) -> Outcome {
    let graph = object(values, 0)?;
    let mut open = match argument(values, 1)? {
        Value::Array(start) => start.to_vec(),
        _ => set(values, 1)?.items().to_vec(),
    };
    let mut found = std::collections::BTreeSet::new();
    while let Some(node) = open.pop() {
        budget.items(1)?;
        let Some(edges) = graph.get(&node) else { continue };
        if !found.insert(node) {
            continue;
        }
        open.extend(neighbours(edges).iter().cloned());
    }
    Ok(Value::set(found.into_iter().collect()))
}

/// What an entry of an object of neighbours leads to.
fn neighbours(edges: &Value) -> &[Value] {
    match edges {
        Value::Array(items) => items,
        Value::Set(items) => items.items(),
        _ => &[],
    }
}

/// All ways from the start, to where they end or come back to themselves.
fn reachable_paths(budget: &mut Budget, values: &[Value]) -> Outcome {
    let graph = object(values, 0)?;
    let start = match argument(values, 1)? {
        Value::Array(start) => start.as_slice(),
        _ => set(values, 1)?.items(),
    };
    let mut found = Vec::new();
    let mut open: Vec<Vec<Value>> =
        start.iter().filter(|node| graph.get(node).is_some()).map(|node| vec![node.clone()]).collect();
    while let Some(path) = open.pop() {
        budget.items(path.len())?;
        let edges = path.last().and_then(|node| graph.get(node)).map_or(&[] as &[Value], neighbours);
        if edges.is_empty() {
            found.push(Value::array(path));
            continue;
        }
        for next in edges {
            budget.items(path.len())?;
            if (path.len() > 1 && path.contains(next)) || graph.get(next).is_none() {
                found.push(Value::array(path.clone()));
            } else {
                open.push(path.iter().chain([next]).cloned().collect());
            }
        }
    }
    Ok(Value::set(found))
}
