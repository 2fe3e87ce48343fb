//! What a scalar means, by the rules of go-yaml v2: YAML 1.1 without base 60.
//!
//! Owns booleans, nulls, numbers, tags on scalars, and the forms that JSON gives to numbers. Both the reader and the
//! printer ask here, so that what is printed is read back.

use std::borrow::Cow;

use serde_json::{Number, Value};

/// What a plain scalar without a tag is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Scalar {
    /// No value.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer of 64 bits with sign.
    Int(i64),
    /// An integer above them.
    Uint(u64),
    /// A float, perhaps not finite.
    Float(f64),
    /// The merge key `<<`.
    Merge,
    /// Anything else.
    Text,
}

/// Resolves a plain scalar.
pub(super) fn resolve(text: &str) -> Scalar {
    let Some(first) = text.bytes().next() else { return Scalar::Null };
    match first {
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => resolve_word(text),
        b'<' if text == "<<" => Scalar::Merge,
        b'.' => resolve_point(text),
        b'0'..=b'9' | b'+' | b'-' => resolve_number(text),
        _ => Scalar::Text,
    }
}

fn resolve_word(text: &str) -> Scalar {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Scalar::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Scalar::Bool(false),
        "~" | "null" | "Null" | "NULL" => Scalar::Null,
        _ => Scalar::Text,
    }
}

fn resolve_point(text: &str) -> Scalar {
    match text {
        ".nan" | ".NaN" | ".NAN" => Scalar::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" => Scalar::Float(f64::INFINITY),
        _ if text.contains('_') && !has_sound_underscores(text) => Scalar::Text,
        _ => finite_float(&without_underscores(text)).map_or(Scalar::Text, Scalar::Float),
    }
}

/// After a point, go-yaml takes underscores between digits only; elsewhere it takes them anywhere.
fn has_sound_underscores(text: &str) -> bool {
    text.as_bytes()
        .windows(3)
        .filter(|window| window.get(1) == Some(&b'_'))
        .all(|window| window.first().is_some_and(u8::is_ascii_digit) && window.last().is_some_and(u8::is_ascii_digit))
        && !text.ends_with('_')
}

fn without_underscores(text: &str) -> Cow<'_, str> {
    if text.contains('_') { Cow::Owned(text.replace('_', "")) } else { Cow::Borrowed(text) }
}

fn resolve_number(text: &str) -> Scalar {
    match text {
        "+.inf" | "+.Inf" | "+.INF" => return Scalar::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Scalar::Float(f64::NEG_INFINITY),
        _ => {}
    }
    let plain = &without_underscores(text);
    integer(plain).or_else(|| finite_float(plain).map(Scalar::Float)).or_else(|| binary(plain)).unwrap_or(Scalar::Text)
}

/// An integer with the prefixes of Go: `0x`, `0o`, `0b`, and a leading `0` for octal.
fn integer(text: &str) -> Option<Scalar> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => (Some(true), text.get(1..)?),
        b'+' => (Some(false), text.get(1..)?),
        _ => (None, text),
    };
    let magnitude = magnitude(digits)?;
    if sign == Some(true) {
        return 0i64.checked_sub_unsigned(magnitude).map(Scalar::Int);
    }
    match i64::try_from(magnitude) {
        Ok(number) => Some(Scalar::Int(number)),
        Err(_) if sign.is_none() => Some(Scalar::Uint(magnitude)),
        Err(_) => None,
    }
}

fn magnitude(digits: &str) -> Option<u64> {
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', _, ..] => (16, digits.get(2..)?),
        [b'0', b'o' | b'O', _, ..] => (8, digits.get(2..)?),
        [b'0', b'b' | b'B', _, ..] => (2, digits.get(2..)?),
        [b'0', _, ..] => (8, digits.get(1..)?),
        _ => (10, digits),
    };
    if !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    u64::from_str_radix(digits, radix).ok()
}

/// `0b` with a sign behind it: a quirk of go-yaml.
fn binary(text: &str) -> Option<Scalar> {
    let digits = text.strip_prefix("0b").filter(|digits| digits.starts_with(['+', '-']))?;
    i64::from_str_radix(digits, 2).ok().map(Scalar::Int)
}

/// A decimal float that fits; what overflows is no number to go-yaml, but a string.
fn finite_float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let well_formed = digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|exponent| !exponent.is_empty() && digits(exponent));
    if !well_formed {
        return None;
    }
    text.parse::<f64>().ok().filter(|number| number.is_finite())
}

/// Resolves a scalar with a tag of YAML itself (`int`, `str`, ...); the error says what the text is not.
pub(super) fn resolve_tagged(tag: &str, text: &str) -> Result<Scalar, String> {
    let found = resolve(text);
    let fits = match (tag, found) {
        ("bool", Scalar::Bool(_))
        | ("int", Scalar::Int(_) | Scalar::Uint(_))
        | ("float", Scalar::Float(_))
        | ("null", Scalar::Null) => true,
        #[expect(clippy::cast_precision_loss, reason = "the tag asks for a float")]
        ("float", Scalar::Int(number)) => return Ok(Scalar::Float(number as f64)),
        ("timestamp", _) => return if is_timestamp(text) { Ok(Scalar::Text) } else { Err(misfit(tag, text)) },
        ("bool" | "int" | "float" | "null", _) => false,
        _ => return Ok(Scalar::Text),
    };
    if fits { Ok(found) } else { Err(misfit(tag, text)) }
}

