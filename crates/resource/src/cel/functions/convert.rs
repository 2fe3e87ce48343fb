//! Conversions between types, and the parts of times.

use std::sync::Arc;

use super::Answer;
use crate::cel::eval::{Arguments, Fault};
use crate::cel::extension::Extension;
use crate::cel::time::{Timestamp, duration_text};
use crate::cel::value::Value;
use crate::go;

fn cannot<'a>(to: &str) -> Answer<'a> {
    Err(Fault::Said(format!("type conversion error from 'string' to '{to}'")))
}

pub(in crate::cel) fn to_bool<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    match arguments.values {
        [Value::Bool(flag)] => Ok(Value::Bool(*flag)),
        [Value::String(text)] => match text.as_str() {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(Value::Bool(true)),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(Value::Bool(false)),
            _ => cannot("bool"),
        },
        _ => Err(Fault::Overload),
    }
}

pub(in crate::cel) fn to_bytes<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    match arguments.values {
        [Value::Bytes(bytes)] => Ok(Value::Bytes(Arc::clone(bytes))),
        [Value::String(text)] => Ok(Value::Bytes(Arc::from(text.as_str().as_bytes()))),
        _ => Err(Fault::Overload),
    }
}

#[expect(clippy::cast_precision_loss, reason = "the nearest float is meant")]
pub(in crate::cel) fn to_double<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    match arguments.values {
        [Value::Double(number)] => Ok(Value::Double(*number)),
        [Value::Int(number)] => Ok(Value::Double(*number as f64)),
        [Value::Uint(number)] => Ok(Value::Double(*number as f64)),
        [Value::String(text)] => {
            go_parse_float(text.as_str()).map_or_else(|| cannot("double"), |number| Ok(Value::Double(number)))
        }
        _ => Err(Fault::Overload),
    }
}

/// Go reads what Rust reads, and underscores in hexadecimal floats, which nobody writes. It refuses what overflows.
fn go_parse_float(text: &str) -> Option<f64> {
    let plain = text.strip_prefix(['+', '-']).unwrap_or(text);
    let number = match plain.to_ascii_lowercase().as_str() {
        "inf" | "infinity" => f64::INFINITY,
        "nan" => return Some(f64::NAN),
        _ => plain.parse::<f64>().ok().filter(|number| number.is_finite())?,
    };
    let signs = text.len() - plain.len();
    (signs < 2 && !plain.starts_with(['+', '-'])).then_some(if text.starts_with('-') { -number } else { number })
}

pub(in crate::cel) fn to_duration<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    match arguments.values {
        [Value::Duration(nanos)] => Ok(Value::Duration(*nanos)),
        [Value::String(text)] => go::duration::parse(text.as_str())
            .map_or_else(|| cannot("google.protobuf.Duration"), |nanos| Ok(Value::Duration(nanos))),
        _ => Err(Fault::Overload),
    }
}

pub(in crate::cel) fn to_timestamp<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    match arguments.values {
        [Value::Timestamp(point)] => Ok(Value::Timestamp(*point)),
        [Value::Int(seconds)] => {
            Timestamp::at(*seconds, 0).map(Value::Timestamp).ok_or_else(|| "timestamp overflow".into())
        }
        [Value::String(text)] => Timestamp::parse(text.as_str()).map(Value::Timestamp).map_err(|overflow| {
            Fault::Said(if overflow {
                "timestamp overflow".to_owned()
            } else {
                format!("invalid RFC 3339 timestamp {:?}", text.as_str())
            })
        }),
        _ => Err(Fault::Overload),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "it was found to fit")]
pub(in crate::cel) fn to_int<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    match arguments.values {
        [Value::Int(number) | Value::Duration(number)] => Ok(Value::Int(*number)),
        [Value::Double(number)]
            if number.is_finite() && *number > -9.223_372_036_854_776e18 && *number < 9.223_372_036_854_776e18 =>
        {
            Ok(Value::Int(*number as i64))
        }
        [Value::Double(_)] => Err("integer overflow".into()),
        [Value::Timestamp(point)] => Ok(Value::Int(point.seconds)),
        [Value::Uint(number)] => i64::try_from(*number).map(Value::Int).map_err(|_| "integer overflow".into()),
        [Value::String(text)] => text.as_str().parse().map(Value::Int).or_else(|_| cannot("int")),
        _ => Err(Fault::Overload),
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was found to fit")]
pub(in crate::cel) fn to_uint<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    match arguments.values {
        [Value::Uint(number)] => Ok(Value::Uint(*number)),
        [Value::Double(number)] if *number >= 0.0 && *number < 1.844_674_407_370_955_2e19 => {
            Ok(Value::Uint(*number as u64))
        }
        [Value::Double(_)] => Err("unsigned integer overflow".into()),
        [Value::Int(number)] => u64::try_from(*number).map(Value::Uint).map_err(|_| "unsigned integer overflow".into()),
        [Value::String(text)] if !text.as_str().starts_with('+') => {
            text.as_str().parse().map(Value::Uint).or_else(|_| cannot("uint"))
        }
        [Value::String(_)] => cannot("uint"),
        _ => Err(Fault::Overload),
    }
}

