//! `units.parse` and `units.parse_bytes`: amounts with a unit behind them.

use num_bigint::BigInt;

use super::arguments::text;
use super::bridge;
use super::{Outcome, Problem, Row};
use crate::budget::Budget;
use crate::number::{Number, Operator, Rounding, arithmetic, rounded};
use crate::value::Value;

pub(super) const ROWS: &[Row] = &[("units.parse", 1, parse), ("units.parse_bytes", 1, parse_bytes)];

/// Digits of an exponent beyond which OPA refuses an amount.
const MAX_EXPONENT_DIGITS: usize = 6;

fn parse(budget: &mut Budget, values: &[Value]) -> Outcome {
    let written = text(values, 0)?.replace('"', "");
    let (amount, unit) = split(&written).ok_or(Problem::Undefined)?;
    let known = unit.is_empty()
        || unit == "m"
        || matches!(unit.to_ascii_lowercase().as_str(), "k" | "ki" | "g" | "gi" | "t" | "ti" | "p" | "pi" | "e" | "ei")
        || unit == "M"
        || unit.eq_ignore_ascii_case("mi");
    let amount = plain(amount).filter(|_| known).ok_or(Problem::Undefined)?;
    bridge::call("units.parse", budget, &[Value::from(format!("{amount}{unit}"))])
}

/// The whole part of amount times unit, towards zero.
fn parse_bytes(_: &mut Budget, values: &[Value]) -> Outcome {
    let written = text(values, 0)?.to_lowercase().replace('"', "");
    let (amount, unit) = split(&written).ok_or(Problem::Undefined)?;
    let amount = plain(amount).and_then(|amount| Number::parse(&amount)).ok_or(Problem::Undefined)?;
    let (base, power) = bytes_of(unit).ok_or(Problem::Undefined)?;
    let unit = Number::from_big(&BigInt::from(base).pow(power));
    let product = arithmetic(Operator::Times, &amount, &unit).map_err(|_| Problem::Undefined)?;
    let size = rounded(Rounding::Floor, &rounded(Rounding::Absolute, &product));
    let signed = if product < Number::Int(0) { arithmetic(Operator::Minus, &Number::Int(0), &size) } else { Ok(size) };
    signed.map(Value::Number).map_err(|_| Problem::Undefined)
}

fn bytes_of(unit: &str) -> Option<(u64, u32)> {
    if unit.is_empty() {
        return Some((1, 1));
    }
    let unit = unit.strip_suffix('b').unwrap_or(unit);
    let (letter, base) = unit.strip_suffix('i').map_or((unit, 1000), |letter| (letter, 1024));
    let power = ["k", "m", "g", "t", "p", "e"].into_iter().zip(1..).find(|(known, _)| *known == letter)?.1;
    Some((base, power))
}

/// Where the number ends and the unit begins; none for an amount with blanks, without a number, or beyond all measure.
fn split(text: &str) -> Option<(&str, &str)> {
    if text.contains(' ') {
        return None;
    }
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'e' | b'E' => {
                let signed = matches!(bytes.get(at + 1), Some(b'+' | b'-'));
                if !signed && !bytes.get(at + 1).is_some_and(u8::is_ascii_digit) {
                    break;
                }
                at += 1 + usize::from(signed);
                let digits = bytes.iter().skip(at).take_while(|byte| byte.is_ascii_digit()).count();
                if digits > MAX_EXPONENT_DIGITS {
                    return None;
                }
            }
            b'0'..=b'9' | b'.' | b'+' | b'-' => at += 1,
            _ => break,
        }
    }
    (at > 0).then(|| text.split_at(at))
}

/// The number as JSON writes it; none where it is none.
fn plain(number: &str) -> Option<String> {
    let (sign, rest) = match number.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", number.strip_prefix('+').unwrap_or(number)),
    };
    let (mantissa, exponent) = rest.find(['e', 'E']).map_or((rest, ""), |at| rest.split_at(at));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let exponent_digits = exponent.trim_start_matches(['e', 'E']);
    let exponent_digits = exponent_digits.strip_prefix(['+', '-']).unwrap_or(exponent_digits);
    if (whole.is_empty() && fraction.is_empty())
        || !digits(whole)
        || !digits(fraction)
        || !digits(exponent_digits)
        || exponent.is_empty() != exponent_digits.is_empty()
    {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let point = if fraction.is_empty() { "" } else { "." };
    Some(format!("{sign}{whole}{point}{fraction}{exponent}"))
}
