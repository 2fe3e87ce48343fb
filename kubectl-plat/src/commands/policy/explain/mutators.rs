//! What mutators do to an object, told.

use std::fmt::Write as _;

use plat_plan::guardrails::mutation_context;
use plat_policy::mutation::{FieldChange, MutatorId, MutatorOutcome, MutatorVerdict};
use plat_policy::{PolicySet, Review};
use plat_resource::Value;
use serde_json::json;

use crate::policies::Policies;

/// All mutators, and one object.
#[derive(Default)]
pub(super) struct Mutation {
    outcomes: Vec<MutatorOutcome>,
    /// Why the object is refused.
    pub(super) error: Option<String>,
}

impl Mutation {
    pub(super) fn of(review: &Review, policies: &Policies) -> Self {
        if !policies.mutates() {
            return Self::default();
        }
        let context = mutation_context(review);
        let (outcomes, error) = policies.set().mutation().explain(review.object(), &context);
        Self { outcomes, error: error.map(|error| error.to_string()) }
    }
}

/// The sections for people.
pub(super) fn text(out: &mut String, mutation: &Mutation, set: &PolicySet) {
    let (matched, others): (Vec<_>, Vec<_>) = mutation.outcomes.iter().partition(|outcome| is_matched(outcome));
    for (heading, outcomes) in [("Mutators that match", matched), ("Mutators that do not match", others)] {
        if outcomes.is_empty() {
            continue;
        }
        let _ = writeln!(out, "\n{heading}");
        for outcome in outcomes {
            let _ = writeln!(out, "  {}  ({})", outcome.mutator, place(&outcome.mutator, set));
            let _ = writeln!(out, "      {}", reason(outcome));
            for change in &outcome.changes {
                let _ = writeln!(out, "      {}", line(change));
            }
        }
    }
    if let Some(error) = &mutation.error {
        let _ = writeln!(out, "\nRefused, since it cannot be mutated: {error}");
    }
}

/// For programs; the form is in `docs/policy-json.md`.
pub(super) fn json(mutation: &Mutation) -> Value {
    let outcomes = mutation.outcomes.iter().map(|outcome| {
        json!({
            "mutator": outcome.mutator,
            "matched": is_matched(outcome),
            "reason": reason(outcome),
            "criterion": match &outcome.verdict {
                MutatorVerdict::Differs(mismatch) => Some(mismatch.criterion.field()),
                _ => None,
            },
            "changes": outcome.changes,
        })
    });
    outcomes.collect()
}

fn is_matched(outcome: &MutatorOutcome) -> bool {
    matches!(outcome.verdict, MutatorVerdict::Matches(_) | MutatorVerdict::Fails(_))
}

fn place(id: &MutatorId, set: &PolicySet) -> String {
    let mutator = set.mutation().mutators().iter().find(|mutator| mutator.id() == id);
    mutator.map_or_else(String::new, |mutator| mutator.place().to_string())
}

/// Why, in one line.
fn reason(outcome: &MutatorOutcome) -> String {
    match &outcome.verdict {
        MutatorVerdict::Matches(None) => "every criterion of its match holds".to_owned(),
        MutatorVerdict::Matches(Some(reason)) => format!("every criterion of its match holds; no change: {reason}"),
        MutatorVerdict::Differs(mismatch) => format!("match.{}: {}", mismatch.criterion.field(), mismatch.reason),
        MutatorVerdict::AppliesNot(reason) => reason.clone(),
        MutatorVerdict::SetAside(others) => {
            let others: Vec<String> = others.iter().map(ToString::to_string).collect();
            format!("set aside: its location cannot hold for the same objects as that of {}", others.join(", "))
        }
        MutatorVerdict::Fails(reason) => format!("refused: {reason}"),
        MutatorVerdict::Unasked => "not asked: another mutator failed before".to_owned(),
    }
}

fn line(FieldChange { field, before, after }: &FieldChange) -> String {
    match (before, after) {
        (Some(before), Some(after)) => format!("~ {field}: {before} → {after}"),
        (None, Some(after)) => format!("+ {field}: {after}"),
        (Some(before), None) => format!("- {field}: {before}"),
        (None, None) => format!("= {field}"),
    }
}
