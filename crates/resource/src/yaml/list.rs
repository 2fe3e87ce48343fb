//! Lists of objects (`kind: List`, `kind: ConfigMapList`) taken apart into their items.
//!
//! Owns the rule of what counts as a list, and the kinds that items inherit from it.

use serde_json::Value;

use super::{Document, Fault, Findings, Source, locate};
use crate::object::{self, Object};
use crate::{FieldPath, Position, Segment};

/// Adds `document`, or what it lists, to `documents`.
pub(super) fn flatten(document: Document, documents: &mut Vec<Document>, findings: &mut Findings) {
    let mut pending = vec![document];
    while let Some(mut document) = pending.pop() {
        let Some((items, inherited)) = take_items(&mut document.value) else {
            documents.push(document);
            continue;
        };
        let list = document.source;
        let mut wrong = None;
        let mut found = Vec::new();
        for (index, mut item) in items.into_iter().enumerate() {
            let source = item_source(&list, index);
            if let Some(map) = item.as_object_mut() {
                inherit(map, inherited.as_ref());
                found.push(Document { value: item, source });
            } else {
                // The first is enough to say, and finding a place reads the list again.
                wrong.get_or_insert((index, source));
            }
        }
        if let Some((index, source)) = wrong {
            let place = locate::find(&source, &FieldPath::default()).map(|found| found.value).or(source.start);
            let position = place.unwrap_or(Position { line: 1, column: 1 });
            findings.error(Fault::new(position, format!("item {index} of the list is not an object")));
        }
        pending.extend(found.into_iter().rev());
    }
}

/// What the items of a typed list inherit from it.
struct Inherited {
    api_version: String,
    kind: String,
}

fn take_items(list: &mut Value) -> Option<(Vec<Value>, Option<Inherited>)> {
    let kind = object::string_at(list, &["kind"])?.strip_suffix("List")?.to_owned();
    let api_version = object::string_at(list, &["apiVersion"]).unwrap_or_default().to_owned();
    let items = list.as_object_mut()?.get_mut("items")?.as_array_mut()?;
    Some((std::mem::take(items), (!kind.is_empty()).then_some(Inherited { api_version, kind })))
}

/// Items of a typed list may leave out what the list says.
fn inherit(item: &mut Object, inherited: Option<&Inherited>) {
    if let Some(Inherited { api_version, kind }) = inherited
        && !item.contains_key("kind")
    {
        item.insert("apiVersion".to_owned(), api_version.clone().into());
        item.insert("kind".to_owned(), kind.clone().into());
    }
}

fn item_source(list: &Source, index: usize) -> Source {
    let index = Segment::Index(u32::try_from(index).unwrap_or(u32::MAX));
    let prefix = list.prefix.key("items").join(index);
    // Found on demand: looking each item up would read the list again for each.
    Source { prefix, ..list.clone() }
}

/// The prefix followed by the path.
pub(super) fn joined(prefix: &FieldPath, path: &FieldPath) -> FieldPath {
    FieldPath::new(prefix.segments().iter().chain(path.segments()).cloned().collect())
}
