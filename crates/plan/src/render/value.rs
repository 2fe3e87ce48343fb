//! Values and other texts of the input, made safe and short for people.

use std::fmt::Write as _;

use plat_resource::Value;
use plat_resource::shown::push_escaped;

pub(super) use plat_resource::shown::escape;

/// Several lines stay several lines; everything else is as in [`escape`].
pub(super) fn escape_lines(text: &str) -> Vec<String> {
    text.lines().map(escape).collect()
}

/// One value on one line, cut to about `limit` characters.
pub(super) fn inline(value: &Value, limit: usize) -> String {
    cut(&whole(value, limit), limit)
}

/// Two values on one line each, cut so that the place where they first differ can be seen.
pub(super) fn inline_pair(before: &Value, after: &Value, limit: usize) -> (String, String) {
    let (Value::String(old), Value::String(new)) = (before, after) else {
        return (inline(before, limit), inline(after, limit));
    };
    let common = old.chars().zip(new.chars()).take_while(|(one, other)| one == other).count();
    if common + 8 < limit || old.chars().count().max(new.chars().count()) + 2 <= limit {
        return (inline(before, limit), inline(after, limit));
    }
    let skip = common.saturating_sub(8);
    let tail = |text: &str| {
        let rest: String = text.chars().skip(skip).collect();
        format!("…{}", inline(&Value::String(rest), limit.saturating_sub(1)))
    };
    (tail(old), tail(new))
}

/// The value in full, or at least its first `limit` characters.
fn whole(value: &Value, limit: usize) -> String {
    let mut text = String::new();
    write_value(&mut text, value, limit, 0);
    text
}

fn write_value(text: &mut String, value: &Value, limit: usize, depth: usize) {
    // What lies behind the cut is not worth writing; four bytes is the longest character.
    if text.len() > limit.saturating_mul(4) || depth > 64 {
        text.push('…');
        return;
    }
    match value {
        Value::String(string) => write_string(text, string, limit),
        Value::Array(items) => write_sequence(text, ('[', ']'), items.iter().map(|item| (None, item)), limit, depth),
        Value::Object(map) => {
            let entries = map.iter().map(|(key, value)| (Some(key.as_str()), value));
            write_sequence(text, ('{', '}'), entries, limit, depth);
        }
        scalar => {
            let _ = write!(text, "{scalar}");
        }
    }
}

fn write_sequence<'a>(
    text: &mut String,
    (open, close): (char, char),
    entries: impl Iterator<Item = (Option<&'a str>, &'a Value)>,
    limit: usize,
    depth: usize,
) {
    text.push(open);
    for (index, (key, value)) in entries.enumerate() {
        if text.len() > limit.saturating_mul(4) {
            text.push('…');
            return;
        }
        if index > 0 {
            text.push_str(", ");
        }
        if let Some(key) = key {
            write_string(text, key, limit);
            text.push_str(": ");
        }
        write_value(text, value, limit, depth + 1);
    }
    text.push(close);
}

fn write_string(text: &mut String, string: &str, limit: usize) {
    if is_plain(string) {
        text.push_str(string);
        return;
    }
    text.push('"');
    for character in string.chars().take(limit + 1) {
        match character {
            '"' | '\\' => text.extend(['\\', character]),
            other => push_escaped(text, other),
        }
    }
    text.push('"');
}

/// True for a string that nobody can take for another value, a list or the text around it.
fn is_plain(string: &str) -> bool {
    let is_word = |character: char| character.is_ascii_alphanumeric() || "._/:@%+-=".contains(character);
    let looks_otherwise = matches!(
        string.to_ascii_lowercase().as_str(),
        "" | "true" | "false" | "null" | "~" | "yes" | "no" | "on" | "off" | "y" | "n"
    ) || string.parse::<f64>().is_ok();
    string.len() < 4096 && string.chars().all(is_word) && !looks_otherwise
}

fn cut(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(limit.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// `text` in lines of at most `width` characters; a longer word stays whole.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut length = 0;
    for word in text.split(' ') {
        let needed = word.chars().count();
        if length > 0 && length + 1 + needed > width {
            lines.push(String::new());
            length = 0;
        }
        let Some(line) = lines.last_mut() else { continue };
        if length > 0 {
            line.push(' ');
            length += 1;
        }
        line.push_str(word);
        length += needed;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn values_read_as_themselves() {
        let cases = [
            (json!("db.t3.small"), "db.t3.small"),
            (json!("20"), "\"20\""),
            (json!("true"), "\"true\""),
            (json!("two words"), "\"two words\""),
            (json!(""), "\"\""),
            (json!("a\"\\\u{1b}[31m\u{202e}\n"), "\"a\\\"\\\\\\u001b[31m\\u202e\\n\""),
            (json!(["a", 1, null]), "[a, 1, null]"),
            (json!({"a": {"b c": []}}), "{a: {\"b c\": []}}"),
        ];
        for (value, want) in cases {
            assert_eq!(inline(&value, 80), want);
        }
    }

    #[test]
    fn long_strings_show_where_they_differ() {
        let (old, new) =
            inline_pair(&json!(format!("{}old", "x".repeat(90))), &json!(format!("{}new", "x".repeat(90))), 24);
        assert_eq!((old.as_str(), new.as_str()), ("…xxxxxxxxold", "…xxxxxxxxnew"));
    }

    proptest! {
        #[test]
        fn nothing_hidden_is_left(text in any::<String>(), limit in 1..60_usize) {
            let shown = inline(&Value::String(text), limit);
            prop_assert!(!shown.chars().any(plat_resource::shown::is_hidden));
            prop_assert!(shown.chars().count() <= limit);
        }
    }
}
