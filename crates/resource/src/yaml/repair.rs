//! Indentation that libyaml reads and a YAML 1.2 parser refuses, put right.
//!
//! Owns the few forms that are common in published manifests: lines of a quoted scalar or of a flow collection that
//! stand left of their parent, and a tab behind a colon. Each repair keeps the meaning and the lines; how far a line was
//! moved is remembered, so that places stay those of the user's text.

use std::collections::HashMap;

use saphyr_parser::ScanError;

/// A text put right, and by how many columns its lines were moved.
#[derive(Debug, Default)]
pub(super) struct Repaired {
    pub(super) text: String,
    shifts: HashMap<usize, usize>,
}

impl Repaired {
    /// By how many columns the line, counted from 1, was moved.
    pub(super) fn shift(&self, line: usize) -> usize {
        self.shifts.get(&line).copied().unwrap_or_default()
    }

    /// This text with the fault of `error` put right; none for a fault that is a fault to libyaml too.
    pub(super) fn next(self, text: &str, error: &ScanError) -> Option<Self> {
        let line = error.marker().line();
        match error.info() {
            "invalid indentation in quoted scalar" => {
                let columns = error.marker().col() + 1;
                let last = last_line_of_quoted(text, line, error.marker().col())?;
                (last > line).then(|| self.indented(text, line + 1..=last, columns))
            }
            // Where it is no bracket that holds the line, the tab is found again and refused.
            "invalid indentation"
            | "invalid indentation in flow construct"
            | "tabs disallowed within this context (block indentation)" => {
                let columns = text.lines().take(line).map(lead).max()? + 1;
                Some(self.indented(text, line..=line, columns))
            }
            "':' must be followed by a valid YAML whitespace" => self.untabbed(text, line, error.marker().col()),
            _ => None,
        }
    }

    fn indented(mut self, text: &str, lines: std::ops::RangeInclusive<usize>, columns: usize) -> Self {
        let mut repaired = String::with_capacity(text.len() + 256);
        for (index, line) in text.split_inclusive('\n').enumerate() {
            if lines.contains(&(index + 1)) {
                repaired.extend(std::iter::repeat_n(' ', columns));
                *self.shifts.entry(index + 1).or_default() += columns;
            }
            repaired.push_str(line);
        }
        Self { text: repaired, shifts: self.shifts }
    }

    /// The tabs in front of the column as spaces.
    fn untabbed(self, text: &str, line: usize, column: usize) -> Option<Self> {
        let end = offset_of(text, line, column)?;
        let before = text.get(..end)?;
        let kept = before.trim_end_matches(['\t', ' ']);
        let blanks = before.get(kept.len()..)?;
        if !blanks.contains('\t') {
            return None;
        }
        let repaired = [kept, &" ".repeat(blanks.len()), text.get(end..)?].concat();
        Some(Self { text: repaired, shifts: self.shifts })
    }
}

/// The width of blanks and dashes that a line starts with.
fn lead(line: &str) -> usize {
    line.bytes().take_while(|byte| matches!(byte, b' ' | b'-' | b'?')).count()
}

fn offset_of(text: &str, line: usize, column: usize) -> Option<usize> {
    let start: usize = text.split_inclusive('\n').take(line.checked_sub(1)?).map(str::len).sum();
    let rest = text.get(start..)?;
    Some(start + rest.char_indices().nth(column).map_or(rest.len(), |(offset, _)| offset))
}

/// The line of the closing quote of the scalar that opens at the place.
fn last_line_of_quoted(text: &str, line: usize, column: usize) -> Option<usize> {
    let mut characters = text.get(offset_of(text, line, column)?..)?.chars().peekable();
    let quote = characters.next()?;
    let mut line = line;
    while let Some(character) = characters.next() {
        match character {
            '\n' => line += 1,
            '\\' if quote == '"' => line += usize::from(characters.next()? == '\n'),
            '\'' if quote == '\'' && characters.peek() == Some(&'\'') => drop(characters.next()),
            character if character == quote => return Some(line),
            _ => {}
        }
    }
    None
}
