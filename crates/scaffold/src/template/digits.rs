//! The formats of a number's methods: `toFixed`, `toExponential`, `toPrecision` and `toString` with a base.
//!
//! Halves are rounded up, as the language says, and not to even; digits are those of the exact value.

use super::error::Failure;
use super::error::Outcome;
use super::number::{print, shortest, to_integer, zeros};

/// `toFixed`.
pub(crate) fn fixed(number: f64, digits: Option<f64>) -> Outcome<String> {
    let digits = to_integer(digits.unwrap_or(0.0));
    let Some(digits) = bounded(digits, 0, 100) else {
        return Err(Failure::new("toFixed() digits argument must be between 0 and 100"));
    };
    if !number.is_finite() || number.abs() >= 1e21 {
        return Ok(print(number));
    }
    let exact = Exact::new(number.abs());
    let rounded = exact.round(digits);
    let digits = usize::try_from(digits).unwrap_or_default();
    let padded = format!("{rounded:0>width$}", width = digits + 1);
    let (whole, fraction) = padded.split_at(padded.len() - digits);
    let dot = if fraction.is_empty() { "" } else { "." };
    let sign = if number < 0.0 { "-" } else { "" };
    Ok(format!("{sign}{whole}{dot}{fraction}"))
}

/// `toExponential`.
pub(crate) fn exponential(number: f64, digits: Option<f64>) -> Outcome<String> {
    let asked = to_integer(digits.unwrap_or(0.0));
    if !number.is_finite() {
        return Ok(print(number));
    }
    let Some(asked) = bounded(asked, 0, 100) else {
        return Err(Failure::new("toExponential() argument must be between 0 and 100"));
    };
    let sign = if number < 0.0 { "-" } else { "" };
    let (digits, exponent) = match digits {
        None if number == 0.0 => ("0".to_owned(), 0),
        None => shortest(number.abs()),
        Some(_) => significant(number.abs(), asked + 1),
    };
    Ok(format!("{sign}{}", scientific(&digits, exponent)))
}

/// `toPrecision`.
pub(crate) fn precision(number: f64, digits: Option<f64>) -> Outcome<String> {
    let Some(digits) = digits else { return Ok(print(number)) };
    let asked = to_integer(digits);
    if !number.is_finite() {
        return Ok(print(number));
    }
    let Some(count) = bounded(asked, 1, 100) else {
        return Err(Failure::new("toPrecision() argument must be between 1 and 100"));
    };
    let sign = if number < 0.0 { "-" } else { "" };
    let (digits, exponent) = significant(number.abs(), count);
    if exponent < -6 || exponent >= count {
        return Ok(format!("{sign}{}", scientific(&digits, exponent)));
    }
    if exponent == count - 1 {
        return Ok(format!("{sign}{digits}"));
    }
    if exponent >= 0 {
        let (whole, fraction) = digits.split_at(usize::try_from(exponent + 1).unwrap_or_default());
        return Ok(format!("{sign}{whole}.{fraction}"));
    }
    Ok(format!("{sign}0.{}{digits}", zeros(-(exponent + 1))))
}

/// `toString(base)`.
pub(crate) fn radix(number: f64, base: Option<f64>) -> Outcome<String> {
    let Some(base) = bounded(to_integer(base.unwrap_or(10.0)), 2, 36) else {
        return Err(Failure::new("toString() radix must be between 2 and 36"));
    };
    if base == 10 || !number.is_finite() || number == 0.0 {
        return Ok(print(number));
    }
    let base = f64::from(base);
    let magnitude = number.abs();
    let mut whole = magnitude.floor();
    let fraction = fraction_digits(magnitude, base, &mut whole);
    let mut text = whole_digits(whole, base);
    if number < 0.0 {
        text.insert(0, '-');
    }
    if !fraction.is_empty() {
        text.push('.');
        text.extend(fraction.into_iter().map(digit));
    }
    Ok(text)
}

