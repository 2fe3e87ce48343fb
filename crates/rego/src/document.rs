//! Values as the engine holds them: made once, shared by every evaluation.

use serde_json::Value as Json;

use crate::EvalError;
use crate::value::Value;

/// An input or a data document. A clone shares the content.
#[derive(Debug, Clone)]
pub struct Document(Content);

#[derive(Debug, Clone)]
enum Content {
    Undefined,
    Value(Value),
    TooDeep,
}

impl Default for Document {
    /// The empty object.
    fn default() -> Self {
        Self(Content::Value(Value::object(vec![])))
    }
}

impl Document {
    /// The document of a JSON value. One that is nested too deep is kept as such, and evaluations of it fail.
    pub fn new(value: &Json) -> Self {
        Self(Value::from_json(value, 0).map_or(Content::TooDeep, Content::Value))
    }

    /// No document at all: references into it are undefined.
    pub const fn undefined() -> Self {
        Self(Content::Undefined)
    }

    /// An object of documents, without copying them. Undefined ones are left out.
    pub fn object<'a>(fields: impl IntoIterator<Item = (&'a str, Self)>) -> Self {
        let mut pairs = Vec::new();
        for (name, Self(content)) in fields {
            match content {
                Content::Undefined => {}
                Content::Value(value) => pairs.push((Value::from(name), value)),
                Content::TooDeep => return Self(Content::TooDeep),
            }
        }
        Self(Content::Value(Value::object(pairs)))
    }

    pub(crate) fn from_value(value: Value) -> Self {
        Self(Content::Value(value))
    }

    pub(crate) fn value(&self) -> Result<Option<&Value>, EvalError> {
        match &self.0 {
            Content::Undefined => Ok(None),
            Content::Value(value) => Ok(Some(value)),
            Content::TooDeep => Err(EvalError::Size("a document is nested too deep".to_owned())),
        }
    }
}
