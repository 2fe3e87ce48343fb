//! What stands after a dot or in brackets: fields, items, methods.

use std::rc::Rc;

use super::call::Builtin;
use super::scope::Scope;
use super::{Context, Evaluator};
use crate::template::coerce;
use crate::template::error::Outcome;
use crate::template::methods::{own_value, resolve};
use crate::template::number;
use crate::template::syntax::{Id, Kind, Literal};
use crate::template::text::Text;
use crate::template::value::{CallableKind, Value};

impl Evaluator<'_> {
    pub(super) fn lookup(
        &self,
        (target, key): (Id, Id),
        scope: &Rc<Scope>,
        context: &Context,
        depth: usize,
    ) -> Outcome<Value> {
        let target = self.expression(target, scope, context, depth + 1)?;
        let literal = match self.tree.kind(key)? {
            Kind::Slice { .. } => return self.slice(&target, key, scope, context, depth + 1),
            Kind::Literal(literal) => constant_key(literal),
            _ => None,
        };
        let key = if let Some(key) = literal {
            self.charge(depth + 1)?;
            key
        } else {
            let key = self.expression(key, scope, context, depth + 1)?;
            coerce::to_text(&key, self)?
        };
        match &target {
            Value::Callable(callable) if callable.kind == CallableKind::Builtin => {
                Ok(self.cycler_member(callable.id, &key.to_string()))
            }
            _ => Ok(self.member(&target, &key)),
        }
    }

    fn member(&self, target: &Value, key: &Text) -> Value {
        if let Some(value) = own_value(target, key) {
            return fresh(value);
        }
        let Some(method) = resolve(target, &key.to_string(), self.options.cookiecutter_compat) else {
            return Value::Undefined;
        };
        self.new_builtin(Builtin::Method { receiver: target.clone(), method })
    }

    fn cycler_member(&self, id: usize, key: &str) -> Value {
        if let Some(Builtin::Cycler { values, index }) = self.builtins.borrow().get(&id) {
            if key == "current" {
                let current = index.map(|index| values.get(index).cloned().unwrap_or(Value::Undefined));
                return current.map_or(Value::Null, fresh);
            }
            if key != "next" && key != "reset" {
                return Value::Undefined;
            }
        } else {
            return Value::Undefined;
        }
        self.new_builtin(Builtin::CyclerMethod { owner: id, resets: key == "reset" })
    }
}

/// What can be called is another each time it is looked up.
fn fresh(value: Value) -> Value {
    match value {
        Value::Callable(callable) => Value::callable(callable.kind, callable.id),
        value => value,
    }
}

fn constant_key(literal: &Literal) -> Option<Text> {
    match literal {
        Literal::Null => Some("null".into()),
        Literal::Bool(value) => Some(if *value { "true" } else { "false" }.into()),
        Literal::Number(number) => Some(number::print(*number).into()),
        Literal::String(text) => Some(text.clone()),
        Literal::Regex { .. } => None,
    }
}
