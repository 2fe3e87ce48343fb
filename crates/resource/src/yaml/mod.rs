//! YAML and JSON text to objects, as kubectl reads it, with places kept; and objects to YAML text.
//!
//! Owns the bytes-to-values road: encodings, documents, scalars by YAML 1.1 (`scalar`), merge keys and anchors
//! (`reader`), lists of objects, the place of each field (`locate`), and the printer. Does not open files, and does not
//! know what the objects mean. The reading rules are those of sigs.k8s.io/yaml, since kubectl and Crossplane use it: a
//! YAML 1.2 reader would make other objects of the same text.

mod core;
mod json;
mod key_order;
mod list;
mod locate;
mod printer;
mod reader;
mod repair;
mod scalar;
mod tabs;
mod text;
mod tree;

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::{Diagnostic, FieldPath, Location, Position};
pub use core::parse_core;
pub use printer::{to_hashable_string, to_string};
use text::Chunk;

/// How deep a document may nest. Far above any real object; low enough that recursive rules cannot exhaust a stack.
pub const MAX_DEPTH: usize = 500;

/// One object of a text: what it says and where it stands.
#[derive(Debug, Clone)]
pub struct Document<V = Value> {
    /// The object.
    pub value: V,
    source: Source,
}

/// Where a document came from; the text is shared, so that a clone is cheap.
#[derive(Debug, Clone)]
struct Source {
    text: Arc<SourceText>,
    /// The part of the text; absent for an object without a text.
    chunk: Option<Chunk>,
    /// Where the root of the part starts.
    start: Option<Position>,
    /// The way from the root of the part to the object, for items of a list.
    prefix: FieldPath,
}

struct SourceText {
    name: Arc<str>,
    text: String,
    places: locate::Places,
}

impl SourceText {
    fn new(name: Arc<str>, text: String) -> Arc<Self> {
        Arc::new(Self { name, text, places: locate::Places::default() })
    }
}

impl fmt::Debug for SourceText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SourceText").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Why a part of the text cannot be read, and where.
#[derive(Debug)]
struct Fault {
    position: Position,
    cause: String,
    hint: Option<String>,
}

