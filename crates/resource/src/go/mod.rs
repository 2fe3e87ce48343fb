//! What Go's standard library does to values, where a program written in Go shows it to users.
//!
//! Owns `fmt.Sprintf` and `strconv` floats and quoting. The rules come from the Go 1.26 standard library. Numbers: an
//! integer of [`serde_json::Number`] is Go's `int64`, anything else is `float64`, so a value keeps the Go type that
//! decides how it prints.

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
