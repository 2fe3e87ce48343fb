//! The text of a number, as `String(number)` writes it.

/// From this exponent on, and below [`LEAST_PLAIN`], a number is written with an exponent.
const MOST_PLAIN: i32 = 21;
/// See [`MOST_PLAIN`].
const LEAST_PLAIN: i32 = -7;

/// `String(number)`.
pub fn number_text(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    if number == 0.0 {
        return "0".to_owned();
    }
    let scientific = format!("{number:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (LEAST_PLAIN + 1..MOST_PLAIN).contains(&exponent) {
        return number.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{}", exponent.unsigned_abs())
}
