//! The tokens of a location.
//!
//! Owns characters, quotes and escapes. Does not know the grammar.

use std::fmt;
use std::iter::Peekable;
use std::str::Chars;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Error,
    End,
    Identifier,
    Integer,
    LeftBracket,
    RightBracket,
    Separator,
    Glob,
    Colon,
}

/// One token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) text: String,
}

impl fmt::Display for Token {
    /// As Gatekeeper shows it in its errors.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.kind {
            Kind::Error => "ERROR",
            Kind::End => "EOF",
            Kind::Identifier => "IDENT",
            Kind::Integer => "INT",
            Kind::LeftBracket => "LBRACKET",
            Kind::RightBracket => "RBRACKET",
            Kind::Separator => "SEPARATOR",
            Kind::Glob => "GLOB",
            Kind::Colon => "COLON",
        };
        write!(formatter, "{name}: {}", quote(&self.text))
    }
}

/// Takes a text apart.
pub(super) struct Scanner<'text> {
    characters: Peekable<Chars<'text>>,
    /// Once a character was wrong, names and numbers after it are as well.
    failed: bool,
}

impl<'text> Scanner<'text> {
    pub(super) fn new(text: &'text str) -> Self {
        Self { characters: text.chars().peekable(), failed: false }
    }

    /// The next token; at the end, again and again the end.
    pub(super) fn token(&mut self) -> Token {
        while self.characters.next_if(|character| matches!(character, ' ' | '\t' | '\r' | '\n')).is_some() {}
        let Some(&first) = self.characters.peek() else {
            return Token { kind: Kind::End, text: String::new() };
        };
        if first.is_ascii_digit() {
            return self.run(Kind::Integer, |character| character.is_ascii_digit());
        }
        if is_name(first) {
            return self.run(Kind::Identifier, is_name);
        }
        self.characters.next();
        let kind = match first {
            '.' => Kind::Separator,
            '[' => Kind::LeftBracket,
            ']' => Kind::RightBracket,
            '*' => Kind::Glob,
            ':' => Kind::Colon,
            '"' | '\'' => return self.string(first),
            _ => {
                self.failed = true;
                Kind::Error
            }
        };
        Token { kind, text: first.to_string() }
    }

    fn run(&mut self, kind: Kind, belongs: impl Fn(char) -> bool) -> Token {
        let mut text = String::new();
        while let Some(character) = self.characters.next_if(|&character| belongs(character)) {
            text.push(character);
        }
        Token { kind: if self.failed { Kind::Error } else { kind }, text }
    }

    /// A string after its opening quote. A backslash takes the next character as it is.
    fn string(&mut self, quote: char) -> Token {
        let mut text = String::new();
        while let Some(character) = self.characters.next() {
            match character {
                _ if character == quote => return Token { kind: Kind::Identifier, text },
                '\\' => text.extend(self.characters.next()),
                _ => text.push(character),
            }
        }
        self.failed = true;
        Token { kind: Kind::Error, text }
    }
}

fn is_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-')
}

/// The text in quotes, as Go's `%q` writes it.
fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\u{7}' => quoted.push_str("\\a"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{c}' => quoted.push_str("\\f"),
            '\u{b}' => quoted.push_str("\\v"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\0'..='\u{1f}' | '\u{7f}' => quoted.push_str(&format!("\\x{:02x}", u32::from(character))),
            _ if character.is_control() || (character.is_whitespace() && character != ' ') => {
                quoted.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}
