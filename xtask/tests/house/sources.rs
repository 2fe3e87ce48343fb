//! Sizes, orphans, allowed lints, and what no tracked file may say.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::tree::{code, files, is_test_file, none, read, root, rust_files};

/// Longer files are split.
const FILE_LINES: usize = 500;
/// Longer functions are split.
const FUNCTION_LINES: usize = 60;

#[test]
fn no_source_file_is_too_long() {
    let mut found = Vec::new();
    for path in rust_files().into_iter().filter(|path| !is_test_file(path)) {
        let lines = code(&read(&path)).count();
        if lines > FILE_LINES {
            found.push(format!("{}: {lines} lines", path.display()));
        }
    }
    none(found, &format!("a source file has at most {FILE_LINES} lines before its tests"));
}

#[test]
fn no_function_is_too_long() {
    let mut found = Vec::new();
    for path in rust_files().into_iter().filter(|path| !is_test_file(path)) {
        let text = read(&path);
        let mut open: Vec<(usize, usize, &str)> = Vec::new();
        for (number, line) in code(&text) {
            let indentation = line.len() - line.trim_start().len();
            if is_function(line) {
                open.push((number, indentation, line));
            }
            // rustfmt closes a body, or ends a declaration without one, in the column it began in.
            let ends = line.trim() == "}" || line.ends_with(';') || line.ends_with('}');
            if let Some((start, column, head)) = open.last().copied()
                && ends
                && indentation == column
            {
                open.pop();
                if number - start + 1 > FUNCTION_LINES {
                    found.push(format!("{}:{start}: {} lines: {}", path.display(), number - start + 1, head.trim()));
                }
            }
        }
    }
    none(found, &format!("a function has at most {FUNCTION_LINES} lines"));
}

fn is_function(line: &str) -> bool {
    let words = line.split_whitespace().take_while(|word| !word.contains('('));
    let before = ["pub", "async", "const", "unsafe", "extern"];
    let mut rest = line.trim_start();
    while let Some(word) = before.iter().find(|word| rest.starts_with(*word)) {
        rest = rest[word.len()..].trim_start();
        if rest.starts_with('(') {
            rest = rest.split_once(')').map_or("", |(_, rest)| rest).trim_start();
        }
    }
    words.count() > 0 && rest.starts_with("fn ")
}

#[test]
fn no_lint_is_allowed_without_a_reason() {
    let mut found = Vec::new();
    for path in rust_files() {
        for (number, line) in read(&path).lines().enumerate() {
            let line = line.trim_start();
            if line.starts_with("#[allow(") || line.starts_with("#![allow(") {
                found.push(format!("{}:{}", path.display(), number + 1));
            }
        }
    }
    none(&found, "say #[expect(lint, reason = \"...\")], which also tells when it is no longer needed");
}

#[test]
fn every_module_says_what_it_owns() {
    let silent = rust_files().into_iter().filter(|path| !is_test_file(path) && !read(path).starts_with("//!"));
    none(silent.map(|path| path.display().to_string()), "a file starts with //!");
}

#[test]
fn every_rust_file_is_part_of_a_crate() {
    let files: BTreeSet<PathBuf> = rust_files().into_iter().collect();
    let mut reached: BTreeSet<PathBuf> = BTreeSet::new();
    let mut open: Vec<PathBuf> = files.iter().filter(|path| is_crate_root(path)).cloned().collect();
    while let Some(path) = open.pop() {
        let folder = module_folder(&path);
        for name in modules(&read(&path)) {
            open.extend(
                [folder.join(format!("{name}.rs")), folder.join(&name).join("mod.rs")]
                    .into_iter()
                    .filter(|it| files.contains(it)),
            );
        }
        reached.insert(path);
    }
    none(files.difference(&reached).map(|path| path.display().to_string()), "no crate has this file as a module");
}

/// Where cargo starts: `lib.rs`, `main.rs`, `build.rs`, and each file of `tests`, `benches`, `examples` and `bin`.
fn is_crate_root(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    let parent = path.parent().unwrap_or(Path::new(""));
    let folder = parent.file_name().unwrap_or_default().to_string_lossy();
    let package = parent.parent().is_some_and(|package| root().join(package).join("Cargo.toml").is_file());
    name == "build.rs"
        || (["lib.rs", "main.rs"].map(AsRef::as_ref).contains(&name) && (package || folder != "src"))
        || (package && ["tests", "benches", "examples"].contains(&&*folder))
        || folder == "bin"
}

/// Where the modules that a file declares are looked for.
fn module_folder(path: &Path) -> PathBuf {
    let own =
        ["lib.rs", "main.rs", "mod.rs", "build.rs"].map(AsRef::as_ref).contains(&path.file_name().unwrap_or_default());
    if own || is_crate_root(path) {
        path.parent().unwrap_or(Path::new("")).to_path_buf()
    } else {
        path.with_extension("")
    }
}

/// The names that a text declares with `mod NAME;`.
fn modules(text: &str) -> Vec<String> {
    let declared = text.lines().filter_map(|line| {
        let line = line.trim().strip_suffix(';')?;
        let (before, name) = line.rsplit_once("mod ")?;
        (before.is_empty() || before.trim_start().starts_with("pub") || before.ends_with("] ")).then(|| name.to_owned())
    });
    declared.collect()
}

#[test]
fn no_file_names_a_machine() {
    // Spelled in halves, or this file would break its own rule.
    let private = [["/wo", "rk/"], ["/ro", "ot/"], ["/ho", "me/"], ["/tm", "p/oracle"], ["/tm", "p/plat"]]
        .map(|halves| halves.concat());
    let mut found = Vec::new();
    for path in files() {
        let Ok(text) = std::fs::read_to_string(root().join(&path)) else { continue };
        for (number, line) in text.lines().enumerate() {
            let named = private.iter().filter(|private| line.contains(private.as_str()));
            found.extend(named.map(|private| format!("{}:{}: {private}", path.display(), number + 1)));
        }
    }
    none(&found, "a path of one machine is of no use on another");
}
