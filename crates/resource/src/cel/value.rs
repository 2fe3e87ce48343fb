//! Values of expressions. What comes out of an object is borrowed from its JSON and never copied.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map as JsonMap, Value as Json};

use super::eval::Work;
use super::extension::Extension;
use super::time::Timestamp;

/// A value.
#[derive(Debug, Clone)]
pub enum Value<'a> {
    /// `null`
    Null,
    /// `bool`
    Bool(bool),
    /// `int`
    Int(i64),
    /// `uint`
    Uint(u64),
    /// `double`
    Double(f64),
    /// `string`
    String(Text<'a>),
    /// `bytes`
    Bytes(Arc<[u8]>),
    /// A span of time, in nanoseconds.
    Duration(i64),
    /// A point in time.
    Timestamp(Timestamp),
    /// A list.
    List(List<'a>),
    /// A map, an object too.
    Map(Map<'a>),
    /// An optional value.
    Optional(Option<Arc<Value<'a>>>),
    /// A type, by its name.
    Type(Arc<str>),
    /// One of the values that Kubernetes adds.
    Extension(Arc<Extension>),
}

/// A text, borrowed where it can be.
#[derive(Debug, Clone)]
pub enum Text<'a> {
    /// Of an object or of the expression.
    Borrowed(&'a str),
    /// Made by the expression.
    Shared(Arc<str>),
}

impl Text<'_> {
    /// The text itself.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Shared(text) => text,
        }
    }
}

/// A list.
#[derive(Debug, Clone)]
pub enum List<'a> {
    /// Of an object.
    Json(&'a [Json]),
    /// Made by the expression.
    Items(Arc<Vec<Value<'a>>>),
}

impl<'a> List<'a> {
    /// How many items it has.
    pub fn len(&self) -> usize {
        match self {
            Self::Json(items) => items.len(),
            Self::Items(items) => items.len(),
        }
    }

    /// True without items.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The item at a place.
    pub fn get(&self, index: usize) -> Option<Value<'a>> {
        match self {
            Self::Json(items) => items.get(index).map(Value::from_json),
            Self::Items(items) => items.get(index).cloned(),
        }
    }

    /// All items.
    pub fn iter(&self) -> impl Iterator<Item = Value<'a>> + '_ {
        (0..self.len()).filter_map(|index| self.get(index))
    }
}

/// A map.
#[derive(Debug, Clone)]
pub enum Map<'a> {
    /// Of an object.
    Json(&'a JsonMap<String, Json>),
    /// Made by the expression.
    Entries(Arc<BTreeMap<Key, Value<'a>>>),
}

/// A key of a map that an expression made.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// `bool`
    Bool(bool),
    /// `int`
    Int(i64),
    /// `uint`
    Uint(u64),
    /// `string`
    String(Arc<str>),
}

impl Key {
    /// The key as a value.
    pub fn value<'a>(&self) -> Value<'a> {
        match self {
            Self::Bool(flag) => Value::Bool(*flag),
            Self::Int(number) => Value::Int(*number),
            Self::Uint(number) => Value::Uint(*number),
            Self::String(text) => Value::String(Text::Shared(Arc::clone(text))),
        }
    }

    /// A value as key, if it can be one.
    pub fn of(value: &Value<'_>) -> Option<Self> {
        match value {
            Value::Bool(flag) => Some(Self::Bool(*flag)),
            Value::Int(number) => Some(Self::Int(*number)),
            Value::Uint(number) => Some(Self::Uint(*number)),
            Value::String(text) => Some(Self::String(Arc::from(text.as_str()))),
            _ => None,
        }
    }
}

impl<'a> Map<'a> {
    /// How many entries it has.
    pub fn len(&self) -> usize {
        match self {
            Self::Json(map) => map.len(),
            Self::Entries(entries) => entries.len(),
        }
    }

    /// True without entries.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of a text key.
    pub fn field(&self, name: &str) -> Option<Value<'a>> {
        match self {
            Self::Json(map) => map.get(name).map(Value::from_json),
            Self::Entries(entries) => entries.get(&Key::String(Arc::from(name))).cloned(),
        }
    }

    /// The value of any key. Numbers are found under equal numbers of other types.
    pub fn find(&self, key: &Value<'_>) -> Option<Value<'a>> {
        match (self, key) {
            (_, Value::String(text)) => self.field(text.as_str()),
            (Self::Json(_), _) => None,
            (Self::Entries(entries), key) => {
                if let Some(found) = Key::of(key).and_then(|key| entries.get(&key)) {
                    return Some(found.clone());
                }
                let whole = as_whole(key)?;
                let signed = i64::try_from(whole).ok().and_then(|number| entries.get(&Key::Int(number)));
                let unsigned = || u64::try_from(whole).ok().and_then(|number| entries.get(&Key::Uint(number)));
                signed.or_else(unsigned).cloned()
            }
        }
    }

    /// All keys, in order.
    pub fn keys(&self) -> Vec<Value<'a>> {
        match self {
            Self::Json(map) => map.keys().map(|key| Value::String(Text::Borrowed(key))).collect(),
            Self::Entries(entries) => entries.keys().map(Key::value).collect(),
        }
    }

    /// All entries, in order.
    pub fn entries(&self) -> Vec<(Value<'a>, Value<'a>)> {
        match self {
            Self::Json(map) => {
                map.iter().map(|(key, value)| (Value::String(Text::Borrowed(key)), Value::from_json(value))).collect()
            }
            Self::Entries(entries) => entries.iter().map(|(key, value)| (key.value(), value.clone())).collect(),
        }
    }
}

