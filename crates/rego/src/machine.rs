//! Evaluates rules: a search with backtracking, bounded in steps, memory and depth.
//!
//! A step of a body passes each of its solutions on to the next step. Variables live in one stack of slots; what a step
//! bound is unbound when it returns.

mod collect;
mod data;
mod narrow;
mod rules;
mod steps;
mod terms;
mod with;

use std::collections::{BTreeMap, BTreeSet};

use crate::EvalError;
use crate::ast::Name;
use crate::budget::Budget;
use crate::ir::{NodeId, Replacement, Rules, Slot};
use crate::value::Value;

/// What is said of an evaluation that gets deeper than it may.
pub(crate) const TOO_DEEP: &str = "it gets too deep";
/// How deep steps may stand in each other at most.
pub(crate) const MAX_DEPTH: usize = 20_000;

/// Why a search ends early.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Whoever asked has seen enough.
    Enough,
    Error(EvalError),
}

impl From<EvalError> for Stop {
    fn from(error: EvalError) -> Self {
        Self::Error(error)
    }
}

pub(crate) type Flow<T = ()> = Result<T, Stop>;

/// What is done with a solution.
type Next<'k, 'p> = &'k mut dyn FnMut(&mut Machine<'p>) -> Flow;
/// What is done with each value of a term.
type Each<'k, 'p> = &'k mut dyn FnMut(&mut Machine<'p>, &Value) -> Flow;

/// What a rule gave, once it was asked.
#[derive(Debug, Clone)]
enum Cached {
    Unknown,
    Known(Option<Value>),
}

/// What function a `with` puts in place of another.
#[derive(Debug, Clone)]
enum Mock {
    Value(Value),
    Other(&'static crate::builtins::Builtin),
    Function(usize),
}

/// What `with` changes.
#[derive(Debug, Clone)]
struct World {
    input: Option<Value>,
    data: Value,
    /// Nodes of the tree of rules that a value took the place of.
    shadowed: BTreeSet<NodeId>,
    functions: BTreeMap<usize, Mock>,
    builtins: BTreeMap<&'static str, Mock>,
    cache: Vec<Cached>,
}

pub(crate) struct Machine<'p> {
    rules: &'p Rules,
    world: World,
    stack: Vec<Option<Value>>,
    base: usize,
    trail: Vec<usize>,
    depth: usize,
    deepest: usize,
    pub(crate) budget: Budget,
    /// Lines of each module that were reached, when asked for.
    pub(crate) lines: Option<BTreeSet<(usize, u32)>>,
}

impl<'p> Machine<'p> {
    pub(crate) fn new(rules: &'p Rules, input: Option<Value>, data: Value, budget: Budget, deepest: usize) -> Self {
        let world = World {
            input,
            data,
            shadowed: BTreeSet::new(),
            functions: BTreeMap::new(),
            builtins: BTreeMap::new(),
            cache: vec![Cached::Unknown; rules.groups.len()],
        };
        Self { rules, world, stack: Vec::new(), base: 0, trail: Vec::new(), depth: 0, deepest, budget, lines: None }
    }

    /// The value at a path below `data`.
    pub(crate) fn document(&mut self, path: &[Name]) -> Result<Option<Value>, EvalError> {
        let terms: Vec<_> = path.iter().map(|name| crate::ir::Term::Const(Value::String(Name::clone(name)))).collect();
        let mut found = None;
        let result = self.each_data(&terms, &mut |_, value| {
            found = Some(value.clone());
            Err(Stop::Enough)
        });
        match result {
            Ok(()) | Err(Stop::Enough) => Ok(found),
            Err(Stop::Error(error)) => Err(error),
        }
    }

    fn slot(&self, slot: Slot) -> Option<&Value> {
        self.stack.get(self.base + slot)?.as_ref()
    }

    fn bind(&mut self, slot: Slot, value: Value) {
        let at = self.base + slot;
        if let Some(place) = self.stack.get_mut(at) {
            *place = Some(value);
            self.trail.push(at);
        }
    }

    fn undo(&mut self, mark: usize) {
        for at in self.trail.drain(mark.min(self.trail.len())..) {
            if let Some(place) = self.stack.get_mut(at) {
                *place = None;
            }
        }
    }

    /// Runs what needs slots of its own, and forgets them.
    fn framed<T>(&mut self, slots: usize, run: impl FnOnce(&mut Self) -> Flow<T>) -> Flow<T> {
        let (base, length, mark) = (self.base, self.stack.len(), self.trail.len());
        self.stack.resize(length + slots, None);
        self.base = length;
        let result = run(self);
        self.undo(mark);
        self.stack.truncate(length);
        self.base = base;
        result
    }

    /// Goes one deeper; too deep is an error and not the end of the process.
    fn deeper<T>(&mut self, run: impl FnOnce(&mut Self) -> Flow<T>) -> Flow<T> {
        self.budget.step()?;
        self.depth += 1;
        if self.depth > self.deepest {
            return Err(EvalError::Size(TOO_DEEP.to_owned()).into());
        }
        let result = run(self);
        self.depth -= 1;
        result
    }

    /// Whether a search finds anything.
    fn any(&mut self, search: impl FnOnce(&mut Self, Next<'_, 'p>) -> Flow) -> Flow<bool> {
        let mark = self.trail.len();
        let result = search(self, &mut |_| Err(Stop::Enough));
        self.undo(mark);
        match result {
            Ok(()) => Ok(false),
            Err(Stop::Enough) => Ok(true),
            Err(error) => Err(error),
        }
    }

    fn replacement(&mut self, replacement: &'p Replacement) -> Flow<Option<Mock>> {
        Ok(match replacement {
            Replacement::Value(term) => self.ground(term)?.map(Mock::Value),
            Replacement::Function(group) => Some(Mock::Function(*group)),
            Replacement::Builtin(builtin) => Some(Mock::Other(builtin)),
        })
    }
}
