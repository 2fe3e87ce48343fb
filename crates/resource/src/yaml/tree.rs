//! The events of one document as a flat tree: nodes in the order of the text, each knowing where its subtree ends.
//!
//! Owns the talk with the YAML parser, places, the nesting limit, and the wording of syntax faults. Does not resolve
//! scalars or aliases. Flat, so that building and dropping it never recurses.

use std::borrow::Cow;
use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Tag};

use super::text::Chunk;
use super::{Fault, MAX_DEPTH};
use crate::Position;

/// What a node is.
#[derive(Debug)]
pub(super) enum Kind<'text> {
    /// A scalar; `plain` when it is written without quotes.
    Scalar { text: Cow<'text, str>, plain: bool },
    /// A sequence.
    Sequence,
    /// A mapping: its children are keys and values in turn.
    Mapping,
    /// An alias of the node with this index.
    Alias(usize),
}

/// One node.
#[derive(Debug)]
pub(super) struct Node<'text> {
    pub(super) kind: Kind<'text>,
    pub(super) tag: Option<Box<Tag>>,
    pub(super) position: Position,
    /// The index after the last node below this one.
    pub(super) end: usize,
}

/// The nodes of one document; none when it is empty.
#[derive(Debug, Default)]
pub(super) struct Tree<'text> {
    nodes: Vec<Node<'text>>,
    /// Where a further document starts that kubectl would not read.
    pub(super) ignored: Option<Position>,
}

impl<'text> Tree<'text> {
    /// The node, if there is one with this index.
    pub(super) fn node(&self, index: usize) -> Option<&Node<'text>> {
        self.nodes.get(index)
    }

    /// The indices of the children of the node.
    pub(super) fn children(&self, index: usize) -> impl Iterator<Item = usize> + '_ {
        let end = self.node(index).map_or(0, |node| node.end);
        let mut next = index + 1;
        std::iter::from_fn(move || {
            let child = next;
            next = self.node(child).filter(|_| child < end)?.end;
            Some(child)
        })
    }

    /// The keys and values of a mapping.
    pub(super) fn entries(&self, index: usize) -> impl Iterator<Item = (usize, usize)> + '_ {
        let mut children = self.children(index);
        std::iter::from_fn(move || Some((children.next()?, children.next()?)))
    }
}

/// Reads the document of `chunk`.
pub(super) fn build<'text>(text: &'text str, chunk: &Chunk) -> Result<Tree<'text>, Fault> {
    let part = text.get(chunk.range.clone()).unwrap_or_default();
    let mut builder = Builder { start: chunk.start, tree: Tree::default(), open: Vec::new(), anchors: HashMap::new() };
    let mut parser = Parser::new_from_str(part);
    loop {
        match parser.next_event() {
            None | Some(Ok((Event::StreamEnd, _))) => break,
            Some(Ok((Event::DocumentStart(_), span))) if !builder.tree.nodes.is_empty() => {
                builder.tree.ignored = Some(builder.place(&span.start));
                break;
            }
            Some(Ok((event, span))) => builder.take(event, &span.start)?,
            Some(Err(error)) => return Err(builder.syntax_fault(part, &error)),
        }
    }
    Ok(builder.tree)
}

struct Builder<'text> {
    start: Position,
    tree: Tree<'text>,
    open: Vec<usize>,
    anchors: HashMap<usize, usize>,
}

impl<'text> Builder<'text> {
    fn place(&self, marker: &Marker) -> Position {
        let column = if marker.line() <= 1 { self.start.column + marker.col() } else { marker.col() + 1 };
        Position { line: self.start.line + marker.line().max(1) - 1, column }
    }

    fn take(&mut self, event: Event<'text>, marker: &Marker) -> Result<(), Fault> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain;
                self.push(Kind::Scalar { text, plain }, anchor, tag, marker);
            }
            Event::SequenceStart(anchor, tag) => self.open(Kind::Sequence, anchor, tag, marker)?,
            Event::MappingStart(anchor, tag) => self.open(Kind::Mapping, anchor, tag, marker)?,
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(anchor) => {
                let Some(target) = self.anchors.get(&anchor).copied() else {
                    return Err(Fault::new(self.place(marker), "this alias names no anchor"));
                };
                self.push(Kind::Alias(target), 0, None, marker);
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => {}
        }
        Ok(())
    }

    fn push(&mut self, kind: Kind<'text>, anchor: usize, tag: Option<Cow<'text, Tag>>, marker: &Marker) -> usize {
        let index = self.tree.nodes.len();
        if anchor != 0 {
            self.anchors.insert(anchor, index);
        }
        let tag = tag.map(|tag| Box::new(tag.into_owned()));
        let position = self.place(marker);
        self.tree.nodes.push(Node { kind, tag, position, end: index + 1 });
        index
    }

    fn open(
        &mut self,
        kind: Kind<'text>,
        anchor: usize,
        tag: Option<Cow<'text, Tag>>,
        marker: &Marker,
    ) -> Result<(), Fault> {
        if self.open.len() >= MAX_DEPTH {
            return Err(too_deep(self.place(marker)));
        }
        let index = self.push(kind, anchor, tag, marker);
        self.open.push(index);
        Ok(())
    }

    fn close(&mut self) {
        let end = self.tree.nodes.len();
        if let Some(node) = self.open.pop().and_then(|index| self.tree.nodes.get_mut(index)) {
            node.end = end;
        }
    }

    fn syntax_fault(&self, part: &str, error: &ScanError) -> Fault {
        let marker = error.marker();
        if let Some(column) = indenting_tab(part, marker.line()) {
            let line = self.start.line + marker.line().max(1) - 1;
            return Fault::new(Position { line, column }, "a tab is used to indent; YAML indents with spaces only")
                .hint("replace the tab with spaces");
        }
        if error.info() == "recursion limit exceeded" {
            return too_deep(self.place(marker));
        }
        Fault::new(self.place(marker), format!("not valid YAML: {}", error.info()))
    }
}

/// The finding for a document that nests too deep.
pub(super) fn too_deep(position: Position) -> Fault {
    Fault::new(position, format!("the document nests deeper than {MAX_DEPTH} levels"))
}

/// The column of a tab among the leading blanks of the line.
fn indenting_tab(part: &str, line: usize) -> Option<usize> {
    let text = part.lines().nth(line.checked_sub(1)?)?;
    let blanks = text.len() - text.trim_start_matches([' ', '\t']).len();
    Some(text.get(..blanks)?.find('\t')? + 1)
}
