//! The events of one document as a flat tree: nodes in the order of the text, each knowing where its subtree ends.
//!
//! Owns the talk with the YAML parser, places, the nesting limit, and the wording of syntax faults. Does not resolve
//! scalars or aliases. Flat, so that building and dropping it never recurses.

use std::borrow::Cow;
use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Tag};

use super::repair::Repaired;
use super::tabs::TabbedLines;
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

    /// The same tree without the text.
    pub(super) fn into_owned(self) -> Tree<'static> {
        let own = |node: Node<'_>| Node {
            kind: match node.kind {
                Kind::Scalar { text, plain } => Kind::Scalar { text: Cow::Owned(text.into_owned()), plain },
                Kind::Sequence => Kind::Sequence,
                Kind::Mapping => Kind::Mapping,
                Kind::Alias(target) => Kind::Alias(target),
            },
            tag: node.tag,
            position: node.position,
            end: node.end,
        };
        Tree { nodes: self.nodes.into_iter().map(own).collect(), ignored: self.ignored }
    }

    /// The keys and values of a mapping.
    pub(super) fn entries(&self, index: usize) -> impl Iterator<Item = (usize, usize)> + '_ {
        let mut children = self.children(index);
        std::iter::from_fn(move || Some((children.next()?, children.next()?)))
    }
}

/// How many bytes may be read again for repairs: enough for any real document, too few to be slow.
const MAX_REPAIR_BYTES: usize = 32 << 20;

/// What reading even the shortest text costs, in bytes of text.
const COST_OF_READING_BYTES: usize = 16 << 10;

/// Reads the document of `chunk`.
pub(super) fn build<'text>(text: &'text str, chunk: &Chunk) -> Result<Tree<'text>, Fault> {
    let part = text.get(chunk.range.clone()).unwrap_or_default();
    let untouched = Repaired::default();
    let (mut fault, mut error) = match attempt(part, chunk.start, &untouched) {
        Ok(tree) => return Ok(tree),
        Err(Stop::Fault(fault)) => return Err(fault),
        Err(Stop::Syntax(fault, error)) => (fault, error),
    };
    let mut repaired = untouched.next(part, &error);
    let mut read = 0;
    while let Some(current) = repaired {
        read += current.text.len() + COST_OF_READING_BYTES;
        match attempt(&current.text, chunk.start, &current) {
            Ok(tree) => return Ok(tree.into_owned()),
            Err(Stop::Fault(fault)) => return Err(fault),
            Err(Stop::Syntax(next_fault, next_error)) => (fault, error) = (next_fault, next_error),
        }
        if read > MAX_REPAIR_BYTES {
            break;
        }
        let text = current.text.clone();
        repaired = current.next(&text, &error).filter(|next| next.text != text);
    }
    Err(fault)
}

/// Why one reading stopped.
enum Stop {
    Fault(Fault),
    Syntax(Fault, ScanError),
}

fn attempt<'text>(part: &'text str, start: Position, repaired: &Repaired) -> Result<Tree<'text>, Stop> {
    let mut builder = Builder {
        start,
        repaired,
        tree: Tree::default(),
        open: Vec::new(),
        anchors: HashMap::new(),
        tabbed: TabbedLines::of(part),
    };
    let mut parser = Parser::new_from_str(part);
    loop {
        match parser.next_event() {
            None | Some(Ok((Event::StreamEnd, _))) => break,
            Some(Ok((Event::DocumentStart(_), span))) if !builder.tree.nodes.is_empty() => {
                builder.tree.ignored = Some(builder.place(&span.start));
                break;
            }
            Some(Ok((event, span))) => builder.take(event, &span.start).map_err(Stop::Fault)?,
            Some(Err(error)) => return Err(Stop::Syntax(builder.syntax_fault(&error), error)),
        }
    }
    Ok(builder.tree)
}

struct Builder<'text, 'repair> {
    start: Position,
    repaired: &'repair Repaired,
    tree: Tree<'text>,
    open: Vec<Open>,
    anchors: HashMap<usize, usize>,
    /// Lines indented with tabs, which block collections may not be.
    tabbed: TabbedLines<'text>,
}

/// A collection that has not ended.
struct Open {
    index: usize,
    start: Marker,
    /// Whether it stands in brackets, once that was asked.
    is_flow: Option<bool>,
}

impl<'text> Builder<'text, '_> {
    fn place(&self, marker: &Marker) -> Position {
        let column = marker.col().saturating_sub(self.repaired.shift(marker.line()));
        let column = if marker.line() <= 1 { self.start.column + column } else { column + 1 };
        Position { line: self.start.line + marker.line().max(1) - 1, column }
    }

    fn take(&mut self, event: Event<'text>, marker: &Marker) -> Result<(), Fault> {
        if !self.tabbed.is_empty() {
            self.check_tabs(&event, marker)?;
        }
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
        self.open.push(Open { index, start: *marker, is_flow: None });
        Ok(())
    }

    fn close(&mut self) {
        let end = self.tree.nodes.len();
        if let Some(node) = self.open.pop().and_then(|open| self.tree.nodes.get_mut(open.index)) {
            node.end = end;
        }
    }

    /// The parser lets some tabs pass that libyaml does not.
    fn check_tabs(&mut self, event: &Event<'text>, marker: &Marker) -> Result<(), Fault> {
        let is_node = match event {
            Event::Scalar(text, ..) => !text.is_empty(),
            Event::Alias(_) | Event::SequenceStart(..) | Event::MappingStart(..) => true,
            _ => false,
        };
        let indent = self.tabbed.indent(marker.line()).filter(|indent| is_node && indent.text == marker.col());
        match indent {
            Some(indent) if !self.is_in_flow() => Err(self.tab_fault(marker, indent.tab)),
            _ => Ok(()),
        }
    }

    /// True inside brackets. What is found out about a collection is kept: each is looked at once.
    fn is_in_flow(&mut self) -> bool {
        let unknown = self.open.iter().rposition(|open| open.is_flow.is_some()).map_or(0, |known| known + 1);
        let mut outer = unknown.checked_sub(1).and_then(|known| self.open.get(known)?.is_flow).unwrap_or(false);
        for open in self.open.iter_mut().skip(unknown) {
            outer = outer || self.tabbed.is_bracket(&open.start);
            open.is_flow = Some(outer);
        }
        outer
    }

    fn tab_fault(&self, marker: &Marker, column: usize) -> Fault {
        let column = (column + 1).saturating_sub(self.repaired.shift(marker.line()));
        let position = Position { column, ..self.place(marker) };
        Fault::new(position, "a tab is used to indent; YAML indents with spaces only")
            .hint("replace the tab with spaces")
    }

    fn syntax_fault(&self, error: &ScanError) -> Fault {
        let marker = error.marker();
        if let Some(indent) = self.tabbed.indent(marker.line()) {
            return self.tab_fault(marker, indent.tab);
        }
        if error.info().ends_with("found a tab")
            && let Some(indent) = self.tabbed.indent(marker.line() + 1)
        {
            // The scalar seems to go on in the next line, where the tab is.
            let fault = self.tab_fault(marker, indent.tab);
            return Fault { position: Position { line: fault.position.line + 1, ..fault.position }, ..fault };
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
