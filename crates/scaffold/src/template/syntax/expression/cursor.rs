//! Walking over tokens and making nodes of them.

use super::words::refuse_reserved;
use super::{ExpressionParser, Id, Kind};
use crate::template::error::{Failure, Outcome, Place, quoted};
use crate::template::syntax::token::{Token, TokenKind};

impl ExpressionParser<'_> {
    pub(super) fn symbol(&mut self, token: &Token) -> Outcome<Id> {
        refuse_reserved(token)?;
        self.add(Kind::Symbol(token.value.clone()), token.place)
    }

    pub(super) fn add(&mut self, kind: Kind, place: Place) -> Outcome<Id> {
        self.tree.add(kind, place)
    }

    pub(super) fn add_here(&mut self, kind: Kind) -> Outcome<Id> {
        let place = self.peek(0).place;
        self.tree.add(kind, place)
    }

    pub(super) fn peek(&self, offset: usize) -> &Token {
        // There is always the token that ends the expression.
        let last = self.tokens.len().saturating_sub(1);
        &self.tokens[(self.index + offset).min(last)]
    }

    pub(super) fn consume(&mut self, value: &str) -> bool {
        self.consume_kind(TokenKind::Operator, value)
    }

    pub(super) fn consume_name(&mut self, value: &str) -> bool {
        self.consume_kind(TokenKind::Name, value)
    }

    pub(super) fn consume_kind(&mut self, kind: TokenKind, value: &str) -> bool {
        let token = self.peek(0);
        let found = token.kind == kind && token.value.is(value);
        self.index += usize::from(found);
        found
    }

    pub(super) fn expect(&mut self, kind: TokenKind) -> Outcome<Token> {
        let token = self.peek(0).clone();
        if token.kind == kind {
            self.index += 1;
            return Ok(token);
        }
        let wanted = if kind == TokenKind::Name { "name" } else { "eof" };
        let received = if token.value.is_empty() { "end of input".to_owned() } else { quoted(token.value.units()) };
        Err(Failure::syntax(format!("Expected {wanted}, received {received}"), token.place))
    }

    pub(super) fn expect_operator(&mut self, value: &str) -> Outcome<()> {
        if self.consume(value) { Ok(()) } else { Err(self.failure(&format!("Expected {value}"))) }
    }

    pub(super) fn failure(&self, message: &str) -> Box<Failure> {
        Failure::syntax(message, self.peek(0).place)
    }

    pub(super) fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Outcome<T>) -> Outcome<T> {
        self.depth += 1;
        self.depths.check(self.depth, Some(self.peek(0).place))?;
        let result = parse(self);
        self.depth -= 1;
        result
    }
}
