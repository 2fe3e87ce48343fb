//! Running an expression, and counting what it costs as the API server counts.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::cost;
use super::functions;
use super::node::{Call, Fold, Node};
use super::value::{Key, List, Map, Text, Value};

/// How a function fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// It takes no such values.
    Overload,
    /// It says what is wrong.
    Said(String),
    /// It would take or make more than it may.
    Exhausted,
}

impl From<String> for Fault {
    fn from(said: String) -> Self {
        Self::Said(said)
    }
}

impl From<&str> for Fault {
    fn from(said: &str) -> Self {
        Self::Said(said.to_owned())
    }
}

/// Why an expression has no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// In the words of Kubernetes.
    Said(Arc<str>),
    /// It costs more than it may.
    Cost,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Said(said) => out.write_str(said),
            Self::Cost => out.write_str("operation cancelled: actual cost limit exceeded"),
        }
    }
}

/// A value or why there is none.
pub type Outcome<'a> = Result<Value<'a>, Failure>;

pub(super) fn said<T>(text: impl Into<Arc<str>>) -> Result<T, Failure> {
    Err(Failure::Said(text.into()))
}

/// Where an expression takes its variables from.
pub trait Bindings<'a> {
    /// A declared variable, by its number.
    fn global(&self, number: usize) -> Value<'a>;
    /// `variables.NAME`, by its number.
    fn variable(&self, number: usize) -> Outcome<'a>;
}

/// Steps that one expression may take where the costs of Kubernetes count none: comparing what is nested, joining what is
/// untyped. One for each value compared, one for each eight bytes of text made.
const MAX_WORK: u64 = 5_000_000;

/// What is left of the steps that costs do not count.
#[derive(Debug)]
pub(super) struct Work(Cell<u64>);

impl Default for Work {
    fn default() -> Self {
        Self(Cell::new(MAX_WORK))
    }
}

impl Work {
    /// Takes so many steps; false when there are none left.
    pub(super) fn take(&self, steps: usize) -> bool {
        let left = self.0.get().saturating_sub(steps as u64);
        self.0.set(left);
        left > 0
    }

    /// The same, as the end of a function.
    pub(super) fn need(&self, steps: usize) -> Result<(), Fault> {
        if self.take(steps) { Ok(()) } else { Err(Fault::Exhausted) }
    }
}

/// What a function is called with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arguments<'a, 'x> {
    pub(super) values: &'x [Value<'a>],
    pub(super) work: &'x Work,
}

impl<'a> std::ops::Deref for Arguments<'a, '_> {
    type Target = [Value<'a>];
    fn deref(&self) -> &[Value<'a>] {
        self.values
    }
}

/// Runs one expression.
pub(super) struct Evaluator<'a, 'b> {
    bindings: &'b dyn Bindings<'a>,
    work: Work,
    locals: Vec<Outcome<'a>>,
    pub(super) cost: u64,
    limit: u64,
}

impl<'a, 'b> Evaluator<'a, 'b> {
    pub(super) fn new(bindings: &'b dyn Bindings<'a>, limit: u64) -> Self {
        Self { bindings, work: Work::default(), locals: Vec::new(), cost: 0, limit }
    }

    fn charge(&mut self, cost: u64) -> Result<(), Failure> {
        self.cost = self.cost.saturating_add(cost);
        if self.cost > self.limit { Err(Failure::Cost) } else { Ok(()) }
    }

