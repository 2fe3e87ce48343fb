//! Functions of whole collections: counting, sums, sets and arrays.

use super::arguments::{argument, array, as_items, integer, items, set};
use super::{Outcome, Problem, Row};
use crate::budget::Budget;
use crate::number::{Number, Operator, arithmetic};
use crate::value::Value;

pub(super) const ROWS: &[Row] = &[
    ("count", 1, count),
    ("sum", 1, |_, values| fold(values, Operator::Plus, 0)),
    ("product", 1, |_, values| fold(values, Operator::Times, 1)),
    ("max", 1, |_, values| items(values, 0)?.iter().max().cloned().ok_or(Problem::Undefined)),
    ("min", 1, |_, values| items(values, 0)?.iter().min().cloned().ok_or(Problem::Undefined)),
    ("sort", 1, sort),
    ("all", 1, |_, values| Ok(Value::Bool(items(values, 0)?.iter().all(|item| *item == Value::Bool(true))))),
    ("any", 1, |_, values| Ok(Value::Bool(items(values, 0)?.contains(&Value::Bool(true))))),
    ("and", 2, and),
    ("or", 2, or),
    ("set_diff", 2, set_diff),
    ("intersection", 1, intersection),
    ("union", 1, union),
    ("array.concat", 2, concat),
    ("array.flatten", 1, flatten),
    ("array.reverse", 1, |_, values| Ok(Value::array(array(values, 0)?.iter().rev().cloned().collect()))),
    ("array.slice", 3, slice),
    ("internal.member_2", 2, |_, values| Ok(Value::Bool(is_member(argument(values, 0)?, argument(values, 1)?)))),
    ("internal.member_3", 3, member_with_key),
];

fn count(_: &mut Budget, values: &[Value]) -> Outcome {
    Ok(Value::count(match argument(values, 0)? {
        Value::String(text) => text.chars().count(),
        Value::Object(object) => object.pairs().len(),
        other => as_items(other)?.len(),
    }))
}

fn fold(values: &[Value], operator: Operator, start: i64) -> Outcome {
    let mut result = Number::Int(start);
    for item in items(values, 0)? {
        let Value::Number(number) = item else { return Err(Problem::Undefined) };
        result = arithmetic(operator, &result, number).map_err(|_| Problem::Undefined)?;
    }
    Ok(Value::Number(result))
}

fn sort(budget: &mut Budget, values: &[Value]) -> Outcome {
    let mut sorted = items(values, 0)?.to_vec();
    budget.items(sorted.len())?;
    sorted.sort();
    Ok(Value::array(sorted))
}

fn and(budget: &mut Budget, values: &[Value]) -> Outcome {
    let (left, right) = (set(values, 0)?, set(values, 1)?);
    budget.items(left.items().len())?;
    Ok(Value::set(left.items().iter().filter(|item| right.contains(item)).cloned().collect()))
}

fn or(budget: &mut Budget, values: &[Value]) -> Outcome {
    let (left, right) = (set(values, 0)?, set(values, 1)?);
    budget.items(left.items().len() + right.items().len())?;
    Ok(Value::set(left.items().iter().chain(right.items()).cloned().collect()))
}

fn set_diff(budget: &mut Budget, values: &[Value]) -> Outcome {
    let (left, right) = (set(values, 0)?, set(values, 1)?);
    budget.items(left.items().len())?;
    Ok(Value::set(left.items().iter().filter(|item| !right.contains(item)).cloned().collect()))
}

fn intersection(budget: &mut Budget, values: &[Value]) -> Outcome {
    let mut result: Option<Value> = None;
    for item in set(values, 0)?.items() {
        result = Some(match result {
            Some(known) => and(budget, &[known, item.clone()])?,
            None => and(budget, &[item.clone(), item.clone()])?,
        });
    }
    Ok(result.unwrap_or_else(|| Value::set(vec![])))
}

fn union(budget: &mut Budget, values: &[Value]) -> Outcome {
    let mut all = Vec::new();
    for item in set(values, 0)?.items() {
        let Value::Set(inner) = item else { return Err(Problem::Undefined) };
        budget.items(inner.items().len())?;
        all.extend(inner.items().iter().cloned());
    }
    Ok(Value::set(all))
}

fn concat(budget: &mut Budget, values: &[Value]) -> Outcome {
    let (left, right) = (array(values, 0)?, array(values, 1)?);
    budget.items(left.len() + right.len())?;
    Ok(Value::array(left.iter().chain(right.iter()).cloned().collect()))
}

fn flatten(budget: &mut Budget, values: &[Value]) -> Outcome {
    let mut flat = Vec::new();
    for item in array(values, 0)?.iter() {
        match item {
            Value::Array(inner) => {
                budget.items(inner.len())?;
                flat.extend(inner.iter().cloned());
            }
            other => flat.push(other.clone()),
        }
    }
    Ok(Value::array(flat))
}

fn slice(budget: &mut Budget, values: &[Value]) -> Outcome {
    let all = array(values, 0)?;
    let end = i64::try_from(all.len()).unwrap_or(i64::MAX);
    let (from, to) = (integer(values, 1)?.clamp(0, end), integer(values, 2)?.clamp(0, end));
    let range = usize::try_from(from).unwrap_or(0)..usize::try_from(to.max(from)).unwrap_or(0);
    budget.items(range.len())?;
    Ok(Value::array(all.get(range).unwrap_or_default().to_vec()))
}

fn is_member(value: &Value, collection: &Value) -> bool {
    match collection {
        Value::Set(set) => set.contains(value),
        Value::Array(items) => items.contains(value),
        Value::Object(object) => object.pairs().iter().any(|(_, item)| item == value),
        _ => false,
    }
}

fn member_with_key(_: &mut Budget, values: &[Value]) -> Outcome {
    let (key, value, collection) = (argument(values, 0)?, argument(values, 1)?, argument(values, 2)?);
    Ok(Value::Bool(collection.get(key) == Some(value)))
}
