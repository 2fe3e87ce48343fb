//! The kinds of reports, with the fields that their CRDs have and no more.
//!
//! What is applied with a field that a schema does not have is refused by the API server: a report that these kinds take, those
//! of openreports.io and of the Policy Working Group take too.

use serde_json::{Value, json};

use super::fixtures::custom_kind;

/// Report and ClusterReport, PolicyReport and ClusterPolicyReport.
pub(super) fn all() -> [Value; 4] {
    let (open, old) = (open_report(), policy_report());
    let kind = |group, version, kind: &str, scope, schema| {
        custom_kind(group, &[version], kind, &format!("{}s", kind.to_lowercase()), scope, schema)
    };
    [
        kind("openreports.io", "v1alpha1", "Report", "Namespaced", &open),
        kind("openreports.io", "v1alpha1", "ClusterReport", "Cluster", &open),
        kind("wgpolicyk8s.io", "v1alpha2", "PolicyReport", "Namespaced", &old),
        kind("wgpolicyk8s.io", "v1alpha2", "ClusterPolicyReport", "Cluster", &old),
    ]
}

/// That of the Policy Working Group.
fn policy_report() -> Value {
    report(&["high", "low", "medium"])
}

/// That of openreports.io, which knows its source and its limits.
fn open_report() -> Value {
    let mut schema = report(&["critical", "high", "low", "medium", "info"]);
    schema["properties"]["source"] = text();
    let filter = json!({"type": "array", "items": {"type": "string", "enum": results()}});
    let limits = json!({"type": "object", "properties": {"maxResults": {"type": "integer"}, "statusFilter": filter}});
    schema["properties"]["configuration"] =
        json!({"type": "object", "required": ["limits"], "properties": {"limits": limits}});
    schema
}

fn report(severities: &[&str]) -> Value {
    let counts = ["pass", "fail", "warn", "error", "skip"].map(|name| (name.to_owned(), json!({"type": "integer"})));
    let summary = Value::Object(counts.into_iter().collect());
    json!({
        "type": "object",
        "properties": {
            "apiVersion": text(), "kind": text(), "metadata": {"type": "object"},
            "scope": reference(), "scopeSelector": selector(),
            "summary": {"type": "object", "properties": summary},
            "results": {"type": "array", "items": result(severities)},
        },
    })
}

fn result(severities: &[&str]) -> Value {
    let time = json!({
        "type": "object", "required": ["seconds", "nanos"],
        "properties": {"seconds": {"type": "integer", "format": "int64"}, "nanos": {"type": "integer", "format": "int32"}},
    });
    json!({
        "type": "object", "required": ["policy"],
        "properties": {
            "source": text(), "policy": text(), "rule": text(), "category": text(), "message": text(),
            "result": {"type": "string", "enum": results()}, "severity": {"type": "string", "enum": severities},
            "scored": {"type": "boolean"}, "timestamp": time,
            "properties": {"type": "object", "additionalProperties": {"type": "string"}},
            "resources": {"type": "array", "items": reference()}, "resourceSelector": selector(),
        },
    })
}

fn results() -> [&'static str; 5] {
    ["pass", "fail", "warn", "error", "skip"]
}

fn text() -> Value {
    json!({"type": "string"})
}

fn reference() -> Value {
    let fields = ["apiVersion", "kind", "namespace", "name", "uid", "resourceVersion", "fieldPath"];
    let fields = Value::Object(fields.map(|name| (name.to_owned(), text())).into_iter().collect());
    json!({"type": "object", "x-kubernetes-map-type": "atomic", "properties": fields})
}

fn selector() -> Value {
    let texts = json!({"type": "array", "items": text()});
    let expression = json!({
        "type": "object", "required": ["key", "operator"],
        "properties": {"key": text(), "operator": text(), "values": texts},
    });
    json!({"type": "object", "properties": {
        "matchLabels": {"type": "object", "additionalProperties": text()},
        "matchExpressions": {"type": "array", "items": expression},
    }})
}
