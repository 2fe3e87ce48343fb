//! Places of a mutator's document, and findings about them.
//!
//! Owns the types that fields must have. `null` counts as absent, as in Go.

use std::fmt::Display;

use plat_resource::{Diagnostic, Document, FieldPath, Segment, Value, suggest};

use crate::mutation::MutatorId;

/// A field, whether it is there or not.
#[derive(Debug, Clone)]
pub(super) struct Place<'a> {
    pub(super) value: Option<&'a Value>,
    pub(super) path: FieldPath,
}

impl<'a> Place<'a> {
    /// The field below.
    pub(super) fn at(&self, key: &str) -> Self {
        let value = self.value.and_then(|value| value.get(key)).filter(|value| !value.is_null());
        Self { value, path: self.path.key(key) }
    }

    fn element(&self, index: usize, value: &'a Value) -> Self {
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        Self { value: Some(value), path: self.path.join(Segment::Index(index)) }
    }
}

/// A document being read.
pub(super) struct Reader<'a> {
    pub(super) document: &'a Document,
    subject: String,
    pub(super) findings: Vec<Diagnostic>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(document: &'a Document, id: &MutatorId) -> Self {
        Self { document, subject: id.to_string(), findings: Vec::new() }
    }

    pub(super) fn root(&self) -> Place<'a> {
        Place { value: Some(&self.document.value), path: FieldPath::default() }
    }

    pub(super) fn error(&mut self, place: &Place<'a>, reason: impl Display, hint: Option<&str>) {
        let finding = Diagnostic::error(format!("{} cannot be used", self.subject));
        self.push(finding, place, reason.to_string(), hint.map(str::to_owned));
    }

    pub(super) fn warning(&mut self, place: &Place<'a>, reason: impl Display) {
        self.warning_with(place, reason, None);
    }

    fn warning_with(&mut self, place: &Place<'a>, reason: impl Display, hint: Option<String>) {
        let finding = Diagnostic::warning(format!("{} is odd", self.subject));
        self.push(finding, place, reason.to_string(), hint);
    }

    fn push(&mut self, finding: Diagnostic, place: &Place<'a>, reason: String, hint: Option<String>) {
        let finding = finding.at(self.document.locate(&place.path)).because(reason).maybe_hint(hint);
        let field = place.path.to_string();
        self.findings.push(if field.is_empty() { finding } else { finding.field(field) });
    }

    /// Says which fields of an object nobody reads, and that it must be an object.
    pub(super) fn known(&mut self, place: &Place<'a>, known: &[&str]) {
        match place.value {
            None => {}
            Some(Value::Object(fields)) => {
                for key in fields.keys().filter(|key| !known.contains(&key.as_str())) {
                    let hint = suggest::did_you_mean(key, known.iter().copied());
                    self.warning_with(&place.at(key), "there is no such field: it is not read", hint);
                }
            }
            Some(_) => self.error(place, "it must be an object", None),
        }
    }

    /// The text; empty where there is none.
    pub(super) fn text(&mut self, place: &Place<'a>) -> String {
        match place.value {
            None => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(_) => {
                self.error(place, "it must be a string", None);
                String::new()
            }
        }
    }

    /// The elements; none where there is no list.
    pub(super) fn items(&mut self, place: &Place<'a>) -> Vec<Place<'a>> {
        match place.value {
            None => Vec::new(),
            Some(Value::Array(items)) => {
                items.iter().enumerate().map(|(index, item)| place.element(index, item)).collect()
            }
            Some(_) => {
                self.error(place, "it must be a list", None);
                Vec::new()
            }
        }
    }

    /// The texts of a list.
    pub(super) fn texts(&mut self, place: &Place<'a>) -> Vec<String> {
        self.items(place).iter().map(|item| self.text(item)).collect()
    }
}
