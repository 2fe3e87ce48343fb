//! What is evaluated: rules with their variables numbered and their names looked up.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::ast::{Name, Place};
use crate::builtins::Builtin;
use crate::value::Value;

pub(crate) type Slot = usize;
pub(crate) type NodeId = usize;
pub(crate) type GroupId = usize;

#[derive(Debug, Clone)]
pub(crate) enum Term {
    Const(Value),
    Var(Slot),
    Ref(Box<Reference>),
    Array(Vec<Term>),
    Set(Vec<Term>),
    Object(Vec<(Term, Term)>),
    Collect(Box<Collect>),
    Template(Vec<Term>),
}

#[derive(Debug, Clone)]
pub(crate) struct Reference {
    pub(crate) head: Head,
    pub(crate) path: Vec<Term>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Head {
    Input,
    Var(Slot),
    /// `data`; the node that the first `taken` elements of the path lead to, where they stay in the tree of rules.
    Data {
        node: Option<NodeId>,
        taken: usize,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Into {
    Array,
    Set,
    Object,
}

/// A comprehension. The key is that of objects only.
#[derive(Debug, Clone)]
pub(crate) struct Collect {
    pub(crate) into: Into,
    pub(crate) key: Term,
    pub(crate) value: Term,
    pub(crate) body: Vec<Step>,
}

/// One expression of a body.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) place: Place,
    pub(crate) module: usize,
    pub(crate) negated: bool,
    pub(crate) action: Action,
    pub(crate) with: Vec<With>,
    /// Where it walks over a collection of which an index may say what to look at.
    pub(crate) narrow: Option<Arc<Narrow>>,
}

/// What an index of a collection is of, and what is looked up in it.
#[derive(Debug)]
pub(crate) struct Narrow {
    /// The variable of the element.
    pub(crate) element: Slot,
    /// Expressions of the body that depend on the element alone.
    pub(crate) chain: Vec<Step>,
    /// What an equality behind the walk compares, the side of the element.
    pub(crate) key: Term,
    /// The other side.
    pub(crate) wanted: Term,
    pub(crate) slots: usize,
}

#[derive(Debug, Clone)]
pub(crate) enum Action {
    Term(Term),
    Unify(Term, Term),
    Builtin(&'static Builtin, Vec<Term>, Option<Term>),
    Function(GroupId, Vec<Term>, Option<Term>),
    Every(Box<Every>),
}

#[derive(Debug, Clone)]
pub(crate) struct Every {
    pub(crate) key: Option<Term>,
    pub(crate) value: Term,
    pub(crate) domain: Term,
    pub(crate) body: Vec<Step>,
}

#[derive(Debug, Clone)]
pub(crate) struct With {
    pub(crate) target: Target,
    pub(crate) replacement: Replacement,
}

#[derive(Debug, Clone)]
pub(crate) enum Target {
    Input(Vec<Name>),
    /// A path below `data`, and the node that stands there.
    Data(Vec<Name>, Option<NodeId>),
    Function(GroupId),
    Builtin(&'static str),
}

#[derive(Debug, Clone)]
pub(crate) enum Replacement {
    Value(Term),
    Function(GroupId),
    Builtin(&'static Builtin),
}

/// Where rules stand below `data`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Node {
    pub(crate) children: BTreeMap<Name, NodeId>,
    pub(crate) group: Option<GroupId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GroupKind {
    Complete,
    Partial,
    Function(usize),
}

/// All rules of one name.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) path: Vec<Name>,
    pub(crate) node: NodeId,
    pub(crate) kind: GroupKind,
    pub(crate) clauses: Vec<Clause>,
    pub(crate) default: Option<Clause>,
    /// All clauses give this, so that the first one which holds is enough.
    pub(crate) constant: bool,
    /// A set of elements, where there is nothing in it: an empty set, else an empty object.
    pub(crate) is_set: bool,
}

/// One rule and its `else` branches.
#[derive(Debug, Clone)]
pub(crate) struct Clause {
    pub(crate) module: usize,
    pub(crate) slots: usize,
    pub(crate) arguments: Vec<Term>,
    /// Keys below the path of the group.
    pub(crate) keys: Vec<Term>,
    /// Whether the value is an element of a set.
    pub(crate) element: bool,
    pub(crate) branches: Vec<Branch>,
}

#[derive(Debug, Clone)]
pub(crate) struct Branch {
    pub(crate) place: Place,
    pub(crate) body: Vec<Step>,
    pub(crate) value: Term,
}

/// All rules of a program.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rules {
    pub(crate) nodes: Vec<Node>,
    pub(crate) groups: Vec<Group>,
    /// The package of each module.
    pub(crate) packages: Vec<Vec<Name>>,
}

impl Rules {
    /// The node of a path below `data` as far as it goes, and how many names that took.
    pub(crate) fn walk<'a>(&self, path: impl IntoIterator<Item = &'a Name>) -> (Option<NodeId>, usize) {
        let (mut node, mut taken) = (0, 0);
        for name in path {
            let Some(found) = self.nodes.get(node) else { return (None, taken) };
            if found.group.is_some() {
                break;
            }
            let Some(child) = found.children.get(name) else { return (None, taken) };
            node = *child;
            taken += 1;
        }
        (Some(node), taken)
    }

    /// The function of a path below `data`.
    pub(crate) fn function(&self, path: &[Name]) -> Option<(GroupId, usize)> {
        let (node, taken) = self.walk(path);
        let group = self.nodes.get(node.filter(|_| taken == path.len())?)?.group?;
        match self.groups.get(group)?.kind {
            GroupKind::Function(arity) => Some((group, arity)),
            _ => None,
        }
    }
}
