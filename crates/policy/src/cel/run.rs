//! Running a policy over one review and one constraint: budgets, failure policy and messages as Kubernetes has them.

use std::cell::{Cell, RefCell};

use plat_resource::Value as Json;
use plat_resource::cel::admission::number;
use plat_resource::cel::{Bindings, CALL_LIMIT, Failure, Outcome, Value};

use super::{Expression, Policy, Validation, View};

/// What all match conditions together may cost.
const CONDITIONS_BUDGET: u64 = 2_500_000;
/// What all validations together may cost, then all messages with what is left.
const VALIDATIONS_BUDGET: u64 = CALL_LIMIT;
/// Longest message that an expression may make.
const MAX_MESSAGE: usize = 5 << 10;
const OUT_OF_BUDGET: &str =
    "validation failed due to running out of cost budget, no further validation rules will be run";

/// One value, or the text of its failure.
type End<'a> = Result<Value<'a>, String>;

/// How far a variable is.
enum State<'a> {
    Waiting,
    Running,
    Done(Outcome<'a>),
}

/// A variable of one run, and what is to be known of it to charge for it again.
struct Made<'a> {
    state: State<'a>,
    /// What it cost, without the variables it used.
    cost: u64,
    uses: Vec<usize>,
    charged: bool,
}

/// What a policy is asked about.
#[derive(Clone, Copy)]
struct Asked<'a> {
    request: View<'a>,
    params: &'a Json,
    total: &'a Cell<u64>,
}

/// The variables of one run. Those of the policy are made when they are first used, once.
struct Activation<'a> {
    policy: &'a Policy,
    request: View<'a>,
    params: &'a Json,
    namespace: &'a Json,
    variables: RefCell<Vec<Made<'a>>>,
    /// The variables that are being made, the innermost last.
    running: RefCell<Vec<usize>>,
    /// What variables cost since it was last asked.
    spent: Cell<u64>,
    /// What everything costs, in all runs of one review.
    total: &'a Cell<u64>,
}

impl<'a> Bindings<'a> for Activation<'a> {
    fn global(&self, which: usize) -> Value<'a> {
        Value::from_json(match which {
            number::OBJECT => self.request.object,
            number::OLD_OBJECT => self.request.old_object,
            number::NAMESPACE => self.namespace,
            number::REQUEST => self.request.request,
            _ => self.params,
        })
    }

    fn variable(&self, which: usize) -> Outcome<'a> {
        let failed = |said: String| Err(Failure::Said(said.into()));
        let which = self.policy.meant.get(which).copied().unwrap_or(which);
        let Some(variable) = self.policy.variables.get(which) else { return failed("no such variable".to_owned()) };
        let name = &variable.name;
        self.is_used(which);
        let outcome = match self.variables.borrow().get(which).map(|made| &made.state) {
            Some(State::Done(outcome)) => Some(outcome.clone()),
            Some(State::Running) => return failed(format!("composited variable {name:?} needs itself")),
            _ => None,
        };
        if let Some(outcome) = outcome {
            self.charge(which);
            return outcome;
        }
        self.change(which, |made| made.state = State::Running);
        self.running.borrow_mut().push(which);
        let (outcome, cost) = match &variable.expression.program {
            Err(reason) => (failed(format!("composited variable {name:?} fails to compile: {reason}")), 0),
            Ok(program) => {
                let (outcome, cost) = program.run(self, CALL_LIMIT);
                let failure = |failure: Failure| {
                    Failure::Said(format!("composited variable {name:?} fails to evaluate: {failure}").into())
                };
                (outcome.map_err(failure), cost)
            }
        };
        self.running.borrow_mut().pop();
        self.change(which, |made| (made.state, made.cost) = (State::Done(outcome.clone()), cost));
        self.charge(which);
        outcome
    }
}

impl<'a> Activation<'a> {
    fn new(policy: &'a Policy, asked: Asked<'a>, namespace: &'a Json) -> Self {
        let waiting = |_| Made { state: State::Waiting, cost: 0, uses: Vec::new(), charged: false };
        let variables = RefCell::new(policy.variables.iter().map(waiting).collect());
        let running = RefCell::default();
        let Asked { request, params, total } = asked;
        Self { policy, request, params, namespace, variables, running, spent: Cell::new(0), total }
    }

