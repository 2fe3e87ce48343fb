//! Values to YAML text, in the form that kubectl and Crossplane print.
//!
//! Owns layout, quoting and literal blocks. It is written here because no maintained crate prints this form: sequences
//! level with their key, and quotes exactly where a YAML 1.1 reader would misread the text (`"yes"`, `"1_000"`, `"1:30"`),
//! which YAML 1.2 printers leave bare. Long lines are not folded: it changes nothing in the meaning.

use serde_json::{Map, Number, Value};

use super::scalar::{self, Scalar};
use super::text::is_allowed;

/// The text of `value` as sigs.k8s.io/yaml prints it, with a newline at the end.
pub fn to_string(value: &Value) -> String {
    print(value, 0)
}

/// The same with the items of a sequence two to the right of its key, as OPA prints it.
pub fn to_string_indented(value: &Value) -> String {
    print(value, 2)
}

fn print(value: &Value, sequence_indent: usize) -> String {
    let mut printer = Printer { out: String::new(), sequence_indent };
    match value {
        Value::Object(map) if !map.is_empty() => printer.mapping(map, 0, Start::Line),
        Value::Array(items) if !items.is_empty() => printer.sequence(items, 0, Start::Line),
        value => printer.scalar(value, 0),
    }
    printer.out
}

/// Where the first entry of a collection goes.
#[derive(Clone, Copy, PartialEq)]
enum Start {
    /// On a line of its own.
    Line,
    /// Behind the dash of the sequence that holds it.
    Dash,
}

/// Longer keys are written with `?`, as go-yaml does: readers look only so far for the colon.
const MAX_SIMPLE_KEY_BYTES: usize = 128;

struct Printer {
    out: String,
    /// How far to the right of its key a sequence stands.
    sequence_indent: usize,
}

impl Printer {
    fn indent(&mut self, columns: usize) {
        self.out.extend(std::iter::repeat_n(' ', columns));
    }

    fn mapping(&mut self, map: &Map<String, Value>, indent: usize, start: Start) {
        for (position, (key, value)) in map.iter().enumerate() {
            if position > 0 || start == Start::Line {
                self.indent(indent);
            }
            if key.len() > MAX_SIMPLE_KEY_BYTES {
                self.out.push_str("? ");
                self.inline_text(key);
                self.out.push('\n');
                self.indent(indent);
            } else {
                self.inline_text(key);
            }
            self.out.push(':');
            self.entry(value, indent);
        }
    }

    /// What follows the colon of a key.
    fn entry(&mut self, value: &Value, indent: usize) {
        match value {
            Value::Object(map) if !map.is_empty() => {
                self.out.push('\n');
                self.mapping(map, indent + 2, Start::Line);
            }
            Value::Array(items) if !items.is_empty() => {
                self.out.push('\n');
                self.sequence(items, indent + self.sequence_indent, Start::Line);
            }
            value => {
                self.out.push(' ');
                self.scalar(value, indent + 2);
            }
        }
    }

    fn sequence(&mut self, items: &[Value], indent: usize, start: Start) {
        for (position, item) in items.iter().enumerate() {
            if position > 0 || start == Start::Line {
                self.indent(indent);
            }
            self.out.push_str("- ");
            match item {
                Value::Object(map) if !map.is_empty() => self.mapping(map, indent + 2, Start::Dash),
                Value::Array(items) if !items.is_empty() => self.sequence(items, indent + 2, Start::Dash),
                item => self.scalar(item, indent + 2),
            }
        }
    }

    /// A scalar or an empty collection, to the end of its line; `indent` is for the lines of a literal block.
    fn scalar(&mut self, value: &Value, indent: usize) {
        match value {
            Value::Null => self.out.push_str("null"),
            Value::Bool(flag) => self.out.push_str(if *flag { "true" } else { "false" }),
            Value::Number(number) => self.out.push_str(&number_text(number)),
            Value::String(text) if fits_literal(text) => return self.literal(text, indent.max(2)),
            Value::String(text) => self.inline_text(text),
            Value::Array(_) => self.out.push_str("[]"),
            Value::Object(_) => self.out.push_str("{}"),
        }
        self.out.push('\n');
    }

