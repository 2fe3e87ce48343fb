//! JSON as `JSON.stringify` writes it.

use super::error::{Failure, Outcome};
use super::number;
use super::text::Text;
use super::value::Value;
use crate::data::Data;

/// The longest text that is written.
const MAX_LENGTH: usize = 1 << 26;

/// A text in quotes; lone halves of surrogate pairs are escaped.
pub(crate) fn quote(units: &[u16]) -> Vec<u16> {
    let mut output = vec![u16::from(b'"')];
    for decoded in char::decode_utf16(units.iter().copied()) {
        match decoded {
            Ok('"') => output.extend("\\\"".encode_utf16()),
            Ok('\\') => output.extend("\\\\".encode_utf16()),
            Ok('\u{8}') => output.extend("\\b".encode_utf16()),
            Ok('\u{c}') => output.extend("\\f".encode_utf16()),
            Ok('\n') => output.extend("\\n".encode_utf16()),
            Ok('\r') => output.extend("\\r".encode_utf16()),
            Ok('\t') => output.extend("\\t".encode_utf16()),
            Ok(control) if control < ' ' => output.extend(format!("\\u{:04x}", u32::from(control)).encode_utf16()),
            Ok(character) => output.extend(character.encode_utf16(&mut [0; 2]).iter()),
            Err(lone) => output.extend(format!("\\u{:04x}", lone.unpaired_surrogate()).encode_utf16()),
        }
    }
    output.push(u16::from(b'"'));
    output
}

/// Writes a value; undefined where there is nothing to write.
pub(crate) fn stringify(value: &Value, indent: &Text) -> Outcome<Option<Text>> {
    if matches!(value, Value::Undefined) {
        return Ok(None);
    }
    let mut writer = Writer { output: Vec::new(), indent, line: vec![10] };
    writer.value(value)?;
    Ok(Some(writer.output.into()))
}

struct Writer<'a> {
    output: Vec<u16>,
    indent: &'a Text,
    /// A line end and the indentation of what follows.
    line: Vec<u16>,
}

impl Writer<'_> {
    fn value(&mut self, value: &Value) -> Outcome<()> {
        // The same list many times in a list, and so on, is a text without end.
        if self.output.len() > MAX_LENGTH {
            return Err(Failure::new("Invalid string length"));
        }
        match value {
            Value::Bool(value) => self.plain(if *value { "true" } else { "false" }),
            Value::Number(number) if number.is_finite() => self.plain(&number::print(*number)),
            Value::Undefined | Value::Null | Value::Number(_) => self.plain("null"),
            Value::String(text) => self.output.extend(quote(text.units())),
            Value::Safe(text) => self.output.extend(quote(text.units())),
            Value::Array(array) => {
                let items = array.to_vec();
                self.plain("[");
                self.nested(items.len(), |writer, index| items.get(index).map_or(Ok(()), |item| writer.value(item)))?;
                self.plain("]");
            }
            Value::Record(record) => {
                let entries: Vec<_> =
                    record.entries().filter(|(_, value)| !matches!(value, Value::Undefined)).collect();
                self.plain("{");
                self.nested(entries.len(), |writer, index| {
                    let Some((key, value)) = entries.get(index) else { return Ok(()) };
                    writer.output.extend(quote(key.units()));
                    writer.plain(if writer.indent.is_empty() { ":" } else { ": " });
                    writer.value(value)
                })?;
                self.plain("}");
            }
            Value::Regex(_) => self.plain("{}"),
            Value::Callable(_) => return Err(Failure::new("Callable values cannot be serialized")),
        }
        Ok(())
    }

    fn nested(&mut self, count: usize, mut write: impl FnMut(&mut Self, usize) -> Outcome<()>) -> Outcome<()> {
        let outer = self.line.len();
        self.line.extend_from_slice(self.indent.units());
        for index in 0..count {
            if index > 0 {
                self.plain(",");
            }
            self.break_line();
            write(self, index)?;
        }
        self.line.truncate(outer);
        if count > 0 {
            self.break_line();
        }
        Ok(())
    }

    fn break_line(&mut self) {
        if !self.indent.is_empty() {
            self.output.extend_from_slice(&self.line);
        }
    }

    fn plain(&mut self, text: &str) {
        self.output.extend(text.encode_utf16());
    }
}

/// Writes what came out of a template.
pub(crate) fn of_data(data: &Data, indent: &str) -> String {
    let mut output = String::new();
    write_data(data, indent, "\n", &mut output);
    output
}

fn write_data(data: &Data, indent: &str, line: &str, output: &mut String) {
    let inner = format!("{line}{indent}");
    let break_line = |output: &mut String, line: &str| {
        if !indent.is_empty() {
            output.push_str(line);
        }
    };
    match data {
        Data::Bool(value) => output.push_str(if *value { "true" } else { "false" }),
        Data::Number(number) if number.is_finite() => output.push_str(&number::print(*number)),
        Data::Null | Data::Number(_) => output.push_str("null"),
        Data::String(text) => write_text(text, output),
        Data::Array(items) => {
            output.push('[');
            for (index, item) in items.iter().enumerate() {
                output.push_str(if index > 0 { "," } else { "" });
                break_line(output, &inner);
                write_data(item, indent, &inner, output);
            }
            if !items.is_empty() {
                break_line(output, line);
            }
            output.push(']');
        }
        Data::Object(entries) => {
            output.push('{');
            for (index, (key, value)) in entries.iter().enumerate() {
                output.push_str(if index > 0 { "," } else { "" });
                break_line(output, &inner);
                write_text(key, output);
                output.push_str(if indent.is_empty() { ":" } else { ": " });
                write_data(value, indent, &inner, output);
            }
            if !entries.is_empty() {
                break_line(output, line);
            }
            output.push('}');
        }
    }
}

fn write_text(text: &str, output: &mut String) {
    let units: Vec<u16> = text.encode_utf16().collect();
    output.push_str(&String::from_utf16_lossy(&quote(&units)));
}
