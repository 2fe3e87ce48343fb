//! Reads published platforms and compares the CRDs made from their XRDs with those that the real Crossplane made, where
//! that corpus exists.

use std::path::{Path, PathBuf};

use plat_platform::{Definition, Platform, with_api_server_defaults};
use plat_resource::{Diagnostic, Document, Value, yaml};

/// The corpus stands beside the repository.
const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus/crossplane");

/// Cases whose record was not made from the definition that stands beside it, with the reason.
const OTHER_DEFINITION: &[(&str, &str)] = &[(
    "xclusters.aws.platformref.upbound.io",
    "the recorded CRD has iam.principalArn and clusterName, which a later version of this XRD brought in",
)];

fn cases(folder: &Path, file: &str, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            cases(&entry.path(), file, found);
        }
    }
    if folder.join(file).exists() {
        found.push(folder.to_owned());
    }
}

fn read(path: &Path) -> Result<Vec<Document>, String> {
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    let (documents, diagnostics) = yaml::parse(&path.to_string_lossy(), &bytes);
    errors(&diagnostics).map_or(Ok(documents), Err)
}

fn errors(diagnostics: &[Diagnostic]) -> Option<String> {
    let errors: Vec<String> = diagnostics.iter().filter(|each| each.is_error()).map(ToString::to_string).collect();
    (!errors.is_empty()).then(|| errors.join("\n"))
}

/// `None` where the CRDs are identical.
fn difference(folder: &Path) -> Result<Option<String>, String> {
    let (platform, diagnostics) = Platform::load(read(&folder.join("definition.yaml"))?);
    if let Some(errors) = errors(&diagnostics) {
        return Err(errors);
    }
    let got = platform.definitions().iter().flat_map(Definition::crds).map(with_api_server_defaults);
    let want = read(&folder.join("crds.expected.yaml"))?.into_iter().map(|document| document.value);
    Ok(first_difference("", &got.collect(), &want.collect()))
}

fn first_difference(path: &str, got: &Value, want: &Value) -> Option<String> {
    match (got, want) {
        (Value::Object(left), Value::Object(right)) => {
            let keys: std::collections::BTreeSet<&String> = left.keys().chain(right.keys()).collect();
            keys.into_iter().find_map(|key| {
                let null = Value::Null;
                let (left, right) = (left.get(key).unwrap_or(&null), right.get(key).unwrap_or(&null));
                first_difference(&format!("{path}.{key}"), left, right)
            })
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => left
            .iter()
            .zip(right)
            .enumerate()
            .find_map(|(index, (left, right))| first_difference(&format!("{path}[{index}]"), left, right)),
        // The recorder printed these words without quotes, which YAML 1.1 reads as booleans.
        (Value::String(word), Value::Bool(false)) if word == "N" || word == "n" => None,
        (Value::String(word), Value::Bool(true)) if word == "Y" || word == "y" => None,
        _ => (got != want).then(|| format!("{path}: got {got}, want {want}")),
    }
}

#[test]
fn made_crds_are_those_of_crossplane() {
    let mut folders = Vec::new();
    cases(Path::new(CORPUS), "crds.expected.yaml", &mut folders);
    if folders.is_empty() {
        eprintln!("skipped: no corpus at {CORPUS}");
        return;
    }
    folders.sort();
    let mut differences = Vec::new();
    for folder in &folders {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let other = OTHER_DEFINITION.iter().find(|(case, _)| *case == name);
        match (difference(folder).unwrap_or_else(Some), other) {
            (Some(difference), None) => differences.push(format!("{}: {difference}", folder.display())),
            (Some(_), Some((case, reason))) => eprintln!("left out: {case}: {reason}"),
            (None, Some((case, _))) => differences.push(format!("{case} is identical: take it off the list")),
            (None, None) => {}
        }
    }
    assert!(differences.is_empty(), "{} of {} differ:\n{}", differences.len(), folders.len(), differences.join("\n"));
}

#[test]
fn published_platforms_load_without_errors() {
    let mut folders = Vec::new();
    cases(Path::new(CORPUS), "composition.yaml", &mut folders);
    let mut told = Vec::new();
    for folder in folders.iter().filter(|folder| !folder.join("expected.error.txt").exists()) {
        let compositions = ["composition.yaml", "composition.original.yaml"];
        for composition in compositions.into_iter().filter(|name| folder.join(name).exists()) {
            let documents = ["definition.yaml", composition].map(|name| read(&folder.join(name)));
            // One published file has a key twice, which kubectl refuses too: what cannot be read is left out.
            let (_, diagnostics) = Platform::load(documents.into_iter().flatten().flatten().collect());
            told.extend(errors(&diagnostics));
        }
    }
    assert!(told.is_empty(), "{} findings:\n{}", told.len(), told.join("\n"));
}
