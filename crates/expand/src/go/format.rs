//! `fmt.Sprintf` over JSON values, malformed formats included.

use plat_resource::Value;

use super::{float, quote, type_name};

/// Widths and precisions above this are refused, as in Go.
const TOO_LARGE: usize = 1_000_000;

/// `fmt.Sprintf(format, arguments...)`.
pub fn sprintf(format: &str, arguments: &[&Value]) -> String {
    let mut printer = Printer { out: String::new(), flags: Flags::default() };
    Directives { format, position: 0, arguments, argument: 0, reordered: false, good_index: true }.run(&mut printer);
    printer.out
}

/// `fmt.Sprintf("%v", value)`.
pub fn display(value: &Value) -> String {
    sprintf("%v", &[value])
}

#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "they are the flags of fmt, each a bit of its own")]
struct Flags {
    width: Option<usize>,
    precision: Option<usize>,
    minus: bool,
    plus: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    sharp_v: bool,
}

struct Directives<'a> {
    format: &'a str,
    position: usize,
    arguments: &'a [&'a Value],
    argument: usize,
    reordered: bool,
    good_index: bool,
}

impl Directives<'_> {
    fn run(mut self, printer: &mut Printer) {
        while self.position < self.format.len() {
            self.good_index = true;
            let rest = &self.format[self.position..];
            let Some(percent) = rest.find('%') else {
                printer.out.push_str(rest);
                break;
            };
            printer.out.push_str(&rest[..percent]);
            self.position += percent + 1;
            if !self.directive(printer) {
                break;
            }
        }
        self.extra(printer);
    }

    /// Prints one directive; false when the format ended inside it.
    fn directive(&mut self, printer: &mut Printer) -> bool {
        printer.flags = Flags::default();
        self.flags(&mut printer.flags);
        let after_index = self.index();
        let after_index = self.width(printer, after_index);
        let after_index = self.precision(printer, after_index);
        if !after_index {
            self.index();
        }
        let Some(verb) = self.format[self.position..].chars().next() else {
            printer.out.push_str("%!(NOVERB)");
            return false;
        };
        self.position += verb.len_utf8();
        self.print(printer, verb);
        true
    }

    fn print(&mut self, printer: &mut Printer, verb: char) {
        if verb == '%' {
            printer.out.push('%');
        } else if !self.good_index {
            printer.out.push_str(&format!("%!{verb}(BADINDEX)"));
        } else if let Some(argument) = self.arguments.get(self.argument) {
            if matches!(verb, 'v' | 'w') {
                printer.flags.sharp_v = std::mem::take(&mut printer.flags.sharp);
                printer.flags.plus = false;
            }
            printer.argument(argument, verb);
            self.argument += 1;
        } else {
            printer.out.push_str(&format!("%!{verb}(MISSING)"));
        }
    }

    fn peek(&self) -> Option<u8> {
        self.format.as_bytes().get(self.position).copied()
    }

    fn flags(&mut self, flags: &mut Flags) {
        while let Some(byte) = self.peek() {
            match byte {
                b'#' => flags.sharp = true,
                b'0' => flags.zero = true,
                b'+' => flags.plus = true,
                b'-' => flags.minus = true,
                b' ' => flags.space = true,
                _ => break,
            }
            self.position += 1;
        }
    }

    /// An explicit index such as `[2]`; true when one was read well.
    fn index(&mut self) -> bool {
        if self.peek() != Some(b'[') {
            return false;
        }
        self.reordered = true;
        let rest = &self.format[self.position..];
        let Some(close) = rest.find(']').filter(|_| rest.len() >= 3) else {
            self.good_index = false;
            self.position += 1;
            return false;
        };
        self.position += close + 1;
        let inside = &rest[1..close];
        let number = number(inside).filter(|(_, length)| *length == inside.len()).map(|(number, _)| number);
        match number {
            Some(number) if number >= 1 && number <= self.arguments.len() => {
                self.argument = number - 1;
                true
            }
            found => {
                self.good_index = false;
                found.is_some()
            }
        }
    }

    fn digits(&mut self) -> Option<usize> {
        let rest = &self.format[self.position..];
        if !rest.starts_with(|first: char| first.is_ascii_digit()) {
            return None;
        }
        let Some((number, length)) = number(rest) else {
            // Go gives up on the whole format here.
            self.position = self.format.len();
            return None;
        };
        self.position += length;
        Some(number)
    }

    fn star(&mut self) -> Option<i64> {
        self.position += 1;
        let value = self.arguments.get(self.argument)?;
        self.argument += 1;
        value.as_i64().filter(|number| number.unsigned_abs() <= TOO_LARGE as u64)
    }

    fn width(&mut self, printer: &mut Printer, after_index: bool) -> bool {
        if self.peek() == Some(b'*') {
            match self.star() {
                Some(width) => {
                    printer.flags.width = usize::try_from(width.unsigned_abs()).ok();
                    if width < 0 {
                        printer.flags.minus = true;
                        printer.flags.zero = false;
                    }
                }
                None => printer.out.push_str("%!(BADWIDTH)"),
            }
            return false;
        }
        printer.flags.width = self.digits();
        if after_index && printer.flags.width.is_some() {
            self.good_index = false;
        }
        after_index
    }

    fn precision(&mut self, printer: &mut Printer, after_index: bool) -> bool {
        if self.peek() != Some(b'.') || self.position + 1 >= self.format.len() {
            return after_index;
        }
        self.position += 1;
        if after_index {
            self.good_index = false;
        }
        let indexed = self.index();
        if self.peek() == Some(b'*') {
            match self.star().and_then(|precision| usize::try_from(precision).ok()) {
                Some(precision) => printer.flags.precision = Some(precision),
                None => printer.out.push_str("%!(BADPREC)"),
            }
            return false;
        }
        printer.flags.precision = Some(self.digits().unwrap_or(0));
        indexed
    }

    fn extra(&self, printer: &mut Printer) {
        let extra = self.arguments.get(self.argument..).unwrap_or_default();
        if self.reordered || extra.is_empty() {
            return;
        }
        printer.flags = Flags::default();
        printer.out.push_str("%!(EXTRA ");
        for (index, argument) in extra.iter().enumerate() {
            if index > 0 {
                printer.out.push_str(", ");
            }
            if argument.is_null() {
                printer.out.push_str("<nil>");
            } else {
                printer.out.push_str(type_name(argument));
                printer.out.push('=');
                printer.argument(argument, 'v');
            }
        }
        printer.out.push(')');
    }
}

