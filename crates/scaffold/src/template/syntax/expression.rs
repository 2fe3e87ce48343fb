//! Expressions: the grammar with its levels of binding, as the real parser climbs them.

mod cursor;
mod products;
mod words;

use self::words::{
    equality, is_literal_name, named_literal, refuse_reserved, refuse_reserved_name, regex_literal, relation,
};
use super::token::{Token, TokenKind, tokenize};
use super::{Comparison, Id, Kind, Literal, Operator, Tree};
use crate::template::error::{Failure, Outcome, Place, Resource, quoted};
use crate::template::number;

/// How deep parsers may get.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Depths {
    /// Deeper is an error of the template.
    pub(crate) most: usize,
    /// Deeper needs a larger stack than this runs on.
    pub(crate) stack: usize,
}

impl Depths {
    pub(crate) fn check(self, depth: usize, at: Option<Place>) -> Outcome<()> {
        if depth > self.most {
            return Err(Failure::parse_limit(Resource::NestingDepth, self.most, depth, at));
        }
        if depth > self.stack { Err(Box::new(Failure::Deep)) } else { Ok(()) }
    }
}

/// A reader of one expression.
pub(crate) struct ExpressionParser<'a> {
    tokens: Vec<Token>,
    index: usize,
    depth: usize,
    depths: Depths,
    tree: &'a mut Tree,
}

impl<'a> ExpressionParser<'a> {
    pub(crate) fn new(source: &[u16], place: Place, depths: Depths, tree: &'a mut Tree) -> Outcome<Self> {
        Ok(Self { tokens: tokenize(source, place)?, index: 0, depth: 0, depths, tree })
    }

    pub(crate) fn parse(&mut self) -> Outcome<Id> {
        let expression = self.inline_if()?;
        self.expect(TokenKind::Eof)?;
        Ok(expression)
    }

    /// Names to assign to.
    pub(crate) fn targets(&mut self) -> Outcome<Vec<Id>> {
        let mut targets = Vec::new();
        loop {
            let token = self.expect(TokenKind::Name)?;
            if is_literal_name(&token.value) {
                return Err(Failure::syntax("Binding targets must be ordinary names", token.place));
            }
            targets.push(self.symbol(&token)?);
            if !self.consume(",") {
                break;
            }
        }
        self.expect(TokenKind::Eof)?;
        Ok(targets)
    }

    /// The parameters of a macro, up to the closing bracket.
    pub(crate) fn signature(&mut self) -> Outcome<Id> {
        let children = self.arguments(")")?;
        self.expect(TokenKind::Eof)?;
        for child in &children {
            let node = self.tree.node(*child)?;
            match &node.kind {
                // Keys of arguments are always names.
                Kind::KeywordArgs(_) | Kind::Symbol(_) => {}
                _ => return Err(Failure::syntax("Formal parameters must be names", node.place)),
            }
        }
        self.add_here(Kind::List(children))
    }

    /// The header of a filter block, around what it captures.
    pub(crate) fn filter_header(&mut self, input: Id) -> Outcome<Id> {
        let filter = self.filter_invocation(input)?;
        self.expect(TokenKind::Eof)?;
        Ok(filter)
    }

    fn inline_if(&mut self) -> Outcome<Id> {
        let body = self.or()?;
        if !self.consume_name("if") {
            return Ok(body);
        }
        let condition = self.or()?;
        let otherwise = if self.consume_name("else") { Some(self.nested(Self::or)?) } else { None };
        self.add(Kind::InlineIf { condition, body, otherwise }, self.tree.place(body))
    }

    fn or(&mut self) -> Outcome<Id> {
        let mut left = self.and()?;
        while self.consume_name("or") {
            let right = self.and()?;
            left = self.add(Kind::Or { left, right }, self.tree.place(left))?;
        }
        Ok(left)
    }

