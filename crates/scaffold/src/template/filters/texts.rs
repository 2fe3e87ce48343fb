//! Filters on text: case, spacing, shortening.

use super::{Given, direct_length, is_at_least, like, normalized, text_of};
use crate::template::coerce::{Free, order, to_number, to_text};
use crate::template::error::{Failure, Outcome};
use crate::template::number;
use crate::template::text::{Text, find_last, is_word, part, split};
use crate::template::value::Value;

/// The most spaces that a filter adds at once.
const MAX_SPACES: f64 = 16.0 * 1024.0 * 1024.0;

pub(super) fn apply(name: &str, input: &Value, given: &Given<'_>) -> Outcome<Value> {
    match name {
        "capitalize" => {
            let output = text_of(&normalized(input))?.to_lower().first_upper();
            Ok(like(input, output))
        }
        "center" => center(input, given),
        "indent" => indent(input, given),
        "lower" => Ok(Value::String(text_of(&normalized(input))?.to_lower())),
        "upper" => Ok(Value::String(text_of(&normalized(input))?.to_upper())),
        "title" => title(input),
        "trim" => Ok(like(input, text_of(input)?.trimmed())),
        "truncate" => truncate(input, given),
        "wordcount" => word_count(input),
        _ => Ok(Value::Undefined),
    }
}

/// As many spaces as a number says, rounded up.
fn spaces(count: f64) -> Outcome<Vec<u16>> {
    if count.is_nan() || count <= 0.0 {
        return Ok(Vec::new());
    }
    if !count.is_finite() || count > MAX_SPACES {
        return Err(Failure::new("Filter spacing exceeds the supported bound"));
    }
    Ok(vec![0x20; number::to_count(count.ceil())])
}

fn center(input: &Value, given: &Given<'_>) -> Outcome<Value> {
    let input = normalized(input);
    let eighty = Value::Number(80.0);
    let width = if given.get(0).is_truthy() { given.get(0) } else { &eighty };
    let length = direct_length(&input);
    if is_at_least(&length, width)? {
        return Ok(input);
    }
    let room = to_number(width, &Free)? - to_number(&length, &Free)?;
    let text = to_text(&input, &Free)?;
    let output = [spaces(room / 2.0 - room % 2.0)?, text.units().to_vec(), spaces(room / 2.0)?].concat();
    Ok(like(&input, output.into()))
}

fn indent(input: &Value, given: &Given<'_>) -> Outcome<Value> {
    let input = normalized(input);
    let text = text_of(&input)?;
    if matches!(&input, Value::String(text) if text.is_empty()) {
        return Ok(Value::text(""));
    }
    let width = if given.get(0).is_truthy() { to_number(given.get(0), &Free)? } else { 4.0 };
    let indentation = spaces(width)?;
    let mut output = Vec::new();
    for (index, line) in split(text.units(), &[10]).iter().enumerate() {
        if index > 0 {
            output.push(10);
        }
        if index > 0 || given.get(1).is_truthy() {
            output.extend_from_slice(&indentation);
        }
        output.extend_from_slice(line.units());
    }
    Ok(like(&input, output.into()))
}

fn title(input: &Value) -> Outcome<Value> {
    let words = split(text_of(&normalized(input))?.units(), &[0x20]);
    let words: Vec<Text> = words.iter().map(|word| word.to_lower().first_upper()).collect();
    let parts: Vec<&[u16]> = words.iter().map(Text::units).collect();
    Ok(like(input, parts.join(&0x20).into()))
}

fn truncate(input: &Value, given: &Given<'_>) -> Outcome<Value> {
    let normalized = normalized(input);
    let usual = Value::Number(255.0);
    let most = if given.get(0).is_truthy() { given.get(0) } else { &usual };
    if order(&direct_length(&normalized), most, &Free)? <= 0.0 {
        return Ok(normalized);
    }
    let text = text_of(&normalized)?;
    let length = to_number(most, &Free)?;
    let kept = if given.get(1).is_truthy() {
        part(text.units(), 0, number::to_count(length))
    } else {
        let from = if length.is_nan() { text.len() } else { number::to_count(length) };
        let space = find_last(text.units(), &[0x20], from);
        part(text.units(), 0, space.unwrap_or_else(|| number::to_count(length)))
    };
    let end = if given.get(2).is_nullish() { "...".into() } else { to_text(given.get(2), &Free)? };
    Ok(like(input, [kept, end.units()].concat().into()))
}

fn word_count(input: &Value) -> Outcome<Value> {
    let input = normalized(input);
    if !input.is_truthy() {
        return Ok(Value::Null);
    }
    let units = text_of(&input)?.units();
    let starts = units.iter().enumerate().filter(|(index, unit)| {
        is_word(**unit) && !index.checked_sub(1).and_then(|before| units.get(before)).is_some_and(|unit| is_word(*unit))
    });
    Ok(match starts.count() {
        0 => Value::Null,
        count => Value::count(count),
    })
}
