//! `strconv.AppendFloat` for float64: formats `b e E f g G x X`, precision or the shortest that reads back.

/// No float64 has more decimal places than this; behind them all are zero. Rust itself refuses more than 65,535.
const ALL_DIGITS: usize = 1100;

/// Decimal digits of a finite number: `0.d1d2d3… × 10^point`, trailing zeros dropped.
struct Decimal {
    digits: Vec<u8>,
    point: i32,
}

impl Decimal {
    /// Digits of a positive finite number, as many as `significant` asks, or the fewest that read back.
    fn new(magnitude: f64, significant: Option<usize>) -> Self {
        let text = match significant {
            Some(count) => format!("{:.*e}", (count.max(1) - 1).min(ALL_DIGITS), magnitude),
            None => format!("{magnitude:e}"),
        };
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let mut digits: Vec<u8> = mantissa.bytes().filter(u8::is_ascii_digit).collect();
        while digits.last() == Some(&b'0') {
            digits.pop();
        }
        let point = if digits.is_empty() { 0 } else { exponent.parse::<i32>().unwrap_or(0) + 1 };
        Self { digits, point }
    }
}

/// Formats `value` with one of the verbs `b e E f g G x X`; `None` asks for the shortest form. A sign is written for
/// negative numbers only, `+Inf` apart, as Go does.
pub fn format(value: f64, verb: char, precision: Option<usize>) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value < 0.0 { "-Inf" } else { "+Inf" }.to_owned();
    }
    let magnitude = value.abs();
    let text = match verb {
        'b' => binary(magnitude),
        'x' | 'X' => hexadecimal(magnitude, precision, verb),
        'e' | 'E' => exponential(magnitude, precision, verb),
        'f' => fixed(magnitude, precision),
        _ => general(magnitude, precision, verb),
    };
    if value.is_sign_negative() { format!("-{text}") } else { text }
}

fn exponential(magnitude: f64, precision: Option<usize>, verb: char) -> String {
    let decimal = Decimal::new(magnitude, precision.map(|count| count + 1));
    let count = precision.unwrap_or_else(|| decimal.digits.len().saturating_sub(1));
    scientific(&decimal, count, verb)
}

fn scientific(decimal: &Decimal, precision: usize, verb: char) -> String {
    let digit = |index: usize| char::from(decimal.digits.get(index).copied().unwrap_or(b'0'));
    let mut text = String::from(digit(0));
    if precision > 0 {
        text.push('.');
        text.extend((1..=precision).map(digit));
    }
    let exponent = if decimal.digits.is_empty() { 0 } else { decimal.point - 1 };
    let sign = if exponent < 0 { '-' } else { '+' };
    text.push_str(&format!("{verb}{sign}{:02}", exponent.unsigned_abs()));
    text
}

fn fixed(magnitude: f64, precision: Option<usize>) -> String {
    match precision {
        Some(count) => {
            let exact = count.min(ALL_DIGITS);
            let mut text = format!("{magnitude:.exact$}");
            text.extend(std::iter::repeat_n('0', count - exact));
            text
        }
        // Rust prints the shortest digits that read back, without exponent, as Go's -1 does.
        None => format!("{magnitude}"),
    }
}

fn general(magnitude: f64, precision: Option<usize>, verb: char) -> String {
    let wanted = precision.map(|count| count.max(1));
    let decimal = Decimal::new(magnitude, wanted);
    let count = decimal.digits.len();
    let point = decimal.point;
    let mut limit = wanted.unwrap_or(6);
    if wanted.is_some() && limit > count && i32::try_from(count).is_ok_and(|count| count >= point) {
        limit = count;
    }
    let exponent = point - 1;
    if exponent < -4 || exponent >= i32::try_from(limit).unwrap_or(i32::MAX) {
        let shown = wanted.map_or(count, |wanted| wanted.min(count));
        let letter = if verb == 'G' { 'E' } else { 'e' };
        return scientific(&decimal, shown.saturating_sub(1), letter);
    }
    plain(&decimal)
}

fn plain(decimal: &Decimal) -> String {
    let digit = |index: i32| {
        let found = usize::try_from(index).ok().and_then(|index| decimal.digits.get(index).copied());
        char::from(found.unwrap_or(b'0'))
    };
    let mut text = String::new();
    if decimal.point > 0 {
        text.extend((0..decimal.point).map(digit));
    } else {
        text.push('0');
    }
    let length = i32::try_from(decimal.digits.len()).unwrap_or(i32::MAX);
    if length > decimal.point {
        text.push('.');
        text.extend((decimal.point..length).map(digit));
    }
    text
}

