//! Templates to a tree.

use super::super::Problem;
use super::functions;
use super::lexer::{Piece, Token, pieces};
use super::{Item, unavailable};

#[derive(Debug)]
pub(super) enum Node {
    Text(String),
    Print(Pipeline),
    If(Pipeline, Vec<Node>, Vec<Node>),
    With(Pipeline, Vec<Node>, Vec<Node>),
    Range(Pipeline, Vec<Node>, Vec<Node>),
    Break,
    Continue,
}

#[derive(Debug, Default)]
pub(super) struct Pipeline {
    /// Variables that it sets: at most two, and both only in a `range`.
    pub(super) variables: Vec<String>,
    /// Whether they are new ones.
    pub(super) declares: bool,
    pub(super) commands: Vec<Command>,
}

/// A call of a function, or one operand.
#[derive(Debug)]
pub(super) struct Command {
    pub(super) function: Option<String>,
    pub(super) operands: Vec<Operand>,
}

#[derive(Debug)]
pub(super) struct Operand {
    pub(super) base: Base,
    pub(super) fields: Vec<String>,
}

#[derive(Debug)]
pub(super) enum Base {
    Dot,
    Variable(String),
    Const(Item),
    Inner(Pipeline),
    Call(String),
}

type Read<T> = Result<T, Problem>;

/// How deep blocks and parentheses may stand in each other.
const MAX_DEPTH: usize = 50;

pub(super) fn parse(source: &str) -> Read<Vec<Node>> {
    let mut pieces = pieces(source)?;
    pieces.reverse();
    let mut parser = Parser { pieces, variables: vec![String::new()], loops: 0, depth: 0 };
    match parser.block()? {
        (nodes, None) => Ok(nodes),
        _ => Err(Problem::Undefined),
    }
}

struct Parser<'a> {
    pieces: Vec<Piece<'a>>,
    variables: Vec<String>,
    loops: usize,
    depth: usize,
}

/// What ended a block: `end`, or `else` with what follows it.
type Ended = Option<(bool, Tokens)>;

impl Parser<'_> {
    fn block(&mut self) -> Read<(Vec<Node>, Ended)> {
        let mut nodes = Vec::new();
        while let Some(piece) = self.pieces.pop() {
            let mut tokens = match piece {
                Piece::Text(text) => {
                    nodes.push(Node::Text(text.to_owned()));
                    continue;
                }
                Piece::Action(tokens) => Tokens::new(tokens),
            };
            match tokens.keyword() {
                Some("end") => return tokens.finished().map(|()| (nodes, Some((false, tokens)))),
                Some("else") => return Ok((nodes, Some((true, tokens)))),
                Some(keyword @ ("if" | "with" | "range")) => nodes.push(self.control(keyword, tokens)?),
                Some(keyword @ ("break" | "continue")) => {
                    tokens.finished()?;
                    if self.loops == 0 {
                        return Err(Problem::Undefined);
                    }
                    nodes.push(if keyword == "break" { Node::Break } else { Node::Continue });
                }
                Some(keyword) => return Err(unavailable(keyword)),
                None => nodes.push(Node::Print(self.pipeline(&mut tokens, false)?)),
            }
        }
        Ok((nodes, None))
    }

    fn control(&mut self, keyword: &str, tokens: Tokens) -> Read<Node> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(unavailable("so deep a template"));
        }
        let known = self.variables.len();
        let node = self.branches(keyword, tokens)?;
        self.variables.truncate(known);
        self.depth -= 1;
        Ok(node)
    }

    fn branches(&mut self, keyword: &str, mut tokens: Tokens) -> Read<Node> {
        let pipeline = self.pipeline(&mut tokens, keyword == "range")?;
        let inside = self.variables.len();
        self.loops += usize::from(keyword == "range");
        let (then, ended) = self.block()?;
        self.loops -= usize::from(keyword == "range");
        self.variables.truncate(inside);
        let (is_else, mut tokens) = ended.ok_or(Problem::Undefined)?;
        let otherwise = match (is_else, tokens.keyword()) {
            (false, _) => vec![],
            (true, None) => {
                tokens.finished()?;
                match self.block()? {
                    (nodes, Some((false, _))) => nodes,
                    _ => return Err(Problem::Undefined),
                }
            }
            (true, Some(again)) if again == keyword && keyword != "range" => vec![self.control(keyword, tokens)?],
            _ => return Err(Problem::Undefined),
        };
        Ok(match keyword {
            "if" => Node::If(pipeline, then, otherwise),
            "with" => Node::With(pipeline, then, otherwise),
            _ => Node::Range(pipeline, then, otherwise),
        })
    }

    /// A pipeline up to the end of its action.
    fn pipeline(&mut self, tokens: &mut Tokens, in_range: bool) -> Read<Pipeline> {
        let (variables, declares) = tokens.assignment(in_range)?;
        let mut pipeline = self.commands(tokens)?;
        tokens.finished()?;
        if declares {
            self.variables.extend(variables.iter().cloned());
        } else if !variables.iter().all(|name| self.variables.contains(name)) {
            return Err(Problem::Undefined);
        }
        (pipeline.variables, pipeline.declares) = (variables, declares);
        Ok(pipeline)
    }

    fn commands(&mut self, tokens: &mut Tokens) -> Read<Pipeline> {
        let mut pipeline = Pipeline::default();
        loop {
            let command = self.command(tokens)?;
            if command.function.is_none() && !pipeline.commands.is_empty() {
                return Err(Problem::Undefined);
            }
            pipeline.commands.push(command);
            if !tokens.take("|") {
                return Ok(pipeline);
            }
        }
    }

    fn command(&mut self, tokens: &mut Tokens) -> Read<Command> {
        let function = match tokens.peek() {
            Some(Token::Name(name)) if !is_constant(name) => Some(functions::known(name)?),
            _ => None,
        };
        if function.is_some() {
            tokens.next();
        }
        let mut operands = Vec::new();
        while let Some(operand) = self.operand(tokens)? {
            operands.push(operand);
        }
        let alone = operands.len() == 1 && !matches!(operands[0].base, Base::Const(Item::Null));
        if function.is_none() && !alone {
            return Err(Problem::Undefined);
        }
        Ok(Command { function, operands })
    }

    fn operand(&mut self, tokens: &mut Tokens) -> Read<Option<Operand>> {
        let mut fields = Vec::new();
        let base = match tokens.peek() {
            None | Some(Token::Sign("|" | ")")) => return Ok(None),
            Some(Token::Dot) => Base::Dot,
            Some(Token::Field(name, _)) => {
                fields.push(name.clone());
                Base::Dot
            }
            Some(Token::Variable(name)) if self.variables.contains(name) => Base::Variable(name.clone()),
            Some(Token::Text(text)) => Base::Const(Item::Text(text.as_str().into())),
            Some(Token::Int(integer)) => Base::Const(Item::Int(*integer)),
            Some(Token::Name(name)) => match name.as_str() {
                "true" | "false" => Base::Const(Item::Bool(name == "true")),
                "nil" => Base::Const(Item::Null),
                _ => Base::Call(functions::known(name)?),
            },
            Some(Token::Other(what)) => return Err(unavailable(what)),
            Some(Token::Sign("(")) => {
                tokens.next();
                self.depth += 1;
                if self.depth > MAX_DEPTH {
                    return Err(unavailable("so deep a template"));
                }
                let inner = self.commands(tokens)?;
                self.depth -= 1;
                if tokens.peek() != Some(&Token::Sign(")")) {
                    return Err(Problem::Undefined);
                }
                Base::Inner(inner)
            }
            Some(_) => return Err(Problem::Undefined),
        };
        tokens.next();
        while let Some(Token::Field(name, true)) = tokens.peek() {
            if matches!(base, Base::Const(_)) {
                return Err(Problem::Undefined);
            }
            fields.push(name.clone());
            tokens.next();
        }
        Ok(Some(Operand { base, fields }))
    }
}

