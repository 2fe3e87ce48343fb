//! Parts of an input that are read once and used for every XR: field paths and regular expressions.
//!
//! Owns keeping them. A fault in one is kept too: it is told where, and as often as, the real function tells it.

use std::sync::OnceLock;

use plat_resource::go_regex::{self, Regex};
use plat_resource::{FieldPath, FieldPathError};
use serde::Deserialize;

/// A Go regular expression, compiled when it is first used.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(from = "String")]
pub struct Expression {
    text: String,
    compiled: OnceLock<Result<Regex, String>>,
}

impl From<String> for Expression {
    fn from(text: String) -> Self {
        Self { text, compiled: OnceLock::new() }
    }
}

impl Expression {
    /// As it is written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Ready to match; the fault is in Go's words.
    pub fn regex(&self) -> Result<&Regex, String> {
        self.compiled.get_or_init(|| go_regex::compile(&self.text)).as_ref().map_err(Clone::clone)
    }
}

/// A field path, parsed when it is first used.
#[derive(Debug, Clone, Default)]
pub struct OncePath(OnceLock<Result<FieldPath, FieldPathError>>);

impl OncePath {
    /// The path that `text` says; always give the same text.
    pub fn of(&self, text: &str) -> Result<&FieldPath, FieldPathError> {
        self.0.get_or_init(|| FieldPath::parse(text)).as_ref().map_err(Clone::clone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_reads_as_a_string_and_keeps_its_fault() {
        let expression: Expression = serde_json::from_str("\"a+\"").unwrap();
        assert!(expression.regex().unwrap().is_match("caat"));
        let wrong: Expression = serde_json::from_str("\"a(\"").unwrap();
        let fault = "error parsing regexp: missing closing ): `a(`";
        assert_eq!([wrong.regex().unwrap_err(), wrong.regex().unwrap_err()], [fault, fault]);
        assert!(serde_json::from_str::<Expression>("1").unwrap_err().to_string().contains("expected a string"));
    }
}
