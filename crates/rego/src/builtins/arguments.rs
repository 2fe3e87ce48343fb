//! Arguments of the kind that a function asks for.

use std::sync::Arc;

use super::Problem;
use crate::number::Number;
use crate::value::{Object, Set, Value};

type Read<T> = Result<T, Problem>;

pub(super) fn argument(values: &[Value], index: usize) -> Read<&Value> {
    values.get(index).ok_or(Problem::Undefined)
}

pub(super) fn text(values: &[Value], index: usize) -> Read<&Arc<str>> {
    as_text(argument(values, index)?)
}

pub(super) fn as_text(value: &Value) -> Read<&Arc<str>> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err(Problem::Undefined),
    }
}

pub(super) fn number(values: &[Value], index: usize) -> Read<&Number> {
    match argument(values, index)? {
        Value::Number(number) => Ok(number),
        _ => Err(Problem::Undefined),
    }
}

/// A whole number that fits.
pub(super) fn integer(values: &[Value], index: usize) -> Read<i64> {
    number(values, index)?.as_i64().ok_or(Problem::Undefined)
}

pub(super) fn array(values: &[Value], index: usize) -> Read<&Arc<Vec<Value>>> {
    match argument(values, index)? {
        Value::Array(items) => Ok(items),
        _ => Err(Problem::Undefined),
    }
}

pub(super) fn set(values: &[Value], index: usize) -> Read<&Arc<Set>> {
    match argument(values, index)? {
        Value::Set(set) => Ok(set),
        _ => Err(Problem::Undefined),
    }
}

pub(super) fn object(values: &[Value], index: usize) -> Read<&Arc<Object>> {
    match argument(values, index)? {
        Value::Object(object) => Ok(object),
        _ => Err(Problem::Undefined),
    }
}

/// The items of an array or a set.
pub(super) fn items(values: &[Value], index: usize) -> Read<&[Value]> {
    as_items(argument(values, index)?)
}

pub(super) fn as_items(value: &Value) -> Read<&[Value]> {
    match value {
        Value::Array(items) => Ok(items),
        Value::Set(set) => Ok(set.items()),
        _ => Err(Problem::Undefined),
    }
}

/// Texts of an array or a set, or one text.
pub(super) fn texts(value: &Value) -> Read<Vec<&str>> {
    match value {
        Value::String(text) => Ok(vec![text]),
        other => as_items(other)?.iter().map(|item| as_text(item).map(AsRef::as_ref)).collect(),
    }
}
