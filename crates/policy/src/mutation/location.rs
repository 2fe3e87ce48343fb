//! The location language of mutators: `spec.containers[name: *].image`.
//!
//! Owns reading a location and writing it again, by Gatekeeper's grammar and with its complaints. Does not look into
//! objects, and does not know which locations a kind of mutator allows.

mod scanner;

use std::fmt;

use plat_resource::Value;

use scanner::{Kind, Scanner, Token};

/// How many steps a location may have: far above any real one, low enough that walking it cannot exhaust a stack.
pub const MAX_STEPS: usize = 128;

/// A location, step by step from the root of the object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Location {
    steps: Vec<Step>,
}

/// One step of a location.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Step {
    /// A field of an object.
    Field(String),
    /// Elements of a list of objects, by the value of one of their fields.
    Elements {
        /// The field that tells the elements apart.
        key: String,
        /// Which of them.
        which: Which,
    },
}

/// Which elements of a list.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Which {
    /// All (`*`).
    All,
    /// Those whose key field is this text.
    Text(String),
    /// Those whose key field is this whole number.
    Integer(i64),
}

/// Why a text is no location, in Gatekeeper's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LocationError {
    /// It ends in a dot.
    #[error("trailing separators are forbidden")]
    TrailingSeparator,
    /// Something stands where something else is wanted.
    #[error("unexpected token: expected {wanted}, got: {got}")]
    UnexpectedToken {
        /// What is wanted.
        wanted: String,
        /// What is there.
        got: String,
    },
    /// A number that does not fit.
    #[error("invalid integer: overflow in integer string: {number}: parsing key value for key: {key}")]
    InvalidInteger {
        /// The number as it is written.
        number: String,
        /// The key field it is a value of.
        key: String,
    },
    /// It has more steps than plat follows.
    #[error("it has more than {MAX_STEPS} steps")]
    TooLong,
}

impl Location {
    /// Reads a location. An empty text is the empty location, as in Gatekeeper.
    pub fn parse(text: &str) -> Result<Self, LocationError> {
        Parser::new(text).location()
    }

    /// The steps.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Whether it starts with the steps of `other`.
    pub fn starts_with(&self, other: &Self) -> bool {
        self.steps.starts_with(&other.steps)
    }

    /// Whether it leads into `metadata`.
    pub fn is_metadata(&self) -> bool {
        matches!(self.steps.first(), Some(Step::Field(name)) if name == "metadata")
    }

    /// The way of the first `depth` steps, for messages.
    pub(super) fn shown(&self, depth: usize) -> String {
        let steps = self.steps.iter().take(depth).cloned().collect();
        Self { steps }.to_string()
    }
}

impl Which {
    /// Whether an element with this value in its key field is meant.
    pub(super) fn is(&self, value: &Value) -> bool {
        match self {
            Self::All => true,
            Self::Text(text) => value.as_str() == Some(text),
            // A float is another number in Go, even a whole one.
            Self::Integer(number) => value.as_i64() == Some(*number),
        }
    }

    /// The value that a new element gets in its key field.
    pub(super) fn value(&self) -> Option<Value> {
        match self {
            Self::All => None,
            Self::Text(text) => Some(Value::String(text.clone())),
            Self::Integer(number) => Some(Value::from(*number)),
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.steps.iter().enumerate() {
            if index > 0 && matches!(step, Step::Field(_)) {
                formatter.write_str(".")?;
            }
            write!(formatter, "{step}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => formatter.write_str(&quoted(name)),
            Self::Elements { key, which } => match which {
                Which::All => write!(formatter, "[{}: *]", quoted(key)),
                Which::Text(text) => write!(formatter, "[{}: {}]", quoted(key), quoted(text)),
                Which::Integer(number) => write!(formatter, "[{}: {number}]", quoted(key)),
            },
        }
    }
}

/// The name in quotes where it would be read as something else without.
fn quoted(name: &str) -> String {
    let is_odd = |character: char| "'\"\t\n \\*[]:.".contains(character);
    if name.is_empty() || name.contains(is_odd) || name.starts_with(|first: char| first.is_ascii_digit()) {
        return format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""));
    }
    name.to_owned()
}

