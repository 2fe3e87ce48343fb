//! What a template says, as a tree.
//!
//! Owns the nodes and the arena they live in: a tree of any depth is dropped as a list.

pub(crate) mod code;
pub(crate) mod expression;
pub(crate) mod regex;
pub(crate) mod scan;
pub(crate) mod statement;
pub(crate) mod token;

use std::rc::Rc;

use super::error::{Failure, Outcome, Place, Resource};
use super::text::Text;

/// Deeper trees end the real parser, and would end this one's stack.
const MAX_TREE_DEPTH: usize = 10_000;

/// A node's place in the arena.
pub(crate) type Id = usize;

/// One node and where it stands.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    pub(crate) place: Place,
    depth: usize,
    /// A macro is declared in it.
    pub(crate) declares: bool,
}

#[derive(Debug, Clone)]
pub(crate) enum Literal {
    Null,
    Bool(bool),
    Number(f64),
    String(Text),
    Regex { source: Text, flags: Rc<str> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Add,
    Concat,
    Sub,
    Mul,
    Div,
    Mod,
    Pow,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    Same,
    NotEqual,
    NotSame,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Debug, Clone)]
pub(crate) enum Kind {
    List(Vec<Id>),
    Output(Id),
    Data(Text),
    Literal(Literal),
    Symbol(Text),
    Group(Vec<Id>),
    Array(Vec<Id>),
    Dict(Vec<Id>),
    KeywordArgs(Vec<Id>),
    Pair { key: Id, value: Id },
    Lookup { target: Id, key: Id },
    Slice { start: Id, stop: Id, step: Id },
    If { condition: Id, body: Id, otherwise: Option<Id> },
    InlineIf { condition: Id, body: Id, otherwise: Option<Id> },
    For { list: Id, targets: Vec<Id>, body: Id, otherwise: Option<Id> },
    Macro { name: Text, arguments: Id, body: Id },
    Caller { arguments: Id, body: Id },
    Call { function: Id, arguments: Id },
    Filter { name: Text, name_place: Place, arguments: Id },
    CallBlock { call: Id, caller: Id },
    Block { name: Text, body: Id },
    Set { targets: Vec<Id>, value: Option<Id>, body: Option<Id> },
    Switch { value: Id, cases: Vec<Id>, default: Option<Id> },
    Case { condition: Id, body: Id },
    Capture(Id),
    In { left: Id, right: Id },
    Is { left: Id, right: Id },
    Or { left: Id, right: Id },
    And { left: Id, right: Id },
    Binary { operator: Operator, left: Id, right: Id },
    Not(Id),
    Negative(Id),
    Positive(Id),
    Floor(Id),
    Compare { first: Id, operands: Vec<(Comparison, Id)> },
}

/// All nodes of one template.
pub(crate) struct Tree {
    nodes: Vec<Node>,
    /// Nodes that the real parser has and this one does not count towards the same limit.
    extra: usize,
    most: usize,
    pub(crate) root: Id,
}

impl Tree {
    pub(crate) fn new(most: usize) -> Self {
        Self { nodes: Vec::new(), extra: 0, most, root: 0 }
    }

    pub(crate) fn node(&self, id: Id) -> Outcome<&Node> {
        self.nodes.get(id).ok_or_else(|| Failure::new("Template rendering failed"))
    }

    pub(crate) fn kind(&self, id: Id) -> Outcome<&Kind> {
        self.node(id).map(|node| &node.kind)
    }

    pub(crate) fn place(&self, id: Id) -> Place {
        self.nodes.get(id).map(|node| node.place).unwrap_or_default()
    }

    /// The items of a list, and of nothing else.
    pub(crate) fn list(&self, id: Id) -> &[Id] {
        if let Some(Node { kind: Kind::List(children), .. }) = self.nodes.get(id) { children } else { &[] }
    }

    /// The name of a symbol.
    pub(crate) fn symbol(&self, id: Id) -> Option<&Text> {
        if let Some(Node { kind: Kind::Symbol(name), .. }) = self.nodes.get(id) { Some(name) } else { None }
    }

    pub(crate) fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter()
    }

    pub(crate) fn declares_macro(&self, id: Id) -> bool {
        self.nodes.get(id).is_some_and(|node| node.declares)
    }

    pub(crate) fn add(&mut self, kind: Kind, place: Place) -> Outcome<Id> {
        self.count(place)?;
        let (mut depth, mut declares) = (0, matches!(kind, Kind::Macro { .. }));
        for_children(&kind, |child| {
            if let Some(child) = self.nodes.get(child) {
                depth = depth.max(child.depth + 1);
                declares |= child.declares;
            }
        });
        if depth > MAX_TREE_DEPTH {
            return Err(Box::new(Failure::Syntax { message: "Invalid template syntax".to_owned(), place: None }));
        }
        self.nodes.push(Node { kind, place, depth, declares });
        Ok(self.nodes.len() - 1)
    }

    /// Counts a node that has no place of its own here.
    pub(crate) fn count_extra(&mut self, place: Place) -> Outcome<()> {
        self.count(place)?;
        self.extra += 1;
        Ok(())
    }

    fn count(&self, place: Place) -> Outcome<()> {
        let count = self.nodes.len() + self.extra + 1;
        if count > self.most {
            return Err(Failure::parse_limit(Resource::AstNodes, self.most, count, Some(place)));
        }
        Ok(())
    }
}

/// Calls for each direct child, in the order of the source.
pub(crate) fn for_children(kind: &Kind, mut visit: impl FnMut(Id)) {
    match kind {
        Kind::Data(_) | Kind::Literal(_) | Kind::Symbol(_) => {}
        Kind::List(children) | Kind::Group(children) | Kind::Array(children) | Kind::Dict(children) => {
            children.iter().copied().for_each(visit);
        }
        Kind::KeywordArgs(children) => children.iter().copied().for_each(visit),
        Kind::Output(child)
        | Kind::Capture(child)
        | Kind::Not(child)
        | Kind::Negative(child)
        | Kind::Positive(child)
        | Kind::Floor(child) => visit(*child),
        Kind::Pair { key: left, value: right }
        | Kind::Lookup { target: left, key: right }
        | Kind::Call { function: left, arguments: right }
        | Kind::CallBlock { call: left, caller: right }
        | Kind::Case { condition: left, body: right }
        | Kind::Macro { arguments: left, body: right, .. }
        | Kind::Caller { arguments: left, body: right }
        | Kind::In { left, right }
        | Kind::Is { left, right }
        | Kind::Or { left, right }
        | Kind::And { left, right }
        | Kind::Binary { left, right, .. } => [*left, *right].into_iter().for_each(visit),
        Kind::Slice { start, stop, step } => [*start, *stop, *step].into_iter().for_each(visit),
        Kind::If { condition, body, otherwise } | Kind::InlineIf { condition, body, otherwise } => {
            [*condition, *body].into_iter().chain(*otherwise).for_each(visit);
        }
        Kind::For { list, targets, body, otherwise } => {
            std::iter::once(*list).chain(targets.iter().copied()).chain([*body]).chain(*otherwise).for_each(visit);
        }
        Kind::Filter { arguments, .. } => visit(*arguments),
        Kind::Block { body, .. } => visit(*body),
        Kind::Set { targets, value, body } => targets.iter().copied().chain(*value).chain(*body).for_each(visit),
        Kind::Switch { value, cases, default } => {
            std::iter::once(*value).chain(cases.iter().copied()).chain(*default).for_each(visit);
        }
        Kind::Compare { first, operands } => {
            visit(*first);
            for (_, operand) in operands {
                visit(*operand);
            }
        }
    }
}
