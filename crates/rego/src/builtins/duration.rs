//! `time.parse_duration_ns`: Go's durations, and days, weeks and years.

use num_bigint::BigInt;

use super::arguments::text;
use super::{Problem, Row};
use crate::number::Number;
use crate::value::Value;

pub(super) const ROWS: &[Row] = &[("time.parse_duration_ns", 1, |_, values| {
    let nanoseconds = parse(text(values, 0)?).ok_or(Problem::Undefined)?;
    Ok(Value::Number(Number::from_big(&BigInt::from(nanoseconds))))
})];

const UNITS: [(&str, i128); 11] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
    ("w", 604_800_000_000_000),
    ("y", 31_536_000_000_000_000),
];

fn parse(text: &str) -> Option<i64> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let (whole, after) = digits(rest);
        let (fraction, after) = after.strip_prefix('.').map_or(("", after), digits);
        if (whole.is_empty() && fraction.is_empty()) || whole.len() > 19 {
            return None;
        }
        let end = after.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(after.len());
        let (name, after) = after.split_at(end);
        let (_, unit) = UNITS.into_iter().find(|(unit, _)| *unit == name)?;
        total += whole.parse::<i128>().unwrap_or(0) * unit;
        let fraction = fraction.get(..fraction.len().min(18)).unwrap_or_default();
        let scale = 10_i128.pow(u32::try_from(fraction.len()).ok()?);
        total += fraction.parse::<i128>().unwrap_or(0) * unit / scale;
        rest = after;
    }
    i64::try_from(if negative { -total } else { total }).ok()
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}