    fn change(&self, which: usize, change: impl FnOnce(&mut Made<'a>)) {
        if let Some(made) = self.variables.borrow_mut().get_mut(which) {
            change(made);
        }
    }

    /// Notes which variable uses this one.
    fn is_used(&self, which: usize) {
        if let Some(user) = self.running.borrow().last() {
            self.change(*user, |made| made.uses.push(which));
        }
    }

    /// Charges for a variable and for those it used, each once.
    fn charge(&self, which: usize) {
        let mut variables = self.variables.borrow_mut();
        let mut waiting = vec![which];
        while let Some(which) = waiting.pop() {
            if let Some(made) = variables.get_mut(which).filter(|made| !made.charged) {
                made.charged = true;
                self.spent.set(self.spent.get().saturating_add(made.cost));
                waiting.extend(&made.uses);
            }
        }
    }

    /// Charges for all variables again when they are next used: messages pay for what validations have paid for, though
    /// nothing is made twice.
    fn charge_again(&self) {
        for made in self.variables.borrow_mut().iter_mut() {
            made.charged = false;
        }
    }

    /// Runs an expression within what is left of a budget; `None` if that is not enough.
    fn run(&self, expression: &'a Expression, budget: &mut u64) -> Option<End<'a>> {
        let program = match &expression.program {
            Ok(program) => program,
            Err(reason) => return Some(Err(format!("compilation error: {reason}"))),
        };
        let (outcome, cost) = program.run(self, CALL_LIMIT);
        let cost = cost.saturating_add(self.spent.take());
        self.total.set(self.total.get().saturating_add(cost));
        *budget = budget.checked_sub(cost)?;
        let said = |failure: Failure| format!("expression '{}' resulted in error: {failure}", expression.text);
        Some(outcome.map_err(said))
    }
}

impl Policy {
    /// The messages of all violations, and what it cost to find them.
    pub(super) fn review(&self, request: View<'_>, constraint: &Json) -> (Vec<String>, u64) {
        let total = Cell::new(0);
        let messages = self.violations(Asked { request, params: constraint, total: &total });
        (messages, total.get())
    }

    fn violations(&self, asked: Asked<'_>) -> Vec<String> {
        match self.matches(asked) {
            Ok(true) => {}
            Ok(false) => return Vec::new(),
            Err(failure) => return self.on_failure(failure),
        }
        let activation = Activation::new(self, asked, asked.request.namespace);
        let mut budget = VALIDATIONS_BUDGET;
        let mut ends = Vec::with_capacity(self.validations.len());
        for validation in &self.validations {
            match activation.run(&validation.expression, &mut budget) {
                Some(end) => ends.push(end),
                None => return self.on_failure(OUT_OF_BUDGET.to_owned()),
            }
        }
        activation.charge_again();
        let messages = self.messages(&activation, budget);
        let decisions = self.validations.iter().enumerate().zip(&ends);
        decisions
            .filter_map(|((index, validation), end)| self.decide(index, validation, end, messages.as_deref()))
            .collect()
    }

    fn on_failure(&self, failure: String) -> Vec<String> {
        if self.ignores_failures { Vec::new() } else { vec![failure] }
    }

    /// Whether all conditions hold. One that does not hold decides, whatever else fails.
    fn matches(&self, asked: Asked<'_>) -> Result<bool, String> {
        if self.conditions.is_empty() {
            return Ok(true);
        }
        // Kubernetes shows conditions no namespace.
        let activation = Activation::new(self, asked, &Json::Null);
        let mut budget = CONDITIONS_BUDGET;
        let mut ends = Vec::with_capacity(self.conditions.len());
        for condition in &self.conditions {
            ends.push(activation.run(&condition.expression, &mut budget).ok_or(OUT_OF_BUDGET)?);
        }
        if ends.iter().any(|end| matches!(end, Ok(Value::Bool(false)))) {
            return Ok(false);
        }
        let mut failures: Vec<String> = ends.into_iter().filter_map(Result::err).collect();
        let mut seen = Vec::new();
        failures.retain(|failure| {
            !seen.contains(failure) && {
                seen.push(failure.clone());
                true
            }
        });
        match failures.as_slice() {
            [] => Ok(true),
            [failure] => Err(failure.clone()),
            failures => Err(format!("[{}]", failures.join(", "))),
        }
    }

    /// The messages that expressions make; `None` if the budget is not enough.
    fn messages<'a>(&'a self, activation: &Activation<'a>, mut budget: u64) -> Option<Vec<Option<End<'a>>>> {
        let make = |validation: &'a Validation| match &validation.made_message {
            None => Some(None),
            Some(expression) => activation.run(expression, &mut budget).map(Some),
        };
        self.validations.iter().map(make).collect()
    }

    fn decide(
        &self,
        index: usize,
        validation: &Validation,
        end: &End<'_>,
        messages: Option<&[Option<End<'_>>]>,
    ) -> Option<String> {
        let holds = match end {
            Err(failure) => return (!self.ignores_failures).then(|| failure.clone()),
            Ok(value) => matches!(value, Value::Bool(true)),
        };
        let messages = match messages {
            Some(messages) => messages,
            None if !self.ignores_failures => return Some(format!("failed messageExpression: {OUT_OF_BUDGET}")),
            // Only the message has failed, and a violation needs none: it is not admitted for the price of a message.
            None => &[],
        };
        if holds {
            return None;
        }
        let made = match messages.get(index) {
            Some(Some(Ok(Value::String(text)))) => text.as_str().trim().to_owned(),
            _ => String::new(),
        };
        if !made.is_empty() && made.len() <= MAX_MESSAGE && !made.contains('\n') {
            return Some(made);
        }
        let written = validation.message.as_deref().map(str::trim).unwrap_or_default();
        Some(if written.is_empty() {
            format!("failed expression: {}", validation.expression.text.trim())
        } else {
            written.to_owned()
        })
    }
}
