//! `time.parse_ns`, `time.parse_rfc3339_ns` and `time.add_date`: Go's reading of dates.
//!
//! Owns what is read by the layouts, which are a known moment written out. Other functions of time are regorus'.

use plat_resource::calendar::{date_of, days_from};

use super::arguments::{argument, integer, text};
use super::bridge;
use super::layout::{Part, parts};
use super::{Outcome, Problem, Row};
use crate::budget::Budget;
use crate::value::Value;

pub(super) const ROWS: &[Row] = &[
    ("time.parse_ns", 2, |_, values| parsed(text(values, 0)?, text(values, 1)?)),
    ("time.parse_rfc3339_ns", 1, |_, values| parsed("RFC3339", text(values, 0)?)),
    ("time.add_date", 4, add_date),
];

/// Nobody comes back from further away.
const FAR: u64 = 1_000_000_000;
const DAY: i128 = 86_400_000_000_000;
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// Days from 1970-01-01 to the first of a month, which may be any number of months away from January.
fn days_to(year: i64, month: i64) -> i64 {
    days_from(year + (month - 1).div_euclid(12), (month - 1).rem_euclid(12) + 1, 1)
}

fn nanoseconds(value: i128) -> Outcome {
    i64::try_from(value).map(Value::int).map_err(|_| Problem::Undefined)
}

fn add_date(budget: &mut Budget, values: &[Value]) -> Outcome {
    if !matches!(argument(values, 0)?, Value::Number(_)) {
        return bridge::call("time.add_date", budget, values);
    }
    let start = i128::from(integer(values, 0)?);
    let (years, months, days) = (integer(values, 1)?, integer(values, 2)?, integer(values, 3)?);
    if [years, months, days].into_iter().any(|number| number.unsigned_abs() > FAR) {
        return Err(Problem::Undefined);
    }
    let today = i64::try_from(start.div_euclid(DAY)).map_err(|_| Problem::Undefined)?;
    let (year, month, day) = date_of(today);
    let moved = days_to(year + years, month + months) + day - 1 + days;
    nanoseconds(i128::from(moved) * DAY + start.rem_euclid(DAY))
}

/// What was read so far.
struct Moment {
    year: i64,
    month: Option<i64>,
    day: Option<i64>,
    day_of_year: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    nanosecond: i64,
    afternoon: Option<bool>,
    /// Seconds east of Greenwich.
    offset: i64,
}

fn parsed(layout: &str, value: &str) -> Outcome {
    read(layout, value).ok_or(Problem::Undefined).and_then(nanoseconds)
}

fn read(layout: &str, value: &str) -> Option<i128> {
    let mut moment = Moment {
        year: 0,
        month: None,
        day: None,
        day_of_year: None,
        hour: 0,
        minute: 0,
        second: 0,
        nanosecond: 0,
        afternoon: None,
        offset: 0,
    };
    let parts = parts(layout);
    let mut rest = value;
    for (at, part) in parts.iter().enumerate() {
        rest = match part {
            Part::Text(text) => skip(rest, text)?,
            Part::Second(fixed) => {
                let (second, after) = number(rest, *fixed)?;
                moment.second = second;
                // A fraction may follow that the layout does not ask for.
                let asked = parts.iter().skip(at + 1).find(|part| !matches!(part, Part::Text(_)));
                let asked = matches!(asked, Some(Part::Fraction { .. }));
                match fraction(after).filter(|_| !asked) {
                    Some((nanosecond, after)) => {
                        moment.nanosecond = nanosecond;
                        after
                    }
                    None => after,
                }
            }
            part => moment.take(part, rest)?,
        };
    }
    if rest.is_empty() { moment.nanoseconds() } else { None }
}

/// What follows a text of the layout; blanks stand for any number of blanks.
fn skip<'a>(mut value: &'a str, mut text: &str) -> Option<&'a str> {
    while let Some(first) = text.chars().next() {
        if first == ' ' {
            if !value.is_empty() && !value.starts_with(' ') {
                return None;
            }
            (text, value) = (text.trim_start_matches(' '), value.trim_start_matches(' '));
            continue;
        }
        value = value.strip_prefix(first)?;
        text = &text[first.len_utf8()..];
    }
    Some(value)
}

