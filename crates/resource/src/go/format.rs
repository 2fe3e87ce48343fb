//! `fmt.Sprintf` over JSON values, malformed formats included.

mod printer;

use crate::Value;

use self::printer::{Flags, Printer};
use super::type_name;

/// Widths and precisions above this are refused, as in Go.
const TOO_LARGE: usize = 1_000_000;

/// A text would be longer than asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text is longer than {0} bytes")]
pub struct TooLong(pub usize);

/// `fmt.Sprintf(format, arguments...)`, as long as the text stays within `limit` bytes.
pub fn sprintf(format: &str, arguments: &[&Value], limit: usize) -> Result<String, TooLong> {
    let mut printer = Printer::new(limit);
    Directives { format, position: 0, arguments, argument: 0, reordered: false, good_index: true }.run(&mut printer);
    if printer.too_long { Err(TooLong(limit)) } else { Ok(printer.out) }
}

/// `fmt.Sprintf("%v", value)`: never much longer than the value itself.
pub fn display(value: &Value) -> String {
    let mut printer = Printer::new(usize::MAX);
    printer.argument(value, 'v');
    printer.out
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
        while self.position < self.format.len() && !printer.too_long {
            self.good_index = true;
            let rest = &self.format[self.position..];
            let Some(percent) = rest.find('%') else {
                printer.write(rest);
                break;
            };
            printer.write(&rest[..percent]);
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
            printer.write("%!(NOVERB)");
            return false;
        };
        self.position += verb.len_utf8();
        self.print(printer, verb);
        true
    }

    fn print(&mut self, printer: &mut Printer, verb: char) {
        if verb == '%' {
            printer.write("%");
        } else if !self.good_index {
            printer.write(&format!("%!{verb}(BADINDEX)"));
        } else if let Some(argument) = self.arguments.get(self.argument) {
            if matches!(verb, 'v' | 'w') {
                printer.flags.sharp_v = std::mem::take(&mut printer.flags.sharp);
                printer.flags.plus = false;
            }
            printer.argument(argument, verb);
            self.argument += 1;
        } else {
            printer.write(&format!("%!{verb}(MISSING)"));
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
                None => printer.write("%!(BADWIDTH)"),
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
                None => printer.write("%!(BADPREC)"),
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
        printer.write("%!(EXTRA ");
        for (index, argument) in extra.iter().enumerate() {
            if index > 0 {
                printer.write(", ");
            }
            if argument.is_null() {
                printer.write("<nil>");
            } else {
                printer.write(type_name(argument));
                printer.write("=");
                printer.argument(argument, 'v');
            }
        }
        printer.write(")");
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

#[cfg(test)]
mod tests;
