//! Text to tokens.

use std::sync::Arc;

use crate::ast::{Name, Place};

/// A text larger than this is no policy.
pub(crate) const MAX_SOURCE: usize = 4 << 20;

/// Templates inside of templates.
const MAX_TEMPLATES: usize = 16;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Name(Name),
    Number(Name),
    String(Arc<str>),
    /// Parts of `$"…"`: texts, and the sources of the terms between them with their places.
    Template(Vec<Part>),
    Symbol(&'static str),
    End,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Part {
    Text(Arc<str>),
    Tokens(Vec<Token>),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) place: Place,
    /// Nothing stands between this and the token before.
    pub(crate) joined: bool,
    /// The line on which it ends.
    pub(crate) last_line: u32,
}

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) place: Place,
    pub(crate) message: String,
}

impl Fault {
    pub(crate) fn new(place: Place, message: impl Into<String>) -> Self {
        Self { place, message: message.into() }
    }
}

const SYMBOLS: [&str; 26] = [
    ":=", "==", "!=", "<=", ">=", "=", "<", ">", "+", "-", "*", "/", "%", "&", "|", "(", ")", "[", "]", "{", "}", ",",
    ";", ":", ".", "$",
];

/// The tokens of a text, an end last.
pub(crate) fn tokens(source: &str) -> Result<Vec<Token>, Fault> {
    if source.len() > MAX_SOURCE {
        return Err(Fault::new(Place::default(), format!("text is larger than {} MiB", MAX_SOURCE >> 20)));
    }
    Lexer { rest: source, place: Place { line: 1, column: 1 }, out: Vec::new(), depth: 0 }.run(None)
}

struct Lexer<'a> {
    rest: &'a str,
    place: Place,
    out: Vec<Token>,
    /// How many templates stand around this.
    depth: usize,
}

