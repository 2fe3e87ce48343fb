//! A template's source as a row of text, variables and block tags.
//!
//! Owns delimiters, whitespace control, comments and raw regions; what is in a tag is read elsewhere.

use super::code::{self, CodeError};
use crate::template::error::{Failure, Outcome, Place, quoted_str};
use crate::template::text::{Text, ascii_at, find_str, is_space, part, starts_with, trim_end};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TagKind {
    Text,
    Variable,
    Block,
    Comment,
}

/// One piece of a template.
#[derive(Debug)]
pub(crate) struct Tag {
    pub(crate) kind: TagKind,
    pub(crate) value: Text,
    pub(crate) place: Place,
    /// Where the value begins, after the delimiter and space.
    pub(crate) value_place: Place,
}

/// What the renderer's options say about source text.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ScanOptions {
    pub(crate) cookiecutter: bool,
    pub(crate) trim_blocks: bool,
    pub(crate) lstrip_blocks: bool,
}

struct Opening {
    kind: TagKind,
    index: usize,
    length: usize,
}

/// The next place of a text, looked for once and remembered until it is passed.
struct Finder {
    needle: &'static str,
    found: Option<usize>,
    searched: bool,
}

impl Finder {
    fn new(needle: &'static str) -> Self {
        Self { needle, found: None, searched: false }
    }

    fn next(&mut self, source: &[u16], from: usize) -> Option<usize> {
        if !self.searched || self.found.is_some_and(|found| found < from) {
            self.found = find_str(source, self.needle, from);
            self.searched = true;
        }
        self.found
    }
}

struct Scanner<'a> {
    source: &'a [u16],
    options: ScanOptions,
    index: usize,
    place: Place,
    line_has_content: bool,
    pending: Vec<u16>,
    pending_place: Place,
    tags: Vec<Tag>,
}

/// Splits a template's source.
pub(crate) fn scan(source: &[u16], options: ScanOptions) -> Outcome<Vec<Tag>> {
    let mut scanner = Scanner {
        source,
        options,
        index: 0,
        place: Place::default(),
        line_has_content: false,
        pending: Vec::new(),
        pending_place: Place::default(),
        tags: Vec::new(),
    };
    let variable = if options.cookiecutter { "{{" } else { "${{" };
    let mut finders = [
        (TagKind::Variable, Finder::new(variable)),
        (TagKind::Block, Finder::new("{%")),
        (TagKind::Comment, Finder::new("{#")),
    ];
    let mut comment_ends = Finder::new("#}");
    while scanner.index < source.len() {
        let openings = finders.iter_mut().filter_map(|(kind, finder)| {
            let index = finder.next(source, scanner.index)?;
            Some(Opening { kind: *kind, index, length: finder.needle.len() })
        });
        let opening = openings.min_by_key(|opening| opening.index);
        if let Some(end) = comment_ends.next(source, scanner.index)
            && opening.as_ref().is_none_or(|opening| end < opening.index)
        {
            return Err(Failure::syntax("Unexpected end of comment", position(source, end)));
        }
        let Some(opening) = opening else {
            scanner.append(source.len());
            break;
        };
        scanner.tag(&opening)?;
    }
    scanner.flush();
    Ok(scanner.tags)
}

