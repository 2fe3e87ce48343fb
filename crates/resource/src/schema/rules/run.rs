//! Evaluation of rules over an object, in the order and the words of the API server.

use serde_json::Value;

use super::field::Step;
use super::{OWN, Rule, values};
use crate::cel::{self, CALL_LIMIT, Failure, Outcome, Program};
use crate::schema::node::{Kind, Node};
use crate::schema::place::Place;
use crate::schema::text::{bad_value, quoted, violation};
use crate::schema::validate::correlated;
use crate::schema::{Unchecked, Validation, ViolationKind};

/// What all rules over one object may cost together.
const BUDGET: u64 = 10_000_000;
/// Longest message that an expression may make.
const MAX_MESSAGE: usize = 5 << 10;
const NO_FURTHER: &str = "no further validation rules will be run";

/// Runs every rule below the root.
pub(crate) fn validate(root: &Node, object: &Value, old: Option<&Value>, answer: &mut Validation) {
    if root.has_rules {
        let pair = Pair { rules: root, node: root, is_resource: true };
        Runner { answer, budget: Some(BUDGET) }.walk(&pair, object, old, &Place::ROOT);
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
    /// What is left of it; `None` once it was not enough, and then no rule is run any more.
    budget: Option<u64>,
}

impl Runner<'_> {
    fn walk(&mut self, pair: &Pair<'_>, value: &Value, old: Option<&Value>, place: &Place<'_>) {
        let old = old.filter(|old| !old.is_null());
        if value.is_null() || self.budget.is_none() {
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
        let own = values::view(value, Some(pair.node), pair.is_resource);
        let before = old.map(|old| values::view(old, Some(pair.node), pair.is_resource));
        for rule in &pair.rules.rules {
            // A rule over a change has nothing to say of a new object.
            if rule.uses_old() && before.is_none() && !rule.optional_old {
                continue;
            }
            // What was wrong before and is as it was may stay so.
            let tolerated = !rule.uses_old() && old == Some(value);
            let run = Run { rule, pair, value, own: &own, before: before.as_ref(), tolerated, place };
            self.budget = self.budget.and_then(|budget| run.check(budget, self.answer));
        }
    }
}

/// One rule over one value.
struct Run<'a> {
    rule: &'a Rule,
    pair: &'a Pair<'a>,
    value: &'a Value,
    own: &'a cel::Value<'a>,
    before: Option<&'a cel::Value<'a>>,
    /// A failure is let be; an error is not.
    tolerated: bool,
    place: &'a Place<'a>,
}

/// `self` and `oldSelf`.
struct Variables<'a> {
    own: cel::Value<'a>,
    before: cel::Value<'a>,
}

impl<'a> cel::Bindings<'a> for Variables<'a> {
    fn global(&self, number: usize) -> cel::Value<'a> {
        if number == OWN { self.own.clone() } else { self.before.clone() }
    }

    fn variable(&self, _: usize) -> Outcome<'a> {
        Err(Failure::Said("no such variable".into()))
    }
}

/// How an expression ended.
enum End {
    Flag(bool),
    Text(String),
    /// Anything else.
    Other,
    /// It fails in a real API server too: its words.
    Failure(String),
    /// It would cost more than one expression may.
    TooCostly,
    /// It cannot be run here.
    Unchecked(String),
}

/// A message, or why not even the written one is given: rules end there.
type Message = Result<(String, u64), String>;

