//! Filters for HTML and URLs.

use super::{Given, like, normalized, text_of};
use crate::template::coerce::{Free, render, to_number, to_text};
use crate::template::error::{Failure, Outcome};
use crate::template::number;
use crate::template::text::{Text, ascii, ascii_at, find_str, is_space, is_word, part, split, starts_with};
use crate::template::value::Value;

/// How often tags are looked for in what other tags left.
const MAX_PASSES: usize = 8;

pub(super) fn apply(name: &str, input: &Value, given: &Given<'_>) -> Outcome<Value> {
    match name {
        "e" | "escape" | "safe" if matches!(input, Value::Safe(_)) => Ok(input.clone()),
        "safe" => render(input, &Free).map(Value::safe),
        "e" | "escape" | "forceescape" => Ok(Value::safe(escaped(&render(input, &Free)?))),
        "nl2br" => nl2br(input),
        "striptags" => strip_tags(input, given),
        "urlencode" => url_encode(input),
        _ => urlize(input, given),
    }
}

fn escaped(text: &Text) -> Vec<u16> {
    let mut output = Vec::with_capacity(text.len());
    for unit in text.units() {
        let entity = match ascii(*unit) {
            '&' => "&amp;",
            '"' => "&quot;",
            '\'' => "&#39;",
            '<' => "&lt;",
            '>' => "&gt;",
            '\\' => "&#92;",
            _ => {
                output.push(*unit);
                continue;
            }
        };
        output.extend(entity.encode_utf16());
    }
    output
}

fn nl2br(input: &Value) -> Outcome<Value> {
    let empty = Value::text("");
    let units = text_of(if input.is_nullish() { &empty } else { input })?.units();
    let mut output = Vec::new();
    for (index, unit) in units.iter().enumerate() {
        match ascii(*unit) {
            '\r' if units.get(index + 1) == Some(&10) => {}
            '\n' => output.extend("<br />\n".encode_utf16()),
            _ => output.push(*unit),
        }
    }
    Ok(like(input, output.into()))
}

fn strip_tags(input: &Value, given: &Given<'_>) -> Outcome<Value> {
    let normalized = normalized(input);
    let mut stripped = text_of(&normalized)?.clone();
    let mut passes = 0;
    loop {
        let next = without_tags(stripped.units());
        if next == stripped.units() {
            break;
        }
        if passes == MAX_PASSES {
            return Err(Failure::new("striptags input contains excessively nested markup"));
        }
        stripped = next.into();
        passes += 1;
    }
    let stripped = stripped.trimmed();
    let output = if given.get(0).is_truthy() { keep_lines(&stripped) } else { collapse(stripped.units(), is_space) };
    Ok(like(input, output.into()))
}

fn without_tags(units: &[u16]) -> Vec<u16> {
    let mut output = Vec::new();
    let mut index = 0;
    let no_more_tags = units.iter().rposition(|unit| ascii(*unit) == '>').unwrap_or_default();
    while let Some(unit) = units.get(index) {
        let end = if index < no_more_tags { tag_end(units, index) } else { None };
        if end.is_none() {
            output.push(*unit);
        }
        index = end.unwrap_or(index + 1);
    }
    output
}

/// Where the tag or comment ends that begins here.
fn tag_end(units: &[u16], start: usize) -> Option<usize> {
    if ascii_at(units, start)? != '<' {
        return None;
    }
    let name = start + 1 + usize::from(ascii_at(units, start + 1) == Some('/'));
    if ascii_at(units, name).is_some_and(|letter| letter.is_ascii_alphabetic()) {
        let mut end = name;
        while ascii_at(units, end).is_some_and(|letter| letter.is_ascii_alphanumeric()) {
            end += 1;
        }
        if units.get(end).is_some_and(|unit| is_word(*unit)) {
            return None;
        }
        return find_str(units, ">", end).map(|close| close + 1);
    }
    if starts_with(units, start, "<!--") {
        return find_str(units, "-->", start + 4).map(|close| close + 3);
    }
    None
}

/// Without spaces at the ends of lines and without many empty lines.
fn keep_lines(text: &Text) -> Vec<u16> {
    let is_blank = |unit: u16| unit == 0x20;
    let mut output: Vec<u16> = Vec::new();
    let mut line: Vec<u16> = Vec::new();
    let end_line = |line: &mut Vec<u16>, output: &mut Vec<u16>| {
        let start = line.iter().position(|unit| !is_blank(*unit)).unwrap_or(line.len());
        let end = line.iter().rposition(|unit| !is_blank(*unit)).map_or(start, |last| last + 1);
        output.extend_from_slice(part(line, start, end));
        line.clear();
    };
    for unit in text.units() {
        if matches!(unit, 10 | 13 | 0x2028 | 0x2029) {
            end_line(&mut line, &mut output);
            output.push(*unit);
        } else {
            line.push(*unit);
        }
    }
    end_line(&mut line, &mut output);
    let single_spaced = collapse(&output, is_blank);
    let windows: Vec<u16> = "\r\n".encode_utf16().collect();
    let lines = split(&single_spaced, &windows);
    let lines: Vec<&[u16]> = lines.iter().map(Text::units).collect();
    let mut output = Vec::new();
    let mut newlines = 0;
    for unit in lines.join(&10) {
        newlines = if unit == 10 { newlines + 1 } else { 0 };
        if newlines < 3 {
            output.push(unit);
        }
    }
    output
}

