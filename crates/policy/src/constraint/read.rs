//! A document to a [`Constraint`] of a template.

use std::sync::Arc;

use plat_rego::Document as RegoDocument;
use plat_resource::schema::Schema;
use plat_resource::{Diagnostic, Document, FieldPath, GroupVersionKind, Segment, Value, names, object};

use super::{Actions, Constraint};
use crate::ConstraintName;
use crate::matcher::{self, Match};
use crate::report::Report;
use crate::template::Template;

/// Why a document is no constraint.
#[derive(Debug)]
pub(crate) struct Fault {
    /// What is wrong.
    pub(crate) findings: Vec<Diagnostic>,
    /// Whether it is that the schema of the template does not allow it.
    pub(crate) of_schema: bool,
}

/// Reads a constraint. The template must be of its kind.
pub(crate) fn read(document: &Document, template: &Template) -> Result<Constraint, Fault> {
    let value = &document.value;
    let name = ConstraintName {
        kind: object::string_at(value, &["kind"]).unwrap_or_default().to_owned(),
        name: object::name(value).to_owned(),
    };
    let mut report = Report::new(document, format!("{} {}", name.kind, name.name));
    check_names(value, &name, template, &mut report);
    check_selectors(value, &mut report);
    if report.has_errors() {
        return Err(Fault { findings: report.into_findings(), of_schema: false });
    }
    let mut object = value.clone();
    if let Some(schema) = &template.schema {
        check_schema(schema, &mut object, &mut report)?;
    }
    // Defaults were filled in, so that there is a spec where the schema wants one.
    let spec = object.get("spec").unwrap_or(&Value::Null);
    let actions = match Actions::read(spec) {
        Ok(actions) => actions,
        Err(cause) => {
            report.error(&field(&["spec"]), cause);
            return Err(Fault { findings: report.into_findings(), of_schema: false });
        }
    };
    let matcher = spec.get("match").filter(|criteria| criteria.is_object()).map(Match::read);
    let mut constraint = Constraint {
        name,
        object: Arc::new(object),
        location: document.location(),
        matcher,
        actions,
        parameters: RegoDocument::default(),
    };
    constraint.parameters = RegoDocument::new(constraint.parameters());
    Ok(constraint)
}

fn field(keys: &[&str]) -> FieldPath {
    FieldPath::new(keys.iter().map(|key| Segment::Field((*key).to_owned())).collect())
}

fn check_names(value: &Value, name: &ConstraintName, template: &Template, report: &mut Report<'_>) {
    if name.name.is_empty() {
        report.error(&field(&["metadata"]), "metadata.name is missing");
    } else if let Some(problem) = names::is_dns1123_subdomain(&name.name).into_iter().next() {
        report.error(&field(&["metadata", "name"]), format!("{:?} is no name: {problem}", name.name));
    }
    if name.kind != template.kind {
        let finding =
            report.error(&field(&["kind"]), format!("the kind is {}, the template's is {}", name.kind, template.kind));
        finding.hint = Some(format!("write kind: {}", template.kind));
    }
    let version = GroupVersionKind::of(value).version;
    if !["v1alpha1", "v1beta1"].contains(&version.as_str()) {
        let finding = report.error(&field(&["apiVersion"]), format!("there is no version {version:?} of constraints"));
        finding.hint = Some(format!("write apiVersion: {}/v1beta1", super::GROUP));
    }
}

fn check_selectors(value: &Value, report: &mut Report<'_>) {
    for selector in ["labelSelector", "namespaceSelector"] {
        let path = ["spec", "match", selector];
        let Some(given) = object::value_at(value, &path) else { continue };
        for (below, problem) in matcher::selector_faults(given) {
            report.error(&field(&path).concat(&below), problem);
        }
    }
}

/// Validates, then fills in the defaults: a default does not stand in for what is required, as in Gatekeeper.
fn check_schema(schema: &Schema, object: &mut Value, report: &mut Report<'_>) -> Result<(), Fault> {
    let violations = schema.validate(object, None).violations;
    let of_schema = !violations.is_empty();
    for violation in violations {
        // The message starts with the field, which the finding names anyway.
        let lead = format!("{}: ", violation.field);
        let message = violation.message.strip_prefix(&lead).unwrap_or(&violation.message);
        report.error(&violation.field, message);
    }
    if !of_schema {
        for unknown in schema.prune(&mut object.clone()) {
            report.error_at_key(&unknown, "the template's schema has no such field");
        }
    }
    if report.has_errors() {
        let findings = std::mem::take(report.findings_mut());
        return Err(Fault { findings, of_schema });
    }
    schema.apply_defaults(object);
    Ok(())
}
