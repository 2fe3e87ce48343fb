//! Texts: searching, cutting, patterns. Places are counted in characters.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use regex::Regex;

use super::{Answer, one_text, part_of, texts};
use crate::cel::eval::{Arguments, Fault};
use crate::cel::value::{Text, Value};
use crate::go_regex;

/// Most patterns that are kept compiled, of those that are made while running.
const MAX_PATTERNS: usize = 256;

fn out_of_range<'a>(index: i64) -> Answer<'a> {
    Err(Fault::Said(format!("index out of range: {index}")))
}

fn length(text: &str) -> i64 {
    i64::try_from(text.chars().count()).unwrap_or(i64::MAX)
}

/// The byte at which a character starts.
fn byte_at(text: &str, place: i64) -> Option<usize> {
    let place = usize::try_from(place).ok()?;
    text.char_indices().map(|(byte, _)| byte).chain([text.len()]).nth(place)
}

pub(in crate::cel) fn contains<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    two_texts(arguments).map(|(text, part)| Value::Bool(text.contains(part)))
}

pub(in crate::cel) fn starts_with<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    two_texts(arguments).map(|(text, part)| Value::Bool(text.starts_with(part)))
}

pub(in crate::cel) fn ends_with<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    two_texts(arguments).map(|(text, part)| Value::Bool(text.ends_with(part)))
}

fn two_texts<'x>(arguments: &'x Arguments<'_, '_>) -> Result<(&'x str, &'x str), Fault> {
    match arguments.values {
        [Value::String(one), Value::String(other)] => Ok((one.as_str(), other.as_str())),
        _ => Err(Fault::Overload),
    }
}

pub(in crate::cel) fn char_at<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    let [Value::String(text), Value::Int(place)] = arguments.values else { return Err(Fault::Overload) };
    let Some(start) = byte_at(text.as_str(), *place) else { return out_of_range(*place) };
    Ok(part_of(text, |text| {
        let width = text[start..].chars().next().map_or(0, char::len_utf8);
        &text[start..start + width]
    }))
}

/// The place of a part in a text, from a place on.
pub(in crate::cel) fn index_in_text<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    let (text, part, from) = match arguments.values {
        [Value::String(text), Value::String(part)] => (text.as_str(), part.as_str(), 0),
        [Value::String(text), Value::String(part), Value::Int(from)] => (text.as_str(), part.as_str(), *from),
        _ => return Err(Fault::Overload),
    };
    if from < 0 {
        return out_of_range(from);
    }
    let Some(start) = byte_at(text, from) else {
        return Ok(Value::Int(if part.is_empty() { length(text) } else { -1 }));
    };
    let found = text[start..].find(part).map(|found| length(&text[..start + found]));
    Ok(Value::Int(found.unwrap_or(-1)))
}

/// The last place of a part in a text, up to a place.
pub(in crate::cel) fn last_index_in_text<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    let (text, part, up_to) = match arguments.values {
        [Value::String(text), Value::String(part)] => (text.as_str(), part.as_str(), None),
        [Value::String(text), Value::String(part), Value::Int(up_to)] => (text.as_str(), part.as_str(), Some(*up_to)),
        _ => return Err(Fault::Overload),
    };
    let count = length(text);
    match up_to {
        Some(up_to) if up_to < 0 => return out_of_range(up_to),
        Some(up_to) if part.is_empty() => return Ok(Value::Int(up_to.min(count))),
        Some(up_to) if up_to >= count => return Ok(Value::Int(-1)),
        _ => {}
    }
    // A match may start at the place and reach beyond it.
    let end = match up_to {
        None => text.len(),
        Some(up_to) => byte_at(text, up_to.saturating_add(length(part))).unwrap_or(text.len()),
    };
    Ok(Value::Int(text[..end].rfind(part).map_or(-1, |found| length(&text[..found]))))
}

pub(in crate::cel) fn lower_ascii<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    one_text(arguments).map(|text| Value::text(text.to_ascii_lowercase()))
}

pub(in crate::cel) fn upper_ascii<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    one_text(arguments).map(|text| Value::text(text.to_ascii_uppercase()))
}

pub(in crate::cel) fn trim<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    match arguments.values {
        [Value::String(text)] => Ok(part_of(text, str::trim)),
        _ => Err(Fault::Overload),
    }
}

pub(in crate::cel) fn replace<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    let (text, old, new, most) = match arguments.values {
        [Value::String(text), Value::String(old), Value::String(new)] => (text, old, new, -1),
        [Value::String(text), Value::String(old), Value::String(new), Value::Int(most)] => (text, old, new, *most),
        _ => return Err(Fault::Overload),
    };
    let (text, old, new) = (text.as_str(), old.as_str(), new.as_str());
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let turns = text.matches(old).take(most).count();
    arguments.work.need((text.len() + turns.saturating_mul(new.len())) / 8)?;
    Ok(Value::text(text.replacen(old, new, most)))
}

