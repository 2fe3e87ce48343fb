//! What kind of value something is, and turning one kind into another.

use super::arguments::{argument, as_items};
use super::{Outcome, Problem, Row};
use crate::budget::Budget;
use crate::number::Number;
use crate::value::Value;

pub(super) const ROWS: &[Row] = &[
    ("is_array", 1, |_, values| is(values, "array")),
    ("is_boolean", 1, |_, values| is(values, "boolean")),
    ("is_null", 1, |_, values| is(values, "null")),
    ("is_number", 1, |_, values| is(values, "number")),
    ("is_object", 1, |_, values| is(values, "object")),
    ("is_set", 1, |_, values| is(values, "set")),
    ("is_string", 1, |_, values| is(values, "string")),
    ("type_name", 1, |_, values| Ok(Value::from(argument(values, 0)?.type_name()))),
    ("to_number", 1, to_number),
    ("cast_array", 1, cast_array),
    ("cast_set", 1, |_, values| Ok(Value::set(as_items(argument(values, 0)?)?.to_vec()))),
    ("cast_boolean", 1, |_, values| same(values, "boolean")),
    ("cast_null", 1, |_, values| same(values, "null")),
    ("cast_object", 1, |_, values| same(values, "object")),
    ("cast_string", 1, |_, values| same(values, "string")),
    ("print", 0, |_, _| Ok(Value::Bool(true))),
    ("trace", 1, |_, values| same(values, "string").map(|_| Value::Bool(true))),
];

fn is(values: &[Value], kind: &str) -> Outcome {
    Ok(Value::Bool(argument(values, 0)?.type_name() == kind))
}

fn same(values: &[Value], kind: &str) -> Outcome {
    let value = argument(values, 0)?;
    if value.type_name() == kind { Ok(value.clone()) } else { Err(Problem::Undefined) }
}

fn cast_array(budget: &mut Budget, values: &[Value]) -> Outcome {
    let items = as_items(argument(values, 0)?)?;
    budget.items(items.len())?;
    Ok(Value::array(items.to_vec()))
}

fn to_number(_: &mut Budget, values: &[Value]) -> Outcome {
    match argument(values, 0)? {
        Value::Null => Ok(Value::int(0)),
        Value::Bool(flag) => Ok(Value::int(i64::from(*flag))),
        Value::Number(number) => Ok(Value::Number(number.clone())),
        Value::String(text) => written(text).map(Value::Number).ok_or(Problem::Undefined),
        _ => Err(Problem::Undefined),
    }
}

/// The number of a text that is written as JSON writes numbers.
pub(super) fn written(text: &str) -> Option<Number> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let whole = digits.bytes().take_while(u8::is_ascii_digit).count();
    if whole == 0 || (whole > 1 && digits.starts_with('0')) {
        return None;
    }
    let rest = &digits[whole..];
    let fraction =
        rest.strip_prefix('.').map_or(rest, |fraction| fraction.trim_start_matches(|c: char| c.is_ascii_digit()));
    if rest.starts_with('.') && rest.len() == fraction.len() + 1 {
        return None;
    }
    if !fraction.is_empty() {
        let exponent = fraction.strip_prefix(['e', 'E'])?;
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        if exponent.is_empty() || !exponent.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
    }
    Number::parse(text)
}
