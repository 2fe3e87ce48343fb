//! Patterns of paths and URLs, as `minimatch` reads them without regard to case and with hidden files.
//!
//! Owns `*`, `**`, `?`, classes, braces, escapes and a leading `!`. Groups like `+(a|b)` are taken as they are written.

use regex::{Regex, RegexBuilder};

/// One pattern.
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    is_negated: bool,
    /// Alternatives, each a way of segments.
    ways: Vec<Vec<Segment>>,
}

#[derive(Debug, Clone)]
enum Segment {
    /// Any number of folders.
    Any,
    Exact(String),
    Like(Regex),
    /// What nothing fits.
    Nothing,
}

impl Pattern {
    pub(crate) fn new(text: &str) -> Self {
        let stripped = text.trim_start_matches('!');
        let is_negated = (text.len() - stripped.len()) % 2 == 1;
        // A line that starts like this is a comment.
        let ways = if text.starts_with('#') { Vec::new() } else { alternatives(stripped, 0) };
        Self { is_negated, ways: ways.iter().map(|way| split(way).into_iter().map(segment).collect()).collect() }
    }

    pub(crate) fn fits(&self, text: &str) -> bool {
        let parts = split(text);
        self.ways.iter().any(|way| fits(way, &parts)) != self.is_negated
    }
}

/// Runs of slashes are one.
fn split(text: &str) -> Vec<&str> {
    let mut parts: Vec<&str> = Vec::new();
    for (index, part) in text.split('/').enumerate() {
        let ends = index > 0 && part.is_empty();
        if !ends {
            parts.push(part);
        }
    }
    if text.ends_with('/') && text.len() > 1 {
        parts.push("");
    }
    parts
}

fn is_dots(part: &str) -> bool {
    part == "." || part == ".."
}

fn fits(way: &[Segment], parts: &[&str]) -> bool {
    match (way.split_first(), parts.split_first()) {
        (None, None) => true,
        // A slash at the end of the text does no harm.
        (None, Some((last, rest))) => last.is_empty() && rest.is_empty(),
        (Some((Segment::Any, [])), _) => !parts.iter().any(|part| is_dots(part)),
        (Some((Segment::Any, rest)), _) => {
            let most = parts.iter().take_while(|part| !is_dots(part)).count();
            (0..=most).any(|skipped| parts.get(skipped..).is_some_and(|left| !left.is_empty() && fits(rest, left)))
        }
        (Some(_), None) => false,
        (Some((segment, rest)), Some((part, left))) => {
            let is_fit = match segment {
                Segment::Exact(text) => *text == part.to_lowercase(),
                Segment::Like(regex) => !is_dots(part) && regex.is_match(part),
                Segment::Any | Segment::Nothing => false,
            };
            is_fit && fits(rest, left)
        }
    }
}

fn segment(text: &str) -> Segment {
    if text == "**" {
        return Segment::Any;
    }
    if !text.contains(['*', '?', '[', '\\']) {
        return Segment::Exact(text.to_lowercase());
    }
    let mut pattern = String::from("^");
    let characters: Vec<char> = text.chars().collect();
    let mut place = 0;
    while let Some(character) = characters.get(place) {
        place += 1;
        match character {
            '*' => pattern.push_str(if text.trim_matches('*').is_empty() { "[^/]+" } else { "[^/]*" }),
            '?' => pattern.push_str("[^/]"),
            '[' => match class(characters.get(place..).unwrap_or_default()) {
                Some((class, length)) => {
                    pattern.push_str(&class);
                    place += length;
                }
                None => pattern.push_str("\\["),
            },
            '\\' => {
                let escaped = characters.get(place).copied().unwrap_or('\\');
                pattern.push_str(&regex::escape(&escaped.to_string()));
                place += 1;
            }
            character => pattern.push_str(&regex::escape(&character.to_string())),
        }
    }
    pattern.push('$');
    RegexBuilder::new(&pattern)
        .case_insensitive(true)
        .dot_matches_new_line(true)
        .build()
        .map_or(Segment::Nothing, Segment::Like)
}

/// A class of characters behind its bracket, and how long it is.
fn class(rest: &[char]) -> Option<(String, usize)> {
    let negated = usize::from(matches!(rest.first(), Some('!' | '^')));
    let mut place = negated;
    let mut inside = String::new();
    loop {
        let character = rest.get(place)?;
        place += 1;
        match character {
            ']' if !inside.is_empty() => break,
            '\\' => {
                inside.push_str(&regex::escape(&rest.get(place)?.to_string()));
                place += 1;
            }
            '-' => inside.push('-'),
            character => inside.push_str(&regex::escape(&character.to_string())),
        }
    }
    Some((format!("[{}{inside}]", if negated == 1 { "^" } else { "" }), place))
}

/// How deep braces may nest, and how many alternatives they may make.
const MAX_DEPTH: usize = 20;
const MAX_WAYS: usize = 1_000;
/// The longest range of numbers.
const MAX_RANGE: u64 = 1_000;

/// What braces stand for.
fn alternatives(text: &str, depth: usize) -> Vec<String> {
    let Some((before, inside, after)) = braces(text).filter(|_| depth < MAX_DEPTH) else {
        return vec![text.to_owned()];
    };
    let choices = choices(inside);
    let rest = alternatives(after, depth + 1);
    if choices.len() < 2 {
        // Braces around one thing are braces.
        let inner = alternatives(inside, depth + 1);
        return combine(&inner.iter().map(|inner| format!("{before}{{{inner}}}")).collect::<Vec<_>>(), &rest);
    }
    let heads: Vec<String> = choices
        .iter()
        .flat_map(|choice| alternatives(choice, depth + 1))
        .map(|choice| format!("{before}{choice}"))
        .collect();
    combine(&heads, &rest)
}

fn combine(heads: &[String], tails: &[String]) -> Vec<String> {
    let both = heads.iter().flat_map(|head| tails.iter().map(move |tail| format!("{head}{tail}")));
    both.take(MAX_WAYS).collect()
}

/// The text before, between and behind the first pair of braces.
fn braces(text: &str) -> Option<(&str, &str, &str)> {
    let start = text.find('{')?;
    let mut open = 0usize;
    for (index, character) in text.char_indices().skip_while(|(index, _)| *index < start) {
        match character {
            '{' => open += 1,
            '}' => open -= 1,
            _ => {}
        }
        if open == 0 {
            return Some((text.get(..start)?, text.get(start + 1..index)?, text.get(index + 1..)?));
        }
    }
    None
}

fn choices(inside: &str) -> Vec<String> {
    if let Some((from, to)) = inside.split_once("..")
        && let (Ok(from), Ok(to)) = (from.parse::<i64>(), to.parse::<i64>())
        && from.abs_diff(to) < MAX_RANGE
    {
        let up = from.min(to)..=from.max(to);
        let numbers: Vec<String> = up.map(|number| number.to_string()).collect();
        return if from <= to { numbers } else { numbers.into_iter().rev().collect() };
    }
    let mut choices = vec![String::new()];
    let mut open = 0usize;
    for character in inside.chars() {
        match character {
            ',' if open == 0 => {
                choices.push(String::new());
                continue;
            }
            '{' => open += 1,
            '}' => open = open.saturating_sub(1),
            _ => {}
        }
        if let Some(last) = choices.last_mut() {
            last.push(character);
        }
    }
    choices
}
