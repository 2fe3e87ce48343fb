//! Filters on lists, and on what can be read as one.

use super::{Given, Work};
use crate::template::coerce::{Free, to_number, to_text};
use crate::template::error::{Failure, Outcome};
use crate::template::number;
use crate::template::predicates;
use crate::template::text::{Text, part};
use crate::template::value::{MAX_ENTRIES, Record, Value};

pub(super) fn apply(name: &str, input: &Value, given: &Given<'_>, work: &Work<'_>) -> Outcome<Value> {
    match name {
        "batch" => batch(input, given, work),
        "first" | "last" => edge(input, name == "last"),
        "list" => list(input),
        "random" => random(input, work),
        "reverse" => reverse(input, work),
        "slice" => slice(input, given),
        _ => select(input, given, name == "select", work),
    }
}

/// The items of a list or the units of a text.
pub(super) fn sequence(input: &Value) -> Option<Vec<Value>> {
    match input {
        Value::Array(array) => Some(array.to_vec()),
        _ => input.as_text().map(|text| text.split_units().into_iter().map(Value::String).collect()),
    }
}

/// The numbered fields of a record up to its `length`, missing ones as undefined.
pub(super) fn indexed(record: &Record, work: &Work<'_>) -> Outcome<Vec<Value>> {
    let length = to_number(&record.get_str("length"), &Free)?;
    let count = if length.is_nan() || length <= 0.0 { 0.0 } else { length.ceil() };
    (work.reserve)(count)?;
    Ok((0..number::to_count(count)).map(|index| record.get_str(&index.to_string())).collect())
}

/// The same, where a `length` that no list can have is refused.
pub(super) fn mapped(record: &Record, work: &Work<'_>) -> Outcome<Vec<Value>> {
    if let Value::Number(length) = record.get_str("length")
        && !length.is_nan()
        && (length.fract() != 0.0 || !length.is_finite() || !(0.0..=4_294_967_295.0).contains(&length))
    {
        return Err(Failure::new("Invalid array-like record length"));
    }
    indexed(record, work)
}

/// The numbered fields that are there.
fn present(record: &Record, work: &Work<'_>) -> Outcome<Vec<Value>> {
    let length = to_number(&record.get_str("length"), &Free)?;
    let count = if length.is_nan() { 0.0 } else { length.floor().clamp(0.0, number::MAX_SAFE) };
    (work.reserve)(count)?;
    let names = (0..number::to_count(count)).map(|index| Text::from(index.to_string()));
    Ok(names.filter_map(|name| record.get(&name).cloned()).collect())
}

fn batch(input: &Value, given: &Given<'_>, work: &Work<'_>) -> Outcome<Value> {
    if input.is_nullish() {
        return Err(Failure::new("batch requires a sequence"));
    }
    let width = to_number(given.get(0), &Free)?.trunc();
    if !number::is_safe_integer(width) || width <= 0.0 {
        return Err(Failure::new("Batch size must be a positive integer"));
    }
    let values = match input {
        Value::Record(record) => Some(indexed(record, work)?),
        _ => sequence(input),
    };
    let width = number::to_count(width);
    let mut rows = Vec::new();
    for row in values.unwrap_or_default().chunks(width) {
        let mut row = row.to_vec();
        if given.get(1).is_truthy() {
            // A longer row is refused below, and need not be made for that.
            row.resize(width.min(MAX_ENTRIES + 1).max(row.len()), given.get(1).clone());
        }
        rows.push(Value::array(row)?);
    }
    Value::array(rows)
}

fn edge(input: &Value, last: bool) -> Outcome<Value> {
    let place = |length: usize| if last { length.checked_sub(1) } else { Some(0) };
    Ok(match input {
        Value::Undefined | Value::Null => {
            let name = if last { "last" } else { "first" };
            return Err(Failure::new(format!("{name} requires a sequence")));
        }
        Value::Array(array) => place(array.len()).and_then(|index| array.get(index)).unwrap_or(Value::Undefined),
        Value::Record(record) if last => {
            let index = to_number(&record.get_str("length"), &Free)? - 1.0;
            record.get_str(&number::print(index))
        }
        Value::Record(record) => record.get_str("0"),
        _ => {
            let unit = input.as_text().and_then(|text| place(text.len()).and_then(|index| text.unit(index)));
            unit.map_or(Value::Undefined, Value::String)
        }
    })
}

