//! An expression as it runs: names resolved, constants made, patterns compiled.

use regex::Regex;

use super::declarations::{Charge, Function, Overload};
use super::named_format::NamedFormat;
use super::value::Value;

/// One step.
#[derive(Debug)]
pub(super) enum Node {
    /// A constant, a text excepted.
    Constant(Value<'static>),
    /// A constant text.
    Text(Box<str>),
    /// A declared variable, by its number.
    Global(usize),
    /// A variable of a loop, by its place.
    Local(usize),
    /// `variables.NAME`, by its number.
    Variable(usize),
    /// `a.b`, and `a.?b`.
    Select { operand: Box<Node>, field: Box<str>, optional: bool },
    /// `has(a.b)`
    Has { operand: Box<Node>, field: Box<str> },
    /// `a[b]`, and `a[?b]`.
    Index { operand: Box<Node>, key: Box<Node>, optional: bool },
    /// `a && b`
    And(Box<Node>, Box<Node>),
    /// `a || b`
    Or(Box<Node>, Box<Node>),
    /// `a ? b : c`
    Conditional(Box<[Node; 3]>),
    /// `a == b`
    Equal(Box<Node>, Box<Node>),
    /// `a != b`
    NotEqual(Box<Node>, Box<Node>),
    /// True unless it is false: for loops.
    NotStrictlyFalse(Box<Node>),
    /// A call.
    Call(Box<Call>),
    /// `a in [constants]`
    InSet(Box<Node>, Vec<Value<'static>>),
    /// `a.or(b)`
    OptionalOr(Box<Node>, Box<Node>),
    /// `a.orValue(b)`
    OptionalOrValue(Box<Node>, Box<Node>),
    /// `format.NAME()`
    Format(NamedFormat),
    /// `[a, ?b]`
    List(Vec<(Node, bool)>),
    /// `{a: b, ?c: d}`
    Map(Vec<(Node, Node, bool)>),
    /// A loop.
    Fold(Box<Fold>),
    /// What a loop has gathered and one item more, without copying what it has.
    Append { gathered: usize, item: Box<Node> },
}

/// A call.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) function: &'static Function,
    /// The overload, where the types say which.
    pub(super) known: Option<&'static Overload>,
    pub(super) arguments: Vec<Node>,
    /// The pattern, where it is a constant.
    pub(super) pattern: Option<Regex>,
}

/// A loop.
#[derive(Debug)]
pub(super) struct Fold {
    pub(super) range: Node,
    pub(super) init: Node,
    /// The place of what is gathered; those of the variables follow.
    pub(super) place: usize,
    /// Two variables: key and value, index and item.
    pub(super) two: bool,
    pub(super) condition: Node,
    pub(super) step: Node,
    pub(super) result: Node,
}

impl Node {
    /// The constant as a value that needs nothing of the expression.
    pub(super) fn constant(&self) -> Option<Value<'static>> {
        match self {
            Self::Constant(value) => Some(value.clone()),
            Self::Text(text) => Some(Value::text(text.as_ref())),
            _ => None,
        }
    }

    /// Names and what is selected from them or from anything else.
    pub(super) fn is_attribute(&self) -> bool {
        matches!(self, Self::Global(_) | Self::Local(_) | Self::Variable(_) | Self::Select { .. } | Self::Index { .. })
    }

    /// An attribute costs 1 where it is used by itself; nothing where something takes it over or it starts with a choice.
    pub(super) fn is_charged(&self) -> bool {
        match self {
            Self::Global(_) | Self::Local(_) | Self::Variable(_) => true,
            Self::Select { operand, .. } | Self::Index { operand, .. } => match operand.as_ref() {
                Self::Conditional(_) => false,
                operand @ (Self::Select { .. } | Self::Index { .. }) => operand.is_charged(),
                _ => true,
            },
            _ => false,
        }
    }

    /// The steps below.
    pub(super) fn children(&self) -> Vec<&Self> {
        match self {
            Self::Constant(_)
            | Self::Text(_)
            | Self::Global(_)
            | Self::Local(_)
            | Self::Variable(_)
            | Self::Format(_) => Vec::new(),
            Self::Select { operand, .. } | Self::Has { operand, .. } => vec![operand],
            Self::NotStrictlyFalse(inner) | Self::InSet(inner, _) | Self::Append { item: inner, .. } => vec![inner],
            Self::Index { operand: one, key: other, .. }
            | Self::And(one, other)
            | Self::Or(one, other)
            | Self::Equal(one, other)
            | Self::NotEqual(one, other)
            | Self::OptionalOr(one, other)
            | Self::OptionalOrValue(one, other) => vec![one, other],
            Self::Conditional(parts) => parts.iter().collect(),
            Self::Call(call) => call.arguments.iter().collect(),
            Self::List(items) => items.iter().map(|(item, _)| item).collect(),
            Self::Map(entries) => entries.iter().flat_map(|(key, value, _)| [key, value]).collect(),
            Self::Fold(fold) => vec![&fold.range, &fold.init, &fold.condition, &fold.step, &fold.result],
        }
    }

    /// It and all steps below. Without recursion.
    fn steps(&self) -> impl Iterator<Item = &Self> {
        let mut waiting = vec![self];
        std::iter::from_fn(move || {
            let node = waiting.pop()?;
            waiting.extend(node.children());
            Some(node)
        })
    }

    /// The composed variables in it.
    pub(super) fn variables(&self) -> Vec<usize> {
        let number = |step: &Self| if let Self::Variable(number) = step { Some(*number) } else { None };
        self.steps().filter_map(number).collect()
    }

    /// Whether a declared variable is in it.
    pub(super) fn uses_global(&self, wanted: usize) -> bool {
        self.steps().any(|step| matches!(step, Self::Global(number) if *number == wanted))
    }

    /// How deep the steps nest. Without recursion.
    pub(super) fn depth(&self) -> usize {
        let (mut deepest, mut waiting) = (0, vec![(self, 1)]);
        while let Some((node, depth)) = waiting.pop() {
            deepest = deepest.max(depth);
            waiting.extend(node.children().into_iter().map(|child| (child, depth + 1)));
        }
        deepest
    }
}

impl Call {
    pub(super) fn charge(&self) -> Charge {
        self.function.charge
    }
}
