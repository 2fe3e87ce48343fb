//! Values to YAML text, as js-yaml writes it without wrapping, sorting or anchors.
//!
//! Owns the layout and the quoting, byte for byte: a manifest that plat writes is the one that the scaffolder's action would
//! have written, so that a repository sees no difference.

use plat_resource::javascript::{Map, Value, number_text};
use regex::Regex;
use std::sync::LazyLock;

const INDENT: usize = 2;

/// The text of `value`, with an end of line.
pub fn dump(value: &Value) -> String {
    let mut text = node(value, 0, true);
    text.push('\n');
    text
}

/// `compact`: the first line goes on behind a dash.
fn node(value: &Value, level: usize, compact: bool) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number_as_yaml(*number),
        Value::Text(text) => scalar(text, level, false),
        Value::List(items) if items.is_empty() => "[]".to_owned(),
        Value::List(items) => sequence(items, level, compact),
        Value::Map(map) if map.is_empty() => "{}".to_owned(),
        Value::Map(map) => mapping(map, level, compact),
    }
}

fn next_line(level: usize) -> String {
    format!("\n{}", " ".repeat(INDENT * level))
}

fn sequence(items: &[Value], level: usize, compact: bool) -> String {
    let mut out = String::new();
    for item in items {
        if !compact || !out.is_empty() {
            out.push_str(&next_line(level));
        }
        out.push_str("- ");
        out.push_str(&node(item, level + 1, true));
    }
    out
}

fn mapping(map: &Map, level: usize, compact: bool) -> String {
    let mut out = String::new();
    for (key, value) in map.iter() {
        if !compact || !out.is_empty() {
            out.push_str(&next_line(level));
        }
        out.push_str(&scalar(key, level + 1, true));
        let value = node(value, level + 1, false);
        out.push_str(if value.starts_with('\n') { ":" } else { ": " });
        out.push_str(&value);
    }
    out
}

fn number_as_yaml(number: f64) -> String {
    if number.is_nan() {
        return ".nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    if number == 0.0 && number.is_sign_negative() {
        return "-0.0".to_owned();
    }
    let text = number_text(number);
    let is_whole = number % 1.0 == 0.0;
    match text.split_once('e') {
        // A reader of YAML 1.1 needs the point to see a float.
        Some((mantissa, exponent)) if !is_whole && !mantissa.contains('.') => format!("{mantissa}.e{exponent}"),
        _ => text,
    }
}

/// A text as a scalar: plain where it reads back as the same text.
fn scalar(text: &str, level: usize, is_key: bool) -> String {
    if text.is_empty() {
        return "''".to_owned();
    }
    if is_old_boolean(text) || BASE_60.is_match(text) {
        return format!("'{text}'");
    }
    let has_line_break = !is_key && text.contains('\n');
    let printable = |character: char| is_printable(character) || (has_line_break && character == '\n');
    if !text.chars().all(printable) {
        return double_quoted(text);
    }
    if has_line_break {
        return literal(text, INDENT * level.max(1));
    }
    if is_plain(text) && !is_ambiguous(text) { text.to_owned() } else { format!("'{}'", text.replace('\'', "''")) }
}

fn is_old_boolean(text: &str) -> bool {
    let all = ["y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "n", "N", "no", "No", "NO", "off", "Off", "OFF"];
    all.contains(&text)
}

fn is_printable(character: char) -> bool {
    matches!(character, ' '..='~' | '\u{A1}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
        && !matches!(character, '\u{2028}' | '\u{2029}' | '\u{FEFF}')
}

fn is_plain(text: &str) -> bool {
    let first_is_sound = text.chars().next().is_some_and(|first| !" -?:,[]{}#&*!|=>'\"%@`".contains(first));
    let mut previous = None;
    let mut all_are_sound = true;
    for character in text.chars() {
        all_are_sound &= match (previous, character) {
            (previous, '#') => previous.is_some_and(|previous| previous != ' '),
            (Some(':'), ' ') => false,
            _ => true,
        };
        previous = Some(character);
    }
    first_is_sound && all_are_sound && !text.ends_with([' ', ':'])
}

/// A pattern of ours; none that does not compile gets past the tests.
fn pattern(pattern: &str) -> Pattern {
    Pattern(Regex::new(pattern).ok())
}

struct Pattern(Option<Regex>);

impl Pattern {
    fn is_match(&self, text: &str) -> bool {
        self.0.as_ref().is_some_and(|regex| regex.is_match(text))
    }
}

static BASE_60: LazyLock<Pattern> = LazyLock::new(|| pattern(r"^[-+]?[0-9_]+(?::[0-9_]+)+(?:\.[0-9_]*)?$"));
static NUMBER: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(concat!(
        r"^(?:[-+]?(?:0b[01]+|0x[0-9a-fA-F]+|0o[0-7]+)|[-+]?[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?",
        r"|\.[0-9]+(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"
    ))
});
static TIMESTAMP: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(concat!(
        r"^(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}",
        r"(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?)$"
    ))
});

/// What would be read as something else than a text.
fn is_ambiguous(text: &str) -> bool {
    let words = ["~", "null", "Null", "NULL", "true", "True", "TRUE", "false", "False", "FALSE", "<<"];
    // A number beyond doubles is none.
    let is_number = || {
        NUMBER.is_match(text)
            && !text.parse::<f64>().is_ok_and(|n| n.is_infinite() && !text.contains('n') && !text.contains('N'))
    };
    words.contains(&text) || is_number() || TIMESTAMP.is_match(text)
}

fn literal(text: &str, indent: usize) -> String {
    let mut out = String::from("|");
    if text.trim_start_matches('\n').starts_with(' ') {
        out.push_str(&INDENT.to_string());
    }
    if !text.ends_with('\n') {
        out.push('-');
    } else if text == "\n" || text.ends_with("\n\n") {
        out.push('+');
    }
    out.push('\n');
    for line in text.split_inclusive('\n') {
        if line != "\n" {
            out.push_str(&" ".repeat(indent));
        }
        out.push_str(line);
    }
    if text.ends_with('\n') {
        out.pop();
    }
    out
}

fn double_quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        let escape = match character {
            '\0' => "\\0",
            '\u{7}' => "\\a",
            '\u{8}' => "\\b",
            '\t' => "\\t",
            '\n' => "\\n",
            '\u{B}' => "\\v",
            '\u{C}' => "\\f",
            '\r' => "\\r",
            '\u{1B}' => "\\e",
            '"' => "\\\"",
            '\\' => "\\\\",
            '\u{85}' => "\\N",
            '\u{A0}' => "\\_",
            '\u{2028}' => "\\L",
            '\u{2029}' => "\\P",
            character if is_printable(character) => {
                out.push(character);
                continue;
            }
            character => {
                let code = u32::from(character);
                out.push_str(&if code <= 0xFF { format!("\\x{code:02X}") } else { format!("\\u{code:04X}") });
                continue;
            }
        };
        out.push_str(escape);
    }
    out.push('"');
    out
}
