//! Text as JavaScript has it: a row of UTF-16 code units, halves of surrogate pairs among them.
//!
//! Owns the operations that templates can see. What a name or a number means is elsewhere.

use std::rc::Rc;

/// A piece of text that is shared, not copied.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Text(Rc<[u16]>);

impl Text {
    pub(crate) fn new(units: &[u16]) -> Self {
        Self(units.into())
    }

    pub(crate) fn units(&self) -> &[u16] {
        &self.0
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One code unit as text of its own.
    pub(crate) fn unit(&self, index: usize) -> Option<Self> {
        self.0.get(index).map(|unit| Self::new(&[*unit]))
    }

    /// Each code unit as text of its own.
    pub(crate) fn split_units(&self) -> Vec<Self> {
        self.0.iter().map(|unit| Self::new(&[*unit])).collect()
    }

    pub(crate) fn is(&self, text: &str) -> bool {
        self.0.iter().copied().eq(text.encode_utf16())
    }

    pub(crate) fn to_lower(&self) -> Self {
        Self(self.whole_characters(str::to_lowercase).into())
    }

    pub(crate) fn to_upper(&self) -> Self {
        Self(self.whole_characters(str::to_uppercase).into())
    }

    /// The first code unit in upper case, the rest as it is.
    pub(crate) fn first_upper(&self) -> Self {
        let (first, rest) = self.0.split_at(self.len().min(1));
        let mut units = Self::new(first).to_upper().0.to_vec();
        units.extend_from_slice(rest);
        units.into()
    }

    pub(crate) fn trimmed(&self) -> Self {
        Self::new(trim_end(trim_start(&self.0)))
    }

    /// Runs of whole characters are changed, lone halves stay.
    fn whole_characters(&self, change: impl Fn(&str) -> String) -> Vec<u16> {
        if let Ok(whole) = String::from_utf16(&self.0) {
            return change(&whole).encode_utf16().collect();
        }
        let mut output = Vec::with_capacity(self.len());
        let mut run = String::new();
        for decoded in char::decode_utf16(self.0.iter().copied()) {
            match decoded {
                Ok(character) => run.push(character),
                Err(lone) => {
                    output.extend(change(&run).encode_utf16());
                    run.clear();
                    output.push(lone.unpaired_surrogate());
                }
            }
        }
        output.extend(change(&run).encode_utf16());
        output
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.encode_utf16().collect())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<Vec<u16>> for Text {
    fn from(units: Vec<u16>) -> Self {
        Self(units.into())
    }
}

impl std::fmt::Display for Text {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&String::from_utf16_lossy(&self.0))
    }
}

impl std::fmt::Debug for Text {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:?}", self.to_string())
    }
}

/// A code unit as the ASCII character it is, anything else as one that no syntax has.
pub(crate) fn ascii(unit: u16) -> char {
    u8::try_from(unit).ok().filter(u8::is_ascii).map_or(char::REPLACEMENT_CHARACTER, char::from)
}

/// The ASCII character at a place; none past the end.
pub(crate) fn ascii_at(units: &[u16], index: usize) -> Option<char> {
    units.get(index).copied().map(ascii)
}

/// Whitespace and line ends of JavaScript, which `trim` removes and `\s` matches.
pub(crate) fn is_space(unit: u16) -> bool {
    matches!(unit, 9..=13 | 0x20 | 0xa0 | 0x1680 | 0x2000..=0x200a | 0x2028 | 0x2029 | 0x202f | 0x205f | 0x3000 | 0xfeff)
}

/// What `\w` matches.
pub(crate) fn is_word(unit: u16) -> bool {
    let character = ascii(unit);
    character.is_ascii_alphanumeric() || character == '_'
}

pub(crate) fn trim_start(units: &[u16]) -> &[u16] {
    let start = units.iter().position(|unit| !is_space(*unit)).unwrap_or(units.len());
    units.get(start..).unwrap_or_default()
}

pub(crate) fn trim_end(units: &[u16]) -> &[u16] {
    let end = units.iter().rposition(|unit| !is_space(*unit)).map_or(0, |last| last + 1);
    units.get(..end).unwrap_or_default()
}

/// A part by its bounds, each moved to where there is text.
pub(crate) fn part(units: &[u16], start: usize, end: usize) -> &[u16] {
    let end = end.min(units.len());
    units.get(start.min(end)..end).unwrap_or_default()
}

pub(crate) fn starts_with(units: &[u16], index: usize, text: &str) -> bool {
    let mut rest = units.get(index..).unwrap_or_default().iter();
    text.encode_utf16().all(|unit| rest.next() == Some(&unit))
}

/// The first place at or after `from` where a text begins.
pub(crate) fn find(units: &[u16], needle: &[u16], from: usize) -> Option<usize> {
    let from = from.min(units.len());
    let Some(first) = needle.first() else { return Some(from) };
    let last = units.len().checked_sub(needle.len())?;
    let mut index = from;
    while index <= last {
        index += units.get(index..=last)?.iter().position(|unit| unit == first)?;
        if units.get(index..)?.starts_with(needle) {
            return Some(index);
        }
        index += 1;
    }
    None
}

pub(crate) fn find_str(units: &[u16], needle: &str, from: usize) -> Option<usize> {
    let needle: Vec<u16> = needle.encode_utf16().collect();
    find(units, &needle, from)
}

/// The last place at or before `from` where a text begins.
pub(crate) fn find_last(units: &[u16], needle: &[u16], from: usize) -> Option<usize> {
    let last = units.len().checked_sub(needle.len())?.min(from);
    (0..=last).rev().find(|index| units.get(*index..).is_some_and(|rest| rest.starts_with(needle)))
}

/// The parts between each place where a text stands.
pub(crate) fn split(units: &[u16], separator: &[u16]) -> Vec<Text> {
    if separator.is_empty() {
        return Text::new(units).split_units();
    }
    let mut parts = Vec::new();
    let mut start = 0;
    while let Some(index) = find(units, separator, start) {
        parts.push(Text::new(part(units, start, index)));
        start = index + separator.len();
    }
    parts.push(Text::new(part(units, start, units.len())));
    parts
}

/// How many bytes it has in UTF-8, a lone half counted as its replacement.
pub(crate) fn utf8_len(units: &[u16]) -> usize {
    char::decode_utf16(units.iter().copied()).map(|decoded| decoded.map_or(3, char::len_utf8)).sum()
}
