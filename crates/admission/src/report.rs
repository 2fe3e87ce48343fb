//! What an audit found, as reports and as the status of constraints.
//!
//! Owns both shapes and how large they may become: reports stand in etcd, and a policy that everything violates must not
//! fill it. Writes nothing: the shell compares with what stands there and writes what differs.

use plat_policy::{Cause, EnforcementAction, Verdict};
use plat_resource::{ObjectKey, Value, object};
use serde_json::json;

use crate::response::cut;

/// Says who wrote a report, and whose reports may be removed.
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// The value of it.
pub const MANAGER: &str = "kubectl-plat";
/// Results that one report has at most; its summary counts all.
pub const MAX_RESULTS: usize = 100;
/// Bytes that the messages of one report may have together.
const MAX_MESSAGE_BYTES: usize = 128 * 1024;
/// Characters of one message in a report.
const MESSAGE_CHARACTERS: usize = 2048;
/// Violations that the status of a constraint lists, as Gatekeeper does.
pub const MAX_STATUS_VIOLATIONS: usize = 20;
/// Bytes of a message in the status of a constraint, as Gatekeeper does.
const STATUS_MESSAGE_BYTES: usize = 256;

/// Which API reports are written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Format {
    /// `openreports.io/v1alpha1` Report and ClusterReport.
    #[default]
    OpenReports,
    /// `wgpolicyk8s.io/v1alpha2` PolicyReport and ClusterPolicyReport.
    PolicyReport,
}

impl Format {
    /// Group and version.
    pub fn api_version(self) -> &'static str {
        match self {
            Self::OpenReports => "openreports.io/v1alpha1",
            Self::PolicyReport => "wgpolicyk8s.io/v1alpha2",
        }
    }

    /// Kind of the report on an object in a namespace, or on one without.
    pub fn kind(self, namespaced: bool) -> &'static str {
        match (self, namespaced) {
            (Self::OpenReports, true) => "Report",
            (Self::OpenReports, false) => "ClusterReport",
            (Self::PolicyReport, true) => "PolicyReport",
            (Self::PolicyReport, false) => "ClusterPolicyReport",
        }
    }

    /// Resource name of that kind.
    pub fn plural(self, namespaced: bool) -> String {
        format!("{}s", self.kind(namespaced).to_lowercase())
    }
}

/// One violation that an audit found.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// What the constraint says.
    pub verdict: Verdict,
    /// The composed resource that is at fault, `name (group/Kind)`, where it is not the object itself.
    pub composed: Option<String>,
}

impl Finding {
    fn result(&self) -> &'static str {
        match (self.verdict.cause, &self.verdict.action) {
            (Cause::Match | Cause::Evaluation | Cause::Budget, _) => "error",
            (Cause::Violation, EnforcementAction::Deny) => "fail",
            (Cause::Violation, _) => "warn",
        }
    }

    fn message(&self) -> String {
        match &self.composed {
            Some(composed) => format!("{composed}: {}", self.verdict.message),
            None => self.verdict.message.clone(),
        }
    }
}

/// The report on one object, named by its UID; `seconds` since 1970 say when it was found. Without a finding there is none.
pub fn report(format: Format, object: &Value, findings: &[Finding], seconds: i64) -> Option<Value> {
    if findings.is_empty() || object::uid(object).is_empty() {
        return None;
    }
    let (key, uid) = (ObjectKey::of(object), object::uid(object));
    let namespaced = !key.namespace.is_empty();
    let mut scope = json!({"apiVersion": key.kind.api_version(), "kind": key.kind.kind, "name": key.name, "uid": uid});
    let owner = scope.clone();
    let mut metadata = json!({
        "name": uid, "labels": {MANAGED_BY: MANAGER}, "ownerReferences": [owner],
    });
    if namespaced {
        scope["namespace"] = key.namespace.as_str().into();
        metadata["namespace"] = key.namespace.as_str().into();
    }
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted
        .sort_by_cached_key(|finding| (rank(finding.result()), finding.verdict.constraint.clone(), finding.message()));
    let mut bytes = 0;
    let results: Vec<Value> = sorted
        .iter()
        .take(MAX_RESULTS)
        .map(|finding| result(finding, seconds))
        .take_while(|result| {
            bytes += result["message"].as_str().map_or(0, str::len);
            bytes <= MAX_MESSAGE_BYTES
        })
        .collect();
    let count = |result: &str| findings.iter().filter(|finding| finding.result() == result).count();
    let mut report = json!({
        "apiVersion": format.api_version(), "kind": format.kind(namespaced), "metadata": metadata, "scope": scope,
        "summary": {"pass": 0, "fail": count("fail"), "warn": count("warn"), "error": count("error"), "skip": 0},
        "results": results,
    });
    if format == Format::OpenReports {
        report["source"] = MANAGER.into();
        report["configuration"] = json!({"limits": {"maxResults": MAX_RESULTS}});
    }
    Some(report)
}

