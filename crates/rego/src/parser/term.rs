//! Terms and their operators.

use super::{Parser, Read};
use crate::ast::{Kind as TermKind, Name, Place, Term};
use crate::lexer::{Fault, Kind, Part};
use crate::number::Number;
use crate::value::Value;

/// Operators by how tightly they bind, loosest first, and the functions they are.
const OPERATORS: [&[(&str, &str)]; 5] = [
    &[("==", "equal"), ("!=", "neq"), ("<=", "lte"), (">=", "gte"), ("<", "lt"), (">", "gt")],
    &[("|", "or")],
    &[("&", "and")],
    &[("+", "plus"), ("-", "minus")],
    &[("*", "mul"), ("/", "div"), ("%", "rem")],
];

fn call(place: Place, name: &str, arguments: Vec<Term>) -> Term {
    Term::new(place, TermKind::Call(name.split('.').map(Name::from).collect(), arguments))
}

impl Parser {
    /// A term with operators, `in` included.
    pub(super) fn term(&mut self) -> Read<Term> {
        self.nested(|parser| {
            let left = parser.relation()?;
            parser.member(left, parser.pairs)
        })
    }

    /// A term in a list, where a comma ends it.
    fn item(&mut self) -> Read<Term> {
        let pairs = std::mem::replace(&mut self.pairs, false);
        let term = self.term();
        self.pairs = pairs;
        term
    }

    /// `left in …` and `left, value in …`, as far as it goes.
    fn member(&mut self, mut left: Term, pairs: bool) -> Read<Term> {
        if pairs && self.is(",") && self.future.contains(&"in") {
            let start = self.at;
            self.skip();
            match self.relation() {
                Ok(value) if self.is_keyword("in") => {
                    self.skip();
                    let domain = self.relation()?;
                    left = call(left.place, "internal.member_3", vec![left, value, domain]);
                }
                _ => self.at = start,
            }
        }
        while self.is_keyword("in") {
            self.skip();
            let domain = self.relation()?;
            left = call(left.place, "internal.member_2", vec![left, domain]);
        }
        Ok(left)
    }

    pub(super) fn relation(&mut self) -> Read<Term> {
        let first = self.operand()?;
        self.operators(first, 0)
    }

    /// Operators of `level` and tighter ones, after a term that was read already.
    fn operators(&mut self, mut left: Term, level: usize) -> Read<Term> {
        let Some(operators) = OPERATORS.get(level) else { return Ok(left) };
        left = self.operators(left, level + 1)?;
        while let Some((_, function)) = operators.iter().find(|(symbol, _)| self.is(symbol)) {
            self.skip();
            let next = self.operand()?;
            let right = self.operators(next, level + 1)?;
            left = call(left.place, function, vec![left, right]);
        }
        Ok(left)
    }

    /// One term without operators.
    pub(super) fn operand(&mut self) -> Read<Term> {
        self.nested(Self::operand_unbounded)
    }

    fn operand_unbounded(&mut self) -> Read<Term> {
        let place = self.place();
        match self.token().kind.clone() {
            Kind::Number(text) => {
                self.skip();
                number(place, &text)
            }
            Kind::Symbol("-") => {
                self.skip();
                match self.token().kind.clone() {
                    Kind::Number(text) if self.token().joined => {
                        self.skip();
                        number(place, &format!("-{text}"))
                    }
                    _ => Err(self.unexpected("expected number")),
                }
            }
            Kind::String(text) => {
                self.skip();
                Ok(Term::scalar(place, Value::String(text)))
            }
            Kind::Template(parts) => {
                self.skip();
                self.template(place, parts)
            }
            Kind::Symbol("(") => {
                self.skip();
                let pairs = std::mem::replace(&mut self.pairs, true);
                let term = self.term()?;
                self.pairs = pairs;
                self.expect(")")?;
                Ok(term)
            }
            Kind::Symbol("[") => {
                let array = self.array(place)?;
                self.reference(array)
            }
            Kind::Symbol("{") => {
                let braces = self.braces(place)?;
                self.reference(braces)
            }
            Kind::Name(name) => self.named(place, &name),
            Kind::Symbol(_) | Kind::End => Err(self.unexpected("expected a term")),
        }
    }

    fn named(&mut self, place: Place, name: &Name) -> Read<Term> {
        let scalar = match &**name {
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            "null" => Some(Value::Null),
            _ => None,
        };
        if let Some(value) = scalar {
            self.skip();
            return Ok(Term::scalar(place, value));
        }
        let next_joined = self.tokens.get(self.at + 1).is_some_and(|token| token.joined);
        let called = next_joined && matches!(self.tokens.get(self.at + 1).map(|t| &t.kind), Some(Kind::Symbol("(")));
        if &**name == "set"
            && called
            && matches!(self.tokens.get(self.at + 2).map(|t| &t.kind), Some(Kind::Symbol(")")))
        {
            self.at += 3;
            return self.reference(Term::new(place, TermKind::Set(vec![])));
        }
        // `contains(…)` is a function too.
        if self.future.contains(&&**name) && called && &**name == "contains" {
            self.skip();
            return self.reference(Term::var(place, name));
        }
        let variable = self.variable()?;
        self.reference(variable)
    }

    /// A variable; each `_` is one of its own.
    pub(super) fn variable(&mut self) -> Read<Term> {
        let place = self.place();
        if self.is("_") {
            self.skip();
            self.wildcards += 1;
            return Ok(Term::var(place, &format!("$_{}", self.wildcards).into()));
        }
        match &self.token().kind {
            Kind::Name(name) if self.starts_reference() => {
                let name = Name::clone(name);
                self.skip();
                Ok(Term::var(place, &name))
            }
            _ => Ok(Term::var(place, &self.name()?)),
        }
    }

