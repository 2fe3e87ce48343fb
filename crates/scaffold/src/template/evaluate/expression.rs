//! Expressions: literals, names, collections and what chooses between others.

use std::cell::Cell;
use std::rc::Rc;

use super::scope::Scope;
use super::{Context, Evaluator};
use crate::template::coerce;
use crate::template::error::{Failure, Outcome};
use crate::template::syntax::{Id, Kind, Literal};
use crate::template::text::Text;
use crate::template::value::{CallableKind, Regex, Value, is_reserved};

impl Evaluator<'_> {
    pub(super) fn expression(&self, id: Id, scope: &Rc<Scope>, context: &Context, depth: usize) -> Outcome<Value> {
        self.charge(depth)
            .and_then(|()| self.expression_unplaced(id, scope, context, depth))
            .map_err(|failure| failure.at(self.tree.place(id)))
    }

    fn expression_unplaced(&self, id: Id, scope: &Rc<Scope>, context: &Context, depth: usize) -> Outcome<Value> {
        let evaluate = |id: Id| self.expression(id, scope, context, depth + 1);
        match self.tree.kind(id)? {
            Kind::Literal(literal) => Ok(literal_value(literal)),
            Kind::Symbol(name) => self.symbol(id, name, scope, context),
            Kind::Array(children) => self.list(children, scope, context, depth),
            Kind::Group(children) => self.group(children, scope, context, depth),
            Kind::Dict(pairs) | Kind::KeywordArgs(pairs) => self.dictionary(pairs, scope, context, depth),
            Kind::Lookup { target, key } => self.lookup((*target, *key), scope, context, depth),
            Kind::InlineIf { condition, body, otherwise } => {
                if evaluate(*condition)?.is_truthy() {
                    return evaluate(*body);
                }
                otherwise.map_or_else(|| Ok(Value::text("")), evaluate)
            }
            Kind::Or { left, right } => {
                let left = evaluate(*left)?;
                if left.is_truthy() { Ok(left) } else { evaluate(*right) }
            }
            Kind::And { left, right } => {
                let left = evaluate(*left)?;
                if left.is_truthy() { evaluate(*right) } else { Ok(left) }
            }
            Kind::Not(target) => Ok(Value::Bool(!evaluate(*target)?.is_truthy())),
            Kind::Negative(target) => Ok(Value::Number(-coerce::to_number(&evaluate(*target)?, self)?)),
            Kind::Positive(target) => Ok(Value::Number(coerce::to_number(&evaluate(*target)?, self)?)),
            Kind::Floor(target) => Ok(Value::Number(coerce::to_number(&evaluate(*target)?, self)?.floor())),
            Kind::Binary { operator, left, right } => {
                self.binary(*operator, (*left, *right), scope, context, depth + 1)
            }
            Kind::Compare { first, operands } => self.comparison((*first, operands), scope, context, depth + 1),
            Kind::In { left, right } => {
                let needle = evaluate(*left)?;
                self.contains(&evaluate(*right)?, &needle)
            }
            Kind::Is { left, right } => self.test((*left, *right), scope, context, depth + 1),
            Kind::Filter { .. } => self.filter(id, scope, context, depth + 1),
            Kind::Call { function, arguments } => self.call((*function, *arguments), scope, context, depth + 1),
            Kind::Capture(body) => self.capture(*body, &scope.child(false), context, depth + 1).map(Value::String),
            _ => Err(Failure::new("Unexpected expression node")),
        }
    }

    fn symbol(&self, id: Id, name: &Text, scope: &Rc<Scope>, context: &Context) -> Outcome<Value> {
        if let Some(slot) = self.plan.slot(context.scope_plan, id) {
            return context.frame.get(slot);
        }
        if let Some(value) = scope.get(name) {
            return Ok(value);
        }
        let plain = name.to_string();
        if self.options.cookiecutter_compat {
            match plain.as_str() {
                "True" => return Ok(Value::Bool(true)),
                "False" => return Ok(Value::Bool(false)),
                "None" => return Ok(Value::Null),
                _ => {}
            }
        }
        if self.host.has_global(&plain) {
            return Ok(self.handle(name, CallableKind::Capability));
        }
        if ["range", "cycler", "joiner"].contains(&plain.as_str()) {
            return Ok(self.handle(name, CallableKind::Builtin));
        }
        Ok(Value::Undefined)
    }

    fn list(&self, children: &[Id], scope: &Rc<Scope>, context: &Context, depth: usize) -> Outcome<Value> {
        let items = children.iter().map(|child| self.expression(*child, scope, context, depth + 1));
        Value::array(items.collect::<Outcome<_>>()?)
    }

    fn group(&self, children: &[Id], scope: &Rc<Scope>, context: &Context, depth: usize) -> Outcome<Value> {
        let mut result = Value::Undefined;
        for (index, child) in children.iter().enumerate() {
            result = self.expression(*child, scope, context, depth + 1)?;
            if index + 1 < children.len() {
                result.refuse_callable()?;
            }
        }
        Ok(result)
    }

    fn dictionary(&self, pairs: &[Id], scope: &Rc<Scope>, context: &Context, depth: usize) -> Outcome<Value> {
        let mut entries = Vec::new();
        for pair in pairs {
            let Kind::Pair { key, value } = self.tree.kind(*pair)? else {
                return Err(Failure::new("Invalid entry node"));
            };
            let name = match self.tree.kind(*key)? {
                Kind::Symbol(name) => name.clone(),
                _ => coerce::to_text(&self.expression(*key, scope, context, depth + 1)?, self)?,
            };
            if is_reserved(&name) {
                return Err(Failure::new(format!("Template name {name} is reserved")));
            }
            entries.push((name, self.expression(*value, scope, context, depth + 1)?));
        }
        Value::record(entries)
    }
}

fn literal_value(literal: &Literal) -> Value {
    match literal {
        Literal::Null => Value::Null,
        Literal::Bool(value) => Value::Bool(*value),
        Literal::Number(number) => Value::Number(*number),
        Literal::String(text) => Value::String(text.clone()),
        Literal::Regex { source, flags } => {
            Value::Regex(Rc::new(Regex { source: source.clone(), flags: flags.to_string(), last_index: Cell::new(0) }))
        }
    }
}
