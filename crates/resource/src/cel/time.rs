//! Points and spans of time: reading and writing them as Go does, their parts, here and in other time zones. Knows no
//! clock; the time zones are those that are built in, whatever the machine has.

use std::fmt::Write as _;

use chrono::{DateTime, Offset as _, TimeZone as _};

use crate::calendar::{date_of, days_from, days_in, is_leap};

/// The first and the last second that a timestamp may have: years 1 and 9999.
const SECONDS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;
const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// A point in time, with the offset it is read in.
#[derive(Debug, Clone, Copy)]
pub struct Timestamp {
    /// Seconds since 1970.
    pub seconds: i64,
    /// Nanoseconds after them.
    pub nanos: u32,
    /// Seconds east of Greenwich; only the text shows them.
    offset: i64,
}

impl PartialEq for Timestamp {
    fn eq(&self, other: &Self) -> bool {
        (self.seconds, self.nanos) == (other.seconds, other.nanos)
    }
}

impl Eq for Timestamp {}

impl PartialOrd for Timestamp {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Timestamp {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.seconds, self.nanos).cmp(&(other.seconds, other.nanos))
    }
}

/// The parts of a date and a time of day.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parts {
    pub(super) year: i64,
    /// From 1.
    pub(super) month: i64,
    /// From 1.
    pub(super) day: i64,
    /// From 0.
    pub(super) day_of_year: i64,
    /// From Sunday, 0.
    pub(super) weekday: i64,
    pub(super) hour: i64,
    pub(super) minute: i64,
    pub(super) second: i64,
}

impl Timestamp {
    /// The point so many seconds after 1970; `None` outside the years 1 to 9999.
    pub fn at(seconds: i64, nanos: u32) -> Option<Self> {
        SECONDS.contains(&seconds).then_some(Self { seconds, nanos, offset: 0 })
    }

    /// Moves it by nanoseconds.
    pub(super) fn plus(self, nanos: i64) -> Option<Self> {
        let total =
            i128::from(self.seconds) * i128::from(NANOS_PER_SECOND) + i128::from(self.nanos) + i128::from(nanos);
        let per_second = i128::from(NANOS_PER_SECOND);
        let seconds = i64::try_from(total.div_euclid(per_second)).ok()?;
        let moved = Self::at(seconds, u32::try_from(total.rem_euclid(per_second)).ok()?)?;
        Some(Self { offset: self.offset, ..moved })
    }

    /// The span from `other` to this.
    pub(super) fn minus(self, other: Self) -> Option<i64> {
        let seconds = i128::from(self.seconds) - i128::from(other.seconds);
        let nanos = seconds * i128::from(NANOS_PER_SECOND) + i128::from(self.nanos) - i128::from(other.nanos);
        i64::try_from(nanos).ok()
    }

