//! The place of a field in the text of a document.
//!
//! Owns the walk from a path to a place, through aliases and merge keys. Reads the text again when a place is asked for,
//! so that documents carry no places while nothing is wrong; who asks for one place often asks for more of the same
//! document, so the last one read is kept.

use std::sync::{Arc, Mutex, PoisonError};

use super::reader::{is_merge, key_text};
use super::text::Chunk;
use super::tree::{self, Kind, Tree};
use super::{Source, list};
use serde_json::Value;

use crate::{FieldPath, Position, Segment};

/// The places of a key and of its value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    pub(super) key: Position,
    pub(super) value: Position,
}

/// What was last read of a text: the offset where its part starts, and its tree.
#[derive(Default)]
pub(super) struct Places(Mutex<Option<(usize, Arc<Tree<'static>>)>>);

impl Places {
    fn tree(&self, text: &str, chunk: &Chunk) -> Option<Arc<Tree<'static>>> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, tree)) = last.as_ref().filter(|(start, _)| *start == chunk.range.start) {
            return Some(Arc::clone(tree));
        }
        let tree = Arc::new(tree::build(text, chunk).ok()?.into_owned());
        *last = Some((chunk.range.start, Arc::clone(&tree)));
        Some(tree)
    }
}

/// The places of `path`, or of its nearest ancestor that is there.
pub(super) fn find(source: &Source, path: &FieldPath) -> Option<Found> {
    let chunk = source.chunk.as_ref()?;
    let tree = source.text.places.tree(&source.text.text, chunk)?;
    let mut index = 0;
    let start = tree.node(index)?.position;
    let mut found = Found { key: start, value: start };
    for segment in list::joined(&source.prefix, path).segments() {
        let Some((key, value)) = step(&tree, index, segment, 0) else { break };
        found = Found { key: tree.node(key)?.position, value: tree.node(value)?.position };
        index = value;
    }
    Some(found)
}

/// The place of a line and column within the text at `path`, where the file writes that text as it is, line by line:
/// a literal block.
pub(super) fn within(source: &Source, value: &Value, path: &FieldPath, line: usize, column: usize) -> Option<Position> {
    let text = path.get(value).ok()?.as_str()?;
    let (index, first) = text.lines().enumerate().find(|(_, line)| !line.trim().is_empty())?;
    let key = find(source, path)?.key;
    // The header of the block stands on the line of the key, or below it where the key is long.
    for start in [key.line + 1, key.line, key.line + 2] {
        let Some(written) = source.text.text.lines().nth(start + index - 1) else { continue };
        let Some(indent) = written.trim_end().strip_suffix(first.trim_end()) else { continue };
        if !indent.is_empty() && indent.chars().all(|character| character == ' ') {
            let column = column.max(1) + indent.len();
            return Some(Position { line: start + line.max(1) - 1, column });
        }
    }
    None
}

fn step(tree: &Tree<'_>, index: usize, segment: &Segment, hops: usize) -> Option<(usize, usize)> {
    let index = follow(tree, index)?;
    match (&tree.node(index)?.kind, segment) {
        (Kind::Sequence, Segment::Index(number)) => {
            let child = tree.children(index).nth(*number as usize)?;
            Some((child, child))
        }
        (Kind::Mapping, Segment::Field(name)) => entry(tree, index, name, hops),
        (Kind::Mapping, Segment::Index(number)) => entry(tree, index, &number.to_string(), hops),
        _ => None,
    }
}

fn follow(tree: &Tree<'_>, index: usize) -> Option<usize> {
    match tree.node(index)?.kind {
        Kind::Alias(target) => Some(target),
        _ => Some(index),
    }
}

/// Merges that lead to merges are followed this far.
const MAX_MERGE_HOPS: usize = 20;

fn entry(tree: &Tree<'_>, mapping: usize, name: &str, hops: usize) -> Option<(usize, usize)> {
    let own = |(key, _): &(usize, usize)| !is_merge(tree, *key) && key_text(tree, *key).is_ok_and(|text| text == name);
    if let Some(found) = tree.entries(mapping).find(own) {
        return Some(found);
    }
    if hops >= MAX_MERGE_HOPS {
        return None;
    }
    let merged = tree.entries(mapping).filter(|(key, _)| is_merge(tree, *key)).map(|(_, value)| value);
    merged.into_iter().find_map(|value| {
        let target = follow(tree, value)?;
        match tree.node(target)?.kind {
            Kind::Mapping => entry(tree, target, name, hops + 1),
            Kind::Sequence => tree.children(target).find_map(|child| {
                let child = follow(tree, child)?;
                entry(tree, child, name, hops + 1)
            }),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use crate::{FieldPath, yaml};

    #[test]
    fn a_line_of_a_literal_block_is_found_in_the_file() {
        let text = "a:\n  rego: |\n\n    package x\n      deny { true }\n  libs:\n  - |\n    package lib.x\n    f(x)\n  quoted: \"one\\ntwo\"\n";
        let (documents, findings) = yaml::parse("x.yaml", text.as_bytes());
        assert_eq!(findings, []);
        let place = |path: &str, line, column| {
            let path = FieldPath::parse(path).unwrap();
            let position = documents[0].locate_within(&path, line, column).position.unwrap();
            (position.line, position.column)
        };
        assert_eq!(place("a.rego", 2, 1), (4, 5));
        assert_eq!(place("a.rego", 3, 3), (5, 7));
        assert_eq!(place("a.libs[0]", 2, 1), (9, 5));
        assert_eq!(place("a.quoted", 2, 1), (10, 11));
    }

    #[test]
    fn places_stay_those_of_their_own_document() {
        let (documents, findings) = yaml::parse("x.yaml", b"a: 1\n---\nb:\n  a: 2\n");
        assert_eq!(findings, []);
        let line = |index: usize, path: &str| {
            let place = documents[index].locate(&FieldPath::parse(path).unwrap());
            place.position.map(|position| position.line)
        };
        // Each in turn, so that what is kept of one is not taken for the other.
        let lines = [line(0, "a"), line(1, "b.a"), line(0, "a"), line(1, "b"), line(1, "b.a")];
        assert_eq!(lines, [Some(1), Some(4), Some(1), Some(4), Some(4)]);
    }
}
