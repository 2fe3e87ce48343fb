//! Regular expression literals: `r/.../gimy`.

use crate::template::pattern;
use crate::template::text::{Text, ascii_at};

/// The longest pattern.
const MAX_PATTERN: usize = 16_384;

/// A literal that was read, and where it ends.
pub(crate) struct RegexLiteral {
    pub(crate) source: Text,
    pub(crate) flags: String,
    pub(crate) end: usize,
}

/// Reads the literal that begins with the `r` at `start`.
pub(crate) fn scan(source: &[u16], start: usize) -> Result<RegexLiteral, &'static str> {
    let mut pattern: Vec<u16> = Vec::new();
    let mut backslashes = 0;
    for (index, unit) in source.iter().enumerate().skip(start + 2) {
        let character = ascii_at(source, index);
        if (character != Some('/') || backslashes > 0) && pattern.len() >= MAX_PATTERN {
            return Err("Regular-expression literal exceeds the maximum length");
        }
        if character == Some('\\') {
            pattern.push(*unit);
            backslashes += 1;
            continue;
        }
        if character == Some('/') {
            if backslashes == 0 {
                return finish(source, index, pattern);
            }
            if backslashes % 2 == 0 {
                return Err("Ambiguous regular-expression delimiter escape");
            }
        }
        pattern.push(*unit);
        backslashes = 0;
    }
    Err("Unterminated regular-expression literal")
}

fn finish(source: &[u16], delimiter: usize, pattern: Vec<u16>) -> Result<RegexLiteral, &'static str> {
    let mut flags = String::new();
    let mut end = delimiter + 1;
    while let Some(flag @ ('g' | 'i' | 'm' | 'y')) = ascii_at(source, end) {
        if flags.contains(flag) {
            return Err("Duplicate regular-expression flag");
        }
        flags.push(flag);
        end += 1;
    }
    if ascii_at(source, end).is_some_and(|character| character.is_ascii_alphabetic()) {
        return Err("Unsupported regular-expression flag");
    }
    if pattern::Pattern::parse(&pattern, &flags).is_none() {
        return Err("Invalid regular-expression literal");
    }
    Ok(RegexLiteral { source: pattern.into(), flags, end })
}
