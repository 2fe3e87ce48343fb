//! The filters that every template has.
//!
//! Owns their names and which of them does what; what is done to text, lists and records is beside it.

mod attributes;
mod lists;
mod markup;
mod replace;
pub(crate) mod sort;
mod texts;

use std::rc::Rc;

use super::coerce::{Free, order, render, to_number, to_text};
use super::error::{Failure, Outcome};
use super::json;
use super::number;
use super::text::Text;
use super::value::Value;

/// All names, as the real renderer lists them.
pub(crate) const NAMES: [&str; 43] = [
    "abs",
    "batch",
    "capitalize",
    "center",
    "d",
    "default",
    "dictsort",
    "dump",
    "e",
    "escape",
    "first",
    "float",
    "forceescape",
    "groupby",
    "indent",
    "int",
    "join",
    "last",
    "length",
    "list",
    "lower",
    "nl2br",
    "random",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "safe",
    "select",
    "selectattr",
    "slice",
    "sort",
    "string",
    "striptags",
    "sum",
    "title",
    "trim",
    "truncate",
    "upper",
    "urlencode",
    "urlize",
    "wordcount",
];

pub(crate) fn is_known(name: &str) -> bool {
    NAMES.binary_search(&name).is_ok()
}

/// What filters need of the rendering they are part of.
pub(crate) struct Work<'a> {
    pub(crate) regex: bool,
    /// Charges for as many values before they are made.
    pub(crate) reserve: &'a dyn Fn(f64) -> Outcome<()>,
    /// A random count below a bound.
    pub(crate) random: &'a dyn Fn(f64) -> f64,
}

/// The arguments after the input.
struct Given<'a>(&'a [Value]);

impl<'a> Given<'a> {
    fn get(&self, index: usize) -> &'a Value {
        self.0.get(index).unwrap_or(&Value::Undefined)
    }
}

/// Applies one filter.
pub(crate) fn apply(name: &str, input: &Value, positional: &[Value], work: &Work<'_>) -> Outcome<Value> {
    input.refuse_callable()?;
    positional.iter().try_for_each(Value::refuse_callable)?;
    let given = Given(positional);
    match name {
        "abs" => Ok(Value::Number(to_number(input, &Free)?.abs())),
        "default" | "d" => {
            let replaces =
                if given.get(1).is_truthy() { !input.is_truthy() } else { matches!(input, Value::Undefined) };
            Ok(if replaces { given.get(0).clone() } else { input.clone() })
        }
        "dump" => Ok(json::stringify(input, &indentation(given.get(0)))?.map_or(Value::Undefined, Value::String)),
        "float" => {
            let parsed = number::parse_float(to_text(input, &Free)?.units());
            Ok(if parsed.is_nan() { given.get(0).clone() } else { Value::Number(parsed) })
        }
        "int" => int(input, &given),
        "round" => round(input, &given),
        "length" => Ok(length(input)),
        "string" => match input {
            Value::Undefined | Value::Null => Err(Failure::new("string requires a value")),
            Value::Safe(_) => Ok(input.clone()),
            _ => render(input, &Free).map(Value::String),
        },
        "batch" | "first" | "last" | "list" | "random" | "reverse" | "slice" | "select" | "reject" => {
            lists::apply(name, input, &given, work)
        }
        "dictsort" | "groupby" | "join" | "rejectattr" | "selectattr" | "sort" | "sum" => {
            attributes::apply(name, input, &given, work)
        }
        "e" | "escape" | "forceescape" | "nl2br" | "safe" | "striptags" | "urlencode" | "urlize" => {
            markup::apply(name, input, &given)
        }
        "replace" => replace::replace(input, &given, work.regex),
        _ => texts::apply(name, input, &given),
    }
}

fn int(input: &Value, given: &Given<'_>) -> Outcome<Value> {
    let base = match given.get(1) {
        Value::Undefined => 10.0,
        base => to_number(base, &Free)?.trunc(),
    };
    let parsed = number::parse_int(to_text(input, &Free)?.units(), base);
    Ok(if parsed.is_nan() { given.get(0).clone() } else { Value::Number(parsed) })
}

fn round(input: &Value, given: &Given<'_>) -> Outcome<Value> {
    let places = if given.get(0).is_truthy() { to_number(given.get(0), &Free)? } else { 0.0 };
    let factor = number::power(10.0, places);
    let scaled = to_number(input, &Free)? * factor;
    let rounded = match given.get(1) {
        Value::String(method) if method.is("ceil") => scaled.ceil(),
        Value::String(method) if method.is("floor") => scaled.floor(),
        _ => number::round(scaled),
    };
    Ok(Value::Number(rounded / factor))
}

fn length(input: &Value) -> Value {
    match input {
        Value::Array(array) => Value::count(array.len()),
        Value::Record(record) => Value::count(record.len()),
        Value::Undefined | Value::Null | Value::Bool(false) => Value::Number(0.0),
        _ => input.as_text().map_or(Value::Undefined, |text| Value::count(text.len())),
    }
}

/// What each level of JSON is indented with.
fn indentation(given: &Value) -> Text {
    match given {
        Value::String(text) => Text::new(super::text::part(text.units(), 0, 10)),
        Value::Number(spaces) => " ".repeat(number::to_count(*spaces).min(10)).into(),
        _ => "".into(),
    }
}

/// The text of an input that has to be text.
fn text_of(input: &Value) -> Outcome<&Text> {
    input.as_text().ok_or_else(|| Failure::new("Filter input must be a string"))
}

/// Nothing, `null` and `false` are an empty text.
fn normalized(input: &Value) -> Value {
    match input {
        Value::Undefined | Value::Null | Value::Bool(false) => Value::text(""),
        other => other.clone(),
    }
}

/// Marked as escaped where the input was.
fn like(input: &Value, output: Text) -> Value {
    if matches!(input, Value::Safe(_)) { Value::Safe(Rc::new(output)) } else { Value::String(output) }
}

/// The `length` that a value has itself.
fn direct_length(input: &Value) -> Value {
    match input {
        Value::Array(array) => Value::count(array.len()),
        Value::Record(record) => record.get_str("length"),
        _ => input.as_text().map_or(Value::Undefined, |text| Value::count(text.len())),
    }
}

fn is_at_least(left: &Value, right: &Value) -> Outcome<bool> {
    Ok(order(left, right, &Free)? >= 0.0)
}
