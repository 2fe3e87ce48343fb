//! Findings in one line, for conditions and events.

use plat_resource::Diagnostic;

/// How many findings are told; the rest is counted.
const TOLD: usize = 3;

/// The field, the deepest cause and what to do.
pub(crate) fn finding(finding: &Diagnostic) -> String {
    let cause = finding.causes.last().unwrap_or(&finding.message);
    let mut text = match &finding.field {
        Some(field) => format!("{field}: {cause}"),
        None => cause.clone(),
    };
    if let Some(hint) = &finding.hint {
        text.push_str(&format!(" ({hint})"));
    }
    text
}

/// The errors among `findings`; none where there is no error.
pub(crate) fn errors(findings: &[Diagnostic]) -> Option<String> {
    let errors: Vec<String> = findings.iter().filter(|found| found.is_error()).map(finding).collect();
    let told = errors.get(..TOLD.min(errors.len())).unwrap_or_default().join("; ");
    match errors.len() {
        0 => None,
        count if count > TOLD => Some(format!("{told}; and {} more", count - TOLD)),
        _ => Some(told),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_told_by_field_and_deepest_cause() {
        let error = |number: usize| {
            let field = format!("spec.versions[{number}]");
            Diagnostic::error("XRD x is not valid").field(field).because("outer").because("no name").hint("add one")
        };
        assert_eq!(finding(&error(0)), "spec.versions[0]: no name (add one)");
        assert_eq!(finding(&Diagnostic::error("plain")), "plain");
        assert_eq!(errors(&[Diagnostic::warning("w")]), None);
        let all: Vec<Diagnostic> = (0..5).map(error).collect();
        let told = errors(&all).unwrap();
        assert!(told.starts_with("spec.versions[0]: no name (add one); ") && told.ends_with("; and 2 more"), "{told}");
    }
}
