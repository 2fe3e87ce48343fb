//! The transforms of function-patch-and-transform, and their errors in its words.

use plat_resource::go::json_kind;
use plat_resource::{Value, quantity::Quantity};

use super::input::{Convert, Match, Math, Pattern, Transform};
use super::{string_transform, validate};
use crate::go::{format, json, parse, type_name};

/// Runs transforms one after the other.
pub fn resolve_all(transforms: &[Transform], input: Value) -> Result<Value, String> {
    transforms.iter().enumerate().try_fold(input, |value, (index, transform)| {
        resolve(transform, value).map_err(|reason| format!("transform at index {index} returned error: {reason}"))
    })
}

fn resolve(transform: &Transform, input: Value) -> Result<Value, String> {
    let kind = transform.kind.as_str();
    let missing = || format!("given transform type {kind} requires configuration");
    let resolved = match kind {
        "math" => math(transform.math.as_ref().ok_or_else(missing)?, input),
        "map" => map(transform.map.as_ref().ok_or_else(missing)?, &input),
        "match" => matching(transform.matching.as_ref().ok_or_else(missing)?, input),
        "string" => {
            string_transform::resolve(transform.string.as_ref().ok_or_else(missing)?, &input).map(Value::String)
        }
        "convert" => convert(transform.convert.as_ref().ok_or_else(missing)?, input),
        _ => return Err(format!("transform type {kind} is not supported")),
    };
    resolved.map_err(|reason| format!("{kind} transform could not resolve: {reason}"))
}

fn math(math: &Math, input: Value) -> Result<Value, String> {
    validate::math(math).map_err(|fault| fault.to_string())?;
    let Value::Number(number) = &input else {
        return Err(format!("input is required to be a number for math transformer, got {}", type_name(&input)));
    };
    let integer = number.as_i64();
    let float = number.as_f64().unwrap_or(f64::NAN);
    let truncated = integer.unwrap_or_else(|| truncate(float));
    match math.kind.as_str() {
        "Multiply" => multiply(integer, float, math.multiply.unwrap_or(0)),
        "ClampMin" => Ok(math.clamp_min.filter(|bound| truncated < *bound).map_or(input, Value::from)),
        _ => Ok(math.clamp_max.filter(|bound| truncated > *bound).map_or(input, Value::from)),
    }
}

fn multiply(integer: Option<i64>, float: f64, factor: i64) -> Result<Value, String> {
    match integer {
        Some(integer) => Ok(Value::from(integer.wrapping_mul(factor))),
        #[expect(clippy::cast_precision_loss, reason = "Go converts the factor to float64 too")]
        None => finite(float * factor as f64),
    }
}

/// A finite float as a value that stays a float.
fn float_value(float: f64) -> Value {
    serde_json::Number::from_f64(float).map_or(Value::Null, Value::Number)
}

/// Go's conversion of a float64 to int64 on amd64: out of range and NaN give the smallest integer.
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "the range is checked first")]
fn truncate(float: f64) -> i64 {
    let in_range = float >= i64::MIN as f64 && float < i64::MAX as f64;
    if in_range { float as i64 } else { i64::MIN }
}

fn map(pairs: &std::collections::BTreeMap<String, Value>, input: &Value) -> Result<Value, String> {
    let Value::String(key) = input else {
        return Err(format!("type {} is not supported for map transform", type_name(input)));
    };
    match pairs.get(key) {
        None => Err(format!("key {key} is not found in map")),
        // apiextensions' JSON type drops a null, and nothing is no JSON.
        Some(Value::Null) => Err(format!("value for key {key} is not valid JSON: unexpected end of JSON input")),
        Some(value) => Ok(json::to_struct(value)),
    }
}

fn matching(matching: &Match, input: Value) -> Result<Value, String> {
    for (index, pattern) in matching.patterns.iter().enumerate() {
        if matches(pattern, &input).map_err(|reason| format!("cannot match pattern at index {index}: {reason}"))? {
            return Ok(json::to_struct(&pattern.result));
        }
    }
    if matching.fallback_to == "Input" {
        if matching.fallback_value.is_null() {
            return Ok(input);
        }
        return Err("cannot set both a fallback value and the fallback to input flag".to_owned());
    }
    Ok(json::to_struct(&matching.fallback_value))
}

fn matches(pattern: &Pattern, input: &Value) -> Result<bool, String> {
    let unsupported = |name: &str| format!("unsupported input type '{name}'");
    match pattern.kind.as_str() {
        "literal" => {
            let literal = pattern.literal.as_ref().ok_or("literal is required by type literal")?;
            let text = input.as_str().ok_or_else(|| unsupported(type_name(input)))?;
            Ok(text == literal)
        }
        "regexp" => {
            let expression = pattern.regexp.as_ref().ok_or("regexp is required by type regexp")?;
            let regex = expression.regex().map_err(|reason| format!("cannot compile regexp: {reason}"))?;
            let name = if input.is_null() { "null" } else { type_name(input) };
            Ok(regex.is_match(input.as_str().ok_or_else(|| unsupported(name))?))
        }
        other => Err(format!("unsupported pattern type '{other}'")),
    }
}

