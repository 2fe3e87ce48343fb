//! What a platform and its guardrails are made of, as documents: from the cluster, and from files that take their place.

use std::collections::BTreeSet;

use plat_admission::kinds::{KINDS, Kind, Part, What};
use plat_cluster::api_server::{ClusterError, unit_name};
use plat_reconcile::revision;
use plat_resource::{Diagnostic, Document, GroupVersionKind, Value, object};

use super::Cluster;

/// Documents of a cluster.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    /// XRDs, Compositions and what belongs to them.
    pub(crate) platform: Vec<Document>,
    /// ConstraintTemplates, constraints, mutators and what belongs to them.
    pub(crate) policies: Vec<Document>,
}

impl Cluster {
    /// Reads all that the cluster's platform and guardrails are made of. What is wrong goes to `findings`.
    pub(crate) fn parts(&self, findings: &mut Vec<Diagnostic>) -> Parts {
        let mut parts = Parts::default();
        let served: BTreeSet<String> = match self.server().api_versions() {
            Ok(versions) => versions.into_iter().collect(),
            Err(error) => {
                findings.push(error.diagnostic());
                return parts;
            }
        };
        let is_served = |row: &Kind, version: &str| served.contains(&format!("{}/{version}", row.group));
        for row in KINDS {
            let Some(version) = row.versions.iter().find(|version| is_served(row, version)) else { continue };
            match self.rows(row, version) {
                Ok(objects) if row.part == Part::Platform => parts.platform.extend(objects),
                Ok(objects) => parts.policies.extend(objects),
                Err(error) => findings.push(unreadable(row, &error)),
            }
        }
        parts
    }

    fn rows(&self, row: &Kind, version: &str) -> Result<Vec<Document>, ClusterError> {
        let api_version = format!("{}/{version}", row.group);
        let kinds = self.kinds(&api_version)?;
        let of_row = kinds.iter().filter(|(kind, served)| match row.kind {
            Some(name) => kind.kind == name,
            None => served.verbs.iter().any(|verb| verb == "list"),
        });
        let mut documents = Vec::new();
        for (kind, _) in of_row {
            documents.extend(self.list(kind, None, None)?.into_iter().map(document));
        }
        Ok(documents)
    }
}

/// An object of the cluster; neither its status nor who wrote it is a part of what it says.
fn document(mut object: Value) -> Document {
    let name = unit_name(&object);
    object.as_object_mut().map(|fields| fields.remove("status"));
    object.pointer_mut("/metadata").and_then(Value::as_object_mut).map(|metadata| metadata.remove("managedFields"));
    Document::synthetic(object, &name)
}

/// Without its XRDs and Compositions nothing can be planned; guardrails that may not be read are a warning, as what they
/// say is not known.
fn unreadable(row: &Kind, error: &ClusterError) -> Diagnostic {
    let finding = error.diagnostic();
    if row.part == Part::Platform || !error.is_forbidden() {
        return finding.hint(format!("whoever plans needs the verb list on {} of {}", row.plural, row.group));
    }
    let why = error.refusal().map(|(_, message)| message.to_owned()).unwrap_or_default();
    Diagnostic::warning(format!("the guardrails of {} are not asked", row.group)).because(why)
}

/// The documents of a cluster, with those of `files` in the place of those of the same name. A Composition that is replaced
/// becomes the revision that it will be, so that XRs use it as they would.
pub(crate) fn overlaid(cluster: Vec<Document>, files: Vec<Document>) -> Vec<Document> {
    let replaced: BTreeSet<_> = files.iter().map(identity).collect();
    let mut upcoming = Vec::new();
    for file in files.iter().filter(|file| is_kind(&file.value, What::Composition)) {
        let name = object::name(&file.value);
        let owned = cluster.iter().map(|document| &document.value).filter(|value| {
            is_kind(value, What::Revision) && object::label(value, "crossplane.io/composition-name") == Some(name)
        });
        let revisions: Vec<&Value> = owned.collect();
        if !revisions.is_empty()
            && let Some(revision) = revision::upcoming(&file.value, &revisions)
        {
            upcoming.push(Document::synthetic(revision, &format!("{} as CompositionRevision", file.file())));
        }
    }
    let replaced_too: BTreeSet<_> = upcoming.iter().map(identity).collect();
    let kept = cluster.into_iter().filter(|document| {
        let identity = identity(document);
        !replaced.contains(&identity) && !replaced_too.contains(&identity)
    });
    kept.chain(files).chain(upcoming).collect()
}

fn identity(document: &Document) -> (String, String, String) {
    let kind = GroupVersionKind::of(&document.value);
    (kind.group, kind.kind, object::name(&document.value).to_owned())
}

fn is_kind(value: &Value, what: What) -> bool {
    plat_admission::kinds::find(&GroupVersionKind::of(value)).is_some_and(|row| row.what == what)
}
