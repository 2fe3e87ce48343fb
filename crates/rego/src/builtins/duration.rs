//! `time.parse_duration_ns`: Go's durations, and days, weeks and years.

use num_bigint::BigInt;
use plat_resource::go;

use super::arguments::text;
use super::{Problem, Row};
use crate::number::Number;
use crate::value::Value;

pub(super) const ROWS: &[Row] = &[("time.parse_duration_ns", 1, |_, values| {
    let nanoseconds = go::duration::parse_with(text(values, 0)?, &UNITS).ok_or(Problem::Undefined)?;
    Ok(Value::Number(Number::from_big(&BigInt::from(nanoseconds))))
})];

/// What OPA has beside Go's units.
const UNITS: [(&str, i64); 3] = [("d", 86_400_000_000_000), ("w", 604_800_000_000_000), ("y", 31_536_000_000_000_000)];
