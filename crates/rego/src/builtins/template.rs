//! `strings.render_template`: Go's text templates, as far as values without methods can use them.
//!
//! Owns the values of a template and how they print. What is no template, or does not fit its values, is undefined as in
//! OPA; what Go has and this has not is an error, so that nothing is let through by it.

mod functions;
mod lexer;
mod parser;
mod run;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::arguments::{object, text};
use super::{Outcome, Problem, Row};
use crate::EvalError;
use crate::budget::Budget;
use crate::value::Value;

pub(super) const ROWS: &[Row] = &[("strings.render_template", 2, render)];

fn render(budget: &mut Budget, values: &[Value]) -> Outcome {
    let (source, variables) = (text(values, 0)?, object(values, 1)?);
    budget.bytes(source.len().saturating_mul(8))?;
    let nodes = parser::parse(source)?;
    let dot = Item::of(&Value::Object(Arc::clone(variables))).ok_or(Problem::Undefined)?;
    let out = run::run(&nodes, &dot, budget)?;
    Ok(Value::from(out.replace(NO_VALUE, "<undefined>")))
}

/// What Go prints for what is not there.
const NO_VALUE: &str = "<no value>";

/// A value inside of a template. Numbers of the input are texts there, those of the template are not.
#[derive(Debug, Clone, PartialEq)]
enum Item {
    Missing,
    Null,
    Bool(bool),
    Int(i64),
    Text(Arc<str>),
    List(Arc<Vec<Item>>),
    Map(Arc<BTreeMap<Arc<str>, Item>>),
}

impl Item {
    /// What JSON has no form for is none.
    fn of(value: &Value) -> Option<Self> {
        Some(match value {
            Value::Null => Self::Null,
            Value::Bool(flag) => Self::Bool(*flag),
            Value::Number(number) => Self::Text(number.to_string().into()),
            Value::String(text) => Self::Text(Arc::clone(text)),
            Value::Array(items) => Self::List(Arc::new(items.iter().map(Self::of).collect::<Option<_>>()?)),
            Value::Object(object) => {
                let pair = |(key, item): &(Value, Value)| match key {
                    Value::String(key) => Some((Arc::clone(key), Self::of(item)?)),
                    _ => None,
                };
                Self::Map(Arc::new(object.pairs().iter().map(pair).collect::<Option<_>>()?))
            }
            Value::Set(_) => return None,
        })
    }

    fn is_true(&self) -> bool {
        match self {
            Self::Missing | Self::Null => false,
            Self::Bool(flag) => *flag,
            Self::Int(integer) => *integer != 0,
            Self::Text(text) => !text.is_empty(),
            Self::List(items) => !items.is_empty(),
            Self::Map(map) => !map.is_empty(),
        }
    }

    fn is_nothing(&self) -> bool {
        matches!(self, Self::Missing | Self::Null)
    }

    /// What a field of it is.
    fn field(&self, name: &str) -> Result<Self, Problem> {
        match self {
            Self::Missing => Ok(Self::Missing),
            Self::Map(map) => Ok(map.get(name).cloned().unwrap_or(Self::Missing)),
            _ => Err(Problem::Undefined),
        }
    }

    /// As Go's `%v` prints it.
    fn print(&self, out: &mut String) {
        match self {
            Self::Missing | Self::Null => out.push_str("<nil>"),
            Self::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
            Self::Int(integer) => out.push_str(&integer.to_string()),
            Self::Text(text) => out.push_str(text),
            Self::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    out.push_str(if index > 0 { " " } else { "" });
                    item.print(out);
                }
                out.push(']');
            }
            Self::Map(map) => {
                out.push_str("map[");
                for (index, (key, item)) in map.iter().enumerate() {
                    out.push_str(if index > 0 { " " } else { "" });
                    out.push_str(key);
                    out.push(':');
                    item.print(out);
                }
                out.push(']');
            }
        }
    }
}

fn unavailable(what: &str) -> Problem {
    Problem::Stop(EvalError::Failed(format!("strings.render_template: {what} is not available")))
}
