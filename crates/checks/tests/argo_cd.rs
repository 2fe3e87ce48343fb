//! plat's answers beside Argo CD's own test cases, where Go has its module: `go mod download github.com/argoproj/argo-cd/v3@v3.3.0`.
//!
//! Every case is run twice: by Argo CD's script in plat's sandbox, where nothing may differ, and by plat's own rules, where each
//! difference is listed with its reason. Nothing of Argo CD is copied.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "helpers of tests, which clippy does not see as tests"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use plat_checks::{Checks, Customizations};
use plat_health::{Health, Rules, Status, crossplane, known};
use plat_resource::{Document, Value, object, yaml};

/// Where Go keeps the scripts.
fn folder() -> Option<PathBuf> {
    let cache = std::env::var_os("GOMODCACHE").map(PathBuf::from);
    let cache = cache.or_else(|| Some(Path::new(&std::env::var_os("HOME")?).join("go/pkg/mod")))?;
    let folder = cache.join("github.com/argoproj/argo-cd/v3@v3.3.0/resource_customizations");
    if !folder.is_dir() {
        eprintln!("{} is not there: not compared", folder.display());
    }
    folder.is_dir().then_some(folder)
}

fn documents(path: &Path) -> Vec<Document> {
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let (documents, findings) = yaml::parse_with(&path.display().to_string(), &bytes, yaml::DuplicateKeys::TakeLast);
    assert!(findings.is_empty() || !documents.is_empty(), "{findings:?}");
    documents
}

/// One case: `GROUP/KIND/file`, the object, what Argo CD says.
struct Case {
    name: String,
    object: Value,
    expected: Option<Health>,
}

/// All scripts, and all of their cases.
fn load(folder: &Path) -> (Customizations, Vec<Case>) {
    let (mut scripts, mut cases) = (Customizations::default(), Vec::new());
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        open.extend(fs::read_dir(&next).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()));
        if let Ok(script) = fs::read_to_string(next.join("health.lua")) {
            let name = next.strip_prefix(folder).unwrap().display().to_string();
            scripts.ship(&name, &script);
            cases.extend(read_cases(&next, &name));
        }
    }
    cases.sort_by(|one, other| one.name.cmp(&other.name));
    (scripts, cases)
}

fn read_cases(folder: &Path, name: &str) -> Vec<Case> {
    let tests = documents(&folder.join("health_test.yaml")).remove(0).value;
    let tests = object::value_at(&tests, &["tests"]).and_then(Value::as_array).cloned().unwrap_or_default();
    let case = |test: &Value| {
        let input = test.as_object().unwrap().iter().find(|(key, _)| key.eq_ignore_ascii_case("inputPath"));
        let input = input.and_then(|(_, input)| input.as_str()).unwrap_or_else(|| panic!("{name}: {test}"));
        let text = |field| object::string_at(test, &["healthStatus", field]).unwrap_or_default();
        Case {
            name: format!("{name}/{input}"),
            object: documents(&folder.join(input)).remove(0).value,
            expected: text("status").parse().ok().map(|status: Status| Health::new(status, text("message"))),
        }
    };
    tests.iter().map(case).collect()
}

fn shown(health: Option<&Health>) -> String {
    health.map_or_else(|| "nothing".to_owned(), |it| format!("{}: {}", it.status, it.message))
}

#[test]
fn argo_cds_scripts_say_in_the_sandbox_what_they_say_in_argo_cd() {
    let Some(folder) = folder() else { return };
    let (customizations, cases) = load(&folder);
    let rules = Rules::of_argo_cd().with(Checks::from(customizations));
    assert!(cases.len() > 1000, "{} cases", cases.len());
    let mut differences = Vec::new();
    for case in &cases {
        // Argo CD's test asks the script itself, which a deletion does not come before.
        let mut object = case.object.clone();
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.insert("finalizers".into(), vec![Value::from("argocd.argoproj.io/hook-finalizer")].into());
        }
        let found = rules.health(&object, 0);
        if found != case.expected {
            let (found, expected) = (shown(found.as_ref()), shown(case.expected.as_ref()));
            differences.push(format!("{}\n  plat:    {found}\n  Argo CD: {expected}", case.name));
        }
    }
    println!("{} cases, {} differences", cases.len(), differences.len());
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// A kind of Crossplane before it had compositions: its script reads fields that nothing writes any more.
const LEFT_OUT: &str = "stacks.crossplane.io/ClusterStackInstall";

