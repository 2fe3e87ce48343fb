//! The XRDs that the tests put before the real API server, each with objects of its kinds.
//!
//! Owns finding and reading them: our own in `tests/fixtures/`, and the published practice cases where somebody has laid
//! them beside the repository.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use plat_platform::{Definition, Platform};
use plat_resource::{Document, Value, yaml};

/// The practice cases, below the repository.
pub(crate) const PRACTICE_CASES: &str = "../shared/corpus/crossplane";

/// One XRD with what is known about it.
pub(crate) struct Case {
    /// The platform that has the XRD and nothing else.
    pub(crate) platform: Platform,
    /// The CRDs that the real Crossplane made, where recorded.
    pub(crate) expected: Vec<Value>,
    /// Claims and XRs.
    pub(crate) objects: Vec<Value>,
}

impl Case {
    fn read(folder: &Path) -> anyhow::Result<Self> {
        let (platform, diagnostics) = Platform::load(documents(&folder.join("definition.yaml"))?);
        let errors: Vec<String> = diagnostics.iter().filter(|it| it.is_error()).map(ToString::to_string).collect();
        anyhow::ensure!(errors.is_empty(), "{}", errors.join("\n"));
        anyhow::ensure!(platform.definitions().len() == 1, "{} XRDs", platform.definitions().len());
        let mut objects = Vec::new();
        for file in ["given.yaml", "xr.yaml", "objects.yaml"] {
            for object in values(&folder.join(file))? {
                if !objects.contains(&object) {
                    objects.push(object);
                }
            }
        }
        Ok(Self { platform, expected: recorded(&folder.join("crds.expected.yaml"))?, objects })
    }

    /// Its XRD.
    pub(crate) fn definition(&self) -> &Definition {
        self.platform.definitions().first().unwrap_or_else(|| panic!("reading made sure of it"))
    }
}

/// Our own cases; each is named, and a case or why it cannot be read.
pub(crate) fn own() -> Vec<(String, anyhow::Result<Case>)> {
    let cases = read_all(&plat_tests::repository().join("tests/fixtures"), "own");
    assert!(!cases.is_empty(), "there are no fixtures");
    cases
}

/// The published cases; none where nobody has laid them beside the repository.
pub(crate) fn published() -> Vec<(String, anyhow::Result<Case>)> {
    let root = plat_tests::repository().join(PRACTICE_CASES);
    let repositories = folders(&root).into_iter().filter(|folder| !folder.ends_with("features"));
    repositories.flat_map(|folder| read_all(&folder, &name_of(&folder))).collect()
}

fn read_all(folder: &Path, prefix: &str) -> Vec<(String, anyhow::Result<Case>)> {
    let folders = folders(folder).into_iter().filter(|folder| folder.join("definition.yaml").is_file());
    folders
        .map(|folder| {
            let name = format!("{prefix}/{}", name_of(&folder));
            (name, Case::read(&folder))
        })
        .collect()
}

/// The folders in `folder`, sorted; none where it is not there.
pub(crate) fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut folders: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

fn name_of(folder: &Path) -> String {
    folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The documents of a file; none where it is not there.
fn documents(path: &Path) -> anyhow::Result<Vec<Document>> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    parse(path, &fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?)
}

fn parse(path: &Path, bytes: &[u8]) -> anyhow::Result<Vec<Document>> {
    let (documents, diagnostics) = yaml::parse(&name_of(path), bytes);
    anyhow::ensure!(
        !diagnostics.iter().any(plat_resource::Diagnostic::is_error),
        "{}: {diagnostics:?}",
        path.display()
    );
    Ok(documents)
}

/// What the documents of a file say; nothing where it is not there.
pub(crate) fn values(path: &Path) -> anyhow::Result<Vec<Value>> {
    Ok(documents(path)?.into_iter().map(|document| document.value).collect())
}

/// The recorded CRDs. They were written by a printer that leaves the texts `y` and `N` bare, which kubectl reads as booleans.
fn recorded(path: &Path) -> anyhow::Result<Vec<Value>> {
    let quote = |line: &str| {
        let bare = ["y", "Y", "n", "N"].into_iter().find_map(|word| Some((line.strip_suffix(word)?, word)));
        match bare.filter(|(head, _)| head.ends_with("- ") || head.ends_with(": ")) {
            Some((head, word)) => format!("{head}'{word}'\n"),
            None => format!("{line}\n"),
        }
    };
    let text: String = fs::read_to_string(path).unwrap_or_default().lines().map(quote).collect();
    Ok(parse(path, text.as_bytes())?.into_iter().map(|document| document.value).collect())
}
