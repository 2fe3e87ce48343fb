//! Functions of texts.

use num_bigint::BigInt;

use super::arguments::{argument, as_text, integer, items, number, object, text, texts};
use super::{Outcome, Problem, Row};
use crate::budget::Budget;
use crate::number::{Number, Rounding, rounded};
use crate::value::Value;

pub(super) const ROWS: &[Row] = &[
    ("concat", 2, concat),
    ("contains", 2, |_, values| Ok(Value::Bool(text(values, 0)?.contains(&**text(values, 1)?)))),
    ("startswith", 2, |_, values| Ok(Value::Bool(text(values, 0)?.starts_with(&**text(values, 1)?)))),
    ("endswith", 2, |_, values| Ok(Value::Bool(text(values, 0)?.ends_with(&**text(values, 1)?)))),
    ("strings.any_prefix_match", 2, |_, values| any_match(values, |text, part| text.starts_with(part))),
    ("strings.any_suffix_match", 2, |_, values| any_match(values, |text, part| text.ends_with(part))),
    ("format_int", 2, format_int),
    ("indexof", 2, indexof),
    ("indexof_n", 2, indexof_n),
    ("lower", 1, |budget, values| {
        each_character(budget, values, |c| if c == 'İ' { 'i' } else { single(c, c.to_lowercase()) })
    }),
    ("upper", 1, |budget, values| each_character(budget, values, |c| single(c, c.to_uppercase()))),
    ("replace", 3, replace),
    ("strings.replace_n", 2, replace_n),
    ("strings.reverse", 1, |_, values| Ok(Value::from(text(values, 0)?.chars().rev().collect::<String>()))),
    ("strings.count", 2, count),
    ("split", 2, |budget, values| split(budget, text(values, 0)?, text(values, 1)?, None)),
    ("strings.split_n", 3, |budget, values| {
        split(budget, text(values, 0)?, text(values, 1)?, Some(integer(values, 2)?))
    }),
    ("substring", 3, substring),
    ("trim", 2, |_, values| trimmed(values, |text, set| text.trim_matches(|c| set.contains(c)))),
    ("trim_left", 2, |_, values| trimmed(values, |text, set| text.trim_start_matches(|c| set.contains(c)))),
    ("trim_right", 2, |_, values| trimmed(values, |text, set| text.trim_end_matches(|c| set.contains(c)))),
    ("trim_prefix", 2, |_, values| trimmed(values, |text, part| text.strip_prefix(part).unwrap_or(text))),
    ("trim_suffix", 2, |_, values| trimmed(values, |text, part| text.strip_suffix(part).unwrap_or(text))),
    ("trim_space", 1, |_, values| Ok(Value::from(text(values, 0)?.trim_matches(char::is_whitespace)))),
];

/// One character for one, as Go maps them.
fn single(character: char, mut mapped: impl Iterator<Item = char>) -> char {
    match (mapped.next(), mapped.next()) {
        (Some(only), None) => only,
        _ => character,
    }
}

fn each_character(budget: &mut Budget, values: &[Value], map: fn(char) -> char) -> Outcome {
    let text = text(values, 0)?;
    budget.bytes(text.len())?;
    Ok(Value::from(text.chars().map(map).collect::<String>()))
}

fn trimmed(values: &[Value], trim: for<'a> fn(&'a str, &str) -> &'a str) -> Outcome {
    Ok(Value::from(trim(text(values, 0)?, text(values, 1)?)))
}

fn concat(budget: &mut Budget, values: &[Value]) -> Outcome {
    let delimiter = text(values, 0)?;
    let parts = items(values, 1)?.iter().map(|item| as_text(item).map(AsRef::as_ref));
    let parts = parts.collect::<Result<Vec<&str>, _>>()?;
    let length = parts.iter().map(|part| part.len() + delimiter.len()).fold(0_usize, usize::saturating_add);
    budget.bytes(length)?;
    Ok(Value::from(parts.join(delimiter)))
}

fn any_match(values: &[Value], fits: fn(&str, &str) -> bool) -> Outcome {
    let (searched, parts) = (texts(argument(values, 0)?)?, texts(argument(values, 1)?)?);
    Ok(Value::Bool(searched.iter().any(|text| parts.iter().any(|part| fits(text, part)))))
}