#[test]
fn the_native_rules_for_crossplane_say_what_its_scripts_say() {
    let Some(folder) = folder() else { return };
    let (_, cases) = load(&folder);
    let mut compared = 0;
    let mut differences = Vec::new();
    for case in cases.iter().filter(|case| !case.name.starts_with(LEFT_OUT)) {
        let Some(found) = crossplane::argo_cd(&case.object) else { continue };
        compared += 1;
        if Some(&found) != case.expected.as_ref() {
            let (found, expected) = (shown(Some(&found)), shown(case.expected.as_ref()));
            differences.push(format!("{}\n  plat:    {found}\n  Argo CD: {expected}", case.name));
        }
    }
    println!("{compared} cases, {} differences", differences.len());
    assert!(compared > 30, "{compared} cases");
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// Cases where plat's own rules mean something else, and why.
const MEANT: &[(&str, &str)] = &[
    ("batch/CronJob/testdata/suspended.yaml", "Argo CD says Healthy until its own issue 24428 is solved"),
    (
        "apiextensions.k8s.io/CustomResourceDefinition/testdata/crd-v1-not-established-degraded.yaml",
        "a definition is not established at first",
    ),
];

#[test]
fn what_plat_knows_of_other_kinds_differs_from_the_scripts_only_where_it_is_meant_to() {
    let Some(folder) = folder() else { return };
    let (_, cases) = load(&folder);
    let rules = Rules::default();
    let (mut same, mut differences) = (0, Vec::new());
    for case in cases.iter().filter(|case| known::health(&case.object).is_some()) {
        let found = rules.health(&case.object, 0).map(|it| it.status);
        let expected = case.expected.as_ref().map(|it| it.status);
        if found == expected {
            same += 1;
        } else if !MEANT.iter().any(|(name, _)| *name == case.name) {
            differences.push(format!("{}: {found:?}, Argo CD: {expected:?}", case.name));
        }
    }
    println!("{same} the same");
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// How far conditions alone go for kinds that Argo CD has scripts for: a record, not a goal. Most kinds say in fields of their own how
/// they are; there nothing is said.
#[test]
fn conditions_in_general_beside_the_scripts() {
    let Some(folder) = folder() else { return };
    let (_, cases) = load(&folder);
    let mut table = BTreeMap::<String, usize>::new();
    let rules = Rules::default();
    for case in &cases {
        let found = rules.health(&case.object, 0).map_or("nothing", |it| it.status.as_str());
        let expected = case.expected.as_ref().map_or("nothing", |it| it.status.as_str());
        *table.entry(format!("Argo CD {expected}, plat {found}")).or_default() += 1;
    }
    let table: Vec<String> = table.iter().map(|(pair, count)| format!("{count:4} {pair}")).collect();
    insta::assert_snapshot!(table.join("\n"), @"
     30 Argo CD Degraded, plat Degraded
      8 Argo CD Degraded, plat Healthy
     78 Argo CD Degraded, plat Progressing
    192 Argo CD Degraded, plat nothing
    118 Argo CD Healthy, plat Healthy
     14 Argo CD Healthy, plat Progressing
      1 Argo CD Healthy, plat Suspended
    159 Argo CD Healthy, plat nothing
      6 Argo CD Missing, plat nothing
     11 Argo CD Progressing, plat Healthy
     86 Argo CD Progressing, plat Progressing
    218 Argo CD Progressing, plat nothing
      8 Argo CD Suspended, plat Healthy
      5 Argo CD Suspended, plat Progressing
      3 Argo CD Suspended, plat Suspended
     39 Argo CD Suspended, plat nothing
     25 Argo CD Unknown, plat nothing
    ");
}
