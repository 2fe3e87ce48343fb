//! May the object be as it is?
//!
//! Owns the order: does it load, what do the constraints say of it, what do they say of everything it would create. All
//! of it is told at once.

use std::collections::{BTreeMap, BTreeSet};

use plat_plan::guardrails::{Finding, review_object};
use plat_policy::{Budget, Cause, ConstraintName, EnforcementAction, EnforcementPoint, Process};
use plat_resource::{Diagnostic, object};

use crate::check::{asks_for_the_same, check};
use crate::claim::{Judged, judge};
use crate::message;
use crate::request::{Operation, Request};
use crate::response::{Decision, Denial, Gaps, Reason};
use crate::snapshot::{Guard, Snapshot, Unexpanded};

/// Audit annotation: which constraints were violated, and what they want done.
const VIOLATIONS: &str = "violations";
/// Audit annotation: the Composition that a claim was expanded with.
const COMPOSITION: &str = "composition";
/// Audit annotation: steps of Compositions whose functions were not run, `composition/step`.
const UNEXPANDED: &str = "unexpanded";
/// Audit annotation: how many constraints the request's budget was not enough for.
const UNEVALUATED: &str = "unevaluated";
/// Violations and steps that are annotated; the message has the others.
const MOST_ANNOTATED: usize = 20;

/// Judges one request within the budget that is set for it.
pub fn validate(snapshot: &Snapshot, request: &Request) -> Decision {
    validate_until(snapshot, request, &|| false)
}

/// The same, ending also when `is_over` says so. What it says then was not decided by all constraints, whatever they want
/// done: whoever ended it must refuse.
pub fn validate_until(snapshot: &Snapshot, request: &Request, is_over: &(dyn Fn() -> bool + Sync)) -> Decision {
    if snapshot.is_own(&request.username) {
        return Decision::allowed();
    }
    let checked = check(snapshot, request);
    let mut decision = Decision { warnings: checked.warnings, ..Decision::default() };
    if !checked.errors.is_empty() {
        decision.denied = Some(Denial { reason: Reason::Invalid, messages: checked.errors });
        return decision;
    }
    if is_exempt(snapshot, Process::Webhook, request) {
        return decision;
    }
    let namespace = snapshot.namespace(&request.namespace).filter(|_| !request.namespace.is_empty());
    let budget = Budget::of(snapshot.settings.request_budget).until(is_over);
    let guard = snapshot.guard(EnforcementPoint::Webhook, &budget);
    let mut found = Found { findings: review_object(&request.review(namespace.cloned()), &guard), ..Found::default() };
    if let Some(judged) = generated(guard, request) {
        take(&mut decision, &mut found, request, judged, snapshot.settings.unexpanded);
    }
    conclude(&mut decision, found);
    decision
}

/// What speaks against a request.
#[derive(Debug, Default)]
struct Found {
    findings: Vec<Finding>,
    /// Why it may not be for want of knowledge.
    refusals: Vec<String>,
    errors: Vec<Diagnostic>,
}

/// Whether Gatekeeper's Config takes the namespace (of a Namespace: itself) out of a process.
pub(crate) fn is_exempt(snapshot: &Snapshot, process: Process, request: &Request) -> bool {
    let name = match (request.is_namespace(), request.name.is_empty()) {
        (true, true) => object::name(request.object()),
        (true, false) => &request.name,
        (false, _) => &request.namespace,
    };
    snapshot.policies.config().exempts_namespace(process, name)
}

/// What a claim or XR would create. What a deletion takes away is the old object, which was judged already.
fn generated(guard: Guard<'_>, request: &Request) -> Option<Judged> {
    if !request.is_whole() || request.operation == Operation::Delete {
        return None;
    }
    judge(guard, request.object(), request.old_object())
}

