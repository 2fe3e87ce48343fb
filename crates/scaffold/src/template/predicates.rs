//! Tests: what stands after `is`.

use super::coerce::{Free, order, to_number};
use super::error::{Failure, Outcome};
use super::value::Value;

/// All tests and how many arguments each takes.
pub(crate) const NAMES: [(&str, usize); 26] = [
    ("callable", 0),
    ("defined", 0),
    ("divisibleby", 1),
    ("escaped", 0),
    ("eq", 1),
    ("equalto", 1),
    ("even", 0),
    ("falsy", 0),
    ("ge", 1),
    ("greaterthan", 1),
    ("gt", 1),
    ("iterable", 0),
    ("le", 1),
    ("lessthan", 1),
    ("lower", 0),
    ("lt", 1),
    ("mapping", 0),
    ("ne", 1),
    ("null", 0),
    ("number", 0),
    ("odd", 0),
    ("sameas", 1),
    ("string", 0),
    ("truthy", 0),
    ("undefined", 0),
    ("upper", 0),
];

/// How many arguments a test takes; none where there is no such test.
pub(crate) fn arity(name: &str) -> Option<usize> {
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, arity)| *arity)
}

pub(crate) fn check_arity(name: &str, expected: usize, given: usize) -> Outcome<()> {
    if given != expected {
        let plural = if expected == 1 { "" } else { "s" };
        let message = format!("Template test {name} requires {expected} positional argument{plural}");
        return Err(Failure::new(message));
    }
    Ok(())
}

/// Applies one test with as many arguments as it takes.
pub(crate) fn apply(name: &str, input: &Value, positional: &[Value]) -> Outcome<bool> {
    if !["callable", "eq", "equalto", "sameas", "ne"].contains(&name) {
        input.refuse_callable()?;
        positional.iter().try_for_each(Value::refuse_callable)?;
    }
    let other = positional.first().unwrap_or(&Value::Undefined);
    let number = || to_number(input, &Free);
    let order = || order(input, other, &Free);
    Ok(match name {
        "callable" => matches!(input, Value::Callable(_)),
        "defined" => !matches!(input, Value::Undefined),
        "divisibleby" => number()? % to_number(other, &Free)? == 0.0,
        "escaped" => matches!(input, Value::Safe(_)),
        "eq" | "equalto" | "sameas" => input.is_same(other),
        "even" => number()? % 2.0 == 0.0,
        "falsy" => !input.is_truthy(),
        "ge" => order()? >= 0.0,
        "greaterthan" | "gt" => order()? > 0.0,
        "iterable" => {
            if input.is_nullish() {
                return Err(Failure::new("iterable test requires a value"));
            }
            matches!(input, Value::String(_) | Value::Safe(_) | Value::Array(_))
        }
        "le" => order()? <= 0.0,
        "lessthan" | "lt" => order()? < 0.0,
        "lower" | "upper" => is_case(input, name == "lower")?,
        "mapping" => matches!(input, Value::Record(_) | Value::Safe(_) | Value::Regex(_)),
        "ne" => !input.is_same(other),
        "null" => matches!(input, Value::Null),
        "number" => matches!(input, Value::Number(_)),
        "odd" => (number()? % 2.0).total_cmp(&1.0).is_eq(),
        "string" => matches!(input, Value::String(_)),
        "truthy" => input.is_truthy(),
        _ => matches!(input, Value::Undefined),
    })
}

fn is_case(input: &Value, lower: bool) -> Outcome<bool> {
    match input {
        Value::Safe(_) => Ok(false),
        Value::String(text) => Ok(*text == if lower { text.to_lower() } else { text.to_upper() }),
        _ => Err(Failure::new("Filter input must be a string")),
    }
}