fn rank(result: &str) -> usize {
    ["fail", "error", "warn"].iter().position(|each| *each == result).unwrap_or(usize::MAX)
}

fn result(finding: &Finding, seconds: i64) -> Value {
    let verdict = &finding.verdict;
    let mut properties = json!({"enforcementAction": verdict.action.name()});
    if let Some(field) = &verdict.field {
        properties["field"] = field.as_str().into();
    }
    if let Some(composed) = &finding.composed {
        properties["composedResource"] = composed.as_str().into();
    }
    json!({
        "source": MANAGER, "policy": verdict.constraint.kind, "rule": verdict.constraint.name,
        "result": finding.result(), "scored": verdict.action == EnforcementAction::Deny,
        "message": cut(&finding.message(), MESSAGE_CHARACTERS),
        "timestamp": {"seconds": seconds, "nanos": 0}, "properties": properties,
    })
}

/// Whether two reports say the same, whenever it was found.
pub fn says_the_same(old: &Value, new: &Value) -> bool {
    said(old) == said(new)
}

/// What a report says, without when that was found.
pub fn said(report: &Value) -> Value {
    let mut results = report.get("results").cloned().unwrap_or_default();
    for result in results.as_array_mut().into_iter().flatten() {
        if let Some(result) = result.as_object_mut() {
            result.remove("timestamp");
        }
    }
    let summary = report.get("summary").cloned().unwrap_or_default();
    let scope = report.get("scope").cloned().unwrap_or_default();
    json!({"results": results, "summary": summary, "scope": scope})
}

/// What an audit found for one constraint, kept small while it runs.
#[derive(Debug, Clone, Default)]
pub struct ConstraintFindings {
    total: usize,
    listed: Vec<Value>,
}

impl ConstraintFindings {
    /// Counts one violation and lists it among the first ones.
    pub fn add(&mut self, object: &ObjectKey, finding: &Finding) {
        self.total += 1;
        if self.listed.len() >= MAX_STATUS_VIOLATIONS {
            return;
        }
        let mut violation = json!({
            "group": object.kind.group, "version": object.kind.version, "kind": object.kind.kind, "name": object.name,
            "message": cut_bytes(&finding.message(), STATUS_MESSAGE_BYTES),
            "enforcementAction": finding.verdict.action.name(),
        });
        if !object.namespace.is_empty() {
            violation["namespace"] = object.namespace.as_str().into();
        }
        self.listed.push(violation);
    }

    /// The `status` of the constraint, with the time of the audit as Kubernetes writes times.
    pub fn status(&self, timestamp: &str) -> Value {
        let mut status = json!({"auditTimestamp": timestamp, "totalViolations": self.total});
        if !self.listed.is_empty() {
            status["violations"] = self.listed.clone().into();
        }
        status
    }
}

