//! A document to a [`Template`], with every mistake at its place.

use std::sync::Arc;

use plat_resource::schema::Schema;
use plat_resource::{Document, FieldPath, GroupVersionKind, Segment, Value, object};

use super::code::Codes;
use super::{EngineKind, Template, compile_rego, schema};
use crate::engine::Engine;
use crate::report::Report;
use crate::{Options, cel};

/// The only target there is.
const TARGET: &str = "admission.k8s.gatekeeper.sh";
/// The versions of the API.
const VERSIONS: [&str; 3] = ["v1", "v1beta1", "v1alpha1"];
/// The operations that a target may name.
const OPERATIONS: [&str; 5] = ["*", "CREATE", "UPDATE", "DELETE", "CONNECT"];

/// Reads and compiles a template.
pub(crate) fn read(document: &Document, options: &Options) -> Template {
    let value = &document.value;
    let name = object::name(value).to_owned();
    let mut report = Report::new(document, format!("ConstraintTemplate {name}"));
    let kind = object::string_at(value, &["spec", "crd", "spec", "names", "kind"]).unwrap_or_default().to_owned();
    check_names(value, &name, &kind, &mut report);
    let parameters = parameters(value);
    let schema = compile_schema(parameters.as_ref(), &mut report);
    let target = target(value, &mut report);
    let operations = target.as_ref().map(|(target, path)| operations(target, path, &mut report)).unwrap_or_default();
    let engine = target.and_then(|(target, path)| compile(target, &path, options, &mut report));
    let usable = !report.has_errors();
    Template {
        name,
        kind,
        object: Arc::new(value.clone()),
        location: document.location(),
        operations,
        parameters,
        schema: schema.map(Arc::new),
        engine: engine.filter(|_| usable),
        findings: report.into_findings(),
    }
}

fn path(keys: &[&str]) -> FieldPath {
    FieldPath::new(keys.iter().map(|key| Segment::Field((*key).to_owned())).collect())
}

fn check_names(value: &Value, name: &str, kind: &str, report: &mut Report<'_>) {
    let version = GroupVersionKind::of(value).version;
    if !VERSIONS.contains(&version.as_str()) {
        let cause = format!("version {version:?} is none of {}", VERSIONS.join(", "));
        report.error(&path(&["apiVersion"]), cause);
    }
    let names = ["spec", "crd", "spec", "names", "kind"];
    if kind.is_empty() {
        report.error(&path(&names), "the kind of its constraints is missing");
    } else if !name.eq_ignore_ascii_case(kind) {
        let finding =
            report.error(&path(&["metadata", "name"]), format!("the name {name:?} is not {kind} in small letters"));
        finding.hint = Some(format!("name it {}", kind.to_lowercase()));
    } else if let Some(problem) = plat_resource::names::is_dns1035_label(&kind.to_lowercase()).into_iter().next() {
        report.error(&path(&names), format!("{kind:?} is no name of a kind: {problem}"));
    }
    if name.is_empty() && !kind.is_empty() {
        report.error(&path(&["metadata"]), "metadata.name is missing");
    }
}

fn parameters(value: &Value) -> Option<Value> {
    let version = GroupVersionKind::of(value).version;
    schema::parameters(object::value_at(value, &["spec", "crd", "spec", "validation"]), &version)
}

fn compile_schema(parameters: Option<&Value>, report: &mut Report<'_>) -> Option<Schema> {
    match Schema::compile(&schema::constraint(parameters)) {
        Ok(schema) => Some(schema),
        Err(errors) => {
            let own = path(&["spec", "crd", "spec", "validation", "openAPIV3Schema"]);
            for error in errors {
                // The schema of the parameters stands at properties.spec.properties.parameters of the whole.
                let below = error.path.segments().get(4..).unwrap_or_default().to_vec();
                report.error(&own.concat(&FieldPath::new(below)), error.message);
            }
            None
        }
    }
}

fn target<'a>(value: &'a Value, report: &mut Report<'_>) -> Option<(&'a Value, FieldPath)> {
    let field = path(&["spec", "targets"]);
    let targets = object::value_at(value, &["spec", "targets"]).and_then(Value::as_array).map(Vec::as_slice);
    let [target] = targets.unwrap_or_default() else {
        let cause = format!("there must be exactly one target, there are {}", targets.unwrap_or_default().len());
        report.error(&field, cause);
        return None;
    };
    let place = field.join(Segment::Index(0));
    match object::string_at(target, &["target"]).unwrap_or_default() {
        TARGET => {}
        "" => {
            report.error(&place, "the name of the target is missing").hint = Some(format!("write target: {TARGET}"));
        }
        other => {
            report.error(&place.key("target"), format!("there is no target {other:?}")).hint =
                Some(format!("write target: {TARGET}"));
        }
    }
    Some((target, place))
}

fn operations(target: &Value, place: &FieldPath, report: &mut Report<'_>) -> Vec<String> {
    let list = target.get("operations").and_then(Value::as_array).into_iter().flatten();
    let operations: Vec<String> = list.filter_map(Value::as_str).map(str::to_owned).collect();
    let field = place.key("operations");
    for operation in operations.iter().filter(|operation| !OPERATIONS.contains(&operation.as_str())) {
        report.error(&field, format!("operation {operation:?} is none of {}", OPERATIONS.join(", ")));
    }
    if operations.len() > 1 && operations.iter().any(|operation| operation == "*") {
        report.error(&field, "with * there must be no other operation");
    }
    operations
}

fn compile(
    target: &Value,
    place: &FieldPath,
    options: &Options,
    report: &mut Report<'_>,
) -> Option<(EngineKind, Arc<dyn Engine>)> {
    let codes = Codes::read(target, place);
    if let Some(cel) = codes.cel.as_ref().filter(|_| options.cel) {
        let (source, path) = cel.parts();
        return Some((EngineKind::Cel, Arc::new(cel::compile(source, path, report)?)));
    }
    if let Some(rego) = &codes.rego {
        return Some((EngineKind::Rego, compile_rego::compile(rego, report)?));
    }
    let cause = match codes.unknown.first() {
        Some((field, engine)) => {
            report.error(field, format!("there is no engine {engine:?}"));
            return None;
        }
        None if codes.cel.is_some() && !options.cel => "it has code for K8sNativeValidation only, which is off",
        None => "it has no code for an engine",
    };
    report.error(place, cause);
    None
}