    fn and(&mut self) -> Outcome<Id> {
        let mut left = self.not()?;
        while self.consume_name("and") {
            let right = self.not()?;
            left = self.add(Kind::And { left, right }, self.tree.place(left))?;
        }
        Ok(left)
    }

    fn not(&mut self) -> Outcome<Id> {
        let place = self.peek(0).place;
        if !self.consume_name("not") {
            return self.membership();
        }
        let target = self.nested(Self::not)?;
        self.lower_not(target, place)
    }

    /// `not` binds to the first operand of arithmetic and comparisons, and not to their result.
    fn lower_not(&mut self, target: Id, place: Place) -> Outcome<Id> {
        // Down to what is negated, then up again: chains are as long as the source.
        let mut passed = Vec::new();
        let mut current = target;
        loop {
            let kind = self.tree.kind(current)?.clone();
            let next = match &kind {
                Kind::Binary { operator, left, .. } if *operator != Operator::Pow => *left,
                Kind::Compare { first, .. } => *first,
                _ => break,
            };
            passed.push(kind);
            current = next;
        }
        let mut lowered = self.add(Kind::Not(current), place)?;
        while let Some(kind) = passed.pop() {
            lowered = match kind {
                Kind::Binary { operator, right, .. } => {
                    self.add(Kind::Binary { operator, left: lowered, right }, place)?
                }
                Kind::Compare { operands, .. } => self.add(Kind::Compare { first: lowered, operands }, place)?,
                _ => lowered,
            };
        }
        Ok(lowered)
    }

    fn membership(&mut self) -> Outcome<Id> {
        let mut left = self.test()?;
        loop {
            let negate = self.peek(0).value.is("not") && self.peek(1).value.is("in");
            if negate {
                self.index += 2;
            } else if !self.consume_name("in") {
                return Ok(left);
            }
            let place = self.tree.place(left);
            let right = self.test()?;
            left = self.add(Kind::In { left, right }, place)?;
            if negate {
                left = self.add(Kind::Not(left), place)?;
            }
        }
    }

    fn test(&mut self) -> Outcome<Id> {
        let left = self.equality()?;
        if !self.consume_name("is") {
            return Ok(left);
        }
        let negate = self.consume_name("not");
        let right = self.equality()?;
        let test = self.add(Kind::Is { left, right }, self.tree.place(right))?;
        if negate { self.add(Kind::Not(test), self.tree.place(left)) } else { Ok(test) }
    }

    fn equality(&mut self) -> Outcome<Id> {
        let first = self.relational()?;
        let mut operands = Vec::new();
        while let Some(comparison) = equality(&self.peek(0).value) {
            self.index += 1;
            let operand = self.relational()?;
            self.tree.count_extra(self.tree.place(operand))?;
            operands.push((comparison, operand));
        }
        self.comparison(first, operands)
    }

    fn relational(&mut self) -> Outcome<Id> {
        let first = self.additive()?;
        let mut operands = Vec::new();
        while let Some(comparison) = relation(&self.peek(0).value) {
            self.index += 1;
            let operand = self.additive()?;
            self.tree.count_extra(self.tree.place(operand))?;
            operands.push((comparison, operand));
        }
        self.comparison(first, operands)
    }

    fn comparison(&mut self, first: Id, operands: Vec<(Comparison, Id)>) -> Outcome<Id> {
        if operands.is_empty() {
            return Ok(first);
        }
        self.add(Kind::Compare { first, operands }, self.tree.place(first))
    }

    fn additive(&mut self) -> Outcome<Id> {
        let mut left = self.multiply()?;
        loop {
            let operator = if self.consume("+") {
                Operator::Add
            } else if self.consume("-") {
                Operator::Sub
            } else if self.consume("~") {
                Operator::Concat
            } else {
                return Ok(left);
            };
            let right = self.multiply()?;
            left = self.add(Kind::Binary { operator, left, right }, self.tree.place(left))?;
        }
    }

