//! Filters that look at a field of each item, and those that sort.

use std::cmp::Ordering;

use indexmap::IndexMap;

use super::lists::{indexed, mapped, sequence};
use super::{Given, Work, sort};
use crate::template::coerce::{Free, add, order, to_text};
use crate::template::error::{Failure, Outcome};
use crate::template::methods::own_value;
use crate::template::text::{Text, split};
use crate::template::value::{Value, is_reserved};

pub(super) fn apply(name: &str, input: &Value, given: &Given<'_>, work: &Work<'_>) -> Outcome<Value> {
    match name {
        "dictsort" => dictsort(input, given),
        "groupby" => group(input, given, work),
        "join" => join(input, given, work),
        "sort" => sorted(input, given, work),
        "sum" => sum(input, given, work),
        _ => select(input, given, name == "selectattr"),
    }
}

fn key(value: &Value) -> Outcome<Text> {
    let key = to_text(value, &Free)?;
    check_key(&key)?;
    Ok(key)
}

fn check_key(key: &Text) -> Outcome<()> {
    if is_reserved(key) {
        return Err(Failure::new(format!("Template attribute {key} is reserved")));
    }
    Ok(())
}

fn optional_key(value: &Value) -> Outcome<Option<Text>> {
    if value.is_truthy() { key(value).map(Some) } else { Ok(None) }
}

/// Fields after each other: a text has them between dots.
fn path(value: &Value) -> Outcome<Vec<Text>> {
    let path = match value {
        value if !value.is_truthy() => Vec::new(),
        Value::String(text) => split(text.units(), &[u16::from(b'.')]),
        other => vec![to_text(other, &Free)?],
    };
    path.iter().try_for_each(check_key)?;
    Ok(path)
}

fn nullish() -> Box<Failure> {
    Failure::new("Cannot read a template attribute from a nullish value")
}

fn field(value: &Value, key: &Text) -> Outcome<Value> {
    if value.is_nullish() {
        return Err(nullish());
    }
    Ok(own_value(value, key).unwrap_or(Value::Undefined))
}

fn field_at(value: &Value, path: &[Text]) -> Outcome<Value> {
    let mut current = value.clone();
    for key in path {
        if current.is_nullish() {
            return Err(nullish());
        }
        match own_value(&current, key) {
            Some(value) => current = value,
            None => return Ok(Value::Undefined),
        }
    }
    Ok(current)
}

/// One field of each item.
fn fields(input: &Value, key: &Text, work: &Work<'_>) -> Outcome<Vec<Value>> {
    let items = match input {
        Value::Array(array) => array.to_vec(),
        Value::String(_) => sequence(input).unwrap_or_default(),
        Value::Record(record) => mapped(record, work)?,
        Value::Safe(text) if !text.is_empty() => return Err(nullish()),
        _ => Vec::new(),
    };
    items.iter().map(|item| field(item, key)).collect()
}

fn items_of(input: &Value, attribute: &Value, name: &str, work: &Work<'_>) -> Outcome<Vec<Value>> {
    match optional_key(attribute)? {
        Some(key) => fields(input, &key, work),
        None => match input {
            Value::Array(array) => Ok(array.to_vec()),
            _ => Err(Failure::new(format!("{name} requires an array"))),
        },
    }
}

fn join(input: &Value, given: &Given<'_>, work: &Work<'_>) -> Outcome<Value> {
    let separator = if given.get(0).is_truthy() { to_text(given.get(0), &Free)? } else { "".into() };
    let items = items_of(input, given.get(1), "join", work)?;
    let texts = items.iter().map(|item| if item.is_nullish() { Ok("".into()) } else { to_text(item, &Free) });
    let texts = texts.collect::<Outcome<Vec<Text>>>()?;
    let parts: Vec<&[u16]> = texts.iter().map(Text::units).collect();
    Ok(Value::text(parts.join(separator.units())))
}

