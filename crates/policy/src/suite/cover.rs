//! Which lines of a template the cases of a suite reach.
//!
//! Owns the way from the lines of its Rego to those of the file it stands in. What reaches them is up to the engine.

use std::collections::BTreeSet;

use plat_rego::Reached;
use plat_resource::{Document, FieldPath};

use crate::template::Template;
use crate::template::code::rego_modules;

/// The lines of the file of a template that have something of its Rego to evaluate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TemplateCoverage {
    /// The file.
    pub file: String,
    /// Lines that were reached.
    pub covered: BTreeSet<usize>,
    /// Lines of which something was not.
    pub not_covered: BTreeSet<usize>,
}

/// A template, and what of it was reached so far.
pub(super) struct Cover {
    document: Document,
    pub(super) reached: Reached,
}

impl Cover {
    pub(super) fn new(document: Document) -> Self {
        Self { document, reached: Reached::default() }
    }

    /// What was reached of `template`; nothing where no line of it is counted.
    pub(super) fn lines(&self, file: &str, template: &Template) -> Option<TemplateCoverage> {
        let (_, engine) = template.engine.as_ref()?;
        let modules = rego_modules(&self.document.value);
        let mut lines = TemplateCoverage { file: file.to_owned(), ..TemplateCoverage::default() };
        for (module, coverage) in engine.coverage(&self.reached) {
            let Some((path, _)) = modules.get(module) else { continue };
            lines.covered.extend(coverage.covered.iter().filter_map(|line| self.line(path, *line)));
            lines.not_covered.extend(coverage.not_covered.iter().filter_map(|line| self.line(path, *line)));
        }
        // A text that is no block stands on one line of the file, with all that it says.
        lines.covered.retain(|line| !lines.not_covered.contains(line));
        (!lines.covered.is_empty() || !lines.not_covered.is_empty()).then_some(lines)
    }

    fn line(&self, path: &FieldPath, line: usize) -> Option<usize> {
        self.document.locate_within(path, line, 1).position.map(|position| position.line)
    }
}
