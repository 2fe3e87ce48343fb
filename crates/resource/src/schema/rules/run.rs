//! Evaluation of rules over an object, in the order and the words of the API server.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use cel::{Context, ExecutionError, Value as Cel};
use serde_json::Value;

use super::field::Step;
use super::shape::Size;
use super::{Compiled, Rule, functions, on_large_stack, values};
use crate::schema::node::{Kind, Node};
use crate::schema::place::Place;
use crate::schema::text::{bad_value, quoted, violation};
use crate::schema::validate::correlated;
use crate::schema::{Unchecked, Validation, ViolationKind};

/// Nested loops over lists longer than this in all their turns are not run.
const MAX_TURNS: usize = 1_000_000;
/// Longest message that an expression may make.
const MAX_MESSAGE: usize = 5 << 10;

/// Runs every rule below the root.
pub(crate) fn validate(root: &Node, object: &Value, old: Option<&Value>, answer: &mut Validation) {
    if root.has_rules {
        Runner { answer }.walk(&Pair { rules: root, node: root, is_resource: true }, object, old, &Place::ROOT);
    }
}

/// Rules and the schema that types their values: not the same where rules stand in an `allOf`.
struct Pair<'a> {
    rules: &'a Node,
    node: &'a Node,
    is_resource: bool,
}

impl<'a> Pair<'a> {
    fn below(rules: Option<&'a Node>, node: Option<&'a Node>) -> Option<Self> {
        let (rules, node) = (rules.filter(|rules| rules.has_rules)?, node?);
        Some(Self { rules, node, is_resource: node.embedded_resource })
    }
}

struct Runner<'a> {
    answer: &'a mut Validation,
}

impl Runner<'_> {
    fn walk(&mut self, pair: &Pair<'_>, value: &Value, old: Option<&Value>, place: &Place<'_>) {
        let old = old.filter(|old| !old.is_null());
        if value.is_null() {
            return;
        }
        self.rules(pair, value, old, place);
        for all_of in pair.rules.all_of.iter().filter(|all_of| all_of.has_rules) {
            let pair = Pair { rules: all_of, node: pair.node, is_resource: pair.is_resource };
            self.walk(&pair, value, old, place);
        }
        let Pair { rules, node, .. } = pair;
        match value {
            Value::Array(items) => {
                let Some(pair) = Pair::below(rules.items.as_deref(), node.items.as_deref()) else { return };
                for (index, item) in items.iter().enumerate() {
                    self.walk(&pair, item, correlated(item, old, node), &place.index(index));
                }
            }
            Value::Object(map) => {
                let values = Pair::below(rules.additional_schema(), node.additional_schema());
                for (key, value) in map {
                    let before = old.and_then(|old| old.get(key));
                    if let Some(pair) = &values {
                        self.walk(pair, value, before, &place.key(key));
                    }
                    if let Some(pair) = Pair::below(rules.properties.get(key), node.properties.get(key)) {
                        self.walk(&pair, value, before, &place.field(key));
                    }
                }
            }
            _ => {}
        }
    }

    fn rules(&mut self, pair: &Pair<'_>, value: &Value, old: Option<&Value>, place: &Place<'_>) {
        if pair.rules.rules.is_empty() {
            return;
        }
        let own = values::convert(value, Some(pair.node), pair.is_resource);
        let before = old.map(|old| values::convert(old, Some(pair.node), pair.is_resource));
        let turns = values::longest(value).max(old.map_or(0, values::longest));
        for rule in &pair.rules.rules {
            // A rule over a change has nothing to say of a new object.
            if rule.uses_old() && before.is_none() && !rule.optional_old {
                continue;
            }
            // What was wrong before and is as it was may stay so.
            let tolerated = !rule.uses_old() && old == Some(value);
            let run = Run { rule, pair, value, own: &own, before: before.as_ref(), turns, tolerated, place };
            run.check(self.answer);
        }
    }
}

/// One rule over one value.
struct Run<'a> {
    rule: &'a Rule,
    pair: &'a Pair<'a>,
    value: &'a Value,
    own: &'a Cel,
    before: Option<&'a Cel>,
    turns: usize,
    /// A failure is let be; an error is not.
    tolerated: bool,
    place: &'a Place<'a>,
}

/// How an expression ended.
enum End {
    Value(Cel),
    /// It fails in a real API server too: its words.
    Failure(String),
    /// It cannot be run here.
    Unchecked(String),
}

