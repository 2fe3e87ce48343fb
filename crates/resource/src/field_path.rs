//! Crossplane field paths: `spec.a[0].b[key.with.dots][*]`.
//!
//! Owns parsing, printing, reading, writing, deleting and wildcard expansion. The rules and the error texts are those of
//! crossplane-runtime `pkg/fieldpath`, quirks included, since a patch that Crossplane refuses must be refused here.

use std::fmt;

use serde_json::{Map, Value};

/// The largest array index that a write may name (crossplane-runtime `DefaultMaxFieldPathIndex`).
pub const MAX_WRITE_INDEX: u32 = 1024;

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    /// A key of an object; `*` is the wildcard.
    Field(String),
    /// An index of an array.
    Index(u32),
}

impl Segment {
    /// A bracketed segment: an index where it reads as an unsigned 32-bit integer, a field otherwise.
    pub fn bracketed(text: &str) -> Self {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse::<u32>() {
            Ok(index) if digits => Self::Index(index),
            _ => Self::field(text),
        }
    }

    /// A field segment; quotes around it are dropped.
    pub fn field(text: &str) -> Self {
        Self::Field(text.trim_matches(['\'', '"']).to_owned())
    }

    fn is_wildcard(&self) -> bool {
        matches!(self, Self::Field(field) if field == "*")
    }
}

/// A parsed field path.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldPath(Vec<Segment>);

/// Why a path could not be parsed, read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldPathError {
    /// The text is not a path.
    #[error("cannot parse path {path:?}: {reason} at position {position}")]
    Parse {
        /// The text.
        path: String,
        /// What was wrong.
        reason: String,
        /// Byte offset of the fault.
        position: usize,
    },
    /// Nothing is there (an object without the key, an array that is too short, a null).
    #[error("{0}")]
    NotFound(String),
    /// Something else is there than the path says.
    #[error("{0}")]
    WrongKind(String),
    /// A write with an index above [`MAX_WRITE_INDEX`].
    #[error("index {index} is greater than max allowed index {MAX_WRITE_INDEX}")]
    IndexTooLarge {
        /// The index asked for.
        index: u32,
    },
}

impl FieldPathError {
    /// True for the class of errors that an Optional patch skips.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound(_))
    }

    /// This error, met below one of the paths that a wildcard stands for.
    fn under(self, path: &[Segment]) -> Self {
        let wrap = |message: String| format!("{:?}: cannot expand wildcards: {message}", text_of(path));
        match self {
            Self::NotFound(message) => Self::NotFound(wrap(message)),
            Self::WrongKind(message) => Self::WrongKind(wrap(message)),
            other => other,
        }
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_segments(&self.0, formatter)
    }
}

fn write_segments(segments: &[Segment], out: &mut impl fmt::Write) -> fmt::Result {
    for (index, segment) in segments.iter().enumerate() {
        match segment {
            Segment::Field(field) if field == "*" || field.contains('.') => write!(out, "[{field}]")?,
            Segment::Field(field) if index == 0 => out.write_str(field)?,
            Segment::Field(field) => write!(out, ".{field}")?,
            Segment::Index(number) => write!(out, "[{number}]")?,
        }
    }
    Ok(())
}

fn text_of(segments: &[Segment]) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write_segments(segments, &mut text);
    text
}

impl FieldPath {
    /// Parses `path`. The empty text is the empty path, as in Crossplane.
    pub fn parse(path: &str) -> Result<Self, FieldPathError> {
        Parser { path, position: 0, segments: Vec::new() }.run().map(Self)
    }

    /// A path of the given segments.
    pub fn new(segments: Vec<Segment>) -> Self {
        Self(segments)
    }

    /// Its segments.
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// This path with one more segment.
    #[must_use]
    pub fn join(&self, segment: Segment) -> Self {
        let mut segments = self.0.clone();
        segments.push(segment);
        Self(segments)
    }

    /// This path with one more object key (any text, taken as it is).
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        self.join(Segment::Field(key.to_owned()))
    }

    /// This path followed by `below`.
    #[must_use]
    pub fn concat(&self, below: &Self) -> Self {
        Self([self.segments(), below.segments()].concat())
    }

    /// True when `self` is `other` or an ancestor of it.
    pub fn is_prefix_of(&self, other: &Self) -> bool {
        other.0.starts_with(&self.0)
    }

    /// True when a segment is the wildcard.
    pub fn has_wildcard(&self) -> bool {
        self.0.iter().any(Segment::is_wildcard)
    }

    /// Reads the value. The empty path reads as null, as in Crossplane.
    pub fn get<'a>(&self, object: &'a Value) -> Result<&'a Value, FieldPathError> {
        if self.0.is_empty() {
            return Ok(&Value::Null);
        }
        read(object, &self.0)
    }

    /// Writes `value`, making missing objects and arrays on the way (arrays are padded with null). A null that is in the
    /// way stays in the way: Crossplane refuses it too. The empty path writes nothing.
    pub fn set(&self, object: &mut Value, value: Value) -> Result<(), FieldPathError> {
        for segment in &self.0 {
            if let Segment::Index(index) = segment
                && *index > MAX_WRITE_INDEX
            {
                return Err(FieldPathError::IndexTooLarge { index: *index });
            }
        }
        write(object, &self.0, value)
    }

    /// Removes what the path names; a path to nothing is no error.
    pub fn delete(&self, object: &mut Value) -> Result<(), FieldPathError> {
        delete(object, &self.0)
    }

    /// The paths that this one, with wildcards, stands for in `object`, in key order. None where nothing is there.
    pub fn expand(&self, object: &Value) -> Result<Vec<Self>, FieldPathError> {
        let mut found = Vec::new();
        expand(object, &self.0, &mut found)?;
        Ok(found.into_iter().map(Self).collect())
    }
}