    /// Reads RFC 3339, strictly. `Err(true)` where it is out of range, `Err(false)` where it is no such text.
    pub(crate) fn parse(text: &str) -> Result<Self, bool> {
        let bytes = text.as_bytes();
        let number = |from: usize, to: usize| -> Result<i64, bool> {
            let digits = bytes.get(from..to).filter(|digits| digits.iter().all(u8::is_ascii_digit)).ok_or(false)?;
            Ok(digits.iter().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0')))
        };
        let sign = |at: usize, signs: &[u8]| bytes.get(at).is_some_and(|byte| signs.contains(byte));
        let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
        let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
        let punctuated = sign(4, b"-") && sign(7, b"-") && sign(10, b"Tt") && sign(13, b":") && sign(16, b":");
        let in_range = day >= 1 && day <= days_in(year, month);
        if !punctuated || !in_range || hour > 23 || minute > 59 || second > 59 {
            return Err(false);
        }
        let (nanos, rest) = fraction(&text[19..]).ok_or(false)?;
        let offset = match rest {
            "Z" | "z" => 0,
            _ => {
                let at = text.len() - rest.len();
                let (hours, minutes) = (number(at + 1, at + 3)?, number(at + 4, at + 6)?);
                if rest.len() != 6 || !sign(at, b"+-") || !sign(at + 3, b":") || hours > 23 || minutes > 59 {
                    return Err(false);
                }
                let offset = hours * 3600 + minutes * 60;
                if rest.starts_with('-') { -offset } else { offset }
            }
        };
        let seconds = days_from(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
        Self::at(seconds, nanos).map(|point| Self { offset, ..point }).ok_or(true)
    }

    /// Its parts in an offset from UTC.
    pub(super) fn parts(self, offset: i64) -> Parts {
        let local = self.seconds + offset;
        let (days, second) = (local.div_euclid(86_400), local.rem_euclid(86_400));
        let (year, month, day) = date_of(days);
        Parts {
            year,
            month,
            day,
            day_of_year: days - days_from(year, 1, 1),
            weekday: (days + 4).rem_euclid(7),
            hour: second / 3600,
            minute: second / 60 % 60,
            second: second % 60,
        }
    }

    /// RFC 3339 with as many digits of nanoseconds as there are.
    pub fn text(self) -> String {
        let Parts { year, month, day, hour, minute, second, .. } = self.parts(self.offset);
        let mut text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
        if self.nanos != 0 {
            text += format!(".{:09}", self.nanos).trim_end_matches('0');
        }
        if self.offset == 0 {
            text.push('Z');
        } else {
            let minutes = self.offset.abs() / 60;
            let sign = if self.offset < 0 { '-' } else { '+' };
            let _ = write!(text, "{sign}{:02}:{:02}", minutes / 60, minutes % 60);
        }
        text
    }
}

fn fraction(text: &str) -> Option<(u32, &str)> {
    let Some(rest) = text.strip_prefix('.') else { return Some((0, text)) };
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let shown: String = rest.chars().take(digits.min(9)).collect();
    let nanos = format!("{shown:0<9}").parse().ok()?;
    (digits > 0).then(|| (nanos, &rest[digits..]))
}

impl Timestamp {
    /// Seconds east of Greenwich in a zone at this moment: `Europe/Berlin`, `UTC`, `+02:00`, `-05:30`, `02:00`. `None`
    /// where there is no such zone.
    pub(super) fn offset_in(self, zone: &str) -> Option<i64> {
        if zone.is_empty() || zone == "UTC" {
            return Some(0);
        }
        if zone.contains(':') {
            return fixed_offset(zone);
        }
        let zone: chrono_tz::Tz = zone.parse().ok()?;
        let moment = DateTime::from_timestamp(self.within_tables(), self.nanos)?;
        Some(i64::from(zone.offset_from_utc_datetime(&moment.naive_utc()).fix().local_minus_utc()))
    }

    /// The tables of time zones end with the century, the rules in them do not: later moments are moved to a year with the
    /// same calendar.
    fn within_tables(self) -> i64 {
        const LAST: i64 = 2089;
        let Parts { year, .. } = self.parts(0);
        let calendar = |year: i64| (is_leap(year), (days_from(year, 1, 1) + 4).rem_euclid(7));
        let same = (LAST - 27..=LAST).find(|earlier| calendar(*earlier) == calendar(year));
        match same.filter(|_| year > LAST) {
            Some(same) => self.seconds - (days_from(year, 1, 1) - days_from(same, 1, 1)) * 86_400,
            None => self.seconds,
        }
    }
}

fn fixed_offset(zone: &str) -> Option<i64> {
    let (negative, digits) = match zone.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, zone.strip_prefix('+').unwrap_or(zone)),
    };
    let (hours, minutes) = digits.split_once(':')?;
    let number =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<i64>().ok()).flatten();
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let offset = (hours.checked_mul(60)?.checked_add(minutes)?).checked_mul(60)?;
    (offset <= 24 * 3600).then_some(if negative { -offset } else { offset })
}

/// Writes a span in seconds: `90s`, `1.5s`.
pub(super) fn duration_text(nanos: i64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "Go writes the nearest float")]
    let seconds = (nanos / NANOS_PER_SECOND) as f64 + (nanos % NANOS_PER_SECOND) as f64 / 1e9;
    format!("{seconds}s")
}
