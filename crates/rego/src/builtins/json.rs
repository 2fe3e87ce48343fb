//! JSON text, and parts of documents.

use std::collections::BTreeMap;

use super::arguments::{argument, as_items, object, text};
use super::types::written;
use super::{Outcome, Problem, Row};
use crate::budget::Budget;
use crate::text;
use crate::value::{MAX_DEPTH, Value};

pub(super) const ROWS: &[Row] = &[
    ("json.marshal", 1, marshal),
    ("json.unmarshal", 1, |budget, values| unmarshal(budget, text(values, 0)?)),
    ("json.is_valid", 1, |budget, values| match argument(values, 0)? {
        Value::String(written) => match unmarshal(budget, written) {
            Err(Problem::Stop(error)) => Err(error.into()),
            read => Ok(Value::Bool(read.is_ok())),
        },
        _ => Ok(Value::Bool(false)),
    }),
    ("json.filter", 2, |budget, values| {
        let paths = Paths::read(argument(values, 1)?)?;
        object(values, 0)?;
        budget.items(argument(values, 0)?.depth())?;
        Ok(filtered(argument(values, 0)?, &paths))
    }),
    ("json.remove", 2, |_, values| {
        object(values, 0)?;
        let paths = Paths::read(argument(values, 1)?)?;
        Ok(removed(argument(values, 0)?, &paths).unwrap_or_else(|| Value::object(vec![])))
    }),
];

fn marshal(budget: &mut Budget, values: &[Value]) -> Outcome {
    let written = text::json(argument(values, 0)?);
    budget.bytes(written.len())?;
    Ok(Value::from(written))
}

fn unmarshal(budget: &mut Budget, written: &str) -> Outcome {
    budget.bytes(written.len().saturating_mul(4))?;
    let mut reader = Reader { rest: written };
    let value = reader.value(0)?;
    reader.blank();
    if reader.rest.is_empty() { Ok(value) } else { Err(Problem::Undefined) }
}

/// Reads JSON and keeps numbers as they are written.
struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn blank(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    fn take(&mut self, symbol: &str) -> bool {
        self.blank();
        let rest = self.rest.strip_prefix(symbol);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn value(&mut self, depth: usize) -> Outcome {
        if depth > MAX_DEPTH {
            return Err(crate::EvalError::Size("JSON nested too deep".to_owned()).into());
        }
        for (word, value) in [("null", Value::Null), ("true", Value::Bool(true)), ("false", Value::Bool(false))] {
            if self.take(word) {
                return Ok(value);
            }
        }
        if self.take("[") {
            return self.list(depth);
        }
        if self.take("{") {
            return self.object(depth);
        }
        if self.rest.starts_with('"') {
            return self.string().map(Value::from);
        }
        let end = self.rest.find(|c: char| !matches!(c, '0'..='9' | '-' | '+' | '.' | 'e' | 'E'));
        let (number, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        written(number).map(Value::Number).ok_or(Problem::Undefined)
    }

    fn string(&mut self) -> Result<String, Problem> {
        self.blank();
        let mut escaped = false;
        let end = self.rest.char_indices().skip(1).find(|(_, character)| {
            let closes = *character == '"' && !escaped;
            escaped = *character == '\\' && !escaped;
            closes
        });
        let (end, _) = end.ok_or(Problem::Undefined)?;
        let (quoted, rest) = self.rest.split_at(end + 1);
        if !quoted.starts_with('"') {
            return Err(Problem::Undefined);
        }
        self.rest = rest;
        serde_json::from_str(quoted).map_err(|_| Problem::Undefined)
    }

    fn list(&mut self, depth: usize) -> Outcome {
        let mut items = Vec::new();
        if self.take("]") {
            return Ok(Value::array(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            if self.take("]") {
                return Ok(Value::array(items));
            }
            if !self.take(",") {
                return Err(Problem::Undefined);
            }
        }
    }

    fn object(&mut self, depth: usize) -> Outcome {
        let mut pairs = Vec::new();
        if self.take("}") {
            return Ok(Value::object(pairs));
        }
        loop {
            let key = Value::from(self.string()?);
            if !self.take(":") {
                return Err(Problem::Undefined);
            }
            pairs.push((key, self.value(depth + 1)?));
            if self.take("}") {
                return Ok(Value::object(pairs));
            }
            if !self.take(",") {
                return Err(Problem::Undefined);
            }
        }
    }
}

/// Paths as a tree; where a path ends nothing stands below.
#[derive(Default)]
struct Paths {
    below: BTreeMap<Value, Paths>,
    ends: bool,
}

impl Paths {
    fn read(list: &Value) -> Result<Self, Problem> {
        let mut paths = Self::default();
        for path in as_items(list)? {
            let elements = match path {
                Value::String(path) if path.is_empty() => vec![],
                Value::String(path) => {
                    let parts = path.trim_start_matches('/').split('/');
                    parts.map(|part| Value::from(part.replace("~1", "/").replace("~0", "~"))).collect()
                }
                Value::Array(elements) => elements.to_vec(),
                _ => return Err(Problem::Undefined),
            };
            if elements.len() > MAX_DEPTH {
                return Err(Problem::Undefined);
            }
            // An empty path says nothing.
            if elements.is_empty() {
                continue;
            }
            let mut at = &mut paths;
            for element in elements {
                at = at.below.entry(element).or_default();
            }
            at.ends = true;
        }
        Ok(paths)
    }

    fn at_index(&self, index: usize) -> Option<&Self> {
        self.below.get(&Value::from(index.to_string()))
    }
}

fn filtered(value: &Value, paths: &Paths) -> Value {
    if paths.ends {
        return value.clone();
    }
    match value {
        Value::Object(object) => {
            let kept = object.pairs().iter().filter_map(|(key, item)| {
                let below = paths.below.get(key)?;
                Some((key.clone(), filtered(item, below)))
            });
            Value::object(kept.collect())
        }
        Value::Array(items) => {
            let kept =
                items.iter().enumerate().filter_map(|(index, item)| Some(filtered(item, paths.at_index(index)?)));
            Value::array(kept.collect())
        }
        Value::Set(set) => {
            let kept = set.items().iter().filter_map(|item| Some(filtered(item, paths.below.get(item)?)));
            Value::set(kept.collect())
        }
        // What the path goes on to look for below a scalar does not count.
        scalar => scalar.clone(),
    }
}

fn removed(value: &Value, paths: &Paths) -> Option<Value> {
    if paths.ends {
        return None;
    }
    let below = |item: &Value, paths: Option<&Paths>| match paths {
        Some(paths) => removed(item, paths),
        None => Some(item.clone()),
    };
    Some(match value {
        Value::Object(object) => {
            let kept = object.pairs().iter().filter_map(|(key, item)| {
                let kept = below(item, paths.below.get(key))?;
                Some((key.clone(), kept))
            });
            Value::object(kept.collect())
        }
        Value::Array(items) => {
            let kept = items.iter().enumerate().filter_map(|(index, item)| below(item, paths.at_index(index)));
            Value::array(kept.collect())
        }
        Value::Set(set) => {
            Value::set(set.items().iter().filter_map(|item| below(item, paths.below.get(item))).collect())
        }
        scalar => scalar.clone(),
    })
}
