//! Fields and methods that values have of themselves: a closed set, whatever JavaScript has besides.

mod array;
mod string;

use super::coerce::{Charge, to_number, to_text};
use super::digits;
use super::error::{Failure, Outcome};
use super::number;
use super::pattern::Pattern;
use super::text::Text;
use super::value::{Record, Value, index_within};

const STRING: [&str; 17] = [
    "charAt",
    "charCodeAt",
    "concat",
    "endsWith",
    "includes",
    "indexOf",
    "lastIndexOf",
    "replace",
    "slice",
    "split",
    "startsWith",
    "substring",
    "toLowerCase",
    "toUpperCase",
    "trim",
    "trimEnd",
    "trimStart",
];
const NUMBER: [&str; 4] = ["toExponential", "toFixed", "toPrecision", "toString"];
const ARRAY: [&str; 17] = [
    "at",
    "concat",
    "copyWithin",
    "fill",
    "flat",
    "includes",
    "indexOf",
    "join",
    "lastIndexOf",
    "pop",
    "push",
    "reverse",
    "shift",
    "slice",
    "sort",
    "splice",
    "unshift",
];
/// What Python's lists and dictionaries have, for templates that were made for them.
const JINJA_ARRAY: [&str; 6] = ["append", "count", "find", "index", "insert", "remove"];
const JINJA_RECORD: [&str; 5] = ["get", "has_key", "items", "keys", "values"];
const MUTATING: [&str; 18] = [
    "add",
    "append",
    "clear",
    "copyWithin",
    "delete",
    "fill",
    "insert",
    "pop",
    "push",
    "remove",
    "reverse",
    "set",
    "shift",
    "sort",
    "splice",
    "unshift",
    "sort",
    "reverse",
];

/// One method, of whatever it was looked up on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Method {
    pub(crate) name: &'static str,
}

/// A method's call.
pub(crate) struct Invocation<'a> {
    pub(crate) receiver: &'a Value,
    pub(crate) positional: &'a [Value],
    pub(crate) regex: bool,
    pub(crate) cookiecutter: bool,
    pub(crate) charge: &'a dyn Charge,
}

/// True for names of methods that change what they are called on.
pub(crate) fn is_mutating(name: &str) -> bool {
    MUTATING.contains(&name)
}

/// What a value has under a name, if it has that.
pub(crate) fn own_value(target: &Value, key: &Text) -> Option<Value> {
    match target {
        Value::Record(record) => record.get(key).cloned(),
        Value::Array(array) if key.is("length") => Some(Value::count(array.len())),
        Value::Array(array) => index_within(key, array.len()).and_then(|index| array.get(index)),
        Value::Safe(text) if key.is("val") => Some(Value::String(text.as_ref().clone())),
        _ => {
            let text = target.as_text()?;
            if key.is("length") {
                return Some(Value::count(text.len()));
            }
            index_within(key, text.len()).and_then(|index| text.unit(index)).map(Value::String)
        }
    }
}

