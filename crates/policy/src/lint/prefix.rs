//! Prefix traps: a parameter like `docker.io/org` of which a policy asks whether a name starts with it.
//!
//! Owns telling which parameters those are, from the tokens of the Rego. Where that cannot be told, all of them count.

use std::collections::BTreeSet;

use plat_resource::{Document, FieldPath, Segment, Value};

use super::{Lints, Rule, field};
use crate::Template;
use crate::template::code::rego_modules;
use crate::template::tokens::{Token, tokens};

/// What compares a name with the beginning that is its second argument.
const COMPARISONS: [&str; 2] = ["startswith", "any_prefix_match"];
/// What takes the `*` off a pattern: a text without one is not compared by its beginning.
const TRIMS: [&str; 3] = ["trim_suffix", "trim_right", "trim"];

/// Texts like `docker.io/org` where the policy asks `startswith`: `docker.io/organised` starts with it as well.
pub(super) fn check(document: &Document, template: &Template, parameters: &Value, lints: &mut Lints) {
    let mut compared = Compared::default();
    for (_, text) in rego_modules(&template.object) {
        compared.read(&tokens(text));
    }
    let root = field(&["spec", "parameters"]);
    let mut found = Vec::new();
    for (name, value) in parameters.as_object().into_iter().flatten() {
        if compared.all || compared.parameters.contains(name) {
            texts(value, &root.key(name), &mut found);
        }
    }
    for (path, text) in found.into_iter().filter(|(_, text)| is_open_prefix(text)) {
        let cause = format!("{text} also allows names that only start like it, such as {text}-evil/image");
        lints.warn(Rule::PrefixOpen, document, &path, cause).hint = Some(format!("write {text}/"));
    }
}

/// The parameters that a policy compares with beginnings.
#[derive(Debug, Default, PartialEq, Eq)]
struct Compared {
    parameters: BTreeSet<String>,
    /// It cannot be told which.
    all: bool,
}

impl Compared {
    fn read(&mut self, tokens: &[Token]) {
        for (index, token) in tokens.iter().enumerate() {
            let is_call = tokens.get(index + 1).is_some_and(|next| next.is("("));
            if is_call && COMPARISONS.iter().any(|name| token.is(name)) {
                self.trace(tokens, second_argument(tokens, index + 2), &mut BTreeSet::new());
            }
        }
    }

    /// Follows what stands in an expression to the parameters it comes from.
    fn trace<'a>(&mut self, tokens: &'a [Token], expression: &'a [Token], seen: &mut BTreeSet<&'a str>) {
        if is_closed(expression) {
            return;
        }
        let mut after = 0;
        for (index, token) in expression.iter().enumerate() {
            let before = index.checked_sub(1).and_then(|before| expression.get(before));
            if index < after || !token.is_name() || before.is_some_and(|before| before.is(".")) {
                continue;
            }
            let next = expression.get(index + 1);
            match (token.text.as_str(), parameter(expression, index)) {
                ("input", Some(name)) => {
                    self.parameters.insert(name.to_owned());
                    after = index + 5;
                }
                ("input" | "data" | "some" | "_", _) => {}
                // The name of a function; its arguments are yet to come.
                _ if next.is_some_and(|next| next.is("(") && next.touches || next.is(".")) => {}
                (variable, _) if seen.insert(variable) => self.trace_variable(tokens, variable, seen),
                _ => {}
            }
        }
    }

    fn trace_variable<'a>(&mut self, tokens: &'a [Token], variable: &str, seen: &mut BTreeSet<&'a str>) {
        let mut is_defined = false;
        for (index, _) in tokens.iter().enumerate().filter(|(_, token)| token.is(variable)) {
            let Some(next) = tokens.get(index + 1) else { continue };
            if next.is(":=") || next.is("=") || next.is("in") {
                is_defined = true;
                self.trace(tokens, rest_of_statement(tokens, index + 2), seen);
            }
        }
        // An argument of a function, say: whoever calls it gives it anything.
        self.all |= !is_defined;
    }
}

/// `NAME` where `input.parameters.NAME` or `input.parameters["NAME"]` begins.
fn parameter(tokens: &[Token], index: usize) -> Option<&str> {
    let at = |offset: usize| tokens.get(index + offset);
    let is_parameters = at(1)?.is(".") && at(2)?.is("parameters") && (at(3)?.is(".") || at(3)?.is("["));
    is_parameters.then(|| at(4).map(|name| name.text.as_str()))?
}

