//! `sprintf`, byte for byte as Go prints.

use serde_json::Value as Json;

use plat_resource::go::format;

use super::arguments::{array, text};
use super::{Outcome, Row};
use crate::EvalError;
use crate::budget::Budget;
use crate::number::Number;
use crate::text::{MAX_TEXT, rego};
use crate::value::Value;

pub(super) const ROWS: &[Row] = &[("sprintf", 2, sprintf)];

fn sprintf(budget: &mut Budget, values: &[Value]) -> Outcome {
    let (template, values) = (text(values, 0)?, array(values, 1)?);
    let arguments: Vec<Json> = values.iter().map(argument).collect();
    let references: Vec<&Json> = arguments.iter().collect();
    let limit = MAX_TEXT.min(budget.bytes_left());
    let printed =
        format::sprintf(template, &references, limit).map_err(|error| EvalError::Size(format!("sprintf: {error}")))?;
    budget.bytes(printed.len())?;
    Ok(Value::from(printed))
}

/// What OPA hands to Go's `fmt`: numbers and texts as they are, all else as text.
fn argument(value: &Value) -> Json {
    match value {
        Value::String(text) => Json::from(&**text),
        Value::Number(Number::Int(integer)) => Json::from(*integer),
        Value::Number(number) if number.is_float_text() && number.as_f64().is_finite() => Json::from(number.as_f64()),
        Value::Number(number) => Json::from(number.to_string()),
        other => Json::from(rego(other)),
    }
}
