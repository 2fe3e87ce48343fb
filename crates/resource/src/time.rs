//! RFC 3339 times, as far as comparing and telling them needs.

use crate::calendar::{date_of, days_from, days_in};

/// A moment: seconds since 1970 and nanoseconds. Comparing moments compares times whatever their offsets.
pub type Moment = (i64, u32);

/// Reads `text` as Go's `time.Parse(time.RFC3339, ..)` does: fractions may follow the seconds, after a point or a comma,
/// and an hour may have one digit.
pub fn parse(text: &str) -> Option<Moment> {
    let (date, rest) = text.split_once('T')?;
    let days = days(date)?;
    let (hour, rest) = rest.split_once(':')?;
    let (minute, rest) = rest.split_once(':')?;
    let hour = digits(hour, 1..=2).filter(|hour| *hour < 24)?;
    let minute = digits(minute, 2..=2).filter(|minute| *minute < 60)?;
    let second = digits(rest.get(..2)?, 2..=2).filter(|second| *second < 60)?;
    let (nanoseconds, zone) = fraction(rest.get(2..)?)?;
    Some((days * 86_400 + hour * 3600 + minute * 60 + second - offset(zone)?, nanoseconds))
}

/// The second as Kubernetes writes it: UTC, without a fraction. Years beyond four digits have none.
pub fn format(seconds: i64) -> String {
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = date_of(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

fn digits(text: &str, lengths: std::ops::RangeInclusive<usize>) -> Option<i64> {
    let plain = lengths.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// Days since 1970-01-01.
fn days(date: &str) -> Option<i64> {
    let mut parts = date.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let year = digits(year, 4..=4)?;
    let month = digits(month, 2..=2)?;
    let day = digits(day, 2..=2).filter(|day| (1..=days_in(year, month)).contains(day))?;
    Some(days_from(year, month, day))
}

/// Nanoseconds, cut after nine digits, and what follows them.
fn fraction(text: &str) -> Option<(u32, &str)> {
    let Some(after) = text.strip_prefix(['.', ',']) else { return Some((0, text)) };
    let count = after.bytes().take_while(u8::is_ascii_digit).count();
    if count == 0 {
        return None;
    }
    let kept = after.get(..count.min(9))?;
    Some((format!("{kept:0<9}").parse().ok()?, after.get(count..)?))
}

fn offset(zone: &str) -> Option<i64> {
    if zone == "Z" {
        return Some(0);
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = zone.strip_prefix(['+', '-'])?.split_once(':')?;
    let hours = digits(hours, 2..=2).filter(|hours| *hours <= 24)?;
    let minutes = digits(minutes, 2..=2).filter(|minutes| *minutes < 60)?;
    Some(sign * (hours * 3600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_compare_across_offsets() {
        assert_eq!(parse("1970-01-01T00:00:00Z"), Some((0, 0)));
        assert_eq!(parse("2024-02-29T12:00:00+02:00"), parse("2024-02-29T10:00:00Z"));
        assert_eq!(parse("2024-02-29T12:00:00-00:30"), parse("2024-02-29T12:30:00Z"));
        assert_eq!(parse("2000-03-01T00:00:00Z"), Some((951_868_800, 0)));
        assert_eq!(parse("1969-12-31T23:59:59Z"), Some((-1, 0)));
        assert!(parse("2024-01-01T00:00:00.5Z") > parse("2024-01-01T00:00:00Z"));
        assert_eq!(parse("2024-01-01T1:00:00,25Z"), parse("2024-01-01T01:00:00.250Z"));
    }

    #[test]
    fn what_is_written_reads_as_what_it_was() {
        assert_eq!(format(0), "1970-01-01T00:00:00Z");
        assert_eq!(format(951_782_400), "2000-02-29T00:00:00Z");
        // Every day of 800 years, each at another second.
        for day in -146_097..146_097 {
            let seconds = day * 86_400 + (day * 7919_i64).rem_euclid(86_400);
            assert_eq!(parse(&format(seconds)), Some((seconds, 0)), "{day}");
        }
    }

    #[test]
    fn other_texts_are_no_times() {
        for text in [
            "",
            "today",
            "2023-02-29T00:00:00Z",
            "2024-13-01T00:00:00Z",
            "2024-01-01",
            "2024-01-01 00:00:00Z",
            "2024-01-01t00:00:00z",
            "2024-01-01T24:00:00Z",
            "2024-01-01T00:60:00Z",
            "2024-01-01T00:00:60Z",
            "2024-01-01T00:00:00",
            "2024-01-01T00:00:00.Z",
            "2024-01-01T00:00:00+0200",
            "2024-01-01T00:00:0é",
            "2024-1-01T00:00:00Z",
            "2024-01-01-01T00:00:00Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