/// Whether it is a call like `trim_suffix(pattern, "*")`, or puts the slash at the end itself.
fn is_closed(expression: &[Token]) -> bool {
    let is_trim = expression.first().is_some_and(|first| TRIMS.iter().any(|name| first.is(name)));
    let mut texts = expression.iter().filter(|token| token.is_string);
    texts.any(|token| token.text.ends_with('/') || is_trim && token.text == "*")
}

/// The second argument of a call, of which the first begins at `start`.
fn second_argument(tokens: &[Token], start: usize) -> &[Token] {
    let (mut depth, mut comma) = (0_usize, None);
    for (index, token) in tokens.iter().enumerate().skip(start) {
        match token.text.as_str() {
            _ if token.is_string => {}
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" if depth == 0 => {
                return comma.and_then(|comma| tokens.get(comma..index)).unwrap_or_default();
            }
            ")" | "]" | "}" => depth -= 1,
            "," if depth == 0 && comma.is_none() => comma = Some(index + 1),
            _ => {}
        }
    }
    &[]
}

/// What follows, as far as the line or the statement goes.
fn rest_of_statement(tokens: &[Token], start: usize) -> &[Token] {
    let rest = tokens.get(start..).unwrap_or_default();
    let line = rest.first().map_or(0, |token| token.line);
    let is_end = |token: &Token| token.line != line || [";", "|", "{", "}"].iter().any(|end| token.is(end));
    let end = rest.iter().position(is_end).unwrap_or(rest.len());
    rest.get(..end).unwrap_or_default()
}

fn texts<'a>(value: &'a Value, path: &FieldPath, found: &mut Vec<(FieldPath, &'a str)>) {
    match value {
        Value::String(text) => found.push((path.clone(), text)),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                texts(item, &path.join(Segment::Index(u32::try_from(index).unwrap_or(u32::MAX))), found);
            }
        }
        Value::Object(fields) => fields.iter().for_each(|(key, value)| texts(value, &path.key(key), found)),
        _ => {}
    }
}

/// Whether it looks like a registry or a repository without an end: a host, perhaps a path, no slash, tag or digest.
fn is_open_prefix(text: &str) -> bool {
    let host = text.split('/').next().unwrap_or_default();
    let is_host = host.contains('.') && host.len() > 3 && !host.starts_with('.') && !host.ends_with('.');
    let plain = |character: char| character.is_ascii_alphanumeric() || ".-_/:".contains(character);
    let last = text.rsplit('/').next().unwrap_or_default();
    let ended = text.ends_with('/') || text.ends_with(':') || (text.contains('/') && last.contains(':'));
    is_host && text.chars().all(plain) && !ended && !text.contains("://")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(source: &str) -> Option<Vec<String>> {
        let mut compared = Compared::default();
        compared.read(&tokens(source));
        (!compared.all).then(|| compared.parameters.into_iter().collect())
    }

    #[test]
    fn a_beginning_is_followed_to_its_parameter() {
        let cases: [(&str, &[&str]); 8] = [
            ("startswith(c.image, input.parameters.repos[_])", &["repos"]),
            ("good := [g | repo = input.parameters.repos[_]; g = startswith(c.image, repo)]", &["repos"]),
            ("some prefix in input.parameters.allowed\nstartswith(image, prefix)", &["allowed"]),
            ("list := input.parameters.a\nsome x in list\nother := input.parameters.b\nstartswith(i, x)", &["a"]),
            ("strings.any_prefix_match(c.image, input.parameters[\"repos\"])", &["repos"]),
            ("startswith(f(input.parameters.b, x), \"docker.io/\")", &[]),
            ("some p in input.parameters.exempt\nendswith(p, \"*\")\nstartswith(i, trim_suffix(p, \"*\"))", &[]),
            ("startswith(i, sprintf(\"%v/\", [input.parameters.repo]))", &[]),
        ];
        for (source, expected) in cases {
            let expected: Vec<String> = expected.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(compared(source), Some(expected), "{source}");
        }
        assert_eq!(compared("f(prefix) { startswith(input.review.object.image, prefix) }"), None);
    }
}
