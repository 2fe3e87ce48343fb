//! `'...'.format([...])`: the clauses `%s %d %f %e %b %x %X %o %%`.

use std::fmt::Write as _;

use super::{Answer, as_text};
use crate::cel::eval::{Arguments, Fault, Work};
use crate::cel::value::Value;

/// Digits after the point where none are asked for.
const PRECISION: usize = 6;
/// Most digits after the point: there are no more in any float.
const MAX_PRECISION: usize = 1_100;

type Text = Result<String, Fault>;

pub(in crate::cel) fn format<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    let [Value::String(template), Value::List(values)] = arguments.values else { return Err(Fault::Overload) };
    let (mut out, mut next) = (String::new(), 0);
    let mut rest = template.as_str();
    while let Some(sign) = rest.find('%') {
        out += &rest[..sign];
        rest = &rest[sign + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            out.push('%');
            rest = after;
            continue;
        }
        let value = values.get(next).ok_or_else(|| Fault::Said(format!("index {next} out of range")))?;
        next += 1;
        let (clause, after) = read_clause(rest)?;
        rest = after;
        out += &clause.apply(&value, arguments.work).map_err(|fault| match fault {
            Fault::Said(said) => Fault::Said(format!("error during formatting: {said}")),
            other => other,
        })?;
        arguments.work.need(out.len() / 64)?;
    }
    out += rest;
    Ok(Value::text(out))
}

/// What is wrong with a clause.
pub(in crate::cel) type ClauseFault = Fault;

/// One clause: its letter and its precision.
#[derive(Debug, Clone, Copy)]
pub(in crate::cel) struct Clause {
    pub(in crate::cel) letter: char,
    precision: Option<usize>,
}

/// Reads what follows a percent sign.
pub(in crate::cel) fn read_clause(text: &str) -> Result<(Clause, &str), Fault> {
    let fault = |why: String| Err(Fault::Said(format!("could not parse formatting clause: {why}")));
    if text.is_empty() {
        return Err("unexpected end of string".into());
    }
    let (precision, rest) = match text.strip_prefix('.') {
        None => (None, text),
        Some(after) => {
            let digits = after.bytes().take_while(u8::is_ascii_digit).count();
            let (digits, rest) = after.split_at(digits);
            if rest.is_empty() {
                return fault("error while parsing precision: could not find end of precision specifier".to_owned());
            }
            let precision = digits.parse().ok().filter(|precision| *precision <= MAX_PRECISION);
            let Some(precision) = precision else {
                return fault(format!(
                    "error while parsing precision: error while converting precision to integer: strconv.Atoi: parsing {digits:?}: invalid syntax"
                ));
            };
            (Some(precision), rest)
        }
    };
    let Some(letter) = rest.chars().next() else { return Err("unexpected end of string".into()) };
    if !"sdfebxXo".contains(letter) {
        let shown = char::from(rest.as_bytes().first().copied().unwrap_or_default());
        return fault(format!("unrecognized formatting clause \"{shown}\""));
    }
    Ok((Clause { letter, precision }, &rest[letter.len_utf8()..]))
}

impl Clause {
    fn apply(self, value: &Value<'_>, work: &Work) -> Text {
        let precision = self.precision.unwrap_or(PRECISION);
        match (self.letter, value) {
            ('s', value) => plain(value, work),
            ('d', Value::Int(number)) => Ok(number.to_string()),
            ('d', Value::Uint(number)) => Ok(number.to_string()),
            ('f', value) => fixed(value, precision),
            ('e', value) => scientific(value),
            ('b', Value::Int(number)) => Ok(signed(*number, |magnitude| format!("{magnitude:b}"))),
            ('b', Value::Uint(number)) => Ok(format!("{number:b}")),
            ('b', Value::Bool(flag)) => Ok(if *flag { "1" } else { "0" }.to_owned()),
            ('x', Value::Int(number)) => Ok(signed(*number, |magnitude| format!("{magnitude:x}"))),
            ('X', Value::Int(number)) => Ok(signed(*number, |magnitude| format!("{magnitude:X}"))),
            ('x', Value::Uint(number)) => Ok(format!("{number:x}")),
            ('X', Value::Uint(number)) => Ok(format!("{number:X}")),
            ('x' | 'X', Value::String(text)) => Ok(hexadecimal(text.as_str().as_bytes(), self.letter == 'X')),
            ('x' | 'X', Value::Bytes(bytes)) => Ok(hexadecimal(bytes, self.letter == 'X')),
            ('o', Value::Int(number)) => Ok(signed(*number, |magnitude| format!("{magnitude:o}"))),
            ('o', Value::Uint(number)) => Ok(format!("{number:o}")),
            (letter, value) => Err(Fault::Said(refusal(letter, value.type_name()))),
        }
    }
}

/// What is said where a clause does not take a type.
pub(in crate::cel) fn refusal(letter: char, given: &str) -> String {
    let takes = match letter {
        's' => {
            "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps"
        }
        'd' => "decimal clause can only be used on integers",
        'f' => "fixed-point clause can only be used on doubles",
        'e' => "scientific clause can only be used on doubles",
        'b' => "only integers and bools can be formatted as binary",
        'o' => "octal clause can only be used on integers",
        _ => "only integers, byte buffers, and strings can be formatted as hex",
    };
    format!("{takes}, was given {given}")
}

