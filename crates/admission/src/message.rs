//! What users read: one line for each thing that is wrong.
//!
//! Owns the frame of the lines. The same facts have the same words in a plan.

use plat_plan::guardrails::{Finding, Subject};
use plat_resource::{Diagnostic, ObjectKey};

/// `[constraint] message`, as Gatekeeper says it, for the object that was sent; for what is made of it,
/// `[constraint] resource (kind): message; what to do`.
pub(crate) fn of_finding(finding: &Finding) -> String {
    let constraint = &finding.constraint.name;
    if finding.subject == Subject::Object {
        let implied: String = finding.implied_by.iter().map(|template| format!("[Implied by {template}] ")).collect();
        return format!("[{constraint}] {implied}{}", finding.message);
    }
    let kind = kind_in_words(&finding.object);
    let hint = finding.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
    format!("[{constraint}] {} ({kind}): {}{hint}", finding.object_in_words(), finding.message)
}

fn kind_in_words(key: &ObjectKey) -> String {
    let (group, kind) = (&key.kind.group, &key.kind.kind);
    if group.is_empty() { kind.clone() } else { format!("{group}/{kind}") }
}

/// A finding in one line: what, at which field, why; what to do.
pub(crate) fn of_diagnostic(diagnostic: &Diagnostic) -> String {
    let mut line = diagnostic.message.clone();
    let place = diagnostic.location.as_ref().filter(|location| location.position.is_some());
    let position = place.and_then(|location| location.position);
    match (&diagnostic.field, position) {
        (Some(field), Some(position)) => line.push_str(&format!(": {field} ({}:{})", position.line, position.column)),
        (Some(field), None) => line.push_str(&format!(": {field}")),
        (None, Some(position)) => line.push_str(&format!(": {}:{}", position.line, position.column)),
        (None, None) => {}
    }
    for cause in &diagnostic.causes {
        line.push_str(&format!(": {cause}"));
    }
    if let Some(hint) = &diagnostic.hint {
        line.push_str(&format!("; {hint}"));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diagnostic_becomes_one_line() {
        let diagnostic = Diagnostic::error("composition sql-aws is not usable")
            .field("spec.pipeline[0].input")
            .because("unknown transform type \"strng\"")
            .hint("did you mean \"string\"?");
        insta::assert_snapshot!(of_diagnostic(&diagnostic), @r#"composition sql-aws is not usable: spec.pipeline[0].input: unknown transform type "strng"; did you mean "string"?"#);
    }
}
