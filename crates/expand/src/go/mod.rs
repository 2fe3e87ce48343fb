//! What Go's standard library does to values, where patch-and-transform shows it to users.
//!
//! Owns `fmt.Sprintf`, `strconv` floats and quoting, `encoding/json` text and the number model of protobuf `Struct`. The
//! rules come from the Go 1.26 standard library. Numbers: an integer of [`serde_json::Number`] is Go's `int64`, anything
//! else is `float64`, so a value keeps the Go type that decides how it prints.

pub mod float;
pub mod format;
pub mod json;
pub mod parse;
pub mod quote;
pub mod unstructured;

use plat_resource::Value;

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