impl std::str::FromStr for FieldPath {
    type Err = FieldPathError;
    fn from_str(path: &str) -> Result<Self, Self::Err> {
        Self::parse(path)
    }
}

struct Parser<'a> {
    path: &'a str,
    position: usize,
    segments: Vec<Segment>,
}

impl Parser<'_> {
    fn run(mut self) -> Result<Vec<Segment>, FieldPathError> {
        loop {
            let rest = &self.path[self.position..];
            let Some(offset) = rest.find(['.', '[', ']']) else {
                self.push_field(rest.len());
                return Ok(self.segments);
            };
            match rest.as_bytes()[offset] {
                b']' => return Err(self.unexpected(']', self.position + offset)),
                b'[' => {
                    self.push_field(offset);
                    self.bracket()?;
                }
                _ => {
                    self.push_field(offset);
                    self.period()?;
                }
            }
        }
    }

    fn push_field(&mut self, length: usize) {
        if length > 0 {
            self.segments.push(Segment::field(&self.path[self.position..self.position + length]));
            self.position += length;
        }
    }

    fn period(&mut self) -> Result<(), FieldPathError> {
        if self.position == 0 || self.position == self.path.len() - 1 {
            return Err(self.unexpected('.', self.position));
        }
        self.position += 1;
        match self.path.as_bytes()[self.position] {
            b'.' => Err(self.unexpected('.', self.position)),
            b'[' => Err(self.unexpected('[', self.position)),
            _ => Ok(()),
        }
    }

    fn bracket(&mut self) -> Result<(), FieldPathError> {
        let Some(close) = self.path[self.position..].find(']').map(|offset| offset + self.position) else {
            return Err(self.fail("unterminated '['".to_owned(), self.position));
        };
        let inside = self.position + 1;
        if close == inside {
            return Err(self.unexpected(']', close));
        }
        if let Some(nested) = self.path[inside..close].find('[') {
            return Err(self.unexpected('[', inside + nested));
        }
        self.segments.push(Segment::bracketed(&self.path[inside..close]));
        self.position = close + 1;
        Ok(())
    }

    fn unexpected(&self, found: char, position: usize) -> FieldPathError {
        self.fail(format!("unexpected '{found}'"), position)
    }

    fn fail(&self, reason: String, position: usize) -> FieldPathError {
        FieldPathError::Parse { path: self.path.to_owned(), reason, position }
    }
}

fn read<'a>(object: &'a Value, segments: &[Segment]) -> Result<&'a Value, FieldPathError> {
    let mut current = object;
    for (depth, segment) in segments.iter().enumerate() {
        current = match (segment, current) {
            (Segment::Index(index), Value::Array(items)) => items.get(*index as usize).ok_or_else(|| {
                FieldPathError::NotFound(format!("{}: no such element", text_of(&segments[..=depth])))
            })?,
            (Segment::Index(_), _) => {
                return Err(FieldPathError::WrongKind(format!("{}: not an array", text_of(&segments[..depth]))));
            }
            (Segment::Field(field), Value::Object(map)) => map
                .get(field)
                .ok_or_else(|| FieldPathError::NotFound(format!("{}: no such field", text_of(&segments[..=depth]))))?,
            (Segment::Field(_), Value::Null) => {
                return Err(FieldPathError::NotFound(format!(
                    "{}: expected map, got nil",
                    text_of(&segments[..depth])
                )));
            }
            (Segment::Field(_), _) => {
                return Err(FieldPathError::WrongKind(format!("{}: not an object", text_of(&segments[..depth]))));
            }
        };
    }
    Ok(current)
}

fn write(object: &mut Value, segments: &[Segment], value: Value) -> Result<(), FieldPathError> {
    let mut current = object;
    for (depth, segment) in segments.iter().enumerate() {
        let next = segments.get(depth + 1);
        let slot = match (segment, current) {
            (Segment::Index(index), Value::Array(items)) => match items.get_mut(*index as usize) {
                Some(slot) => prepare_element(slot, next),
                // Only the root can be an array that nobody made long enough.
                None => {
                    return Err(FieldPathError::NotFound(format!("{}: no such element", text_of(&segments[..=depth]))));
                }
            },
            (Segment::Index(_), _) => {
                return Err(FieldPathError::WrongKind(format!("{} is not an array", text_of(&segments[..depth]))));
            }
            (Segment::Field(field), Value::Object(map)) => prepare_field(map, field, next),
            (Segment::Field(_), _) => {
                return Err(FieldPathError::WrongKind(format!("{} is not an object", text_of(&segments[..depth]))));
            }
        };
        current = slot;
    }
    if !segments.is_empty() {
        *current = value;
    }
    Ok(())
}

