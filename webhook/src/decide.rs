//! Decisions by the snapshot in use.
//!
//! Owns the way from the server's question to `plat-admission` and back. Nothing is asked of the API server on it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use plat_admission::{Decision, Request, Snapshot, mutate, validate_until};
use plat_policy::ConstraintName;

use crate::attempts::Attempts;
use crate::decision::{Admission, Answer, Condition, ConstraintUse, Endpoint, Gaps, Outcome, Policies, Question};
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
    /// Where deletions that were refused are noted; nowhere without a cluster.
    attempts: Option<Attempts>,
}

impl Decide {
    /// Decides by these snapshots.
    pub fn new(
        snapshots: Arc<Snapshots>,
        rebuild: Arc<Rebuild>,
        follows_namespaces: bool,
        attempts: Option<Attempts>,
    ) -> Self {
        Self { snapshots, rebuild, follows_namespaces, attempts }
    }

    fn in_use(&self, snapshot: &Snapshot, request: &Request) -> Decision {
        let (decision, attempt) = snapshot.usages.decide(request);
        if let (Some(attempts), Some(attempt)) = (&self.attempts, attempt) {
            attempts.note(attempt);
        }
        decision
    }
}

impl Admission for Decide {
    fn decide(&self, question: &Question<'_>) -> Answer {
        if self.snapshots.age().is_none() {
            let message = "the webhook has not loaded its policies yet; try again".to_owned();
            let refusal = Refusal { code: 503, reason: "ServiceUnavailable", message };
            return errored(refusal.review(question.envelope));
        }
        let request = match Request::read(question.body) {
            Ok(request) => request,
            Err(mut malformed) => {
                // Without it the API server takes the refusal for a failure, which `failurePolicy: Ignore` lets pass.
                malformed.uid.get_or_insert_with(|| question.envelope.uid.clone());
                return errored(malformed.review().to_string().into_bytes());
            }
        };
        let snapshot = self.snapshots.current();
        let is_over = || Instant::now() >= question.deadline;
        let (decision, times) = stopwatch::measure(|| match question.endpoint {
            Endpoint::Validate => validate_until(&snapshot, &request, &is_over),
            Endpoint::Mutate => mutate(&snapshot, &request),
            Endpoint::ValidateLabel => snapshot.settings.exemptions.decide(&request),
            Endpoint::ValidateNoUsages => self.in_use(&snapshot, &request),
        });
        let review = decision.review(&request.uid).to_string().into_bytes();
        Answer { review, outcome: outcome(&decision), constraints: uses(&decision, times), gaps: gaps(&decision) }
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

/// The answer to what cannot be decided on.
fn errored(review: Vec<u8>) -> Answer {
    Answer { review, outcome: Outcome::Errored, constraints: Vec::new(), gaps: Gaps::default() }
}

fn gaps(decision: &Decision) -> Gaps {
    let plat_admission::Gaps { unexpanded_steps, unevaluated_constraints } = decision.gaps;
    Gaps { unexpanded: unexpanded_steps > 0, over_budget: unevaluated_constraints > 0 }
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
