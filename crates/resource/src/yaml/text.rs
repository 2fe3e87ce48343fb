//! Bytes to text, and text to the parts that hold one document each.
//!
//! Owns encodings, characters that YAML forbids, and the `---` lines. The parts are cut as kubectl cuts them, before
//! any YAML is read, so that a fault in one document leaves the others readable.

use std::ops::Range;

use super::Fault;
use crate::Position;

/// The part of a text that holds one document, and the place where it starts.
#[derive(Debug, Clone)]
pub(super) struct Chunk {
    pub(super) range: Range<usize>,
    pub(super) start: Position,
}

const START: Position = Position { line: 1, column: 1 };

/// The text of `bytes`: UTF-8, or UTF-16 with a byte order mark. The mark is dropped.
pub(super) fn decode(bytes: &[u8]) -> Result<String, Fault> {
    match bytes {
        [0xFF, 0xFE, rest @ ..] => decode_utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => decode_utf16(rest, u16::from_be_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] => decode_utf8(rest),
        _ => decode_utf8(bytes),
    }
}

fn decode_utf8(bytes: &[u8]) -> Result<String, Fault> {
    let error = match std::str::from_utf8(bytes) {
        Ok(text) => return Ok(text.to_owned()),
        Err(error) => error,
    };
    let valid = String::from_utf8_lossy(bytes.get(..error.valid_up_to()).unwrap_or_default());
    let position = position_at(&valid, valid.len());
    if bytes.iter().take(8192).any(|byte| *byte == 0) {
        return Err(Fault::new(START, "this is a binary file, not text").hint("give YAML or JSON files"));
    }
    Err(Fault::new(position, "the bytes here are not valid UTF-8").hint("save the file as UTF-8"))
}

fn decode_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, Fault> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let text: Option<String> = char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).map(Result::ok).collect();
    match text {
        Some(text) if rest.is_empty() => Ok(text),
        _ => Err(Fault::new(START, "the file starts as UTF-16 but is not valid UTF-16").hint("save the file as UTF-8")),
    }
}

/// The first character that may not stand in YAML, if there is one.
pub(super) fn forbidden_character(text: &str) -> Option<Fault> {
    let offset = find_forbidden(text)?;
    let character = text.get(offset..)?.chars().next()?;
    let position = position_at(text, offset);
    if character == '\0' {
        return Some(Fault::new(position, "this is a binary file, not text").hint("give YAML or JSON files"));
    }
    let code = u32::from(character);
    Some(
        Fault::new(position, format!("the character U+{code:04X} may not stand in YAML"))
            .hint(format!("remove it, or write it as an escape in double quotes: \"\\u{code:04x}\"")),
    )
}

fn find_forbidden(text: &str) -> Option<usize> {
    let suspicious = |byte: &u8| !matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~');
    let bytes = text.as_bytes();
    // Most texts are plain ASCII; only what is not is looked at character by character.
    let first = bytes.iter().position(suspicious)?;
    text.get(first..)?.char_indices().find(|(_, character)| !is_allowed(*character)).map(|(offset, _)| first + offset)
}

/// YAML 1.1's printable characters.
pub(super) fn is_allowed(character: char) -> bool {
    matches!(character,
        '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{A0}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
        && character != '\u{FEFF}'
}

/// Cuts `text` at its `---` lines. Nothing but a comment may follow on such a line, as in kubectl; the part after
/// one that breaks this is not read, since it has lost its first line.
pub(super) fn split(text: &str) -> Vec<Result<Chunk, Fault>> {
    let mut chunks = Vec::new();
    let mut open = Some(Chunk { range: 0..0, start: START });
    let mut offset = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let line_start = offset;
        offset += line.len();
        let Some(rest) = line.strip_prefix("---") else { continue };
        if let Some(chunk) = open.take() {
            chunks.push(Ok(Chunk { range: chunk.range.start..line_start, ..chunk }));
        }
        let rest = rest.trim();
        if rest.is_empty() || rest.starts_with('#') {
            open = Some(Chunk { range: offset..offset, start: Position { line: index + 2, column: 1 } });
        } else {
            chunks.push(Err(separator_fault(index + 1)));
        }
    }
    if let Some(chunk) = open {
        chunks.push(Ok(Chunk { range: chunk.range.start..text.len(), ..chunk }));
    }
    chunks.retain(|chunk| chunk.as_ref().map_or(true, |chunk| !chunk.range.is_empty()));
    chunks
}

fn separator_fault(line: usize) -> Fault {
    Fault::new(Position { line, column: 4 }, "only a comment may follow `---`; kubectl refuses anything else")
        .hint("start the object on the next line")
}

/// The place of a byte offset.
pub(super) fn position_at(text: &str, offset: usize) -> Position {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
    Position { line, column }
}