    /// What follows a term directly: `.name`, `[term]`, `(arguments)`.
    fn reference(&mut self, head: Term) -> Read<Term> {
        let place = head.place;
        let mut path = vec![head];
        loop {
            if !self.token().joined {
                break;
            }
            if self.is(".") || self.is("[") {
                let element = self.element()?;
                path.push(element);
            } else if self.is("(") {
                let name = path.iter().enumerate().map(|(index, term)| match &term.kind {
                    TermKind::Var(name) if index == 0 => Ok(Name::clone(name)),
                    _ => term.text().cloned().ok_or_else(|| Fault::new(term.place, "this is no function")),
                });
                let name = name.collect::<Read<Vec<_>>>()?;
                let arguments = self.arguments()?;
                path = vec![Term::new(place, TermKind::Call(name, arguments))];
            } else {
                break;
            }
        }
        if path.len() > 1 {
            return Ok(Term::new(place, TermKind::Ref(path)));
        }
        Ok(path.remove(0))
    }

    /// `.name` or `[term]`
    pub(super) fn element(&mut self) -> Read<Term> {
        let dot = self.is(".");
        self.skip();
        let place = self.place();
        if dot {
            let Kind::Name(name) = self.token().kind.clone() else {
                return Err(self.unexpected("expected a name"));
            };
            if !self.token().joined {
                return Err(self.unexpected("no blank may follow the dot"));
            }
            self.skip();
            return Ok(Term::scalar(place, Value::String(name)));
        }
        let pairs = std::mem::replace(&mut self.pairs, true);
        let term = self.term()?;
        self.pairs = pairs;
        self.expect("]")?;
        Ok(term)
    }

    /// `(a, b, …)`
    pub(super) fn arguments(&mut self) -> Read<Vec<Term>> {
        self.expect("(")?;
        let mut arguments = Vec::new();
        while !self.take(")") {
            let argument = self.item()?;
            arguments.push(argument);
            if !self.take(",") {
                self.expect(")")?;
                break;
            }
        }
        Ok(arguments)
    }

    /// The first term of a list or comprehension: an operand, then whether `|` makes it a comprehension.
    fn first(&mut self) -> Read<(Term, bool)> {
        let pairs = std::mem::replace(&mut self.pairs, false);
        let operand = self.operand()?;
        if self.is("|") {
            self.pairs = pairs;
            self.skip();
            return Ok((operand, true));
        }
        let term = self.operators(operand, 0)?;
        let term = self.member(term, false)?;
        self.pairs = pairs;
        Ok((term, false))
    }

    fn array(&mut self, place: Place) -> Read<Term> {
        self.skip();
        if self.take("]") {
            return Ok(Term::new(place, TermKind::Array(vec![])));
        }
        let (first, comprehension) = self.first()?;
        if comprehension {
            let body = self.nested(|parser| parser.body("]"))?;
            return Ok(Term::new(place, TermKind::ArrayOf(Box::new(first), body)));
        }
        let items = self.rest(first, "]")?;
        Ok(Term::new(place, TermKind::Array(items)))
    }

    fn rest(&mut self, first: Term, close: &str) -> Read<Vec<Term>> {
        let mut items = vec![first];
        while self.take(",") {
            if self.is(close) {
                break;
            }
            let item = self.item()?;
            items.push(item);
        }
        self.expect(close)?;
        Ok(items)
    }

    fn braces(&mut self, place: Place) -> Read<Term> {
        self.skip();
        if self.take("}") {
            return Ok(Term::new(place, TermKind::Object(vec![])));
        }
        let (first, comprehension) = self.first()?;
        if comprehension {
            let body = self.nested(|parser| parser.body("}"))?;
            return Ok(Term::new(place, TermKind::SetOf(Box::new(first), body)));
        }
        if !self.take(":") {
            let items = self.rest(first, "}")?;
            return Ok(Term::new(place, TermKind::Set(items)));
        }
        let (value, comprehension) = self.first()?;
        if comprehension {
            let body = self.nested(|parser| parser.body("}"))?;
            return Ok(Term::new(place, TermKind::ObjectOf(Box::new(first), Box::new(value), body)));
        }
        let mut pairs = vec![(first, value)];
        while self.take(",") {
            if self.is("}") {
                break;
            }
            let key = self.item()?;
            self.expect(":")?;
            let value = self.item()?;
            pairs.push((key, value));
        }
        self.expect("}")?;
        Ok(Term::new(place, TermKind::Object(pairs)))
    }

    fn template(&mut self, place: Place, parts: Vec<Part>) -> Read<Term> {
        let mut terms = Vec::new();
        for part in parts {
            match part {
                Part::Text(text) if text.is_empty() => {}
                Part::Text(text) => terms.push(Term::scalar(place, Value::String(text))),
                Part::Tokens(tokens) => {
                    let outer = (std::mem::replace(&mut self.tokens, tokens), std::mem::take(&mut self.at));
                    let term = self.term()?;
                    if self.token().kind != Kind::End {
                        return Err(self.unexpected("expected }"));
                    }
                    (self.tokens, self.at) = outer;
                    // A comprehension, so that what is undefined can be told.
                    self.wildcards += 1;
                    let part = format!("$part{}", self.wildcards).into();
                    let body =
                        vec![crate::ast::Expr::new(place, crate::ast::Action::Unify(Term::var(place, &part), term))];
                    terms.push(Term::new(place, TermKind::SetOf(Box::new(Term::var(place, &part)), body)));
                }
            }
        }
        Ok(Term::new(place, TermKind::Template(terms)))
    }
}

fn number(place: Place, text: &str) -> Read<Term> {
    let number = Number::parse(text).ok_or_else(|| Fault::new(place, "number too big"))?;
    Ok(Term::scalar(place, Value::Number(number)))
}
