//! How each verb prints a value: widths, precisions, flags, within a limit.

use crate::Value;

use crate::go::{float, quote, type_name};

/// What stands between the percent sign and the verb.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "they are the flags of fmt, each a bit of its own")]
pub(super) struct Flags {
    pub(super) width: Option<usize>,
    pub(super) precision: Option<usize>,
    pub(super) minus: bool,
    pub(super) plus: bool,
    pub(super) sharp: bool,
    pub(super) space: bool,
    pub(super) zero: bool,
    pub(super) sharp_v: bool,
}

/// Writes values, one after the other.
pub(super) struct Printer {
    pub(super) out: String,
    pub(super) flags: Flags,
    /// How long the text may become, in bytes.
    limit: usize,
    /// Whether it would have become longer; what is missing then does not matter.
    pub(super) too_long: bool,
}

impl Printer {
    pub(super) fn new(limit: usize) -> Self {
        Self { out: String::new(), flags: Flags::default(), limit, too_long: false }
    }

    pub(super) fn write(&mut self, text: &str) {
        if self.takes(text.len()) {
            self.out.push_str(text);
        }
    }

    fn fill(&mut self, filler: char, count: usize) {
        if self.takes(count) {
            self.out.extend(std::iter::repeat_n(filler, count));
        }
    }

    fn takes(&mut self, more: usize) -> bool {
        self.too_long |= self.out.len().saturating_add(more) > self.limit;
        !self.too_long
    }

    pub(super) fn argument(&mut self, argument: &Value, verb: char) {
        match (argument, verb) {
            (Value::Null, 'T' | 'v') => self.pad("<nil>"),
            (Value::Null, _) => self.write(&format!("%!{verb}(<nil>)")),
            (_, 'T') => self.string(type_name(argument), 's'),
            (Value::Array(_) | Value::Object(_), 'w') => self.bad_verb(argument, 'w'),
            // An address in Go; no plan can depend on it.
            (_, 'p') => self.bad_verb(argument, 'p'),
            _ => self.value(argument, verb),
        }
    }

