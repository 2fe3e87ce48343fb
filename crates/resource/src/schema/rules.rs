//! `x-kubernetes-validations`: rules in the Common Expression Language.
//!
//! Owns reading and compiling rules. `run` evaluates them, `values` makes values for them; the language is `crate::cel`.
//! A rule that cannot be compiled here says so for ever after: it is never passed.

use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::node::Node;
use super::place::Place;
use super::{SchemaError, ViolationKind, text};
use crate::cel::{Environment, Program, Type};

mod field;
mod run;
mod values;

pub(super) use run::validate;

#[cfg(test)]
mod tests;

/// The number of `self` among the variables of a rule.
const OWN: usize = 0;
/// The number of `oldSelf`.
const OLD: usize = 1;

/// One rule.
#[derive(Debug)]
pub(super) struct Rule {
    source: String,
    message: Option<String>,
    kind: ViolationKind,
    /// Steps from the field of the rule to the field that it blames.
    field: Vec<field::Step>,
    optional_old: bool,
    program: Result<Program, String>,
    message_program: Option<MessageProgram>,
}

/// `messageExpression`
#[derive(Debug)]
struct MessageProgram {
    source: String,
    program: Result<Program, String>,
}

impl Rule {
    /// What the rule demands, in its author's words where there are some.
    pub(super) fn said(&self) -> &str {
        self.message.as_deref().unwrap_or(&self.source).trim()
    }

    fn uses_old(&self) -> bool {
        match &self.program {
            Ok(program) => program.uses_global(OLD),
            Err(_) => self.source.contains("oldSelf"),
        }
    }
}

/// Compiles an expression, or says why it cannot be.
///
/// The fields of `self` are not declared: their types are those of its values, which `values` makes as the schema has
/// them. What only types would tell, such as a field that the schema lacks, is told when the rule runs.
fn compile(source: &str, optional_old: bool, wanted: &Type) -> Result<Program, String> {
    static ENVIRONMENTS: LazyLock<[Environment; 2]> = LazyLock::new(|| {
        [Type::Dyn, Type::optional(Type::Dyn)]
            .map(|old| Environment::default().variable("self", Type::Dyn).variable("oldSelf", old))
    });
    let environment = &ENVIRONMENTS[usize::from(optional_old)];
    let program = Program::compile(source, environment).map_err(|errors| {
        let first = errors.first().map(|error| error.message.as_str()).unwrap_or_default();
        format!("it does not compile: {}", first.lines().next().unwrap_or_default())
    })?;
    if program.output() != wanted && *program.output() != Type::Dyn {
        let (wanted, found) = (wanted.runtime_name(), program.output().runtime_name());
        return Err(format!("it does not compile: it must evaluate to {wanted}, not {found}"));
    }
    Ok(program)
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
    let optional_old = rule.get("optionalOldSelf").and_then(Value::as_bool).unwrap_or(false);
    let compile_message =
        |source: String| MessageProgram { program: compile(&source, optional_old, &Type::String), source };
    Rule {
        program: compile(&source, optional_old, &Type::Bool),
        message_program: message_expression.map(compile_message),
        source,
        message,
        kind,
        field: field.unwrap_or_default(),
        optional_old,
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