fn convert(convert: &Convert, input: Value) -> Result<Value, String> {
    validate::convert(convert).map_err(|fault| fault.to_string())?;
    let from = match type_name(&input) {
        name @ ("string" | "bool" | "int64" | "float64") => name,
        other => return Err(format!("invalid input type {other}")),
    };
    let to = if convert.to_type == "int" { "int64" } else { convert.to_type.as_str() };
    if from == to {
        return Ok(input);
    }
    let how = convert.format.as_deref().unwrap_or("none");
    let unsupported = || format!("conversion from {from} to {to} is not supported with format {how}");
    match (&input, to, how) {
        (Value::String(text), _, _) => from_string(text, to, how).unwrap_or_else(|| Err(unsupported())),
        (Value::Bool(flag), _, "none") => from_bool(*flag, to).ok_or_else(unsupported),
        (Value::Number(number), _, "none") => from_number(number, to).ok_or_else(unsupported),
        _ => Err(unsupported()),
    }
}

fn from_string(text: &str, to: &str, how: &str) -> Option<Result<Value, String>> {
    Some(match (to, how) {
        ("int64", "none") => parse::int(text).map(Value::from),
        ("bool", "none") => parse::bool(text).map(Value::Bool),
        ("float64", "none") => parse::float(text).and_then(finite),
        ("float64", "quantity") => {
            Quantity::parse(text).map_err(|error| error.to_string()).and_then(|found| finite(found.as_f64()))
        }
        ("object", "json") => from_json(text, "map[string]interface {}", Value::is_object),
        ("array", "json") => from_json(text, "[]interface {}", Value::is_array),
        _ => return None,
    })
}

/// The real function fails later, when it turns the value into JSON, with the same cause.
fn finite(float: f64) -> Result<Value, String> {
    if float.is_finite() {
        return Ok(float_value(float));
    }
    Err(format!("json: unsupported value: {}", crate::go::float::format(float, 'g', None)))
}

fn from_json(text: &str, go_type: &str, fits: impl Fn(&Value) -> bool) -> Result<Value, String> {
    match serde_json::from_str::<Value>(text) {
        Ok(value) if value.is_null() || fits(&value) => Ok(json::to_struct(&value)),
        Ok(other) => Err(format!("json: cannot unmarshal {} into Go value of type {go_type}", json_kind(&other))),
        Err(error) => Err(json_fault(text, &error)),
    }
}

/// A slip inside `true`, `false` or `null`, `column` being that of the slip.
fn literal_fault(line: &str, column: usize) -> Option<String> {
    let slip = column.checked_sub(1)?;
    let before = line.get(..slip)?;
    let start = before.rfind(|found: char| !found.is_ascii_alphabetic()).map_or(0, |offset| offset + 1);
    let literal = ["true", "false", "null"].into_iter().find(|literal| literal.starts_with(&before[start..]))?;
    let found = crate::go::quote::character(line.get(slip..)?.chars().next()?, false);
    let expected = crate::go::quote::character(literal.chars().nth(slip - start)?, false);
    Some(format!("invalid character {found} in literal {literal} (expecting {expected})"))
}

/// What Go's decoder says of text that is no JSON.
fn json_fault(text: &str, error: &serde_json::Error) -> String {
    if error.is_eof() {
        return "unexpected end of JSON input".to_owned();
    }
    let line = text.split('\n').nth(error.line().saturating_sub(1)).unwrap_or("");
    let rest = line.as_bytes().get(error.column().saturating_sub(1)..).unwrap_or_default();
    if error.to_string().starts_with("expected ident")
        && let Some(fault) = literal_fault(line, error.column())
    {
        return fault;
    }
    let found = String::from_utf8_lossy(rest)
        .chars()
        .next()
        .map_or_else(String::new, |found| crate::go::quote::character(found, false));
    let words = error.to_string();
    let place = [
        ("trailing characters", "after top-level value"),
        ("expected `,` or `]`", "after array element"),
        ("expected `,` or `}`", "after object key:value pair"),
        ("expected `:`", "after object key"),
        ("key must be a string", "looking for beginning of object key string"),
        ("control character", "in string literal"),
        ("invalid escape", "in string escape code"),
    ];
    let place =
        place.iter().find(|(serde, _)| words.starts_with(serde)).map_or("looking for beginning of value", |(_, go)| go);
    format!("invalid character {found} {place}")
}

fn from_bool(flag: bool, to: &str) -> Option<Value> {
    match to {
        "string" => Some(Value::String(flag.to_string())),
        "int64" => Some(Value::from(i64::from(flag))),
        "float64" => Some(float_value(f64::from(u8::from(flag)))),
        _ => None,
    }
}

#[expect(clippy::float_cmp, clippy::cast_precision_loss, reason = "Go compares and converts the same way")]
fn from_number(number: &serde_json::Number, to: &str) -> Option<Value> {
    match (number.as_i64(), number.as_f64(), to) {
        (Some(integer), _, "string") => Some(Value::String(integer.to_string())),
        (Some(integer), _, "bool") => Some(Value::Bool(integer == 1)),
        (Some(integer), _, "float64") => Some(float_value(integer as f64)),
        (None, Some(float), "string") => Some(Value::String(crate::go::float::format(float, 'f', None))),
        (None, Some(float), "bool") => Some(Value::Bool(float == 1.0)),
        (None, Some(float), "int64") => Some(Value::from(truncate(float))),
        _ => None,
    }
}

/// `%v` of a value, which most string transforms start from.
pub fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => format::display(other),
    }
}