fn misfit(tag: &str, text: &str) -> String {
    let short: String = text.chars().take(40).collect();
    format!("{short:?} is not a !!{tag}")
}

/// The JSON value of a float: an integer where Go's JSON writes one. None when it is not finite.
pub(super) fn float(number: f64) -> Option<Value> {
    // Go writes the shortest digits without an exponent below 1e21, and Kubernetes reads those as an integer if it can.
    if number.fract() == 0.0
        && number.abs() < 1e21
        && let Ok(integer) = number.to_string().parse::<i64>()
    {
        return Some(integer.into());
    }
    Number::from_f64(number).map(Value::Number)
}

/// The JSON value of an unsigned integer: Kubernetes has none, so what does not fit is a float.
pub(super) fn unsigned(number: u64) -> Value {
    match i64::try_from(number) {
        Ok(number) => number.into(),
        #[expect(clippy::cast_precision_loss, reason = "the loss is what Kubernetes does")]
        Err(_) => Number::from_f64(number as f64).map_or(Value::Null, Value::Number),
    }
}

/// The text of a float as a key: Go's shortest form of 32 bits, as sigs.k8s.io/yaml writes keys.
#[expect(clippy::cast_possible_truncation, reason = "the loss is what sigs.k8s.io/yaml does")]
pub(super) fn float_key(number: f64) -> String {
    let number = number as f32;
    if number.is_nan() {
        ".nan".to_owned()
    } else if number.is_infinite() {
        if number > 0.0 { ".inf" } else { "-.inf" }.to_owned()
    } else {
        general(&format!("{number:e}"), || number.to_string())
    }
}

/// The text of a float as Go's `%g` of 64 bits writes it.
pub(super) fn general_float(number: f64) -> String {
    general(&format!("{number:e}"), || number.to_string())
}

/// `scientific` in Go's spelling when the exponent is large or small, `decimal` otherwise.
fn general(scientific: &str, decimal: impl FnOnce() -> String) -> String {
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let exponent = exponent.parse::<i32>().unwrap_or_default();
    if (-4..GENERAL_LIMIT).contains(&exponent) {
        return decimal();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
}

/// Go's `%g` turns to exponents here.
const GENERAL_LIMIT: i32 = 6;

/// True for what go-yaml reads as a timestamp: a string all the same, but printed in quotes.
pub(super) fn is_timestamp(text: &str) -> bool {
    let year = text.bytes().take_while(u8::is_ascii_digit).count();
    if year != 4 || text.as_bytes().get(4) != Some(&b'-') {
        return false;
    }
    let mut cursor = Cursor { rest: text.get(5..).unwrap_or_default() };
    let year = text.get(..4).and_then(|year| year.parse().ok()).unwrap_or(0);
    cursor.timestamp(year).is_some()
}

struct Cursor<'text> {
    rest: &'text str,
}

impl Cursor<'_> {
    fn timestamp(&mut self, year: u32) -> Option<()> {
        let month = self.number(1, 12)?;
        self.literal("-")?;
        self.number(1, days(year, month))?;
        if self.rest.is_empty() {
            return Some(());
        }
        let spaced = self.rest.starts_with(' ');
        self.literal(" ").or_else(|| self.literal("T")).or_else(|| self.literal("t"))?;
        if spaced {
            self.rest = self.rest.trim_start_matches(' ');
        }
        self.clock()?;
        if !spaced {
            self.zone()?;
        }
        self.rest.is_empty().then_some(())
    }

    fn clock(&mut self) -> Option<()> {
        self.number(0, 23)?;
        self.literal(":")?;
        self.number(0, 59)?;
        self.literal(":")?;
        self.number(0, 59)?;
        if self.rest.starts_with(['.', ',']) {
            let fraction = self.rest.get(1..)?;
            let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
            if digits == 0 {
                return None;
            }
            self.rest = fraction.get(digits..)?;
        }
        Some(())
    }

    fn zone(&mut self) -> Option<()> {
        if self.literal("Z").is_some() {
            return Some(());
        }
        self.literal("+").or_else(|| self.literal("-"))?;
        let (hour, minute) = self.rest.split_once(':')?;
        let two = |text: &str, limit: u32| {
            text.len() == 2
                && text.bytes().all(|byte| byte.is_ascii_digit())
                && text.parse::<u32>().is_ok_and(|n| n <= limit)
        };
        (two(hour, 24) && two(minute, 60)).then(|| self.rest = "")
    }

    /// One or two digits within the bounds.
    fn number(&mut self, least: u32, most: u32) -> Option<u32> {
        let digits = self.rest.bytes().take(2).take_while(u8::is_ascii_digit).count();
        let number = self.rest.get(..digits)?.parse::<u32>().ok()?;
        self.rest = self.rest.get(digits..)?;
        (least..=most).contains(&number).then_some(number)
    }

    fn literal(&mut self, literal: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(literal)?;
        Some(())
    }
}

fn days(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
