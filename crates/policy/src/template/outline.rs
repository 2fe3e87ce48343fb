//! What a Rego module is made of, told from its tokens: package, imports, rules, and what it refers to.
//!
//! Owns a tokenizer that is enough for Gatekeeper's own checks, which happen before a module is compiled, and for lint.
//! Does not parse: whether the text is Rego at all is for the compiler to say.

use super::tokens::{Token, tokens};

/// A reference with plain names, for instance `input.parameters.labels`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference {
    /// The names; what is computed is `None` and ends the reference.
    pub(crate) path: Vec<Option<String>>,
    /// Line, from 1.
    pub(crate) line: usize,
    /// Column in characters, from 1.
    pub(crate) column: usize,
}

/// A module at a glance.
#[derive(Debug, Default, Clone)]
pub(crate) struct Outline {
    /// The package, `a.b.c`.
    pub(crate) package: Option<Reference>,
    /// The imports.
    pub(crate) imports: Vec<Reference>,
    /// The names of the rules, and where each stands first.
    pub(crate) rules: Vec<Reference>,
    /// References that start with `data` or `input`, outside imports.
    pub(crate) references: Vec<Reference>,
    /// What is called like a function, by its dotted name.
    pub(crate) calls: Vec<Reference>,
    /// References that start with another name.
    pub(crate) locals: Vec<Reference>,
    /// The texts.
    pub(crate) strings: Vec<String>,
}

impl Outline {
    /// Reads a module.
    pub(crate) fn read(source: &str) -> Self {
        let tokens = tokens(source);
        let mut outline = Self::default();
        let mut depth = 0_usize;
        let mut index = 0;
        while let Some(token) = tokens.get(index) {
            match token.text.as_str() {
                "{" | "[" | "(" => depth += 1,
                "}" | "]" | ")" => depth = depth.saturating_sub(1),
                _ => {}
            }
            if token.is_string {
                outline.strings.push(token.text.clone());
            }
            let after_dot = index > 0 && tokens.get(index - 1).is_some_and(|before| before.is("."));
            if !token.is_name() || after_dot {
                index += 1;
                continue;
            }
            let (reference, next) = reference(&tokens, index);
            index = outline.take(&tokens, index, depth, reference, next);
        }
        outline
    }

    /// Takes what starts at the name `index`, and answers where to go on.
    fn take(&mut self, tokens: &[Token], index: usize, depth: usize, found: Reference, next: usize) -> usize {
        let starts_statement = depth == 0 && starts_statement(tokens, index);
        match tokens.get(index).map(|token| token.text.as_str()) {
            Some(keyword @ ("package" | "import")) if starts_statement => {
                let (target, end) = reference(tokens, index + 1);
                if keyword == "package" {
                    self.package.get_or_insert(target)
                } else {
                    self.imports.push(target);
                    return skip_alias(tokens, end);
                };
                return end;
            }
            Some("default") if starts_statement => return index + 1,
            Some("data" | "input") => self.references.push(found),
            Some(name) => {
                let is_rule = starts_statement || is_after_default(tokens, index);
                if is_rule && name != "else" {
                    self.rules.push(Reference { path: vec![Some(name.to_owned())], ..found });
                } else if tokens.get(next).is_some_and(|token| token.is("(") && token.touches) {
                    self.calls.push(found);
                } else if found.path.len() > 1 {
                    self.locals.push(found);
                }
                // What stands in brackets after the name is still to be read.
                return names_end(tokens, index);
            }
            None => {}
        }
        // Computed parts of a reference are still to be read.
        names_end(tokens, index)
    }
}

/// Whether the token begins a rule, a package or an import: it stands first on its line, or after a closing brace.
fn starts_statement(tokens: &[Token], index: usize) -> bool {
    let Some(before) = index.checked_sub(1).and_then(|before| tokens.get(before)) else { return true };
    let Some(token) = tokens.get(index) else { return false };
    let continues = matches!(
        before.text.as_str(),
        ":=" | "="
            | "=="
            | "!="
            | "<"
            | ">"
            | "<="
            | ">="
            | "+"
            | "-"
            | "*"
            | "/"
            | "%"
            | "|"
            | "&"
            | ","
            | "."
            | "else"
            | "if"
            | "contains"
            | "default"
            | "as"
            | "import"
            | "package"
    );
    !continues && (token.line > before.line || before.is("}") || before.is(";"))
}