impl Run<'_> {
    /// Checks the rule within a budget, and says what is left of that; `None` if it was not enough.
    fn check(&self, budget: u64, answer: &mut Validation) -> Option<u64> {
        let (end, cost) = match &self.rule.program {
            Ok(program) => self.evaluate(program, self.rule.optional_old),
            Err(reason) => (End::Unchecked(reason.clone()), 0),
        };
        let said = self.rule.said();
        let Some(left) = budget.checked_sub(cost) else {
            self.error(answer, &format!("validation failed due to running out of cost budget, {NO_FURTHER}"));
            return None;
        };
        match end {
            End::Flag(true) => {}
            End::Flag(false) if self.tolerated => {}
            End::Flag(false) => match self.message(left) {
                Ok((message, left)) => {
                    self.fail(answer, self.rule.kind, None, &message);
                    return Some(left);
                }
                Err(reason) => {
                    self.fail(answer, ViolationKind::Invalid, Some(self.type_name()), &reason);
                    return None;
                }
            },
            End::Text(_) | End::Other => self.unchecked(answer, "it is neither true nor false".to_owned()),
            End::Unchecked(reason) => self.unchecked(answer, reason),
            End::TooCostly => {
                let cause = format!("'{}': {NO_FURTHER} due to call cost exceeds limit", Failure::Cost);
                self.error(answer, &format!("{cause} for rule: {said}"));
                return None;
            }
            End::Failure(error) if error.starts_with("no such overload") => {
                let cause = "call arguments did not match a supported operator, function or macro signature";
                self.error(answer, &format!("'{error}': {cause} for rule: {said}"));
            }
            End::Failure(error) => self.error(answer, &format!("{error} evaluating rule: {said}")),
        }
        Some(left)
    }

    /// What the API server shows of a value whose rule failed to run.
    fn type_name(&self) -> String {
        quoted(self.pair.node.kind.map_or("", Kind::name))
    }

    fn error(&self, answer: &mut Validation, detail: &str) {
        let place = (self.place, &*self.place.bracketed());
        let mut violation = violation(ViolationKind::Invalid, place, Some(&self.type_name()), detail);
        violation.from_rule = true;
        answer.violations.push(violation);
    }

    fn unchecked(&self, answer: &mut Validation, reason: String) {
        let rule = self.rule.source.trim().to_owned();
        answer.unchecked.push(Unchecked { field: self.place.field_path(), rule, reason });
    }

    fn fail(&self, answer: &mut Validation, kind: ViolationKind, shown: Option<String>, message: &str) {
        let own = || match self.pair.node.kind {
            Some(Kind::Object | Kind::Array) => None,
            _ => Some(bad_value(self.value)),
        };
        let shown = shown.or_else(own).filter(|_| !matches!(kind, ViolationKind::Required | ViolationKind::Forbidden));
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
        let mut violation = violation(kind, (self.place, &path), shown.as_deref(), message);
        (violation.field, violation.from_rule) = (field, true);
        answer.violations.push(violation);
    }

    /// The message of a rule that does not hold, and what is left of the budget.
    fn message(&self, budget: u64) -> Message {
        let mut left = budget;
        if let Some(made) = &self.rule.message_program
            && let Ok(program) = &made.program
        {
            let (end, cost) = self.evaluate(program, false);
            left = left.checked_sub(cost).ok_or_else(|| {
                format!("messageExpression evaluation failed due to running out of cost budget, {NO_FURTHER}")
            })?;
            match end {
                End::TooCostly => {
                    let source = quoted(&made.source);
                    return Err(format!("{NO_FURTHER} due to call cost exceeds limit for messageExpression: {source}"));
                }
                End::Text(text) => {
                    let text = text.trim();
                    if !text.is_empty() && text.len() <= MAX_MESSAGE && !text.contains('\n') {
                        return Ok((text.to_owned(), left));
                    }
                }
                _ => {}
            }
        }
        Ok(match &self.rule.message {
            Some(message) => (message.trim().to_owned(), left),
            None => (format!("failed rule: {}", self.rule.source.trim()), left),
        })
    }

    /// How an expression ends, and what it costs.
    fn evaluate(&self, program: &Program, optional_old: bool) -> (End, u64) {
        let before = match (optional_old, self.before) {
            (true, None) => cel::Value::Optional(None),
            (true, Some(before)) => cel::Value::some(before.clone()),
            (false, before) => before.cloned().unwrap_or(cel::Value::Null),
        };
        let variables = Variables { own: self.own.clone(), before };
        let run = || {
            let (outcome, cost) = program.run(&variables, CALL_LIMIT);
            let end = match outcome {
                Ok(cel::Value::Bool(flag)) => End::Flag(flag),
                Ok(cel::Value::String(text)) => End::Text(text.as_str().to_owned()),
                Ok(_) => End::Other,
                Err(Failure::Cost) => End::TooCostly,
                Err(Failure::Said(said)) => End::Failure(said.to_string()),
            };
            (end, cost)
        };
        cel::guarded(program.depth(), run).unwrap_or_else(|| (End::Unchecked("it cannot be evaluated".to_owned()), 0))
    }
}
