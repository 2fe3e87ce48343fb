//! From reports to rows: one for each result and object, gravest first. Pure.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use plat_resource::{GroupVersionKind, ObjectKey, Value, object};
use serde::Serialize;
use serde_json::json;

use super::text;
use crate::written;

/// Results, gravest first.
pub(super) const RESULTS: [&str; 5] = ["fail", "error", "warn", "skip", "pass"];
/// Severities, gravest first.
const SEVERITIES: [&str; 5] = ["critical", "high", "medium", "low", "info"];

/// One result about one object.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Row {
    /// What it is about; with the report's own namespace and no name where the report does not say.
    pub(super) object: ObjectKey,
    /// `fail`, `error`, `warn`, `skip`, `pass`.
    pub(super) result: String,
    pub(super) severity: String,
    pub(super) policy: String,
    pub(super) rule: String,
    pub(super) message: String,
    /// The field at fault, where plat wrote the report.
    pub(super) field: String,
    pub(super) source: String,
    /// Seconds since 1970.
    pub(super) seconds: Option<i64>,
    /// The report's name.
    pub(super) report: String,
}

/// What a report counts and does not list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Unlisted {
    pub(super) object: ObjectKey,
    pub(super) report: String,
    pub(super) count: u64,
}

/// All that reports say.
#[derive(Debug, Default)]
pub(super) struct Reports {
    /// By namespace, those without first; gravest first in each.
    pub(super) rows: Vec<Row>,
    /// In the same order.
    pub(super) unlisted: Vec<Unlisted>,
    /// How many of each result; what is not listed is counted too.
    pub(super) summary: BTreeMap<String, u64>,
}

impl Reports {
    /// Reads reports of either group. What reports of both say alike is told once: where a cluster has both, one program
    /// may well write both.
    pub(super) fn of(reports: &[Value]) -> Self {
        let mut all = Self::default();
        let mut told = BTreeMap::new();
        for report in reports {
            all.add(report, &mut told);
        }
        all.rows.sort_by_cached_key(|row| {
            let key = (row.object.namespace.clone(), row.rank(), row.object.kind.kind.clone(), row.object.name.clone());
            (key, row.policy.clone(), row.rule.clone(), row.message.clone())
        });
        all.unlisted
            .sort_by_cached_key(|each| (each.object.namespace.clone(), Reverse(each.count), each.report.clone()));
        all
    }

    /// `told` says which API told what first.
    fn add(&mut self, report: &Value, told: &mut BTreeMap<String, String>) {
        let subject = subject(report);
        let results = report.get("results").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let (mut listed, mut repeated): (BTreeMap<String, u64>, BTreeMap<String, u64>) = Default::default();
        for result in results {
            *listed.entry(text(result, "result")).or_default() += 1;
            let named = result.get("resources").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            let objects: Vec<ObjectKey> = named.iter().map(|named| reference(named, report)).collect();
            let objects = if objects.is_empty() { vec![subject.clone()] } else { objects };
            let rows = objects.into_iter().map(|object| row(object, result, report));
            let before = self.rows.len();
            self.rows.extend(rows.filter(|row| row.is_new(&text(report, "apiVersion"), told)));
            if self.rows.len() == before {
                *repeated.entry(text(result, "result")).or_default() += 1;
            }
        }
        let mut missing = 0;
        for name in RESULTS {
            let listed = listed.remove(name).unwrap_or_default();
            let counted = report.get("summary").and_then(|summary| summary.get(name)).and_then(Value::as_u64);
            let counted = counted.unwrap_or_default().max(listed);
            missing += counted - listed;
            let repeated = repeated.remove(name).unwrap_or_default();
            *self.summary.entry(name.to_owned()).or_default() += counted - repeated;
        }
        for (other, count) in listed {
            *self.summary.entry(other).or_default() += count;
        }
        if missing > 0 {
            let report = object::name(report).to_owned();
            self.unlisted.push(Unlisted { object: subject, report, count: missing });
        }
    }

    /// For programs; the form is in `docs/policy-json.md`.
    pub(super) fn json(&self) -> Value {
        json!({
            "apiVersion": written::API_VERSION, "kind": "PolicyReports",
            "summary": self.summary, "results": self.rows, "unlisted": self.unlisted,
        })
    }
}

impl Row {
    /// The smaller, the graver; what is not known is the least grave.
    fn rank(&self) -> (usize, usize) {
        let place = |known: &[&str], word: &str| known.iter().position(|each| *each == word).unwrap_or(known.len());
        (place(&RESULTS, &self.result), place(&SEVERITIES, &self.severity))
    }

    /// Whether no other API has told it.
    fn is_new(&self, api_version: &str, told: &mut BTreeMap<String, String>) -> bool {
        let Self { object, result, severity, policy, rule, message, field, source, .. } = self;
        let words = json!([object, result, severity, policy, rule, message, field, source]).to_string();
        told.entry(words).or_insert_with(|| api_version.to_owned()) == api_version
    }

    /// Whether somebody should look at it.
    pub(super) fn is_trouble(&self) -> bool {
        !matches!(self.result.as_str(), "pass" | "skip")
    }
}

/// What a report is about: its scope, else its owner.
fn subject(report: &Value) -> ObjectKey {
    let owner = || report.get("metadata")?.get("ownerReferences")?.as_array()?.first();
    let nothing = Value::Null;
    reference(report.get("scope").filter(|scope| scope.is_object()).or_else(owner).unwrap_or(&nothing), report)
}

