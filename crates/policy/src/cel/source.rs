//! Reading and compiling the source of a template, with the place of each mistake.

use plat_resource::cel::{CompileError, Environment, Type, admission};
use plat_resource::{FieldPath, Segment, Value};

use super::{Condition, Expression, Policy, Validation, Variable, expression};
use crate::report::Report;

/// No name in a template may start so.
const RESERVED: &str = "gatekeeper_internal_";

/// The variables that Gatekeeper adds.
const ADDED: [(&str, &str); 2] = [
    ("anyObject", r#"has(request.operation) && request.operation == "DELETE" && object == null ? oldObject : object"#),
    ("params", "!has(params.spec) ? null : !has(params.spec.parameters) ? null: params.spec.parameters"),
];

/// Compiles the source that stands at `path`; what is wrong goes to `report`. An expression that does not compile is
/// told of and fails for each object, as in Gatekeeper.
pub(crate) fn compile(source: &Value, path: &FieldPath, report: &mut Report<'_>) -> Option<Policy> {
    let before = report.error_count();
    if !source.is_object() {
        report.error(path, "the source of K8sNativeValidation is an object");
        return None;
    }
    if source.get("matchConditions").is_some() {
        let cause = "matchConditions is not read: Gatekeeper's name for it here is matchCondition";
        report.warning(&path.key("matchConditions"), cause);
    }
    let ignores_failures = failure_policy(source, path, report);
    let mut reader = Reader { report, environment: admission::environment(true) };
    let mut variables: Vec<Variable> = ADDED.iter().map(|(name, text)| reader.variable(name, text, None)).collect();
    for (entry, place) in reader.entries(source, path, "variables") {
        let name = reader.text(&entry, &place, "name").unwrap_or_default();
        let text = reader.text(&entry, &place, "expression").unwrap_or_default();
        reader.check_name(&name, &place, true);
        variables.push(reader.variable(&name, &text, Some(&place.key("expression"))));
    }
    // Variables see the whole constraint as `params`; nothing else does.
    reader.environment = composed(&variables);
    let conditions = reader.conditions(source, path);
    let validations = reader.validations(source, path);
    if validations.is_empty() {
        reader.report.warning(path, "it has no validations: nothing is ever denied");
    }
    let meant = |variable: &Variable| variables.iter().rposition(|other| other.name == variable.name).unwrap_or(0);
    let meant = variables.iter().map(meant).collect();
    let mut policy = Policy { variables, meant, conditions, validations, ignores_failures, depth: 0 };
    policy.depth = policy.deepest();
    (report.error_count() == before).then_some(policy)
}

fn failure_policy(source: &Value, path: &FieldPath, report: &mut Report<'_>) -> bool {
    match source.get("failurePolicy") {
        None | Some(Value::Null) => false,
        Some(Value::String(policy)) if policy == "Fail" => false,
        Some(Value::String(policy)) if policy == "Ignore" => true,
        Some(other) => {
            let cause = format!("failurePolicy {other} is neither Fail nor Ignore");
            report.error(&path.key("failurePolicy"), cause);
            false
        }
    }
}

fn composed(variables: &[Variable]) -> Environment {
    let mut environment = admission::environment(false);
    for variable in variables {
        environment.compose(&variable.name, variable.declared());
    }
    environment
}

impl Variable {
    /// The type by which other expressions know it: what Kubernetes carries over, `dyn` for all else.
    fn declared(&self) -> Type {
        self.expression.program.as_ref().map_or(Type::Dyn, |program| carried(program.output()))
    }
}

fn carried(of: &Type) -> Type {
    match of {
        Type::List(element) => Type::list(carried(element)),
        Type::Map(entry) => Type::map(carried(&entry.0), carried(&entry.1)),
        Type::Optional(_) | Type::Type(_) | Type::Named(_) | Type::Parameter(_) | Type::Error => Type::Dyn,
        other => other.clone(),
    }
}

struct Reader<'r, 'd> {
    report: &'r mut Report<'d>,
    environment: Environment,
}

impl Reader<'_, '_> {
    /// The objects of a list, each with its place.
    fn entries(&mut self, source: &Value, path: &FieldPath, key: &str) -> Vec<(Value, FieldPath)> {
        let place = path.key(key);
        let entries = match source.get(key) {
            None | Some(Value::Null) => return Vec::new(),
            Some(Value::Array(entries)) => entries,
            Some(_) => {
                self.report.error(&place, format!("{key} is a list"));
                return Vec::new();
            }
        };
        let mut found = Vec::with_capacity(entries.len());
        for (index, entry) in entries.iter().enumerate() {
            let place = place.join(Segment::Index(u32::try_from(index).unwrap_or(u32::MAX)));
            if entry.is_object() {
                found.push((entry.clone(), place));
            } else {
                self.report.error(&place, "it is an object");
            }
        }
        found
    }

    fn text(&mut self, entry: &Value, place: &FieldPath, key: &str) -> Option<String> {
        match entry.get(key) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.clone()),
            Some(_) => {
                self.report.error(&place.key(key), format!("{key} is a text"));
                None
            }
        }
    }

    fn check_name(&mut self, name: &str, place: &FieldPath, is_variable: bool) {
        let place = place.key("name");
        if name.starts_with(RESERVED) {
            self.report.error(&place, format!("{name:?} starts with {RESERVED}, which is Gatekeeper's"));
        } else if is_variable && ADDED.iter().any(|(added, _)| *added == name) {
            self.report.error(&place, format!("{name:?} is a variable that Gatekeeper adds"));
        }
    }

    fn variable(&mut self, name: &str, text: &str, place: Option<&FieldPath>) -> Variable {
        let expression = self.expression(text, None, place);
        let variable = Variable { name: name.to_owned(), expression };
        self.environment.compose(name, variable.declared());
        variable
    }

    fn expression(&mut self, text: &str, wanted: Option<&Type>, place: Option<&FieldPath>) -> Expression {
        let (expression, errors) = expression(text, &self.environment, wanted);
        if let Some(place) = place {
            for CompileError { message, line, column, .. } in errors {
                let cause = format!("this does not compile, so that every object fails it: {message}");
                self.report.warning_within(place, line, column, cause);
            }
        }
        expression
    }

    fn conditions(&mut self, source: &Value, path: &FieldPath) -> Vec<Condition> {
        let mut conditions = Vec::new();
        for (entry, place) in self.entries(source, path, "matchCondition") {
            let name = self.text(&entry, &place, "name").unwrap_or_default();
            self.check_name(&name, &place, false);
            let text = self.text(&entry, &place, "expression").unwrap_or_default();
            let expression = self.expression(&text, Some(&Type::Bool), Some(&place.key("expression")));
            conditions.push(Condition { expression });
        }
        conditions
    }

    fn validations(&mut self, source: &Value, path: &FieldPath) -> Vec<Validation> {
        let mut validations = Vec::new();
        for (entry, place) in self.entries(source, path, "validations") {
            let text = self.text(&entry, &place, "expression").unwrap_or_default();
            let expression = self.expression(&text, Some(&Type::Bool), Some(&place.key("expression")));
            let made = self.text(&entry, &place, "messageExpression").filter(|text| !text.is_empty());
            let made_place = place.key("messageExpression");
            let made_message = made.map(|text| self.expression(&text, Some(&Type::String), Some(&made_place)));
            let message = self.text(&entry, &place, "message");
            validations.push(Validation { expression, message, made_message });
        }
        validations
    }
}
