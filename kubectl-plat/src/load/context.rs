//! The context that pipelines start with, from `--context-values` and `--context-files`.

use plat_resource::{Diagnostic, Map, Value, yaml};

use super::{Depth, Files};

/// The context: `values` are `KEY=VALUE`, `paths` are `KEY=FILE`. A value counts more than a file.
pub(crate) fn context(
    values: &[(String, String)],
    paths: &[(String, String)],
    findings: &mut Vec<Diagnostic>,
) -> Map<String, Value> {
    let mut context = Map::new();
    for (key, path) in paths {
        let files = Files::default().read("--context-files", std::slice::from_ref(path), Depth::Flat, findings);
        for file in files {
            if let Some(value) = value(&file.name, &file.bytes, findings) {
                context.insert(key.clone(), value);
            }
        }
    }
    for (key, text) in values {
        if let Some(value) = value(&format!("--context-values {key}"), text.as_bytes(), findings) {
            context.insert(key.clone(), value);
        }
    }
    context
}

fn value(name: &str, bytes: &[u8], findings: &mut Vec<Diagnostic>) -> Option<Value> {
    if let Ok(value) = serde_json::from_slice(bytes) {
        return Some(value);
    }
    let (documents, found) = yaml::parse(name, bytes);
    let is_sound = found.iter().all(|finding| !finding.is_error());
    findings.extend(found);
    let mut documents = documents.into_iter();
    match (documents.next(), documents.next()) {
        (Some(document), None) => Some(document.value),
        _ if !is_sound => None,
        _ => {
            findings.push(
                Diagnostic::error(format!("{name} cannot be used")).because("it has to be one JSON or YAML value"),
            );
            None
        }
    }
}
