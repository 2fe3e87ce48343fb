//! The guardrails that plat ships, `policies/`, through this crate: every suite, and every sample of a mutator.
//!
//! The suites pass the real `gator verify`; what a mutator makes of a sample is what the real `gator expand` printed.
#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use std::fs;
use std::path::{Path, PathBuf};

use plat_policy::mutation::{MutationContext, MutationSystem, Operation};
use plat_policy::suite::{Filter, Outcome, Runner, SuiteResult, read};
use plat_policy::{Options, Source};
use plat_resource::{Value, yaml};

fn library() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies")
}

/// Every file of this name in the library.
fn find(name: &str) -> Vec<PathBuf> {
    let (mut folders, mut found) = (vec![library()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.ends_with(name) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// What failed in a suite, one line each.
fn failures(result: &SuiteResult) -> Vec<String> {
    let mut lines = Vec::new();
    for test in &result.tests {
        let name = format!("{} {}", result.path, test.name);
        lines.extend(test.error.as_ref().map(|error| format!("{name}: {error}")));
        for case in test.cases.iter().filter(|case| case.outcome == Outcome::Failed) {
            let error = case.error.as_deref().unwrap_or("failed");
            lines.push(format!("{name} {}: {error} {:?}", case.name, case.messages));
        }
    }
    lines
}

fn suites_pass(cel: bool) {
    let options = Options { cel, ..Options::default() };
    let files = |path: &str| fs::read(path).map_err(|error| error.to_string());
    let runner = Runner { options: &options, files: &files, coverage: false };
    let (mut cases, mut failed) = (0, Vec::new());
    for path in find("suite.yaml") {
        let name = path.display().to_string();
        let suite = read(&name, &fs::read(&path).expect("a file")).expect("it is read").expect("it is a suite");
        let result = runner.run(&suite, &Filter::new("").expect("a filter"));
        cases += result.tests.iter().map(|test| test.cases.len()).sum::<usize>();
        failed.extend(failures(&result));
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert!(cases > 250, "the suites are not found: {cases}");
}

#[test]
fn suites_pass_with_cel_first() {
    suites_pass(true);
}

#[test]
fn suites_pass_with_rego_alone() {
    suites_pass(false);
}

fn object(path: &Path) -> Value {
    let (documents, findings) = yaml::parse(&path.display().to_string(), &fs::read(path).expect("a file"));
    assert!(findings.is_empty() && documents.len() == 1, "{}: {findings:?}", path.display());
    documents.into_iter().next().map(|document| document.value).expect("an object")
}

#[test]
fn mutators_make_of_samples_what_gator_makes() {
    let (mut samples, mut changed) = (0, 0);
    for path in find("mutator.yaml") {
        let (documents, _) = yaml::parse(&path.display().to_string(), &fs::read(&path).expect("a file"));
        let (system, findings) = MutationSystem::load(&documents);
        assert!(findings.is_empty(), "{}: {findings:?}", path.display());
        let folder = path.parent().expect("a folder").join("samples");
        for entry in fs::read_dir(folder).expect("samples") {
            let before = entry.expect("an entry").path();
            let Some(stem) = before.to_str().and_then(|path| path.strip_suffix("-before.yaml")) else { continue };
            let wanted = object(Path::new(&format!("{stem}-after.yaml")));
            let given = object(&before);
            let name = plat_resource::object::namespace(&given).to_owned();
            let namespace = serde_json::json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
            let context = MutationContext {
                namespace: Some(&namespace).filter(|_| !name.is_empty()),
                operation: Some(Operation::Create),
                source: Source::Original,
                ..MutationContext::default()
            };
            let mutated = system.mutate(given, &context).unwrap_or_else(|error| panic!("{stem}: {error}"));
            assert_eq!(mutated.object, wanted, "{stem}");
            samples += 1;
            changed += usize::from(mutated.changed);
        }
    }
    assert!(samples >= 20 && changed >= 10, "the samples are not found: {samples}, {changed}");
}
