//! Objects and what guardrails say of them, written down: text, JSON, YAML, JUnit, and annotations of GitHub Actions.
//!
//! Owns the forms of `policy check`. What is said is decided elsewhere.

use std::fmt::Write as _;

use plat_plan::guardrails::{Finding, Tally};
use plat_plan::render::{FindingStyle, text_of_findings};
use plat_policy::EnforcementAction;
use plat_resource::{Document, FieldPath, Location, ObjectKey, Value, object};
use serde_json::json;

use crate::requests;
use crate::written::{self, Case};

/// Columns to keep within.
const WIDTH: usize = 80;

/// One object that was given, and what guardrails say of it and of all that comes of it.
pub(crate) struct Judged {
    /// The object.
    pub(crate) object: ObjectKey,
    /// Where it stands.
    pub(crate) location: Location,
    /// What is said, each with the place in the file that decides it.
    pub(crate) findings: Vec<(Finding, Location)>,
}

impl Judged {
    /// What `findings` say of `document`.
    pub(crate) fn new(document: &Document, findings: Vec<Finding>) -> Self {
        let place = |finding: &Finding| {
            let path = finding.given_fields.iter().find_map(|field| FieldPath::parse(field).ok());
            path.map_or_else(|| document.location(), |path| document.locate(&requests::path_in(document, &path)))
        };
        let findings = findings.into_iter().map(|finding| (place(&finding), finding));
        Self {
            object: key_of(&document.value),
            location: document.location(),
            findings: findings.map(|(place, finding)| (finding, place)).collect(),
        }
    }

    fn name(&self) -> String {
        let ObjectKey { kind, namespace, name } = &self.object;
        let namespace = if namespace.is_empty() { String::new() } else { format!("{namespace}/") };
        format!("{} {namespace}{name}", kind.kind)
    }
}

/// Of an AdmissionReview the key of what is requested.
fn key_of(value: &Value) -> ObjectKey {
    if !requests::is_admission_review(value) {
        return ObjectKey::of(value);
    }
    let within = |field: &str| object::value_at(value, &["request", field]).filter(|value| value.is_object());
    within("object").or_else(|| within("oldObject")).map(ObjectKey::of).unwrap_or_default()
}

/// The totals.
pub(crate) fn tally(all: &[Judged]) -> Tally {
    Tally::of(all.iter().flat_map(|judged| &judged.findings).map(|(finding, _)| finding))
}

/// For people. Objects of which nothing is said have no line.
pub(crate) fn text(all: &[Judged], color: bool) -> String {
    let mut out = String::new();
    for judged in all.iter().filter(|judged| !judged.findings.is_empty()) {
        let heading = format!("{}  ({})", judged.name(), judged.location);
        let _ = writeln!(out, "{}", if color { format!("\u{1b}[1m{heading}\u{1b}[0m") } else { heading });
        let findings: Vec<&Finding> = judged.findings.iter().map(|(finding, _)| finding).collect();
        let place = |finding: &Finding| {
            let (_, place) = judged.findings.iter().find(|(known, _)| std::ptr::eq(known, finding))?;
            (*place != judged.location).then(|| place.to_string())
        };
        out.push_str(&text_of_findings(&findings, &FindingStyle { color, width: WIDTH, place: &place }));
        out.push('\n');
    }
    let Tally { denied, warned, noted } = tally(all);
    let count = written::count(all.len(), "object");
    let noted = if noted > 0 { format!(", {noted} noted") } else { String::new() };
    let _ = writeln!(out, "Check: {count}, {denied} denied, {warned} warned{noted}.");
    out
}

/// For programs; the form is in `docs/policy-json.md`.
pub(crate) fn document(all: &[Judged]) -> Value {
    let totals = tally(all);
    json!({
        "apiVersion": written::API_VERSION,
        "kind": "PolicyCheck",
        "summary": {
            "objects": all.len(), "denied": totals.denied, "warned": totals.warned, "noted": totals.noted,
        },
        "objects": all.iter().map(object_document).collect::<Vec<_>>(),
    })
}

fn object_document(judged: &Judged) -> Value {
    let verdict = |(finding, place): &(Finding, Location)| {
        let mut value = serde_json::to_value(finding).unwrap_or_default();
        object::object_at_mut(&mut value, &[]).insert("location".to_owned(), written::location(place));
        value
    };
    json!({
        "object": judged.object,
        "location": written::location(&judged.location),
        "verdicts": judged.findings.iter().map(verdict).collect::<Vec<_>>(),
    })
}

/// A test case for each object: a denial is a failure, everything else is output.
pub(crate) fn junit(all: &[Judged]) -> String {
    let cases = all.iter().map(|judged| {
        let lines = |wanted: bool| -> Vec<String> {
            let of_kind = judged.findings.iter().filter(|(finding, _)| finding.is_denial() == wanted);
            of_kind.map(|(finding, place)| line(finding, place)).collect()
        };
        let (failures, output) = (lines(true), lines(false));
        Case {
            group: judged.location.file.to_string(),
            name: judged.name(),
            failure: (!failures.is_empty()).then(|| failures.join("\n")),
            output: output.join("\n"),
            ..Case::default()
        }
    });
    written::junit("policy check", &cases.collect::<Vec<_>>())
}

/// Annotations of GitHub Actions: one line each, which its runner puts at the place in the diff.
pub(crate) fn github(all: &[Judged]) -> String {
    let mut out = String::new();
    for (finding, place) in all.iter().flat_map(|judged| &judged.findings) {
        let level = match finding.action {
            EnforcementAction::Deny => "error",
            EnforcementAction::Warn => "warning",
            EnforcementAction::Dryrun | EnforcementAction::Other(_) => "notice",
        };
        let hint = finding.hint.as_ref().map_or_else(String::new, |hint| format!("\nhint: {hint}"));
        let text = format!("{}: {}{hint}", finding.object_in_words(), finding.message);
        out.push_str(&written::annotation(level, place, &finding.constraint.name, &text));
    }
    out
}

fn line(finding: &Finding, place: &Location) -> String {
    let hint = finding.hint.as_ref().map_or_else(String::new, |hint| format!(" (hint: {hint})"));
    let action = finding.action.name();
    let (constraint, object) = (&finding.constraint.name, finding.object_in_words());
    format!("{place}: {action} [{constraint}] {object}: {}{hint}", finding.message)
}
