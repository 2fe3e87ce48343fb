//! What Compositions, CompositionRevisions and Functions say.
//!
//! Owns the shape of a pipeline. What a step's input means is the engine's matter: it is kept as written.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use plat_resource::{Document, FieldPath, GroupVersionKind, ObjectKey, Segment, Value};

/// One Composition, or what one revision of it says.
#[derive(Debug, Clone)]
pub struct Composition {
    /// `metadata.name` (for a revision: the name of its Composition).
    pub name: String,
    /// Labels, for selectors.
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
    /// The kind it composes.
    pub composite_type: GroupVersionKind,
    /// How it composes.
    pub mode: Mode,
    /// `spec.writeConnectionSecretsToNamespace`.
    pub write_connection_secrets_to_namespace: Option<String>,
    /// The document that says all this.
    pub document: Arc<Document>,
}

impl Composition {
    /// The Secrets that the functions of its pipeline are called with, each once.
    pub fn credentials(&self) -> BTreeSet<ObjectKey> {
        let Mode::Pipeline(steps) = &self.mode else { return BTreeSet::new() };
        let secrets = steps.iter().flat_map(|step| &step.credentials).filter_map(|each| each.secret.as_ref());
        let key = |secret: &SecretReference| ObjectKey {
            kind: GroupVersionKind::new("v1", "Secret"),
            namespace: secret.namespace.clone(),
            name: secret.name.clone(),
        };
        secrets.map(key).collect()
    }
}

/// How a Composition composes.
#[derive(Debug, Clone)]
pub enum Mode {
    /// A pipeline of functions.
    Pipeline(Vec<Step>),
    /// Native patch-and-transform of Crossplane 1.x; the parts are kept as written, null where left out.
    Resources {
        /// `spec.patchSets`.
        patch_sets: Value,
        /// `spec.resources`.
        resources: Value,
        /// `spec.environment`.
        environment: Value,
    },
}

/// One step of a pipeline.
#[derive(Debug, Clone)]
pub struct Step {
    /// Position in the pipeline, from 0.
    pub index: usize,
    /// Name of the step.
    pub name: String,
    /// `functionRef.name`.
    pub function: String,
    /// `input`, as written.
    pub input: Option<Value>,
    /// Credentials it gets.
    pub credentials: Vec<Credential>,
    /// What is fetched before its first call.
    pub requirements: Requirements,
}

impl Step {
    /// Path of the step in its document.
    pub fn path(&self) -> FieldPath {
        let index = u32::try_from(self.index).unwrap_or(u32::MAX);
        FieldPath::default().key("spec").key("pipeline").join(Segment::Index(index))
    }

    /// Path of its input in its document.
    pub fn input_path(&self) -> FieldPath {
        self.path().key("input")
    }
}

/// One entry of `credentials`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Name that the function knows it by.
    pub name: String,
    /// The Secret; `None` where `source` is `None`.
    pub secret: Option<SecretReference>,
}

/// Namespace and name of a Secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecretReference {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
}

/// What a step wants to see before its first call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requirements {
    /// `requiredResources`.
    pub resources: Vec<Requirement>,
    /// `requiredSchemas`: requirement name, apiVersion and kind.
    pub schemas: Vec<(String, GroupVersionKind)>,
}

/// One entry of `requiredResources`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// Requirement name.
    pub name: String,
    /// Which kind.
    pub kind: GroupVersionKind,
    /// In which namespace, if it says.
    pub namespace: Option<String>,
    /// Which objects.
    pub matches: RequirementMatch,
}

/// The two ways to select required resources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequirementMatch {
    /// The one of this name.
    Name(String),
    /// Those with these labels.
    Labels(BTreeMap<String, String>),
}

/// One CompositionRevision.
#[derive(Debug, Clone)]
pub struct Revision {
    /// `metadata.name`.
    pub name: String,
    /// `spec.revision`.
    pub revision: i64,
    /// Labels, for revision selectors.
    pub labels: BTreeMap<String, String>,
    /// What it says, under the name of its Composition.
    pub composition: Composition,
}

/// One Function package.
#[derive(Debug, Clone)]
pub struct Function {
    /// `metadata.name`, which `functionRef` names.
    pub name: String,
    /// Annotations; `render.crossplane.io/runtime-development-target` says where it runs.
    pub annotations: BTreeMap<String, String>,
    /// `spec.package`.
    pub package: Option<String>,
    /// The document.
    pub document: Arc<Document>,
}