impl Scanner<'_> {
    fn advance(&mut self, end: usize) {
        let end = end.min(self.source.len());
        for unit in part(self.source, self.index, end) {
            if *unit == 10 {
                self.place = Place { line: self.place.line + 1, column: 0 };
                self.line_has_content = false;
            } else {
                self.place.column += 1;
                self.line_has_content |= !is_space(*unit);
            }
        }
        self.index = self.index.max(end);
    }

    fn append(&mut self, end: usize) {
        if self.pending.is_empty() {
            self.pending_place = self.place;
        }
        self.pending.extend_from_slice(part(self.source, self.index, end));
        self.advance(end);
    }

    fn flush(&mut self) {
        if !self.pending.is_empty() {
            let value = std::mem::take(&mut self.pending).into();
            let place = self.pending_place;
            self.tags.push(Tag { kind: TagKind::Text, value, place, value_place: place });
        }
    }

    fn tag(&mut self, opening: &Opening) -> Outcome<()> {
        self.append(opening.index);
        let start = self.place;
        if opening.kind == TagKind::Block && self.options.lstrip_blocks && !self.line_has_content {
            self.strip_indentation();
        }
        let mut inside = opening.index + opening.length;
        if ascii_at(self.source, inside) == Some('-') {
            self.pending.truncate(trim_end(&self.pending).len());
            inside += 1;
        }
        self.flush();
        self.advance(inside);
        let end = self.tag_end(opening.kind, start)?;
        let right_trim = ascii_at(self.source, end.wrapping_sub(1)) == Some('-');
        let content = part(self.source, self.index, if right_trim { end - 1 } else { end });
        let content_place = self.place;
        self.advance(end + 2);
        if opening.kind != TagKind::Comment {
            let tag = new_tag(opening.kind, content, start, content_place);
            let name = if opening.kind == TagKind::Block { tag_name(&tag.value) } else { String::new() };
            if name == "raw" || name == "verbatim" {
                return self.raw(&tag, &name, right_trim);
            }
            self.tags.push(tag);
        }
        if right_trim {
            self.skip_space();
        } else if opening.kind == TagKind::Block && self.options.trim_blocks {
            self.skip_newline();
        }
        Ok(())
    }

    fn tag_end(&self, kind: TagKind, start: Place) -> Outcome<usize> {
        let (name, close) = match kind {
            TagKind::Block => ("block", "%}"),
            TagKind::Comment => ("comment", "#}"),
            _ => ("variable", "}}"),
        };
        let end = if kind == TagKind::Comment {
            find_str(self.source, close, self.index)
        } else {
            code::find_terminator(self.source, self.index, close).map_err(|error| misplaced(self.source, &error))?
        };
        end.ok_or_else(|| Failure::syntax(format!("Unterminated {name} tag"), start))
    }

    /// A raw region: its text is text, up to the tag that ends it.
    fn raw(&mut self, tag: &Tag, name: &str, right_trim: bool) -> Outcome<()> {
        if !tag_remainder(&tag.value).is_empty() {
            return Err(Failure::syntax(format!("{name} tag does not accept trailing content"), tag.place));
        }
        if self.options.trim_blocks {
            self.skip_newline();
        }
        let Some((start, end)) = raw_end(self.source, self.index, name) else {
            let message = format!("Missing {} tag", quoted_str(&format!("end{name}")));
            return Err(Failure::syntax(message, tag.place));
        };
        if part(self.source, start, end).contains(&10) {
            let message = format!("{name} closing tag cannot contain a line break");
            return Err(Failure::syntax(message, position(self.source, start)));
        }
        self.append(start);
        self.advance(end);
        if right_trim {
            self.skip_space();
        }
        Ok(())
    }

    fn strip_indentation(&mut self) {
        let line = self.pending.iter().rposition(|unit| *unit == 10).map_or(0, |newline| newline + 1);
        if self.pending.iter().skip(line).all(|unit| is_space(*unit)) {
            self.pending.truncate(line);
        }
    }

    fn skip_space(&mut self) {
        let rest = part(self.source, self.index, self.source.len());
        let count = rest.iter().take_while(|unit| is_space(**unit)).count();
        self.advance(self.index + count);
    }

    fn skip_newline(&mut self) {
        for newline in ["\n", "\r\n"] {
            if starts_with(self.source, self.index, newline) {
                self.advance(self.index + newline.len());
                return;
            }
        }
    }
}

fn new_tag(kind: TagKind, content: &[u16], place: Place, content_place: Place) -> Tag {
    let started = code::trim_start(content);
    let value = if kind == TagKind::Variable { started } else { code::trim(content) };
    let value_place = advanced(part(content, 0, content.len() - started.len()), content_place);
    Tag { kind, value: Text::new(value), place, value_place }
}

/// The end of a raw region that begins here: where its closing tag starts and ends. Regions of the same name nest.
fn raw_end(source: &[u16], start: usize, name: &str) -> Option<(usize, usize)> {
    let mut depth = 1;
    let mut index = start;
    loop {
        let marker = find_str(source, "{%", index)?;
        let Some((closes, end)) = raw_marker(source, marker, name) else {
            index = marker + 2;
            continue;
        };
        depth = if closes { depth - 1 } else { depth + 1 };
        if depth == 0 {
            return Some((marker, end));
        }
        index = end;
    }
}

fn raw_marker(source: &[u16], start: usize, name: &str) -> Option<(bool, usize)> {
    let skip_space = |mut index: usize| {
        while source.get(index).is_some_and(|unit| is_space(*unit)) {
            index += 1;
        }
        index
    };
    let index = skip_space(start + 2);
    let closing = format!("end{name}");
    let (closes, index) = if starts_with(source, index, &closing) {
        (true, index + closing.len())
    } else if starts_with(source, index, name) {
        (false, index + name.len())
    } else {
        return None;
    };
    let index = skip_space(index);
    starts_with(source, index, "%}").then_some((closes, index + 2))
}

/// The place of an offset.
pub(crate) fn position(source: &[u16], offset: usize) -> Place {
    advanced(part(source, 0, offset), Place::default())
}

/// The place after some text.
pub(crate) fn advanced(text: &[u16], mut place: Place) -> Place {
    for unit in text {
        place = if *unit == 10 {
            Place { line: place.line + 1, column: 0 }
        } else {
            Place { line: place.line, column: place.column + 1 }
        };
    }
    place
}

pub(crate) fn misplaced(source: &[u16], error: &CodeError) -> Box<Failure> {
    Failure::syntax(error.message, position(source, error.offset))
}

/// The name that a block tag begins with.
pub(crate) fn tag_name(value: &Text) -> String {
    let value = code::trim(value.units());
    let end = code::name_end(value, 0, false).unwrap_or_default();
    String::from_utf16_lossy(part(value, 0, end))
}

/// What follows the name of a block tag.
pub(crate) fn tag_remainder(value: &Text) -> &[u16] {
    let trimmed = code::trim(value.units());
    let end = code::name_end(trimmed, 0, false).unwrap_or_default();
    code::trim(part(trimmed, end, trimmed.len()))
}