/// One digit, or two; always two where the layout says so.
fn number(value: &str, fixed: bool) -> Option<(i64, &str)> {
    let digits = value.bytes().take(2).take_while(u8::is_ascii_digit).count();
    if digits == 0 || (fixed && digits < 2) {
        return None;
    }
    let (number, rest) = value.split_at(digits);
    Some((number.parse().ok()?, rest))
}

/// A point or comma and all digits behind it.
fn fraction(value: &str) -> Option<(i64, &str)> {
    let digits = value.strip_prefix(['.', ','])?;
    let count = digits.bytes().take_while(u8::is_ascii_digit).count();
    if count == 0 {
        return None;
    }
    let (digits, rest) = digits.split_at(count);
    let digits = digits.get(..digits.len().min(9))?;
    Some((format!("{digits:0<9}").parse().ok()?, rest))
}

fn named<'a>(value: &'a str, names: &[&str], short: bool) -> Option<(i64, &'a str)> {
    for (name, index) in names.iter().zip(1..) {
        let name = if short { name.get(..3)? } else { name };
        let head = value.get(..name.len());
        if head.is_some_and(|head| head.eq_ignore_ascii_case(name)) {
            return Some((index, &value[name.len()..]));
        }
    }
    None
}

impl Moment {
    fn take<'a>(&mut self, part: &Part, value: &'a str) -> Option<&'a str> {
        let within = |(number, rest): (i64, &'a str), least: i64, most: i64| {
            (least..=most).contains(&number).then_some((number, rest))
        };
        let (slot, (found, rest)) = match part {
            Part::Year => {
                let year = value.get(..4).filter(|year| year.bytes().all(|byte| byte.is_ascii_digit()))?;
                (&mut self.year, (year.parse().ok()?, &value[4..]))
            }
            Part::ShortYear => {
                let (year, rest) = number(value, true)?;
                (&mut self.year, (if year >= 69 { year + 1900 } else { year + 2000 }, rest))
            }
            Part::MonthName { short } => (self.month.insert(0), named(value, &MONTHS, *short)?),
            Part::Month(fixed) => (self.month.insert(0), within(number(value, *fixed)?, 1, 12)?),
            Part::Weekday { short } => return named(value, &WEEKDAYS, *short).map(|(_, rest)| rest),
            Part::Day(fixed) => (self.day.insert(0), number(value, *fixed)?),
            Part::PaddedDay => (self.day.insert(0), number(value.strip_prefix(' ').unwrap_or(value), false)?),
            Part::DayOfYear => {
                let digits = value.get(..3)?.trim_start_matches(' ');
                let day = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())??;
                (self.day_of_year.insert(0), (day, &value[3..]))
            }
            Part::Hour => (&mut self.hour, within(number(value, false)?, 0, 23)?),
            Part::HalfDayHour(fixed) => (&mut self.hour, within(number(value, *fixed)?, 0, 12)?),
            Part::Minute(fixed) => (&mut self.minute, within(number(value, *fixed)?, 0, 59)?),
            Part::Fraction { digits } => return self.fraction(*digits, value),
            Part::Afternoon { upper } => {
                let (morning, afternoon) = if *upper { ("AM", "PM") } else { ("am", "pm") };
                let rest = value.strip_prefix(morning);
                self.afternoon = Some(rest.is_none());
                return rest.or_else(|| value.strip_prefix(afternoon));
            }
            Part::Zone { z, width, colons } => {
                if *z && let Some(rest) = value.strip_prefix('Z') {
                    return Some(rest);
                }
                (&mut self.offset, offset(value, *width, *colons)?)
            }
            Part::ZoneName => (&mut self.offset, zone_name(value)?),
            Part::Second(_) | Part::Text(_) => return None,
        };
        *slot = found;
        Some(rest)
    }

    fn fraction<'a>(&mut self, digits: Option<usize>, value: &'a str) -> Option<&'a str> {
        let found = fraction(value);
        match digits {
            None => {
                let (nanosecond, rest) = found.unwrap_or((0, value));
                self.nanosecond = nanosecond;
                Some(rest)
            }
            Some(count) => {
                let (nanosecond, _) = fraction(value.get(..=count)?)?;
                let all = value.get(1..=count)?.bytes().all(|byte| byte.is_ascii_digit());
                self.nanosecond = nanosecond;
                if all { value.get(count + 1..) } else { None }
            }
        }
    }

    /// Days since 1970-01-01, where the parts agree on one.
    fn days(&self) -> Option<i64> {
        if let Some(day) = self.day_of_year {
            let days = days_to(self.year, 1) + day - 1;
            let (year, month, day_of_month) = date_of(days);
            let agrees = |wanted: Option<i64>, found: i64| wanted.is_none_or(|wanted| wanted == found);
            let fits = day >= 1 && year == self.year && agrees(self.month, month) && agrees(self.day, day_of_month);
            return fits.then_some(days);
        }
        let (month, day) = (self.month.unwrap_or(1), self.day.unwrap_or(1));
        let first = days_to(self.year, month);
        let fits = day >= 1 && day <= days_to(self.year, month + 1) - first;
        fits.then_some(first + day - 1)
    }

    fn nanoseconds(&self) -> Option<i128> {
        let hour = match self.afternoon {
            Some(true) if self.hour < 12 => self.hour + 12,
            Some(false) if self.hour == 12 => 0,
            _ => self.hour,
        };
        if self.second > 59 {
            return None;
        }
        let days = self.days()?;
        let seconds = hour * 3600 + self.minute * 60 + self.second - self.offset;
        Some(i128::from(days) * DAY + i128::from(seconds) * 1_000_000_000 + i128::from(self.nanosecond))
    }
}