const MANTISSA_BITS: u32 = 52;
const EXPONENT_BIAS: i32 = 1023;

fn parts(magnitude: f64) -> (u64, i32) {
    let bits = magnitude.to_bits();
    let exponent = i32::try_from((bits >> MANTISSA_BITS) & 0x7ff).unwrap_or(0);
    let mantissa = bits & ((1 << MANTISSA_BITS) - 1);
    if exponent == 0 {
        (mantissa, 1 - EXPONENT_BIAS)
    } else {
        (mantissa | (1 << MANTISSA_BITS), exponent - EXPONENT_BIAS)
    }
}

fn binary(magnitude: f64) -> String {
    let (mantissa, exponent) = parts(magnitude);
    let exponent = exponent - 52;
    let sign = if exponent >= 0 { "+" } else { "" };
    format!("{mantissa}p{sign}{exponent}")
}

fn hexadecimal(magnitude: f64, precision: Option<usize>, verb: char) -> String {
    let (mut mantissa, mut exponent) = parts(magnitude);
    if mantissa == 0 {
        exponent = 0;
    }
    // One digit in front of the point, sixty bits behind it.
    mantissa <<= 60 - MANTISSA_BITS;
    while mantissa != 0 && mantissa & (1 << 60) == 0 {
        mantissa <<= 1;
        exponent -= 1;
    }
    if let Some(digits) = precision.filter(|digits| *digits < 15) {
        let shift = u32::try_from(digits * 4).unwrap_or(0);
        let extra = (mantissa << shift) & ((1 << 60) - 1);
        mantissa >>= 60 - shift;
        if extra | (mantissa & 1) > 1 << 59 {
            mantissa += 1;
        }
        mantissa <<= 60 - shift;
        if mantissa & (1 << 61) != 0 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    let mut text = format!("0x{}", (mantissa >> 60) & 15);
    let fraction = (mantissa << 4) >> 4 & ((1 << 60) - 1);
    let mut digits = format!("{fraction:015x}");
    match precision {
        None => digits.truncate(digits.trim_end_matches('0').len()),
        Some(count) if count <= digits.len() => digits.truncate(count),
        Some(count) => digits.push_str(&"0".repeat(count - digits.len())),
    }
    if !digits.is_empty() {
        text.push('.');
        text.push_str(&digits);
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    text.push_str(&format!("p{sign}{:02}", exponent.unsigned_abs()));
    if verb == 'X' { text.to_uppercase() } else { text }
}

#[cfg(test)]
mod tests {
    use super::format;

    #[test]
    fn formats_as_strconv_does() {
        // Each line was printed by Go's fmt.
        let cases: &[(f64, char, Option<usize>, &str)] = &[
            (3.0, 'g', None, "3"),
            (1_000_000.0, 'g', None, "1e+06"),
            (123_456.0, 'g', None, "123456"),
            (1e-5, 'g', None, "1e-05"),
            (0.0001, 'g', None, "0.0001"),
            (0.0, 'g', None, "0"),
            (-7.0, 'g', None, "-7"),
            (1.5, 'e', Some(6), "1.500000e+00"),
            (1.5, 'f', Some(6), "1.500000"),
            (2.5, 'f', Some(0), "2"),
            (1e21, 'f', None, "1000000000000000000000"),
            (9_007_199_254_740_992.0, 'g', None, "9.007199254740992e+15"),
            (1234.5678, 'g', Some(2), "1.2e+03"),
            (100.0, 'g', Some(3), "100"),
            (100.0, 'g', Some(2), "1e+02"),
            (1.5, 'b', None, "6755399441055744p-52"),
            (1.5, 'x', None, "0x1.8p+00"),
            (3.0, 'X', None, "0X1.8P+01"),
            (1.0, 'x', Some(3), "0x1.000p+00"),
            (1.999, 'x', Some(1), "0x1.0p+01"),
            (0.0, 'x', None, "0x0p+00"),
            (1e-7, 'e', None, "1e-07"),
            (5e-324, 'g', None, "5e-324"),
        ];
        for (value, verb, precision, want) in cases {
            assert_eq!(&format(*value, *verb, *precision), want, "{value} %{verb} {precision:?}");
        }
    }
}