fn is_constant(name: &str) -> bool {
    matches!(name, "true" | "false" | "nil")
}

/// Tokens of one action, from the left.
#[derive(Debug)]
struct Tokens(std::iter::Peekable<std::vec::IntoIter<Token>>);

impl Tokens {
    fn new(tokens: Vec<Token>) -> Self {
        Self(tokens.into_iter().peekable())
    }

    fn peek(&mut self) -> Option<&Token> {
        self.0.peek()
    }

    fn next(&mut self) -> Option<Token> {
        self.0.next()
    }

    fn take(&mut self, sign: &'static str) -> bool {
        self.0.next_if_eq(&Token::Sign(sign)).is_some()
    }

    fn finished(&mut self) -> Read<()> {
        if self.peek().is_some() { Err(Problem::Undefined) } else { Ok(()) }
    }

    fn keyword(&mut self) -> Option<&'static str> {
        let keywords = ["if", "else", "end", "with", "range", "break", "continue", "define", "template", "block"];
        let Some(Token::Name(name)) = self.peek() else { return None };
        let found = keywords.into_iter().find(|keyword| keyword == name);
        if found.is_some() {
            self.next();
        }
        found
    }

    /// `$a :=`, `$a =`, and before a range `$a, $b :=`.
    fn assignment(&mut self, in_range: bool) -> Read<(Vec<String>, bool)> {
        let rest: Vec<Token> = self.0.clone().take(4).collect();
        let (names, sign) = match rest.as_slice() {
            [Token::Variable(one), Token::Sign(sign @ (":=" | "=")), ..] => (vec![one.clone()], *sign),
            [Token::Variable(one), Token::Sign(","), Token::Variable(two), Token::Sign(sign @ (":=" | "="))]
                if in_range =>
            {
                (vec![one.clone(), two.clone()], *sign)
            }
            _ => return Ok((vec![], false)),
        };
        if names.iter().any(String::is_empty) {
            return Err(Problem::Undefined);
        }
        for _ in 0..names.len() * 2 {
            self.next();
        }
        Ok((names, sign == ":="))
    }
}