fn take(decision: &mut Decision, found: &mut Found, request: &Request, judged: Judged, unexpanded: Unexpanded) {
    // What is said of the object is not said again of the XR that carries the same fields.
    let is_said = |finding: &Finding| {
        found.findings.iter().any(|said| {
            finding.resource.is_none()
                && (&said.constraint, &said.action, &said.message)
                    == (&finding.constraint, &finding.action, &finding.message)
        })
    };
    let new: Vec<Finding> = judged.findings.into_iter().filter(|finding| !is_said(finding)).collect();
    found.findings.extend(new);
    decision.warnings.extend(judged.warnings);
    decision.annotations.extend(judged.composition.map(|name| (COMPOSITION, name)));
    let is_unchanged =
        request.operation == Operation::Update && asks_for_the_same(request.old_object(), request.object());
    let left_out = judged.unexpanded.iter().map(crate::claim::Unexpanded::message);
    match unexpanded {
        Unexpanded::Allow => {}
        Unexpanded::Deny if !is_unchanged => found.refusals.extend(left_out),
        Unexpanded::Warn | Unexpanded::Deny => decision.warnings.extend(left_out),
    }
    let names = judged.unexpanded.iter().map(|one| format!("{}/{}", one.composition, one.step));
    decision.gaps.unexpanded_steps = judged.unexpanded.len();
    if !judged.unexpanded.is_empty() {
        let names: Vec<String> = names.take(MOST_ANNOTATED).collect();
        decision.annotations.insert(UNEXPANDED, names.join(", "));
    }
    if is_unchanged {
        // It asks for nothing new, and its finalizers must be able to go.
        let words = judged.errors.iter().map(message::of_diagnostic);
        decision.warnings.extend(words.map(|words| format!("not judged with what it creates: {words}")));
    } else {
        found.errors.extend(judged.errors);
    }
}

fn conclude(decision: &mut Decision, found: Found) {
    let Found { mut findings, refusals, errors } = found;
    // What was found out is told first: the rest may be more than is told at all.
    findings.sort_by_key(|finding| finding.cause == Cause::Budget);
    let mut messages = Vec::new();
    let mut annotated = Vec::new();
    for finding in &findings {
        match &finding.action {
            EnforcementAction::Deny => messages.push(message::of_finding(finding)),
            EnforcementAction::Warn => decision.warnings.push(message::of_finding(finding)),
            EnforcementAction::Dryrun | EnforcementAction::Other(_) => {}
        }
        let (constraint, action) = (&finding.constraint, finding.action.name());
        let text = format!("{}/{}: {action}", constraint.kind, constraint.name);
        if annotated.len() < MOST_ANNOTATED && !annotated.contains(&text) {
            annotated.push(text);
        }
    }
    if !annotated.is_empty() {
        decision.annotations.insert(VIOLATIONS, annotated.join(", "));
    }
    messages.extend(refusals);
    let is_denied = !messages.is_empty();
    messages.extend(errors.iter().map(message::of_diagnostic));
    if !messages.is_empty() {
        let reason = if is_denied { Reason::Forbidden } else { Reason::Invalid };
        decision.denied = Some(Denial { reason, messages });
    }
    decision.violations = counted(&findings);
    decision.gaps = Gaps { unevaluated_constraints: unevaluated(&findings), ..decision.gaps };
    if decision.gaps.unevaluated_constraints > 0 {
        decision.annotations.insert(UNEVALUATED, decision.gaps.unevaluated_constraints.to_string());
    }
}

/// How many constraints were not asked about something.
fn unevaluated(findings: &[Finding]) -> usize {
    let of_budget = findings.iter().filter(|finding| finding.cause == Cause::Budget);
    of_budget.map(|finding| &finding.constraint).collect::<BTreeSet<_>>().len()
}

/// How many violations there are of each constraint and action.
fn counted(findings: &[Finding]) -> BTreeMap<(ConstraintName, EnforcementAction), usize> {
    let mut counts = BTreeMap::new();
    for finding in findings {
        *counts.entry((finding.constraint.clone(), finding.action.clone())).or_default() += 1;
    }
    counts
}
