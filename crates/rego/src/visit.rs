//! Goes through all terms, calls and `with` of a rule.

use crate::ast::{Action, Expr, Kind, Makes, Name, Place, Rule, Term, With};

/// One thing found.
pub(crate) enum Seen<'a> {
    Term(&'a Term),
    /// A function's name, and how many arguments it gets.
    Call(Place, &'a [Name], usize),
    /// The same call, with its arguments.
    Arguments(Place, &'a [Name], &'a [Term]),
    With(&'a With),
    /// What `:=` gives to what.
    Assign(&'a Term, &'a Term),
}

pub(crate) fn rule(rule: &Rule, look: &mut impl FnMut(Seen<'_>)) {
    rule.arguments.iter().flatten().for_each(|argument| term(argument, look));
    rule.path.iter().skip(1).for_each(|element| term(element, look));
    let (Makes::Value(value) | Makes::Element(value)) = &rule.makes;
    term(value, look);
    body(&rule.body, look);
    for branch in &rule.chain {
        term(&branch.value, look);
        body(&branch.body, look);
    }
}

pub(crate) fn body(body: &[Expr], look: &mut impl FnMut(Seen<'_>)) {
    for expr in body {
        for with in &expr.with {
            look(Seen::With(with));
            if with.function.is_none() {
                term(&with.value, look);
            }
        }
        match &expr.action {
            Action::Term(only) => term(only, look),
            Action::Assign(left, right) | Action::Unify(left, right) => {
                if matches!(expr.action, Action::Assign(..)) {
                    look(Seen::Assign(left, right));
                }
                term(left, look);
                term(right, look);
            }
            Action::Some(_) => {}
            Action::SomeIn(key, value, domain) => {
                key.iter().chain([value, domain]).for_each(|part| term(part, look));
            }
            Action::Every(every) => {
                term(&every.domain, look);
                self::body(&every.body, look);
            }
            Action::Call(name, arguments, out) => {
                look(Seen::Call(expr.place, name, arguments.len() + usize::from(out.is_some())));
                look(Seen::Arguments(expr.place, name, arguments));
                arguments.iter().chain(out).for_each(|argument| term(argument, look));
            }
        }
    }
}

pub(crate) fn term(term: &Term, look: &mut impl FnMut(Seen<'_>)) {
    look(Seen::Term(term));
    match &term.kind {
        Kind::Scalar(_) | Kind::Var(_) => {}
        Kind::Call(name, arguments) => {
            look(Seen::Call(term.place, name, arguments.len()));
            look(Seen::Arguments(term.place, name, arguments));
            for argument in arguments {
                self::term(argument, look);
            }
        }
        Kind::Ref(items) | Kind::Array(items) | Kind::Set(items) | Kind::Template(items) => {
            for item in items {
                self::term(item, look);
            }
        }
        Kind::Object(pairs) => {
            for (key, value) in pairs {
                self::term(key, look);
                self::term(value, look);
            }
        }
        Kind::ArrayOf(head, inner) | Kind::SetOf(head, inner) => {
            self::term(head, look);
            body(inner, look);
        }
        Kind::ObjectOf(key, value, inner) => {
            self::term(key, look);
            self::term(value, look);
            body(inner, look);
        }
    }
}
