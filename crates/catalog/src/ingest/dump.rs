//! Values to YAML text, as js-yaml writes it without sorting or anchors.
//!
//! Owns the layout and the quoting, byte for byte: a manifest that plat writes is the one that the scaffolder's action would
//! have written, so that a repository sees no difference.

use plat_resource::javascript::{Map, Value, length, number_text};
use regex::Regex;
use std::sync::LazyLock;

const INDENT: usize = 2;
/// The longest line where lines are folded.
const WIDTH: usize = 80;

/// The text of `value`, with an end of line. Long lines stay long.
pub fn dump(value: &Value) -> String {
    Writer { width: None }.node(value, 0, true) + "\n"
}

/// The text of `value` with long lines folded, as js-yaml does where nothing else is said.
pub fn dump_folded(value: &Value) -> String {
    Writer { width: Some(WIDTH) }.node(value, 0, true) + "\n"
}

struct Writer {
    /// How long a line may get, where there is a bound.
    width: Option<usize>,
}

impl Writer {
    /// `compact`: the first line goes on behind a dash.
    fn node(&self, value: &Value, level: usize, compact: bool) -> String {
        match value {
            Value::Null => "null".to_owned(),
            Value::Bool(flag) => flag.to_string(),
            Value::Number(number) => number_as_yaml(*number),
            Value::Text(text) => self.scalar(text, level, false),
            Value::List(items) if items.is_empty() => "[]".to_owned(),
            Value::List(items) => self.sequence(items, level, compact),
            Value::Map(map) if map.is_empty() => "{}".to_owned(),
            Value::Map(map) => self.mapping(map, level, compact),
        }
    }

    fn sequence(&self, items: &[Value], level: usize, compact: bool) -> String {
        let mut out = String::new();
        for item in items {
            if !compact || !out.is_empty() {
                out.push_str(&next_line(level));
            }
            out.push_str("- ");
            out.push_str(&self.node(item, level + 1, true));
        }
        out
    }

    fn mapping(&self, map: &Map, level: usize, compact: bool) -> String {
        let mut out = String::new();
        for (key, value) in map.iter() {
            if !compact || !out.is_empty() {
                out.push_str(&next_line(level));
            }
            out.push_str(&self.scalar(key, level + 1, true));
            let value = self.node(value, level + 1, false);
            out.push_str(if value.starts_with('\n') { ":" } else { ": " });
            out.push_str(&value);
        }
        out
    }

    /// A text as a scalar: plain where it reads back as the same text.
    fn scalar(&self, text: &str, level: usize, is_key: bool) -> String {
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
        let indent = INDENT * level.max(1);
        // The deeper, the shorter, down to half.
        let width = self.width.filter(|_| !is_key).map(|width| width.saturating_sub(indent).max(width / 2));
        let is_long = |line: &str, width: usize| length(line) > width && !line.starts_with(' ');
        if let Some(width) = width.filter(|width| text.split('\n').any(|line| is_long(line, *width))) {
            return block('>', text, &fold(text, width), indent);
        }
        if has_line_break {
            return block('|', text, text, indent);
        }
        if is_plain(text) && !is_ambiguous(text) { text.to_owned() } else { format!("'{}'", text.replace('\'', "''")) }
    }
}

fn next_line(level: usize) -> String {
    format!("\n{}", " ".repeat(INDENT * level))
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

/// A scalar of several lines: `lines` is how `text` is written, `style` says whether that is folded.
fn block(style: char, text: &str, lines: &str, indent: usize) -> String {
    let mut out = String::from(style);
    if text.trim_start_matches('\n').starts_with(' ') {
        out.push_str(&INDENT.to_string());
    }
    if !text.ends_with('\n') {
        out.push('-');
    } else if text == "\n" || text.ends_with("\n\n") {
        out.push('+');
    }
    out.push('\n');
    for line in lines.split_inclusive('\n') {
        if line != "\n" {
            out.push_str(&" ".repeat(indent));
        }
        out.push_str(line);
    }
    if lines.ends_with('\n') {
        out.pop();
    }
    out
}

/// Long lines broken at spaces. A line break that was there becomes two, unless one of the lines around it is indented.
fn fold(text: &str, width: usize) -> String {
    let mut lines = text.split('\n');
    let first = lines.next().unwrap_or_default();
    let mut out = fold_line(first, width);
    let mut was_indented = text.starts_with(['\n', ' ']);
    let mut breaks = 0;
    let mut rest = lines.peekable();
    while let Some(line) = rest.next() {
        breaks += 1;
        // Empty lines are told with the line that follows them.
        if line.is_empty() && rest.peek().is_some() {
            continue;
        }
        let is_indented = line.starts_with(' ');
        out.push_str(&"\n".repeat(breaks));
        if !was_indented && !is_indented && !line.is_empty() {
            out.push('\n');
        }
        out.push_str(&fold_line(line, width));
        (was_indented, breaks) = (is_indented, 0);
    }
    out
}

/// The longest pieces that fit, else the shortest that do not.
fn fold_line(line: &str, width: usize) -> String {
    if line.is_empty() || line.starts_with(' ') {
        return line.to_owned();
    }
    let letters: Vec<char> = line.chars().collect();
    let is_break =
        |place: &usize| letters.get(*place) == Some(&' ') && letters.get(place + 1).is_some_and(|next| *next != ' ');
    let piece = |from: usize, to: usize| letters.get(from..to).unwrap_or_default().iter().collect::<String>();
    let (mut start, mut current, mut pieces) = (0, 0, Vec::new());
    for next in (0..letters.len()).filter(is_break) {
        if next - start > width {
            let end = if current > start { current } else { next };
            pieces.push(piece(start, end));
            start = end + 1;
        }
        current = next;
    }
    if letters.len() - start > width && current > start {
        pieces.push(piece(start, current));
        start = current + 1;
    }
    pieces.push(piece(start, letters.len()));
    pieces.join("\n")
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
