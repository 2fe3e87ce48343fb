//! JSON to the wire.
//!
//! Every length stands before what it counts, so the bytes are written back to front and turned round once at the end: one
//! pass, however deep the document.

use plat_resource::{Number, Object, Value};
use prost::encoding::encode_varint;

use super::{MAX_DEPTH, StructError};

// Keys: field number << 3 | wire type.
const STRUCT_ENTRY: u8 = 0x0a;
const ENTRY_KEY: u8 = 0x0a;
const ENTRY_VALUE: u8 = 0x12;
const VALUE_NULL: u8 = 0x08;
const VALUE_NUMBER: u8 = 0x11;
const VALUE_STRING: u8 = 0x1a;
const VALUE_BOOL: u8 = 0x20;
const VALUE_STRUCT: u8 = 0x2a;
const VALUE_LIST: u8 = 0x32;
const LIST_ITEM: u8 = 0x0a;

/// Encodes `object` as the fields of a `Struct`.
pub(super) fn object(object: &Object) -> Result<Vec<u8>, StructError> {
    let mut backwards = Backwards::default();
    backwards.object(object, MAX_DEPTH)?;
    backwards.bytes.reverse();
    Ok(backwards.bytes)
}

/// The double that stands for a JSON number on the wire.
pub(super) fn double(number: &Number) -> f64 {
    // Only arbitrary-precision numbers have no double, and they are not in use.
    number.as_f64().unwrap_or_default()
}

#[derive(Default)]
struct Backwards {
    bytes: Vec<u8>,
}

impl Backwards {
    fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes.iter().rev());
    }

    /// Closes what was written since `start`: its length and its key.
    fn delimit(&mut self, start: usize, key: u8) {
        let mut length = Vec::with_capacity(5);
        encode_varint((self.bytes.len() - start) as u64, &mut length);
        self.raw(&length);
        self.bytes.push(key);
    }

    fn object(&mut self, object: &Object, depth: usize) -> Result<(), StructError> {
        let depth = depth.checked_sub(1).ok_or(StructError::TooDeep)?;
        let mut entries: Vec<_> = object.iter().collect();
        entries.sort_unstable_by_key(|(key, _)| *key);
        for (key, value) in entries.into_iter().rev() {
            let entry = self.bytes.len();
            self.value(value, depth)?;
            self.delimit(entry, ENTRY_VALUE);
            let text = self.bytes.len();
            self.raw(key.as_bytes());
            self.delimit(text, ENTRY_KEY);
            self.delimit(entry, STRUCT_ENTRY);
        }
        Ok(())
    }

    fn list(&mut self, items: &[Value], depth: usize) -> Result<(), StructError> {
        let depth = depth.checked_sub(1).ok_or(StructError::TooDeep)?;
        for item in items.iter().rev() {
            let start = self.bytes.len();
            self.value(item, depth)?;
            self.delimit(start, LIST_ITEM);
        }
        Ok(())
    }

    fn value(&mut self, value: &Value, depth: usize) -> Result<(), StructError> {
        let start = self.bytes.len();
        match value {
            Value::Null => self.raw(&[VALUE_NULL, 0]),
            Value::Bool(flag) => self.raw(&[VALUE_BOOL, u8::from(*flag)]),
            Value::Number(number) => {
                self.raw(&double(number).to_le_bytes());
                self.bytes.push(VALUE_NUMBER);
            }
            Value::String(text) => {
                self.raw(text.as_bytes());
                self.delimit(start, VALUE_STRING);
            }
            Value::Array(items) => {
                self.list(items, depth)?;
                self.delimit(start, VALUE_LIST);
            }
            Value::Object(object) => {
                self.object(object, depth)?;
                self.delimit(start, VALUE_STRUCT);
            }
        }
        Ok(())
    }
}