fn list(input: &Value) -> Outcome<Value> {
    match input {
        Value::Array(_) => Ok(input.clone()),
        Value::Record(record) => {
            let entries = record.entries().map(|(key, value)| {
                Value::record([("key".into(), Value::String(key.clone())), ("value".into(), value.clone())])
            });
            Value::array(entries.collect::<Outcome<_>>()?)
        }
        _ => match sequence(input) {
            Some(values) => Value::array(values),
            None => Err(Failure::new("list requires an iterable value")),
        },
    }
}

fn random(input: &Value, work: &Work<'_>) -> Outcome<Value> {
    if input.is_nullish() {
        return Err(Failure::new("random requires a sequence"));
    }
    if let Value::Record(record) = input {
        let length = to_number(&record.get_str("length"), &Free)?;
        return Ok(record.get_str(&number::print((work.random)(length))));
    }
    let values = sequence(input).unwrap_or_default();
    let index = number::to_count((work.random)(number::from_count(values.len())));
    Ok(values.get(index).cloned().unwrap_or(Value::Undefined))
}

fn reverse(input: &Value, work: &Work<'_>) -> Outcome<Value> {
    let values = match input {
        Value::String(_) | Value::Safe(_) => {
            let reversed: Vec<u16> =
                input.as_text().map(|text| text.units().iter().rev().copied().collect()).unwrap_or_default();
            return Ok(super::like(input, reversed.into()));
        }
        Value::Array(array) => array.to_vec(),
        Value::Record(record) => mapped(record, work)?,
        _ => Vec::new(),
    };
    Value::array(values.into_iter().rev().collect())
}

fn slice(input: &Value, given: &Given<'_>) -> Outcome<Value> {
    let Some(values) = sequence(input) else { return Err(Failure::new("slice requires a sequence")) };
    let count = to_number(given.get(0), &Free)?.trunc();
    if !number::is_safe_integer(count) || count <= 0.0 {
        return Err(Failure::new("Slice count must be a positive integer"));
    }
    let fill = given.get(1);
    if input.as_text().is_some() && fill.is_truthy() {
        return Err(Failure::new("slice cannot append a fill value to a string"));
    }
    let count = number::to_count(count);
    let (base, extra) = (values.len() / count, values.len() % count);
    let mut output = Vec::new();
    let mut offset = 0;
    // More is refused below, and need not be made for that.
    for index in 0..count.min(MAX_ENTRIES + 1) {
        let end = offset + base + usize::from(index < extra);
        if let Some(text) = input.as_text() {
            output.push(Value::String(Text::new(part(text.units(), offset, end))));
        } else {
            let mut items = values.get(offset..end).unwrap_or_default().to_vec();
            if fill.is_truthy() && index >= extra {
                items.push(fill.clone());
            }
            output.push(Value::array(items)?);
        }
        offset = end;
    }
    Value::array(output)
}

fn select(input: &Value, given: &Given<'_>, wanted: bool, work: &Work<'_>) -> Outcome<Value> {
    let test = match given.get(0) {
        Value::Undefined => "truthy".into(),
        name => to_text(name, &Free)?,
    }
    .to_string();
    let Some(arity) = predicates::arity(&test) else {
        return Err(Failure::new(format!("Unknown template test {test}")));
    };
    let values = match input {
        Value::Undefined | Value::Null => {
            let name = if wanted { "select" } else { "reject" };
            return Err(Failure::new(format!("{name} requires a sequence")));
        }
        Value::Record(record) => Some(present(record, work)?),
        _ => sequence(input),
    };
    let Some(values) = values else { return Value::array(Vec::new()) };
    let arguments = given.0.get(1..).unwrap_or_default();
    predicates::check_arity(&test, arity, arguments.len())?;
    let mut output = Vec::new();
    for value in values {
        if predicates::apply(&test, &value, arguments)? == wanted {
            output.push(value);
        }
    }
    Value::array(output)
}
