//! Text and actions of a template, and the tokens of an action.

use super::super::Problem;

/// A piece of the source.
#[derive(Debug, PartialEq)]
pub(super) enum Piece<'a> {
    Text(&'a str),
    Action(Vec<Token>),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A name without a dot: a keyword, a function, `true`.
    Name(String),
    /// `.name`, and whether it stands right behind what is before it.
    Field(String, bool),
    Dot,
    /// `$name`; `$` alone is the empty name.
    Variable(String),
    Text(String),
    Int(i64),
    Sign(&'static str),
    /// What Go reads and this does not.
    Other(&'static str),
}

/// The pieces of a template. Comments leave none.
pub(super) fn pieces(source: &str) -> Result<Vec<Piece<'_>>, Problem> {
    let (mut pieces, mut rest, mut trim) = (Vec::new(), source, false);
    loop {
        let open = rest.find("{{");
        let mut text = &rest[..open.unwrap_or(rest.len())];
        if trim {
            text = text.trim_start_matches(SPACE);
        }
        let mut inside = open.map(|open| &rest[open + 2..]);
        if let Some(after) = inside.and_then(|inside| inside.strip_prefix('-')).filter(|after| after.starts_with(SPACE))
        {
            text = text.trim_end_matches(SPACE);
            inside = Some(after.trim_start_matches(SPACE));
        }
        if !text.is_empty() {
            pieces.push(Piece::Text(text));
        }
        let Some(inside) = inside else { return Ok(pieces) };
        if let Some(comment) = inside.strip_prefix("/*") {
            let after = &comment[comment.find("*/").ok_or(Problem::Undefined)? + 2..];
            (rest, trim) = closed(after).ok_or(Problem::Undefined)?;
            continue;
        }
        let tokens;
        (tokens, rest, trim) = action(inside)?;
        pieces.push(Piece::Action(tokens));
    }
}

const SPACE: [char; 4] = [' ', '\t', '\r', '\n'];

/// What is behind the end of an action that stands here, and whether the space behind it goes.
fn closed(rest: &str) -> Option<(&str, bool)> {
    if let Some(after) = rest.strip_prefix("}}") {
        return Some((after, false));
    }
    let spaced = rest.trim_start_matches(SPACE);
    if spaced.len() < rest.len() {
        return spaced.strip_prefix("-}}").map(|after| (after, true));
    }
    None
}

fn action(source: &str) -> Result<(Vec<Token>, &str, bool), Problem> {
    let (mut tokens, mut rest, mut spaced) = (Vec::new(), source, true);
    loop {
        if let Some((after, trim)) = closed(rest) {
            return Ok((tokens, after, trim));
        }
        let trimmed = rest.trim_start_matches(SPACE);
        if trimmed.len() < rest.len() {
            (rest, spaced) = (trimmed, true);
            continue;
        }
        let (token, after) = token(rest, spaced)?;
        tokens.push(token);
        (rest, spaced) = (after, false);
    }
}

fn token(rest: &str, spaced: bool) -> Result<(Token, &str), Problem> {
    let first = rest.chars().next().ok_or(Problem::Undefined)?;
    for sign in [":=", "=", "|", "(", ")", ","] {
        if let Some(after) = rest.strip_prefix(sign) {
            return Ok((Token::Sign(sign), after));
        }
    }
    Ok(match first {
        '"' => quoted(rest)?,
        '`' => {
            let end = rest[1..].find('`').ok_or(Problem::Undefined)? + 1;
            (Token::Text(rest[1..end].to_owned()), &rest[end + 1..])
        }
        '\'' => (Token::Other("a character constant"), &rest[1..]),
        '$' => {
            let (name, after) = name(&rest[1..]);
            (Token::Variable(name.to_owned()), after)
        }
        '.' => match name(&rest[1..]) {
            ("", after) if after.starts_with(|c: char| c.is_ascii_digit()) => {
                (Token::Other("a number with a fraction"), after)
            }
            ("", after) => (Token::Dot, after),
            (name, after) => (Token::Field(name.to_owned(), !spaced), after),
        },
        '+' | '-' | '0'..='9' => {
            let end = rest.find(|c: char| !(c.is_alphanumeric() || "+-._".contains(c))).unwrap_or(rest.len());
            let (digits, after) = rest.split_at(end);
            let plain = digits == "0" || !digits.trim_start_matches(['+', '-']).starts_with('0');
            match digits.parse() {
                Ok(integer) if plain => (Token::Int(integer), after),
                _ => (Token::Other("such a number"), after),
            }
        }
        c if c == '_' || c.is_alphabetic() => {
            let (name, after) = name(rest);
            (Token::Name(name.to_owned()), after)
        }
        _ => return Err(Problem::Undefined),
    })
}

/// The name at the beginning, which may be empty, and what follows.
fn name(rest: &str) -> (&str, &str) {
    let end = rest.find(|c: char| !(c == '_' || c.is_alphanumeric())).unwrap_or(rest.len());
    if rest.starts_with(|c: char| c.is_numeric()) { ("", rest) } else { rest.split_at(end) }
}

fn quoted(rest: &str) -> Result<(Token, &str), Problem> {
    let (mut text, mut chars) = (String::new(), rest.char_indices().skip(1));
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((Token::Text(text), &rest[at + 1..])),
            '\n' => break,
            '\\' => match chars.next() {
                Some((_, 'n')) => text.push('\n'),
                Some((_, 't')) => text.push('\t'),
                Some((_, 'r')) => text.push('\r'),
                Some((_, c @ ('"' | '\\'))) => text.push(c),
                _ => return Err(super::unavailable("such an escape")),
            },
            c => text.push(c),
        }
    }
    Err(Problem::Undefined)
}
