//! Tokens to a syntax tree: packages, imports and rules here, bodies and terms below.
//!
//! It reads each token once, so that no text takes long, and no deeper than [`MAX_NESTING`].

mod body;
mod term;

use crate::Version;
use crate::ast::{Else, Import, Kind as TermKind, Makes, Name, Place, Rule, Term, Tree};
use crate::lexer::{self, Fault, Kind, Token};
use crate::value::Value;

/// How deep terms and bodies may stand in each other.
const MAX_NESTING: usize = 100;

/// Words that no variable may have.
const KEYWORDS: [&str; 11] =
    ["as", "default", "else", "false", "import", "package", "not", "null", "some", "true", "with"];
const FUTURE_KEYWORDS: [&str; 4] = ["contains", "every", "if", "in"];

type Read<T> = Result<T, Fault>;

/// Reads one module.
pub(crate) fn parse(source: &str, version: Version) -> Read<Tree> {
    let mut parser = Parser::new(lexer::tokens(source)?);
    parser.v1 = version == Version::V1;
    if parser.v1 {
        parser.future = FUTURE_KEYWORDS.to_vec();
    }
    parser.module()
}

pub(super) struct Parser {
    tokens: Vec<Token>,
    at: usize,
    v1: bool,
    future: Vec<&'static str>,
    nesting: usize,
    /// For names of the variables that `_` stands for.
    wildcards: usize,
    /// Whether `,` may begin `key, value in collection`.
    pairs: bool,
}

impl Parser {
    fn new(tokens: Vec<Token>) -> Self {
        Self { tokens, at: 0, v1: false, future: Vec::new(), nesting: 0, wildcards: 0, pairs: true }
    }

    fn token(&self) -> &Token {
        const END: &Token =
            &Token { kind: Kind::End, place: Place { line: 0, column: 0 }, joined: false, last_line: 0 };
        self.tokens.get(self.at).or(self.tokens.last()).unwrap_or(END)
    }

    fn place(&self) -> Place {
        self.token().place
    }

    fn skip(&mut self) {
        self.at += 1;
    }

    /// Whether the next token stands on a later line than the last one ended.
    fn on_new_line(&self) -> bool {
        let before = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
        before.is_none_or(|token| self.place().line > token.last_line)
    }

    fn is(&self, text: &str) -> bool {
        match &self.token().kind {
            Kind::Symbol(symbol) => *symbol == text,
            Kind::Name(name) => **name == *text,
            _ => false,
        }
    }

    /// Whether the next token is this keyword, and it is one here.
    fn is_keyword(&self, word: &str) -> bool {
        self.is(word) && (KEYWORDS.contains(&word) || self.future.contains(&word))
    }

    fn take(&mut self, text: &str) -> bool {
        let found = self.is(text);
        if found {
            self.skip();
        }
        found
    }

    fn expect(&mut self, text: &str) -> Read<()> {
        if self.take(text) { Ok(()) } else { Err(self.unexpected(&format!("expected {text}"))) }
    }