/// An object as a report names it. Where it names no namespace, the report's own is meant, except for what has none.
fn reference(named: &Value, report: &Value) -> ObjectKey {
    let kind = GroupVersionKind::new(&text(named, "apiVersion"), &text(named, "kind"));
    let namespace = match text(named, "namespace") {
        own if own.is_empty() => object::namespace(report).to_owned(),
        own => own,
    };
    ObjectKey { kind, namespace, name: text(named, "name") }
}

fn row(object: ObjectKey, result: &Value, report: &Value) -> Row {
    let source = match text(result, "source") {
        own if own.is_empty() => text(report, "source"),
        own => own,
    };
    Row {
        object,
        result: text(result, "result"),
        severity: text(result, "severity"),
        policy: text(result, "policy"),
        rule: text(result, "rule"),
        message: text(result, "message"),
        field: result.get("properties").map(|properties| text(properties, "field")).unwrap_or_default(),
        source,
        seconds: result.get("timestamp").and_then(|time| time.get("seconds")).and_then(Value::as_i64),
        report: object::name(report).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(namespace: &str, kind: &str, results: &Value, summary: &Value) -> Value {
        json!({
            "apiVersion": "openreports.io/v1alpha1", "kind": "Report", "metadata": {"name": "u-1", "namespace": namespace},
            "source": "one", "scope": {"apiVersion": "apps/v1", "kind": kind, "name": "web"},
            "results": results, "summary": summary,
        })
    }

    #[test]
    fn the_gravest_come_first_in_each_namespace() {
        let results = json!([
            {"result": "pass"}, {"result": "odd"}, {"result": "warn"}, {"result": "fail", "severity": "low"},
            {"result": "skip"}, {"result": "error"}, {"result": "fail", "severity": "critical"},
        ]);
        let reports =
            Reports::of(&["b", "", "a"].map(|namespace| report(namespace, "Deployment", &results, &json!({}))));
        let told: Vec<_> =
            reports.rows.iter().map(|row| (row.object.namespace.as_str(), row.result.as_str())).collect();
        let order = ["fail", "fail", "error", "warn", "skip", "pass", "odd"];
        let expected: Vec<_> = ["", "a", "b"].into_iter().flat_map(|name| order.map(|result| (name, result))).collect();
        assert_eq!(told, expected);
        assert_eq!(reports.rows[0].severity, "critical");
        assert_eq!((reports.summary["fail"], reports.summary["odd"]), (6, 3));
    }

    #[test]
    fn an_object_is_named_by_the_result_else_the_scope_else_the_owner() {
        let named = json!([{"result": "fail", "resources": [
            {"apiVersion": "v1", "kind": "Pod", "name": "a"},
            {"apiVersion": "v1", "kind": "Pod", "name": "b", "namespace": "other"},
        ]}, {"result": "warn"}]);
        let reports = Reports::of(&[report("n", "Deployment", &named, &json!({}))]);
        let told = |reports: &Reports| {
            let name = |row: &Row| format!("{}/{}/{}", row.object.namespace, row.object.kind.kind, row.object.name);
            reports.rows.iter().map(name).collect::<Vec<_>>()
        };
        assert_eq!(told(&reports), ["n/Pod/a", "n/Deployment/web", "other/Pod/b"]);
        assert_eq!(reports.summary["fail"], 1);
        let mut owned = report("n", "", &json!([{"result": "fail"}]), &json!({}));
        owned["scope"].take();
        owned["metadata"]["ownerReferences"] = json!([{"apiVersion": "v1", "kind": "Pod", "name": "c"}]);
        assert_eq!(told(&Reports::of(&[owned.clone()])), ["n/Pod/c"]);
        owned["metadata"]["ownerReferences"].take();
        assert_eq!(told(&Reports::of(&[owned])), ["n//"]);
    }

    #[test]
    fn what_is_counted_and_not_listed_is_known() {
        let reports =
            Reports::of(&[report("n", "Pod", &json!([{"result": "fail"}]), &json!({"fail": 7, "warn": 2, "pass": 0}))]);
        assert_eq!(reports.unlisted.iter().map(|each| each.count).collect::<Vec<_>>(), [8]);
        assert_eq!((reports.summary["fail"], reports.summary["warn"]), (7, 2));
        let said = reports.json();
        assert_eq!((&said["results"][0]["source"], &said["unlisted"][0]["count"]), (&json!("one"), &json!(8)));
    }

    #[test]
    fn what_both_apis_say_alike_is_told_once() {
        let results =
            json!([{"result": "fail", "message": "a"}, {"result": "fail", "message": "a"}, {"result": "warn"}]);
        let open = report("n", "Pod", &results, &json!({"fail": 2, "warn": 1}));
        let more = json!([{"result": "fail", "message": "a"}, {"result": "warn", "message": "b"}]);
        let mut old = report("n", "Pod", &more, &json!({"fail": 4, "warn": 1}));
        old["apiVersion"] = "wgpolicyk8s.io/v1alpha2".into();
        let reports = Reports::of(&[open, old]);
        let told: Vec<_> = reports.rows.iter().map(|row| (row.result.as_str(), row.message.as_str())).collect();
        assert_eq!(told, [("fail", "a"), ("fail", "a"), ("warn", ""), ("warn", "b")]);
        assert_eq!((reports.summary["fail"], reports.summary["warn"]), (5, 2));
        assert_eq!(reports.unlisted.iter().map(|each| each.count).collect::<Vec<_>>(), [3]);
    }

    #[test]
    fn nonsense_is_no_panic() {
        let reports = Reports::of(&[Value::Null, json!({"results": [1, {}], "summary": "x", "scope": 5})]);
        assert_eq!(reports.rows.len(), 2);
    }
}