fn is_after_default(tokens: &[Token], index: usize) -> bool {
    index > 0 && tokens.get(index - 1).is_some_and(|before| before.is("default"))
}

fn skip_alias(tokens: &[Token], index: usize) -> usize {
    if tokens.get(index).is_some_and(|token| token.is("as")) { index + 2 } else { index }
}

/// The end of the plain names from `index`: `a.b.c`.
fn names_end(tokens: &[Token], mut index: usize) -> usize {
    index += 1;
    while tokens.get(index).is_some_and(|token| token.is(".")) && tokens.get(index + 1).is_some_and(Token::is_name) {
        index += 2;
    }
    index
}

/// The reference that starts at `index`, and the index after its known part.
fn reference(tokens: &[Token], index: usize) -> (Reference, usize) {
    let Some(first) = tokens.get(index) else { return (Reference { path: Vec::new(), line: 0, column: 0 }, index + 1) };
    let mut found = Reference { path: vec![Some(first.text.clone())], line: first.line, column: first.column };
    let mut index = index + 1;
    while let Some(token) = tokens.get(index) {
        if token.is(".") && tokens.get(index + 1).is_some_and(Token::is_name) {
            found.path.push(tokens.get(index + 1).map(|name| name.text.clone()));
            index += 2;
        } else if token.is("[") && token.touches {
            match (tokens.get(index + 1), tokens.get(index + 2)) {
                (Some(name), Some(close)) if name.is_string && close.is("]") => {
                    found.path.push(Some(name.text.clone()));
                    index += 3;
                }
                _ => {
                    found.path.push(None);
                    break;
                }
            }
        } else {
            break;
        }
    }
    (found, index)
}

impl Reference {
    /// The names that are known, joined by dots; `[_]` stands for a computed one.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for name in &self.path {
            match name {
                Some(name) if text.is_empty() => text.push_str(name),
                Some(name) => text.push_str(&format!(".{name}")),
                None => text.push_str("[_]"),
            }
        }
        text
    }

    /// The name at `index`, where it is known.
    pub(crate) fn name(&self, index: usize) -> Option<&str> {
        self.path.get(index)?.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(references: &[Reference]) -> Vec<String> {
        references
            .iter()
            .map(|reference| format!("{}:{} {}", reference.line, reference.column, reference.text()))
            .collect()
    }

    const MODULE: &str = r#"
# package commented.out
package a["b-c"].d

import data.lib.helpers as h
import future.keywords.in

default allow = false

violation[{"msg": msg, "details": {}}] {
    x := input.review.object.data.y
    value := input.parameters.labels[_]
    not data.inventory.cluster["v1"].Namespace[name]
    h.check(x, `raw { text`)
    msg := sprintf("say \"%v\"", [value])
}
is_ok(x) = y {
    y := data["other"]
} else = 1 { true }
"#;

    #[test]
    fn a_module_is_seen_at_a_glance() {
        let outline = Outline::read(MODULE);
        assert_eq!(outline.package.unwrap().text(), "a.b-c.d");
        assert_eq!(texts(&outline.imports), ["5:8 data.lib.helpers", "6:8 future.keywords.in"]);
        assert_eq!(texts(&outline.rules), ["8:9 allow", "10:1 violation", "17:1 is_ok"]);
        let expected = [
            "11:10 input.review.object.data.y",
            "12:14 input.parameters.labels[_]",
            "13:9 data.inventory.cluster.v1.Namespace[_]",
            "18:10 data.other",
        ];
        assert_eq!(texts(&outline.references), expected);
        assert_eq!(texts(&outline.calls), ["14:5 h.check", "15:12 sprintf"]);
    }
}