impl Run<'_> {
    fn check(&self, answer: &mut Validation) {
        let end = match &self.rule.program {
            Ok(program) => self.evaluate(program, self.rule.optional_old),
            Err(reason) => End::Unchecked(reason.clone()),
        };
        match end {
            End::Value(Cel::Bool(true)) => {}
            End::Value(Cel::Bool(false)) if self.tolerated => {}
            End::Value(Cel::Bool(false)) => self.fail(answer),
            End::Value(_) => self.unchecked(answer, "it is neither true nor false".to_owned()),
            End::Unchecked(reason) => self.unchecked(answer, reason),
            End::Failure(error) => {
                let kind = quoted(self.pair.node.kind.map_or("", Kind::name));
                let detail = format!("{error} evaluating rule: {}", self.rule.said());
                let place = (self.place, &*self.place.bracketed());
                let mut violation = violation(ViolationKind::Invalid, place, Some(&kind), &detail);
                violation.from_rule = true;
                answer.violations.push(violation);
            }
        }
    }

    fn unchecked(&self, answer: &mut Validation, reason: String) {
        let rule = self.rule.source.trim().to_owned();
        answer.unchecked.push(Unchecked { field: self.place.field_path(), rule, reason });
    }

    fn fail(&self, answer: &mut Validation) {
        let message = self.message();
        let shown = match self.pair.node.kind {
            Some(Kind::Object | Kind::Array) => None,
            _ => Some(bad_value(self.value)),
        };
        let shown = shown.filter(|_| !matches!(self.rule.kind, ViolationKind::Required | ViolationKind::Forbidden));
        let (mut field, mut path) = (self.place.field_path(), self.place.bracketed());
        if !self.rule.field.is_empty() && self.place.is_root() {
            path.clear();
        }
        for step in &self.rule.field {
            match step {
                Step::Field(name) => {
                    path.push_str(if path.is_empty() { "" } else { "." });
                    path.push_str(name);
                    field = field.key(name);
                }
                Step::Key(name) => {
                    path = format!("{path}[{name}]");
                    field = field.key(name);
                }
            }
        }
        let mut violation = violation(self.rule.kind, (self.place, &path), shown.as_deref(), &message);
        (violation.field, violation.from_rule) = (field, true);
        answer.violations.push(violation);
    }

    fn message(&self) -> Cow<'_, str> {
        let made = self.rule.message_program.as_ref().and_then(|program| program.as_ref().ok());
        if let Some(program) = made
            && let End::Value(Cel::String(text)) = self.evaluate(program, false)
        {
            let text = text.trim();
            if !text.is_empty() && text.len() <= MAX_MESSAGE && !text.contains('\n') {
                return Cow::Owned(text.to_owned());
            }
        }
        match &self.rule.message {
            Some(message) => Cow::Borrowed(message.trim()),
            None => Cow::Owned(format!("failed rule: {}", self.rule.source.trim())),
        }
    }

    fn evaluate(&self, program: &Compiled, optional_old: bool) -> End {
        if program.loops > 1 && self.turns.checked_pow(program.loops).is_none_or(|turns| turns > MAX_TURNS) {
            return End::Unchecked(format!("it loops {} deep over {} items", program.loops, self.turns));
        }
        if let Some(field) = values::special(self.pair.node, &program.selected) {
            return End::Unchecked(format!("{field} is a time, a duration or bytes, which are not read offline"));
        }
        // The interpreter is a foreign one: should it panic, the rule is one that cannot be checked.
        let run = || catch_unwind(AssertUnwindSafe(|| self.execute(program, optional_old)));
        let end = if program.size == Size::Small { run() } else { on_large_stack(run).and_then(|end| end) };
        end.unwrap_or_else(|_| End::Unchecked("it cannot be evaluated".to_owned()))
    }

    fn execute(&self, program: &Compiled, optional_old: bool) -> End {
        let Some(environment) = functions::environment() else {
            return End::Unchecked("the rule's language could not be set up".to_owned());
        };
        let mut context = Context::with_env(environment);
        context.add_variable_from_value("self", self.own.clone());
        if optional_old {
            context.add_variable_from_value("oldSelf", values::optional(self.before.cloned()));
        } else if let Some(before) = self.before {
            context.add_variable_from_value("oldSelf", before.clone());
        }
        match program.program.execute(&context) {
            Ok(value) => End::Value(value),
            Err(error) => ended_by(&error),
        }
    }
}

/// Errors of the value are errors in Kubernetes too; errors of the language may only be ours.
fn ended_by(error: &ExecutionError) -> End {
    match error {
        ExecutionError::NoSuchKey(key) => End::Failure(format!("no such key: {key}")),
        ExecutionError::DivisionByZero(_) => End::Failure("division by zero".to_owned()),
        ExecutionError::RemainderByZero(_) => End::Failure("modulus by zero".to_owned()),
        ExecutionError::Overflow(..) => End::Failure("integer overflow".to_owned()),
        ExecutionError::IndexOutOfBounds(Cel::Int(index)) => End::Failure(format!("index out of bounds: {index}")),
        ExecutionError::FunctionError { message, .. } => End::Failure(message.clone()),
        ExecutionError::UndeclaredReference(name) => End::Unchecked(format!("{name} is not known offline")),
        other => {
            let text = other.to_string();
            End::Unchecked(format!("it cannot be evaluated: {}", text.chars().take(200).collect::<String>()))
        }
    }
}
