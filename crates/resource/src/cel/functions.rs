//! What functions do. `declarations` says what they are called and which types they take.

mod convert;
mod format;
mod kubernetes;
mod lists;
mod numbers;
mod strings;

pub(super) use convert::*;
pub(super) use format::*;
pub(super) use kubernetes::*;
pub(super) use lists::*;
pub(super) use numbers::*;
pub(super) use strings::*;

use std::sync::Arc;

use super::declarations::Function;
use super::eval::{Arguments, Failure, Fault, said};
use super::value::{Key, List, Map, Text, Value};

/// What functions give.
pub(super) type Answer<'a> = Result<Value<'a>, Fault>;

/// For what is a step of its own and never called.
pub(super) fn never<'a>(_: &Arguments<'a, '_>) -> Answer<'a> {
    Err(Fault::Overload)
}

/// True for operators, which say less of what they were given.
pub(super) fn is_operator(name: &str) -> bool {
    name.contains('_') || name.starts_with('@')
}

/// What is said where no overload takes the values.
pub(super) fn no_overload(function: &Function, arguments: &[Value<'_>]) -> String {
    const SHORT: [&str; 9] =
        ["contains", "startsWith", "endsWith", "matches", "min", "max", "isSorted", "sum", "indexOf"];
    if function.name == "size" {
        return "no such overload: size".to_owned();
    }
    let is_list = matches!(arguments.first(), Some(Value::List(_)));
    let within_list = SHORT[4..].contains(&function.name) && is_list;
    if is_operator(function.name) && arguments.first().is_some_and(|first| !begins(function.name, first)) {
        return format!("no such overload: {}", function.name);
    }
    if is_operator(function.name) || SHORT[..4].contains(&function.name) || within_list {
        return "no such overload".to_owned();
    }
    let types: Vec<&str> = arguments.iter().map(Value::type_name).collect();
    format!("no such overload: {}({})", function.name, types.join(", "))
}

/// Whether a value can stand to the left of an operator at all. Texts and times can of any, as Go's are made.
fn begins(operator: &str, value: &Value<'_>) -> bool {
    match value {
        Value::String(_) | Value::Duration(_) | Value::Timestamp(_) | Value::Int(_) | Value::Uint(_) => true,
        Value::Double(_) => operator != "_%_",
        Value::Bool(_) => ["_<_", "_<=_", "_>_", "_>=_", "-_"].contains(&operator),
        Value::Bytes(_) => ["_<_", "_<=_", "_>_", "_>=_", "_+_"].contains(&operator),
        Value::List(_) => operator == "_+_",
        _ => !["_<_", "_<=_", "_>_", "_>=_", "_+_", "_-_", "_*_", "_/_", "_%_", "-_"].contains(&operator),
    }
}

/// The name that Go has for the type of a value, as an error shows it.
pub(super) fn go_type(value: &Value<'_>) -> &'static str {
    match value {
        Value::Null => "types.Null",
        Value::Bool(_) => "types.Bool",
        Value::Int(_) => "types.Int",
        Value::Uint(_) => "types.Uint",
        Value::Double(_) => "types.Double",
        Value::String(_) => "types.String",
        Value::Bytes(_) => "types.Bytes",
        Value::Duration(_) => "types.Duration",
        Value::Timestamp(_) => "types.Timestamp",
        Value::Optional(_) => "*types.Optional",
        Value::Type(_) => "*types.Type",
        Value::List(_) | Value::Map(_) => "types.Iterable",
        Value::Extension(_) => "cel.Value",
    }
}

/// Most items of a list or a map that an error shows.
const SHOWN: usize = 16;

/// A value as Go prints it in an error.
pub(super) fn shown(value: &Value<'_>) -> String {
    match value {
        Value::Null => "0".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Uint(number) => number.to_string(),
        Value::Double(number) => go_float(*number),
        Value::String(text) => text.as_str().to_owned(),
        Value::List(list) => {
            let items: Vec<String> = list.iter().take(SHOWN).map(|item| shown(&item)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Map(map) => {
            let entries = map.entries().into_iter().take(SHOWN);
            let entries: Vec<String> =
                entries.map(|(key, value)| format!("{}: {}", shown(&key), shown(&value))).collect();
            format!("{{{}}}", entries.join(", "))
        }
        other => other.type_name().to_owned(),
    }
}

/// The place in a list that a number names.
pub(super) fn list_index(key: &Value<'_>) -> Result<i64, Failure> {
    match key {
        Value::Int(index) => Ok(*index),
        Value::Uint(index) => i64::try_from(*index).map_err(|_| Failure::Said("index out of bounds".into())),
        #[expect(clippy::cast_possible_truncation, reason = "it is whole")]
        Value::Double(index) if index.fract() == 0.0 && index.abs() < 9e15 => Ok(*index as i64),
        Value::Double(index) => said(format!("unsupported index value {} in list", go_float(*index))),
        other => said(format!("unsupported index type '{}' in list", other.type_name())),
    }
}

pub(super) fn type_of<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    match arguments.values {
        [value] => Ok(Value::Type(Arc::from(value.type_name()))),
        _ => Err(Fault::Overload),
    }
}

pub(super) fn same<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    arguments.first().cloned().ok_or(Fault::Overload)
}

pub(super) fn not<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    match arguments.values {
        [Value::Bool(flag)] => Ok(Value::Bool(!flag)),
        _ => Err(Fault::Overload),
    }
}

pub(super) fn size<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    match arguments.values {
        [value @ (Value::String(_) | Value::Bytes(_) | Value::List(_) | Value::Map(_))] => {
            i64::try_from(value.size()).map(Value::Int).map_err(|_| Fault::Exhausted)
        }
        _ => Err(Fault::Overload),
    }
}