fn container_for(next: &Segment) -> Value {
    match next {
        Segment::Index(index) => Value::Array(vec![Value::Null; *index as usize + 1]),
        Segment::Field(_) => Value::Object(Map::new()),
    }
}

fn prepare_element<'a>(slot: &'a mut Value, next: Option<&Segment>) -> &'a mut Value {
    match next {
        Some(next) if slot.is_null() => *slot = container_for(next),
        Some(next) => lengthen(slot, next),
        None => {}
    }
    slot
}

fn prepare_field<'a>(map: &'a mut Map<String, Value>, field: &str, next: Option<&Segment>) -> &'a mut Value {
    match next {
        Some(next) => {
            let slot = map.entry(field).or_insert_with(|| container_for(next));
            lengthen(slot, next);
            slot
        }
        None => map.entry(field).or_insert(Value::Null),
    }
}

fn lengthen(slot: &mut Value, next: &Segment) {
    if let (Value::Array(items), Segment::Index(index)) = (slot, next) {
        let wanted = *index as usize + 1;
        if items.len() < wanted {
            items.resize(wanted, Value::Null);
        }
    }
}

fn delete(object: &mut Value, segments: &[Segment]) -> Result<(), FieldPathError> {
    let Some((last, parents)) = segments.split_last() else { return Ok(()) };
    let mut current = object;
    for (depth, segment) in parents.iter().enumerate() {
        let found = match (segment, current) {
            (Segment::Index(index), Value::Array(items)) => items.get_mut(*index as usize),
            (Segment::Field(field), Value::Object(map)) => map.get_mut(field),
            (Segment::Index(_), _) => {
                return Err(FieldPathError::WrongKind(format!("{} is not an array", text_of(&segments[..depth]))));
            }
            (Segment::Field(_), _) => {
                return Err(FieldPathError::WrongKind(format!("{} is not an object", text_of(&segments[..depth]))));
            }
        };
        match found {
            Some(next) => current = next,
            None => return Ok(()),
        }
    }
    match (last, current) {
        (Segment::Index(index), Value::Array(items)) => {
            if (*index as usize) < items.len() {
                items.remove(*index as usize);
            }
            Ok(())
        }
        (Segment::Field(field), Value::Object(map)) => {
            map.remove(field);
            Ok(())
        }
        (_, Value::Null) => Ok(()),
        (Segment::Index(_), _) => {
            Err(FieldPathError::WrongKind(format!("cannot delete {}: not an array", text_of(segments))))
        }
        (Segment::Field(_), _) => {
            Err(FieldPathError::WrongKind(format!("cannot delete {}: not an object", text_of(segments))))
        }
    }
}

fn expand(object: &Value, segments: &[Segment], found: &mut Vec<Vec<Segment>>) -> Result<(), FieldPathError> {
    let Some(depth) = segments.iter().position(Segment::is_wildcard) else {
        return match read_or_root(object, segments) {
            Ok(_) => {
                found.push(segments.to_vec());
                Ok(())
            }
            Err(error) if error.is_not_found() => Ok(()),
            Err(error) => Err(error),
        };
    };
    let parent = match read_or_root(object, &segments[..depth]) {
        Ok(parent) => parent,
        Err(error) if error.is_not_found() => return Ok(()),
        Err(error) => return Err(error),
    };
    let mut visit = |segment: Segment| {
        let mut concrete = segments.to_vec();
        concrete[depth] = segment;
        expand(object, &concrete, found).map_err(|error| error.under(&concrete))
    };
    match parent {
        Value::Array(items) => {
            (0..items.len()).try_for_each(|index| visit(Segment::Index(u32::try_from(index).unwrap_or(u32::MAX))))
        }
        // A key that is itself `*` would expand for ever (it does, upstream); it stands for itself here.
        Value::Object(map) => map.keys().filter(|key| *key != "*").try_for_each(|key| visit(Segment::field(key))),
        Value::Null => Err(FieldPathError::NotFound(format!(
            "wildcard field {:?} is not found in the path",
            text_of(&segments[..depth])
        ))),
        _ => Err(FieldPathError::WrongKind(format!("{:?}: unexpected wildcard usage", text_of(&segments[..depth])))),
    }
}

fn read_or_root<'a>(object: &'a Value, segments: &[Segment]) -> Result<&'a Value, FieldPathError> {
    if segments.is_empty() { Ok(object) } else { read(object, segments) }
}

#[cfg(test)]
mod tests;
