//! Values to YAML text, in the form that kubectl and Crossplane print.
//!
//! Owns layout, quoting and literal blocks. It is written here because no maintained crate prints this form: sequences
//! level with their key, and quotes exactly where a YAML 1.1 reader would misread the text (`"yes"`, `"1_000"`, `"1:30"`),
//! which YAML 1.2 printers leave bare. For people long lines are not folded: it changes nothing in the meaning. For a hash
//! every byte counts: there lines are folded and keys sorted as go-yaml does it.

use serde_json::{Map, Number, Value};

use super::key_order;
use super::scalar::{self, Scalar};
use super::text::is_allowed;

/// The text of `value` in the form of sigs.k8s.io/yaml, with a newline at the end.
pub fn to_string(value: &Value) -> String {
    print(value, Form::Readable)
}

/// The text of `value` byte for byte as sigs.k8s.io/yaml 1.6 prints it, for those who hash it. Texts with U+0085, U+2028 or
/// U+2029 are the exception.
pub fn to_hashable_string(value: &Value) -> String {
    print(value, Form::Exact)
}

/// How far the form of go-yaml is followed.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    /// Keys as they are, lines as long as they are.
    Readable,
    /// Keys in go-yaml's order, lines folded.
    Exact,
}

fn print(value: &Value, form: Form) -> String {
    let mut printer = Printer { out: String::new(), form };
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
/// Behind this column a line is folded at the next space.
const BEST_WIDTH: usize = 80;

/// What no simple key may contain.
const BREAKS: [char; 5] = ['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'];

struct Printer {
    out: String,
    form: Form,
}

impl Printer {
    fn indent(&mut self, columns: usize) {
        self.out.extend(std::iter::repeat_n(' ', columns));
    }

    fn mapping(&mut self, map: &Map<String, Value>, indent: usize, start: Start) {
        let mut entries: Vec<(&String, &Value)> = map.iter().collect();
        if self.form == Form::Exact {
            entries = key_order::sorted(entries);
        }
        for (position, (key, value)) in entries.into_iter().enumerate() {
            if position > 0 || start == Start::Line {
                self.indent(indent);
            }
            if key.len() > MAX_SIMPLE_KEY_BYTES || (self.form == Form::Exact && key.contains(BREAKS)) {
                self.out.push_str("? ");
                self.text(key, indent + 2);
                self.out.push('\n');
                self.indent(indent);
                self.out.push_str(": ");
                self.item(value, indent + 2);
            } else {
                self.inline_text(key, None);
                self.out.push(':');
                self.entry(value, indent);
            }
        }
    }

    /// What follows the colon of a simple key.
    fn entry(&mut self, value: &Value, indent: usize) {
        match value {
            Value::Object(map) if !map.is_empty() => {
                self.out.push('\n');
                self.mapping(map, indent + 2, Start::Line);
            }
            Value::Array(items) if !items.is_empty() => {
                self.out.push('\n');
                self.sequence(items, indent, Start::Line);
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
            self.item(item, indent + 2);
        }
    }

    /// What begins on the line of its indicator.
    fn item(&mut self, item: &Value, indent: usize) {
        match item {
            Value::Object(map) if !map.is_empty() => self.mapping(map, indent, Start::Dash),
            Value::Array(items) if !items.is_empty() => self.sequence(items, indent, Start::Dash),
            item => self.scalar(item, indent),
        }
    }

    /// A scalar or an empty collection, to the end of its line; `indent` is for the lines of a literal block.
    fn scalar(&mut self, value: &Value, indent: usize) {
        match value {
            Value::Null => self.out.push_str("null"),
            Value::Bool(flag) => self.out.push_str(if *flag { "true" } else { "false" }),
            Value::Number(number) => self.out.push_str(&number_text(number)),
            Value::String(text) => self.text(text, indent),
            Value::Array(_) => self.out.push_str("[]"),
            Value::Object(_) => self.out.push_str("{}"),
        }
        self.out.push('\n');
    }

    /// A text that may take several lines; without the end of its last one.
    fn text(&mut self, text: &str, indent: usize) {
        if fits_literal(text) {
            self.literal(text, indent.max(2));
        } else {
            self.inline_text(text, (self.form == Form::Exact).then_some(indent.max(2)));
        }
    }

    /// A text that is folded where `fold` gives the indentation of the next line.
    fn inline_text(&mut self, text: &str, fold: Option<usize>) {
        // go-yaml itself writes the merge key bare, which is then read as one.
        let is_text = match scalar::resolve(text) {
            Scalar::Merge => self.form == Form::Exact,
            found => found == Scalar::Text,
        };
        let reads_back = is_text && !scalar::is_timestamp(text) && !is_base60(text);
        if !is_single_line(text) || (!reads_back && !text.contains('\n')) {
            self.double_quoted(text, fold);
        } else if may_be_plain(text) {
            self.words(text, fold);
        } else {
            self.out.push('\'');
            self.words(&text.replace('\'', "''"), fold);
            self.out.push('\'');
        }
    }

    /// The text as it is, folded at single spaces within it.
    fn words(&mut self, text: &str, fold: Option<usize>) {
        let mut before = ' ';
        for (index, character) in text.char_indices() {
            let next = text.get(index + 1..).and_then(|rest| rest.chars().next());
            let is_single = character == ' ' && before != ' ' && next.is_some_and(|next| next != ' ');
            match fold.filter(|_| is_single && self.column() > BEST_WIDTH) {
                Some(indent) => self.fold(indent),
                None => self.out.push(character),
            }
            before = character;
        }
    }

    fn fold(&mut self, indent: usize) {
        self.out.push('\n');
        self.indent(indent);
    }

    /// Characters since the last line break.
    fn column(&self) -> usize {
        self.out.rsplit('\n').next().map_or(0, |line| line.chars().count())
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
        // The caller ends the last line.
        if text.ends_with('\n') {
            self.out.pop();
        }
    }

    fn double_quoted(&mut self, text: &str, fold: Option<usize>) {
        self.out.push('"');
        let mut after_space = false;
        for (index, character) in text.char_indices() {
            let within = index > 0 && index + 1 < text.len();
            let is_single = character == ' ' && !after_space && within;
            after_space = character == ' ';
            if let Some(indent) = fold.filter(|_| is_single && self.column() > BEST_WIDTH) {
                self.fold(indent);
                if text.get(index + 1..).is_some_and(|rest| rest.starts_with(' ')) {
                    self.out.push('\\');
                }
                continue;
            }
            match character {
                // Behind a byte order mark go-yaml takes nothing for printable.
                ' '..='~'
                    if self.form == Form::Exact && text.starts_with('\u{FEFF}') && !matches!(character, '"' | '\\') =>
                {
                    self.escape(u32::from(character));
                }
                character => self.quoted_character(character),
            }
        }
        self.out.push('"');
    }

    fn quoted_character(&mut self, character: char) {
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
