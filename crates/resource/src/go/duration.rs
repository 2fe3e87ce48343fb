//! Spans of time as Go's `time.ParseDuration` reads them.

/// The units that Go knows, in nanoseconds.
const UNITS: [(&str, i64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// Reads `1h30m`, `-1.5s`, `100ms`, `0` as nanoseconds.
pub fn parse(text: &str) -> Option<i64> {
    parse_with(text, &[])
}

/// The same with more units than Go has, in nanoseconds.
pub fn parse_with(text: &str, more: &[(&str, i64)]) -> Option<i64> {
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
        let (decimals, after) = after.strip_prefix('.').map_or(("", after), digits);
        if whole.is_empty() && decimals.is_empty() {
            return None;
        }
        let end = after.find(|character: char| character == '.' || character.is_ascii_digit()).unwrap_or(after.len());
        let (name, after) = after.split_at(end);
        let (_, unit) = UNITS.iter().chain(more).find(|(unit, _)| *unit == name)?;
        let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        total = total.checked_add(whole.checked_mul(i128::from(*unit))?)?.checked_add(part_of(*unit, decimals))?;
        rest = after;
    }
    i64::try_from(if negative { -total } else { total }).ok()
}

/// So much of a unit as the decimals say, cut to the nanosecond; reckoned in floats, as Go does.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "Go loses the same")]
fn part_of(unit: i64, decimals: &str) -> i128 {
    let (mut fraction, mut scale) = (0_i64, 1.0);
    for digit in decimals.bytes() {
        let next = fraction.checked_mul(10).and_then(|fraction| fraction.checked_add(i64::from(digit - b'0')));
        let Some(next) = next else { break };
        (fraction, scale) = (next, scale * 10.0);
    }
    (fraction as f64 * (unit as f64 / scale)) as i128
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_as_go_reads_them() {
        let cases = [
            ("0", Some(0)),
            ("-0", Some(0)),
            ("1h30m", Some(5_400_000_000_000)),
            ("-1.5s", Some(-1_500_000_000)),
            ("+5s", Some(5_000_000_000)),
            ("1.s", Some(1_000_000_000)),
            (".5ms", Some(500_000)),
            ("10.5s4m", Some(250_500_000_000)),
            ("0.9999999999ns", Some(0)),
            ("0.333333333333333333333333333h", Some(1_200_000_000_000)),
            ("00000000000000000000000001us", Some(1_000)),
            ("9223372036854775807ns", Some(i64::MAX)),
            ("-9223372036854775808ns", Some(i64::MIN)),
            ("9223372036854775808ns", None),
            ("99999999999999999999999999999999999999999h", None),
            ("", None),
            ("-", None),
            ("1", None),
            (".s", None),
            ("1d", None),
            ("1h 30m", None),
            ("é", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text), expected, "{text}");
        }
        assert_eq!(parse_with("1d", &[("d", 86_400_000_000_000)]), Some(86_400_000_000_000));
    }
}