    fn inline_text(&mut self, text: &str) {
        let reads_back = scalar::resolve(text) == Scalar::Text && !scalar::is_timestamp(text) && !is_base60(text);
        if !is_single_line(text) || (!reads_back && !text.contains('\n')) {
            self.double_quoted(text);
        } else if may_be_plain(text) {
            self.out.push_str(text);
        } else {
            self.out.push('\'');
            self.out.push_str(&text.replace('\'', "''"));
            self.out.push('\'');
        }
    }

    fn literal(&mut self, text: &str, indent: usize) {
        self.out.push('|');
        if text.starts_with([' ', '\n']) {
            self.out.push('2');
        }
        if !text.ends_with('\n') {
            self.out.push('-');
        } else if text == "\n" || text.ends_with("\n\n") {
            self.out.push('+');
        }
        self.out.push('\n');
        for line in text.split_inclusive('\n') {
            if line != "\n" {
                self.indent(indent);
            }
            self.out.push_str(line);
        }
        if !text.ends_with('\n') {
            self.out.push('\n');
        }
    }

    fn double_quoted(&mut self, text: &str) {
        self.out.push('"');
        for character in text.chars() {
            match character {
                '\0' => self.out.push_str("\\0"),
                '\u{7}' => self.out.push_str("\\a"),
                '\u{8}' => self.out.push_str("\\b"),
                '\t' => self.out.push_str("\\t"),
                '\n' => self.out.push_str("\\n"),
                '\u{B}' => self.out.push_str("\\v"),
                '\u{C}' => self.out.push_str("\\f"),
                '\r' => self.out.push_str("\\r"),
                '\u{1B}' => self.out.push_str("\\e"),
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\u{85}' => self.out.push_str("\\N"),
                '\u{2028}' => self.out.push_str("\\L"),
                '\u{2029}' => self.out.push_str("\\P"),
                character if is_printable(character) => self.out.push(character),
                character => self.escape(u32::from(character)),
            }
        }
        self.out.push('"');
    }

    fn escape(&mut self, code: u32) {
        let escape = match code {
            0..=0xFF => format!("\\x{code:02X}"),
            0x100..=0xFFFF => format!("\\u{code:04X}"),
            _ => format!("\\U{code:08X}"),
        };
        self.out.push_str(&escape);
    }
}

fn number_text(number: &Number) -> String {
    let Some(float) = number.as_f64().filter(|_| number.is_f64()) else { return number.to_string() };
    match scalar::float(float) {
        Some(Value::Number(number)) if !number.is_f64() => number.to_string(),
        _ => scalar::general_float(float),
    }
}

/// What go-yaml writes as it is: without astral characters, and here without the line separators that readers of
/// YAML 1.1 and 1.2 take differently.
fn is_printable(character: char) -> bool {
    is_allowed(character) && !matches!(character, '\t' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{10000}'..)
}

fn is_single_line(text: &str) -> bool {
    text.chars().all(|character| character != '\n' && is_printable(character))
}

/// True for a text of several lines that a literal block can hold.
fn fits_literal(text: &str) -> bool {
    text.contains('\n') && !text.ends_with(' ') && !text.contains(" \n") && text.chars().all(is_printable)
}

/// True when the text needs no quotes, seen as syntax alone.
fn may_be_plain(text: &str) -> bool {
    let mut characters = text.chars();
    let Some(first) = characters.next() else { return false };
    let second_is_blank = matches!(characters.next(), None | Some(' '));
    let indicator = match first {
        '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`' | ' ' => true,
        '?' | ':' | '-' => second_is_blank,
        _ => false,
    };
    !indicator
        && !text.starts_with("---")
        && !text.starts_with("...")
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
}

/// True for `1:30`, a number of base 60 to older readers.
fn is_base60(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let mut parts = unsigned.split(':');
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let first = parts.next().unwrap_or_default();
    if !first.starts_with(|character: char| character.is_ascii_digit()) || !digits(first) {
        return false;
    }
    let rest: Vec<&str> = parts.collect();
    let Some((last, middle)) = rest.split_last() else { return false };
    let (last, fraction) = last.split_once('.').unwrap_or((last, ""));
    let sixty = |text: &str| match text.as_bytes() {
        [digit] | [b'0'..=b'5', digit] => digit.is_ascii_digit(),
        _ => false,
    };
    digits(fraction) && sixty(last) && middle.iter().all(|part| sixty(part))
}
