//! `glob.match`: patterns with `*`, `**`, `?`, `[…]` and `{…,…}`, where delimiters end what `*` and `?` take.

use std::sync::Arc;

use super::arguments::{argument, as_items, as_text, text};
use super::regex::compiled;
use super::{Outcome, Problem, Row};
use crate::budget::Budget;
use crate::value::Value;

pub(super) const ROWS: &[Row] = &[("glob.match", 3, matches)];

fn matches(budget: &mut Budget, values: &[Value]) -> Outcome {
    let (pattern, matched) = (text(values, 0)?, text(values, 2)?);
    let delimiters = match argument(values, 1)? {
        Value::Null => String::new(),
        Value::Array(items) if items.is_empty() => ".".to_owned(),
        list => {
            let mut delimiters = String::new();
            for item in as_items(list)? {
                let item = as_text(item)?;
                if item.chars().count() != 1 {
                    return Err(Problem::Undefined);
                }
                delimiters.push_str(item);
            }
            delimiters
        }
    };
    budget.bytes(pattern.len().saturating_mul(8) + matched.len())?;
    let regex: Arc<str> = translated(pattern, &delimiters).ok_or(Problem::Undefined)?.into();
    Ok(Value::Bool(compiled(&regex)?.is_match(matched)))
}

/// The pattern as a regular expression.
fn translated(pattern: &str, delimiters: &str) -> Option<String> {
    let one = if delimiters.is_empty() {
        "(?s:.)".to_owned()
    } else {
        format!("[^{}]", delimiters.chars().map(quoted).collect::<String>())
    };
    let mut out = String::from("^");
    let mut open = 0_usize;
    let mut rest = pattern.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '*' if rest.peek() == Some(&'*') => {
                while rest.next_if_eq(&'*').is_some() {}
                out.push_str("(?s:.*)");
            }
            '*' => out.push_str(&format!("{one}*")),
            '?' => out.push_str(&one),
            '{' => {
                open += 1;
                out.push_str("(?:");
            }
            '}' if open > 0 => {
                open -= 1;
                out.push(')');
            }
            ',' if open > 0 => out.push('|'),
            '[' => out.push_str(&class(&mut rest)?),
            '\\' => out.push_str(&quoted(rest.next()?)),
            other => out.push_str(&quoted(other)),
        }
    }
    out.push('$');
    (open == 0).then_some(out)
}

/// `[a-c]` is a range, and whatever else stands in brackets a list of characters.
fn class(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<String> {
    let not = if rest.next_if_eq(&'!').is_some() { "^" } else { "" };
    let first = rest.next()?;
    if rest.next_if_eq(&'-').is_some() {
        let last = rest.next()?;
        let range = last >= first && rest.next()? == ']';
        return range.then(|| format!("[{not}{}-{}]", quoted(first), quoted(last)));
    }
    let mut out = format!("[{not}");
    let mut next = first;
    while next != ']' {
        out.push_str(&quoted(if next == '\\' { rest.next()? } else { next }));
        next = rest.next()?;
    }
    out.push(']');
    (next != first).then_some(out)
}

fn quoted(character: char) -> String {
    if character.is_alphanumeric() { character.to_string() } else { format!("\\x{{{:x}}}", u32::from(character)) }
}
