//! The `replace` filter.

use super::{Given, like};
use crate::template::coerce::{Free, to_number, to_text};
use crate::template::error::{Failure, Outcome};
use crate::template::number;
use crate::template::pattern::{self, Pattern};
use crate::template::text::{Text, find, part, split};
use crate::template::value::Value;

pub(super) fn replace(input: &Value, given: &Given<'_>, regex: bool) -> Outcome<Value> {
    let (search, replacement) = (given.get(0), given.get(1));
    if let Value::Regex(search) = search {
        if !regex {
            return Err(Failure::new("Regular-expression replacement is disabled"));
        }
        let Some(text) = input.as_text() else {
            return Err(Failure::new("Regular-expression replacement requires a string"));
        };
        let pattern = Pattern::of(search)?;
        let replacement = to_text(replacement, &Free)?;
        return Ok(Value::String(pattern::replace(&pattern, text, replacement.units(), 0)?.0));
    }
    if !matches!(search, Value::String(_) | Value::Number(_)) {
        return Ok(input.clone());
    }
    let input = match input {
        Value::Number(number) => Value::text(number::print(*number)),
        other => other.clone(),
    };
    let Some(text) = input.as_text() else { return Ok(input) };
    let needle = to_text(search, &Free)?;
    if needle.is_empty() {
        return between_units(&input, text, replacement);
    }
    let most = match given.get(2) {
        Value::Undefined => &Value::Number(-1.0),
        most => most,
    };
    let nothing = matches!(most, Value::Number(most) if *most == 0.0);
    if nothing || find(text.units(), needle.units(), 0).is_none() {
        return Ok(input.clone());
    }
    let replacement = to_text(replacement, &Free)?;
    let output = if matches!(most, Value::Number(most) if most.total_cmp(&-1.0).is_eq()) {
        joined(&split(text.units(), needle.units()), replacement.units())
    } else {
        replaced(text.units(), needle.units(), replacement.units(), to_number(most, &Free)?)
    };
    Ok(like(&input, output.into()))
}

fn between_units(input: &Value, text: &Text, replacement: &Value) -> Outcome<Value> {
    let separator = if matches!(replacement, Value::Undefined) { ",".into() } else { to_text(replacement, &Free)? };
    let replacement = to_text(replacement, &Free)?;
    let inner = joined(&text.split_units(), separator.units());
    Ok(like(input, [replacement.units(), &inner, replacement.units()].concat().into()))
}

fn joined(parts: &[Text], separator: &[u16]) -> Vec<u16> {
    let parts: Vec<&[u16]> = parts.iter().map(Text::units).collect();
    parts.join(separator)
}

fn replaced(text: &[u16], needle: &[u16], replacement: &[u16], most: f64) -> Vec<u16> {
    let mut output = Vec::new();
    let (mut start, mut count) = (0, 0.0);
    while count < most
        && let Some(index) = find(text, needle, start)
    {
        output.extend_from_slice(part(text, start, index));
        output.extend_from_slice(replacement);
        start = index + needle.len();
        count += 1.0;
    }
    output.extend_from_slice(part(text, start, text.len()));
    output
}
