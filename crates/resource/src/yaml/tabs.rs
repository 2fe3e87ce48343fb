//! Tabs in front of the text of a line.
//!
//! Owns finding them, and telling blocks from brackets. libyaml refuses them wherever blocks are indented; inside brackets and quotes they are blanks.

use std::collections::HashMap;

use saphyr_parser::Marker;

/// The blanks that a line starts with: the column of the first tab and of the text, from 0.
#[derive(Debug, Clone, Copy)]
pub(super) struct Indent {
    pub(super) tab: usize,
    pub(super) text: usize,
}

/// The lines of a text that start with a tab, perhaps behind spaces.
#[derive(Debug, Default)]
pub(super) struct TabbedLines<'text> {
    indents: HashMap<usize, Indent>,
    /// All lines; none when no line starts with a tab.
    lines: Vec<&'text str>,
}

impl<'text> TabbedLines<'text> {
    pub(super) fn of(text: &'text str) -> Self {
        let indents = indented_lines(text);
        let lines = if indents.is_empty() { Vec::new() } else { text.split('\n').collect() };
        Self { indents, lines }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.indents.is_empty()
    }

    /// The indent of the line, counted from 1, when it starts with a tab.
    pub(super) fn indent(&self, line: usize) -> Option<Indent> {
        self.indents.get(&line).copied()
    }

    /// True when the collection that starts at the place, perhaps with an anchor and a tag, starts with a bracket.
    pub(super) fn is_bracket(&self, start: &Marker) -> bool {
        let line = self.lines.get(start.line().saturating_sub(1)).copied().unwrap_or_default();
        let offset = line.char_indices().nth(start.col()).map_or(line.len(), |(offset, _)| offset);
        let mut rest = line.get(offset..).unwrap_or_default();
        while rest.starts_with(['&', '!']) {
            rest = rest.split_once([' ', '\t']).map_or("", |(_, rest)| rest).trim_start_matches([' ', '\t']);
        }
        rest.starts_with(['[', '{'])
    }
}

/// The lines, counted from 1, that start with a tab, perhaps behind spaces.
fn indented_lines(text: &str) -> HashMap<usize, Indent> {
    if !text.contains('\t') {
        return HashMap::new();
    }
    let indent = |(index, line): (usize, &str)| {
        let width = line.len() - line.trim_start_matches([' ', '\t']).len();
        let tab = line.get(..width)?.find('\t')?;
        Some((index + 1, Indent { tab, text: width }))
    };
    text.split('\n').enumerate().filter_map(indent).collect()
}
