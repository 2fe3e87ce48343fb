//! The steps of literals and calls: operators and what can be made ready have their own.

use cel::common::ast::LiteralValue;

use super::declarations::{self, Function, Overload};
use super::literals;
use super::named_format::NamedFormat;
use super::node::{Call, Node};
use super::types::Type;
use super::value::{List, Value};

/// `optional.of(node)`
pub(super) fn some(node: Node) -> Node {
    match declarations::function("optional.of") {
        Some(function) => Node::Call(Box::new(Call { function, known: None, arguments: vec![node], pattern: None })),
        None => node,
    }
}

/// A declared type with the types that a call leaves open put in.
pub(super) fn instantiate(of: &Type, fresh: &[Type]) -> Type {
    let inner = |of: &Type| instantiate(of, fresh);
    match of {
        Type::Parameter(number) => fresh.get(*number as usize).cloned().unwrap_or(Type::Dyn),
        Type::List(element) => Type::list(inner(element)),
        Type::Map(entry) => Type::map(inner(&entry.0), inner(&entry.1)),
        Type::Optional(value) => Type::optional(inner(value)),
        Type::Type(Some(of)) => Type::Type(Some(inner(of).into())),
        other => other.clone(),
    }
}

pub(super) fn read_literal(literal: &LiteralValue) -> (Node, Type) {
    match literal {
        LiteralValue::Boolean(flag) => (Node::Constant(Value::Bool(*flag.inner())), Type::Bool),
        LiteralValue::Bytes(bytes) => (Node::Constant(Value::Bytes(bytes.inner().into())), Type::Bytes),
        LiteralValue::Double(number) => (Node::Constant(Value::Double(*number.inner())), Type::Double),
        LiteralValue::Int(number) => (Node::Constant(Value::Int(*number.inner())), Type::Int),
        LiteralValue::UInt(number) => (Node::Constant(Value::Uint(*number.inner())), Type::Uint),
        LiteralValue::String(text) => (Node::Text(text.inner().into()), Type::String),
        LiteralValue::Null => (Node::Constant(Value::Null), Type::Null),
    }
}

pub(super) fn negated(literal: &LiteralValue) -> Option<(Node, Type)> {
    match literal {
        LiteralValue::Int(number) => Some((Node::Constant(Value::Int(number.inner().checked_neg()?)), Type::Int)),
        LiteralValue::Double(number) => Some((Node::Constant(Value::Double(-number.inner())), Type::Double)),
        _ => None,
    }
}

/// The step of a call, or why a constant in it cannot be made ready.
pub(super) fn make_step(
    function: &'static Function,
    known: Option<&'static Overload>,
    nodes: Vec<Node>,
) -> Result<Node, String> {
    let format = function.name.strip_prefix("format.").and_then(NamedFormat::named);
    if let Some(format) = format.filter(|_| nodes.is_empty()) {
        return Ok(Node::Format(format));
    }
    Ok(match (function.name, <[Node; 2]>::try_from(nodes)) {
        ("_&&_", Ok([one, other])) => Node::And(one.into(), other.into()),
        ("_||_", Ok([one, other])) => Node::Or(one.into(), other.into()),
        ("_==_", Ok([one, other])) => Node::Equal(one.into(), other.into()),
        ("_!=_", Ok([one, other])) => Node::NotEqual(one.into(), other.into()),
        ("_[_]", Ok([operand, key])) => Node::Index { operand: operand.into(), key: key.into(), optional: false },
        ("_[?_]", Ok([operand, key])) => Node::Index { operand: operand.into(), key: key.into(), optional: true },
        ("or", Ok([one, other])) => Node::OptionalOr(one.into(), other.into()),
        ("orValue", Ok([one, other])) => Node::OptionalOrValue(one.into(), other.into()),
        ("@in", Ok([one, Node::Constant(Value::List(List::Items(set)))])) if literals::is_set(&set) => {
            if set.is_empty() { Node::Constant(Value::Bool(false)) } else { Node::InSet(one.into(), set.to_vec()) }
        }
        (_, Ok([one, other])) => return literals::call(function, known, vec![one, other]),
        (name, Err(nodes)) => match (name, <[Node; 3]>::try_from(nodes)) {
            ("_?_:_", Ok(parts)) => Node::Conditional(Box::new(parts)),
            (_, Ok(parts)) => return literals::call(function, known, parts.into()),
            (name, Err(mut nodes)) => match (name, nodes.pop()) {
                ("@not_strictly_false", Some(only)) if nodes.is_empty() => Node::NotStrictlyFalse(only.into()),
                (_, Some(only)) => {
                    nodes.push(only);
                    return literals::call(function, known, nodes);
                }
                (_, None) => return literals::call(function, known, nodes),
            },
        },
    })
}