    fn power(&mut self) -> Outcome<Id> {
        let mut left = self.filter()?;
        while self.consume("**") {
            let right = self.filter()?;
            left = self.add(Kind::Binary { operator: Operator::Pow, left, right }, self.tree.place(left))?;
        }
        Ok(left)
    }

    fn filter(&mut self) -> Outcome<Id> {
        let mut expression = self.unary()?;
        while self.consume("|") {
            expression = self.filter_invocation(expression)?;
        }
        Ok(expression)
    }

    fn filter_invocation(&mut self, input: Id) -> Outcome<Id> {
        let first = self.expect(TokenKind::Name)?;
        refuse_reserved(&first)?;
        let mut name = first.value.units().to_vec();
        while self.consume(".") {
            let segment = self.expect(TokenKind::Name)?;
            refuse_reserved(&segment)?;
            name.push(u16::from(b'.'));
            name.extend_from_slice(segment.value.units());
        }
        self.tree.count_extra(first.place)?;
        let mut children = vec![input];
        if self.consume("(") {
            children.extend(self.nested(|parser| parser.arguments(")"))?);
        }
        let arguments = self.add(Kind::List(children), self.tree.place(input))?;
        self.add(Kind::Filter { name: name.into(), name_place: first.place, arguments }, first.place)
    }

    fn unary(&mut self) -> Outcome<Id> {
        let place = self.peek(0).place;
        let negative = self.consume("-");
        if !negative && !self.consume("+") {
            return self.postfix();
        }
        let target = self.nested(Self::unary)?;
        let repeated = match self.tree.kind(target)? {
            Kind::Negative(_) => negative.then_some("-"),
            Kind::Positive(_) => (!negative).then_some("+"),
            _ => None,
        };
        if let Some(sign) = repeated {
            let message = format!("Repeated unparenthesized unary {sign} is not supported");
            return Err(Failure::syntax(message, self.tree.place(target)));
        }
        self.add(if negative { Kind::Negative(target) } else { Kind::Positive(target) }, place)
    }

    fn postfix(&mut self) -> Outcome<Id> {
        let mut target = self.primary()?;
        loop {
            if self.consume(".") {
                let name = self.expect(TokenKind::Name)?;
                refuse_reserved(&name)?;
                let key = self.add(Kind::Literal(Literal::String(name.value)), name.place)?;
                target = self.add(Kind::Lookup { target, key }, name.place)?;
            } else if self.consume("[") {
                let key = self.nested(Self::subscript)?;
                self.expect_operator("]")?;
                let place = self.tree.place(key);
                if let Kind::Literal(Literal::String(name)) = self.tree.kind(key)? {
                    refuse_reserved_name(name, place)?;
                }
                target = self.add(Kind::Lookup { target, key }, place)?;
            } else if self.consume("(") {
                let children = self.nested(|parser| parser.arguments(")"))?;
                let arguments = self.add_here(Kind::List(children))?;
                target = self.add(Kind::Call { function: target, arguments }, self.tree.place(target))?;
            } else {
                return Ok(target);
            }
        }
    }

    fn subscript(&mut self) -> Outcome<Id> {
        let place = self.peek(0).place;
        let start = self.bound()?;
        if !self.consume(":") {
            return start.ok_or_else(|| self.failure("Expected subscript expression"));
        }
        let end = self.bound()?;
        let step = if self.consume(":") && !self.peek(0).value.is("]") { Some(self.inline_if()?) } else { None };
        let start = self.or_literal(start, Literal::Null, place)?;
        let end = self.or_literal(end, Literal::Null, place)?;
        let step = self.or_literal(step, Literal::Number(1.0), place)?;
        self.add(Kind::Slice { start, stop: end, step }, place)
    }

    fn bound(&mut self) -> Outcome<Option<Id>> {
        let next = &self.peek(0).value;
        if next.is(":") || next.is("]") { Ok(None) } else { self.inline_if().map(Some) }
    }

