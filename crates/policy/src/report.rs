//! The findings about one document while it is read, all under one message.

use plat_resource::{Diagnostic, Document, FieldPath, Position};

/// Collects what is wrong with one document.
pub(crate) struct Report<'a> {
    document: &'a Document,
    subject: String,
    findings: Vec<Diagnostic>,
}

impl<'a> Report<'a> {
    /// `subject` is the object in words, for instance `ConstraintTemplate k8srequiredlabels`.
    pub(crate) fn new(document: &'a Document, subject: String) -> Self {
        Self { document, subject, findings: Vec::new() }
    }

    /// Says that the document cannot be used, because of what is at `path`.
    pub(crate) fn error(&mut self, path: &FieldPath, cause: impl Into<String>) -> &mut Diagnostic {
        let place = self.document.locate(path);
        self.push(Diagnostic::error(format!("{} is not usable", self.subject)).at(place), path, cause.into())
    }

    /// The same, of a key rather than of its value.
    pub(crate) fn error_at_key(&mut self, path: &FieldPath, cause: impl Into<String>) -> &mut Diagnostic {
        let place = self.document.locate_key(path);
        self.push(Diagnostic::error(format!("{} is not usable", self.subject)).at(place), path, cause.into())
    }

    /// Says that the document can be used and may not do what it seems to.
    pub(crate) fn warning(&mut self, path: &FieldPath, cause: impl Into<String>) -> &mut Diagnostic {
        let place = self.document.locate(path);
        let finding = Diagnostic::warning(format!("{} may not do what it says", self.subject)).at(place);
        self.push(finding, path, cause.into())
    }

    /// Says that line and column of the text at `path` cannot be used.
    pub(crate) fn error_within(
        &mut self,
        path: &FieldPath,
        line: usize,
        column: usize,
        cause: String,
    ) -> &mut Diagnostic {
        let mut place =
            if line == 0 { self.document.locate(path) } else { self.document.locate_within(path, line, column) };
        if place.position.is_none() && line > 0 {
            // What comes from a cluster has no file: the place is that in the text, and the field says which one.
            place.position = Some(Position { line, column: column.max(1) });
        }
        self.push(Diagnostic::error(format!("{} is not usable", self.subject)).at(place), path, cause)
    }

    /// Says that line and column of the text at `path` may not do what it seems to.
    pub(crate) fn warning_within(
        &mut self,
        path: &FieldPath,
        line: usize,
        column: usize,
        cause: String,
    ) -> &mut Diagnostic {
        let place = self.document.locate_within(path, line, column);
        let finding = Diagnostic::warning(format!("{} may not do what it says", self.subject)).at(place);
        self.push(finding, path, cause)
    }

    fn push(&mut self, finding: Diagnostic, path: &FieldPath, cause: String) -> &mut Diagnostic {
        let named = !path.segments().is_empty();
        let finding = if named { finding.field(path.to_string()) } else { finding };
        let index = self.findings.len();
        self.findings.push(finding.because(cause));
        &mut self.findings[index]
    }

    /// Whether something is wrong so far.
    pub(crate) fn has_errors(&self) -> bool {
        self.error_count() > 0
    }

    /// How many errors there are so far.
    pub(crate) fn error_count(&self) -> usize {
        self.findings.iter().filter(|finding| finding.is_error()).count()
    }

    /// What was found so far.
    pub(crate) fn findings_mut(&mut self) -> &mut Vec<Diagnostic> {
        &mut self.findings
    }

    /// What was found.
    pub(crate) fn into_findings(self) -> Vec<Diagnostic> {
        self.findings
    }
}
