//! The repository's files.
//!
//! Owns listing them and telling source from tests; the rules are in the other modules.

#![expect(clippy::expect_used, clippy::panic, reason = "helpers of tests, which clippy does not see as tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder that holds the workspace.
pub(crate) fn root() -> PathBuf {
    plat_tests::repository()
}

/// Every file that git tracks or would track, relative to the root, that is there.
pub(crate) fn files() -> Vec<PathBuf> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git lists the files");
    assert!(listed.status.success(), "git cannot list the files");
    let listed = String::from_utf8(listed.stdout).expect("names in UTF-8");
    listed.lines().map(PathBuf::from).filter(|path| root().join(path).is_file()).collect()
}

/// Every Rust file of the workspace.
pub(crate) fn rust_files() -> Vec<PathBuf> {
    let rust =
        |path: &PathBuf| path.extension().is_some_and(|extension| extension == "rs") && !path.starts_with("fuzz");
    files().into_iter().filter(rust).collect()
}

/// The text of a file.
pub(crate) fn read(path: &Path) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// True for files that hold nothing but tests.
pub(crate) fn is_test_file(path: &Path) -> bool {
    let named = |name: &str| path.components().any(|part| part.as_os_str() == name);
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    named("tests")
        || named("benches")
        || ["tests", "properties"].contains(&&*stem)
        || stem.ends_with("_tests")
        || stem.starts_with("test_")
}

/// The lines of a source file before its tests.
pub(crate) fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut lines = text.lines().enumerate().map(|(index, line)| (index + 1, line)).peekable();
    std::iter::from_fn(move || {
        let (number, line) = lines.next()?;
        let tests = line == "#[cfg(test)]"
            && lines.peek().is_some_and(|(_, next)| next.starts_with("mod ") && next.ends_with('{'));
        (!tests).then_some((number, line))
    })
}

/// Fails with everything that was found.
pub(crate) fn none(found: impl IntoIterator<Item = impl AsRef<str>>, rule: &str) {
    let found: Vec<String> = found.into_iter().map(|each| each.as_ref().to_owned()).collect();
    assert!(found.is_empty(), "{rule}:\n  {}", found.join("\n  "));
}