    fn unexpected(&self, expected: &str) -> Fault {
        let found = match &self.token().kind {
            Kind::Name(name) | Kind::Number(name) => name.to_string(),
            Kind::Symbol(symbol) => (*symbol).to_owned(),
            Kind::String(_) | Kind::Template(_) => "string".to_owned(),
            Kind::End => "end of text".to_owned(),
        };
        Fault::new(self.place(), format!("unexpected {found}: {expected}"))
    }

    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        self.nesting += 1;
        if self.nesting > MAX_NESTING {
            return Err(Fault::new(self.place(), format!("nested deeper than {MAX_NESTING}")));
        }
        let result = read(self);
        self.nesting -= 1;
        result
    }

    fn module(&mut self) -> Read<Tree> {
        if !self.take("package") {
            return Err(self.unexpected("package expected"));
        }
        let package = self.path()?;
        let mut imports = Vec::new();
        while self.is("import") {
            let import = self.import()?;
            imports.extend(import);
        }
        let mut rules = Vec::new();
        while self.token().kind != Kind::End {
            if self.is("import") {
                let import = self.import()?;
                imports.extend(import);
                continue;
            }
            if self.is("package") {
                return Err(Fault::new(self.place(), "package must come first, and once"));
            }
            self.rule(&mut rules)?;
            self.take(";");
        }
        Ok(Tree { package, imports, rules, v1: self.v1 })
    }

    /// A path of names: `a.b["c"]`.
    fn path(&mut self) -> Read<Vec<Name>> {
        let Kind::Name(first) = &self.token().kind else { return Err(self.unexpected("expected a name")) };
        let mut path = vec![Name::clone(first)];
        self.skip();
        while self.token().joined && (self.is(".") || self.is("[")) {
            let dot = self.is(".");
            self.skip();
            match &self.token().kind {
                Kind::Name(name) if dot => path.push(Name::clone(name)),
                Kind::String(text) if !dot => path.push(Name::clone(text)),
                _ => return Err(self.unexpected("expected a name")),
            }
            self.skip();
            if !dot {
                self.expect("]")?;
            }
        }
        Ok(path)
    }

    fn import(&mut self) -> Read<Option<Import>> {
        let place = self.place();
        self.skip();
        let path = self.path()?;
        let alias = if self.take("as") { Some(self.name()?) } else { None };
        let words: Vec<&str> = path.iter().map(AsRef::as_ref).collect();
        match words.as_slice() {
            ["data" | "input", ..] => return Ok(Some(Import { place, path, alias })),
            ["rego", "v1"] => {
                self.v1 = true;
                self.future = FUTURE_KEYWORDS.to_vec();
            }
            ["future", "keywords"] => self.future = FUTURE_KEYWORDS.to_vec(),
            ["future", "keywords", word] => {
                let Some(known) = FUTURE_KEYWORDS.into_iter().find(|known| known == word) else {
                    let message = format!("unexpected keyword {word}, must be one of {}", FUTURE_KEYWORDS.join(", "));
                    return Err(Fault::new(place, message));
                };
                self.future.push(known);
                if known == "every" {
                    self.future.push("in");
                }
            }
            _ => {
                let message = "unexpected import path, must begin with one of: {data, future, input, rego}";
                return Err(Fault::new(place, message));
            }
        }
        if alias.is_some() {
            return Err(Fault::new(place, "this import cannot be aliased"));
        }
        Ok(None)
    }

    fn name(&mut self) -> Read<Name> {
        match &self.token().kind {
            Kind::Name(name) if !KEYWORDS.contains(&&**name) && !self.future.contains(&&**name) => {
                let name = Name::clone(name);
                self.skip();
                Ok(name)
            }
            _ => Err(self.unexpected("expected a name")),
        }
    }

    /// Whether a keyword is used as the name of a rule: `default.x := 1`, `in["a"] := 1`.
    fn starts_reference(&self) -> bool {
        let next = self.tokens.get(self.at + 1);
        next.is_some_and(|token| token.joined && matches!(token.kind, Kind::Symbol("." | "[")))
    }

    fn rule(&mut self, rules: &mut Vec<Rule>) -> Read<()> {
        let place = self.place();
        let default = self.is("default") && !self.starts_reference();
        if default {
            self.skip();
        }
        let path = self.head_path()?;
        let arguments = if self.is("(") { Some(self.arguments()?) } else { None };
        if self.is_keyword("contains") {
            self.skip();
            let element = self.term()?;
            let makes = Makes::Element(element);
            return self.bodies(
                rules,
                Rule { place, default, path, arguments, makes, body: vec![], chain: vec![] },
                true,
            );
        }
        let assigned = self.take(":=") || self.take("=");
        let value = if assigned { Some(self.term()?) } else { None };
        let has_if = self.is_keyword("if");
        let bare = value.is_none();
        let mut rule = Rule {
            place,
            default,
            path,
            arguments,
            makes: Makes::Value(value.unwrap_or_else(|| Term::scalar(place, Value::Bool(true)))),
            body: vec![],
            chain: vec![],
        };
        // Before `contains` and `if` there were, this was the way to write a set.
        if bare && !has_if && rule.path.len() == 2 && rule.arguments.is_none() {
            if self.v1 {
                return Err(Fault::new(place, "`contains` keyword is required for partial set rules"));
            }
            if let Some(element) = rule.path.pop() {
                rule.makes = Makes::Element(element);
            }
            return self.bodies(rules, rule, true);
        }
        // A function may be nothing but its head: it is true of these arguments.
        let body_optional = !bare || rule.arguments.is_some();
        self.bodies(rules, rule, body_optional)
    }

    /// The name of a rule and what follows it, up to its arguments.
    fn head_path(&mut self) -> Read<Vec<Term>> {
        let place = self.place();
        let name = match &self.token().kind {
            Kind::Name(name) if self.starts_reference() => Name::clone(name),
            _ => {
                let name = self.name()?;
                self.at -= 1;
                name
            }
        };
        self.skip();
        let mut path = vec![Term::var(place, &name)];
        while self.token().joined && (self.is(".") || self.is("[")) {
            let element = self.element()?;
            path.push(element);
        }
        Ok(path)
    }

    fn bodies(&mut self, rules: &mut Vec<Rule>, mut rule: Rule, body_optional: bool) -> Read<()> {
        if rule.default {
            if self.is("{") || self.is_keyword("if") {
                return Err(self.unexpected("a default has no body"));
            }
            rules.push(rule);
            return Ok(());
        }
        if self.is_keyword("if") {
            self.skip();
            rule.body = self.body_or_expression()?;
        } else if self.is("{") {
            if self.v1 {
                return Err(Fault::new(self.place(), "`if` keyword is required before rule body"));
            }
            rule.body = self.braced_body()?;
        } else if body_optional {
            rules.push(rule);
            return Ok(());
        } else {
            return Err(self.unexpected("a rule needs a value or a body"));
        }
        while self.is("else") && !self.starts_reference() {
            if matches!(rule.makes, Makes::Element(_)) {
                return Err(Fault::new(self.place(), "else keyword cannot be used on multi-value rules"));
            }
            let branch = self.otherwise()?;
            rule.chain.push(branch);
        }
        let chained = rule.chain.is_empty();
        rules.push(rule.clone());
        while chained && self.is("{") {
            rule.place = self.place();
            rule.body = self.braced_body()?;
            rules.push(rule.clone());
        }
        Ok(())
    }

    fn otherwise(&mut self) -> Read<Else> {
        let place = self.place();
        self.skip();
        let value = if self.take(":=") || self.take("=") { Some(self.term()?) } else { None };
        let bare = value.is_none();
        let value = value.unwrap_or_else(|| Term::scalar(place, Value::Bool(true)));
        let body = if self.is_keyword("if") {
            self.skip();
            self.body_or_expression()?
        } else if self.is("{") {
            if self.v1 {
                return Err(Fault::new(self.place(), "`if` keyword is required before rule body"));
            }
            self.braced_body()?
        } else if bare {
            return Err(self.unexpected("else needs a value or a body"));
        } else {
            vec![]
        };
        Ok(Else { place, value, body })
    }
}

/// The path of a name and constant texts, of a head.
pub(crate) fn constant_path(path: &[Term]) -> Vec<Name> {
    let name = |term: &Term| match &term.kind {
        TermKind::Var(name) => Some(Name::clone(name)),
        _ => term.text().cloned(),
    };
    let mut found: Vec<Name> = path.first().and_then(name).into_iter().collect();
    found.extend(path.iter().skip(1).map_while(|term| term.text().cloned()));
    found
}