impl Lexer<'_> {
    /// Reads until the end, or until a brace closes that was not opened here.
    fn run(mut self, template: Option<&mut Self>) -> Result<Vec<Token>, Fault> {
        let mut open = 0_usize;
        loop {
            let joined = !self.skip_blank();
            let place = self.place;
            let kind = self.token()?;
            match kind {
                Kind::Symbol("{") => open += 1,
                Kind::Symbol("}") if template.is_some() && open == 0 => {
                    if let Some(outer) = template {
                        (outer.rest, outer.place) = (self.rest, self.place);
                    }
                    self.out.push(Token { kind: Kind::End, place, joined, last_line: place.line });
                    return Ok(self.out);
                }
                Kind::Symbol("}") => open = open.saturating_sub(1),
                Kind::End if template.is_some() => return Err(Fault::new(place, "template expression is not closed")),
                _ => {}
            }
            let end = kind == Kind::End;
            self.out.push(Token { kind, place, joined, last_line: self.place.line });
            if end {
                return Ok(self.out);
            }
        }
    }

    fn advance(&mut self, bytes: usize) -> String {
        let (taken, rest) = self.rest.split_at(bytes);
        for character in taken.chars() {
            if character == '\n' {
                self.place = Place { line: self.place.line + 1, column: 1 };
            } else {
                self.place.column += 1;
            }
        }
        self.rest = rest;
        taken.to_owned()
    }

    /// Skips blanks and comments; whether there were any.
    fn skip_blank(&mut self) -> bool {
        let before = self.rest.len();
        loop {
            let blank = self.rest.len() - self.rest.trim_start_matches([' ', '\t', '\r', '\n', '\u{feff}']).len();
            self.advance(blank);
            if !self.rest.starts_with('#') {
                return self.rest.len() != before;
            }
            let comment = self.rest.find('\n').unwrap_or(self.rest.len());
            self.advance(comment);
        }
    }

    fn token(&mut self) -> Result<Kind, Fault> {
        let Some(first) = self.rest.chars().next() else { return Ok(Kind::End) };
        if first.is_alphabetic() || first == '_' {
            let end = self.rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(self.rest.len());
            return Ok(Kind::Name(self.advance(end).into()));
        }
        if first.is_ascii_digit() || (first == '.' && self.rest[1..].starts_with(|c: char| c.is_ascii_digit())) {
            return self.number();
        }
        match first {
            '"' => return self.string().map(|text| Kind::String(text.into())),
            '`' => return self.raw_string().map(|text| Kind::String(text.into())),
            '$' if self.rest[1..].starts_with(['"', '`']) => return self.template(),
            _ => {}
        }
        let symbol = SYMBOLS.into_iter().find(|symbol| self.rest.starts_with(symbol));
        let Some(symbol) = symbol else {
            return Err(Fault::new(self.place, format!("illegal character {first:?}")));
        };
        self.advance(symbol.len());
        Ok(Kind::Symbol(symbol))
    }

    fn number(&mut self) -> Result<Kind, Fault> {
        let place = self.place;
        let bytes = self.rest.as_bytes();
        let digits = |from: usize| bytes.iter().skip(from).take_while(|byte| byte.is_ascii_digit()).count();
        let mut end = digits(0);
        if bytes.get(end) == Some(&b'.') && digits(end + 1) > 0 {
            end += 1 + digits(end + 1);
        }
        if matches!(bytes.get(end), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            if digits(end + 1 + sign) == 0 {
                return Err(Fault::new(place, "number has an exponent without digits"));
            }
            end += 1 + sign + digits(end + 1 + sign);
        }
        if self.rest[end..].starts_with(|c: char| c.is_alphanumeric() || c == '_') {
            return Err(Fault::new(place, "illegal number format"));
        }
        let text = self.advance(end);
        if text.len() > 1 && text.starts_with('0') && text[1..].starts_with(|c: char| c.is_ascii_digit()) {
            return Err(Fault::new(place, "expected number without leading zero"));
        }
        Ok(Kind::Number(text.into()))
    }

    fn string(&mut self) -> Result<String, Fault> {
        let place = self.place;
        let end = quoted_end(&self.rest[1..], '"').ok_or_else(|| Fault::new(place, "non-terminated string"))?;
        let text = self.advance(end + 2);
        unquote(&text).ok_or_else(|| Fault::new(place, "illegal string literal"))
    }

    fn raw_string(&mut self) -> Result<String, Fault> {
        let place = self.place;
        let end = self.rest[1..].find('`').ok_or_else(|| Fault::new(place, "non-terminated string"))?;
        let text = self.advance(end + 2);
        Ok(text[1..=end].replace('\r', ""))
    }

    fn template(&mut self) -> Result<Kind, Fault> {
        let place = self.place;
        let raw = self.rest[1..].starts_with('`');
        let close = if raw { '`' } else { '"' };
        self.advance(2);
        let (mut parts, mut text) = (Vec::new(), String::new());
        loop {
            let Some(next) = self.rest.chars().next() else {
                return Err(Fault::new(place, "non-terminated string"));
            };
            if next == close {
                self.advance(1);
                break;
            } else if next == '{' {
                self.advance(1);
                parts.push(Part::Text(template_text(&text, raw, place)?));
                text.clear();
                if self.depth > MAX_TEMPLATES {
                    return Err(Fault::new(place, "templates are nested too deep"));
                }
                let inner = Lexer { rest: self.rest, place: self.place, out: Vec::new(), depth: self.depth + 1 };
                parts.push(Part::Tokens(inner.run(Some(self))?));
            } else if next == '\\' && self.rest[1..].starts_with(['{', '}']) {
                self.advance(1);
                text.push_str(&self.advance(1));
            } else if next == '\\' && !raw {
                let length = 1 + self.rest[1..].chars().next().map_or(0, char::len_utf8);
                text.push_str(&self.advance(length));
            } else if next == '\n' && !raw {
                return Err(Fault::new(place, "non-terminated string"));
            } else {
                text.push_str(&self.advance(next.len_utf8()));
            }
        }
        parts.push(Part::Text(template_text(&text, raw, place)?));
        Ok(Kind::Template(parts))
    }
}

fn template_text(text: &str, raw: bool, place: Place) -> Result<Arc<str>, Fault> {
    if raw {
        return Ok(text.into());
    }
    unquote(&format!("\"{text}\"")).map(Into::into).ok_or_else(|| Fault::new(place, "illegal string literal"))
}

fn quoted_end(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\n' => return None,
            _ if character == quote => return Some(at),
            _ => {}
        }
    }
    None
}

/// A JSON string's text. As in Go, half of a surrogate pair becomes U+FFFD and a tab may stand as it is.
fn unquote(text: &str) -> Option<String> {
    let readable = text.replace('\t', "\\t");
    serde_json::from_str(&readable).ok().or_else(|| {
        let halves = regex::Regex::new(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}").ok()?;
        serde_json::from_str(&halves.replace_all(&readable, "\\ufffd")).ok()
    })
}
