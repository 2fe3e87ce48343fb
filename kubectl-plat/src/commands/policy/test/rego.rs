//! Tests written in Rego: the files of one folder are one program.

use std::collections::BTreeMap;

use plat_policy::suite::Outcome;
use plat_rego::{CompileError, Coverage, Document, Limits, Module, Program, Reached, Test, TestResult, Version};
use plat_resource::{Diagnostic, Location, Position, go_regex};

use super::outcome::{Case, Group, Lines};
use crate::error::CommandError;
use crate::parallel;
use crate::policies::now;

/// The names of tests begin with it.
const TEST: &str = "test_";

type Folder<'a> = (&'a String, &'a Vec<(String, String)>);

/// Runs the tests of every folder; folders without tests have no group.
pub(super) fn run(
    folders: &BTreeMap<String, Vec<(String, String)>>,
    filter: &str,
    with_coverage: bool,
    findings: &mut Vec<Diagnostic>,
) -> Result<Vec<Group>, CommandError> {
    // TEST//CASE is about suites: a rule has one name.
    let filter = filter.split("//").next().unwrap_or_default();
    let filter = go_regex::compile(filter).map_err(CommandError::usage)?;
    let folders: Vec<Folder<'_>> = folders.iter().collect();
    let worker = || {
        let filter = &filter;
        move |folder: &Folder<'_>| group(*folder, &|name| filter.is_match(name), with_coverage)
    };
    let mut groups = Vec::new();
    parallel::in_order(&folders, worker, |answer| match answer {
        Ok(group) => groups.extend(group),
        Err(found) => findings.extend(found),
    });
    Ok(groups)
}

fn group(
    (folder, files): Folder<'_>,
    is_wanted: &dyn Fn(&str) -> bool,
    with_coverage: bool,
) -> Result<Option<Group>, Vec<Diagnostic>> {
    // A folder without tests is nobody's test, and what is wrong with it is for others to say.
    if !files.iter().any(|(_, source)| source.contains(TEST)) {
        return Ok(None);
    }
    let modules: Vec<Module<'_>> = files.iter().map(|(name, source)| Module { name, source }).collect();
    let program = compile(&modules)?;
    let tests = program.tests();
    if tests.is_empty() {
        return Ok(None);
    }
    let mut reached = Reached::default();
    let limits = Limits { now: Some(now()), ..Limits::default() };
    let mut cases = Vec::new();
    for test in &tests {
        let is_run = !test.todo && is_wanted(&test.name);
        let result = is_run.then(|| {
            let reached = with_coverage.then_some(&mut reached);
            program.run_test(test, &Document::default(), limits, reached)
        });
        cases.push(case(test, result.as_ref(), &modules));
    }
    let lines = if with_coverage { program.coverage(&reached) } else { BTreeMap::new() };
    let coverage = lines.into_iter().filter_map(|(module, lines)| of_file(modules.get(module)?.name, lines));
    let path = if folder.is_empty() { ".".to_owned() } else { folder.clone() };
    Ok(Some(Group { path, cases, coverage: coverage.collect() }))
}

/// Rego v0, as Gatekeeper has it unless told otherwise; else v1.
fn compile(modules: &[Module<'_>]) -> Result<Program, Vec<Diagnostic>> {
    Program::compile(modules, Version::V0).or_else(|errors| {
        Program::compile(modules, Version::V1).map_err(|_| errors.into_iter().map(diagnostic).collect())
    })
}

fn diagnostic(error: CompileError) -> Diagnostic {
    let position = (error.line > 0).then_some(Position { line: error.line, column: error.column.max(1) });
    let location = Location { file: error.module.as_str().into(), position };
    Diagnostic::error(format!("{} cannot be compiled", error.module))
        .at(location)
        .because(error.message.trim())
        .maybe_hint(error.hint)
}

fn case(test: &Test, result: Option<&TestResult>, modules: &[Module<'_>]) -> Case {
    let place = modules.get(test.module).map_or("", |module| module.name);
    let why = match result {
        None | Some(TestResult::Pass) => None,
        Some(TestResult::Fail) => Some("it is false".to_owned()),
        Some(TestResult::Undefined) => Some("it has no value: an expression in it is false or undefined".to_owned()),
        Some(TestResult::Error(error)) => Some(error.to_string()),
    };
    Case {
        name: test.name.clone(),
        outcome: match (result, &why) {
            (None, _) => Outcome::Skipped,
            (_, None) => Outcome::Passed,
            _ => Outcome::Failed,
        },
        error: why.map(|why| format!("{place}:{}: {why}", test.line)),
        messages: Vec::new(),
    }
}

/// Tests are not what is to be covered.
fn of_file(file: &str, lines: Coverage) -> Option<Lines> {
    let is_test = file.ends_with("_test.rego");
    (!is_test).then(|| Lines {
        file: file.to_owned(),
        covered: lines.covered.len(),
        not_covered: lines.not_covered.into_iter().collect(),
    })
}