fn as_whole(value: &Value<'_>) -> Option<i128> {
    match value {
        Value::Int(number) => Some(i128::from(*number)),
        Value::Uint(number) => Some(i128::from(*number)),
        #[expect(clippy::cast_possible_truncation, reason = "whole numbers of this size fit")]
        Value::Double(number) if number.fract() == 0.0 && number.abs() < 1.9e19 => Some(*number as i128),
        _ => None,
    }
}

impl<'a> Value<'a> {
    /// A value of an object. Numbers are `int` where they are whole and fit, as they are after the API server has read
    /// and written them.
    pub fn from_json(json: &'a Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(flag) => Self::Bool(*flag),
            Json::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(integer), _) => Self::Int(integer),
                (None, Some(float)) => whole_or_double(float),
                (None, None) => Self::Null,
            },
            Json::String(text) => Self::String(Text::Borrowed(text)),
            Json::Array(items) => Self::List(List::Json(items)),
            Json::Object(map) => Self::Map(Map::Json(map)),
        }
    }

    /// A text made by an expression.
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        Self::String(Text::Shared(text.into()))
    }

    /// A list made by an expression.
    pub fn list(items: Vec<Self>) -> Self {
        Self::List(List::Items(Arc::new(items)))
    }

    /// A map made by an expression.
    pub fn map(entries: BTreeMap<Key, Self>) -> Self {
        Self::Map(Map::Entries(Arc::new(entries)))
    }

    /// An optional with a value.
    pub fn some(value: Self) -> Self {
        Self::Optional(Some(Arc::new(value)))
    }

    /// The name of its type.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null_type",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Uint(_) => "uint",
            Self::Double(_) => "double",
            Self::String(_) => "string",
            Self::Bytes(_) => "bytes",
            Self::Duration(_) => "google.protobuf.Duration",
            Self::Timestamp(_) => "google.protobuf.Timestamp",
            Self::List(_) => "list",
            Self::Map(_) => "map",
            Self::Optional(_) => "optional_type",
            Self::Type(_) => "type",
            Self::Extension(extension) => extension.type_name(),
        }
    }

    /// Its size for reckoning costs: characters, bytes, items, entries; 1 for all else.
    pub(super) fn size(&self) -> u64 {
        let size = match self {
            Self::String(text) => text.as_str().chars().count(),
            Self::Bytes(bytes) => bytes.len(),
            Self::List(list) => list.len(),
            Self::Map(map) => map.len(),
            Self::Optional(Some(value)) => return value.size(),
            Self::Extension(extension) => extension.size(),
            _ => 1,
        };
        size as u64
    }

    /// Equal as expressions have it: numbers across types, all else only within its type. Says no when there are no
    /// steps left to compare with; who asks must look.
    pub(super) fn equals_within(&self, other: &Value<'_>, work: &Work) -> bool {
        if !work.take(1) {
            return false;
        }
        match (self, other) {
            (Value::Null, Value::Null) => true,
            (Value::Bool(one), Value::Bool(other)) => one == other,
            (Value::String(one), Value::String(other)) => one.as_str() == other.as_str(),
            (Value::Bytes(one), Value::Bytes(other)) => one == other,
            (Value::Duration(one), Value::Duration(other)) => one == other,
            (Value::Timestamp(one), Value::Timestamp(other)) => one == other,
            (Value::Type(one), Value::Type(other)) => one == other,
            (Value::Optional(one), Value::Optional(other)) => match (one, other) {
                (None, None) => true,
                (Some(one), Some(other)) => one.equals_within(other, work),
                _ => false,
            },
            (Value::Extension(one), Value::Extension(other)) => one.equals(other),
            (Value::List(one), Value::List(other)) => {
                one.len() == other.len()
                    && one.iter().zip(other.iter()).all(|(one, other)| one.equals_within(&other, work))
            }
            (Value::Map(one), Value::Map(other)) => {
                one.len() == other.len()
                    && one
                        .entries()
                        .into_iter()
                        .all(|(key, value)| other.find(&key).is_some_and(|found| value.equals_within(&found, work)))
            }
            _ => compare_numbers(self, other) == Some(Ordering::Equal),
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "it was found to be whole and to fit")]
fn whole_or_double<'a>(float: f64) -> Value<'a> {
    let whole = float.fract() == 0.0 && float.abs() < 9.2e18;
    if whole { Value::Int(float as i64) } else { Value::Double(float) }
}

/// The order of two numbers of whatever type; `None` for NaN and for what is no number.
pub(super) fn compare_numbers(one: &Value<'_>, other: &Value<'_>) -> Option<Ordering> {
    let exact = |value: &Value<'_>| match value {
        Value::Int(number) => Some(i128::from(*number)),
        Value::Uint(number) => Some(i128::from(*number)),
        _ => None,
    };
    match (one, other) {
        (Value::Double(one), Value::Double(other)) => one.partial_cmp(other),
        (Value::Double(one), other) => compare_float(*one, exact(other)?),
        (one, Value::Double(other)) => compare_float(*other, exact(one)?).map(Ordering::reverse),
        _ => Some(exact(one)?.cmp(&exact(other)?)),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "numbers beyond the range of integers were dealt with before")]
fn compare_float(float: f64, integer: i128) -> Option<Ordering> {
    if float.is_nan() {
        return None;
    }
    if float.abs() > 2e19 {
        return Some(if float > 0.0 { Ordering::Greater } else { Ordering::Less });
    }
    let whole = float.trunc() as i128;
    Some(whole.cmp(&integer).then_with(|| float.fract().partial_cmp(&0.0).unwrap_or(Ordering::Equal)))
}
