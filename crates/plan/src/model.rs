//! The Plan: plain data with a documented, versioned JSON form (`docs/plan-json.md`).
//!
//! Owns the shapes and the counting. How a plan is made is in [`crate::build`], how it is shown in [`crate::render`].

use std::sync::Arc;

use plat_expand::{Compatibility, Failure, Origin, StepResult};
use plat_resource::{ObjectKey, Value};
use serde::{Serialize, Serializer};

use crate::constants::{API_VERSION, KIND};
use crate::guardrails::{Finding, Tally};

/// What would change, for every claim or XR that was given.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// Version of this form.
    pub api_version: &'static str,
    /// Always `Plan`.
    pub kind: &'static str,
    /// Whose rules were followed.
    pub compatibility: Compatibility,
    /// Totals over all claims.
    pub summary: Summary,
    /// One entry for each claim or XR, in the order given.
    pub claims: Vec<ClaimPlan>,
}

impl Plan {
    /// A plan of `claims`, with its totals.
    pub fn of(compatibility: Compatibility, claims: Vec<ClaimPlan>) -> Self {
        let mut summary = Summary::default();
        for claim in &claims {
            summary.add_all(&claim.summary);
        }
        Self { api_version: API_VERSION, kind: KIND, compatibility, summary, claims }
    }

    /// Whether applying would change anything, as far as is known.
    pub fn has_changes(&self) -> bool {
        self.summary.has_changes()
    }
}

/// How many objects of each action.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Objects to create.
    pub add: usize,
    /// Objects to update.
    pub change: usize,
    /// Objects that have to be made anew.
    pub replace: usize,
    /// Objects to delete.
    pub destroy: usize,
    /// Objects that stay as they are.
    pub unchanged: usize,
    /// Objects whose change has no effect.
    pub blocked: usize,
    /// Objects known only after apply.
    pub unknown: usize,
    /// What guardrails say.
    #[serde(flatten)]
    pub guardrails: Tally,
}

impl Summary {
    /// Whether anything would change, as far as is known.
    pub fn has_changes(&self) -> bool {
        self.add + self.change + self.replace + self.destroy + self.unknown > 0
    }

    pub(crate) fn count(&mut self, node: &Node) {
        *match node.action {
            Action::Create => &mut self.add,
            Action::Update => &mut self.change,
            Action::Replace => &mut self.replace,
            Action::Delete => &mut self.destroy,
            Action::NoOp => &mut self.unchanged,
            Action::Unknown => &mut self.unknown,
            Action::Blocked => &mut self.blocked,
        } += 1;
        self.guardrails.add_all(&Tally::of(&node.verdicts));
        for child in &node.children {
            self.count(child);
        }
    }

    /// Adds the counts of `other`.
    pub fn add_all(&mut self, other: &Self) {
        self.add += other.add;
        self.change += other.change;
        self.replace += other.replace;
        self.destroy += other.destroy;
        self.unchanged += other.unchanged;
        self.blocked += other.blocked;
        self.unknown += other.unknown;
        self.guardrails.add_all(&other.guardrails);
    }
}

/// The plan of one claim or XR.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClaimPlan {
    /// What the user gave.
    pub given: GivenObject,
    /// Name of the Composition.
    pub composition: String,
    /// Why this Composition, in words.
    pub composition_reason: String,
    /// Reconciling it is paused.
    pub paused: bool,
    /// Totals of the tree.
    pub summary: Summary,
    /// Claim → XR → composed resources.
    pub tree: Node,
    /// What the engine and the functions said.
    pub results: Vec<StepResult>,
    /// What the engine and the one who planned have to say of the input: for instance what was skipped. May have lines.
    pub warnings: Vec<String>,
    /// What cannot be known offline about this claim as a whole.
    pub unknowns: Vec<UnknownField>,
    /// Why the pipeline stopped; absent when it ran to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}

/// The object as the user gave it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GivenObject {
    /// Kind, namespace and name.
    #[serde(flatten)]
    pub object: ObjectKey,
    /// Whether it is a claim or an XR.
    pub role: Role,
    /// Where it was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