/// Each run of some units becomes one space.
fn collapse(units: &[u16], is_gap: impl Fn(u16) -> bool) -> Vec<u16> {
    let mut output: Vec<u16> = Vec::new();
    let mut inside = false;
    for unit in units {
        let gap = is_gap(*unit);
        if !gap {
            output.push(*unit);
        } else if !inside {
            output.push(0x20);
        }
        inside = gap;
    }
    output
}

fn url_encode(input: &Value) -> Outcome<Value> {
    if let Some(text) = input.as_text() {
        return encode_component(text).map(Value::text);
    }
    let pair = |key: &Value, value: &Value| -> Outcome<String> {
        Ok(format!("{}={}", encode_component(&to_text(key, &Free)?)?, encode_component(&to_text(value, &Free)?)?))
    };
    let pairs = match input {
        Value::Record(record) => record
            .entries()
            .map(|(key, value)| pair(&Value::String(key.clone()), value))
            .collect::<Outcome<Vec<_>>>()?,
        Value::Array(array) => {
            let entries = array.to_vec();
            let pairs = entries.iter().map(|entry| {
                let (key, value) = url_entry(entry)?;
                pair(&key, &value)
            });
            pairs.collect::<Outcome<Vec<_>>>()?
        }
        _ => Vec::new(),
    };
    Ok(Value::text(pairs.join("&")))
}

fn url_entry(entry: &Value) -> Outcome<(Value, Value)> {
    let unit = |text: &Text, index: usize| text.unit(index).map_or(Value::Undefined, Value::String);
    Ok(match entry {
        Value::Undefined | Value::Null => {
            return Err(Failure::new("urlencode sequence entries cannot be nullish"));
        }
        Value::Array(array) => {
            let item = |index| array.get(index).unwrap_or(Value::Undefined);
            (item(0), item(1))
        }
        Value::Record(record) => (record.get_str("0"), record.get_str("1")),
        _ => match entry.as_text() {
            Some(text) => (unit(text, 0), unit(text, 1)),
            None => (Value::Undefined, Value::Undefined),
        },
    })
}

/// `encodeURIComponent`.
fn encode_component(text: &Text) -> Outcome<String> {
    let Ok(text) = String::from_utf16(text.units()) else { return Err(Failure::new("URI malformed")) };
    let mut output = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
            output.push(char::from(byte));
        } else {
            output.push_str(&format!("%{byte:02X}"));
        }
    }
    Ok(output)
}

fn urlize(input: &Value, given: &Given<'_>) -> Outcome<Value> {
    let most = match given.get(0) {
        Value::Undefined => f64::INFINITY,
        Value::Number(number) if number.is_nan() => f64::INFINITY,
        most => to_number(most, &Free)?,
    };
    let most = number::to_count(most);
    let nofollow = if matches!(given.get(1), Value::Bool(true)) { " rel=\"nofollow\"" } else { "" };
    let units = text_of(input)?.units();
    let mut output: Vec<u16> = Vec::new();
    for word in units.chunk_by(|left, right| is_space(*left) == is_space(*right)) {
        let bare = unwrapped(word);
        let prefix = if starts_with(bare, 0, "http://") || starts_with(bare, 0, "https://") {
            ""
        } else if starts_with(bare, 0, "www.") {
            "http://"
        } else if is_email(bare) {
            link("mailto:", bare, bare, "", &mut output);
            continue;
        } else if has_common_domain(bare) {
            "http://"
        } else {
            output.extend_from_slice(word);
            continue;
        };
        link(prefix, bare, part(bare, 0, most), nofollow, &mut output);
    }
    Ok(Value::text(output))
}

fn link(prefix: &str, target: &[u16], shown: &[u16], nofollow: &str, output: &mut Vec<u16>) {
    output.extend(format!("<a href=\"{prefix}").encode_utf16());
    output.extend_from_slice(target);
    output.extend(format!("\"{nofollow}>").encode_utf16());
    output.extend_from_slice(shown);
    output.extend("</a>".encode_utf16());
}

/// A word without one bracket before and one mark after it.
fn unwrapped(word: &[u16]) -> &[u16] {
    if word.first().is_some_and(|unit| is_space(*unit)) {
        return word;
    }
    let opening = ["(", "<", "&lt;"].into_iter().find(|opening| starts_with(word, 0, opening));
    let word = part(word, opening.map_or(0, str::len), word.len());
    let ends_with =
        |closing: &&str| word.len().checked_sub(closing.len()).is_some_and(|at| starts_with(word, at, closing));
    let closing = ["&gt;", ".", ",", ")"].into_iter().find(ends_with);
    part(word, 0, word.len() - closing.map_or(0, str::len))
}

fn is_email(word: &[u16]) -> bool {
    let Some(at) = word.iter().rposition(|unit| ascii(*unit) == '@') else { return false };
    let (local, domain) = (part(word, 0, at), part(word, at + 1, word.len()));
    let local_unit = |unit: &u16| is_word(*unit) || ".!#$%&'*+-/=?^`{|}~".contains(ascii(*unit));
    let labels = split(domain, &[u16::from(b'.')]);
    let label = |label: &Text| {
        !label.is_empty()
            && label.units().iter().map(|unit| ascii(*unit)).all(|unit| unit.is_ascii_alphanumeric() || unit == '-')
    };
    !local.is_empty() && local.iter().all(local_unit) && labels.len() > 1 && labels.iter().all(label)
}

fn has_common_domain(word: &[u16]) -> bool {
    [".org", ".net", ".com"].into_iter().any(|domain| {
        let mut from = 0;
        while let Some(index) = find_str(word, domain, from) {
            match ascii_at(word, index + domain.len()) {
                None | Some(':' | '/') => return true,
                _ => from = index + 1,
            }
        }
        false
    })
}
