//! Readiness checks of one template against the live resource.

use plat_resource::{FieldPath, Value};

use super::input::ReadinessCheck;
use super::validate;
use crate::go::unstructured;

/// Whether `resource` is ready: all checks pass; without checks, its `Ready` condition is `True`.
pub fn is_ready(resource: &Value, checks: &[ReadinessCheck]) -> Result<bool, String> {
    if checks.is_empty() {
        return Ok(unstructured::condition_status(resource, "Ready") == "True");
    }
    for (index, check) in checks.iter().enumerate() {
        match run(check, resource) {
            Ok(true) => {}
            Ok(false) => return Ok(false),
            Err(reason) => return Err(format!("cannot run readiness check at index {index}: {reason}")),
        }
    }
    Ok(true)
}

fn run(check: &ReadinessCheck, resource: &Value) -> Result<bool, String> {
    validate::readiness_check(check).map_err(|fault| format!("invalid: {fault}"))?;
    let path = check.field_path.as_deref().unwrap_or("");
    match check.kind.as_str() {
        "None" => Ok(true),
        "MatchCondition" => Ok(check
            .match_condition
            .as_ref()
            .is_some_and(|wanted| unstructured::condition_status(resource, &wanted.kind) == wanted.status)),
        "NonEmpty" => field(resource, path, |_| Some(true), ""),
        "MatchString" => {
            let wanted = check.match_string.as_deref().unwrap_or("");
            field(resource, path, |value| value.as_str().map(|text| text == wanted), "not a string")
        }
        "MatchInteger" => {
            let wanted = check.match_integer.unwrap_or(0);
            field(resource, path, |value| integer(value).map(|found| found == wanted), "not a (int64) number")
        }
        "MatchTrue" => field(resource, path, Value::as_bool, "not a bool"),
        "MatchFalse" => field(resource, path, |value| value.as_bool().map(|flag| !flag), "not a bool"),
        _ => Ok(false),
    }
}

/// An integer that has not been through protobuf: there, integers are doubles, and the real check refuses them.
fn integer(value: &Value) -> Option<i64> {
    value.as_number().filter(|number| !number.is_f64()).and_then(serde_json::Number::as_i64)
}

fn field(resource: &Value, path: &str, test: impl Fn(&Value) -> Option<bool>, otherwise: &str) -> Result<bool, String> {
    let value = FieldPath::parse(path).and_then(|parsed| parsed.get(resource).cloned());
    match value {
        Ok(value) => test(&value).ok_or_else(|| format!("{path}: {otherwise}")),
        Err(error) if error.is_not_found() => Ok(false),
        Err(error) => Err(error.to_string()),
    }
}