    fn or_literal(&mut self, node: Option<Id>, literal: Literal, place: Place) -> Outcome<Id> {
        node.map_or_else(|| self.add(Kind::Literal(literal), place), Ok)
    }

    fn primary(&mut self) -> Outcome<Id> {
        let token = self.peek(0).clone();
        let literal = match token.kind {
            TokenKind::Number => Some(Literal::Number(number::parse(token.value.units()))),
            TokenKind::String => Some(Literal::String(token.value.clone())),
            TokenKind::Regex => Some(regex_literal(&token.value)),
            TokenKind::Name => named_literal(&token.value),
            TokenKind::Operator | TokenKind::Eof => None,
        };
        if let Some(literal) = literal {
            self.index += 1;
            return self.add(Kind::Literal(literal), token.place);
        }
        if token.kind == TokenKind::Name {
            self.index += 1;
            return self.symbol(&token);
        }
        if self.consume("(") {
            let children = self.nested(|parser| parser.delimited(")"))?;
            if children.is_empty() {
                return Err(Failure::syntax("Parenthesized expression cannot be empty", token.place));
            }
            return self.add(Kind::Group(children), token.place);
        }
        if self.consume("[") {
            let children = self.nested(|parser| parser.delimited("]"))?;
            return self.add(Kind::Array(children), token.place);
        }
        if self.consume("{") {
            let pairs = self.nested(Self::dictionary)?;
            return self.add(Kind::Dict(pairs), token.place);
        }
        if token.value.is_empty() {
            return Err(Failure::syntax("Unexpected expression token at end of input", token.place));
        }
        let message = format!("Unexpected expression token {}", quoted(token.value.units()));
        Err(Failure::syntax(message, token.place))
    }

    fn dictionary(&mut self) -> Outcome<Vec<Id>> {
        let mut pairs = Vec::new();
        if self.consume("}") {
            return Ok(pairs);
        }
        loop {
            let token = self.peek(0).clone();
            let key = match token.kind {
                TokenKind::Name if !is_literal_name(&token.value) => {
                    self.index += 1;
                    self.symbol(&token)?
                }
                TokenKind::String => {
                    self.index += 1;
                    self.add(Kind::Literal(Literal::String(token.value.clone())), token.place)?
                }
                _ => return Err(Failure::syntax("Dictionary keys must be strings or names", token.place)),
            };
            refuse_reserved(&token)?;
            self.expect_operator(":")?;
            let value = self.inline_if()?;
            pairs.push(self.add(Kind::Pair { key, value }, token.place)?);
            if !self.consume(",") {
                break;
            }
        }
        self.expect_operator("}")?;
        Ok(pairs)
    }

    fn delimited(&mut self, end: &str) -> Outcome<Vec<Id>> {
        let mut children = Vec::new();
        if self.consume(end) {
            return Ok(children);
        }
        loop {
            children.push(self.inline_if()?);
            if !self.consume(",") {
                break;
            }
        }
        self.expect_operator(end)?;
        Ok(children)
    }

    fn arguments(&mut self, end: &str) -> Outcome<Vec<Id>> {
        let mut positional = Vec::new();
        let mut keywords = Vec::new();
        if self.consume(end) {
            return Ok(positional);
        }
        loop {
            if self.peek(0).kind == TokenKind::Name && self.peek(1).value.is("=") {
                let token = self.expect(TokenKind::Name)?;
                let key = self.symbol(&token)?;
                self.expect_operator("=")?;
                let value = self.inline_if()?;
                keywords.push(self.add(Kind::Pair { key, value }, token.place)?);
            } else {
                positional.push(self.inline_if()?);
            }
            if !self.consume(",") {
                break;
            }
        }
        self.expect_operator(end)?;
        if !keywords.is_empty() {
            positional.push(self.add_here(Kind::KeywordArgs(keywords))?);
        }
        Ok(positional)
    }
}