pub(in crate::cel) fn split<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    let (text, separator, most) = match arguments.values {
        [Value::String(text), Value::String(separator)] => (text, separator, -1),
        [Value::String(text), Value::String(separator), Value::Int(most)] => (text, separator, *most),
        _ => return Err(Fault::Overload),
    };
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    arguments.work.need(text.as_str().len())?;
    if most == 0 {
        return Ok(Value::list(Vec::new()));
    }
    Ok(Value::list(match text {
        Text::Borrowed(text) => pieces(text, separator.as_str(), most)
            .into_iter()
            .map(|piece| Value::String(Text::Borrowed(piece)))
            .collect(),
        Text::Shared(text) => pieces(text, separator.as_str(), most).into_iter().map(Value::text).collect(),
    }))
}

/// Without a separator, each character is a piece; the last one has the rest.
fn pieces<'t>(text: &'t str, separator: &str, most: usize) -> Vec<&'t str> {
    if !separator.is_empty() {
        return text.splitn(most, separator).collect();
    }
    let mut starts: Vec<usize> = text.char_indices().map(|(byte, _)| byte).take(most).collect();
    starts.push(text.len());
    starts.windows(2).filter_map(|pair| text.get(*pair.first()?..*pair.get(1)?)).collect()
}

pub(in crate::cel) fn substring<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    let (text, start, end) = match arguments.values {
        [Value::String(text), Value::Int(start)] => (text, *start, None),
        [Value::String(text), Value::Int(start), Value::Int(end)] => (text, *start, Some(*end)),
        _ => return Err(Fault::Overload),
    };
    if let Some(end) = end.filter(|end| start > *end) {
        return Err(Fault::Said(format!("invalid substring range. start: {start}, end: {end}")));
    }
    let Some(from) = byte_at(text.as_str(), start) else { return out_of_range(start) };
    let to = match end {
        None => text.as_str().len(),
        Some(end) => match byte_at(text.as_str(), end) {
            Some(to) => to,
            None => return out_of_range(end),
        },
    };
    Ok(part_of(text, |text| &text[from..to]))
}

pub(in crate::cel) fn join<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    let (list, separator) = match arguments.values {
        [Value::List(list)] => (list, ""),
        [Value::List(list), Value::String(separator)] => (list, separator.as_str()),
        _ => return Err(Fault::Overload),
    };
    let mut joined = String::new();
    if list.get(0).is_some_and(|first| !matches!(first, Value::String(_))) {
        return Err(Fault::Overload);
    }
    for (index, item) in list.iter().enumerate() {
        let Value::String(text) = &item else {
            return Err(Fault::Said(format!("join: invalid input: {}", super::shown(&item))));
        };
        if index > 0 {
            joined += separator;
        }
        joined += text.as_str();
        arguments.work.need((separator.len() + text.as_str().len()) / 8 + 1)?;
    }
    Ok(Value::text(joined))
}

/// Compiles a pattern, or takes it from those compiled before.
fn pattern(text: &str) -> Result<Regex, Fault> {
    static PATTERNS: LazyLock<Mutex<HashMap<String, Regex>>> = LazyLock::new(Mutex::default);
    let mut patterns = PATTERNS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = patterns.get(text) {
        return Ok(found.clone());
    }
    let compiled = go_regex::compile(text).map_err(Fault::Said)?;
    if patterns.len() >= MAX_PATTERNS {
        patterns.clear();
    }
    patterns.insert(text.to_owned(), compiled.clone());
    Ok(compiled)
}

/// A function with its second argument compiled already.
pub(in crate::cel) fn with_pattern<'a>(name: &str, pattern: &Regex, arguments: &Arguments<'a, '_>) -> Answer<'a> {
    let Some(Value::String(text)) = arguments.first() else { return Err(Fault::Overload) };
    match (name, arguments.get(2)) {
        ("matches", None) => Ok(Value::Bool(pattern.is_match(text.as_str()))),
        ("find", None) => Ok(part_of(text, |text| pattern.find(text).map_or("", |found| found.as_str()))),
        (_, most) => {
            let most = match most {
                None => -1,
                Some(Value::Int(most)) => *most,
                Some(_) => return Err(Fault::Overload),
            };
            let most = usize::try_from(most).unwrap_or(usize::MAX);
            Ok(texts(pattern.find_iter(text.as_str()).take(most).map(|found| found.as_str())))
        }
    }
}

fn with_made_pattern<'a>(name: &str, arguments: &Arguments<'a, '_>) -> Answer<'a> {
    match arguments.values {
        [Value::String(_), Value::String(made), ..] => match pattern(made.as_str()) {
            Ok(pattern) => with_pattern(name, &pattern, arguments),
            Err(Fault::Said(said)) if name != "matches" => Err(Fault::Said(format!("Illegal regex: {said}"))),
            Err(fault) => Err(fault),
        },
        _ => Err(Fault::Overload),
    }
}

pub(in crate::cel) fn matches<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    with_made_pattern("matches", arguments)
}

pub(in crate::cel) fn find<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    with_made_pattern("find", arguments)
}

pub(in crate::cel) fn find_all<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    with_made_pattern("findAll", arguments)
}

pub(in crate::cel) fn quote<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    let text = one_text(arguments)?;
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '\x07' => quoted += "\\a",
            '\x08' => quoted += "\\b",
            '\x0c' => quoted += "\\f",
            '\n' => quoted += "\\n",
            '\r' => quoted += "\\r",
            '\t' => quoted += "\\t",
            '\x0b' => quoted += "\\v",
            '\\' => quoted += "\\\\",
            '"' => quoted += "\\\"",
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    Ok(Value::text(quoted))
}
