//! Go's JSON text, and what happens to numbers on the way through protobuf `Struct` and back.

use plat_resource::{Number, Value};

use super::float;

/// `encoding/json.Marshal`: keys sorted, `<`, `>`, `&` and the line separators escaped, floats as ES6 prints them.
pub fn marshal(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) => out.push_str(&number_text(number)),
        Value::String(text) => write_string(text, out),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::Object(map) => {
            out.push('{');
            for (index, (key, item)) in map.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_string(key, out);
                out.push(':');
                write(item, out);
            }
            out.push('}');
        }
    }
}

fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            _ => out.push(character),
        }
    }
    out.push('"');
}

fn number_text(number: &Number) -> String {
    match (number.as_i64(), number.as_f64()) {
        (Some(integer), _) => integer.to_string(),
        (None, Some(float)) => float_text(float),
        (None, None) => number.to_string(),
    }
}

/// A float as Go's JSON encoder writes it: plain between 1e-6 and 1e21, else with an exponent without leading zero.
fn float_text(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude != 0.0 && !(1e-6..1e21).contains(&magnitude) {
        let text = float::format(value, 'e', None);
        // e-09 becomes e-9.
        return match text.strip_suffix(|last: char| last.is_ascii_digit()) {
            Some(head) if head.ends_with("e-0") => {
                format!("{}{}", &head[..head.len() - 1], &text[text.len() - 1..])
            }
            _ => text,
        };
    }
    float::format(value, 'f', None)
}

/// The value as it is behind a protobuf `Struct`: every number a double.
pub fn to_struct(value: &Value) -> Value {
    map_numbers(value, &double)
}

/// [`to_struct`] in place.
pub fn make_struct(value: &mut Value) {
    change_numbers(value, &double);
}

fn double(number: &Number) -> Number {
    number.as_f64().and_then(Number::from_f64).unwrap_or_else(|| number.clone())
}

/// The value after a round trip through JSON text and the Kubernetes decoder: integral doubles are integers again.
pub fn normalized(value: &Value) -> Value {
    map_numbers(value, &normalized_number)
}

/// [`normalized`] in place.
pub fn normalize(value: &mut Value) {
    change_numbers(value, &normalized_number);
}

/// 2^63, which does not fit an int64 itself; Go then keeps the float.
const LIMIT: f64 = 9_223_372_036_854_775_808.0;

fn normalized_number(number: &Number) -> Number {
    if number.is_i64() {
        return number.clone();
    }
    let Some(float) = number.as_f64() else { return number.clone() };
    if float.fract() == 0.0 && (-LIMIT..LIMIT).contains(&float) {
        #[expect(clippy::cast_possible_truncation, reason = "integral and in range")]
        return Number::from(float as i64);
    }
    Number::from_f64(float).unwrap_or_else(|| number.clone())
}

fn change_numbers(value: &mut Value, change: &impl Fn(&Number) -> Number) {
    match value {
        Value::Number(number) => *number = change(number),
        Value::Array(items) => items.iter_mut().for_each(|item| change_numbers(item, change)),
        Value::Object(map) => map.values_mut().for_each(|item| change_numbers(item, change)),
        _ => {}
    }
}

fn map_numbers(value: &Value, change: &impl Fn(&Number) -> Number) -> Value {
    match value {
        Value::Number(number) => Value::Number(change(number)),
        Value::Array(items) => Value::Array(items.iter().map(|item| map_numbers(item, change)).collect()),
        Value::Object(map) => {
            Value::Object(map.iter().map(|(key, item)| (key.clone(), map_numbers(item, change))).collect())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn text_is_go_text() {
        let value = json!({"b": [1, 2.5, 1e21, 1e-7, 3.0], "a": "<&>\u{2028}\u{1}\n", "c": null, "d": true});
        assert_eq!(
            marshal(&value),
            r#"{"a":"\u003c\u0026\u003e\u2028\u0001\n","b":[1,2.5,1e+21,1e-7,3],"c":null,"d":true}"#
        );
    }

    #[test]
    fn a_struct_has_doubles_only_and_json_gives_integers_back() {
        let through = to_struct(&json!({"n": [3, 9_007_199_254_740_993_i64, 1.5]}));
        assert!(through["n"][0].is_f64());
        assert_eq!(normalized(&through), json!({"n": [3, 9_007_199_254_740_992_i64, 1.5]}));
        assert_eq!(normalized(&json!(9_223_372_036_854_775_808_u64)), json!(9_223_372_036_854_775_808.0));
    }
}
