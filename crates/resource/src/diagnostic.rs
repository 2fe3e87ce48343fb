//! One finding about the input: what failed, where, why, and what to do.
//!
//! Owns the shape and the wording frame (`error:` / `caused by:` / `hint:`). Does not print: shells do.

use std::fmt;
use std::sync::Arc;

/// A place in a text, both counted from 1 as editors do; the column counts characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// A place in a named text. The position is absent where only the file is known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    /// The file as the user named it, or `<stdin>`.
    pub file: Arc<str>,
    /// Where in the file.
    pub position: Option<Position>,
}

impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position {
            Some(Position { line, column }) => write!(formatter, "{}:{line}:{column}", self.file),
            None => formatter.write_str(&self.file),
        }
    }
}

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The work cannot be done.
    Error,
    /// The work can be done; the user should know.
    Warning,
}

/// One finding: `message` says what failed on which object, `causes` why, `hint` what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// What failed, on which object; one line, no trailing full stop.
    pub message: String,
    /// The deepest known place; printed in front of the first cause.
    pub location: Option<Location>,
    /// The field, as a user types it in YAML.
    pub field: Option<String>,
    /// Why, outermost first.
    pub causes: Vec<String>,
    /// What to do.
    pub hint: Option<String>,
}

impl Diagnostic {
    /// A finding that stops the work.
    pub fn error(message: impl Into<String>) -> Self {
        Self::new(Severity::Error, message)
    }

    /// A finding that does not stop the work.
    pub fn warning(message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, message)
    }

    /// The same finding, as one that does not stop the work.
    #[must_use]
    pub fn into_warning(self) -> Self {
        Self { severity: Severity::Warning, ..self }
    }

    fn new(severity: Severity, message: impl Into<String>) -> Self {
        Self { severity, message: message.into(), location: None, field: None, causes: Vec::new(), hint: None }
    }

    /// Adds the place.
    #[must_use]
    pub fn at(mut self, location: impl Into<Option<Location>>) -> Self {
        self.location = location.into();
        self
    }

    /// Names the field.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// Adds one reason, below those already there.
    #[must_use]
    pub fn because(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says what to do, where there is something to say.
    #[must_use]
    pub fn maybe_hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint.or(self.hint);
        self
    }

    /// True when the work cannot be done.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Diagnostic {
    /// The frame of `ux`: the message, then `caused by:` lines (the first with place and field), then the hint.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let label = if self.is_error() { "error" } else { "warning" };
        write!(formatter, "{label}: {}", self.message)?;
        let place = self.location.as_ref().map(ToString::to_string);
        let lead = [place, self.field.clone()].into_iter().flatten().collect::<Vec<_>>().join(": ");
        match (lead.is_empty(), self.causes.first()) {
            (false, Some(cause)) => write!(formatter, "\n  caused by: {lead}: {cause}")?,
            (false, None) => write!(formatter, "\n  caused by: {lead}")?,
            (true, Some(cause)) => write!(formatter, "\n  caused by: {cause}")?,
            (true, None) => {}
        }
        for cause in self.causes.iter().skip(1) {
            write!(formatter, "\n  caused by: {cause}")?;
        }
        if let Some(hint) = &self.hint {
            write!(formatter, "\n  hint: {hint}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frame_names_place_field_cause_and_hint() {
        let location = Location { file: "claim.yaml".into(), position: Some(Position { line: 9, column: 16 }) };
        let diagnostic = Diagnostic::error("claim team-a/orders-db cannot be planned")
            .at(location)
            .field("spec.parameters.storageGB")
            .because("\"50GB\" is a string, the schema wants an integer")
            .hint("write storageGB: 50");
        insta::assert_snapshot!(diagnostic, @r#"
        error: claim team-a/orders-db cannot be planned
          caused by: claim.yaml:9:16: spec.parameters.storageGB: "50GB" is a string, the schema wants an integer
          hint: write storageGB: 50
        "#);
    }
}
