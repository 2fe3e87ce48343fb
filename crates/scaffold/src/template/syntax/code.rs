//! Finding things in code without reading it: strings, names and regular expressions are passed over whole.

use crate::template::text::{ascii_at, part, starts_with};

use super::regex;

/// What is no code, and where: the place counts from the start of the text that was searched.
pub(crate) struct CodeError {
    pub(crate) message: &'static str,
    pub(crate) offset: usize,
}

/// Whitespace in code.
pub(crate) fn is_code_space(unit: Option<&u16>) -> bool {
    unit.is_some_and(|unit| matches!(unit, 0x20 | 9 | 10 | 13 | 0xa0))
}

pub(crate) fn trim_start(units: &[u16]) -> &[u16] {
    let start = units.iter().position(|unit| !is_code_space(Some(unit))).unwrap_or(units.len());
    units.get(start..).unwrap_or_default()
}

pub(crate) fn trim(units: &[u16]) -> &[u16] {
    let units = trim_start(units);
    let end = units.iter().rposition(|unit| !is_code_space(Some(unit))).map_or(0, |last| last + 1);
    units.get(..end).unwrap_or_default()
}

/// Where the name ends that begins here; names of properties may begin with digits.
pub(crate) fn name_end(source: &[u16], start: usize, leading_digits: bool) -> Option<usize> {
    let mut index = start;
    while leading_digits && ascii_at(source, index).is_some_and(|character| character.is_ascii_digit()) {
        index += 1;
    }
    ascii_at(source, index).filter(|character| character.is_ascii_alphabetic() || *character == '_')?;
    while ascii_at(source, index).is_some_and(|character| character.is_ascii_alphanumeric() || character == '_') {
        index += 1;
    }
    Some(index)
}

pub(crate) fn is_regex_start(source: &[u16], start: usize, end: usize) -> bool {
    end == start + 1 && ascii_at(source, start) == Some('r') && ascii_at(source, end) == Some('/')
}

/// The end of the string, name, number or regular expression that begins here.
fn skip(source: &[u16], index: usize) -> Result<Option<usize>, CodeError> {
    if let Some(quote @ ('"' | '\'')) = ascii_at(source, index) {
        let mut end = index + 1;
        while let Some(unit) = source.get(end) {
            match ascii_at(source, end) {
                Some('\\') => end += 1,
                Some(character) if character == quote && *unit < 128 => return Ok(Some(end + 1)),
                _ => {}
            }
            end += 1;
        }
        return Ok(Some(source.len()));
    }
    if let Some(end) = name_end(source, index, true) {
        if is_regex_start(source, index, end) {
            let literal = regex::scan(source, index).map_err(|message| CodeError { message, offset: index })?;
            return Ok(Some(literal.end));
        }
        return Ok(Some(end));
    }
    let mut end = index;
    while ascii_at(source, end).is_some_and(|character| character.is_ascii_digit()) {
        end += 1;
    }
    Ok((end > index).then_some(end))
}

/// Where a tag's code ends.
pub(crate) fn find_terminator(source: &[u16], start: usize, terminator: &str) -> Result<Option<usize>, CodeError> {
    let mut index = start;
    while index + terminator.len() <= source.len() {
        if let Some(end) = skip(source, index)? {
            index = end;
        } else if starts_with(source, index, terminator) {
            return Ok(Some(index));
        } else {
            index += 1;
        }
    }
    Ok(None)
}

/// The bracket that closes the one at the start.
pub(crate) fn find_closing(source: &[u16]) -> Result<Option<usize>, CodeError> {
    let mut stack = vec!['('];
    let mut index = 1;
    while index < source.len() {
        if let Some(end) = skip(source, index)? {
            index = end;
            continue;
        }
        match ascii_at(source, index) {
            Some(open @ ('(' | '[' | '{')) => stack.push(open),
            Some(close @ (')' | ']' | '}')) => {
                let matching = matches!((stack.last(), close), (Some('('), ')') | (Some('['), ']') | (Some('{'), '}'));
                if matching {
                    stack.pop();
                    if stack.is_empty() {
                        return Ok(Some(index));
                    }
                }
            }
            _ => {}
        }
        index += 1;
    }
    Ok(None)
}

/// The first `=` outside of all brackets.
pub(crate) fn find_assignment(source: &[u16]) -> Result<Option<usize>, CodeError> {
    let (mut index, mut depth) = (0, 0_i64);
    while index < source.len() {
        if let Some(end) = skip(source, index)? {
            index = end;
            continue;
        }
        match ascii_at(source, index) {
            Some('(' | '[' | '{') => depth += 1,
            Some(')' | ']' | '}') => depth -= 1,
            Some('=') if depth == 0 => return Ok(Some(index)),
            _ => {}
        }
        index += 1;
    }
    Ok(None)
}

/// What stands before and after a word.
pub(crate) type Halves<'a> = (&'a [u16], &'a [u16]);

/// What stands before and after the first `in` outside of all brackets.
pub(crate) fn split_in(source: &[u16]) -> Result<Option<Halves<'_>>, CodeError> {
    let (mut index, mut depth) = (0, 0_i64);
    while index < source.len() {
        if let Some(end) = name_end(source, index, true) {
            let before = index == 0 || is_code_space(source.get(index - 1));
            let after = end == source.len() || is_code_space(source.get(end));
            if depth == 0 && end == index + 2 && starts_with(source, index, "in") && before && after {
                return Ok(Some((trim(part(source, 0, index)), trim(part(source, end, source.len())))));
            }
        }
        if let Some(end) = skip(source, index)? {
            index = end;
            continue;
        }
        match ascii_at(source, index) {
            Some('(' | '[' | '{') => depth += 1,
            Some(')' | ']' | '}') => depth -= 1,
            _ => {}
        }
        index += 1;
    }
    Ok(None)
}
