//! Every member of the workspace follows the workspace.

use std::collections::BTreeSet;
use std::path::Path;

use crate::tree::{files, none, read, root};

/// The manifests of the members.
fn members() -> Vec<std::path::PathBuf> {
    let manifest = |path: &std::path::PathBuf| {
        path.ends_with("Cargo.toml") && path.components().count() > 1 && !path.starts_with("fuzz")
    };
    files().into_iter().filter(manifest).collect()
}

#[test]
fn every_member_takes_the_lints_of_the_workspace() {
    let found = members().into_iter().filter(|path| !read(path).contains("\n[lints]\nworkspace = true\n"));
    none(found.map(|path| path.display().to_string()), "[lints] workspace = true is missing in");
}

#[test]
fn versions_stand_in_the_root_manifest() {
    let mut found = Vec::new();
    for path in members() {
        let text = read(&path);
        let (mut in_dependencies, mut number) = (false, 0);
        for line in text.lines() {
            number += 1;
            if line.starts_with('[') {
                in_dependencies = line.contains("dependencies");
            } else if in_dependencies
                && line.contains('=')
                && !line.contains("workspace = true")
                && !line.starts_with('#')
            {
                found.push(format!("{}:{number}: {line}", path.display()));
            }
        }
    }
    none(&found, "a dependency's version belongs in the root manifest");
}

#[test]
fn every_test_file_is_run() {
    let files = files();
    let mut found = Vec::new();
    for manifest in members() {
        let folder = manifest.parent().unwrap_or(Path::new("")).join("tests");
        let text = read(&manifest);
        let automatic = !text.contains("autotests = false");
        let tests: BTreeSet<String> = (files.iter().filter(|path| path.starts_with(&folder)))
            .filter_map(|path| {
                let mut parts =
                    path.strip_prefix(&folder).ok()?.components().map(|part| part.as_os_str().to_string_lossy());
                let first = parts.next()?;
                match (parts.next().as_deref(), parts.next()) {
                    (None, _) => Some(first.strip_suffix(".rs")?.to_owned()),
                    (Some("main.rs"), None) => Some(first.into_owned()),
                    _ => None,
                }
            })
            .collect();
        let named = |test: &String| text.contains(&format!("[[test]]\nname = \"{test}\"\n"));
        let lost = tests.iter().filter(|test| !automatic && !named(test));
        found.extend(lost.map(|test| format!("{}: {test} has no [[test]]", manifest.display())));
    }
    assert!(root().join("tests/tests/e2e/main.rs").is_file(), "the end-to-end tests have moved");
    none(&found, "a test file that no test binary has never runs");
}
