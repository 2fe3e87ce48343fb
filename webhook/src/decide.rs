//! Decisions by the snapshot in use.
//!
//! Owns the way from the server's question to `plat-admission` and back. Nothing is asked of the API server on it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use plat_admission::{Decision, Request, mutate, validate};
use plat_policy::ConstraintName;

use crate::decision::{Admission, Answer, Condition, ConstraintUse, Endpoint, Outcome, Policies, Question};
use crate::review::{Envelope, Refusal};
use crate::snapshots::Snapshots;
use crate::sources::{Rebuild, templates};
use crate::stopwatch::{self, Times};

/// What decides.
#[derive(Debug)]
pub struct Decide {
    snapshots: Arc<Snapshots>,
    rebuild: Arc<Rebuild>,
    /// Whether Namespaces are followed; from folders alone nothing is known of them.
    follows_namespaces: bool,
}

impl Decide {
    /// Decides by these snapshots.
    pub fn new(snapshots: Arc<Snapshots>, rebuild: Arc<Rebuild>, follows_namespaces: bool) -> Self {
        Self { snapshots, rebuild, follows_namespaces }
    }
}

impl Admission for Decide {
    fn decide(&self, question: &Question<'_>) -> Answer {
        if self.snapshots.age().is_none() {
            let message = "the webhook has not loaded its policies yet; try again".to_owned();
            let refusal = Refusal { code: 503, reason: "ServiceUnavailable", message };
            return answer(refusal.review(question.envelope), Outcome::Errored, Vec::new());
        }
        let request = match Request::read(question.body) {
            Ok(request) => request,
            Err(mut malformed) => {
                // Without it the API server takes the refusal for a failure, which `failurePolicy: Ignore` lets pass.
                malformed.uid.get_or_insert_with(|| question.envelope.uid.clone());
                return answer(malformed.review().to_string().into_bytes(), Outcome::Errored, Vec::new());
            }
        };
        let snapshot = self.snapshots.current();
        let (decision, times) = stopwatch::measure(|| match question.endpoint {
            Endpoint::Validate => validate(&snapshot, &request),
            Endpoint::Mutate => mutate(&snapshot, &request),
            Endpoint::ValidateLabel => snapshot.settings.exemptions.decide(&request),
        });
        let review = decision.review(&request.uid).to_string().into_bytes();
        answer(review, outcome(&decision), uses(&decision, times))
    }

    /// A Namespace that was just made is known here a moment later than at the API server.
    fn is_prepared(&self, envelope: &Envelope) -> bool {
        // A Namespace is said to be in itself when it is made.
        let is_namespace = envelope.object_group.is_empty() && envelope.object_kind == "Namespace";
        let waits = self.follows_namespaces && !envelope.namespace.is_empty() && !is_namespace;
        !waits || self.snapshots.knows_namespace(&envelope.namespace)
    }

    fn conditions(&self) -> Vec<Condition> {
        self.rebuild.conditions()
    }

    fn policies(&self) -> Policies {
        let snapshot = self.snapshots.current();
        let all = snapshot.policies.templates().count();
        let compiled = templates(&snapshot.policies);
        let broken = self.rebuild.broken();
        let broken_templates = broken.iter().filter(|broken| broken.unit.starts_with("ConstraintTemplate/")).count();
        Policies {
            templates: compiled,
            broken_templates: broken_templates.max(all - compiled),
            constraints: snapshot.policies.constraints().len(),
            mutators: snapshot.policies.mutation().mutators().len() - snapshot.policies.mutation().conflicts().len(),
            failed_loads: self.rebuild.failed(),
            age: self.snapshots.age(),
        }
    }
}

fn answer(review: Vec<u8>, outcome: Outcome, constraints: Vec<ConstraintUse>) -> Answer {
    Answer { review, outcome, constraints }
}

fn outcome(decision: &Decision) -> Outcome {
    match &decision.denied {
        Some(denial) if denial.reason.code() >= 500 => Outcome::Errored,
        Some(_) => Outcome::Denied,
        None if !decision.patch.0.is_empty() => Outcome::Mutated,
        None if !decision.warnings.is_empty() => Outcome::Warned,
        None => Outcome::Allowed,
    }
}

/// What each constraint that was looked at cost and found.
fn uses(decision: &Decision, times: Times) -> Vec<ConstraintUse> {
    let mut constraints: BTreeMap<ConstraintName, ConstraintUse> = BTreeMap::new();
    let mut of = |constraint: &ConstraintName, evaluations: u64, time: Duration, violations: Option<(String, u64)>| {
        let used = constraints.entry(constraint.clone()).or_insert_with(|| ConstraintUse {
            kind: constraint.kind.clone(),
            name: constraint.name.clone(),
            evaluations: 0,
            time: Duration::ZERO,
            violations: Vec::new(),
        });
        used.evaluations += evaluations;
        used.time += time;
        used.violations.extend(violations);
    };
    for (constraint, (evaluations, time)) in times {
        of(&constraint, evaluations, time, None);
    }
    for ((constraint, action), violations) in &decision.violations {
        of(constraint, 0, Duration::ZERO, Some((action.name().to_owned(), *violations as u64)));
    }
    constraints.into_values().collect()
}
