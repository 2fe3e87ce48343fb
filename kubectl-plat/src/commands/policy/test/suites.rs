//! Suites: read, run on all cores, brought into the form of outcomes.

use plat_policy::Options;
use plat_policy::suite::{self, Filter, Outcome, Runner, Suite, SuiteResult, TemplateCoverage, TestResult};
use plat_resource::Diagnostic;

use super::outcome::{Case, Group, Lines};
use crate::{load, parallel};

/// Runs every suite among `files`.
pub(super) fn run(
    files: &[(String, Vec<u8>)],
    options: &Options,
    filter: &Filter,
    coverage: bool,
    findings: &mut Vec<Diagnostic>,
) -> Vec<Group> {
    let mut suites: Vec<Suite> = Vec::new();
    for (path, bytes) in files {
        match suite::read(path, bytes) {
            Ok(suite) => suites.extend(suite),
            Err(found) => findings.extend(found),
        }
    }
    let worker = || {
        move |suite: &Suite| {
            let files = |path: &str| load::named_by_suite(path);
            Runner { options, files: &files, coverage }.run(suite, filter)
        }
    };
    let mut groups = Vec::with_capacity(suites.len());
    parallel::in_order(&suites, worker, |result| groups.push(group(result)));
    groups
}

fn group(result: SuiteResult) -> Group {
    let mut cases: Vec<Case> = result.tests.into_iter().flat_map(cases).collect();
    if cases.is_empty() {
        let error = (result.outcome == Outcome::Failed).then(|| "it has no test".to_owned());
        cases.push(Case { name: String::new(), outcome: result.outcome, error, messages: Vec::new() });
    }
    let lines = |lines: TemplateCoverage| Lines {
        file: lines.file,
        covered: lines.covered.len(),
        not_covered: lines.not_covered.into_iter().collect(),
    };
    Group { path: result.path, cases, coverage: result.coverage.into_iter().map(lines).collect() }
}

fn cases(test: TestResult) -> Vec<Case> {
    // A test that could not be run has no outcome of its cases.
    let own = test.cases.is_empty() || test.error.is_some();
    let error = test.error.map(|error| {
        let findings = test.findings.iter().map(|finding| format!("\n{finding}"));
        error + &findings.collect::<String>()
    });
    let whole = own.then(|| Case { name: test.name.clone(), outcome: test.outcome, error, messages: Vec::new() });
    let of_test = test.cases.into_iter().map(|case| Case {
        name: format!("{}/{}", test.name, case.name),
        outcome: case.outcome,
        error: case.error,
        messages: case.messages,
    });
    whole.into_iter().chain(of_test).collect()
}
