//! The syntax tree of a module.

use std::sync::Arc;

use crate::value::Value;

pub(crate) type Name = Arc<str>;

/// Where something stands: line and column in characters, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub(crate) struct Place {
    pub(crate) line: u32,
    pub(crate) column: u32,
}

/// A term and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Term {
    pub(crate) place: Place,
    pub(crate) kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Scalar(Value),
    Var(Name),
    /// The first term, then what is looked up in it, one after the other.
    Ref(Vec<Term>),
    /// The dotted name of the function, and its arguments.
    Call(Vec<Name>, Vec<Term>),
    Array(Vec<Term>),
    Set(Vec<Term>),
    Object(Vec<(Term, Term)>),
    ArrayOf(Box<Term>, Body),
    SetOf(Box<Term>, Body),
    ObjectOf(Box<Term>, Box<Term>, Body),
    /// `$"text {term} text"`.
    Template(Vec<Term>),
}

pub(crate) type Body = Vec<Expr>;

/// One expression of a body.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Expr {
    pub(crate) place: Place,
    pub(crate) negated: bool,
    pub(crate) action: Action,
    pub(crate) with: Vec<With>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Action {
    /// A term that must be neither false nor undefined.
    Term(Term),
    /// `left := right`
    Assign(Term, Term),
    /// `left = right`
    Unify(Term, Term),
    /// `some x, y`
    Some(Vec<(Name, Place)>),
    /// `some key, value in domain`
    SomeIn(Option<Term>, Term, Term),
    /// `every key, value in domain { body }`
    Every(Box<Every>),
    /// A function as a statement, with a term for its result where that is used.
    Call(Vec<Name>, Vec<Term>, Option<Term>),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Every {
    pub(crate) key: Option<Term>,
    pub(crate) value: Term,
    pub(crate) domain: Term,
    pub(crate) body: Body,
}

/// `with target as value`
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct With {
    pub(crate) place: Place,
    pub(crate) target: Vec<Name>,
    pub(crate) value: Term,
    /// The function that the value names, where a function is replaced.
    pub(crate) function: Option<Vec<Name>>,
}

/// What a rule makes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Makes {
    /// One value, at the path of the head.
    Value(Term),
    /// An element of the set at the path of the head.
    Element(Term),
}

/// One rule, without its `else`: that is the next in `chain`.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) place: Place,
    pub(crate) default: bool,
    /// The first is the name; later ones may be variables.
    pub(crate) path: Vec<Term>,
    pub(crate) arguments: Option<Vec<Term>>,
    pub(crate) makes: Makes,
    pub(crate) body: Body,
    pub(crate) chain: Vec<Else>,
}

#[derive(Debug, Clone)]
pub(crate) struct Else {
    pub(crate) place: Place,
    pub(crate) value: Term,
    pub(crate) body: Body,
}

#[derive(Debug, Clone)]
pub(crate) struct Import {
    pub(crate) place: Place,
    pub(crate) path: Vec<Name>,
    pub(crate) alias: Option<Name>,
}

/// A parsed module.
#[derive(Debug, Clone)]
pub(crate) struct Tree {
    pub(crate) package: Vec<Name>,
    pub(crate) imports: Vec<Import>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) v1: bool,
}

impl Term {
    pub(crate) fn new(place: Place, kind: Kind) -> Self {
        Self { place, kind }
    }

    pub(crate) fn scalar(place: Place, value: Value) -> Self {
        Self::new(place, Kind::Scalar(value))
    }

    pub(crate) fn var(place: Place, name: &Name) -> Self {
        Self::new(place, Kind::Var(Name::clone(name)))
    }

    /// The text, of a string.
    pub(crate) fn text(&self) -> Option<&Name> {
        match &self.kind {
            Kind::Scalar(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn is_ground(&self) -> bool {
        match &self.kind {
            Kind::Scalar(_) => true,
            Kind::Array(items) | Kind::Set(items) => items.iter().all(Self::is_ground),
            Kind::Object(pairs) => pairs.iter().all(|(key, value)| key.is_ground() && value.is_ground()),
            _ => false,
        }
    }
}

impl Expr {
    pub(crate) fn new(place: Place, action: Action) -> Self {
        Self { place, negated: false, action, with: Vec::new() }
    }
}