/// `+hh`, `+hhmm` or `+hh:mm:ss` as wide as the layout has it.
fn offset(value: &str, width: usize, colons: bool) -> Option<(i64, &str)> {
    let (text, rest) = (value.get(..width)?, value.get(width..)?);
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let mut fields = [0_i64; 3];
    let mut at = 1;
    for (index, field) in fields.iter_mut().enumerate() {
        if at >= width {
            break;
        }
        if colons && index > 0 {
            text.get(at..)?.strip_prefix(':')?;
            at += 1;
        }
        let digits = text.get(at..at + 2).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
        *field = digits.parse().ok()?;
        at += 2;
    }
    let [hours, minutes, seconds] = fields;
    if hours > 24 || minutes > 60 || seconds > 60 {
        return None;
    }
    Some((sign * (hours * 3600 + minutes * 60 + seconds), rest))
}

/// A short name of a zone. What it stands for is not known, but for `GMT+3` and the like.
fn zone_name(value: &str) -> Option<(i64, &str)> {
    if let Some(rest) = value.strip_prefix("UTC") {
        return Some((0, rest));
    }
    if let Some(rest) = value.strip_prefix("GMT") {
        let Some(signed) = rest.strip_prefix(['+', '-']) else { return Some((0, rest)) };
        let digits = signed.bytes().take_while(u8::is_ascii_digit).count();
        let hours: i64 = signed.get(..digits)?.parse().ok().filter(|hours| *hours < 24).unwrap_or(0);
        let sign = if rest.starts_with('-') { -1 } else { 1 };
        return Some(if hours == 0 { (0, rest) } else { (sign * hours * 3600, &signed[digits..]) });
    }
    let letters = value.bytes().take(6).take_while(u8::is_ascii_uppercase).count();
    let fits = match letters {
        3 => true,
        4 => value.as_bytes().get(3) == Some(&b'T') || value.starts_with("WITA"),
        5 => value.as_bytes().get(4) == Some(&b'T'),
        _ => false,
    };
    fits.then(|| (0, &value[letters..]))
}
