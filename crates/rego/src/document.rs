//! Values as the engine holds them: made once, shared by every evaluation.

use std::collections::BTreeMap;

use serde_json::Value as Json;

/// An input or a data document. A clone shares the content.
#[derive(Debug, Clone)]
pub struct Document(pub(crate) regorus::Value);

impl Default for Document {
    /// The empty object.
    fn default() -> Self {
        Self(regorus::Value::new_object())
    }
}

impl Document {
    /// The document of a JSON value.
    pub fn new(value: &Json) -> Self {
        Self(convert(value))
    }

    /// An object of documents, without copying them.
    pub fn object<'a>(fields: impl IntoIterator<Item = (&'a str, Self)>) -> Self {
        let fields: BTreeMap<_, _> =
            fields.into_iter().map(|(name, Self(value))| (regorus::Value::from(name), value)).collect();
        Self(regorus::Value::from(fields))
    }
}

fn convert(value: &Json) -> regorus::Value {
    serde_json::from_value(value.clone()).unwrap_or(regorus::Value::Undefined)
}
