//! JavaScript's conversions over the values of templates.
//!
//! Each step over a list's items is charged, so that work stays bounded whatever is converted.

use super::error::{Failure, Outcome};
use super::number;
use super::text::Text;
use super::value::Value;

/// Where work is charged.
pub(crate) trait Charge {
    /// One more step.
    fn charge_step(&self) -> Outcome<()>;
}

/// Nobody counts.
pub(crate) struct Free;

impl Charge for Free {
    fn charge_step(&self) -> Outcome<()> {
        Ok(())
    }
}

/// What a value is without its object: undefined, null, a truth value, a number or a text.
pub(crate) fn to_primitive(value: &Value, charge: &dyn Charge) -> Outcome<Value> {
    value.refuse_callable()?;
    Ok(match value {
        Value::Safe(text) => Value::String(text.as_ref().clone()),
        Value::Array(array) => {
            let mut output = Vec::new();
            for (index, item) in array.to_vec().iter().enumerate() {
                charge.charge_step()?;
                if index > 0 {
                    output.push(u16::from(b','));
                }
                if !item.is_nullish() {
                    output.extend_from_slice(to_text(item, charge)?.units());
                }
            }
            Value::text(output)
        }
        Value::Record(_) => Value::text("[object Object]"),
        Value::Regex(regex) => Value::String(regex.print()),
        Value::Callable(_) => return Err(Failure::new("Callable values cannot be coerced")),
        primitive => primitive.clone(),
    })
}

fn primitive_number(value: &Value) -> f64 {
    match value {
        Value::Null => 0.0,
        Value::Bool(value) => f64::from(u8::from(*value)),
        Value::Number(number) => *number,
        Value::String(text) => number::parse(text.units()),
        _ => f64::NAN,
    }
}

fn primitive_text(value: &Value) -> Text {
    match value {
        Value::Undefined => "undefined".into(),
        Value::Null => "null".into(),
        Value::Bool(value) => if *value { "true" } else { "false" }.into(),
        Value::Number(number) => number::print(*number).into(),
        Value::String(text) => text.clone(),
        _ => "".into(),
    }
}

/// `Number(value)`.
pub(crate) fn to_number(value: &Value, charge: &dyn Charge) -> Outcome<f64> {
    to_primitive(value, charge).map(|primitive| primitive_number(&primitive))
}

/// `String(value)`.
pub(crate) fn to_text(value: &Value, charge: &dyn Charge) -> Outcome<Text> {
    to_primitive(value, charge).map(|primitive| primitive_text(&primitive))
}

/// `left == right`.
pub(crate) fn loosely_equal(left: &Value, right: &Value, charge: &dyn Charge) -> Outcome<bool> {
    if left.is_same(right) {
        return Ok(true);
    }
    if !is_primitive(left) && !is_primitive(right) {
        return Ok(false);
    }
    let left = if is_primitive(left) { left.clone() } else { to_primitive(left, charge)? };
    let right = if is_primitive(right) { right.clone() } else { to_primitive(right, charge)? };
    Ok(primitives_equal(&left, &right))
}

fn primitives_equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        _ if left.is_same(right) => true,
        (Value::Undefined | Value::Null, _) | (_, Value::Undefined | Value::Null) => {
            left.is_nullish() && right.is_nullish()
        }
        (Value::Bool(_), Value::Bool(_))
        | (Value::Number(_), Value::Number(_))
        | (Value::String(_), Value::String(_)) => false,
        #[expect(clippy::float_cmp, reason = "this is the language's own comparison")]
        _ => primitive_number(left) == primitive_number(right),
    }
}

fn is_primitive(value: &Value) -> bool {
    matches!(value, Value::Undefined | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_))
}

/// `left + right`.
pub(crate) fn add(left: &Value, right: &Value, charge: &dyn Charge) -> Outcome<Value> {
    let (left, right) = (to_primitive(left, charge)?, to_primitive(right, charge)?);
    if matches!(left, Value::String(_)) || matches!(right, Value::String(_)) {
        return Ok(Value::String(joined(&primitive_text(&left), &primitive_text(&right))));
    }
    Ok(Value::Number(primitive_number(&left) + primitive_number(&right)))
}

/// `left ~ right`.
pub(crate) fn concat(left: &Value, right: &Value, charge: &dyn Charge) -> Outcome<Value> {
    Ok(Value::String(joined(&to_text(left, charge)?, &to_text(right, charge)?)))
}

fn joined(left: &Text, right: &Text) -> Text {
    [left.units(), right.units()].concat().into()
}

/// Below, equal or above 0 as the first is less, equal or more; not a number where they cannot be compared.
pub(crate) fn order(left: &Value, right: &Value, charge: &dyn Charge) -> Outcome<f64> {
    let (left, right) = (to_primitive(left, charge)?, to_primitive(right, charge)?);
    if let (Value::String(left), Value::String(right)) = (&left, &right) {
        return Ok(match left.cmp(right) {
            std::cmp::Ordering::Less => -1.0,
            std::cmp::Ordering::Equal => 0.0,
            std::cmp::Ordering::Greater => 1.0,
        });
    }
    Ok(match primitive_number(&left).partial_cmp(&primitive_number(&right)) {
        Some(std::cmp::Ordering::Less) => -1.0,
        Some(std::cmp::Ordering::Equal) => 0.0,
        Some(std::cmp::Ordering::Greater) => 1.0,
        None => f64::NAN,
    })
}

/// As it is written into the output: nothing for undefined and null.
pub(crate) fn render(value: &Value, charge: &dyn Charge) -> Outcome<Text> {
    value.refuse_callable()?;
    render_unchecked(value, charge)
}

fn render_unchecked(value: &Value, charge: &dyn Charge) -> Outcome<Text> {
    Ok(match value {
        Value::Undefined | Value::Null => "".into(),
        Value::Safe(text) => text.as_ref().clone(),
        Value::Array(array) => {
            let mut output = Vec::new();
            for (index, item) in array.to_vec().iter().enumerate() {
                charge.charge_step()?;
                if index > 0 {
                    output.push(u16::from(b','));
                }
                output.extend_from_slice(render_unchecked(item, charge)?.units());
            }
            output.into()
        }
        Value::Record(_) => "[object Object]".into(),
        Value::Regex(regex) => regex.print(),
        Value::Callable(_) => return Err(Failure::new("Callable values cannot be rendered")),
        primitive => primitive_text(primitive),
    })
}
