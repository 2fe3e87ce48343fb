//! The compiled tree of a schema.
//!
//! Owns the data that every walk reads. Does not own reading it from JSON (`read`) nor judging it (`structural`).

use std::collections::BTreeMap;

use regex::Regex;
use serde_json::Value;

use super::formats::Format;
use super::rules::Rule;

/// A JSON type that a schema may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Object,
    Array,
    String,
    Integer,
    Number,
    Boolean,
}

impl Kind {
    pub(super) const ALL: [Self; 6] =
        [Self::Array, Self::Boolean, Self::Integer, Self::Number, Self::Object, Self::String];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Object => "object",
            Self::Array => "array",
            Self::String => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
        }
    }
}

/// What `additionalProperties` says.
#[derive(Debug, Default)]
pub(super) enum Additional {
    /// Nothing.
    #[default]
    Unsaid,
    /// `true` or `false`.
    Allowed(bool),
    /// A schema for every key.
    Schema(Box<Node>),
}

/// `x-kubernetes-list-type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ListType {
    Atomic,
    Set,
    Map,
}

/// A pattern as written and as compiled; the text of the error where Go would not compile it.
#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) text: String,
    pub(super) regex: Result<Regex, String>,
}

/// Bounds on numbers and sizes.
#[derive(Debug, Default)]
pub(super) struct Limits {
    pub(super) maximum: Option<f64>,
    pub(super) exclusive_maximum: bool,
    pub(super) minimum: Option<f64>,
    pub(super) exclusive_minimum: bool,
    pub(super) multiple_of: Option<f64>,
    pub(super) max_length: Option<i64>,
    pub(super) min_length: Option<i64>,
    pub(super) max_items: Option<i64>,
    pub(super) min_items: Option<i64>,
    pub(super) max_properties: Option<i64>,
    pub(super) min_properties: Option<i64>,
    pub(super) unique_items: bool,
}

/// One schema.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a keyword of its own, read alone")]
pub(super) struct Node {
    pub(super) kind: Option<Kind>,
    pub(super) int_or_string: bool,
    pub(super) nullable: bool,
    pub(super) title: Option<String>,
    pub(super) description: Option<String>,
    pub(super) default: Option<Value>,
    /// The format that is checked; `None` where the API server does not know it.
    pub(super) format: Option<Format>,
    pub(super) format_text: Option<String>,
    pub(super) limits: Limits,
    pub(super) pattern: Option<Pattern>,
    pub(super) required: Vec<String>,
    pub(super) enumeration: Vec<Value>,
    pub(super) properties: BTreeMap<String, Node>,
    pub(super) additional: Additional,
    pub(super) items: Option<Box<Node>>,
    pub(super) all_of: Vec<Node>,
    pub(super) any_of: Vec<Node>,
    pub(super) one_of: Vec<Node>,
    pub(super) not: Option<Box<Node>>,
    pub(super) preserve_unknown: bool,
    pub(super) embedded_resource: bool,
    pub(super) list_type: Option<ListType>,
    pub(super) list_map_keys: Vec<String>,
    pub(super) map_type: Option<String>,
    pub(super) rules: Vec<Rule>,
    /// Rules are here or below: saves walks.
    pub(super) has_rules: bool,
}

impl Node {
    /// The types a value may have; two where an integer or a string is wanted.
    pub(super) fn kinds(&self) -> &[Kind] {
        match (self.int_or_string, &self.kind) {
            (true, _) => &[Kind::Integer, Kind::String],
            (false, kind) => kind.as_slice(),
        }
    }

    /// The schema of the values of a map.
    pub(super) fn additional_schema(&self) -> Option<&Node> {
        match &self.additional {
            Additional::Schema(node) => Some(node),
            Additional::Unsaid | Additional::Allowed(_) => None,
        }
    }

    /// The schema that holds for `key`: of the property, else of all additional ones.
    pub(super) fn child(&self, key: &str) -> Option<&Node> {
        self.properties.get(key).or_else(|| self.additional_schema())
    }

    /// True for the value that a non-nullable field drops or replaces.
    pub(super) fn refuses_null(&self) -> bool {
        !self.nullable
    }
}