/// Reads leading digits: the number and how many bytes it took, nothing when it is too large.
fn number(text: &str) -> Option<(usize, usize)> {
    let mut value = 0;
    let mut length = 0;
    for byte in text.bytes().take_while(u8::is_ascii_digit) {
        if value > TOO_LARGE {
            return None;
        }
        value = value * 10 + usize::from(byte - b'0');
        length += 1;
    }
    (length > 0).then_some((value, length))
}

struct Printer {
    out: String,
    flags: Flags,
}

impl Printer {
    fn argument(&mut self, argument: &Value, verb: char) {
        match (argument, verb) {
            (Value::Null, 'T' | 'v') => self.pad("<nil>"),
            (Value::Null, _) => self.out.push_str(&format!("%!{verb}(<nil>)")),
            (_, 'T') => self.string(type_name(argument), 's'),
            (Value::Array(_) | Value::Object(_), 'w') => self.bad_verb(argument, 'w'),
            // An address in Go; no plan can depend on it.
            (_, 'p') => self.bad_verb(argument, 'p'),
            _ => self.value(argument, verb),
        }
    }

    fn value(&mut self, value: &Value, verb: char) {
        match value {
            Value::Null if self.flags.sharp_v => self.out.push_str("interface {}(nil)"),
            Value::Null => self.out.push_str("<nil>"),
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
                    self.out.push(':');
                    self.value(item, verb);
                }
                self.close();
            }
        }
    }

    fn open(&mut self, value: &Value, plain: &str) {
        if self.flags.sharp_v {
            self.out.push_str(type_name(value));
            self.out.push('{');
        } else {
            self.out.push_str(plain);
        }
    }

    fn separator(&mut self, index: usize) {
        if index > 0 {
            self.out.push_str(if self.flags.sharp_v { ", " } else { " " });
        }
    }

    fn close(&mut self) {
        self.out.push(if self.flags.sharp_v { '}' } else { ']' });
    }

    fn bad_verb(&mut self, value: &Value, verb: char) {
        self.out.push_str(&format!("%!{verb}({}=", type_name(value)));
        self.value(value, 'v');
        self.out.push(')');
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
        let mut text = format!("U+{code:0width$X}");
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
        if self.flags.sharp && letter != 'b' {
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
            self.out.push_str(&text[..1]);
            self.out.push_str(&"0".repeat(width - text.len()));
            self.out.push_str(&text[1..]);
        } else {
            self.pad(text);
        }
    }

    fn blank(&mut self) {
        self.out.push_str(&" ".repeat(self.flags.width.unwrap_or(0)));
    }

    fn pad_with_spaces(&mut self, text: &str) {
        let zero = std::mem::take(&mut self.flags.zero);
        self.pad(text);
        self.flags.zero = zero;
    }

    fn pad(&mut self, text: &str) {
        let missing = self.flags.width.unwrap_or(0).saturating_sub(text.chars().count());
        let filler = if self.flags.zero && !self.flags.minus { "0" } else { " " };
        if self.flags.minus {
            self.out.push_str(text);
            self.out.push_str(&filler.repeat(missing));
        } else {
            self.out.push_str(&filler.repeat(missing));
            self.out.push_str(text);
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

#[cfg(test)]
mod tests;
