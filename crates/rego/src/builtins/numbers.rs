//! Arithmetic, bits, ranges and comparison.

use num_bigint::BigInt;

use super::arguments::{argument, integer, number, set};
use super::{Outcome, Problem, Row};
use crate::EvalError;
use crate::budget::Budget;
use crate::number::{Number, Operator, Rounding, arithmetic, rounded};
use crate::value::Value;

/// A range longer than this is refused.
const MAX_RANGE: i64 = 1_000_000;
/// How far bits may be moved.
const MAX_SHIFT: i64 = 100_000;

pub(super) const ROWS: &[Row] = &[
    ("plus", 2, |_, values| calculate(Operator::Plus, values)),
    ("minus", 2, minus),
    ("mul", 2, |_, values| calculate(Operator::Times, values)),
    ("div", 2, |_, values| calculate(Operator::Over, values)),
    ("rem", 2, |_, values| calculate(Operator::Modulo, values)),
    ("abs", 1, |_, values| round(Rounding::Absolute, values)),
    ("round", 1, |_, values| round(Rounding::Round, values)),
    ("ceil", 1, |_, values| round(Rounding::Ceil, values)),
    ("floor", 1, |_, values| round(Rounding::Floor, values)),
    ("equal", 2, |_, values| compare(values, std::cmp::Ordering::is_eq)),
    ("neq", 2, |_, values| compare(values, std::cmp::Ordering::is_ne)),
    ("lt", 2, |_, values| compare(values, std::cmp::Ordering::is_lt)),
    ("lte", 2, |_, values| compare(values, std::cmp::Ordering::is_le)),
    ("gt", 2, |_, values| compare(values, std::cmp::Ordering::is_gt)),
    ("gte", 2, |_, values| compare(values, std::cmp::Ordering::is_ge)),
    ("bits.and", 2, |_, values| bits(values, |left, right| left & right)),
    ("bits.or", 2, |_, values| bits(values, |left, right| left | right)),
    ("bits.xor", 2, |_, values| bits(values, |left, right| left ^ right)),
    ("bits.negate", 1, |_, values| Ok(Value::Number(Number::from_big(&!big(values, 0)?)))),
    ("bits.lsh", 2, |_, values| shift(values, true)),
    ("bits.rsh", 2, |_, values| shift(values, false)),
    ("numbers.range", 2, |budget, values| range(budget, values, false)),
    ("numbers.range_step", 3, |budget, values| range(budget, values, true)),
    ("time.now_ns", 0, now),
];

fn calculate(operator: Operator, values: &[Value]) -> Outcome {
    let result = arithmetic(operator, number(values, 0)?, number(values, 1)?);
    result.map(Value::Number).map_err(|_| Problem::Undefined)
}

/// Of numbers, or of sets.
fn minus(budget: &mut Budget, values: &[Value]) -> Outcome {
    if let Value::Set(left) = argument(values, 0)? {
        let right = set(values, 1)?;
        budget.items(left.items().len())?;
        return Ok(Value::set(left.items().iter().filter(|item| !right.contains(item)).cloned().collect()));
    }
    calculate(Operator::Minus, values)
}

fn round(rounding: Rounding, values: &[Value]) -> Outcome {
    Ok(Value::Number(rounded(rounding, number(values, 0)?)))
}

fn compare(values: &[Value], holds: fn(std::cmp::Ordering) -> bool) -> Outcome {
    Ok(Value::Bool(holds(argument(values, 0)?.cmp(argument(values, 1)?))))
}

fn big(values: &[Value], index: usize) -> Result<BigInt, Problem> {
    number(values, index)?.as_big().ok_or(Problem::Undefined)
}

fn bits(values: &[Value], combine: fn(BigInt, BigInt) -> BigInt) -> Outcome {
    Ok(Value::Number(Number::from_big(&combine(big(values, 0)?, big(values, 1)?))))
}

fn shift(values: &[Value], left: bool) -> Outcome {
    let (value, by) = (big(values, 0)?, integer(values, 1)?);
    if by < 0 {
        return Err(Problem::Undefined);
    }
    if by > MAX_SHIFT {
        return Err(EvalError::Size(format!("a shift by more than {MAX_SHIFT} bits")).into());
    }
    let result = if left { value << by } else { value >> by };
    Ok(Value::Number(Number::from_big(&result)))
}

fn range(budget: &mut Budget, values: &[Value], stepped: bool) -> Outcome {
    let (from, to) = (integer(values, 0)?, integer(values, 1)?);
    let step = if stepped { integer(values, 2)? } else { 1 };
    if step <= 0 {
        return Err(Problem::Undefined);
    }
    let distance = i128::from(to) - i128::from(from);
    let count = distance.unsigned_abs() / u128::from(step.unsigned_abs()) + 1;
    if count > u128::from(MAX_RANGE.unsigned_abs()) {
        return Err(EvalError::Size(format!("a range of more than {MAX_RANGE} numbers")).into());
    }
    let count = i64::try_from(count).unwrap_or(MAX_RANGE);
    budget.items(usize::try_from(count).unwrap_or(0))?;
    let signed = if distance < 0 { -step } else { step };
    Ok(Value::array((0..count).map(|index| Value::int(from + index * signed)).collect()))
}

fn now(budget: &mut Budget, _: &[Value]) -> Outcome {
    let missing = || EvalError::Failed("time.now_ns: nobody said what time it is".to_owned());
    Ok(Value::int(budget.now.ok_or_else(missing)?))
}
