//! Ordered rules of the syntax tree to what is evaluated.

use std::collections::BTreeMap;

use crate::ast::{self, Kind, Makes, Name};
use crate::builtins::{self, Builtin};
use crate::ir::{
    Action, Branch, Clause, Collect, Every, Head, Into, Reference, Replacement, Rules, Slot, Step, Target, Term, With,
};
use crate::value::Value;

/// Numbers the variables of one rule.
pub(crate) struct Lower<'a> {
    rules: &'a Rules,
    module: usize,
    slots: BTreeMap<Name, Slot>,
}

/// The rule as a clause; `ground` elements of its path are where it stands.
pub(crate) fn clause(rule: &ast::Rule, module: usize, ground: usize, rules: &Rules) -> Clause {
    let mut lower = Lower { rules, module, slots: BTreeMap::new() };
    let arguments = rule.arguments.iter().flatten().map(|argument| lower.term(argument)).collect();
    let (value, element) = match &rule.makes {
        Makes::Value(term) => (term, false),
        Makes::Element(term) => (term, true),
    };
    let body = lower.body(&rule.body);
    let keys = rule.path.iter().skip(ground).map(|key| lower.term(key)).collect();
    let mut branches = vec![Branch { place: rule.place, body, value: lower.term(value) }];
    for branch in &rule.chain {
        let body = lower.body(&branch.body);
        branches.push(Branch { place: branch.place, body, value: lower.term(&branch.value) });
    }
    Clause { module, slots: lower.slots.len(), arguments, keys, element, branches }
}

impl Lower<'_> {
    fn slot(&mut self, name: &Name) -> Slot {
        let next = self.slots.len();
        *self.slots.entry(Name::clone(name)).or_insert(next)
    }

    fn body(&mut self, body: &ast::Body) -> Vec<Step> {
        body.iter().filter_map(|expr| self.step(expr)).collect()
    }

    fn step(&mut self, expr: &ast::Expr) -> Option<Step> {
        let action = match &expr.action {
            ast::Action::Term(term) => Action::Term(self.term(term)),
            ast::Action::Assign(left, right) | ast::Action::Unify(left, right) => {
                Action::Unify(self.term(left), self.term(right))
            }
            ast::Action::Call(name, arguments, out) => self.call(name, arguments, out.as_ref())?,
            ast::Action::Every(every) => Action::Every(Box::new(Every {
                key: every.key.as_ref().map(|key| self.term(key)),
                value: self.term(&every.value),
                domain: self.term(&every.domain),
                body: self.body(&every.body),
            })),
            ast::Action::Some(_) | ast::Action::SomeIn(..) => return None,
        };
        let with = expr.with.iter().filter_map(|with| self.with(with)).collect();
        Some(Step { place: expr.place, module: self.module, negated: expr.negated, action, with, narrow: None })
    }

    fn call(&mut self, name: &[Name], arguments: &[ast::Term], out: Option<&ast::Term>) -> Option<Action> {
        let terms: Vec<Term> = arguments.iter().map(|argument| self.term(argument)).collect();
        let out = out.map(|out| self.term(out));
        if name.first().is_some_and(|first| &**first == "data") {
            return Some(Action::Function(self.rules.function(&name[1..])?.0, terms, out));
        }
        Some(Action::Builtin(builtins::find(&name.join("."))?, terms, out))
    }

    fn with(&mut self, with: &ast::With) -> Option<With> {
        let builtin = |path: &[Name]| -> Option<&'static Builtin> { builtins::find(&path.join(".")) };
        let first = with.target.first()?;
        let rest = with.target.get(1..)?;
        let target = match &**first {
            "input" => Target::Input(rest.to_vec()),
            "data" => {
                if let Some((group, _)) = self.rules.function(rest) {
                    Target::Function(group)
                } else {
                    let (node, taken) = self.rules.walk(rest);
                    Target::Data(rest.to_vec(), node.filter(|_| taken == rest.len()))
                }
            }
            _ => Target::Builtin(builtin(&with.target)?.name),
        };
        let replacement = match &with.function {
            Some(path) if path.first().is_some_and(|first| &**first == "data") => {
                Replacement::Function(self.rules.function(&path[1..])?.0)
            }
            Some(path) => Replacement::Builtin(builtin(path)?),
            None => Replacement::Value(self.term(&with.value)),
        };
        Some(With { target, replacement })
    }

    fn term(&mut self, term: &ast::Term) -> Term {
        if term.is_ground()
            && let Some(value) = constant(term)
        {
            return Term::Const(value);
        }
        match &term.kind {
            Kind::Scalar(value) => Term::Const(value.clone()),
            Kind::Var(name) => Term::Var(self.slot(name)),
            Kind::Ref(path) => self.reference(path),
            // Flattening left none.
            Kind::Call(..) => Term::Const(Value::Null),
            Kind::Array(items) => Term::Array(items.iter().map(|item| self.term(item)).collect()),
            Kind::Set(items) => Term::Set(items.iter().map(|item| self.term(item)).collect()),
            Kind::Template(items) => Term::Template(items.iter().map(|item| self.term(item)).collect()),
            Kind::Object(pairs) => {
                Term::Object(pairs.iter().map(|(key, value)| (self.term(key), self.term(value))).collect())
            }
            Kind::ArrayOf(head, body) => self.collect(Into::Array, None, head, body),
            Kind::SetOf(head, body) => self.collect(Into::Set, None, head, body),
            Kind::ObjectOf(key, value, body) => self.collect(Into::Object, Some(key), value, body),
        }
    }

    fn collect(&mut self, into: Into, key: Option<&ast::Term>, value: &ast::Term, body: &ast::Body) -> Term {
        let body = self.body(body);
        let key = key.map_or(Term::Const(Value::Null), |key| self.term(key));
        Term::Collect(Box::new(Collect { into, key, value: self.term(value), body }))
    }

    fn reference(&mut self, path: &[ast::Term]) -> Term {
        let elements: Vec<Term> = path.iter().skip(1).map(|element| self.term(element)).collect();
        let head = match path.first().map(|head| &head.kind) {
            Some(Kind::Var(name)) if &**name == "input" => Head::Input,
            Some(Kind::Var(name)) if &**name == "data" => {
                let names = path.iter().skip(1).map_while(ast::Term::text);
                let (node, taken) = self.rules.walk(names);
                Head::Data { node, taken }
            }
            Some(Kind::Var(name)) => Head::Var(self.slot(name)),
            // Flattening put variables in front of all others.
            _ => Head::Input,
        };
        Term::Ref(Box::new(Reference { head, path: elements }))
    }
}

/// The value of a term without variables.
fn constant(term: &ast::Term) -> Option<Value> {
    Some(match &term.kind {
        Kind::Scalar(value) => value.clone(),
        Kind::Array(items) => Value::array(items.iter().map(constant).collect::<Option<_>>()?),
        Kind::Set(items) => Value::set(items.iter().map(constant).collect::<Option<_>>()?),
        Kind::Object(pairs) => {
            let pair = |(key, value): &(ast::Term, ast::Term)| Some((constant(key)?, constant(value)?));
            Value::object(pairs.iter().map(pair).collect::<Option<_>>()?)
        }
        _ => return None,
    })
}
