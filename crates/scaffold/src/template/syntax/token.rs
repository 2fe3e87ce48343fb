//! The tokens of an expression.

use super::code::{is_code_space, is_regex_start, name_end};
use super::regex;
use super::scan::advanced;
use crate::template::error::{Failure, Outcome, Place, quoted};
use crate::template::text::{Text, ascii_at, part, starts_with};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    Name,
    Number,
    String,
    Regex,
    Operator,
    Eof,
}

/// One token.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) value: Text,
    pub(crate) place: Place,
}

const LONG_OPERATORS: [&str; 8] = ["===", "!==", "**", "//", "==", "!=", "<=", ">="];
const OPERATORS: &str = "()[]{}.,:|~+-*/%<>=.";

struct Tokenizer<'a> {
    source: &'a [u16],
    index: usize,
    place: Place,
    tokens: Vec<Token>,
}

/// Reads an expression that begins at a place.
pub(crate) fn tokenize(source: &[u16], place: Place) -> Outcome<Vec<Token>> {
    let mut tokenizer = Tokenizer { source, index: 0, place, tokens: Vec::new() };
    while tokenizer.index < source.len() {
        tokenizer.next()?;
    }
    let place = tokenizer.place;
    tokenizer.tokens.push(Token { kind: TokenKind::Eof, value: "".into(), place });
    Ok(tokenizer.tokens)
}

impl Tokenizer<'_> {
    fn next(&mut self) -> Outcome<()> {
        if is_code_space(self.source.get(self.index)) {
            self.pass_lines(self.index + 1);
            return Ok(());
        }
        let after_dot =
            self.tokens.last().is_some_and(|token| token.kind == TokenKind::Operator && token.value.is("."));
        if let Some(end) = name_end(self.source, self.index, after_dot) {
            return self.name(end);
        }
        match ascii_at(self.source, self.index) {
            Some('.') if self.is_digit(self.index + 1) && !self.after_operand() => {
                Err(Failure::syntax("Invalid numeric literal", self.place))
            }
            Some(digit) if digit.is_ascii_digit() => self.number(),
            Some(quote @ ('"' | '\'')) => self.string(quote),
            _ => self.operator(),
        }
    }

    fn name(&mut self, end: usize) -> Outcome<()> {
        if !is_regex_start(self.source, self.index, end) {
            self.emit(TokenKind::Name, end);
            return Ok(());
        }
        let literal = regex::scan(self.source, self.index).map_err(|message| Failure::syntax(message, self.place))?;
        let value = Text::from([literal.source.units(), &[u16::from(b'/')]].concat());
        let value = Text::from([value.units(), Text::from(literal.flags).units()].concat());
        self.tokens.push(Token { kind: TokenKind::Regex, value, place: self.place });
        self.pass(literal.end);
        Ok(())
    }

    fn number(&mut self) -> Outcome<()> {
        let mut end = self.digits_end(self.index);
        if ascii_at(self.source, end) == Some('.') {
            end = self.digits_end(end + 1);
        }
        if ascii_at(self.source, end).is_some_and(|suffix| suffix.is_ascii_alphabetic() || suffix == '_') {
            return Err(Failure::syntax("Invalid numeric literal", self.place));
        }
        self.emit(TokenKind::Number, end);
        Ok(())
    }

    fn string(&mut self, quote: char) -> Outcome<()> {
        let mut value: Vec<u16> = Vec::new();
        let mut index = self.index + 1;
        while let Some(unit) = self.source.get(index) {
            match ascii_at(self.source, index) {
                Some(character) if character == quote => {
                    self.tokens.push(Token { kind: TokenKind::String, value: value.into(), place: self.place });
                    self.pass_lines(index + 1);
                    return Ok(());
                }
                Some('\\') => {
                    index += 1;
                    match ascii_at(self.source, index) {
                        Some('n') => value.push(10),
                        Some('r') => value.push(13),
                        Some('t') => value.push(9),
                        _ => value.extend(self.source.get(index)),
                    }
                }
                _ => value.push(*unit),
            }
            index += 1;
        }
        Err(Failure::syntax("Unterminated string literal", self.place))
    }

    fn operator(&mut self) -> Outcome<()> {
        if let Some(operator) = LONG_OPERATORS.iter().find(|long| starts_with(self.source, self.index, long)) {
            self.emit(TokenKind::Operator, self.index + operator.len());
            return Ok(());
        }
        let unit = part(self.source, self.index, self.index + 1);
        if !ascii_at(self.source, self.index).is_some_and(|character| OPERATORS.contains(character)) {
            return Err(Failure::syntax(format!("Unexpected character {}", quoted(unit)), self.place));
        }
        self.emit(TokenKind::Operator, self.index + 1);
        Ok(())
    }

    fn emit(&mut self, kind: TokenKind, end: usize) {
        let value = Text::new(part(self.source, self.index, end));
        self.tokens.push(Token { kind, value, place: self.place });
        self.pass(end);
    }

    fn pass(&mut self, end: usize) {
        self.place.column += end - self.index;
        self.index = end;
    }

    fn pass_lines(&mut self, end: usize) {
        self.place = advanced(part(self.source, self.index, end), self.place);
        self.index = end;
    }

    fn is_digit(&self, index: usize) -> bool {
        ascii_at(self.source, index).is_some_and(|character| character.is_ascii_digit())
    }

    fn digits_end(&self, mut index: usize) -> usize {
        while self.is_digit(index) {
            index += 1;
        }
        index
    }

    fn after_operand(&self) -> bool {
        self.tokens.last().is_some_and(|token| match token.kind {
            TokenKind::Operator => [")", "]", "}"].iter().any(|closing| token.value.is(closing)),
            TokenKind::Eof => false,
            _ => true,
        })
    }
}
