//! JSON texts: one object after another, as kubectl reads a file that starts with `{`.
//!
//! Owns the fast road for strict JSON. Anything that is not strict JSON (comments, duplicate keys, a fault) is left to
//! the YAML road, which says what is wrong and where.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::scalar;
use super::text::{Chunk, position_at};
use crate::Position;

/// The objects of `text` with their places, when all of it is strict JSON and each value is an object.
pub(super) fn read_stream(text: &str) -> Option<Vec<(Value, Chunk, Position)>> {
    if !text.trim_start().starts_with('{') {
        return None;
    }
    let mut found = Vec::new();
    let mut offset = 0;
    let mut place = Position { line: 1, column: 1 };
    loop {
        let rest = text.get(offset..)?;
        let start = offset + (rest.len() - rest.trim_start().len());
        place = advance(place, text.get(offset..start)?);
        let rest = text.get(start..)?;
        if rest.is_empty() {
            return Some(found);
        }
        if !rest.starts_with('{') {
            return None;
        }
        let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<Unique>();
        let Unique(value) = stream.next()?.ok()?;
        offset = start + stream.byte_offset();
        found.push((value, Chunk { range: start..offset, start: place }, place));
        place = advance(place, text.get(start..offset)?);
    }
}

fn advance(from: Position, over: &str) -> Position {
    let moved = position_at(over, over.len());
    let column = if moved.line == 1 { from.column + moved.column - 1 } else { moved.column };
    Position { line: from.line + moved.line - 1, column }
}

/// A value without duplicate keys, numbers as Kubernetes keeps them.
struct Unique(Value);

impl<'de> serde::Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Seed.deserialize(deserializer).map(Self)
    }
}

struct Seed;

impl<'de> DeserializeSeed<'de> for Seed {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(scalar::unsigned(value))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        scalar::float(value).ok_or_else(|| E::custom("not a number of JSON"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element_seed(Self)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = access.next_key::<String>()? {
            let value = access.next_value_seed(Self)?;
            if map.insert(key, value).is_some() {
                return Err(A::Error::custom("duplicate key"));
            }
        }
        Ok(Value::Object(map))
    }
}