pub(super) fn contained<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    match arguments.values {
        [wanted, Value::List(list)] => {
            let found = list.iter().any(|item| wanted.equals_within(&item, arguments.work));
            arguments.work.need(0).map(|()| Value::Bool(found))
        }
        [Value::String(text), Value::Map(Map::Json(map))] => Ok(Value::Bool(map.contains_key(text.as_str()))),
        [key, Value::Map(map)] => Ok(Value::Bool(map.find(key).is_some())),
        _ => Err(Fault::Overload),
    }
}

pub(super) fn map_insert<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    let (map, added) = match arguments.values {
        [Value::Map(map), key, value] => (map, vec![(key.clone(), value.clone())]),
        [Value::Map(map), Value::Map(added)] => (map, added.entries()),
        _ => return Err(Fault::Overload),
    };
    let mut entries: std::collections::BTreeMap<_, _> =
        map.entries().into_iter().filter_map(|(key, value)| Some((Key::of(&key)?, value))).collect();
    arguments.work.need(entries.len())?;
    for (key, value) in added {
        let name = shown(&key);
        let key = Key::of(&key).ok_or(Fault::Overload)?;
        if entries.insert(key, value).is_some() {
            return Err(Fault::Said(format!("insert failed: key {name} already exists")));
        }
    }
    Ok(Value::map(entries))
}

pub(super) fn optional_of<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    same(arguments).map(Value::some)
}

pub(super) fn optional_of_non_zero<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    let value = same(arguments)?;
    let zero = match &value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::Int(number) => *number == 0,
        Value::Uint(number) => *number == 0,
        Value::Double(number) => *number == 0.0,
        Value::Duration(nanos) => *nanos == 0,
        Value::Timestamp(_) | Value::Type(_) | Value::Extension(_) => false,
        Value::Optional(value) => value.is_none(),
        Value::String(_) | Value::Bytes(_) | Value::List(_) | Value::Map(_) => value.size() == 0,
    };
    Ok(if zero { Value::Optional(None) } else { Value::some(value) })
}

#[expect(clippy::unnecessary_wraps, reason = "all functions are called in one way")]
pub(super) fn optional_none<'a>(_: &Arguments<'a, '_>) -> Answer<'a> {
    Ok(Value::Optional(None))
}

pub(super) fn optional_value<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    match arguments.values {
        [Value::Optional(Some(value))] => Ok(Value::clone(value)),
        [Value::Optional(None)] => Err("optional.none() dereference".into()),
        _ => Err(Fault::Overload),
    }
}

pub(super) fn optional_has_value<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    match arguments.values {
        [Value::Optional(value)] => Ok(Value::Bool(value.is_some())),
        _ => Err(Fault::Overload),
    }
}

pub(super) fn unwrap_all<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    let [Value::List(list)] = arguments.values else { return Err(Fault::Overload) };
    let mut values = Vec::new();
    for item in list.iter() {
        match item {
            Value::Optional(None) => {}
            Value::Optional(Some(value)) => values.push(Value::clone(&value)),
            other => return Err(Fault::Said(format!("value {} is not optional", shown(&other)))),
        }
    }
    Ok(Value::list(values))
}

pub(super) fn first<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    match arguments.values {
        [Value::List(list)] => Ok(Value::Optional(list.get(0).map(Arc::new))),
        _ => Err(Fault::Overload),
    }
}

pub(super) fn last<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    match arguments.values {
        [Value::List(list)] => {
            let item = list.len().checked_sub(1).and_then(|index| list.get(index));
            Ok(Value::Optional(item.map(Arc::new)))
        }
        _ => Err(Fault::Overload),
    }
}

/// Joins what can be joined.
pub(super) fn add<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    match arguments.values {
        [Value::String(one), Value::String(other)] => {
            arguments.work.need((one.as_str().len() + other.as_str().len()) / 8)?;
            Ok(Value::text([one.as_str(), other.as_str()].concat()))
        }
        [Value::Bytes(one), Value::Bytes(other)] => {
            arguments.work.need((one.len() + other.len()) / 8)?;
            Ok(Value::Bytes([&**one, &**other].concat().into()))
        }
        [Value::List(one), Value::List(other)] => {
            arguments.work.need((one.len() + other.len()) * 4)?;
            Ok(Value::list(one.iter().chain(other.iter()).collect()))
        }
        [one, other] => add_numbers(one, other),
        _ => Err(Fault::Overload),
    }
}

/// A list of texts.
pub(super) fn texts<'a>(texts: impl IntoIterator<Item = impl Into<Arc<str>>>) -> Value<'a> {
    Value::list(texts.into_iter().map(Value::text).collect())
}

/// The one text that a function was given.
pub(super) fn one_text<'x>(arguments: &'x Arguments<'_, '_>) -> Result<&'x str, Fault> {
    match arguments.values {
        [Value::String(text)] => Ok(text.as_str()),
        _ => Err(Fault::Overload),
    }
}

/// The one list that a function was given.
pub(super) fn one_list<'x, 'a>(arguments: &'x Arguments<'a, '_>) -> Result<&'x List<'a>, Fault> {
    match arguments.values {
        [Value::List(list)] => Ok(list),
        _ => Err(Fault::Overload),
    }
}

/// A part of a text, borrowed where the text is.
pub(super) fn part_of<'a>(text: &Text<'a>, part: impl FnOnce(&str) -> &str) -> Value<'a> {
    match text {
        Text::Borrowed(text) => Value::String(Text::Borrowed(part(text))),
        Text::Shared(text) => Value::text(part(text)),
    }
}
