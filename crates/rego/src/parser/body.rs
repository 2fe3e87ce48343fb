//! Bodies and their expressions.

use super::{Parser, Read};
use crate::ast::{Action, Body, Every, Expr, Kind as TermKind, Term, With};
use crate::lexer::{Fault, Kind};
use crate::value::Value;

impl Parser {
    pub(super) fn braced_body(&mut self) -> Read<Body> {
        self.expect("{")?;
        self.nested(|parser| parser.body("}"))
    }

    /// After `if`: a body in braces, or one expression.
    pub(super) fn body_or_expression(&mut self) -> Read<Body> {
        if !self.is("{") {
            return Ok(vec![self.expression()?]);
        }
        let start = self.at;
        let wildcards = self.wildcards;
        // `{` may also begin a comprehension or an object. Only a closed brace followed by an operator tells.
        if let Some(after) = self.closing_brace()
            && self.tokens.get(after + 1).is_some_and(|token| continues(&token.kind))
            && let Ok(expression) = self.expression()
        {
            return Ok(vec![expression]);
        }
        (self.at, self.wildcards) = (start, wildcards);
        if self.is_collection() {
            return Ok(vec![self.expression()?]);
        }
        self.braced_body()
    }

    /// Where the brace closes that opens here.
    fn closing_brace(&self) -> Option<usize> {
        let mut open = 0_usize;
        for (at, token) in self.tokens.iter().enumerate().skip(self.at) {
            match token.kind {
                Kind::Symbol("{") => open += 1,
                Kind::Symbol("}") => {
                    open -= 1;
                    if open == 0 {
                        return Some(at);
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// Whether the braces here hold an object or a comprehension: a `:` or `|` at their own level, before any `;`.
    fn is_collection(&self) -> bool {
        let mut open = 0_usize;
        for token in self.tokens.iter().skip(self.at) {
            match token.kind {
                Kind::Symbol("{" | "[" | "(") => open += 1,
                Kind::Symbol("}" | "]" | ")") => {
                    open = open.saturating_sub(1);
                    if open == 0 {
                        return false;
                    }
                }
                Kind::Symbol(":") if open == 1 => return true,
                Kind::Symbol(";" | "=" | ":=" | "|") if open == 1 => return false,
                _ => {}
            }
        }
        false
    }

    /// Expressions up to a closing symbol.
    pub(super) fn body(&mut self, close: &str) -> Read<Body> {
        let mut body = Vec::new();
        if self.is(close) {
            return Err(Fault::new(self.place(), "found empty body"));
        }
        let pairs = std::mem::replace(&mut self.pairs, true);
        loop {
            let expression = self.expression()?;
            body.push(expression);
            let separated = self.take(";");
            if self.take(close) {
                self.pairs = pairs;
                return Ok(body);
            }
            if !separated && !self.on_new_line() {
                return Err(self.unexpected(&format!("expected \\n or ; or {close}")));
            }
        }
    }

    pub(super) fn expression(&mut self) -> Read<Expr> {
        let place = self.place();
        let negated = self.is("not") && !self.starts_reference();
        if negated {
            self.skip();
        }
        let action = if self.is("some") && !self.starts_reference() {
            self.some()?
        } else if self.is_keyword("every") && !self.starts_reference() {
            self.every()?
        } else {
            self.plain()?
        };
        if negated && matches!(action, Action::Some(_) | Action::SomeIn(..) | Action::Assign(..)) {
            return Err(Fault::new(place, "a declaration cannot be negated"));
        }
        let mut with = Vec::new();
        while self.is("with") && !self.starts_reference() {
            let place = self.place();
            self.skip();
            let target = self.path()?;
            self.expect("as")?;
            let value = self.term()?;
            with.push(With { place, target, value, function: None });
        }
        Ok(Expr { place, negated, action, with })
    }

    fn plain(&mut self) -> Read<Action> {
        let left = self.term()?;
        if self.take(":=") {
            let right = self.term()?;
            if !assignable(&left) {
                return Err(Fault::new(left.place, "cannot assign to this"));
            }
            return Ok(Action::Assign(left, right));
        }
        if self.take("=") {
            return Ok(Action::Unify(left, self.term()?));
        }
        Ok(match left.kind {
            TermKind::Call(name, arguments) => Action::Call(name, arguments, None),
            kind => Action::Term(Term { place: left.place, kind }),
        })
    }

    fn some(&mut self) -> Read<Action> {
        self.skip();
        let pairs = std::mem::replace(&mut self.pairs, false);
        let mut terms = vec![self.operand()?];
        while self.take(",") {
            let term = self.operand()?;
            terms.push(term);
        }
        self.pairs = pairs;
        if self.is_keyword("in") {
            self.skip();
            let domain = self.relation()?;
            let value = terms.pop();
            let key = terms.pop();
            return match value {
                Some(value) if terms.is_empty() => Ok(Action::SomeIn(key, value, domain)),
                _ => Err(self.unexpected("some takes one or two terms before in")),
            };
        }
        let named = terms.into_iter().map(|term| match term.kind {
            TermKind::Var(name) => Ok((name, term.place)),
            _ => Err(Fault::new(term.place, "expected a variable after some")),
        });
        Ok(Action::Some(named.collect::<Read<_>>()?))
    }

    fn every(&mut self) -> Read<Action> {
        self.skip();
        let mut names = vec![self.variable()?];
        if self.take(",") {
            let name = self.variable()?;
            names.push(name);
        }
        if !self.is_keyword("in") {
            return Err(self.unexpected("expected in"));
        }
        self.skip();
        let domain = self.relation()?;
        let body = self.braced_body()?;
        let value = names.pop().unwrap_or_else(|| Term::scalar(self.place(), Value::Null));
        Ok(Action::Every(Box::new(Every { key: names.pop(), value, domain, body })))
    }
}

/// Tokens that can follow a term in an expression.
fn continues(kind: &Kind) -> bool {
    match kind {
        Kind::Symbol(symbol) => matches!(
            *symbol,
            "=" | ":=" | "==" | "!=" | "<" | ">" | "<=" | ">=" | "&" | "|" | "-" | "+" | "*" | "/" | "%" | "["
        ),
        Kind::Name(name) => &**name == "in",
        _ => false,
    }
}

fn assignable(term: &Term) -> bool {
    match &term.kind {
        TermKind::Scalar(_) | TermKind::Var(_) => true,
        TermKind::Array(items) => items.iter().all(assignable),
        TermKind::Object(pairs) => pairs.iter().all(|(_, value)| assignable(value)),
        _ => false,
    }
}