fn signed(number: i64, magnitude: impl FnOnce(u64) -> String) -> String {
    let digits = magnitude(number.unsigned_abs());
    if number < 0 { format!("-{digits}") } else { digits }
}

fn hexadecimal(bytes: &[u8], upper: bool) -> String {
    bytes.iter().map(|byte| if upper { format!("{byte:02X}") } else { format!("{byte:02x}") }).collect()
}

fn float_of(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::Double(number) => Some(*number),
        Value::String(text) => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        _ => None,
    }
}

fn special(number: f64) -> Option<String> {
    match number {
        number if number.is_nan() => Some("NaN".to_owned()),
        f64::INFINITY => Some("∞".to_owned()),
        f64::NEG_INFINITY => Some("-∞".to_owned()),
        _ => None,
    }
}

/// As in American English: digits in groups of three.
fn fixed(value: &Value<'_>, precision: usize) -> Text {
    let number = float_of(value).ok_or_else(|| Fault::Said(refusal('f', value.type_name())))?;
    if let Some(special) = special(number) {
        return Ok(special);
    }
    let plain = format!("{:.precision$}", number.abs());
    let (whole, decimals) = plain.split_once('.').map_or((&*plain, None), |(whole, decimals)| (whole, Some(decimals)));
    let mut out = if number.is_sign_negative() { "-".to_owned() } else { String::new() };
    for (index, digit) in whole.char_indices() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(decimals) = decimals {
        out.push('.');
        out += decimals;
    }
    Ok(out)
}

/// As in American English: `1.052033×10⁰³`. Six digits whatever is asked for, as Kubernetes has it.
fn scientific(value: &Value<'_>) -> Text {
    let number = float_of(value).ok_or_else(|| Fault::Said(refusal('e', value.type_name())))?;
    if let Some(special) = special(number) {
        return Ok(special);
    }
    let plain = format!("{number:.PRECISION$e}");
    let (mantissa, exponent) = plain.split_once('e').unwrap_or((&plain, "0"));
    let (sign, digits) = exponent.strip_prefix('-').map_or(("", exponent), |digits| ("⁻", digits));
    let digits = format!("{digits:0>2}");
    let raised = digits.chars().filter_map(|digit| "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().nth(digit.to_digit(10)? as usize));
    Ok(format!("{mantissa}×10{sign}{}", raised.collect::<String>()))
}

fn plain(value: &Value<'_>, work: &Work) -> Text {
    match value {
        Value::Null => Ok("null".to_owned()),
        Value::List(_) | Value::Map(_) => nested(value, work),
        Value::Extension(_) | Value::Optional(_) => Err(Fault::Said(refusal('s', value.type_name()))),
        scalar => as_text(scalar),
    }
}

/// A value within a list or a map, as a literal.
fn nested(value: &Value<'_>, work: &Work) -> Text {
    work.need(1)?;
    match value {
        Value::List(list) => {
            let items = list.iter().map(|item| nested(&item, work)).collect::<Result<Vec<_>, _>>()?;
            Ok(format!("[{}]", items.join(", ")))
        }
        Value::Map(map) => {
            let mut entries = Vec::with_capacity(map.len());
            for (key, value) in map.entries() {
                entries.push((nested(&key, work)?, nested(&value, work)?));
            }
            entries.sort_by(|one, other| one.0.cmp(&other.0));
            let entries: Vec<String> = entries.into_iter().map(|(key, value)| format!("{key}:{value}")).collect();
            Ok(format!("{{{}}}", entries.join(", ")))
        }
        Value::String(text) => Ok(go_quoted(text.as_str())),
        Value::Bytes(_) => Ok(format!("b{}", go_quoted(&as_text(value)?))),
        Value::Timestamp(_) => Ok(format!("timestamp({})", go_quoted(&as_text(value)?))),
        Value::Duration(_) => Ok(format!("duration({})", go_quoted(&as_text(value)?))),
        Value::Double(number) => Ok(match special(*number) {
            Some(_) => go_quoted(&super::go_float(*number)),
            None => format!("{number:.PRECISION$}"),
        }),
        Value::Null => Ok("null".to_owned()),
        Value::Extension(_) | Value::Optional(_) => {
            Err(Fault::Said(format!("no formatting function for {}", value.type_name())))
        }
        scalar => as_text(scalar),
    }
}

fn go_quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted += "\\\"",
            '\\' => quoted += "\\\\",
            '\n' => quoted += "\\n",
            '\t' => quoted += "\\t",
            '\r' => quoted += "\\r",
            '\x07' => quoted += "\\a",
            '\x08' => quoted += "\\b",
            '\x0c' => quoted += "\\f",
            '\x0b' => quoted += "\\v",
            control if u32::from(control) < 0x20 || control == '\x7f' => {
                let _ = write!(quoted, "\\x{:02x}", u32::from(control));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}
