//! What the fuzz targets share: taking bytes apart and finding the claims and XRs among documents.

use plat_platform::{Platform, Role};
use plat_resource::{Document, GroupVersionKind, Value, yaml};

/// Documents of a text that may be YAML or JSON, of any number.
pub fn documents(bytes: &[u8]) -> Vec<Document> {
    let (documents, diagnostics) = yaml::parse("input.yaml", bytes);
    for diagnostic in &diagnostics {
        assert!(!diagnostic.to_string().is_empty());
    }
    documents
}

/// Documents that some XRD of the platform defines.
pub fn subjects<'a>(platform: &'a Platform, documents: &'a [Document]) -> impl Iterator<Item = &'a Document> {
    let is_subject = |document: &&Document| {
        let found = platform.kind(&GroupVersionKind::of(&document.value));
        found.is_some_and(|found| matches!(found.role, Role::Claim | Role::Composite))
    };
    documents.iter().filter(is_subject)
}

/// Text lines: the first as it is, the others as JSON where they are JSON.
pub fn line_and_values(bytes: &[u8]) -> Option<(&str, Vec<Value>)> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (first, rest) = text.split_once('\n')?;
    let values = rest.lines().map(serde_json::from_str).collect::<Result<_, _>>().ok()?;
    Some((first, values))
}
