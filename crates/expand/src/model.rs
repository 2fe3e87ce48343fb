//! The answer of the engine: plain data, no behaviour beyond lookups.

use std::collections::BTreeMap;

use plat_resource::{Diagnostic, FieldPath, ObjectKey, Value};
use serde::Serialize;

/// Which Crossplane's rules for names, references and conditions are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub enum Compatibility {
    /// Crossplane 1.x.
    #[serde(rename = "v1")]
    V1,
    /// Crossplane 2.0.
    #[serde(rename = "v2.0")]
    V2_0,
    /// Crossplane 2.1 and later, measured against 2.4.
    #[default]
    #[serde(rename = "v2")]
    V2,
}

/// What is live: the XR as it is, and the composed resources that exist.
#[derive(Debug, Clone, Default)]
pub struct Observed {
    /// The live XR, where it exists.
    pub composite: Option<Value>,
    /// The live claim, where it exists.
    pub claim: Option<Value>,
    /// Live composed resources (of any XR; the engine picks those that belong to the XR it expands).
    pub resources: Vec<Value>,
    /// Connection details of composed resources, by key of the object.
    pub connection_details: BTreeMap<ObjectKey, BTreeMap<String, Vec<u8>>>,
}

/// What one claim or XR means.
#[derive(Debug, Clone)]
pub struct Expansion {
    /// The claim, defaulted, where the user gave one.
    pub claim: Option<Value>,
    /// The XR as it will be after this reconcile: metadata, spec with resource references, status with conditions.
    pub composite: Value,
    /// The name of the Composition.
    pub composition: String,
    /// Why this Composition, in words.
    pub composition_reason: String,
    /// Composed resources, in order of composition-resource name.
    pub composed: Vec<Composed>,
    /// Live composed resources that the XR controls and no longer wants.
    pub removed: Vec<Removed>,
    /// What the engine and the functions said, in order.
    pub results: Vec<StepResult>,
    /// The pipeline's context at its end.
    pub context: Value,
    /// Connection details of the XR (v1 XRs only).
    pub connection_details: BTreeMap<String, Vec<u8>>,
    /// Why the pipeline stopped: `None` when it ran to its end.
    pub fatal: Option<Failure>,
    /// Reconciling this object is paused (`crossplane.io/paused`): the expansion is what would be, not what will be.
    pub paused: bool,
    /// Where each field of the XR that a patch wrote came from.
    pub origins: Origins,
    /// What cannot be known before apply, and why.
    pub unknowns: Vec<Unknown>,
    /// What the user should know about the input.
    pub warnings: Vec<Diagnostic>,
}

/// One composed resource of an expansion.
#[derive(Debug, Clone)]
pub struct Composed {
    /// Composition-resource name (`crossplane.io/composition-resource-name`).
    pub name: String,
    /// The object as it would be applied.
    pub object: Value,
    /// The live object, where it exists.
    pub observed: Option<Value>,
    /// Whether it counts as ready.
    pub ready: bool,
    /// Where each field that a patch wrote came from.
    pub origins: Origins,
    /// What it means in turn, where it is an XR of this platform.
    pub nested: Option<Box<Expansion>>,
    /// What cannot be known before apply, and why.
    pub unknowns: Vec<Unknown>,
}

/// A live composed resource that will be deleted, or why it will not.
#[derive(Debug, Clone)]
pub struct Removed {
    /// Composition-resource name.
    pub name: String,
    /// The live object.
    pub object: Value,
}

/// Origins by the path that was written, in path order.
pub type Origins = BTreeMap<FieldPath, Origin>;

/// The origin of `path`: of the path itself, else of the nearest ancestor that was written whole.
pub fn origin_of<'a>(origins: &'a Origins, path: &FieldPath) -> Option<&'a Origin> {
    let segments = path.segments();
    (0..=segments.len()).rev().find_map(|length| origins.get(&FieldPath::new(segments[..length].to_vec())))
}

/// Which patch of which step wrote a field, and from what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Origin {
    /// Pipeline step; empty in Resources mode.
    pub step: String,
    /// Template (composition-resource name) whose patch this is.
    pub resource: String,
    /// Index of the patch as the function counts it, patch sets inlined, from 0.
    pub patch: usize,
    /// Patch type, for instance `FromCompositeFieldPath`.
    pub patch_type: String,
    /// Name of the patch set it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patch_set: Option<String>,
    /// The fields it read, as written in the Composition.
    pub from: Vec<String>,
    /// What the fields were read from: `composite`, `environment` or a composition-resource name.
    pub source: String,
}

/// One message of the engine or of a function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StepResult {
    /// The step that said it; `None` for the engine itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// How grave.
    pub severity: ResultSeverity,
    /// Event reason, for instance `ComposeResources`.
    pub reason: String,
    /// What it says.
    pub message: String,
    /// Whether the claim is told too.
    pub to_claim: bool,
}

impl StepResult {
    /// Reason of a step that was left out because its function could not be run.
    pub(crate) const SKIPPED: &str = "StepSkipped";

    /// Whether it says that a step was left out.
    pub fn is_skipped(&self) -> bool {
        self.step.is_some() && self.reason == Self::SKIPPED
    }

    /// The message as an event of the XR says it.
    pub fn full_message(&self) -> String {
        match &self.step {
            Some(step) if !self.message.starts_with("Pipeline step") => {
                format!("Pipeline step \"{step}\": {}", self.message)
            }
            _ => self.message.clone(),
        }
    }
}

/// Gravity of a [`StepResult`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum ResultSeverity {
    /// For information.
    Normal,
    /// Something is off; the pipeline goes on.
    Warning,
}

/// Why a pipeline stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// The step that failed; `None` for the engine itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// The composed resource concerned, where one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// Path inside the Composition document of the deepest thing at fault (a patch, a transform), where one is.
    #[serde(skip)]
    pub path: Option<FieldPath>,
    /// The reason in Crossplane's words.
    pub message: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// Something that only the apply will tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Unknown {
    /// The field, or the empty path for the object as a whole.
    #[serde(serialize_with = "as_text")]
    pub field: FieldPath,
    /// Why.
    pub reason: String,
}

fn as_text<S: serde::Serializer>(path: &FieldPath, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(path)
}