    /// The value of a step that is used by itself.
    pub(super) fn eval(&mut self, node: &'a Node) -> Outcome<'a> {
        let value = self.resolve(node);
        if node.is_charged() {
            self.charge(1)?;
        }
        value
    }

    /// The value of a step that something takes over.
    fn resolve(&mut self, node: &'a Node) -> Outcome<'a> {
        match node {
            Node::Constant(value) => Ok(value.clone()),
            Node::Text(text) => Ok(Value::String(Text::Borrowed(text))),
            Node::Global(number) => Ok(self.bindings.global(*number)),
            Node::Local(place) => self.locals.get(*place).cloned().unwrap_or_else(|| said("no such attribute")),
            Node::Variable(number) => {
                let value = self.bindings.variable(*number);
                self.charge(1)?;
                value
            }
            Node::Select { operand, field, optional } => {
                let selected = select(self.operand(operand)?, field, *optional);
                self.charge(u64::from(!is_none(&selected)))?;
                selected
            }
            Node::Has { operand, field } => {
                let operand = self.operand(operand)?;
                self.charge(1)?;
                has(operand, field)
            }
            Node::Index { operand, key, optional } => {
                let operand = self.operand(operand)?;
                let key = self.operand(key)?;
                let found = index(operand, &key, *optional);
                self.charge(u64::from(!is_none(&found)))?;
                found
            }
            Node::And(one, other) => self.logic(one, other, false),
            Node::Or(one, other) => self.logic(one, other, true),
            Node::Conditional(parts) => {
                let [condition, yes, no] = parts.as_ref();
                match self.eval(condition)? {
                    Value::Bool(true) => self.resolve(yes),
                    Value::Bool(false) => self.resolve(no),
                    _ => said("no such overload"),
                }
            }
            Node::Equal(one, other) => self.equal(one, other).map(Value::Bool),
            Node::NotEqual(one, other) => self.equal(one, other).map(|equal| Value::Bool(!equal)),
            Node::NotStrictlyFalse(inner) => {
                let value = self.eval(inner);
                self.charge(1)?;
                match value {
                    Ok(Value::Bool(flag)) => Ok(Value::Bool(flag)),
                    Err(Failure::Cost) => Err(Failure::Cost),
                    _ => Ok(Value::Bool(true)),
                }
            }
            Node::Format(format) => {
                self.charge(1)?;
                Ok(functions::format_value(*format))
            }
            _ => self.compound(node),
        }
    }

    fn compound(&mut self, node: &'a Node) -> Outcome<'a> {
        match node {
            Node::Call(call) => self.call(call),
            Node::InSet(one, set) => {
                let value = self.eval(one)?;
                Ok(Value::Bool(set.iter().any(|member| member.equals_within(&value, &self.work))))
            }
            Node::OptionalOr(one, other) => match self.eval(one)? {
                Value::Optional(None) => self.eval(other),
                value @ Value::Optional(_) => Ok(value),
                _ => said("no such overload"),
            },
            Node::OptionalOrValue(one, other) => match self.eval(one)? {
                Value::Optional(None) => self.eval(other),
                Value::Optional(Some(value)) => Ok(Value::clone(&value)),
                _ => said("no such overload"),
            },
            Node::List(items) => self.list(items),
            Node::Map(entries) => self.map(entries),
            Node::Fold(fold) => self.fold(fold),
            Node::Append { gathered, item } => self.append(*gathered, item),
            _ => said("no such step"),
        }
    }

    /// What is selected from: free where it is an attribute itself.
    fn operand(&mut self, node: &'a Node) -> Outcome<'a> {
        if node.is_attribute() { self.resolve(node) } else { self.eval(node) }
    }

    fn logic(&mut self, one: &'a Node, other: &'a Node, decisive: bool) -> Outcome<'a> {
        let mut first_fault = None;
        for term in [one, other] {
            match self.eval(term) {
                Ok(Value::Bool(flag)) if flag == decisive => return Ok(Value::Bool(decisive)),
                Ok(Value::Bool(_)) => {}
                Err(Failure::Cost) => return Err(Failure::Cost),
                Err(fault) => first_fault = first_fault.or(Some(fault)),
                Ok(_) => first_fault = first_fault.or_else(|| Some(Failure::Said("no such overload".into()))),
            }
        }
        first_fault.map_or(Ok(Value::Bool(!decisive)), Err)
    }

    fn equal(&mut self, one: &'a Node, other: &'a Node) -> Result<bool, Failure> {
        let one = self.eval(one)?;
        let other = self.last(other, 1)?;
        self.charge(cost::of_equality(&one, &other))?;
        let equal = one.equals_within(&other, &self.work);
        if self.work.take(0) { Ok(equal) } else { Err(Failure::Cost) }
    }

    /// The last part of something that is charged for even where that part fails.
    fn last(&mut self, node: &'a Node, cost: u64) -> Outcome<'a> {
        let value = self.eval(node);
        if value.is_err() {
            self.charge(cost)?;
        }
        value
    }

    fn call(&mut self, call: &'a Call) -> Outcome<'a> {
        let mut arguments = Vec::with_capacity(call.arguments.len());
        if let Some((last, others)) = call.arguments.split_last() {
            for argument in others {
                arguments.push(self.eval(argument)?);
            }
            arguments.push(self.last(last, 1)?);
        }
        // What a function would make in vain is charged before it is made.
        let known = cost::before(call, &arguments);
        self.charge(known.unwrap_or(0))?;
        let result = self.run(call, &arguments);
        if known.is_none() {
            self.charge(cost::after(call, result.as_ref().ok()))?;
        }
        let result = result?;
        let made = match &result {
            Value::String(Text::Shared(text)) => text.len() / 8,
            Value::Bytes(bytes) => bytes.len() / 8,
            _ => 0,
        };
        if self.work.take(made) { Ok(result) } else { Err(Failure::Cost) }
    }

    fn run(&self, call: &'a Call, values: &[Value<'a>]) -> Outcome<'a> {
        let arguments = Arguments { values, work: &self.work };
        let result = match &call.pattern {
            _ if call.known.is_some_and(|known| !known.takes(values)) => Err(Fault::Overload),
            Some(pattern) => functions::with_pattern(call.function.name, pattern, &arguments),
            None => (call.function.run)(&arguments),
        };
        result.map_err(|fault| match fault {
            Fault::Said(said) => Failure::Said(said.into()),
            Fault::Exhausted => Failure::Cost,
            Fault::Overload => Failure::Said(functions::no_overload(call.function, values).into()),
        })
    }

    fn list(&mut self, items: &'a [(Node, bool)]) -> Outcome<'a> {
        let mut values = Vec::with_capacity(items.len());
        for (item, optional) in items {
            let value = self.last(item, cost::LIST)?;
            match value {
                Value::Optional(None) if *optional => {}
                Value::Optional(Some(value)) if *optional => values.push(Value::clone(&value)),
                _ if *optional => return said("cannot initialize optional list element from non-optional value"),
                value => values.push(value),
            }
        }
        self.charge(cost::LIST)?;
        Ok(Value::list(values))
    }

    fn map(&mut self, entries: &'a [(Node, Node, bool)]) -> Outcome<'a> {
        let mut map = BTreeMap::new();
        for (key, value, optional) in entries {
            let (key, value) = (self.last(key, cost::MAP)?, self.last(value, cost::MAP)?);
            let Some(key) = Key::of(&key) else { return said("unsupported key type") };
            match value {
                Value::Optional(None) if *optional => {
                    map.remove(&key);
                }
                Value::Optional(Some(value)) if *optional => {
                    map.insert(key, Value::clone(&value));
                }
                _ if *optional => return said("cannot initialize optional entry from non-optional value"),
                value => {
                    map.insert(key, value);
                }
            }
        }
        self.charge(cost::MAP)?;
        Ok(Value::map(map))
    }

    fn fold(&mut self, fold: &'a Fold) -> Outcome<'a> {
        let range = self.eval(&fold.range)?;
        let init = self.eval(&fold.init);
        if matches!(init, Err(Failure::Cost)) {
            return Err(Failure::Cost);
        }
        let needed = fold.place + 3;
        if self.locals.len() < needed {
            self.locals.resize(needed, Ok(Value::Null));
        }
        self.set(fold.place, init);
        match range {
            Value::List(list) => {
                for position in 0..list.len() {
                    let Some(item) = list.get(position) else { break };
                    let number = Value::Int(i64::try_from(position).unwrap_or(i64::MAX));
                    let (first, second) = if fold.two { (number, item) } else { (item, Value::Null) };
                    if !self.turn(fold, first, second)? {
                        break;
                    }
                }
            }
            Value::Map(map) => {
                for (key, value) in map.entries() {
                    if !self.turn(fold, key, value)? {
                        break;
                    }
                }
            }
            other if fold.two => {
                return said(format!("unsupported comprehension range type: {}", other.type_name()));
            }
            other => return said(format!("got '{}', expected iterable type", functions::go_type(&other))),
        }
        self.eval(&fold.result)
    }

    /// One turn of a loop; false where it was the last.
    fn turn(&mut self, fold: &'a Fold, first: Value<'a>, second: Value<'a>) -> Result<bool, Failure> {
        self.set(fold.place + 1, Ok(first));
        self.set(fold.place + 2, Ok(second));
        match self.eval(&fold.condition) {
            Err(Failure::Cost) => return Err(Failure::Cost),
            Ok(Value::Bool(false)) => return Ok(false),
            _ => {}
        }
        let step = self.eval(&fold.step);
        if matches!(step, Err(Failure::Cost)) {
            return Err(Failure::Cost);
        }
        self.set(fold.place, step);
        Ok(true)
    }

    fn set(&mut self, place: usize, value: Outcome<'a>) {
        if let Some(slot) = self.locals.get_mut(place) {
            *slot = value;
        }
    }

    fn append(&mut self, gathered: usize, item: &'a Node) -> Outcome<'a> {
        self.charge(1)?;
        if let Some(Err(fault)) = self.locals.get(gathered) {
            return Err(fault.clone());
        }
        let item = self.last(item, cost::LIST + 1)?;
        self.charge(cost::LIST + 1)?;
        let Some(slot) = self.locals.get_mut(gathered) else { return said("no such attribute") };
        match std::mem::replace(slot, Ok(Value::Null)) {
            Ok(Value::List(List::Items(mut items))) => {
                Arc::make_mut(&mut items).push(item);
                Ok(Value::List(List::Items(items)))
            }
            Ok(_) => said("no such overload"),
            Err(fault) => Err(fault),
        }
    }
}

fn is_none(outcome: &Outcome<'_>) -> bool {
    matches!(outcome, Ok(Value::Optional(None)))
}

fn no_key<T>(key: &Value<'_>) -> Result<T, Failure> {
    said(format!("no such key: {}", functions::shown(key)))
}

fn select<'a>(operand: Value<'a>, field: &str, optional: bool) -> Outcome<'a> {
    match operand {
        Value::Map(map) => present(map.field(field), optional, || no_key(&Value::String(Text::Borrowed(field)))),
        Value::Optional(None) => Ok(Value::Optional(None)),
        Value::Optional(Some(inner)) => select(Value::clone(&inner), field, true),
        _ if optional => Ok(Value::Optional(None)),
        Value::List(_) => said("unsupported index type 'string' in list"),
        _ => no_key(&Value::String(Text::Borrowed(field))),
    }
}

fn present<'a>(found: Option<Value<'a>>, optional: bool, missing: impl FnOnce() -> Outcome<'a>) -> Outcome<'a> {
    match (found, optional) {
        (Some(found), false) => Ok(found),
        (Some(found), true) => Ok(Value::some(found)),
        (None, true) => Ok(Value::Optional(None)),
        (None, false) => missing(),
    }
}

fn has<'a>(operand: Value<'a>, field: &str) -> Outcome<'a> {
    match operand {
        Value::Map(map) => Ok(Value::Bool(match map {
            Map::Json(map) => map.contains_key(field),
            Map::Entries(entries) => entries.contains_key(&Key::String(field.into())),
        })),
        Value::Optional(Some(inner)) => has(Value::clone(&inner), field),
        Value::List(_) => said("unsupported index type 'string' in list"),
        _ => Ok(Value::Bool(false)),
    }
}

fn index<'a>(operand: Value<'a>, key: &Value<'a>, optional: bool) -> Outcome<'a> {
    match key {
        Value::Map(_) => return said("invalid qualifier type: map[string]interface {}"),
        Value::List(_) => return said("invalid qualifier type: []interface {}"),
        _ => {}
    }
    match operand {
        Value::Map(map) => present(map.find(key), optional, || no_key(key)),
        Value::List(list) => {
            let found = functions::list_index(key)?;
            let found = usize::try_from(found).ok().and_then(|index| list.get(index));
            present(found, optional, || said(format!("index out of bounds: {}", functions::shown(key))))
        }
        Value::Optional(None) => Ok(Value::Optional(None)),
        Value::Optional(Some(inner)) => index(Value::clone(&inner), key, true),
        _ if optional => Ok(Value::Optional(None)),
        _ => no_key(key),
    }
}
