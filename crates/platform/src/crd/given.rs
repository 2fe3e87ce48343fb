//! A CRD given as a document: whether its kind is namespaced, and its schemas.

use std::sync::Arc;

use plat_resource::{Diagnostic, Document, Value, object};

use crate::cursor::{Cursor, Findings};
use crate::schemas::Compiled;

/// A CRD of the platform.
#[derive(Debug)]
pub struct Crd {
    /// `metadata.name`.
    pub name: String,
    /// Group of its kind.
    pub group: String,
    /// Its kind.
    pub kind: String,
    /// Its plural.
    pub plural: String,
    /// Whether its objects live in a namespace.
    pub namespaced: bool,
    /// Its versions, in the order written.
    pub versions: Vec<CrdVersion>,
    /// The document.
    pub document: Arc<Document>,
}

/// One version of a CRD.
#[derive(Debug)]
pub struct CrdVersion {
    /// Name, for instance `v1beta1`.
    pub name: String,
    /// Whether the API server serves it.
    pub served: bool,
    pub(crate) index: usize,
    pub(crate) schema: Compiled,
}

/// Reads one CRD. Its schemas are compiled when first asked for: a platform may have a thousand CRDs of providers.
pub(crate) fn read_crd(document: &Arc<Document>, diagnostics: &mut Vec<Diagnostic>) -> Option<Crd> {
    let name = object::name(&document.value);
    let root = Cursor::root(document);
    let kind = root.text("kind").unwrap_or_default();
    let mut findings = Findings::new(format!("{kind} {name}"), diagnostics);
    let spec = findings.object(&root, "spec")?;
    let group = findings.required_text(&spec, "group");
    let names = findings.object(&spec, "names")?;
    let kind = findings.required_text(&names, "kind");
    let plural = findings.required_text(&names, "plural");
    let namespaced = findings.choice(&spec, "scope", &[("Namespaced", true), ("Cluster", false)]);
    let versions = findings.optional_list(&spec, "versions");
    let versions = versions.iter().flat_map(Cursor::items).enumerate().filter_map(|(index, version)| {
        let served = version.value().get("served").and_then(Value::as_bool).unwrap_or(false);
        Some(CrdVersion { name: version.text("name")?.to_owned(), served, index, schema: Compiled::default() })
    });
    Some(Crd {
        name: name.to_owned(),
        group: group?.to_owned(),
        kind: kind?.to_owned(),
        plural: plural?.to_owned(),
        namespaced: namespaced.unwrap_or(false),
        versions: versions.collect(),
        document: Arc::clone(document),
    })
}
