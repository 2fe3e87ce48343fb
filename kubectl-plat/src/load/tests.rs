//! Tests of policies on disk: suites and Rego files.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use plat_resource::Diagnostic;

use super::files;

/// Says in Gatekeeper's tools that folders in the folder count too; they always do here.
const RECURSIVE: &str = "/...";
/// A file without it is no suite.
const SUITE_GROUP: &[u8] = b"test.gatekeeper.sh";

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Tests {
    /// Files that may be suites, with what they say.
    pub(crate) suites: Vec<(String, Vec<u8>)>,
    /// Rego files by their folder, with what they say.
    pub(crate) rego: BTreeMap<String, Vec<(String, String)>>,
}

/// Finds suites and Rego files in folders, and in the folders in them.
pub(crate) fn tests(paths: &[String], findings: &mut Vec<Diagnostic>) -> Tests {
    let mut tests = Tests::default();
    for given in paths {
        let path = given.strip_suffix(RECURSIVE).unwrap_or(given);
        let path = Path::new(if path.is_empty() { "/" } else { path });
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => tests.folder(path, findings),
            Ok(_) => tests.file(path, findings),
            Err(error) => findings.push(unreadable(path, &error)),
        }
    }
    tests
}

/// The bytes of a file that a suite names.
pub(crate) fn named_by_suite(path: &str) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("{path} cannot be read: {}", files::reason(&error)))
}

impl Tests {
    fn folder(&mut self, folder: &Path, findings: &mut Vec<Diagnostic>) {
        let entries = match files::list(folder) {
            Ok(entries) => entries,
            Err(error) => return findings.push(unreadable(folder, &error)),
        };
        for entry in entries {
            if entry.is_dir() && !entry.is_symlink() && !files::is_hidden(&entry) {
                self.folder(&entry, findings);
            } else if !entry.is_dir() {
                self.file(&entry, findings);
            }
        }
    }

    fn file(&mut self, path: &Path, findings: &mut Vec<Diagnostic>) {
        let ending = path.extension().and_then(OsStr::to_str).unwrap_or_default();
        if !matches!(ending, "yaml" | "yml" | "rego") {
            return;
        }
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) => return findings.push(unreadable(path, &error)),
        };
        let name = path.display().to_string();
        if ending != "rego" {
            if bytes.windows(SUITE_GROUP.len()).any(|window| window == SUITE_GROUP) {
                self.suites.push((name, bytes));
            }
            return;
        }
        let folder = path.parent().map_or_else(String::new, |folder| folder.display().to_string());
        match String::from_utf8(bytes) {
            Ok(text) => self.rego.entry(folder).or_default().push((name, text)),
            Err(_) => findings.push(Diagnostic::error(format!("cannot read {name}")).because("it is not UTF-8")),
        }
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Diagnostic {
    Diagnostic::error(format!("{} cannot be read", path.display()))
        .because(files::reason(error))
        .maybe_hint(files::neighbour(path))
}
