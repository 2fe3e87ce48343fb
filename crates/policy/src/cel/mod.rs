//! Templates written in CEL: Gatekeeper's engine `K8sNativeValidation`.
//!
//! Owns the source of such a template (validations, variables, match conditions, failure policy), what its expressions
//! see, and what their answers mean: a validation that does not hold is a violation, so is one that fails, unless the
//! failure policy says otherwise. The language itself is `plat_resource::cel`.

mod request;
mod run;
mod source;

#[cfg(test)]
mod tests;

use plat_resource::cel::{self, CompileError, Program, Type};

pub(crate) use request::{Request, View};
pub(crate) use source::compile;

use crate::engine::{Call, Engine, Failure, Found};

/// An expression and what became of it.
#[derive(Debug)]
struct Expression {
    /// As it is written.
    text: String,
    /// Ready to run, or why it is not, in the words of Kubernetes.
    program: Result<Program, String>,
}

/// `variables[]`, and those that Gatekeeper adds.
#[derive(Debug)]
struct Variable {
    name: String,
    expression: Expression,
}

/// `matchCondition[]`
#[derive(Debug)]
struct Condition {
    expression: Expression,
}

/// `validations[]`
#[derive(Debug)]
struct Validation {
    expression: Expression,
    message: Option<String>,
    made_message: Option<Expression>,
}

/// A compiled source.
#[derive(Debug)]
pub(crate) struct Policy {
    variables: Vec<Variable>,
    /// For each variable, the last one of its name: that is what the name means when it runs.
    meant: Vec<usize>,
    conditions: Vec<Condition>,
    validations: Vec<Validation>,
    /// `failurePolicy: Ignore`
    ignores_failures: bool,
    /// How deep it nests, variables within variables counted.
    depth: usize,
}

impl Policy {
    /// How deep it nests: by the deepest chain of variables.
    fn deepest(&self) -> usize {
        let mut depths: Vec<usize> = Vec::with_capacity(self.variables.len());
        let depth = |expression: &Expression, depths: &[usize]| {
            let Ok(program) = &expression.program else { return 0 };
            let below = program.variables().into_iter().filter_map(|number| depths.get(number)).max();
            program.depth() + below.copied().unwrap_or(0)
        };
        for variable in &self.variables {
            depths.push(depth(&variable.expression, &depths));
        }
        let conditions = self.conditions.iter().map(|condition| &condition.expression);
        let validations = self.validations.iter().map(|validation| &validation.expression);
        let messages = self.validations.iter().filter_map(|validation| validation.made_message.as_ref());
        let deepest = conditions.chain(validations).chain(messages).map(|expression| depth(expression, &depths)).max();
        deepest.unwrap_or(0)
    }
}

impl Engine for Policy {
    fn evaluate(&self, call: &Call<'_>) -> Result<Vec<Found>, Failure> {
        let review = || self.review(call.input.cel(), call.constraint.object());
        let broken = || Failure { message: "the policy could not be evaluated".to_owned(), of_template: false };
        let (messages, cost) = cel::guarded(self.depth, review).ok_or_else(broken)?;
        // Kubernetes counts a second as ten million, which is what a step is.
        call.budget.take(cost);
        let details = || plat_resource::Value::Object(plat_resource::Map::new());
        Ok(messages.into_iter().map(|message| Found { message, details: details() }).collect())
    }
}

/// Compiles an expression whose value must be of a type; any if `None`.
fn expression(text: &str, environment: &cel::Environment, wanted: Option<&Type>) -> (Expression, Vec<CompileError>) {
    let refused = |reason: String, errors| (Expression { text: text.to_owned(), program: Err(reason) }, errors);
    match Program::compile(text, environment) {
        Err(errors) => refused(cel::refusal(text, &errors), errors),
        Ok(program) => match wanted.filter(|wanted| program.output() != *wanted) {
            Some(wanted) => {
                let (wanted, found) = (wanted.runtime_name(), program.output().runtime_name());
                let reason = format!("must evaluate to {wanted} but got {found}");
                let error = CompileError { message: reason.clone(), line: 1, column: 1, unready: false };
                refused(reason, vec![error])
            }
            None => (Expression { text: text.to_owned(), program: Ok(program) }, Vec::new()),
        },
    }
}
