//! Words that mean something: literals, reserved names, comparisons.

use crate::template::error::{Failure, Outcome, Place, quoted};
use crate::template::syntax::token::Token;
use crate::template::syntax::{Comparison, Literal};
use crate::template::text::{Text, find_last, part};
use crate::template::value::is_reserved;

pub(super) fn refuse_reserved(token: &Token) -> Outcome<()> {
    refuse_reserved_name(&token.value, token.place)
}

pub(super) fn refuse_reserved_name(name: &Text, place: Place) -> Outcome<()> {
    if is_reserved(name) {
        let message = format!("Template name {} is reserved", quoted(name.units()));
        return Err(Failure::syntax(message, place));
    }
    Ok(())
}

pub(super) fn is_literal_name(name: &Text) -> bool {
    named_literal(name).is_some()
}

pub(super) fn named_literal(name: &Text) -> Option<Literal> {
    match name.to_string().as_str() {
        "true" => Some(Literal::Bool(true)),
        "false" => Some(Literal::Bool(false)),
        "null" | "none" => Some(Literal::Null),
        _ => None,
    }
}

pub(super) fn regex_literal(value: &Text) -> Literal {
    let separator = find_last(value.units(), &[u16::from(b'/')], value.len()).unwrap_or_default();
    let flags = String::from_utf16_lossy(part(value.units(), separator + 1, value.len()));
    Literal::Regex { source: Text::new(part(value.units(), 0, separator)), flags: flags.into() }
}

pub(super) fn equality(value: &Text) -> Option<Comparison> {
    match value.to_string().as_str() {
        "==" => Some(Comparison::Equal),
        "===" => Some(Comparison::Same),
        "!=" => Some(Comparison::NotEqual),
        "!==" => Some(Comparison::NotSame),
        _ => None,
    }
}

pub(super) fn relation(value: &Text) -> Option<Comparison> {
    match value.to_string().as_str() {
        "<" => Some(Comparison::Less),
        "<=" => Some(Comparison::LessOrEqual),
        ">" => Some(Comparison::Greater),
        ">=" => Some(Comparison::GreaterOrEqual),
        _ => None,
    }
}
