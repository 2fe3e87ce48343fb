//! Arithmetic and order. Integers that overflow are faults, as in Kubernetes.

use std::cmp::Ordering;

use super::Answer;
use crate::cel::eval::{Arguments, Fault};
use crate::cel::value::{Value, compare_numbers};

const INT: &str = "integer overflow";
const UINT: &str = "unsigned integer overflow";
const DURATION: &str = "integer overflow";
const TIMESTAMP: &str = "timestamp overflow";

fn int<'a>(number: Option<i64>) -> Answer<'a> {
    number.map(Value::Int).ok_or_else(|| INT.into())
}

fn uint<'a>(number: Option<u64>) -> Answer<'a> {
    number.map(Value::Uint).ok_or_else(|| UINT.into())
}

fn duration<'a>(nanos: Option<i64>) -> Answer<'a> {
    nanos.map(Value::Duration).ok_or_else(|| DURATION.into())
}

pub(in crate::cel) fn add_numbers<'a>(one: &Value<'a>, other: &Value<'a>) -> Answer<'a> {
    match (one, other) {
        (Value::Int(one), Value::Int(other)) => int(one.checked_add(*other)),
        (Value::Uint(one), Value::Uint(other)) => uint(one.checked_add(*other)),
        (Value::Double(one), Value::Double(other)) => Ok(Value::Double(one + other)),
        (Value::Duration(one), Value::Duration(other)) => duration(one.checked_add(*other)),
        (Value::Timestamp(point), Value::Duration(span)) | (Value::Duration(span), Value::Timestamp(point)) => {
            point.plus(*span).map(Value::Timestamp).ok_or_else(|| TIMESTAMP.into())
        }
        _ => Err(Fault::Overload),
    }
}

pub(in crate::cel) fn subtract<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    match arguments.values {
        [Value::Int(one), Value::Int(other)] => int(one.checked_sub(*other)),
        [Value::Uint(one), Value::Uint(other)] => uint(one.checked_sub(*other)),
        [Value::Double(one), Value::Double(other)] => Ok(Value::Double(one - other)),
        [Value::Duration(one), Value::Duration(other)] => duration(one.checked_sub(*other)),
        [Value::Timestamp(one), Value::Timestamp(other)] => duration(one.minus(*other)),
        [Value::Timestamp(point), Value::Duration(span)] => {
            let moved = span.checked_neg().and_then(|span| point.plus(span));
            moved.map(Value::Timestamp).ok_or_else(|| TIMESTAMP.into())
        }
        _ => Err(Fault::Overload),
    }
}

pub(in crate::cel) fn multiply<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    match arguments.values {
        [Value::Int(one), Value::Int(other)] => int(one.checked_mul(*other)),
        [Value::Uint(one), Value::Uint(other)] => uint(one.checked_mul(*other)),
        [Value::Double(one), Value::Double(other)] => Ok(Value::Double(one * other)),
        _ => Err(Fault::Overload),
    }
}

pub(in crate::cel) fn divide<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    match arguments.values {
        [Value::Int(_), Value::Int(0)] | [Value::Uint(_), Value::Uint(0)] => Err("division by zero".into()),
        [Value::Int(one), Value::Int(other)] => int(one.checked_div(*other)),
        [Value::Uint(one), Value::Uint(other)] => uint(one.checked_div(*other)),
        [Value::Double(one), Value::Double(other)] => Ok(Value::Double(one / other)),
        _ => Err(Fault::Overload),
    }
}

pub(in crate::cel) fn remainder<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    match arguments.values {
        [Value::Int(_), Value::Int(0)] | [Value::Uint(_), Value::Uint(0)] => Err("modulus by zero".into()),
        [Value::Int(one), Value::Int(other)] => int(one.checked_rem(*other)),
        [Value::Uint(one), Value::Uint(other)] => uint(one.checked_rem(*other)),
        _ => Err(Fault::Overload),
    }
}

pub(in crate::cel) fn negate<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    match arguments.values {
        [Value::Int(number)] => int(number.checked_neg()),
        [Value::Double(number)] => Ok(Value::Double(-number)),
        [Value::Duration(nanos)] => duration(nanos.checked_neg()),
        _ => Err(Fault::Overload),
    }
}

/// The order of two values that have one.
pub(in crate::cel) fn compare(one: &Value<'_>, other: &Value<'_>) -> Result<Ordering, Fault> {
    match (one, other) {
        (Value::Bool(one), Value::Bool(other)) => Ok(one.cmp(other)),
        (Value::String(one), Value::String(other)) => Ok(one.as_str().cmp(other.as_str())),
        (Value::Bytes(one), Value::Bytes(other)) => Ok(one.cmp(other)),
        (Value::Duration(one), Value::Duration(other)) => Ok(one.cmp(other)),
        (Value::Timestamp(one), Value::Timestamp(other)) => Ok(one.cmp(other)),
        (Value::Int(_) | Value::Uint(_) | Value::Double(_), Value::Int(_) | Value::Uint(_) | Value::Double(_)) => {
            compare_numbers(one, other).ok_or_else(|| "NaN values cannot be ordered".into())
        }
        _ => Err(Fault::Overload),
    }
}

fn ordered<'a>(arguments: &Arguments<'a, '_>, holds: impl FnOnce(Ordering) -> bool) -> Answer<'a> {
    match arguments.values {
        [one, other] => compare(one, other).map(|order| Value::Bool(holds(order))),
        _ => Err(Fault::Overload),
    }
}

pub(in crate::cel) fn less<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    ordered(arguments, Ordering::is_lt)
}

pub(in crate::cel) fn less_or_equal<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    ordered(arguments, Ordering::is_le)
}

pub(in crate::cel) fn greater<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    ordered(arguments, Ordering::is_gt)
}

pub(in crate::cel) fn greater_or_equal<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    ordered(arguments, Ordering::is_ge)
}