fn format_int(_: &mut Budget, values: &[Value]) -> Outcome {
    let base = match integer(values, 1)? {
        base @ (2 | 8 | 10 | 16) => u32::try_from(base).unwrap_or(10),
        _ => return Err(Problem::Undefined),
    };
    let given = number(values, 0)?;
    // Towards zero.
    let whole: BigInt = if let Some(whole) = given.as_big() {
        whole
    } else {
        let rounding = if *given < Number::Int(0) { Rounding::Ceil } else { Rounding::Floor };
        rounded(rounding, given).as_big().ok_or(Problem::Undefined)?
    };
    Ok(Value::from(whole.to_str_radix(base)))
}

fn indexof(_: &mut Budget, values: &[Value]) -> Outcome {
    let (text, part) = (text(values, 0)?, text(values, 1)?);
    if part.is_empty() {
        return Err(Problem::Undefined);
    }
    Ok(match text.find(&**part) {
        Some(at) => Value::count(text[..at].chars().count()),
        None => Value::int(-1),
    })
}

fn indexof_n(budget: &mut Budget, values: &[Value]) -> Outcome {
    let (text, part) = (text(values, 0)?, text(values, 1)?);
    if part.is_empty() {
        return Err(Problem::Undefined);
    }
    let mut found = Vec::new();
    for (index, (at, _)) in text.char_indices().enumerate() {
        if text[at..].starts_with(&**part) {
            found.push(Value::count(index));
        }
    }
    budget.bytes(text.len())?;
    budget.items(found.len())?;
    Ok(Value::array(found))
}

fn replace(budget: &mut Budget, values: &[Value]) -> Outcome {
    let (text, old, new) = (text(values, 0)?, text(values, 1)?, text(values, 2)?);
    let places = if old.is_empty() { text.chars().count() + 1 } else { text.matches(&**old).count() };
    budget.bytes(text.len().saturating_add(places.saturating_mul(new.len())))?;
    Ok(Value::from(text.replace(&**old, new)))
}

/// All replacements at once, the first pattern that fits at each place.
fn replace_n(budget: &mut Budget, values: &[Value]) -> Outcome {
    let (patterns, text) = (object(values, 0)?, text(values, 1)?);
    let pairs = patterns.pairs().iter().map(|(old, new)| Ok((as_text(old)?, as_text(new)?)));
    let pairs = pairs.collect::<Result<Vec<_>, Problem>>()?;
    let mut out = String::new();
    let mut rest: &str = text;
    // An empty pattern fits once at each place.
    let mut after_empty = false;
    while !(rest.is_empty() && after_empty) {
        budget.steps(u64::try_from(pairs.len()).unwrap_or(0) / 8 + 1)?;
        let fitting = pairs.iter().find(|(old, _)| rest.starts_with(&***old) && !(after_empty && old.is_empty()));
        if let Some((old, new)) = fitting {
            budget.bytes(new.len())?;
            out.push_str(new);
            rest = &rest[old.len()..];
            after_empty = old.is_empty();
        } else {
            after_empty = false;
            let Some(first) = rest.chars().next() else { break };
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    Ok(Value::from(out))
}

fn count(_: &mut Budget, values: &[Value]) -> Outcome {
    let (text, part) = (text(values, 0)?, text(values, 1)?);
    let found = if part.is_empty() { text.chars().count() + 1 } else { text.matches(&**part).count() };
    Ok(Value::count(found))
}

/// As Go splits: an empty delimiter gives the characters, a limit drops the rest.
fn split(budget: &mut Budget, text: &str, delimiter: &str, limit: Option<i64>) -> Outcome {
    budget.items(text.len() / delimiter.len().max(1) + 1)?;
    let parts: Vec<Value> = if delimiter.is_empty() {
        text.chars().map(|c| Value::from(c.encode_utf8(&mut [0; 4]) as &str)).collect()
    } else {
        text.split(delimiter).map(Value::from).collect()
    };
    let Some(limit) = limit else { return Ok(Value::array(parts)) };
    let count = usize::try_from(limit.unsigned_abs()).unwrap_or(usize::MAX);
    // Below zero the last parts are meant.
    let skipped = if limit < 0 { parts.len().saturating_sub(count) } else { 0 };
    Ok(Value::array(parts.into_iter().skip(skipped).take(count).collect()))
}

fn substring(_: &mut Budget, values: &[Value]) -> Outcome {
    let (text, offset, length) = (text(values, 0)?, integer(values, 1)?, integer(values, 2)?);
    let skipped = usize::try_from(offset).map_err(|_| Problem::Undefined)?;
    let rest = text.char_indices().nth(skipped).map_or("", |(at, _)| &text[at..]);
    let Ok(length) = usize::try_from(length) else { return Ok(Value::from(rest)) };
    let end = rest.char_indices().nth(length).map_or(rest.len(), |(at, _)| at);
    Ok(Value::from(&rest[..end]))
}
