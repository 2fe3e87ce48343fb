//! Which variables a term or an expression has: those it needs itself, and those of the closures in it.

use std::collections::BTreeSet;

use crate::ast::{Action, Body, Expr, Kind, Name, Term};

pub(crate) type Names = BTreeSet<Name>;

/// What to leave out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// Comprehensions and bodies of `every`.
    OutsideClosures,
    /// Nothing.
    Everywhere,
    /// Everything but closures.
    OnlyClosures,
}

fn is_root(name: &Name) -> bool {
    matches!(&**name, "input" | "data")
}

pub(crate) fn of_body(body: &Body, look: Look, names: &mut Names) {
    for expr in body {
        of_expr(expr, look, names);
    }
}

pub(crate) fn of_expr(expr: &Expr, look: Look, names: &mut Names) {
    let mut term = |term: &Term| of_term(term, look, names);
    for with in &expr.with {
        term(&with.value);
    }
    match &expr.action {
        Action::Term(only) => term(only),
        Action::Assign(left, right) | Action::Unify(left, right) => {
            term(left);
            term(right);
        }
        Action::Call(_, arguments, out) => arguments.iter().chain(out).for_each(term),
        Action::Some(_) => {}
        Action::SomeIn(key, value, domain) => key.iter().chain([value, domain]).for_each(term),
        Action::Every(every) => {
            term(&every.domain);
            match look {
                Look::OutsideClosures => {}
                Look::OnlyClosures | Look::Everywhere => {
                    of_body(&every.body, Look::Everywhere, names);
                    if look == Look::Everywhere {
                        every.key.iter().chain([&every.value]).for_each(|term| of_term(term, look, names));
                    }
                }
            }
        }
    }
}

pub(crate) fn of_term(term: &Term, look: Look, names: &mut Names) {
    match &term.kind {
        Kind::Scalar(_) => {}
        Kind::Var(name) => {
            if look != Look::OnlyClosures && !is_root(name) {
                names.insert(Name::clone(name));
            }
        }
        Kind::Ref(items) | Kind::Array(items) | Kind::Set(items) | Kind::Template(items) | Kind::Call(_, items) => {
            for item in items {
                of_term(item, look, names);
            }
        }
        Kind::Object(pairs) => {
            for (key, value) in pairs {
                of_term(key, look, names);
                of_term(value, look, names);
            }
        }
        Kind::ArrayOf(..) | Kind::SetOf(..) | Kind::ObjectOf(..) if look == Look::OutsideClosures => {}
        Kind::ArrayOf(head, body) | Kind::SetOf(head, body) => {
            of_term(head, Look::Everywhere, names);
            of_body(body, Look::Everywhere, names);
        }
        Kind::ObjectOf(key, value, body) => {
            of_term(key, Look::Everywhere, names);
            of_term(value, Look::Everywhere, names);
            of_body(body, Look::Everywhere, names);
        }
    }
}
