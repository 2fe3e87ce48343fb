//! What the policies say of an object that is there already.
//!
//! Owns asking them at the audit's enforcement point, of the object and of everything that a claim makes. Which objects
//! there are is the shell's matter.

use std::collections::BTreeSet;

use plat_plan::guardrails::{Finding as Found, Subject, review_object};
use plat_policy::{Budget, Cause, ConstraintName, EnforcementAction, EnforcementPoint, Process, Review, Verdict};
use plat_resource::{Diagnostic, GroupVersionKind, Map, Value, object};

use crate::claim::judge;
use crate::message;
use crate::report::Finding;
use crate::snapshot::Snapshot;

/// Audits one object. That a claim cannot be expanded, and so not be judged, is an error that its report has.
pub fn audit(snapshot: &Snapshot, object: &Value) -> Vec<Finding> {
    if snapshot.policies.config().exempts(Process::Audit, object) {
        return Vec::new();
    }
    let namespace = snapshot.namespace(object::namespace(object)).cloned();
    let review = Review::of_object(object, namespace);
    // Nobody waits for it: there is time for every constraint.
    let budget = Budget::unlimited();
    let guard = snapshot.guard(EnforcementPoint::Audit, &budget);
    let mut findings: Vec<Finding> = review_object(&review, &guard).into_iter().map(finding).collect();
    if let Some(judged) = judge(guard, object, Some(object)) {
        let new: Vec<Finding> = judged
            .findings
            .into_iter()
            .map(finding)
            .filter(|new| !findings.iter().any(|known| known.composed.is_none() && known.verdict == new.verdict))
            .collect();
        findings.extend(new);
        findings.extend(judged.errors.iter().map(|error| not_judged(object, error)));
    }
    findings
}

/// A claim or XR of which nobody can say what it makes. No constraint says so: its own kind stands for one.
fn not_judged(object: &Value, error: &Diagnostic) -> Finding {
    let kind = GroupVersionKind::of(object).kind;
    let verdict = Verdict {
        constraint: ConstraintName { kind, name: "expansion".to_owned() },
        action: EnforcementAction::Deny,
        message: format!("what it creates cannot be judged: {}", message::of_diagnostic(error)),
        details: Value::Object(Map::new()),
        field: error.field.clone(),
        cause: Cause::Evaluation,
    };
    Finding { verdict, composed: None }
}

fn finding(found: Found) -> Finding {
    let composed = (found.subject != Subject::Object || !found.implied_by.is_empty()).then(|| {
        let (group, kind) = (&found.object.kind.group, &found.object.kind.kind);
        let kind = if group.is_empty() { kind.clone() } else { format!("{group}/{kind}") };
        format!("{} ({kind})", found.object_in_words())
    });
    let verdict = Verdict {
        constraint: found.constraint,
        action: found.action,
        message: found.message,
        details: found.details,
        field: found.field,
        cause: found.cause,
    };
    Finding { verdict, composed }
}

/// Which kinds are worth listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kinds {
    /// All of them.
    All,
    /// Those of these groups and kinds, where `*` stands for any.
    These(BTreeSet<(String, String)>),
}

impl Kinds {
    /// The kinds that the constraints of a snapshot may match, and the claims and XRs that may make such objects.
    pub fn of(snapshot: &Snapshot) -> Self {
        let constraints = snapshot.policies.constraints();
        // Gatekeeper lists everything as soon as there is a template, and can find nothing: who asks nothing need not look.
        if constraints.is_empty() {
            return Self::These(BTreeSet::new());
        }
        // What ExpansionTemplates make objects of is not among the kinds of the constraints.
        if !snapshot.policies.expansion().is_empty() {
            return Self::All;
        }
        let mut kinds = BTreeSet::new();
        for constraint in constraints {
            let entries = object::value_at(constraint.object(), &["spec", "match", "kinds"]).and_then(Value::as_array);
            let Some(entries) = entries.filter(|entries| !entries.is_empty()) else { return Self::All };
            for entry in entries {
                let texts = |key: &str| match entry.get(key).and_then(Value::as_array) {
                    Some(list) if !list.is_empty() => {
                        list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
                    }
                    _ => vec!["*".to_owned()],
                };
                let names = texts("kinds");
                for group in texts("apiGroups") {
                    kinds.extend(names.iter().map(|name| (group.clone(), name.clone())));
                }
            }
        }
        for definition in snapshot.platform.definitions() {
            let own = [Some(definition.composite_kind()), definition.claim_kind()];
            kinds.extend(own.into_iter().flatten().map(|kind| (kind.group, kind.kind)));
        }
        Self::These(kinds)
    }

    /// Whether objects of this kind are to be listed.
    pub fn contain(&self, kind: &GroupVersionKind) -> bool {
        match self {
            Self::All => true,
            Self::These(kinds) => kinds
                .iter()
                .any(|(group, name)| (group == "*" || *group == kind.group) && (name == "*" || *name == kind.kind)),
        }
    }
}
