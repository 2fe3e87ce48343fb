//! Values as text: in Rego's own notation, as `sprintf` and `print` show them, and as compact JSON.

use crate::value::Value;

/// How much text one value may become.
pub(crate) const MAX_TEXT: usize = 16 << 20;

/// Rego's notation: `{"a": 1}`, `set()`, strings quoted.
pub(crate) fn rego(value: &Value) -> String {
    let mut out = String::new();
    write_rego(value, &mut out);
    out
}

fn write_rego(value: &Value, out: &mut String) {
    if out.len() > MAX_TEXT {
        return;
    }
    match value {
        Value::Array(items) => list(items, ('[', ']'), out),
        Value::Set(set) if set.items().is_empty() => out.push_str("set()"),
        Value::Set(set) => list(set.items(), ('{', '}'), out),
        Value::Object(object) => {
            out.push('{');
            for (index, (key, item)) in object.pairs().iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                write_rego(key, out);
                out.push_str(": ");
                write_rego(item, out);
            }
            out.push('}');
        }
        Value::String(text) => out.push_str(&plat_resource::go::quote::string(text, false)),
        scalar => write_json(scalar, out),
    }
}

fn list(items: &[Value], (open, close): (char, char), out: &mut String) {
    out.push(open);
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        write_rego(item, out);
    }
    out.push(close);
}

/// Compact JSON as Go writes it: `<`, `>` and `&` escaped, sets as arrays.
pub(crate) fn json(value: &Value) -> String {
    let mut out = String::new();
    write_json(value, &mut out);
    out
}

fn write_json(value: &Value, out: &mut String) {
    if out.len() > MAX_TEXT {
        return;
    }
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) => out.push_str(&number.to_string()),
        Value::String(text) => json_string(text, out),
        Value::Array(items) => json_list(items, out),
        Value::Set(set) => json_list(set.items(), out),
        Value::Object(object) => {
            // Go sorts the keys as texts.
            let mut fields: Vec<_> = object.pairs().iter().map(|(key, item)| (key.key_text(), item)).collect();
            fields.sort_by(|left, right| left.0.cmp(&right.0));
            out.push('{');
            for (index, (key, item)) in fields.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                json_string(&key, out);
                out.push(':');
                write_json(item, out);
            }
            out.push('}');
        }
    }
}

fn json_list(items: &[Value], out: &mut String) {
    out.push('[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_json(item, out);
    }
    out.push(']');
}

fn json_string(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            _ => out.push(character),
        }
    }
    out.push('"');
}
