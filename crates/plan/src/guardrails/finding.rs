//! What one guardrail says of one object of a tree, and how many of which kind there are.

use std::collections::HashSet;

use plat_expand::Origin;
use plat_policy::{Cause, ConstraintName, EnforcementAction, Verdict};
use plat_resource::{ObjectKey, Value};
use serde::Serialize;

/// What the object is that was reviewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Subject {
    /// The claim.
    Claim,
    /// An XR: that of the claim, one that was given, or a nested one.
    Composite,
    /// A composed resource.
    Composed,
    /// A live composed resource that would be deleted.
    Removed,
    /// An object that is no part of an expansion.
    Object,
}

/// One verdict, and where in the tree it belongs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What the object is.
    pub subject: Subject,
    /// Kind, namespace and name of the object at fault; of an implied object its own.
    pub object: ObjectKey,
    /// Composition-resource name, below nested XRs with theirs in front: `network/subnet`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// ExpansionTemplates that make the object at fault of the one in the tree.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub implied_by: Vec<String>,
    /// The constraint.
    pub constraint: ConstraintName,
    /// What it wants done.
    pub action: EnforcementAction,
    /// What it says.
    pub message: String,
    /// What else it says.
    pub details: Value,
    /// The field of the object that is at fault, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The patch that wrote this field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// Fields of the claim or XR that was given which decide it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub given_fields: Vec<String>,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Why the verdict was given.
    pub cause: Cause,
    /// Composition-resource names from the root XR down.
    #[serde(skip)]
    pub(crate) place: Vec<String>,
}

impl Finding {
    /// Whether it refuses the request.
    pub fn is_denial(&self) -> bool {
        self.action == EnforcementAction::Deny
    }

    /// What the object is called in a sentence: `claim`, `XR`, the composition-resource name, or kind and name.
    pub fn object_in_words(&self) -> String {
        let of_kind = || match self.object.name.as_str() {
            "" => self.object.kind.kind.clone(),
            name => format!("{} {name}", self.object.kind.kind),
        };
        let base = match (&self.resource, self.subject) {
            (Some(resource), Subject::Removed) => format!("{resource} (to be deleted)"),
            (Some(resource), _) => resource.clone(),
            (None, Subject::Claim) => "claim".to_owned(),
            (None, Subject::Composite) => "XR".to_owned(),
            (None, _) => return self.implied(of_kind()),
        };
        if self.implied_by.is_empty() { base } else { self.implied(format!("{base}: {}", of_kind())) }
    }

    fn implied(&self, name: String) -> String {
        if self.implied_by.is_empty() {
            return name;
        }
        format!("{name} (implied by {})", self.implied_by.join(", "))
    }
}

/// How many findings there are of each action.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Refusals.
    pub denied: usize,
    /// Warnings.
    pub warned: usize,
    /// Anything else: nobody is refused or told.
    pub noted: usize,
}

impl Tally {
    /// Counts one action.
    pub fn count(&mut self, action: &EnforcementAction) {
        *match action {
            EnforcementAction::Deny => &mut self.denied,
            EnforcementAction::Warn => &mut self.warned,
            EnforcementAction::Dryrun | EnforcementAction::Other(_) => &mut self.noted,
        } += 1;
    }

    /// The counts of `findings`.
    pub fn of<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Self {
        let mut tally = Self::default();
        findings.into_iter().for_each(|finding| tally.count(&finding.action));
        tally
    }

    /// Adds the counts of `other`.
    pub fn add_all(&mut self, other: &Self) {
        self.denied += other.denied;
        self.warned += other.warned;
        self.noted += other.noted;
    }
}

/// The gravest action among `findings`.
pub fn most_severe(findings: &[Finding]) -> Option<&EnforcementAction> {
    findings.iter().map(|finding| &finding.action).min()
}

/// The gravest first, then by constraint and message.
pub(super) fn order(verdict: &Verdict) -> (&EnforcementAction, &ConstraintName, &str) {
    (&verdict.action, &verdict.constraint, &verdict.message)
}

/// Each fact once. What is said of the claim is not said again of the XR that carries the same fields.
pub(super) fn once(findings: Vec<Finding>) -> Vec<Finding> {
    let mut seen = HashSet::new();
    let mut kept = Vec::with_capacity(findings.len());
    for finding in findings {
        let is_root = matches!(finding.subject, Subject::Claim | Subject::Composite) && finding.resource.is_none();
        let object = if is_root { None } else { Some((finding.object.clone(), finding.resource.clone())) };
        let what = (finding.constraint.clone(), finding.action.clone(), finding.message.clone());
        if seen.insert((object, finding.implied_by.clone(), what)) {
            kept.push(finding);
        }
    }
    kept
}
