//! Bracketed character classes: every character is written out as a code point, so that none is an operator to Rust.

use std::fmt::Write;

use super::{Fault, Translator, escape};

const POSIX: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "word",
    "xdigit",
];

/// Translates the class at the start of what is left.
pub(super) fn translate(translator: &mut Translator<'_>) -> Result<(), Fault> {
    let whole = translator.rest;
    translator.take(1);
    translator.output.push('[');
    if translator.rest.starts_with('^') {
        translator.take(1);
        translator.output.push('^');
    }
    let mut first = true;
    while first || !translator.rest.starts_with(']') {
        first = false;
        item(translator, whole)?;
    }
    translator.take(1);
    translator.output.push(']');
    translator.push_atom(1);
    Ok(())
}

fn item(translator: &mut Translator<'_>, whole: &str) -> Result<(), Fault> {
    let text = translator.rest;
    if let Some(length) = posix(text)? {
        let taken = translator.take(length);
        translator.output.push_str(taken);
        return Ok(());
    }
    if let Some((length, class)) = escape::class_escape(translator, text)? {
        translator.take(length);
        translator.output.push_str(&class);
        return Ok(());
    }
    let low = character(translator, whole)?;
    let range = translator.rest.len() >= 2 && translator.rest.starts_with('-') && !translator.rest.starts_with("-]");
    let high = if range {
        translator.take(1);
        character(translator, whole)?
    } else {
        low
    };
    if high < low {
        let read = text.get(..text.len() - translator.rest.len()).unwrap_or(text);
        return Err(Fault::new("invalid character class range", read));
    }
    // Writing to a String cannot fail.
    let _ = write!(translator.output, "\\x{{{:X}}}-\\x{{{:X}}}", u32::from(low), u32::from(high));
    Ok(())
}

/// Length of a `[:name:]` at the start of `text`.
fn posix(text: &str) -> Result<Option<usize>, Fault> {
    let Some(end) = text.strip_prefix("[:").and_then(|after| after.find(":]")) else {
        return Ok(None);
    };
    let length = end + 4;
    let name = text.get(2..2 + end).unwrap_or("");
    if POSIX.contains(&name.strip_prefix('^').unwrap_or(name)) {
        return Ok(Some(length));
    }
    Err(Fault::new("invalid character class range", text.get(..length).unwrap_or(text)))
}

fn character(translator: &mut Translator<'_>, whole: &str) -> Result<char, Fault> {
    let Some(next) = translator.rest.chars().next() else {
        return Err(Fault::new("missing closing ]", whole));
    };
    let (character, length) = if next == '\\' { escape::character(translator.rest)? } else { (next, next.len_utf8()) };
    translator.take(length);
    Ok(character)
}