    fn value(&mut self, value: &Value, verb: char) {
        match value {
            Value::Null if self.flags.sharp_v => self.write("interface {}(nil)"),
            Value::Null => self.write("<nil>"),
            Value::Bool(flag) if matches!(verb, 't' | 'v') => self.pad(if *flag { "true" } else { "false" }),
            Value::Bool(_) => self.bad_verb(value, verb),
            Value::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(integer), _) => self.integer(integer, verb),
                (None, float) => self.float(float.unwrap_or(f64::NAN), verb),
            },
            Value::String(text) => self.string(text, verb),
            Value::Array(items) => {
                self.open(value, "[");
                for (index, item) in items.iter().enumerate() {
                    self.separator(index);
                    self.value(item, verb);
                }
                self.close();
            }
            Value::Object(map) => {
                self.open(value, "map[");
                for (index, (key, item)) in map.iter().enumerate() {
                    self.separator(index);
                    self.string(key, verb);
                    self.write(":");
                    self.value(item, verb);
                }
                self.close();
            }
        }
    }

    fn open(&mut self, value: &Value, plain: &str) {
        if self.flags.sharp_v {
            self.write(type_name(value));
            self.out.push('{');
        } else {
            self.write(plain);
        }
    }

    fn separator(&mut self, index: usize) {
        if index > 0 {
            self.write(if self.flags.sharp_v { ", " } else { " " });
        }
    }

    fn close(&mut self) {
        self.write(if self.flags.sharp_v { "}" } else { "]" });
    }

    fn bad_verb(&mut self, value: &Value, verb: char) {
        self.write(&format!("%!{verb}({}=", type_name(value)));
        self.value(value, 'v');
        self.write(")");
    }

    fn string(&mut self, text: &str, verb: char) {
        match verb {
            'v' if self.flags.sharp_v => self.quoted(text),
            'v' | 's' => {
                let shown = self.truncated(text);
                self.pad(shown);
            }
            'q' => self.quoted(text),
            'x' | 'X' => self.hexadecimal(text.as_bytes(), verb),
            _ => self.bad_verb(&Value::String(text.to_owned()), verb),
        }
    }

    fn truncated<'a>(&self, text: &'a str) -> &'a str {
        let cut = self.flags.precision.and_then(|count| text.char_indices().nth(count));
        cut.map_or(text, |(offset, _)| &text[..offset])
    }

    fn quoted(&mut self, text: &str) {
        let text = self.truncated(text);
        if self.flags.sharp && quote::can_backquote(text) {
            self.pad(&format!("`{text}`"));
        } else {
            self.pad(&quote::string(text, self.flags.plus));
        }
    }

    fn hexadecimal(&mut self, bytes: &[u8], verb: char) {
        let shown = &bytes[..self.flags.precision.unwrap_or(bytes.len()).min(bytes.len())];
        let prefix = if verb == 'X' { "0X" } else { "0x" };
        let mut text = String::new();
        for (index, byte) in shown.iter().enumerate() {
            if index > 0 && self.flags.space {
                text.push(' ');
            }
            if self.flags.sharp && (index == 0 || self.flags.space) {
                text.push_str(prefix);
            }
            text.push_str(&if verb == 'X' { format!("{byte:02X}") } else { format!("{byte:02x}") });
        }
        self.pad(&text);
    }

    fn integer(&mut self, value: i64, verb: char) {
        match verb {
            'v' | 'd' => self.radix(value, 10, verb),
            'b' => self.radix(value, 2, verb),
            'o' | 'O' => self.radix(value, 8, verb),
            'x' | 'X' => self.radix(value, 16, verb),
            'c' => self.pad(rune(value).encode_utf8(&mut [0; 4])),
            'q' => self.pad(&quote::character(rune(value), self.flags.plus)),
            'U' => self.unicode(value),
            _ => self.bad_verb(&Value::from(value), verb),
        }
    }

    fn radix(&mut self, value: i64, base: u32, verb: char) {
        let magnitude = value.unsigned_abs();
        let mut digits = match (base, verb) {
            (2, _) => format!("{magnitude:b}"),
            (8, _) => format!("{magnitude:o}"),
            (16, 'X') => format!("{magnitude:X}"),
            (16, _) => format!("{magnitude:x}"),
            _ => magnitude.to_string(),
        };
        let signed = value < 0 || self.flags.plus || self.flags.space;
        if self.flags.precision == Some(0) && magnitude == 0 {
            return self.blank();
        }
        let wanted = match (self.flags.precision, self.flags.width) {
            (Some(precision), _) => precision,
            (None, Some(width)) if self.flags.zero && !self.flags.minus => width.saturating_sub(usize::from(signed)),
            _ => 0,
        };
        if !self.takes(wanted) {
            return;
        }
        if digits.len() < wanted {
            digits.insert_str(0, &"0".repeat(wanted - digits.len()));
        }
        if self.flags.sharp {
            match (base, verb) {
                (2, _) => digits.insert_str(0, "0b"),
                (8, _) if !digits.starts_with('0') => digits.insert(0, '0'),
                (16, 'X') => digits.insert_str(0, "0X"),
                (16, _) => digits.insert_str(0, "0x"),
                _ => {}
            }
        }
        if verb == 'O' {
            digits.insert_str(0, "0o");
        }
        if value < 0 {
            digits.insert(0, '-');
        } else if self.flags.plus {
            digits.insert(0, '+');
        } else if self.flags.space {
            digits.insert(0, ' ');
        }
        self.pad_with_spaces(&digits);
    }

    fn unicode(&mut self, value: i64) {
        let code = value.cast_unsigned();
        let width = self.flags.precision.unwrap_or(4).max(4);
        if !self.takes(width) {
            return;
        }
        // Rust's own padding stops at 65,535.
        let digits = format!("{code:X}");
        let mut text = format!("U+{}{digits}", "0".repeat(width.saturating_sub(digits.len())));
        let character = u32::try_from(code).ok().and_then(char::from_u32).filter(|found| quote::is_print(*found));
        if let Some(character) = character.filter(|_| self.flags.sharp) {
            text.push_str(&format!(" '{character}'"));
        }
        self.pad_with_spaces(&text);
    }

    fn float(&mut self, value: f64, verb: char) {
        let (letter, default) = match verb {
            'v' => ('g', None),
            'b' | 'g' | 'G' | 'x' | 'X' => (verb, None),
            'f' | 'e' | 'E' => (verb, Some(6)),
            'F' => ('f', Some(6)),
            _ => {
                let number = serde_json::Number::from_f64(value).map_or(Value::Null, Value::Number);
                return self.bad_verb(&number, verb);
            }
        };
        let precision = self.flags.precision.or(default);
        if !matches!(letter, 'b' | 'g' | 'G') && !self.takes(precision.unwrap_or(0)) {
            return;
        }
        let mut text = float::format(value, letter, precision);
        if !text.starts_with(['-', '+']) {
            text.insert(0, '+');
        }
        if self.flags.space && text.starts_with('+') && !self.flags.plus {
            text.replace_range(..1, " ");
        }
        if !value.is_finite() {
            let shown = if value.is_nan() && !self.flags.space && !self.flags.plus { &text[1..] } else { &text };
            return self.pad_with_spaces(shown);
        }
        if self.flags.sharp && letter != 'b' && self.takes(precision.unwrap_or(0)) {
            text = with_decimal_point(&text, letter, precision);
        }
        self.signed(&text);
    }

    /// Pads a number whose first byte is its sign; a plus that nobody asked for is dropped.
    fn signed(&mut self, text: &str) {
        if !self.flags.plus && text.starts_with('+') {
            return self.pad(&text[1..]);
        }
        let width = self.flags.width.unwrap_or(0);
        if self.flags.zero && !self.flags.minus && width > text.len() {
            self.write(&text[..1]);
            self.fill('0', width - text.len());
            self.write(&text[1..]);
        } else {
            self.pad(text);
        }
    }

    fn blank(&mut self) {
        self.fill(' ', self.flags.width.unwrap_or(0));
    }

    fn pad_with_spaces(&mut self, text: &str) {
        let zero = std::mem::take(&mut self.flags.zero);
        self.pad(text);
        self.flags.zero = zero;
    }

    fn pad(&mut self, text: &str) {
        let missing = self.flags.width.unwrap_or(0).saturating_sub(text.chars().count());
        let filler = if self.flags.zero && !self.flags.minus { '0' } else { ' ' };
        if self.flags.minus {
            self.write(text);
            self.fill(filler, missing);
        } else {
            self.fill(filler, missing);
            self.write(text);
        }
    }
}

fn rune(value: i64) -> char {
    u32::try_from(value).ok().and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// The sharp flag: a decimal point always, and the trailing zeros that the precision asks for.
fn with_decimal_point(text: &str, letter: char, precision: Option<usize>) -> String {
    let hexadecimal = matches!(letter, 'x' | 'X');
    let tail_at =
        text[1..].find(|found: char| matches!(found, 'p' | 'P') || (!hexadecimal && matches!(found, 'e' | 'E')));
    let (head, tail) = text.split_at(tail_at.map_or(text.len(), |offset| offset + 1));
    let mut digits = match letter {
        'g' | 'G' | 'x' => precision.map_or(6, |count| i64::try_from(count).unwrap_or(0)),
        _ => 0,
    };
    let mut seen_nonzero = false;
    for character in head[1..].chars().filter(|character| *character != '.') {
        seen_nonzero |= character != '0';
        if seen_nonzero {
            digits -= 1;
        }
    }
    let mut out = head.to_owned();
    if !head.contains('.') {
        if head.len() == 2 && head.ends_with('0') {
            digits -= 1;
        }
        out.push('.');
    }
    out.push_str(&"0".repeat(usize::try_from(digits).unwrap_or(0)));
    out.push_str(tail);
    out
}
