//! Templates written in Rego.
//!
//! Owns the query and the reading of its answer, which is that of Gatekeeper's hook. The language is `plat_rego`'s.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use plat_rego::{Coverage, Document, EvalError, Program, Reached};
use plat_resource::{Map, Value};

use super::{Call, Engine, Failure, Found};

/// A compiled template.
#[derive(Debug)]
pub(crate) struct Rego {
    program: Program,
    /// The rule to ask for, for instance `data.k8srequiredlabels.violation`.
    rule: String,
}

impl Rego {
    /// The first module of `program` is that with the violations.
    pub(crate) fn new(program: Program) -> Option<Self> {
        let rule = program.rule(0, "violation")?;
        Some(Self { program, rule })
    }
}

impl Engine for Rego {
    fn evaluate(&self, call: &Call<'_>) -> Result<Vec<Found>, Failure> {
        let (answer, steps) = self.program.eval_counted(&self.rule, &input(call), call.inventory.data(), call.limits);
        call.budget.take(steps);
        let Some(Value::Array(members)) = answer.map_err(|error| failure(&error))? else { return Ok(Vec::new()) };
        read(members)
    }

    fn reach(&self, call: &Call<'_>, reached: &mut Reached) {
        self.program.reach(&self.rule, &input(call), call.inventory.data(), call.limits, reached);
    }

    fn coverage(&self, reached: &Reached) -> BTreeMap<usize, Coverage> {
        self.program.coverage(reached)
    }
}

fn input(call: &Call<'_>) -> Document {
    let review = call.input.document().clone();
    Document::object([("review", review), ("parameters", call.constraint.parameters_document().clone())])
}

fn failure(error: &EvalError) -> Failure {
    let of_template = matches!(error, EvalError::Failed(_));
    Failure { message: error.to_string(), of_template }
}

/// Members of the set to violations. What has no `msg` says nothing; a `msg` that is no text is an error.
fn read(members: Vec<Value>) -> Result<Vec<Found>, Failure> {
    let mut found = Vec::new();
    for member in members {
        let Value::Object(mut member) = member else { continue };
        let details = member.remove("details").unwrap_or_else(|| Value::Object(Map::new()));
        match member.remove("msg") {
            None => {}
            Some(Value::String(message)) => found.push(Found { message, details }),
            Some(other) => {
                let message = format!("the policy's msg is {other}, which is not a text");
                return Err(Failure { message, of_template: true });
            }
        }
    }
    found.sort_by(|one, other| compare(&one.details, &other.details).then_with(|| one.message.cmp(&other.message)));
    found.dedup();
    Ok(found)
}

/// The order of values in Rego.
fn compare(one: &Value, other: &Value) -> Ordering {
    match (one, other) {
        (Value::Bool(one), Value::Bool(other)) => one.cmp(other),
        (Value::Number(one), Value::Number(other)) => {
            let float = |number: &plat_resource::Number| number.as_f64().unwrap_or(f64::NAN);
            one.as_i64()
                .zip(other.as_i64())
                .map_or_else(|| float(one).total_cmp(&float(other)), |(one, other)| one.cmp(&other))
        }
        (Value::String(one), Value::String(other)) => one.cmp(other),
        (Value::Array(one), Value::Array(other)) => {
            let unequal = one.iter().zip(other).map(|(one, other)| compare(one, other)).find(|order| order.is_ne());
            unequal.unwrap_or_else(|| one.len().cmp(&other.len()))
        }
        (Value::Object(one), Value::Object(other)) => compare_objects(one, other),
        _ => rank(one).cmp(&rank(other)),
    }
}

fn compare_objects(one: &Map<String, Value>, other: &Map<String, Value>) -> Ordering {
    for ((one_key, one_value), (other_key, other_value)) in one.iter().zip(other) {
        let order = one_key.cmp(other_key).then_with(|| compare(one_value, other_value));
        if order.is_ne() {
            return order;
        }
    }
    one.len().cmp(&other.len())
}

fn rank(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
        Value::Array(_) => 4,
        Value::Object(_) => 5,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_are_read_as_gatekeeper_reads_them() {
        let members = vec![
            json!("a text"),
            json!({"details": {"x": 1}}),
            json!({"msg": "b"}),
            json!({"msg": "a"}),
            json!({"msg": "c", "details": {"field": "spec"}}),
            json!({"msg": "a", "details": {}}),
        ];
        let found: Vec<_> = read(members).unwrap().into_iter().map(|found| (found.message, found.details)).collect();
        let expected = [("a", json!({})), ("b", json!({})), ("c", json!({"field": "spec"}))];
        assert_eq!(found, expected.map(|(message, details)| (message.to_owned(), details)));
        assert!(read(vec![json!({"msg": 1})]).is_err());
    }

    #[test]
    fn values_are_in_order_of_their_types() {
        let mut values =
            [json!({}), json!([]), json!("a"), json!(2), json!(1.5), json!(true), json!(null), json!({"a": 1})];
        values.sort_by(compare);
        assert_eq!(json!(values), json!([null, true, 1.5, 2, "a", [], {}, {"a": 1}]));
    }
}
