//! What is known of an expression before it runs: constants, patterns, the clauses of `format`.

use std::collections::BTreeMap;

use cel::common::ast::{EntryExpr, Expr, IdedExpr, LiteralValue};

use super::declarations::{Function, Overload};
use super::eval::{Arguments, Fault, Work};
use super::functions;
use super::node::{Call, Node};
use super::time::Timestamp;
use super::types::Type;
use super::value::{Key, Value};
use crate::{go, go_regex};

/// Conversions of constants are made at once.
const CONVERSIONS: [&str; 10] =
    ["type", "bool", "bytes", "double", "duration", "dyn", "int", "string", "timestamp", "uint"];

/// The step of a call, or why a constant cannot be made ready.
pub(super) fn call(
    function: &'static Function,
    known: Option<&'static Overload>,
    arguments: Vec<Node>,
) -> Result<Node, String> {
    if let [argument] = arguments.as_slice()
        && CONVERSIONS.contains(&function.name)
        && let Some(value) = argument.constant()
    {
        match (function.run)(&Arguments { values: &[value], work: &Work::default() }) {
            Ok(converted) => return Ok(Node::Constant(converted)),
            Err(Fault::Said(said)) => return Err(said),
            Err(_) => {}
        }
    }
    let pattern = match arguments.get(1) {
        Some(Node::Text(pattern)) if matches!(function.name, "matches" | "find" | "findAll") => {
            Some(go_regex::compile(pattern)?)
        }
        _ => None,
    };
    Ok(Node::Call(Box::new(Call { function, known, arguments, pattern })))
}

/// A map, made at once where all of it is constant.
pub(super) fn map(entries: Vec<(Node, Node, bool)>) -> Node {
    let constant = |(key, value, optional): &(Node, Node, bool)| {
        Some((Key::of(&key.constant()?)?, value.constant().filter(|_| !optional)?))
    };
    match entries.iter().map(constant).collect::<Option<BTreeMap<_, _>>>() {
        Some(constants) => Node::Constant(Value::map(constants)),
        None => Node::Map(entries),
    }
}

/// True for values that can be looked up in a set.
pub(super) fn is_set(values: &[Value<'_>]) -> bool {
    values.iter().all(|value| {
        matches!(
            value,
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Uint(_) | Value::Double(_) | Value::String(_)
        )
    })
}

/// `gathered + [item]`, also in one branch, without a copy of what is gathered.
pub(super) fn appending(step: Node, place: usize) -> Node {
    match step {
        Node::Conditional(parts) => {
            let [condition, yes, no] = *parts;
            let unchanged = matches!(no, Node::Local(other) if other == place);
            let yes = if unchanged { appending(yes, place) } else { yes };
            Node::Conditional(Box::new([condition, yes, no]))
        }
        Node::Call(mut call) if call.function.name == "_+_" => match call.arguments.as_mut_slice() {
            [Node::Local(gathered), Node::List(items)] if *gathered == place && items.len() == 1 => match items.pop() {
                Some((item, false)) => Node::Append { gathered: place, item: Box::new(item) },
                other => {
                    items.extend(other);
                    Node::Call(call)
                }
            },
            _ => Node::Call(call),
        },
        other => other,
    }
}

/// True unless the constant is no such thing as its function needs.
pub(super) fn fits(function: &str, literal: &LiteralValue) -> bool {
    match (function, literal) {
        ("matches", LiteralValue::String(pattern)) => go_regex::compile(pattern.inner()).is_ok(),
        ("duration", LiteralValue::String(text)) => go::duration::parse(text.inner()).is_some(),
        ("timestamp", LiteralValue::String(text)) => Timestamp::parse(text.inner()).is_ok(),
        ("timestamp", LiteralValue::Int(seconds)) => Timestamp::at(*seconds.inner(), 0).is_some(),
        _ => true,
    }
}

/// Compares the clauses of a text with the types of what is put into it.
pub(super) fn check_format(text: &str, parts: &[(u64, Type)]) -> Result<(), (Option<u64>, String)> {
    let (mut rest, mut next) = (text, 0);
    while let Some(sign) = rest.find('%') {
        rest = &rest[sign + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            rest = after;
            continue;
        }
        if rest.is_empty() {
            return Err((None, "unexpected end of string".to_owned()));
        }
        let Some((id, of)) = parts.get(next) else { return Err((None, format!("index {next} out of range"))) };
        next += 1;
        let said = |fault: functions::ClauseFault| match fault {
            Fault::Said(said) => said,
            _ => "unexpected end of string".to_owned(),
        };
        let (clause, after) = functions::read_clause(rest).map_err(|fault| (None, said(fault)))?;
        rest = after;
        if !takes(clause.letter, of) {
            let refusal = functions::refusal(clause.letter, &runtime_head(of));
            return Err((Some(*id), format!("error during formatting: {refusal}")));
        }
    }
    if parts.len() > next {
        let given = parts.len();
        return Err((None, format!("too many arguments supplied to string.format (expected {next}, got {given})")));
    }
    Ok(())
}

/// The name of a type without what it is of.
fn runtime_head(of: &Type) -> String {
    let name = of.runtime_name();
    name.split('(').next().unwrap_or_default().to_owned()
}

fn takes(letter: char, of: &Type) -> bool {
    match (letter, of) {
        ('s', Type::Optional(_) | Type::Named(_) | Type::Parameter(_)) => false,
        (_, Type::Dyn | Type::Error)
        | ('s', _)
        | ('d' | 'o' | 'b' | 'x' | 'X', Type::Int | Type::Uint)
        | ('f' | 'e', Type::Double | Type::String)
        | ('b', Type::Bool)
        | ('x' | 'X', Type::String | Type::Bytes) => true,
        _ => false,
    }
}

/// The parts right below a part.
pub(super) fn below(part: &IdedExpr) -> Vec<&IdedExpr> {
    match &part.expr {
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => Vec::new(),
        Expr::Call(call) => call.target.iter().map(AsRef::as_ref).chain(&call.args).collect(),
        Expr::List(list) => list.elements.iter().collect(),
        Expr::Map(map) => map.entries.iter().flat_map(|entry| entry_parts(&entry.expr)).collect(),
        Expr::Struct(structure) => structure.entries.iter().flat_map(|entry| entry_parts(&entry.expr)).collect(),
        Expr::Select(select) => vec![&select.operand],
        Expr::Comprehension(fold) => {
            vec![&fold.iter_range, &fold.accu_init, &fold.loop_cond, &fold.loop_step, &fold.result]
        }
    }
}

fn entry_parts(entry: &EntryExpr) -> Vec<&IdedExpr> {
    match entry {
        EntryExpr::StructField(field) => vec![&field.value],
        EntryExpr::MapEntry(entry) => vec![&entry.key, &entry.value],
    }
}
