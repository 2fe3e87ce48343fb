//! What became of tests, written down.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use plat_policy::suite::Outcome;
use serde::Serialize;
use serde_json::json;

use crate::written;

const RED: &str = "\u{1b}[31m";
const RESET: &str = "\u{1b}[0m";

/// The cases of one file or folder.
#[derive(Debug, Serialize)]
pub(super) struct Group {
    /// A suite, or a folder with Rego.
    pub(super) path: String,
    /// Its cases.
    pub(super) cases: Vec<Case>,
    /// Lines of Rego, in files and in templates, where that was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) coverage: Vec<Lines>,
}

/// One case.
#[derive(Debug, Serialize)]
pub(super) struct Case {
    /// Its name; empty for a suite without tests.
    pub(super) name: String,
    /// How it ended.
    pub(super) outcome: Outcome,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<String>,
    /// What the policy said.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) messages: Vec<String>,
}

/// The lines of a file of Rego, or of a template with Rego.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Lines {
    /// The file.
    pub(super) file: String,
    /// How many lines with something to evaluate were reached.
    pub(super) covered: usize,
    /// Lines that were not.
    pub(super) not_covered: Vec<usize>,
}

impl Group {
    /// Whether nothing of it was run.
    pub(super) fn is_skipped(&self) -> bool {
        self.count(Outcome::Skipped) == self.cases.len()
    }

    /// Whether anything went wrong.
    pub(super) fn has_failures(&self) -> bool {
        self.count(Outcome::Failed) > 0
    }

    fn count(&self, outcome: Outcome) -> usize {
        self.cases.iter().filter(|case| case.outcome == outcome).count()
    }
}

fn total(groups: &[Group], outcome: Outcome) -> usize {
    groups.iter().map(|group| group.count(outcome)).sum()
}

/// For people: a line for each group, and lines for what failed.
pub(super) fn text(groups: &[Group], color: bool) -> String {
    let mut out = String::new();
    for group in groups {
        let word = match () {
            () if group.has_failures() => "FAIL",
            () if group.is_skipped() => "skip",
            () => "ok",
        };
        let paint = color && group.has_failures();
        let word = if paint { format!("{RED}{word}{RESET}") } else { format!("{word:4}") };
        let _ = writeln!(out, "{word}  {}  {}", group.path, written::count(group.cases.len(), "case"));
        for case in group.cases.iter().filter(|case| case.outcome == Outcome::Failed) {
            let error = case.error.as_deref().unwrap_or("it failed");
            let _ = writeln!(out, "      {}", case.name);
            for line in error.lines() {
                let _ = writeln!(out, "        {line}");
            }
        }
    }
    out.push_str(&coverage(groups));
    let (passed, failed) = (total(groups, Outcome::Passed), total(groups, Outcome::Failed));
    let _ = writeln!(out, "\nTests: {passed} passed, {failed} failed, {} skipped.", total(groups, Outcome::Skipped));
    out
}

fn coverage(groups: &[Group]) -> String {
    let mut out = String::new();
    for lines in together(groups) {
        if out.is_empty() {
            out.push_str("\nCoverage\n");
        }
        let all = lines.covered + lines.not_covered.len();
        let percent = (lines.covered * 100).checked_div(all).unwrap_or(100);
        let missed = ranges(&lines.not_covered);
        let missed = if missed.is_empty() { String::new() } else { format!("   not reached: {missed}") };
        let _ = writeln!(out, "  {percent:3} %  {}{missed}", lines.file);
    }
    out
}

/// Each file once: what one of several suites reaches is reached.
fn together(groups: &[Group]) -> Vec<Lines> {
    let mut files: Vec<Lines> = Vec::new();
    let mut places = BTreeMap::new();
    for lines in groups.iter().flat_map(|group| &group.coverage) {
        let place = *places.entry(lines.file.as_str()).or_insert(files.len());
        let Some(known) = files.get_mut(place) else {
            files.push(lines.clone());
            continue;
        };
        let before = known.not_covered.len();
        known.not_covered.retain(|line| lines.not_covered.contains(line));
        known.covered += before - known.not_covered.len();
    }
    files
}

/// `3, 5-7`.
fn ranges(lines: &[usize]) -> String {
    let runs = lines.chunk_by(|one, next| one + 1 == *next);
    let text = runs.filter_map(|run| match run {
        [] => None,
        [only] => Some(only.to_string()),
        [first, .., last] => Some(format!("{first}-{last}")),
    });
    text.collect::<Vec<_>>().join(", ")
}

/// For programs; the form is in `docs/policy-json.md`.
pub(super) fn json(groups: &[Group]) -> Result<String, serde_json::Error> {
    let document = json!({
        "apiVersion": written::API_VERSION,
        "kind": "PolicyTest",
        "summary": {
            "passed": total(groups, Outcome::Passed),
            "failed": total(groups, Outcome::Failed),
            "skipped": total(groups, Outcome::Skipped),
        },
        "groups": groups,
    });
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

/// A test case for each case.
pub(super) fn junit(groups: &[Group]) -> String {
    let cases = groups.iter().flat_map(|group| {
        group.cases.iter().map(|case| written::Case {
            group: group.path.clone(),
            name: case.name.clone(),
            failure: (case.outcome == Outcome::Failed)
                .then(|| case.error.clone().unwrap_or_else(|| "it failed".to_owned())),
            skipped: case.outcome == Outcome::Skipped,
            output: case.messages.join("\n"),
        })
    });
    written::junit("policy test", &cases.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_in_a_row_are_one_range() {
        assert_eq!(ranges(&[]), "");
        assert_eq!(ranges(&[3, 5, 6, 7, 9]), "3, 5-7, 9");
    }
}
