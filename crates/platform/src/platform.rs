//! The snapshot: everything a platform team wrote, read once, never changed.
//!
//! Owns the lookups. Each is a hash or a tree look-up: a platform may have thousands of objects.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use plat_resource::{Diagnostic, Document, GroupVersionKind, suggest};

use crate::composition::{Composition, Function, Revision};
use crate::{Crd, Definition, KindRef, Role};

/// A group and a kind, without the version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct GroupKind {
    pub(crate) group: String,
    pub(crate) kind: String,
}

impl GroupKind {
    pub(crate) fn new(group: &str, kind: &str) -> Self {
        Self { group: group.to_owned(), kind: kind.to_owned() }
    }

    pub(crate) fn of(kind: &GroupVersionKind) -> Self {
        Self::new(&kind.group, &kind.kind)
    }
}

/// An immutable snapshot of a platform. Shared between threads as `Arc<Platform>`, replaced whole.
#[derive(Debug, Default)]
pub struct Platform {
    pub(crate) documents: Vec<Arc<Document>>,
    pub(crate) by_kind: HashMap<GroupKind, Vec<usize>>,
    pub(crate) others: Vec<Arc<Document>>,
    pub(crate) definitions: Vec<Definition>,
    pub(crate) kinds: HashMap<GroupKind, (usize, Role)>,
    pub(crate) compositions: BTreeMap<String, Composition>,
    pub(crate) by_type: HashMap<GroupVersionKind, Vec<String>>,
    pub(crate) revisions: HashMap<String, Vec<Revision>>,
    pub(crate) functions: BTreeMap<String, Function>,
    pub(crate) environment_configs: BTreeMap<String, Arc<Document>>,
    pub(crate) crds: HashMap<GroupKind, Crd>,
}

