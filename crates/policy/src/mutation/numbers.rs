//! Numbers as Gatekeeper holds them while it mutates.
//!
//! Owns one oddity that can be seen from outside: Gatekeeper reads the value that an Assign assigns with every number as
//! a float, and the objects it assigns to with whole numbers as integers, and to Go the two are never equal. An Assign
//! can therefore add no element whose key is a whole number, and a ModifySet does not find 1 in a list that an Assign
//! made. What comes out has whole numbers again.

use plat_resource::Value;
use serde_json::Number;

/// 2^63: whole floats below it are whole numbers of Go.
const INTEGER_LIMIT: f64 = 9_223_372_036_854_775_808.0;

/// The value with every number as a float.
pub(super) fn to_floats(value: &Value) -> Value {
    match value {
        Value::Number(number) => {
            number.as_f64().and_then(Number::from_f64).map_or_else(|| value.clone(), Value::Number)
        }
        Value::Array(items) => Value::Array(items.iter().map(to_floats).collect()),
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(key, field)| (key.clone(), to_floats(field))).collect())
        }
        _ => value.clone(),
    }
}

/// Writes whole floats of `value` as whole numbers again, and what is as it was in `original` in the words of that.
pub(super) fn settle(value: &mut Value, original: Option<&Value>) {
    match value {
        Value::Number(number) => {
            let Some(float) = number.as_f64().filter(|_| number.is_f64()) else { return };
            if let Some(Value::Number(before)) = original
                && before.as_f64() == Some(float)
            {
                *number = before.clone();
            } else if let Some(whole) = whole(float) {
                *number = Number::from(whole);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                settle(item, original.and_then(|original| original.get(index)));
            }
        }
        Value::Object(fields) => {
            for (key, field) in fields.iter_mut() {
                settle(field, original.and_then(|original| original.get(key)));
            }
        }
        _ => {}
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the float is a whole number within the range")]
fn whole(float: f64) -> Option<i64> {
    (float.fract() == 0.0 && float.abs() < INTEGER_LIMIT).then_some(float as i64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whole_numbers_come_back_as_they_were() {
        let original = json!({"a": 1, "b": 1.0, "c": [2.0, 3], "big": 18_446_744_073_709_551_615_u64});
        let mut value = to_floats(&original);
        assert_ne!(value, original);
        settle(&mut value, Some(&original));
        assert_eq!(value, original);
        let mut assigned = to_floats(&json!({"a": -5, "b": 1.5, "c": 1e300}));
        settle(&mut assigned, None);
        assert_eq!(assigned, json!({"a": -5, "b": 1.5, "c": 1e300}));
    }
}
