//! The functions of templates.

use std::cmp::Ordering;

use serde_json::Value as Json;

use plat_resource::go::format;

use super::super::Problem;
use super::{Item, unavailable};
use crate::EvalError;
use crate::budget::Budget;
use crate::text::MAX_TEXT;

const NAMES: &[&str] =
    &["and", "or", "not", "eq", "ne", "lt", "le", "gt", "ge", "index", "len", "print", "printf", "println"];

/// The name, if a function has it.
pub(super) fn known(name: &str) -> Result<String, Problem> {
    match name {
        "call" | "html" | "js" | "slice" | "urlquery" => Err(unavailable(name)),
        _ if NAMES.contains(&name) => Ok(name.to_owned()),
        _ => Err(Problem::Undefined),
    }
}

/// The result of a function; `and` and `or` are not asked here.
pub(super) fn call(name: &str, arguments: &[Item], budget: &mut Budget) -> Result<Item, Problem> {
    let pair = || match arguments {
        [one, other] => Ok((one, other)),
        _ => Err(Problem::Undefined),
    };
    let ordered = |wanted: &[Ordering]| {
        let (one, other) = pair()?;
        let order = match (one, other) {
            (Item::Int(one), Item::Int(other)) => one.cmp(other),
            (Item::Text(one), Item::Text(other)) => one.cmp(other),
            _ => return Err(Problem::Undefined),
        };
        Ok(Item::Bool(wanted.contains(&order)))
    };
    match name {
        "not" => match arguments {
            [one] => Ok(Item::Bool(!one.is_true())),
            _ => Err(Problem::Undefined),
        },
        "eq" => equal_to_any(arguments),
        "ne" => pair().and_then(|(one, other)| Ok(Item::Bool(!equal(one, other)?))),
        "lt" => ordered(&[Ordering::Less]),
        "le" => ordered(&[Ordering::Less, Ordering::Equal]),
        "gt" => ordered(&[Ordering::Greater]),
        "ge" => ordered(&[Ordering::Greater, Ordering::Equal]),
        "len" => length(arguments),
        "index" => index(arguments),
        _ => print(name, arguments, budget),
    }
}

fn equal_to_any(arguments: &[Item]) -> Result<Item, Problem> {
    let (first, others) = arguments.split_first().ok_or(Problem::Undefined)?;
    if others.is_empty() {
        return Err(Problem::Undefined);
    }
    for other in others {
        if equal(first, other)? {
            return Ok(Item::Bool(true));
        }
    }
    Ok(Item::Bool(false))
}

fn equal(one: &Item, other: &Item) -> Result<bool, Problem> {
    match (one, other) {
        (Item::List(_) | Item::Map(_), _) | (_, Item::List(_) | Item::Map(_)) => Err(Problem::Undefined),
        (Item::Bool(one), Item::Bool(other)) => Ok(one == other),
        (Item::Int(one), Item::Int(other)) => Ok(one == other),
        (Item::Text(one), Item::Text(other)) => Ok(one == other),
        _ if one.is_nothing() || other.is_nothing() => Ok(one.is_nothing() == other.is_nothing()),
        _ => Err(Problem::Undefined),
    }
}

fn length(arguments: &[Item]) -> Result<Item, Problem> {
    let length = match arguments {
        [Item::Text(text)] => text.len(),
        [Item::List(items)] => items.len(),
        [Item::Map(map)] => map.len(),
        _ => return Err(Problem::Undefined),
    };
    i64::try_from(length).map(Item::Int).map_err(|_| Problem::Undefined)
}

fn index(arguments: &[Item]) -> Result<Item, Problem> {
    let (first, keys) = arguments.split_first().ok_or(Problem::Undefined)?;
    let mut current = first.clone();
    if current.is_nothing() {
        return Err(Problem::Undefined);
    }
    for key in keys {
        current = match (&current, key) {
            (Item::Map(map), Item::Text(key)) => map.get(key).cloned().unwrap_or(Item::Null),
            (Item::List(items), Item::Int(at)) => {
                let at = usize::try_from(*at).map_err(|_| Problem::Undefined)?;
                items.get(at).cloned().ok_or(Problem::Undefined)?
            }
            (Item::Text(text), Item::Int(at)) => {
                let at = usize::try_from(*at).map_err(|_| Problem::Undefined)?;
                Item::Int(text.as_bytes().get(at).copied().ok_or(Problem::Undefined)?.into())
            }
            _ => return Err(Problem::Undefined),
        };
    }
    Ok(current)
}

fn print(name: &str, arguments: &[Item], budget: &mut Budget) -> Result<Item, Problem> {
    let mut out = String::new();
    if name == "printf" {
        let Some((Item::Text(template), rest)) = arguments.split_first() else { return Err(Problem::Undefined) };
        let values: Vec<Json> =
            rest.iter().map(json).collect::<Option<_>>().ok_or_else(|| unavailable("printf of lists"))?;
        let references: Vec<&Json> = values.iter().collect();
        let limit = MAX_TEXT.min(budget.bytes_left());
        out = format::sprintf(template, &references, limit)
            .map_err(|error| EvalError::Size(format!("printf: {error}")))?;
    } else {
        let line = name == "println";
        for (at, item) in arguments.iter().enumerate() {
            let texts = at > 0
                && !matches!(item, Item::Text(_))
                && !arguments.get(at - 1).is_some_and(|before| matches!(before, Item::Text(_)));
            if at > 0 && (line || texts) {
                out.push(' ');
            }
            item.print(&mut out);
        }
        if line {
            out.push('\n');
        }
    }
    budget.bytes(out.len())?;
    Ok(Item::Text(out.into()))
}

fn json(item: &Item) -> Option<Json> {
    Some(match item {
        Item::Missing | Item::Null => Json::Null,
        Item::Bool(flag) => Json::from(*flag),
        Item::Int(integer) => Json::from(*integer),
        Item::Text(text) => Json::from(&**text),
        Item::List(_) | Item::Map(_) => return None,
    })
}
