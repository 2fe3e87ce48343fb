//! Arguments that a function never takes: what OPA's type checker says of a module before it runs.
//!
//! Owns what is plain to see: constants, collections, comprehensions, results of functions, and variables that one of them
//! was given to. Of references nothing is known here, so that OPA may refuse more.

use std::collections::BTreeMap;

use crate::ast::{Kind, Name, Place, Rule, Term};
use crate::builtins::signatures::{Kind as Wanted, find};
use crate::lexer::Fault;
use crate::value::Value;
use crate::visit::{Seen, rule as visit_rule};

/// How far variables are followed.
const MAX_DEPTH: usize = 20;

/// Arguments of a wrong kind.
pub(crate) fn arguments(rule: &Rule) -> Vec<Fault> {
    let mut given = BTreeMap::new();
    visit_rule(rule, &mut |seen| {
        if let Seen::Assign(Term { kind: Kind::Var(name), .. }, value) = seen {
            given.insert(Name::clone(name), value.clone());
        }
    });
    let mut faults = Vec::new();
    visit_rule(rule, &mut |seen| {
        if let Seen::Arguments(place, name, arguments) = seen {
            faults.extend(call(place, name, arguments, &given));
        }
    });
    faults
}

fn call(place: Place, name: &[Name], arguments: &[Term], given: &BTreeMap<Name, Term>) -> Option<Fault> {
    let shown = name.join(".");
    // Where their number is wrong, that is what is said.
    let signature = find(&shown).filter(|signature| signature.arguments.len().abs_diff(arguments.len()) <= 1)?;
    for (index, (argument, wanted)) in (1..).zip(arguments.iter().zip(&signature.arguments)) {
        if !fits(argument, wanted, given, 0) {
            let wanted = wanted.iter().map(|kind| word(kind.letter)).collect::<Vec<_>>().join(" or ");
            let message = format!("{shown}: invalid argument(s): argument {index} must be {wanted}");
            return Some(Fault::new(place, message));
        }
    }
    None
}

fn word(letter: char) -> &'static str {
    match letter {
        'n' => "number",
        's' => "string",
        'b' => "boolean",
        'z' => "null",
        'a' => "array",
        't' => "set",
        'o' => "object",
        _ => "any",
    }
}

/// Whether a term can be of one of the kinds; what is not known can be anything.
fn fits(term: &Term, wanted: &[Wanted], given: &BTreeMap<Name, Term>, depth: usize) -> bool {
    if depth > MAX_DEPTH || wanted.iter().any(|kind| kind.letter == '*') {
        return true;
    }
    let of = |letter: char, items: &[&Term]| {
        wanted.iter().filter(|kind| kind.letter == letter).any(|kind| match &kind.items {
            Some(wanted) => items.iter().all(|item| fits(item, wanted, given, depth + 1)),
            None => true,
        })
    };
    match &term.kind {
        Kind::Scalar(value) => of(scalar(value), &[]),
        Kind::Template(_) => of('s', &[]),
        Kind::Array(items) => of('a', &items.iter().collect::<Vec<_>>()),
        Kind::Set(items) => of('t', &items.iter().collect::<Vec<_>>()),
        Kind::Object(_) | Kind::ObjectOf(..) => of('o', &[]),
        Kind::ArrayOf(head, _) => of('a', &[head]),
        Kind::SetOf(head, _) => of('t', &[head]),
        Kind::Call(name, _) => find(&name.join(".")).is_none_or(|signature| {
            let result = |kind: &Wanted| kind.letter == '*' || wanted.iter().any(|wanted| wanted.letter == kind.letter);
            signature.result.iter().any(result)
        }),
        Kind::Var(name) => given.get(name).is_none_or(|value| fits(value, wanted, given, depth + 1)),
        Kind::Ref(_) => true,
    }
}

fn scalar(value: &Value) -> char {
    match value {
        Value::Null => 'z',
        Value::Bool(_) => 'b',
        Value::Number(_) => 'n',
        Value::String(_) => 's',
        Value::Array(_) => 'a',
        Value::Set(_) => 't',
        Value::Object(_) => 'o',
    }
}
