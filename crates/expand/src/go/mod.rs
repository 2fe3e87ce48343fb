//! What Go's standard library does to values, where patch-and-transform shows it to users.
//!
//! Owns `encoding/json` text, `strconv` parsing and the number model of protobuf `Struct`; printing is
//! [`plat_resource::go`]'s. Numbers: an integer of [`serde_json::Number`] is Go's `int64`, anything else is `float64`.

pub mod json;
pub mod parse;
pub mod unstructured;

pub use plat_resource::go::{float, format, quote, type_name};
