//! How Go prints values in the API server's messages: `%q`, `%v` and `encoding/json`.

use std::fmt::Write;

use serde_json::{Number, Value};

use crate::schema::{Violation, ViolationKind, place::Place};

/// `%q` of a string.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        push_quoted(&mut out, character);
    }
    out.push('"');
    out
}

fn push_quoted(out: &mut String, character: char) {
    let code = u32::from(character);
    let plain = |character: char| character == '\'' || character.escape_debug().count() == 1;
    // Writing to a String cannot fail.
    let _ = match character {
        '"' => out.write_str("\\\""),
        '\\' => out.write_str("\\\\"),
        '\x07' => out.write_str("\\a"),
        '\x08' => out.write_str("\\b"),
        '\x0c' => out.write_str("\\f"),
        '\n' => out.write_str("\\n"),
        '\r' => out.write_str("\\r"),
        '\t' => out.write_str("\\t"),
        '\x0b' => out.write_str("\\v"),
        _ if code < 0x20 || code == 0x7f => write!(out, "\\x{code:02x}"),
        _ if plain(character) => out.write_char(character),
        _ if code < 0x1_0000 => write!(out, "\\u{code:04x}"),
        _ => write!(out, "\\U{code:08x}"),
    };
}

/// `%v` of a float.
pub(super) fn float(number: f64) -> String {
    float_with_exponent_from(number, 1e-4, 1e6)
}

/// The shortest digits that read back as `number`, with an exponent outside of the two limits.
fn float_with_exponent_from(number: f64, low: f64, high: f64) -> String {
    let size = number.abs();
    if number == 0.0 || (size >= low && size < high) {
        return format!("{number}");
    }
    let text = format!("{number:e}");
    match text.split_once('e') {
        Some((digits, exponent)) => {
            let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |exponent| ('-', exponent));
            format!("{digits}e{sign}{exponent:0>2}")
        }
        None => text,
    }
}

/// `%v` of a number.
pub(super) fn number(number: &Number) -> String {
    match (number.as_i64(), number.as_f64()) {
        (Some(integer), _) => integer.to_string(),
        (None, Some(value)) => float(value),
        (None, None) => number.to_string(),
    }
}

/// `encoding/json` of a value.
pub(super) fn json(value: &Value) -> String {
    let mut out = String::new();
    push_json(&mut out, value);
    out
}

fn push_json(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) => out.push_str(&match (number.as_i64(), number.as_f64()) {
            (None, Some(value)) => float_with_exponent_from(value, 1e-6, 1e21),
            _ => number.to_string(),
        }),
        Value::String(text) => push_json_string(out, text),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                push_json(out, item);
            }
            out.push(']');
        }
        Value::Object(map) => {
            out.push('{');
            for (index, (key, item)) in map.iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                push_json_string(out, key);
                out.push(':');
                push_json(out, item);
            }
            out.push('}');
        }
    }
}

fn push_json_string(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        // Writing to a String cannot fail.
        let _ = match character {
            '"' => out.write_str("\\\""),
            '\\' => out.write_str("\\\\"),
            '\n' => out.write_str("\\n"),
            '\r' => out.write_str("\\r"),
            '\t' => out.write_str("\\t"),
            '\x08' => out.write_str("\\b"),
            '\x0c' => out.write_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => write!(out, "\\u{:04x}", u32::from(character)),
            _ if u32::from(character) < 0x20 => write!(out, "\\u{:04x}", u32::from(character)),
            _ => out.write_char(character),
        };
    }
    out.push('"');
}

/// A value as a field error prints it: strings quoted, numbers and booleans plain, the rest as JSON.
pub(super) fn bad_value(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Number(value) => number(value),
        _ => json(value),
    }
}

impl ViolationKind {
    /// The words that a message begins with.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Required => "Required value",
            Self::Duplicate => "Duplicate value",
            Self::Invalid | Self::TypeInvalid => "Invalid value",
            Self::Unsupported => "Unsupported value",
            Self::Forbidden => "Forbidden",
            Self::TooLong => "Too long",
            Self::TooMany => "Too many",
        }
    }
}

/// Builds a violation: `PATH: WORDS: VALUE: DETAIL`, the value and the detail where there are such.
pub(super) fn violation(
    kind: ViolationKind,
    (place, path): (&Place<'_>, &str),
    value: Option<&str>,
    detail: &str,
) -> Violation {
    let mut message = format!("{path}: {}", kind.words());
    for part in [value, (!detail.is_empty()).then_some(detail)].into_iter().flatten() {
        message.push_str(": ");
        message.push_str(part);
    }
    Violation { field: place.field_path(), message, kind, from_rule: false }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn prints_as_go_does() {
        assert_eq!(quoted("a\"b\\\n\x01é\u{85}'"), "\"a\\\"b\\\\\\n\\x01é\\u0085'\"");
        assert_eq!(
            [1.5, 1e21, 1e6, 7_500_000.5, 123_456.7, 1e-5, 0.0001].map(float),
            ["1.5", "1e+21", "1e+06", "7.5000005e+06", "123456.7", "1e-05", "0.0001"]
        );
        assert_eq!(
            json(&json!({"b": [1, 1.0, null, true], "a": "<&>"})),
            r#"{"a":"\u003c\u0026\u003e","b":[1,1,null,true]}"#
        );
    }
}