pub(in crate::cel) fn to_string<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    let [value] = arguments.values else { return Err(Fault::Overload) };
    if let Value::String(_) = value {
        return Ok(value.clone());
    }
    as_text(value).map(Value::text)
}

/// A scalar as text.
pub(in crate::cel) fn as_text(value: &Value<'_>) -> Result<String, Fault> {
    Ok(match value {
        Value::String(text) => text.as_str().to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Uint(number) => number.to_string(),
        Value::Double(number) => go_float(*number),
        Value::Duration(nanos) => duration_text(*nanos),
        Value::Timestamp(point) => point.text(),
        Value::Type(name) => name.to_string(),
        Value::Bytes(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => return Err("invalid UTF-8 in bytes, cannot convert to string".into()),
        },
        Value::Extension(extension) => match extension.as_ref() {
            Extension::Ip(address) => address.to_string(),
            Extension::Cidr(network) => network.to_string(),
            _ => return Err(Fault::Overload),
        },
        _ => return Err(Fault::Overload),
    })
}

/// A float as Go's `%g` writes it: the shortest that is the same, in exponents below -4 and from 21 on.
pub(in crate::cel) fn go_float(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "+Inf".to_owned() } else { "-Inf".to_owned() };
    }
    let scientific = format!("{number:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if number != 0.0 && !(-4..21).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{mantissa}e{sign}{:02}", exponent.abs());
    }
    format!("{number}")
}

fn part<'a>(
    arguments: &Arguments<'a, '_>,
    of_time: impl Fn(crate::cel::time::Parts) -> i64,
    of_span: Option<fn(i64) -> i64>,
) -> Answer<'a> {
    let (point, offset) = match arguments.values {
        [Value::Timestamp(point)] => (point, Some(0)),
        [Value::Timestamp(point), Value::String(zone)] => (point, point.offset_in(zone.as_str())),
        [Value::Duration(nanos)] => return of_span.map(|of_span| Value::Int(of_span(*nanos))).ok_or(Fault::Overload),
        _ => return Err(Fault::Overload),
    };
    match (offset, arguments.values) {
        (Some(offset), _) => Ok(Value::Int(of_time(point.parts(offset)))),
        (None, [_, Value::String(zone)]) => Err(Fault::Said(format!("unknown time zone {}", zone.as_str()))),
        (None, _) => Err(Fault::Overload),
    }
}

pub(in crate::cel) fn full_year<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    part(arguments, |parts| parts.year, None)
}

pub(in crate::cel) fn month<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    part(arguments, |parts| parts.month - 1, None)
}

pub(in crate::cel) fn day_of_year<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    part(arguments, |parts| parts.day_of_year, None)
}

pub(in crate::cel) fn day_of_month<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    part(arguments, |parts| parts.day - 1, None)
}

pub(in crate::cel) fn date<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    part(arguments, |parts| parts.day, None)
}

pub(in crate::cel) fn day_of_week<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    part(arguments, |parts| parts.weekday, None)
}

pub(in crate::cel) fn hours<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    part(arguments, |parts| parts.hour, Some(|nanos| nanos / 3_600_000_000_000))
}

pub(in crate::cel) fn minutes<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    part(arguments, |parts| parts.minute, Some(|nanos| nanos / 60_000_000_000))
}

pub(in crate::cel) fn seconds<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    part(arguments, |parts| parts.second, Some(|nanos| nanos / 1_000_000_000))
}

pub(in crate::cel) fn milliseconds<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    let nanos = match arguments.first() {
        Some(Value::Timestamp(point)) => i64::from(point.nanos),
        _ => 0,
    };
    part(arguments, |_| nanos / 1_000_000, Some(|nanos| nanos / 1_000_000))
}
