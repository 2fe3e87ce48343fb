//! `x-kubernetes-validations`: rules in the Common Expression Language.
//!
//! Owns reading and compiling rules. `run` evaluates them, `values` makes values for them, `functions` are those that
//! Kubernetes adds to the language. A rule that cannot be compiled here says so for ever after: it is never passed.

use std::panic::{AssertUnwindSafe, catch_unwind};

use cel::Program;
use serde_json::{Map, Value};

use super::node::Node;
use super::place::Place;
use super::{SchemaError, ViolationKind, text};

mod field;
mod functions;
mod run;
mod shape;
mod values;

pub(super) use run::validate;

#[cfg(test)]
mod tests;

/// Stack for large rules: built for debugging, the parser takes some 150 KiB for each bracket.
const LARGE_STACK: usize = 64 << 20;

/// Runs `work` where there is stack enough for any rule within the bounds.
fn on_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> std::thread::Result<T> {
    std::thread::scope(|scope| {
        let worker = std::thread::Builder::new().stack_size(LARGE_STACK).spawn_scoped(scope, work);
        worker.map_or_else(
            |error| Err(Box::new(error) as Box<dyn std::any::Any + Send>),
            std::thread::ScopedJoinHandle::join,
        )
    })
}

/// One rule.
#[derive(Debug)]
pub(super) struct Rule {
    source: String,
    message: Option<String>,
    kind: ViolationKind,
    /// Steps from the field of the rule to the field that it blames.
    field: Vec<field::Step>,
    optional_old: bool,
    program: Result<Compiled, String>,
    message_program: Option<Result<Compiled, String>>,
}

/// An expression ready to run.
#[derive(Debug)]
struct Compiled {
    program: Program,
    uses_old: bool,
    size: shape::Size,
    /// How deep loops nest in it.
    loops: u32,
    /// Names of fields it selects.
    selected: Vec<String>,
}

impl Rule {
    /// What the rule demands, in its author's words where there are some.
    pub(super) fn said(&self) -> &str {
        self.message.as_deref().unwrap_or(&self.source).trim()
    }

    fn uses_old(&self) -> bool {
        match &self.program {
            Ok(program) => program.uses_old,
            Err(_) => self.source.contains("oldSelf"),
        }
    }
}

/// Compiles an expression, or says why it cannot be.
fn compile(source: &str) -> Result<Compiled, String> {
    let Some(environment) = functions::environment() else {
        return Err("the rule's language could not be set up".to_owned());
    };
    let size = shape::check_source(source)?;
    // The parser is a foreign one: should it panic on some text, that text is a rule that cannot be checked.
    let parse = || catch_unwind(AssertUnwindSafe(|| environment.compile(source)));
    let parsed = if size == shape::Size::Small { parse() } else { on_large_stack(parse).and_then(|parsed| parsed) };
    let program = match parsed {
        Ok(Ok(program)) => program,
        Ok(Err(errors)) => {
            let text = errors.to_string();
            return Err(format!("it cannot be parsed: {}", text.lines().next().unwrap_or_default()));
        }
        Err(_) => return Err("it cannot be parsed".to_owned()),
    };
    let shape = shape::measure(program.expression());
    if shape.depth > shape::MAX_DEPTH {
        return Err("it nests too deeply".to_owned());
    }
    let uses_old = program.references().has_variable("oldSelf");
    let size = if shape.depth > shape::SMALL_DEPTH { shape::Size::Large } else { shape::Size::Small };
    Ok(Compiled { program, uses_old, size, loops: shape.loops, selected: shape.selected })
}

/// Reads the rules of one schema.
pub(super) fn read(
    keywords: &Map<String, Value>,
    node: &Node,
    place: &Place<'_>,
    errors: &mut Vec<SchemaError>,
) -> Vec<Rule> {
    let Some(rules) = keywords.get("x-kubernetes-validations").and_then(Value::as_array) else {
        return Vec::new();
    };
    let place = place.field("x-kubernetes-validations");
    let read = |(index, rule): (usize, &Value)| read_rule(rule, node, &place.index(index), errors);
    rules.iter().enumerate().map(read).collect()
}

fn read_rule(rule: &Value, node: &Node, place: &Place<'_>, errors: &mut Vec<SchemaError>) -> Rule {
    let text = |key: &str| rule.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    let source = text("rule").unwrap_or_default();
    let (message, message_expression) = (text("message"), text("messageExpression"));
    let mut refuse = |key: &str, fault: String| {
        errors.push(SchemaError { path: place.field(key).field_path(), message: fault });
    };
    check_texts(&source, message.as_deref(), message_expression.as_deref(), &mut refuse);
    let kind = match text("reason").as_deref() {
        None | Some("FieldValueInvalid") => ViolationKind::Invalid,
        Some("FieldValueForbidden") => ViolationKind::Forbidden,
        Some("FieldValueRequired") => ViolationKind::Required,
        Some("FieldValueDuplicate") => ViolationKind::Duplicate,
        Some(other) => {
            let shown = text::quoted(other);
            let known = r#""FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired""#;
            refuse("reason", format!("Unsupported value: {shown}: supported values: {known}"));
            ViolationKind::Invalid
        }
    };
    let field = text("fieldPath").map_or(Some(Vec::new()), |path| {
        let steps = field::parse(&path, node);
        if steps.is_none() {
            refuse("fieldPath", format!("Invalid value: {}: must be a valid path", text::quoted(&path)));
        }
        steps
    });
    Rule {
        program: compile(&source),
        message_program: message_expression.as_deref().map(compile),
        source,
        message,
        kind,
        field: field.unwrap_or_default(),
        optional_old: rule.get("optionalOldSelf").and_then(Value::as_bool).unwrap_or(false),
    }
}

fn check_texts(
    source: &str,
    message: Option<&str>,
    message_expression: Option<&str>,
    refuse: &mut impl FnMut(&str, String),
) {
    let trimmed = message.map(str::trim);
    if source.trim().is_empty() {
        refuse("rule", "Required value: rule is not specified".to_owned());
    } else if trimmed == Some("") {
        let shown = text::quoted(message.unwrap_or_default());
        refuse("message", format!("Invalid value: {shown}: must be non-empty if specified"));
    } else if trimmed.is_some_and(|message| message.contains('\n')) {
        let shown = text::quoted(message.unwrap_or_default());
        refuse("message", format!("Invalid value: {shown}: must not contain line breaks"));
    } else if source.trim().contains('\n') && message.is_none() {
        refuse("message", "Required value: message must be specified if rule contains line breaks".to_owned());
    }
    if message_expression.is_some_and(|expression| expression.trim().is_empty()) {
        refuse("messageExpression", "Required value: messageExpression must be non-empty if specified".to_owned());
    }
}