/// What would happen to one object, and to those below it.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Node {
    /// What would happen.
    pub action: Action,
    /// What the object is in the tree.
    pub role: Role,
    /// Kind, namespace and name; the name is empty where only the apply gives one.
    pub object: ObjectKey,
    /// The first part of a name that only the apply completes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generate_name: Option<String>,
    /// Composition-resource name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// The Composition of a nested XR.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub composition: Option<String>,
    /// Whether a composed resource counts as ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ready: Option<bool>,
    /// Why the change has no effect; present exactly when the action is `blocked`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocked: Option<Blocked>,
    /// The live object of another kind that this one takes the place of, and that Crossplane leaves behind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_behind: Option<ObjectKey>,
    /// Fields, in path order.
    pub changes: Vec<Change>,
    /// More to know about this object, in sentences.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What only the apply will tell.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknowns: Vec<UnknownField>,
    /// What guardrails say of this object, the gravest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub verdicts: Vec<Finding>,
    /// Objects below.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Node>,
}

/// What would happen to an object.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// It is made.
    Create,
    /// It is changed in place.
    Update,
    /// It cannot be changed in place: it has to be deleted and made anew.
    Replace,
    /// It is deleted.
    Delete,
    /// It stays.
    #[default]
    NoOp,
    /// Only the apply will tell.
    Unknown,
    /// It should change, and something keeps that from having an effect.
    Blocked,
}

/// What an object is in the tree.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// A claim.
    Claim,
    /// An XR.
    Composite,
    /// A composed resource.
    #[default]
    Composed,
}

/// Why a change has no effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Blocked {
    /// What blocks.
    pub by: BlockedBy,
    /// The reason in words.
    pub reason: String,
    /// What would happen otherwise.
    pub would: Action,
}

/// What keeps a change from having an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum BlockedBy {
    /// `crossplane.io/paused` on the object, or on one above it.
    Paused,
    /// `spec.managementPolicies` of a managed resource.
    ManagementPolicies,
    /// A Usage.
    InUse,
    /// The object belongs to another controller, or to none.
    NotControlled,
    /// The pipeline stopped before anything is applied.
    Failure,
    /// The API server refuses it.
    Refused,
}

/// One field that changes.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// The field as a user types it.
    #[serde(serialize_with = "text")]
    pub path: Arc<str>,
    /// Value before; absent where there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// Value after; absent where there is none any more, or where it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
    /// The patch that wrote it; absent where the template or the user did.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "shared")]
    pub origin: Option<Arc<Origin>>,
    /// Who set the live value, where that is neither the one who applies nor unknown.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "maybe_text")]
    pub set_by: Option<Arc<str>>,
    /// More to know about this field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
}

/// More to know about one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Note {
    /// It cannot change in place.
    Immutable,
    /// The schema's default, not written by the user.
    Defaulted,
    /// Its value is known only after apply.
    KnownAfterApply,
    /// Its value is not shown.
    Sensitive,
    /// It is status: Crossplane writes it, the apply does not.
    Status,
}

/// Something that only the apply will tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UnknownField {
    /// The field; empty for the whole.
    pub field: String,
    /// Why.
    pub reason: String,
}

impl From<&plat_expand::Unknown> for UnknownField {
    fn from(unknown: &plat_expand::Unknown) -> Self {
        Self { field: unknown.field.to_string(), reason: unknown.reason.clone() }
    }
}

#[expect(clippy::ref_option, reason = "serde hands over a reference to the field")]
fn shared<S: Serializer>(origin: &Option<Arc<Origin>>, serializer: S) -> Result<S::Ok, S::Error> {
    origin.as_deref().serialize(serializer)
}

#[expect(clippy::ref_option, reason = "serde hands over a reference to the field")]
fn maybe_text<S: Serializer>(text: &Option<Arc<str>>, serializer: S) -> Result<S::Ok, S::Error> {
    text.as_deref().serialize(serializer)
}

fn text<S: Serializer>(path: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(path)
}

impl Node {
    /// Whether the object does not exist yet.
    pub(crate) fn is_new(&self) -> bool {
        self.action == Action::Create || self.blocked.as_ref().is_some_and(|blocked| blocked.would == Action::Create)
    }

    /// Whether a guardrail says anything of this object or of one below it.
    pub fn has_verdicts(&self) -> bool {
        !self.verdicts.is_empty() || self.children.iter().any(Self::has_verdicts)
    }

    /// Whether this object or one below it would change.
    pub fn has_changes(&self) -> bool {
        self.action != Action::NoOp || self.children.iter().any(Self::has_changes)
    }
}
