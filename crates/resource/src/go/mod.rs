//! What Go's standard library does to values, where a program written in Go shows it to users.
//!
//! Owns `fmt.Sprintf`, `strconv` floats and quoting, and `time.ParseDuration`. The rules come from the Go 1.26 standard library. Numbers: an
//! integer of [`serde_json::Number`] is Go's `int64`, anything else is `float64`, so a value keeps the Go type that
//! decides how it prints.

pub mod duration;
pub mod float;
pub mod format;
pub mod quote;

use crate::Value;

/// The Go type of a JSON value, as `%T` prints it.
pub fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_i64() => "int64",
        Value::Number(_) => "float64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}

/// What Go's JSON reader calls a value.
pub fn json_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Whether Go leaves the value out where it leaves out empty ones, and merges find it empty.
pub fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
    }
}
