//! A place inside a document while it is read, and the findings collected on the way.
//!
//! Owns the wording of "missing", "wrong type" and "unknown field". A reader never stops at the first mistake.

use std::collections::BTreeMap;
use std::fmt::Display;

use plat_resource::{Diagnostic, Document, FieldPath, Location, Segment, Severity, Value, suggest};

/// After so many findings about one document, its start is named instead of each place: finding a place reads the
/// document again, and nobody reads that far.
const MAX_PLACES: usize = 40;

/// One value of a document with the path that leads to it.
#[derive(Clone)]
pub(crate) struct Cursor<'a> {
    document: &'a Document,
    path: FieldPath,
    value: &'a Value,
}

impl<'a> Cursor<'a> {
    /// The whole document.
    pub(crate) fn root(document: &'a Document) -> Self {
        Self { document, path: FieldPath::default(), value: &document.value }
    }

    pub(crate) fn value(&self) -> &'a Value {
        self.value
    }

    pub(crate) fn path(&self) -> &FieldPath {
        &self.path
    }

    /// Another path of the same document, for a finding; its value stays this one's.
    pub(crate) fn at_path(&self, path: FieldPath) -> Self {
        Self { path, ..self.clone() }
    }

    /// The field `key`, if it is there and not null.
    pub(crate) fn get(&self, key: &str) -> Option<Self> {
        let value = self.value.as_object()?.get(key)?;
        let path = self.path.key(key);
        (!value.is_null()).then_some(Self { document: self.document, path, value })
    }

    /// The string at `key`, if there is one.
    pub(crate) fn text(&self, key: &str) -> Option<&'a str> {
        self.value.as_object()?.get(key)?.as_str()
    }

    /// The strings of the map at `key`; anything else in it is left out.
    pub(crate) fn text_map(&self, key: &str) -> BTreeMap<String, String> {
        let map = self.value.as_object().and_then(|object| object.get(key)?.as_object());
        let pairs = map.into_iter().flatten();
        pairs.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
    }

    /// The values, where this is an object.
    pub(crate) fn fields(&self) -> Vec<Self> {
        let fields = self.value.as_object().into_iter().flatten();
        fields.map(|(key, value)| Self { value, ..self.at_path(self.path.key(key)) }).collect()
    }

    /// The elements, where this is a list.
    pub(crate) fn items(&self) -> Vec<Self> {
        let items = self.value.as_array().map(Vec::as_slice).unwrap_or_default();
        let element = |(index, value)| Self {
            document: self.document,
            path: self.path.join(Segment::Index(u32::try_from(index).unwrap_or(u32::MAX))),
            value,
        };
        items.iter().enumerate().map(element).collect()
    }
}