impl Fault {
    fn new(position: Position, cause: impl Into<String>) -> Self {
        Self { position, cause: cause.into(), hint: None }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl Document {
    /// An object that stands in no text, for instance one made by plat; `name` says what to call its place.
    pub fn synthetic(value: Value, name: &str) -> Self {
        Self::made(value, name)
    }

    /// The file's place of `line` and `column` (both from 1) within the text that is the value of `path`: for a literal
    /// block (`|`) the line itself, else where the value starts.
    pub fn locate_within(&self, path: &FieldPath, line: usize, column: usize) -> Location {
        match locate::within(&self.source, &self.value, path, line, column) {
            Some(position) => self.source.at(Some(position)),
            None => self.locate(path),
        }
    }
}

impl<V> Document<V> {
    /// A value that stands in no text; `name` says what to call its place.
    pub fn made(value: V, name: &str) -> Self {
        let text = SourceText::new(name.into(), String::new());
        Self { value, source: Source { text, chunk: None, start: None, prefix: FieldPath::default() } }
    }

    /// The file, as the user named it.
    pub fn file(&self) -> &str {
        &self.source.text.name
    }

    /// Where the object starts.
    pub fn location(&self) -> Location {
        // The places of a list's items are found on demand, as those of fields are.
        let is_item = !self.source.prefix.segments().is_empty();
        if is_item { self.locate(&FieldPath::default()) } else { self.source.at(self.source.start) }
    }

    /// The place of the value of `path`, or of its nearest ancestor that is there. Reads the text again, once
    /// for many fields: it costs nothing until something has to be said about the object.
    pub fn locate(&self, path: &FieldPath) -> Location {
        let place = locate::find(&self.source, path).map(|found| found.value);
        self.source.at(place.or(self.source.start))
    }

    /// The place of the key of `path` (of the value, for an array element), or of its nearest ancestor that is there.
    pub fn locate_key(&self, path: &FieldPath) -> Location {
        let place = locate::find(&self.source, path).map(|found| found.key);
        self.source.at(place.or(self.source.start))
    }
}

impl Source {
    fn at(&self, position: Option<Position>) -> Location {
        Location { file: self.text.name.clone(), position }
    }
}

/// What to do with a key that a mapping gives twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DuplicateKeys {
    /// The document is refused, as the API server refuses it.
    Refuse,
    /// The last one counts, as in kubectl's and Crossplane's readers; a warning says so.
    TakeLast,
}

/// Reads all objects of `bytes`, a file called `name`, and refuses duplicate keys: see [`parse_with`].
pub fn parse(name: &str, bytes: &[u8]) -> (Vec<Document>, Vec<Diagnostic>) {
    parse_with(name, bytes, DuplicateKeys::Refuse)
}

/// Reads all objects of `bytes`, a file called `name` with any number of YAML or JSON documents. Empty documents are
/// skipped, lists are taken apart. A document that cannot be read gives a finding and the others are still read.
pub fn parse_with(name: &str, bytes: &[u8], duplicate_keys: DuplicateKeys) -> (Vec<Document>, Vec<Diagnostic>) {
    let mut findings = Findings { name: name.into(), diagnostics: Vec::new() };
    let text = match text::decode(bytes) {
        Ok(text) => text,
        Err(fault) => {
            findings.error(fault);
            return (Vec::new(), findings.diagnostics);
        }
    };
    let text = SourceText::new(findings.name.clone(), text);
    if let Some(values) = json::read_stream(&text.text) {
        let mut documents = Vec::new();
        for (value, chunk, start) in values {
            let source =
                Source { text: text.clone(), chunk: Some(chunk), start: Some(start), prefix: FieldPath::default() };
            list::flatten(Document { value, source }, &mut documents, &mut findings);
        }
        return (documents, findings.diagnostics);
    }
    if let Some(fault) = text::forbidden_character(&text.text) {
        findings.error(fault);
        return (Vec::new(), findings.diagnostics);
    }
    let mut documents = Vec::new();
    for chunk in text::split(&text.text) {
        match chunk.and_then(|chunk| read_chunk(&text, chunk, duplicate_keys, &mut findings)) {
            Ok(Some(document)) => list::flatten(document, &mut documents, &mut findings),
            Ok(None) => {}
            Err(fault) => findings.error(fault),
        }
    }
    (documents, findings.diagnostics)
}

fn read_chunk(
    text: &Arc<SourceText>,
    chunk: Chunk,
    duplicate_keys: DuplicateKeys,
    findings: &mut Findings,
) -> Result<Option<Document>, Fault> {
    let tree = tree::build(&text.text, &chunk)?;
    if let Some(position) = tree.ignored {
        findings.warning(
            Fault::new(position, "what follows `...` is not read, as kubectl does not read it")
                .hint("separate documents with a line of `---`"),
        );
    }
    let (read, duplicates) = reader::read(&tree, duplicate_keys);
    for duplicate in duplicates {
        findings.warning(duplicate);
    }
    let Some((value, start)) = read? else { return Ok(None) };
    let source = Source { text: text.clone(), chunk: Some(chunk), start: Some(start), prefix: FieldPath::default() };
    Ok(Some(Document { value, source }))
}

/// The findings about one text.
struct Findings {
    name: Arc<str>,
    diagnostics: Vec<Diagnostic>,
}

impl Findings {
    fn error(&mut self, fault: Fault) {
        self.push(Diagnostic::error(format!("cannot read {}", self.name)), fault);
    }

    fn warning(&mut self, fault: Fault) {
        self.push(Diagnostic::warning(format!("not all of {} is read", self.name)), fault);
    }

    fn push(&mut self, diagnostic: Diagnostic, fault: Fault) {
        let location = Location { file: self.name.clone(), position: Some(fault.position) };
        self.diagnostics.push(diagnostic.at(location).because(fault.cause).maybe_hint(fault.hint));
    }
}

#[cfg(test)]
mod tests;
