//! Replacing and splitting: what `$1` and its like stand for.

use super::{Budget, Match, Pattern};
use crate::template::error::Outcome;
use crate::template::text::{Text, ascii_at, find_str, part};
use crate::template::value::Value;

/// `text.replace(pattern, replacement)`, and the place that the pattern remembers after it.
pub(crate) fn replace(pattern: &Pattern, text: &Text, replacement: &[u16], from: usize) -> Outcome<(Text, usize)> {
    let units = text.units();
    let mut budget = Budget::new();
    let mut output = Vec::new();
    let mut passed = 0;
    let mut next = if pattern.global { 0 } else { from };
    loop {
        let (found, after) = pattern.exec(units, next, &mut budget)?;
        next = after;
        let Some(found) = found else { break };
        if found.start >= passed {
            output.extend_from_slice(part(units, passed, found.start));
            expand(replacement, units, &found, &pattern.program.names, &mut output);
            passed = found.end;
        }
        if !pattern.global {
            break;
        }
        if found.start == found.end {
            next += 1;
        }
    }
    output.extend_from_slice(part(units, passed, units.len()));
    Ok((output.into(), next))
}

/// Writes a replacement, with what `$` stands for.
pub(crate) fn expand(
    replacement: &[u16],
    text: &[u16],
    found: &Match,
    names: &[(Vec<u16>, usize)],
    output: &mut Vec<u16>,
) {
    let mut index = 0;
    while let Some(unit) = replacement.get(index) {
        let special = if ascii_at(replacement, index) == Some('$') { ascii_at(replacement, index + 1) } else { None };
        index += match special {
            Some('$') => {
                output.push(u16::from(b'$'));
                2
            }
            Some('&') => {
                output.extend_from_slice(part(text, found.start, found.end));
                2
            }
            Some('`') => {
                output.extend_from_slice(part(text, 0, found.start));
                2
            }
            Some('\'') => {
                output.extend_from_slice(part(text, found.end, text.len()));
                2
            }
            Some('<') if !names.is_empty() => named(replacement, index, (text, found), names, output),
            Some('0'..='9') => numbered(replacement, index, text, found, output),
            _ => {
                output.push(*unit);
                1
            }
        };
    }
}

fn named(
    replacement: &[u16],
    index: usize,
    (text, found): (&[u16], &Match),
    names: &[(Vec<u16>, usize)],
    output: &mut Vec<u16>,
) -> usize {
    let Some(end) = find_str(replacement, ">", index) else {
        output.push(u16::from(b'$'));
        return 1;
    };
    let name = part(replacement, index + 2, end);
    let group = names.iter().find(|(other, _)| other == name).map(|(_, group)| *group);
    if let Some((start, end)) = group.and_then(|group| found.groups.get(group - 1).copied().flatten()) {
        output.extend_from_slice(part(text, start, end));
    }
    end + 1 - index
}

fn numbered(replacement: &[u16], index: usize, text: &[u16], found: &Match, output: &mut Vec<u16>) -> usize {
    let digit = |index| ascii_at(replacement, index).and_then(|digit| digit.to_digit(10));
    let first = digit(index + 1).unwrap_or_default();
    let two = digit(index + 2).map(|second| (first * 10 + second, 3));
    for (number, length) in two.into_iter().chain([(first, 2)]) {
        let group = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
        if let Some(captured) = group.and_then(|group| found.groups.get(group)) {
            if let Some((start, end)) = captured {
                output.extend_from_slice(part(text, *start, *end));
            }
            return length;
        }
    }
    output.push(u16::from(b'$'));
    1
}

/// `text.split(pattern, limit)`.
pub(crate) fn split(pattern: &Pattern, text: &Text, limit: Option<u32>) -> Outcome<Vec<Value>> {
    let limit = usize::try_from(limit.unwrap_or(u32::MAX)).unwrap_or(usize::MAX);
    let units = text.units();
    let mut budget = Budget::new();
    let mut output = Vec::new();
    if limit == 0 {
        return Ok(output);
    }
    if units.is_empty() {
        let matches = super::run::run(&pattern.program, units, 0, &mut budget)?.is_some();
        return Ok(if matches { output } else { vec![Value::String(text.clone())] });
    }
    let piece = |start: usize, end: usize| Value::String(Text::new(part(units, start, end)));
    let (mut passed, mut index) = (0, 0);
    while index < units.len() {
        let found = super::run::run(&pattern.program, units, index, &mut budget)?;
        let Some(found) = found.filter(|found| found.end != passed) else {
            index += 1;
            continue;
        };
        output.push(piece(passed, index));
        let groups = found.groups.iter().map(|group| group.map_or(Value::Undefined, |(start, end)| piece(start, end)));
        output.extend(groups);
        if output.len() >= limit {
            output.truncate(limit);
            return Ok(output);
        }
        passed = found.end;
        index = passed;
    }
    output.push(piece(passed, units.len()));
    Ok(output)
}
