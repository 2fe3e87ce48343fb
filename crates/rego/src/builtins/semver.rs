//! Semantic versions, with or without a `v` before them.

use std::cmp::Ordering;

use super::arguments::{argument, text};
use super::{Problem, Row};
use crate::value::Value;

pub(super) const ROWS: &[Row] = &[
    ("semver.is_valid", 1, |_, values| match argument(values, 0)? {
        Value::String(text) => Ok(Value::Bool(Version::read(text).is_some())),
        _ => Ok(Value::Bool(false)),
    }),
    ("semver.compare", 2, |_, values| {
        let read = |index| Version::read(text(values, index)?).ok_or(Problem::Undefined);
        Ok(Value::int(match read(0)?.cmp(&read(1)?) {
            Ordering::Less => -1,
            Ordering::Equal => 0,
            Ordering::Greater => 1,
        }))
    }),
];

/// One version, without its metadata: that does not count.
#[derive(Debug, PartialEq, Eq)]
struct Version<'a> {
    numbers: [i64; 3],
    pre_release: Option<Vec<Identifier<'a>>>,
}

/// A part of a pre-release. Numbers stand before names.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Identifier<'a> {
    Number(i64),
    Name(&'a str),
}

impl<'a> Version<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let (text, metadata) = text.split_once('+').map_or((text, None), |(text, metadata)| (text, Some(metadata)));
        if metadata.is_some_and(|metadata| !metadata.split('.').all(is_identifier)) {
            return None;
        }
        let (text, pre_release) = text.split_once('-').map_or((text, None), |(text, rest)| (text, Some(rest)));
        let pre_release = match pre_release {
            Some(parts) => Some(parts.split('.').map(Identifier::read).collect::<Option<Vec<_>>>()?),
            None => None,
        };
        let numbers = text.split('.').map(number).collect::<Option<Vec<_>>>()?;
        Some(Self { numbers: numbers.try_into().ok()?, pre_release })
    }
}

impl Ord for Version<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        // A version is later than what was released before it.
        let released = |version: &Self| version.pre_release.is_none();
        let numbers = self.numbers.cmp(&other.numbers);
        numbers.then(released(self).cmp(&released(other))).then_with(|| self.pre_release.cmp(&other.pre_release))
    }
}

impl PartialOrd for Version<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<'a> Identifier<'a> {
    fn read(text: &'a str) -> Option<Self> {
        if !is_identifier(text) {
            return None;
        }
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            let fits = text.len() == 1 || !text.starts_with('0');
            return fits.then(|| Self::Number(text.parse().unwrap_or(i64::MAX)));
        }
        Some(Self::Name(text))
    }
}

fn is_identifier(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn number(text: &str) -> Option<i64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text.len() == 1 || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}