/// As many digits after the point as tell the number from its neighbours.
fn fraction_digits(magnitude: f64, base: f64, whole: &mut f64) -> Vec<f64> {
    let mut fraction = magnitude - *whole;
    let mut delta = (0.5 * (magnitude.next_up() - magnitude)).max(f64::MIN_POSITIVE.min(5e-324));
    let mut digits: Vec<f64> = Vec::new();
    if fraction < delta {
        return digits;
    }
    loop {
        fraction *= base;
        delta *= base;
        let digit = fraction.floor();
        digits.push(digit);
        fraction -= digit;
        let half = fraction.total_cmp(&0.5);
        if (half.is_gt() || (half.is_eq() && digit % 2.0 != 0.0)) && fraction + delta > 1.0 {
            carry(&mut digits, base, whole);
            return digits;
        }
        if fraction < delta {
            return digits;
        }
    }
}

/// Rounds the last digit up; where all were the highest, the whole part takes one more.
fn carry(digits: &mut Vec<f64>, base: f64, whole: &mut f64) {
    while let Some(last) = digits.pop() {
        if last + 1.0 < base {
            digits.push(last + 1.0);
            return;
        }
    }
    *whole += 1.0;
}

fn whole_digits(mut whole: f64, base: f64) -> String {
    let mut reversed = Vec::new();
    // Digits below the precision of the number are zeros.
    while whole >= 9_007_199_254_740_992.0 {
        whole /= base;
        reversed.push('0');
    }
    loop {
        let remainder = whole % base;
        reversed.push(digit(remainder));
        whole = (whole - remainder) / base;
        if whole <= 0.0 {
            break;
        }
    }
    reversed.into_iter().rev().collect()
}

fn digit(value: f64) -> char {
    let value = u32::try_from(super::number::to_count(value)).unwrap_or_default();
    char::from_digit(value, 36).unwrap_or('0')
}

fn bounded(number: f64, least: i32, most: i32) -> Option<i32> {
    let inside = number >= f64::from(least) && number <= f64::from(most);
    inside.then(|| i32::try_from(super::number::to_count(number)).unwrap_or_default())
}

fn scientific(digits: &str, exponent: i32) -> String {
    let (first, rest) = digits.split_at(1);
    let dot = if rest.is_empty() { "" } else { "." };
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{first}{dot}{rest}e{sign}{}", exponent.abs())
}

/// That many digits of a number, and the exponent of the first.
fn significant(number: f64, count: i32) -> (String, i32) {
    if number == 0.0 {
        return (zeros(count), 0);
    }
    let exact = Exact::new(number);
    let exponent = exact.exponent();
    let digits = exact.round(count - 1 - exponent);
    if digits.len() > usize::try_from(count).unwrap_or_default() {
        let kept = digits.get(..digits.len() - 1).unwrap_or_default().to_owned();
        return (kept, exponent + 1);
    }
    (digits, exponent)
}

/// All decimal digits of a number: `digits` with a point after the first `point` of them.
struct Exact {
    digits: String,
    point: i32,
}

impl Exact {
    fn new(number: f64) -> Self {
        // No double has more than 1074 digits after the point.
        let text = format!("{number:.1074}");
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let point = i32::try_from(whole.len()).unwrap_or_default();
        Self { digits: format!("{whole}{fraction}"), point }
    }

    fn exponent(&self) -> i32 {
        let leading = self.digits.find(|digit| digit != '0').unwrap_or_default();
        self.point - 1 - i32::try_from(leading).unwrap_or_default()
    }

    /// The digits up to that many places after the point as a whole number, halves rounded up.
    fn round(&self, places: i32) -> String {
        let Ok(kept) = usize::try_from(self.point + places) else { return "0".to_owned() };
        let mut digits: Vec<u8> = self.digits.bytes().take(kept).collect();
        digits.resize(kept, b'0');
        if self.digits.as_bytes().get(kept).is_some_and(|next| *next >= b'5') {
            let last = digits.iter().rposition(|digit| *digit != b'9');
            for digit in digits.iter_mut().skip(last.map_or(0, |last| last + 1)) {
                *digit = b'0';
            }
            match last.and_then(|last| digits.get_mut(last)) {
                Some(digit) => *digit += 1,
                None => digits.insert(0, b'1'),
            }
        }
        let text: String = digits.into_iter().map(char::from).collect();
        let trimmed = text.trim_start_matches('0');
        if trimmed.is_empty() { "0".to_owned() } else { trimmed.to_owned() }
    }
}
