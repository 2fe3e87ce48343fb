//! `google.protobuf.Struct`: JSON objects on the wire.
//!
//! A [`Struct`] keeps its encoded bytes. Turning a JSON object into one encodes it once, without a tree of messages in
//! between; reading one back is bounded by [`MAX_DEPTH`]. All numbers are doubles on this wire; reading gives them back as Go's
//! JSON does: integral values that fit an `i64` become integers.

mod decode;
mod encode;

use plat_resource::{Object, Value};
use prost::bytes::{Buf, BufMut};
use prost::encoding::{DecodeContext, WireType, bytes, encode_key, encode_varint, skip_field};
use prost::{DecodeError, Message};

/// How many objects and lists may be nested.
///
/// Far above what a Kubernetes schema needs, and low enough that no thread's stack overflows.
pub const MAX_DEPTH: usize = 256;

/// The only field of the message: its map.
const FIELDS: u32 = 1;

/// A JSON object, encoded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Struct {
    encoded: Vec<u8>,
}

/// Why a JSON object does not fit the wire, or the wire holds none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StructError {
    /// Deeper than [`MAX_DEPTH`].
    #[error("more than {MAX_DEPTH} objects and lists are nested")]
    TooDeep,
    /// Not the encoding of a `Struct`.
    #[error("not a valid protobuf encoding")]
    Malformed,
    /// A string is not UTF-8.
    #[error("a string is not valid UTF-8")]
    NotText,
    /// Only objects can be sent.
    #[error("expected an object, got {got}")]
    NotAnObject {
        /// What it is instead.
        got: &'static str,
    },
}

impl Struct {
    /// Encodes an object, keys sorted.
    pub fn from_object(object: &Object) -> Result<Self, StructError> {
        encode::object(object).map(|encoded| Self { encoded })
    }

    /// Encodes `value`, which has to be an object; null counts as the empty one.
    pub fn from_value(value: &Value) -> Result<Self, StructError> {
        let got = match value {
            Value::Object(object) => return Self::from_object(object),
            Value::Null => return Ok(Self::default()),
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "a list",
        };
        Err(StructError::NotAnObject { got })
    }

    /// The object it holds.
    pub fn to_object(&self) -> Result<Object, StructError> {
        decode::object(&self.encoded)
    }

    /// The object it holds, as a value.
    pub fn to_value(&self) -> Result<Value, StructError> {
        self.to_object().map(Value::Object)
    }
}

impl Message for Struct {
    fn encode_raw(&self, buffer: &mut impl BufMut) {
        buffer.put_slice(&self.encoded);
    }

    fn merge_field(
        &mut self,
        tag: u32,
        wire_type: WireType,
        buffer: &mut impl Buf,
        context: DecodeContext,
    ) -> Result<(), DecodeError> {
        if tag != FIELDS {
            return skip_field(wire_type, tag, buffer, context);
        }
        let mut entry = Vec::new();
        bytes::merge(wire_type, &mut entry, buffer, context)?;
        encode_key(FIELDS, WireType::LengthDelimited, &mut self.encoded);
        encode_varint(entry.len() as u64, &mut self.encoded);
        self.encoded.append(&mut entry);
        Ok(())
    }

    fn encoded_len(&self) -> usize {
        self.encoded.len()
    }

    fn clear(&mut self) {
        self.encoded.clear();
    }
}

#[cfg(test)]
mod tests;
