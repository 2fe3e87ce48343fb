//! YAML as kubectl reads it, with places kept. (Being written.)

use crate::{FieldPath, Location, Value};
use std::sync::Arc;

/// One object of a text: what it says and where it stands.
#[derive(Debug, Clone)]
pub struct Document {
    /// The object.
    pub value: Value,
    source: Arc<SourceText>,
}

#[derive(Debug)]
struct SourceText {
    name: Arc<str>,
}

impl Document {
    /// The place of `path` in the text, or of its nearest ancestor that is there.
    pub fn locate(&self, path: &FieldPath) -> Location {
        let _ = path;
        Location { file: self.source.name.clone(), position: None }
    }
}
