//! The wire to JSON.

use plat_resource::{Number, Object, Value};
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

use super::{MAX_DEPTH, StructError};

/// 2^63: the first double beyond `i64`.
const I64_END: f64 = 9_223_372_036_854_775_808.0;

/// Decodes the fields of a `Struct`.
pub(super) fn object(encoded: &[u8]) -> Result<Object, StructError> {
    read_object(encoded, MAX_DEPTH)
}

/// The JSON number that Go's JSON makes of a double: an integer where it is one and fits.
///
/// JSON has no infinities and no NaN; protobuf's JSON form writes them as strings.
pub(super) fn number(double: f64) -> Value {
    if double.fract() == 0.0 && (-I64_END..I64_END).contains(&double) {
        #[expect(clippy::cast_possible_truncation, reason = "integral and within range, just checked")]
        return Value::from(double as i64);
    }
    Number::from_f64(double).map_or_else(|| Value::from(not_finite(double)), Value::Number)
}

fn not_finite(double: f64) -> &'static str {
    if double.is_nan() {
        "NaN"
    } else if double > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}

/// One field of a message: its number and its content.
struct Field<'a> {
    tag: u32,
    content: Content<'a>,
}

enum Content<'a> {
    Varint(u64),
    Double(f64),
    Bytes(&'a [u8]),
    Other,
}

fn next_field<'a>(rest: &mut &'a [u8]) -> Result<Option<Field<'a>>, StructError> {
    if rest.is_empty() {
        return Ok(None);
    }
    let (tag, wire_type) = decode_key(rest).map_err(|_| StructError::Malformed)?;
    let content = match wire_type {
        WireType::Varint => Content::Varint(decode_varint(rest).map_err(|_| StructError::Malformed)?),
        WireType::SixtyFourBit => Content::Double(f64::from_le_bytes(take_array(rest)?)),
        WireType::LengthDelimited => {
            let length = decode_varint(rest).map_err(|_| StructError::Malformed)?;
            Content::Bytes(take(rest, usize::try_from(length).map_err(|_| StructError::Malformed)?)?)
        }
        other => {
            skip_field(other, tag, rest, DecodeContext::default()).map_err(|_| StructError::Malformed)?;
            Content::Other
        }
    };
    Ok(Some(Field { tag, content }))
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8], StructError> {
    let (taken, left) = rest.split_at_checked(length).ok_or(StructError::Malformed)?;
    *rest = left;
    Ok(taken)
}

fn take_array(rest: &mut &[u8]) -> Result<[u8; 8], StructError> {
    let (taken, left) = rest.split_first_chunk::<8>().ok_or(StructError::Malformed)?;
    *rest = left;
    Ok(*taken)
}

fn text(bytes: &[u8]) -> Result<String, StructError> {
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| StructError::NotText)
}

fn read_object(mut rest: &[u8], depth: usize) -> Result<Object, StructError> {
    let depth = depth.checked_sub(1).ok_or(StructError::TooDeep)?;
    let mut object = Object::new();
    while let Some(field) = next_field(&mut rest)? {
        if let Field { tag: 1, content: Content::Bytes(entry) } = field {
            let (key, value) = read_entry(entry, depth)?;
            object.insert(key, value);
        }
    }
    Ok(object)
}

fn read_entry(mut rest: &[u8], depth: usize) -> Result<(String, Value), StructError> {
    let mut key = String::new();
    let mut value = Value::Null;
    while let Some(field) = next_field(&mut rest)? {
        match field {
            Field { tag: 1, content: Content::Bytes(bytes) } => key = text(bytes)?,
            Field { tag: 2, content: Content::Bytes(bytes) } => value = read_value(bytes, depth)?,
            _ => {}
        }
    }
    Ok((key, value))
}

fn read_list(mut rest: &[u8], depth: usize) -> Result<Vec<Value>, StructError> {
    let depth = depth.checked_sub(1).ok_or(StructError::TooDeep)?;
    let mut items = Vec::new();
    while let Some(field) = next_field(&mut rest)? {
        if let Field { tag: 1, content: Content::Bytes(item) } = field {
            items.push(read_value(item, depth)?);
        }
    }
    Ok(items)
}

/// A value without a kind is null.
fn read_value(mut rest: &[u8], depth: usize) -> Result<Value, StructError> {
    let mut value = Value::Null;
    while let Some(Field { tag, content }) = next_field(&mut rest)? {
        value = match (tag, content) {
            (1, Content::Varint(_)) => Value::Null,
            (2, Content::Double(double)) => number(double),
            (3, Content::Bytes(bytes)) => Value::String(text(bytes)?),
            (4, Content::Varint(flag)) => Value::Bool(flag != 0),
            (5, Content::Bytes(bytes)) => Value::Object(read_object(bytes, depth)?),
            (6, Content::Bytes(bytes)) => Value::Array(read_list(bytes, depth)?),
            _ => continue,
        };
    }
    Ok(value)
}