/// At most `most` bytes and three dots, never half a character.
fn cut_bytes(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let end = (0..=most - 3).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    format!("{}...", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use plat_policy::ConstraintName;

    fn finding(action: EnforcementAction, name: &str, message: &str) -> Finding {
        let constraint = ConstraintName { kind: "K8sSize".to_owned(), name: name.to_owned() };
        let verdict = Verdict {
            constraint,
            action,
            message: message.to_owned(),
            details: json!({}),
            field: None,
            cause: Cause::Violation,
        };
        Finding { verdict, composed: None }
    }

    fn object() -> Value {
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a", "namespace": "n", "uid": "u-1"}})
    }

    #[test]
    fn a_report_is_named_by_the_uid_and_owned_by_the_object() {
        let mut composed = finding(EnforcementAction::Warn, "b", "too large");
        composed.composed = Some("instance (rds.aws/Instance)".to_owned());
        let report =
            report(Format::OpenReports, &object(), &[composed, finding(EnforcementAction::Deny, "a", "no")], 5)
                .unwrap();
        assert_eq!((&report["metadata"]["name"], &report["metadata"]["namespace"]), (&json!("u-1"), &json!("n")));
        let owner = json!([{"apiVersion": "apps/v1", "kind": "Deployment", "name": "a", "uid": "u-1"}]);
        assert_eq!(report["metadata"]["ownerReferences"], owner);
        assert_eq!(report["summary"], json!({"pass": 0, "fail": 1, "warn": 1, "error": 0, "skip": 0}));
        let told: Vec<_> =
            report["results"].as_array().unwrap().iter().map(|each| (&each["result"], &each["message"])).collect();
        let second = json!("instance (rds.aws/Instance): too large");
        assert_eq!(told, [(&json!("fail"), &json!("no")), (&json!("warn"), &second)]);
    }

    #[test]
    fn the_other_format_has_no_fields_that_it_would_lose() {
        let found = [finding(EnforcementAction::Deny, "a", "no")];
        let cluster = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a", "uid": "u"}});
        let report = report(Format::PolicyReport, &cluster, &found, 5).unwrap();
        assert_eq!((&report["kind"], report.get("source")), (&json!("ClusterPolicyReport"), None));
        assert_eq!(Format::PolicyReport.plural(true), "policyreports");
    }

    #[test]
    fn a_report_is_capped_and_its_summary_is_not() {
        let found = vec![finding(EnforcementAction::Deny, "a", &"x".repeat(5000)); 500];
        let report = report(Format::OpenReports, &object(), &found, 5).unwrap();
        assert_eq!(report["summary"]["fail"], 500);
        assert!(report["results"].as_array().unwrap().len() <= MAX_RESULTS);
        assert!(report.to_string().len() < 2 * MAX_MESSAGE_BYTES, "{}", report.to_string().len());
    }

    #[test]
    fn time_alone_is_no_change() {
        let found = [finding(EnforcementAction::Deny, "a", "no")];
        let at = |seconds| report(Format::OpenReports, &object(), &found, seconds).unwrap();
        assert!(says_the_same(&at(1), &at(2)));
        let other = report(Format::OpenReports, &object(), &[finding(EnforcementAction::Deny, "a", "never")], 1);
        assert!(!says_the_same(&at(1), &other.unwrap()));
        assert!(report(Format::OpenReports, &object(), &[], 1).is_none());
    }

    #[test]
    fn the_status_lists_the_first_and_counts_all() {
        let mut findings = ConstraintFindings::default();
        for _ in 0..30 {
            findings.add(&ObjectKey::of(&object()), &finding(EnforcementAction::Dryrun, "a", &"é".repeat(200)));
        }
        let status = findings.status("2026-01-02T03:04:05Z");
        assert_eq!(
            (&status["totalViolations"], &status["auditTimestamp"]),
            (&json!(30), &json!("2026-01-02T03:04:05Z"))
        );
        let listed = status["violations"].as_array().unwrap();
        assert_eq!(listed.len(), MAX_STATUS_VIOLATIONS);
        assert_eq!(listed[0]["enforcementAction"], "dryrun");
        assert!(listed[0]["message"].as_str().unwrap().len() <= STATUS_MESSAGE_BYTES);
        assert_eq!(ConstraintFindings::default().status("t"), json!({"auditTimestamp": "t", "totalViolations": 0}));
    }
}
