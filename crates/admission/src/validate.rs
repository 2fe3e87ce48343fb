//! May the object be as it is?
//!
//! Owns the order: does it load, what do the constraints say of it, what do they say of everything it would create. All
//! of it is told at once.

use std::collections::BTreeMap;

use plat_plan::guardrails::{Finding, review_object};
use plat_policy::{EnforcementAction, EnforcementPoint, Process};
use plat_resource::{Diagnostic, object};

use crate::check::{asks_for_the_same, check};
use crate::claim::{Judged, judge};
use crate::message;
use crate::request::{Operation, Request};
use crate::response::{Decision, Denial, Reason};
use crate::snapshot::Snapshot;

/// Audit annotation: which constraints were violated, and what they want done.
const VIOLATIONS: &str = "violations";
/// Audit annotation: the Composition that a claim was expanded with.
const COMPOSITION: &str = "composition";
/// Violations that are annotated; the message has the others.
const MOST_ANNOTATED: usize = 20;

/// Judges one request.
pub fn validate(snapshot: &Snapshot, request: &Request) -> Decision {
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
    let point = EnforcementPoint::Webhook;
    let mut findings = review_object(&request.review(namespace.cloned()), &snapshot.guard(point));
    let mut errors = Vec::new();
    if let Some(judged) = generated(snapshot, request) {
        take(&mut decision, &mut findings, &mut errors, request, judged);
    }
    conclude(&mut decision, &findings, &errors);
    decision
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
fn generated(snapshot: &Snapshot, request: &Request) -> Option<Judged> {
    if !request.is_whole() || request.operation == Operation::Delete {
        return None;
    }
    judge(snapshot, EnforcementPoint::Webhook, request.object(), request.old_object())
}

fn take(
    decision: &mut Decision,
    findings: &mut Vec<Finding>,
    errors: &mut Vec<Diagnostic>,
    request: &Request,
    judged: Judged,
) {
    // What is said of the object is not said again of the XR that carries the same fields.
    let is_said = |finding: &Finding| {
        findings.iter().any(|said| {
            finding.resource.is_none()
                && (&said.constraint, &said.action, &said.message)
                    == (&finding.constraint, &finding.action, &finding.message)
        })
    };
    let new: Vec<Finding> = judged.findings.into_iter().filter(|finding| !is_said(finding)).collect();
    findings.extend(new);
    decision.warnings.extend(judged.warnings);
    decision.annotations.extend(judged.composition.map(|name| (COMPOSITION, name)));
    let is_unchanged =
        request.operation == Operation::Update && asks_for_the_same(request.old_object(), request.object());
    if is_unchanged {
        // It asks for nothing new, and its finalizers must be able to go.
        let words = judged.errors.iter().map(message::of_diagnostic);
        decision.warnings.extend(words.map(|words| format!("not judged with what it creates: {words}")));
    } else {
        errors.extend(judged.errors);
    }
}

fn conclude(decision: &mut Decision, findings: &[Finding], errors: &[Diagnostic]) {
    let mut messages = Vec::new();
    let mut annotated = Vec::new();
    for finding in findings {
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
    let is_denied = !messages.is_empty();
    messages.extend(errors.iter().map(message::of_diagnostic));
    if !messages.is_empty() {
        let reason = if is_denied { Reason::Forbidden } else { Reason::Invalid };
        decision.denied = Some(Denial { reason, messages });
    }
    decision.violations = counted(findings);
}

/// How many violations there are of each constraint and action.
fn counted(findings: &[Finding]) -> BTreeMap<(plat_policy::ConstraintName, EnforcementAction), usize> {
    let mut counts = BTreeMap::new();
    for finding in findings {
        *counts.entry((finding.constraint.clone(), finding.action.clone())).or_default() += 1;
    }
    counts
}