/// The method of a value with a name, if it may be called.
pub(crate) fn resolve(receiver: &Value, name: &str, cookiecutter: bool) -> Option<Method> {
    let known: &[&[&'static str]] = match receiver {
        Value::String(_) | Value::Safe(_) => &[&STRING],
        Value::Number(_) => &[&NUMBER],
        Value::Array(_) if cookiecutter => &[&ARRAY, &JINJA_ARRAY],
        Value::Array(_) => &[&ARRAY],
        Value::Record(_) if cookiecutter => &[&JINJA_RECORD],
        Value::Regex(_) => &[&["test"]],
        _ => &[],
    };
    known.iter().flat_map(|names| names.iter()).find(|known| **known == name).map(|name| Method { name })
}

impl Method {
    /// The fewest and the most arguments.
    pub(crate) fn arity(self, receiver: &Value, cookiecutter: bool) -> (usize, Option<usize>) {
        match receiver {
            Value::String(_) | Value::Safe(_) => match self.name {
                "replace" => (2, Some(2)),
                "includes" | "startsWith" | "endsWith" | "indexOf" | "lastIndexOf" => (1, Some(2)),
                "split" | "slice" | "substring" => (0, Some(2)),
                "charAt" | "charCodeAt" => (0, Some(1)),
                "concat" => (0, None),
                _ => (0, Some(0)),
            },
            Value::Number(_) => (0, Some(1)),
            Value::Array(_) => match self.name {
                "at" | "count" | "index" | "find" | "remove" | "append" => (1, Some(1)),
                "insert" => (2, Some(2)),
                "includes" | "indexOf" | "lastIndexOf" => (1, Some(2)),
                "copyWithin" | "fill" => (1, Some(3)),
                "flat" | "join" => (0, Some(1)),
                "slice" => (0, Some(2)),
                "pop" => (0, Some(usize::from(cookiecutter))),
                "shift" | "sort" | "reverse" => (0, Some(0)),
                _ => (0, None),
            },
            Value::Record(_) => match self.name {
                "get" => (1, Some(2)),
                "has_key" => (1, Some(1)),
                _ => (0, Some(0)),
            },
            _ => (1, Some(1)),
        }
    }
}

impl Invocation<'_> {
    pub(crate) fn invoke(&self, method: Method) -> Outcome<Value> {
        self.receiver.refuse_callable()?;
        self.positional.iter().try_for_each(Value::refuse_callable)?;
        match self.receiver {
            Value::String(text) => self.string(text, method.name),
            Value::Safe(text) => self.string(text, method.name),
            Value::Number(number) => self.number(*number, method.name),
            Value::Array(array) => self.array(array, method.name),
            Value::Record(record) => self.record(record, method.name),
            Value::Regex(regex) => {
                self.check_regex()?;
                let text = self.text(0)?;
                let (found, next) = Pattern::of(regex)?.test(text.units(), regex.last_index.get())?;
                regex.last_index.set(next);
                Ok(Value::Bool(found))
            }
            _ => Err(Failure::new(format!("Unsupported template intrinsic {}", method.name))),
        }
    }

    fn get(&self, index: usize) -> &Value {
        self.positional.get(index).unwrap_or(&Value::Undefined)
    }

    fn text(&self, index: usize) -> Outcome<Text> {
        to_text(self.get(index), self.charge)
    }

    /// A whole number; none where nothing was given.
    fn integer(&self, index: usize) -> Outcome<Option<f64>> {
        match self.get(index) {
            Value::Undefined => Ok(None),
            value => Ok(Some(number::to_integer(to_number(value, self.charge)?))),
        }
    }

    fn check_regex(&self) -> Outcome<()> {
        if self.regex {
            return Ok(());
        }
        Err(Failure::new("Template regular-expression execution is disabled"))
    }

    fn number(&self, number: f64, name: &str) -> Outcome<Value> {
        let argument = match self.get(0) {
            Value::Undefined => None,
            value => Some(to_number(value, &super::coerce::Free)?),
        };
        let text = match name {
            "toFixed" => digits::fixed(number, argument),
            "toExponential" => digits::exponential(number, argument),
            "toPrecision" => digits::precision(number, argument),
            _ => digits::radix(number, argument),
        };
        text.map(Value::text)
    }

    fn record(&self, record: &Record, name: &str) -> Outcome<Value> {
        let key = || to_text(self.get(0), &super::coerce::Free);
        let keys = record.entries().map(|(key, _)| Value::String(key.clone()));
        let values = record.entries().map(|(_, value)| value.clone());
        match name {
            "get" => Ok(record.get(&key()?).unwrap_or(self.get(1)).clone()),
            "has_key" => Ok(Value::Bool(record.get(&key()?).is_some())),
            "keys" => Value::array(keys.collect()),
            "values" => Value::array(values.collect()),
            _ => Value::array(
                keys.zip(values).map(|(key, value)| Value::array(vec![key, value])).collect::<Outcome<_>>()?,
            ),
        }
    }
}

/// A place counted from the start, or from the end where it is below zero.
fn relative(index: f64, length: usize) -> usize {
    let length = number::from_count(length);
    number::to_count(if index < 0.0 { (length + index).max(0.0) } else { index.min(length) })
}