struct Parser<'text> {
    scanner: Scanner<'text>,
    current: Token,
    next: Token,
    /// The first error; later ones follow from it.
    error: Option<LocationError>,
}

impl<'text> Parser<'text> {
    fn new(text: &'text str) -> Self {
        let mut scanner = Scanner::new(text);
        let (current, next) = (scanner.token(), scanner.token());
        Self { scanner, current, next, error: None }
    }

    fn advance(&mut self) {
        let following = self.scanner.token();
        self.current = std::mem::replace(&mut self.next, following);
    }

    /// Goes on where the next token is of this kind.
    fn take(&mut self, kind: Kind) -> bool {
        let found = self.next.kind == kind;
        if found {
            self.advance();
        }
        found
    }

    fn fail(&mut self, error: LocationError) {
        self.error.get_or_insert(error);
    }

    fn location(mut self) -> Result<Location, LocationError> {
        let mut steps = Vec::new();
        while self.current.kind == Kind::Identifier && self.error.is_none() {
            steps.push(Step::Field(self.current.text.clone()));
            if self.take(Kind::LeftBracket)
                && let Some(step) = self.elements()
            {
                steps.push(step);
            }
            if steps.len() > MAX_STEPS {
                self.fail(LocationError::TooLong);
            }
            if self.take(Kind::Separator) {
                if self.next.kind == Kind::End {
                    self.fail(LocationError::TrailingSeparator);
                }
                self.advance();
            } else if !self.take(Kind::End) {
                self.fail(unexpected("'.' or eof", &self.next));
                break;
            }
        }
        if self.current.kind != Kind::End {
            let error = unexpected("field name or eof", &self.current);
            self.fail(error);
        }
        match self.error {
            Some(error) => Err(error),
            None => Ok(Location { steps }),
        }
    }

    /// What stands in brackets, after the opening one.
    fn elements(&mut self) -> Option<Step> {
        match self.key_and_value() {
            Ok(step) => Some(step),
            Err(error) => {
                self.fail(error);
                None
            }
        }
    }

    fn key_and_value(&mut self) -> Result<Step, LocationError> {
        if !self.take(Kind::Identifier) {
            return Err(unexpected("keyField in listSpec", &self.next));
        }
        let key = self.current.text.clone();
        if !self.take(Kind::Colon) {
            return Err(unexpected(&format!("':' following keyField {key}"), &self.next));
        }
        let which = if self.take(Kind::Glob) {
            Which::All
        } else if self.take(Kind::Identifier) {
            Which::Text(self.current.text.clone())
        } else if self.take(Kind::Integer) {
            let number = self.current.text.clone();
            let parsed = integer(&number).ok_or(LocationError::InvalidInteger { number, key: key.clone() })?;
            Which::Integer(parsed)
        } else {
            return Err(unexpected("key value or glob in listSpec", &self.next));
        };
        if !self.take(Kind::RightBracket) {
            return Err(unexpected("']' following listSpec", &self.next));
        }
        Ok(Step::Elements { key, which })
    }
}

fn unexpected(wanted: &str, got: &Token) -> LocationError {
    LocationError::UnexpectedToken { wanted: wanted.to_owned(), got: got.to_string() }
}

/// The number as Gatekeeper reads it: an overflow is only seen where it turns the sign.
fn integer(digits: &str) -> Option<i64> {
    digits.bytes().try_fold(0_i64, |number, digit| {
        let next = number.wrapping_mul(10).wrapping_add(i64::from(digit - b'0'));
        (next >= 0).then_some(next)
    })
}

#[cfg(test)]
mod tests;