impl Platform {
    /// What `kind` is, where an XRD defines it in that version.
    pub fn kind(&self, kind: &GroupVersionKind) -> Option<KindRef<'_>> {
        let (definition, role) = self.group_kind(kind)?;
        let version = definition.version(&kind.version)?;
        Some(KindRef { definition, role, version })
    }

    /// What `kind` is, as [`Platform::kind`], or why it cannot be used: unknown, unknown version, version not served.
    pub fn served_kind(&self, kind: &GroupVersionKind) -> Result<KindRef<'_>, Diagnostic> {
        let Some((definition, role)) = self.group_kind(kind) else { return Err(self.unknown_kind(kind)) };
        match definition.version(&kind.version) {
            Some(version) if version.served => Ok(KindRef { definition, role, version }),
            found => Err(not_served(kind, definition, found.is_some())),
        }
    }

    fn group_kind(&self, kind: &GroupVersionKind) -> Option<(&Definition, Role)> {
        let (index, role) = self.kinds.get(&GroupKind::of(kind))?;
        Some((self.definitions.get(*index)?, *role))
    }

    fn unknown_kind(&self, kind: &GroupVersionKind) -> Diagnostic {
        let cause = if self.definitions.is_empty() {
            "the platform has no XRD".to_owned()
        } else {
            format!("no XRD of the platform defines {} in group {:?}", kind.kind, kind.group)
        };
        let elsewhere = self.kinds.keys().any(|other| other.kind == kind.kind);
        let field = if elsewhere { "apiVersion" } else { "kind" };
        let message = format!("kind {kind} is unknown");
        Diagnostic::error(message).field(field).because(cause).maybe_hint(self.closest_kind(kind))
    }

    /// "Did you mean" for a kind that no XRD defines: a slip in the kind, or another group.
    pub(crate) fn closest_kind(&self, kind: &GroupVersionKind) -> Option<String> {
        let mut others: Vec<&GroupKind> = self.kinds.keys().collect();
        others.sort();
        let same_kind = others.iter().find(|other| other.kind == kind.kind);
        let close = || {
            let word = suggest::closest(&kind.kind, others.iter().map(|other| other.kind.as_str()))?;
            others.iter().find(|other| other.kind == word)
        };
        let found = same_kind.or_else(close)?;
        let (index, _) = self.kinds.get(*found)?;
        let definition = self.definitions.get(*index)?;
        let version = definition.referenceable_version().or_else(|| definition.versions.first())?;
        Some(format!("did you mean {}/{}, kind {}?", found.group, version.name, found.kind))
    }

    /// The kinds that a user may mean by `word`, as kubectl takes it: kind, plural, singular or short name in any case,
    /// or `plural.group`. Each in its referenceable version, where it has one.
    pub fn kinds_named(&self, word: &str) -> Vec<KindRef<'_>> {
        let word = word.to_lowercase();
        let roles = |definition| [(definition, Role::Composite), (definition, Role::Claim)];
        let mut found = Vec::new();
        for (definition, role) in self.definitions.iter().flat_map(roles) {
            let Some(names) = definition.names_of(role) else { continue };
            let version = definition.referenceable_version().or_else(|| definition.versions.first());
            let Some(version) = version.filter(|_| names.answers_to(&word, &definition.group)) else { continue };
            found.push(KindRef { definition, role, version });
        }
        found
    }

    /// All XRDs, by name.
    pub fn definitions(&self) -> &[Definition] {
        &self.definitions
    }

    /// The XRD of this name.
    pub fn definition(&self, name: &str) -> Option<&Definition> {
        let index = self.definitions.binary_search_by(|definition| definition.name.as_str().cmp(name)).ok()?;
        self.definitions.get(index)
    }

    /// All Compositions, by name.
    pub fn compositions(&self) -> impl Iterator<Item = &Composition> {
        self.compositions.values()
    }

    /// The Composition of this name.
    pub fn composition(&self, name: &str) -> Option<&Composition> {
        self.compositions.get(name)
    }

    /// The Compositions whose `compositeTypeRef` is `kind`, by name.
    pub fn compositions_for<'a>(&'a self, kind: &GroupVersionKind) -> impl Iterator<Item = &'a Composition> {
        let names = self.by_type.get(kind).map(Vec::as_slice).unwrap_or_default();
        names.iter().filter_map(|name| self.compositions.get(name))
    }

    /// The given revisions of a Composition, oldest first.
    pub fn revisions(&self, composition: &str) -> &[Revision] {
        self.revisions.get(composition).map(Vec::as_slice).unwrap_or_default()
    }

    /// All Functions, by name.
    pub fn functions(&self) -> impl Iterator<Item = &Function> {
        self.functions.values()
    }

    /// The Function of this name.
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions.get(name)
    }

    /// All EnvironmentConfigs, by name.
    pub fn environment_configs(&self) -> impl Iterator<Item = &Document> {
        self.environment_configs.values().map(AsRef::as_ref)
    }

    /// The EnvironmentConfig of this name.
    pub fn environment_config(&self, name: &str) -> Option<&Document> {
        self.environment_configs.get(name).map(AsRef::as_ref)
    }

    /// The given CRDs (not those that XRDs make), in no particular order.
    pub fn crds(&self) -> impl Iterator<Item = &Crd> {
        self.crds.values()
    }

    /// The given CRD of a kind, whatever the version.
    pub fn crd(&self, kind: &GroupVersionKind) -> Option<&Crd> {
        self.crds.get(&GroupKind::of(kind))
    }

    /// Whether objects of `kind` live in a namespace, where an XRD or a CRD of the platform says so.
    pub fn is_namespaced(&self, kind: &GroupVersionKind) -> Option<bool> {
        if let Some((definition, role)) = self.group_kind(kind) {
            return Some(role == Role::Claim || definition.scope == crate::Scope::Namespaced);
        }
        self.crd(kind).map(|crd| crd.namespaced)
    }

    /// Documents of kinds that the Platform does not read: Secrets for credentials, objects that functions require.
    pub fn others(&self) -> &[Arc<Document>] {
        &self.others
    }

    /// Every document of a group and kind, whatever the version: what a function's required resources are served from.
    pub fn objects(&self, group: &str, kind: &str) -> impl Iterator<Item = &Document> {
        let indexes = self.by_kind.get(&GroupKind::new(group, kind)).map(Vec::as_slice).unwrap_or_default();
        indexes.iter().filter_map(|index| self.documents.get(*index)).map(AsRef::as_ref)
    }
}

fn not_served(kind: &GroupVersionKind, definition: &Definition, exists: bool) -> Diagnostic {
    let served: Vec<&str> =
        definition.versions.iter().filter(|each| each.served).map(|each| each.name.as_str()).collect();
    let what = if exists { "is not served" } else { "does not exist" };
    let place = definition.document.location();
    let hint = match served.as_slice() {
        [] => None,
        [only] => Some(format!("write apiVersion: {}/{only}", definition.group)),
        several => Some(format!("served versions: {}", several.join(", "))),
    };
    Diagnostic::error(format!("kind {kind} cannot be used"))
        .field("apiVersion")
        .because(format!("version {:?} of XRD {} ({place}) {what}", kind.version, definition.name))
        .maybe_hint(hint)
}
