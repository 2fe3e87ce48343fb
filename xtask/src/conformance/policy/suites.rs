//! Suites with assertions that cannot hold, and what plat says of them.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use plat_policy::Options;
use plat_policy::suite::{self, Filter, Outcome, Runner};
use serde_json::{Value, json};

use super::Answers;

/// More violations than any object has.
pub(super) const UNREACHED: i64 = 99_999;

/// What plat and gator print before the messages of a case.
const MESSAGES: &str = "got messages ";

/// A copy of `folder` with such suites.
pub(super) fn prepare(folder: &Path) -> anyhow::Result<PathBuf> {
    let copy = Path::new("target/conformance/policy/suites").to_owned();
    let _ = std::fs::remove_dir_all(&copy);
    copy_folder(folder, &copy)?;
    for path in yaml_files(&copy)? {
        let bytes = std::fs::read(&path)?;
        let (documents, _) = plat_resource::yaml::parse("suite", &bytes);
        let Some(document) = documents.into_iter().next() else { continue };
        let mut value = document.value;
        if value["kind"] != "Suite" {
            continue;
        }
        for test in value["tests"].as_array_mut().into_iter().flatten() {
            for case in test["cases"].as_array_mut().into_iter().flatten() {
                case["assertions"] = json!([{"violations": UNREACHED}]);
            }
        }
        std::fs::write(&path, serde_json::to_string_pretty(&value)?)?;
    }
    Ok(copy)
}

fn copy_folder(from: &Path, to: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

fn yaml_files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(yaml_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// What plat says of all suites in a folder.
pub(super) fn answers(folder: &Path) -> anyhow::Result<Answers> {
    let mut answers = Answers::new();
    let options = Options::default();
    let files = |path: &str| std::fs::read(path).map_err(|error| error.to_string());
    let runner = Runner { options: &options, files: &files, coverage: false };
    for path in yaml_files(folder)? {
        let name = path.strip_prefix(folder).unwrap_or(&path).display().to_string();
        let Ok(Some(suite)) = suite::read(&path.display().to_string(), &std::fs::read(&path)?) else { continue };
        for test in runner.run(&suite, &Filter::All).tests {
            if let Some(error) = &test.error {
                println!("plat cannot run {name} {}: {error}", test.name);
                answers.insert(format!("{name} {}", test.name), "cannot be run".to_owned());
            }
            for case in test.cases.iter().filter(|case| case.outcome != Outcome::Skipped) {
                let said = case.error.as_deref().unwrap_or("passed");
                answers.insert(format!("{name} {} / {}", test.name, case.name), said_of(said));
            }
        }
    }
    Ok(answers)
}

/// The messages that a failure tells of, else that it could not be run.
pub(super) fn said_of(failure: &str) -> String {
    match failure.split_once(MESSAGES) {
        Some((_, messages)) => messages.trim().to_owned(),
        None => "cannot be run".to_owned(),
    }
}

/// A file with one object.
pub(super) fn write_object(path: &Path, value: &Value) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    Ok(std::fs::write(path, serde_json::to_string_pretty(value)?)?)
}
