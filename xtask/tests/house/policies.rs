//! The guardrails in `policies/` stay whole.
//!
//! Owns what no suite says: that a folder has all its files, that copies are equal to what they copy, and that the docs
//! list every guardrail. The suites themselves are run by `plat policy test` and by `gator verify`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::tree::{files, none, read};

/// The folders of one guardrail or mutator each.
fn folders() -> BTreeSet<PathBuf> {
    let marks = ["template.yaml", "mutator.yaml"];
    let marked = |path: &PathBuf| path.starts_with("policies") && marks.iter().any(|mark| path.ends_with(mark));
    files().into_iter().filter(marked).filter_map(|path| path.parent().map(Path::to_owned)).collect()
}

#[test]
fn a_guardrail_has_all_its_files() {
    let files: BTreeSet<PathBuf> = files().into_iter().collect();
    let mut found = Vec::new();
    for folder in folders() {
        let wanted: &[&str] = if files.contains(&folder.join("template.yaml")) {
            &["constraint.yaml", "suite.yaml", "README.md"]
        } else {
            &["README.md"]
        };
        found.extend(wanted.iter().map(|name| folder.join(name)).filter(|path| !files.contains(path)));
        if !files.iter().any(|path| path.starts_with(folder.join("samples"))) {
            found.push(folder.join("samples"));
        }
    }
    none(found.iter().map(|path| path.display().to_string()), "missing");
    assert!(folders().len() >= 50, "the guardrails are not found: {}", folders().len());
}

#[test]
fn every_sample_is_used() {
    let files: BTreeSet<PathBuf> = files().into_iter().collect();
    let mut found = Vec::new();
    for folder in folders() {
        let suite = folder.join("suite.yaml");
        let text = if files.contains(&suite) { read(&suite) } else { continue };
        let samples = files.iter().filter(|path| path.starts_with(folder.join("samples")));
        let unused = samples.filter(|path| {
            let name = path.strip_prefix(&folder).unwrap_or(path).display().to_string();
            !text.lines().any(|line| line.ends_with(&format!(" {name}")))
        });
        found.extend(unused.map(|path| path.display().to_string()));
    }
    none(found, "samples that no case judges");
}

/// The text of each entry of `libs` in a template, without its indentation.
fn libraries(template: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut lines = template.lines().skip_while(|line| line.trim() != "libs:").skip(1);
    for line in &mut lines {
        if line.trim() == "- |" {
            found.push(String::new());
        } else if let Some(last) = found.last_mut() {
            last.push_str(line.trim_start_matches(' '));
            last.push('\n');
        }
    }
    found
}

#[test]
fn libraries_of_templates_are_copies() {
    let unindented = |text: String| text.lines().map(|line| format!("{}\n", line.trim_start_matches(' '))).collect();
    let is_library =
        |path: &PathBuf| path.starts_with("policies/lib") && !path.display().to_string().ends_with("_test.rego");
    let originals: BTreeSet<String> =
        files().into_iter().filter(is_library).map(|path| unindented(read(&path))).collect();
    let templates = files().into_iter().filter(|path| path.starts_with("policies") && path.ends_with("template.yaml"));
    let (mut found, mut compared) = (Vec::new(), 0);
    for template in templates {
        let libraries = libraries(&read(&template));
        compared += libraries.len();
        if libraries.iter().any(|library| !originals.contains(library)) {
            found.push(template.display().to_string());
        }
    }
    none(found, "a library that is not equal to its file in policies/lib");
    assert!(compared > 20, "the libraries are not found: {compared}");
}

#[test]
fn templates_of_the_examples_are_copies() {
    let examples = files().into_iter().filter(|path| path.starts_with("examples/policies/templates"));
    let differs = |path: &PathBuf| {
        let stem = path.file_stem().unwrap_or_default();
        read(path) != read(&Path::new("policies/claims").join(stem).join("template.yaml"))
    };
    none(examples.filter(differs).map(|path| path.display().to_string()), "not equal to policies/claims");
}

#[test]
fn the_docs_list_every_guardrail() {
    let listed = read(Path::new("docs/guardrails.md"));
    let missing = folders().into_iter().filter(|folder| !listed.contains(&format!("(../{})", folder.display())));
    none(missing.map(|folder| folder.display().to_string()), "docs/guardrails.md does not list");
}