fn sum(input: &Value, given: &Given<'_>, work: &Work<'_>) -> Outcome<Value> {
    let mut sum = Value::Number(0.0);
    for item in items_of(input, given.get(0), "sum", work)? {
        sum = add(&sum, &item, &Free)?;
    }
    let start = match given.get(1) {
        Value::Undefined => Value::Number(0.0),
        start => start.clone(),
    };
    add(&start, &sum, &Free)
}

fn select(input: &Value, given: &Given<'_>, wanted: bool) -> Outcome<Value> {
    let Value::Array(array) = input else {
        let name = if wanted { "selectattr" } else { "rejectattr" };
        return Err(Failure::new(format!("{name} requires an array")));
    };
    let key = key(given.get(0))?;
    let mut output = Vec::new();
    for item in array.to_vec() {
        if field(&item, &key)?.is_truthy() == wanted {
            output.push(item);
        }
    }
    Value::array(output)
}

fn group(input: &Value, given: &Given<'_>, work: &Work<'_>) -> Outcome<Value> {
    let values = match input {
        Value::Undefined | Value::Null => return Err(Failure::new("groupby requires a sequence")),
        Value::Record(record) => Some(indexed(record, work)?),
        _ => sequence(input),
    };
    let Some(values) = values else { return Value::record([]) };
    let path = path(given.get(0))?;
    let mut groups: IndexMap<Text, Vec<Value>> = IndexMap::new();
    for value in values {
        let name = to_text(&field_at(&value, &path)?, &Free)?;
        if is_reserved(&name) {
            return Err(Failure::new(format!("Template record key {name} is reserved")));
        }
        groups.entry(name).or_default().push(value);
    }
    let entries = groups.into_iter().map(|(name, values)| Ok((name, Value::array(values)?)));
    Value::record(entries.collect::<Outcome<Vec<_>>>()?)
}

fn sorted(input: &Value, given: &Given<'_>, work: &Work<'_>) -> Outcome<Value> {
    let values = match input {
        Value::Record(record) => Some(mapped(record, work)?),
        _ => sequence(input),
    };
    let Some(values) = values else { return Value::array(Vec::new()) };
    let (reverse, sensitive) = (given.get(0).is_truthy(), given.get(1).is_truthy());
    let path = path(given.get(2))?;
    let sorted = sort::values(values, &mut |left, right| {
        let (mut left, mut right) = (field_at(left, &path)?, field_at(right, &path)?);
        if !sensitive && let (Some(first), Some(second)) = (left.as_text(), right.as_text()) {
            (left, right) = (Value::String(first.to_lower()), Value::String(second.to_lower()));
        }
        let order = order(&left, &right, &Free)?.partial_cmp(&0.0).unwrap_or(Ordering::Equal);
        Ok(if reverse { order.reverse() } else { order })
    })?;
    Value::array(sorted)
}

fn dictsort(input: &Value, given: &Given<'_>) -> Outcome<Value> {
    let Value::Record(record) = input else { return Err(Failure::new("dictsort requires a record")) };
    let by_key = match given.get(1) {
        Value::Undefined => true,
        Value::String(by) if by.is("key") => true,
        Value::String(by) if by.is("value") => false,
        _ => return Err(Failure::new("dictsort can only sort by key or value")),
    };
    let folded = |value: &Value| match value.as_text() {
        Some(text) if !given.get(0).is_truthy() => Value::String(text.to_upper()),
        _ => value.clone(),
    };
    let mut entries: Vec<(Value, Value)> =
        record.entries().map(|(key, value)| (Value::String(key.clone()), value.clone())).collect();
    sort::items(&mut entries, &mut |left, right| {
        let (left, right) = if by_key { (&left.0, &right.0) } else { (&left.1, &right.1) };
        let (left, right) = (folded(left), folded(right));
        // What cannot be ordered comes first, unless it is the same.
        Ok(match order(&left, &right, &Free)? {
            order if order > 0.0 => Ordering::Greater,
            _ if left.is_same(&right) => Ordering::Equal,
            _ => Ordering::Less,
        })
    })?;
    let pairs = entries.into_iter().map(|(key, value)| Value::array(vec![key, value]));
    Value::array(pairs.collect::<Outcome<_>>()?)
}
