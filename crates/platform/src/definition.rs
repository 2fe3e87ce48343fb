//! What a CompositeResourceDefinition says.
//!
//! Owns its fields after the API server's defaults. The CRDs it makes are in [`crate::crd`].

use std::collections::BTreeMap;
use std::sync::Arc;

use plat_resource::{Document, GroupVersionKind, Value};
use serde::Serialize;

use crate::Names;
use crate::schemas::Compiled;

/// Where the composite resources of a definition live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum Scope {
    /// Cluster-scoped with Crossplane's fields directly under `spec`; may offer a claim (Crossplane 1.x).
    LegacyCluster,
    /// Cluster-scoped with Crossplane's fields under `spec.crossplane`.
    Cluster,
    /// In a namespace, with Crossplane's fields under `spec.crossplane`.
    Namespaced,
}

/// Which of the two kinds of a definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum Role {
    /// The composite resource (XR).
    Composite,
    /// The claim.
    Claim,
}

/// One XRD.
#[derive(Debug)]
pub struct Definition {
    /// `metadata.name`.
    pub name: String,
    /// `apiVersion` of the document.
    pub api_version: String,
    /// Group of the kinds it defines.
    pub group: String,
    /// Scope of the composite kind.
    pub scope: Scope,
    /// Names of the composite kind.
    pub names: Names,
    /// Names of the claim kind, where one is offered.
    pub claim_names: Option<Names>,
    /// Its versions, in the order written.
    pub versions: Vec<Version>,
    /// `spec.defaultCompositionRef.name`.
    pub default_composition_ref: Option<String>,
    /// `spec.enforcedCompositionRef.name`.
    pub enforced_composition_ref: Option<String>,
    /// `spec.defaultCompositionRevisionSelector.matchLabels`.
    pub default_composition_revision_selector: Option<BTreeMap<String, String>>,
    /// `spec.defaultCompositionUpdatePolicy`, `Automatic` where it is left out.
    pub default_composition_update_policy: String,
    /// `spec.defaultCompositeDeletePolicy`, `Background` where it is left out.
    pub default_composite_delete_policy: String,
    /// `spec.connectionSecretKeys`.
    pub connection_secret_keys: Vec<String>,
    /// The document.
    pub document: Arc<Document>,
}

/// One version of a definition.
#[derive(Debug)]
pub struct Version {
    /// Name, for instance `v1alpha1`.
    pub name: String,
    /// Whether the API server serves it.
    pub served: bool,
    /// Whether Compositions must target it (and it is stored).
    pub referenceable: bool,
    /// Whether its use earns a warning.
    pub deprecated: bool,
    /// The words of that warning.
    pub deprecation_warning: Option<String>,
    /// Compiled when first asked for.
    pub(crate) composite_schema: Compiled,
    pub(crate) claim_schema: Compiled,
}

impl Definition {
    /// The version that Compositions target.
    pub fn referenceable_version(&self) -> Option<&Version> {
        self.versions.iter().find(|version| version.referenceable)
    }

    /// The version of this name.
    pub fn version(&self, name: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.name == name)
    }

    /// The names of a role; `None` for the claim of a definition that offers none.
    pub fn names_of(&self, role: Role) -> Option<&Names> {
        match role {
            Role::Composite => Some(&self.names),
            Role::Claim => self.claim_names.as_ref(),
        }
    }

    /// The kind that Compositions name: the composite kind in the referenceable version.
    pub fn composite_kind(&self) -> GroupVersionKind {
        self.kind_in(&self.names.kind)
    }

    /// The claim kind in the referenceable version, where a claim is offered.
    pub fn claim_kind(&self) -> Option<GroupVersionKind> {
        self.claim_names.as_ref().map(|names| self.kind_in(&names.kind))
    }

    fn kind_in(&self, kind: &str) -> GroupVersionKind {
        let version = self.referenceable_version().map(|version| version.name.clone()).unwrap_or_default();
        GroupVersionKind { group: self.group.clone(), version, kind: kind.to_owned() }
    }

    /// Whether Crossplane's own fields stand directly under `spec`, as in Crossplane 1.x.
    pub fn is_legacy(&self) -> bool {
        self.scope == Scope::LegacyCluster
    }

    /// Path of Crossplane's own fields in a composite resource: `spec`, or `spec.crossplane`.
    pub fn machinery_path(&self) -> &'static [&'static str] {
        if self.is_legacy() { &["spec"] } else { &["spec", "crossplane"] }
    }

    /// The `spec` of the document, null where it has none.
    pub(crate) fn spec(&self) -> &Value {
        self.document.value.get("spec").unwrap_or(&Value::Null)
    }
}

/// What a kind is on a platform.
#[derive(Debug, Clone, Copy)]
pub struct KindRef<'a> {
    /// The XRD that defines it.
    pub definition: &'a Definition,
    /// Composite or claim.
    pub role: Role,
    /// The version asked for.
    pub version: &'a Version,
}
