//! Numbers as JavaScript reads and prints them.
//!
//! Owns the conversions between numbers, counts and text; the number methods' formats are in `digits`.

/// `${number}`.
pub(crate) use plat_resource::javascript::number_text as print;

use super::text::{ascii, trim_end, trim_start};

/// Larger whole numbers are not safe: their neighbours print the same.
pub(crate) const MAX_SAFE: f64 = 9_007_199_254_740_991.0;

/// A count as a number.
#[expect(clippy::cast_precision_loss, reason = "no text or list is as long as 2^53")]
pub(crate) fn from_count(count: usize) -> f64 {
    count as f64
}

/// A number as a count, moved into what counts can be; not a number is nothing.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "moved into bounds first")]
pub(crate) fn to_count(number: f64) -> usize {
    if number.is_nan() || number <= 0.0 { 0 } else { number.min(MAX_SAFE).trunc() as usize }
}

/// A safe whole number.
pub(crate) fn is_safe_integer(number: f64) -> bool {
    number.fract() == 0.0 && number.abs() <= MAX_SAFE
}

/// JavaScript's `ToUint32`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the remainder fits")]
pub(crate) fn to_u32(number: f64) -> u32 {
    if number.is_finite() { number.trunc().rem_euclid(4_294_967_296.0) as u32 } else { 0 }
}

/// The fewest digits that read back as the number, and the exponent of the first.
pub(crate) fn shortest(number: f64) -> (String, i32) {
    let text = format!("{number:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    (mantissa.chars().filter(char::is_ascii_digit).collect(), exponent.parse().unwrap_or_default())
}

pub(crate) fn zeros(count: i32) -> String {
    "0".repeat(usize::try_from(count).unwrap_or_default())
}

/// `Number(text)`.
pub(crate) fn parse(units: &[u16]) -> f64 {
    let text: String = trim_end(trim_start(units)).iter().copied().map(ascii).collect();
    if text.is_empty() {
        return 0.0;
    }
    for (prefix, radix) in [("0x", 16), ("0X", 16), ("0o", 8), ("0O", 8), ("0b", 2), ("0B", 2)] {
        if let Some(digits) = text.strip_prefix(prefix) {
            let valid = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
            return if valid { parse_digits(digits, radix) } else { f64::NAN };
        }
    }
    match decimal_prefix(&text) {
        length if length == text.len() => decimal(&text),
        _ => f64::NAN,
    }
}

/// `parseFloat(text)`.
pub(crate) fn parse_float(units: &[u16]) -> f64 {
    let text: String = trim_start(units).iter().copied().map(ascii).collect();
    match decimal_prefix(&text) {
        0 => f64::NAN,
        length => decimal(text.get(..length).unwrap_or_default()),
    }
}

/// `parseInt(text, base)`.
pub(crate) fn parse_int(units: &[u16], base: f64) -> f64 {
    let text: String = trim_start(units).iter().copied().map(ascii).collect();
    let negative = text.starts_with('-');
    let mut digits = text.strip_prefix(['-', '+']).unwrap_or(&text);
    // `ToInt32`: what is beyond 2^31 wraps, and is no base.
    let mut radix = to_u32(base);
    let prefixed = digits.starts_with("0x") || digits.starts_with("0X");
    if prefixed && (radix == 0 || radix == 16) {
        digits = digits.get(2..).unwrap_or_default();
        radix = 16;
    }
    if radix == 0 {
        radix = 10;
    }
    if !(2..=36).contains(&radix) {
        return f64::NAN;
    }
    let end = digits.find(|digit: char| !digit.is_digit(radix)).unwrap_or(digits.len());
    let digits = digits.get(..end).unwrap_or_default();
    if digits.is_empty() {
        return f64::NAN;
    }
    let number = parse_digits(digits, radix);
    if negative { -number } else { number }
}

/// Digits of a base: decimal ones exactly, others rounded once for bases that are powers of two.
fn parse_digits(digits: &str, radix: u32) -> f64 {
    if radix == 10 {
        return digits.parse().unwrap_or(f64::NAN);
    }
    if radix.is_power_of_two() {
        return parse_bits(digits, radix);
    }
    digits
        .chars()
        .filter_map(|digit| digit.to_digit(radix))
        .fold(0.0, |sum, digit| sum * f64::from(radix) + f64::from(digit))
}

/// Digits that stand for whole bits: rounded half to even, as one rounding of the exact value.
fn parse_bits(digits: &str, radix: u32) -> f64 {
    let width = radix.trailing_zeros();
    let values = digits.chars().filter_map(|digit| digit.to_digit(radix));
    let bits = values.flat_map(|digit| (0..width).rev().map(move |bit| (digit >> bit) & 1)).skip_while(|bit| *bit == 0);
    let (mut mantissa, mut count, mut exponent, mut sticky) = (0_u64, 0, 0_i32, false);
    for bit in bits {
        if count < 62 {
            mantissa = (mantissa << 1) | u64::from(bit);
            count += 1;
        } else {
            sticky |= bit == 1;
            exponent += 1;
        }
    }
    // The bit that was cut off only matters where it breaks a tie.
    let exact = (mantissa << 1) | u64::from(sticky);
    #[expect(clippy::cast_precision_loss, reason = "this is the rounding")]
    let rounded = exact as f64;
    rounded * f64::from(exponent - 1).exp2()
}

/// How long the decimal literal is that a text begins with.
fn decimal_prefix(text: &str) -> usize {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let sign = text.len() - unsigned.len();
    if unsigned.starts_with("Infinity") {
        return sign + "Infinity".len();
    }
    let count = |text: &str| text.find(|digit: char| !digit.is_ascii_digit()).unwrap_or(text.len());
    let whole = count(unsigned);
    let mut length = whole;
    let mut digits = whole;
    if let Some(rest) = unsigned.get(whole..).and_then(|rest| rest.strip_prefix('.')) {
        let fraction = count(rest);
        digits += fraction;
        if digits > 0 {
            length += 1 + fraction;
        }
    }
    if digits == 0 {
        return 0;
    }
    if let Some(rest) = unsigned.get(length..).and_then(|rest| rest.strip_prefix(['e', 'E'])) {
        let unsigned_exponent = rest.strip_prefix(['-', '+']).unwrap_or(rest);
        let exponent = count(unsigned_exponent);
        if exponent > 0 {
            length += 1 + (rest.len() - unsigned_exponent.len()) + exponent;
        }
    }
    sign + length
}

fn decimal(text: &str) -> f64 {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let number = if unsigned == "Infinity" { f64::INFINITY } else { unsigned.parse().unwrap_or(f64::NAN) };
    if text.starts_with('-') { -number } else { number }
}

/// `base ** exponent`.
pub(crate) fn power(base: f64, exponent: f64) -> f64 {
    let one = base.abs().total_cmp(&1.0).is_eq();
    if exponent.is_nan() || (one && exponent.is_infinite()) { f64::NAN } else { libm::pow(base, exponent) }
}

/// `Math.round`: halves go up.
pub(crate) fn round(number: f64) -> f64 {
    let floor = number.floor();
    let rounded = if number - floor >= 0.5 { floor + 1.0 } else { floor };
    if rounded == 0.0 && number.is_sign_negative() { -0.0 } else { rounded }
}

/// JavaScript's `ToIntegerOrInfinity`.
pub(crate) fn to_integer(number: f64) -> f64 {
    if number.is_nan() || number == 0.0 { 0.0 } else { number.trunc() }
}