/// The findings about one document, all under one message.
pub(crate) struct Findings<'a> {
    subject: String,
    count: usize,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl<'a> Findings<'a> {
    /// `subject` is the object in words, for instance `Composition sql-aws`.
    pub(crate) fn new(subject: String, diagnostics: &'a mut Vec<Diagnostic>) -> Self {
        Self { subject, count: 0, diagnostics }
    }

    /// Says that the document cannot be used, because of what is at `cursor`.
    pub(crate) fn error(&mut self, cursor: &Cursor<'_>, cause: impl Into<String>) -> &mut Diagnostic {
        self.report(Severity::Error, cursor, Document::locate, cause.into())
    }

    /// Says that something at `cursor` is odd.
    pub(crate) fn warning(&mut self, cursor: &Cursor<'_>, cause: impl Into<String>) -> &mut Diagnostic {
        self.report(Severity::Warning, cursor, Document::locate, cause.into())
    }

    fn report(
        &mut self,
        severity: Severity,
        cursor: &Cursor<'_>,
        locate: fn(&Document, &FieldPath) -> Location,
        cause: String,
    ) -> &mut Diagnostic {
        let message = match severity {
            Severity::Error => format!("{} is not usable", self.subject),
            Severity::Warning => format!("{} may not do what it says", self.subject),
        };
        self.count += 1;
        let place = if self.has_places() { locate(cursor.document, &cursor.path) } else { cursor.document.location() };
        let mut diagnostic = Diagnostic::error(message).because(cause).at(place);
        diagnostic.severity = severity;
        if !cursor.path.segments().is_empty() {
            diagnostic = diagnostic.field(cursor.path.to_string());
        }
        let index = self.diagnostics.len();
        self.diagnostics.push(diagnostic);
        &mut self.diagnostics[index]
    }

    fn has_places(&self) -> bool {
        self.count <= MAX_PLACES
    }

    /// The map at `key`, which must be there.
    pub(crate) fn object<'d>(&mut self, parent: &Cursor<'d>, key: &str) -> Option<Cursor<'d>> {
        let cursor = self.present(parent, key)?;
        self.typed(cursor, "an object", Value::is_object)
    }

    /// The map at `key`, which may be left out.
    pub(crate) fn optional_object<'d>(&mut self, parent: &Cursor<'d>, key: &str) -> Option<Cursor<'d>> {
        self.typed(parent.get(key)?, "an object", Value::is_object)
    }

    /// The list at `key`, which may be left out.
    pub(crate) fn optional_list<'d>(&mut self, parent: &Cursor<'d>, key: &str) -> Option<Cursor<'d>> {
        self.typed(parent.get(key)?, "a list", Value::is_array)
    }

    /// The text at `key`, which must be there and not empty.
    pub(crate) fn required_text<'d>(&mut self, parent: &Cursor<'d>, key: &str) -> Option<&'d str> {
        let cursor = self.present(parent, key)?;
        let cursor = self.typed(cursor, "a string", Value::is_string)?;
        let text = cursor.value.as_str()?;
        if text.is_empty() {
            self.error(&cursor, "must not be empty");
            return None;
        }
        Some(text)
    }

    /// The text at `key`, which may be left out.
    pub(crate) fn optional_text<'d>(&mut self, parent: &Cursor<'d>, key: &str) -> Option<&'d str> {
        self.typed(parent.get(key)?, "a string", Value::is_string)?.value.as_str()
    }

    /// The boolean at `key`; false where it is left out.
    pub(crate) fn flag(&mut self, parent: &Cursor<'_>, key: &str) -> bool {
        let cursor = parent.get(key).and_then(|cursor| self.typed(cursor, "true or false", Value::is_boolean));
        cursor.and_then(|cursor| cursor.value.as_bool()).unwrap_or(false)
    }

    /// One of `known` at `key`, which may be left out.
    pub(crate) fn choice<T: Copy>(&mut self, parent: &Cursor<'_>, key: &str, known: &[(&str, T)]) -> Option<T> {
        let cursor = parent.get(key)?;
        let text = self.typed(cursor.clone(), "a string", Value::is_string)?.value.as_str()?;
        if let Some((_, choice)) = known.iter().find(|(name, _)| *name == text) {
            return Some(*choice);
        }
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        let diagnostic = self.error(&cursor, format!("unknown value {text:?}"));
        let options = quoted_list(&names);
        diagnostic.hint = suggest::did_you_mean(text, names).or(Some(format!("write {options}")));
        None
    }

    /// Warns of fields of `cursor` that are not `known`: the API server drops them.
    pub(crate) fn unknown_fields(&mut self, cursor: &Cursor<'_>, known: &[&str]) {
        let Some(map) = cursor.value.as_object() else { return };
        for key in map.keys().filter(|key| !known.contains(&key.as_str())) {
            let at = cursor.at_path(cursor.path.key(key));
            self.unknown_field(&at, key, known);
        }
    }

    /// Warns of one field that is not `known`.
    pub(crate) fn unknown_field(&mut self, at: &Cursor<'_>, key: &str, known: &[&str]) {
        let has_hints = self.has_places();
        let cause = "unknown field; the API server drops it".to_owned();
        let diagnostic = self.report(Severity::Warning, at, Document::locate_key, cause);
        if has_hints {
            diagnostic.hint = suggest::did_you_mean(key, known.iter().copied());
        }
    }

    fn present<'d>(&mut self, parent: &Cursor<'d>, key: &str) -> Option<Cursor<'d>> {
        let found = parent.get(key);
        if found.is_none() {
            let known = parent.value.as_object();
            let slip = known.and_then(|map| suggest::closest(key, map.keys().map(String::as_str)));
            let hint = slip.map(|slip| format!("there is {slip:?}: write {key:?}"));
            let missing = parent.at_path(parent.path.key(key));
            self.error(&missing, "is required and is missing").hint = hint;
        }
        found
    }

    fn typed<'d>(&mut self, cursor: Cursor<'d>, want: &str, is: fn(&Value) -> bool) -> Option<Cursor<'d>> {
        if is(cursor.value) {
            return Some(cursor);
        }
        let found = kind_of(cursor.value);
        let diagnostic = self.error(&cursor, format!("is {found}, must be {want}"));
        // Words like `yes` and `n`, and figures, are not text in YAML.
        if want == "a string" && !(cursor.value.is_array() || cursor.value.is_object()) {
            diagnostic.hint = Some("put it in quotes".to_owned());
        }
        None
    }
}

/// A JSON type in words.
pub(crate) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// `"a"`, `"a" or "b"`, `"a", "b" or "c"`.
pub(crate) fn quoted_list(names: &[impl Display]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}
