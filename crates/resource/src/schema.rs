//! Structural schemas of CustomResourceDefinitions: defaulting, pruning, validation, explanation.
//!
//! Owns what the API server does with an `openAPIV3Schema`, in its words. A schema is compiled once, patterns and rules
//! with it, and may then be used from any thread. Does not own which schema an object has.

use std::fmt;

use serde_json::Value;

use crate::FieldPath;

mod combine;
mod defaults;
mod embedded;
mod explain;
mod formats;
mod lists;
mod node;
mod place;
mod prune;
mod read;
mod rules;
mod structural;
mod text;
mod validate;

pub use explain::{Explained, Field};
pub(crate) use formats::TextFormat;

/// Schemas that nest deeper are refused: every walk recurses once for each.
const MAX_DEPTH: usize = 100;

/// A compiled schema.
#[derive(Debug)]
pub struct Schema {
    root: node::Node,
}

/// What the API server refuses in a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaError {
    /// Where in the schema, for instance `properties.spec.type`.
    pub path: FieldPath,
    /// What is wrong, as Kubernetes says it, without the path.
    pub message: String,
}

impl fmt::Display for SchemaError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.segments().is_empty() {
            return formatter.write_str(&self.message);
        }
        write!(formatter, "{}: {}", self.path, self.message)
    }
}

impl std::error::Error for SchemaError {}

/// The answer to a validation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Validation {
    /// What the API server would refuse, in its order where it has one.
    pub violations: Vec<Violation>,
    /// Rules that could not be checked here: neither passed nor failed.
    pub unchecked: Vec<Unchecked>,
}

/// One thing that the API server would refuse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The field.
    pub field: FieldPath,
    /// The whole text as the API server gives it, field included.
    pub message: String,
    /// Its kind.
    pub kind: ViolationKind,
    /// True where a rule of `x-kubernetes-validations` failed.
    pub from_rule: bool,
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

/// The kinds of field errors that Kubernetes has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ViolationKind {
    /// The field must be set.
    Required,
    /// The value is of another type.
    TypeInvalid,
    /// The value is malformed or out of bounds.
    Invalid,
    /// The value is none of those allowed.
    Unsupported,
    /// The value comes twice where it may come once.
    Duplicate,
    /// The value is well formed, and not allowed here.
    Forbidden,
    /// The text is too long.
    TooLong,
    /// The list or map has too many members.
    TooMany,
}

/// A rule that could not be checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unchecked {
    /// The field that the rule is about.
    pub field: FieldPath,
    /// The rule.
    pub rule: String,
    /// Why it could not be checked.
    pub reason: String,
}

impl ViolationKind {
    fn blocks_rules(self) -> bool {
        matches!(self, Self::Unsupported | Self::Required | Self::TooLong | Self::TooMany | Self::TypeInvalid)
    }
}

impl Schema {
    /// Compiles an `openAPIV3Schema`. The errors are all that the API server would refuse in it.
    pub fn compile(open_api_v3_schema: &Value) -> Result<Self, Vec<SchemaError>> {
        let mut reader = read::Reader::new();
        let root = reader.read(open_api_v3_schema, &place::Place::ROOT);
        let mut errors = reader.errors;
        structural::check(&root, &mut errors);
        if errors.is_empty() { Ok(Self { root }) } else { Err(errors) }
    }

    /// Drops nulls that the schema does not allow and fills in defaults, as the API server does on each write.
    pub fn apply_defaults(&self, object: &mut Value) {
        defaults::drop_nulls(object, &self.root);
        defaults::fill(object, &self.root);
    }

    /// Removes the fields that the schema does not know, and lists them. `apiVersion`, `kind` and `metadata` stay.
    pub fn prune(&self, object: &mut Value) -> Vec<FieldPath> {
        prune::prune(object, &self.root, true)
    }

    /// Validates a defaulted object. With `old`, the live object that it replaces, transition rules are checked and what
    /// was wrong before and is not touched is let be.
    pub fn validate(&self, object: &Value, old: Option<&Value>) -> Validation {
        let root = &place::Place::ROOT;
        let mut violations = validate::ratcheted(object, old, &self.root, root).errors;
        // Alternatives may find the same fault: it is told once.
        let mut told = std::collections::HashSet::new();
        violations.retain(|violation| told.insert(violation.message.clone()));
        embedded::validate(object, &self.root, root, &mut violations);
        let mut before = Vec::new();
        if let Some(old) = old {
            lists::validate(old, &self.root, root, &mut before);
        }
        if before.is_empty() {
            lists::validate(object, &self.root, root, &mut violations);
        }
        let mut answer = Validation { violations, unchecked: Vec::new() };
        if !self.root.has_rules {
            return answer;
        }
        // Rules may rely on what the schema says, so they are not run where it does not hold.
        if answer.violations.iter().any(|violation| violation.kind.blocks_rules()) {
            answer.violations.push(text::violation(
                ViolationKind::Invalid,
                (root, "<nil>"),
                Some("null"),
                "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation",
            ));
            return answer;
        }
        rules::validate(&self.root, object, old, &mut answer);
        answer
    }

    /// Explains the field at `path`, the root for the empty path. `None` where the schema has no such field.
    pub fn explain(&self, path: &FieldPath) -> Option<Explained> {
        explain::explain(&self.root, path)
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
