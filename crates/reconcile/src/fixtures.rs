//! A small platform for tests: a v1 XRD with a claim, a Composition of one ConfigMap, and its revisions.

use plat_platform::Platform;
use plat_resource::{Document, Value, object};
use serde_json::json;

pub(crate) const NOW: &str = "2026-01-02T03:04:05Z";

fn definition(scope: &str) -> Value {
    let mut xrd = json!({
        "apiVersion": "apiextensions.crossplane.io/v1", "kind": "CompositeResourceDefinition",
        "metadata": {"name": "xapps.example.org"},
        "spec": {
            "group": "example.org", "scope": scope, "names": {"kind": "XApp", "plural": "xapps"},
            "versions": [{"name": "v1", "served": true, "referenceable": true, "schema": {"openAPIV3Schema": {
                "type": "object", "properties": {
                    "spec": {"type": "object", "properties": {"size": {"type": "integer"}}},
                    "status": {"type": "object", "properties": {"address": {"type": "string"}}},
                }}}}],
        },
    });
    if scope == "LegacyCluster" {
        xrd["spec"]["claimNames"] = json!({"kind": "App", "plural": "apps"});
    }
    xrd
}

fn composition_spec(value: &str) -> Value {
    json!({
        "compositeTypeRef": {"apiVersion": "example.org/v1", "kind": "XApp"}, "mode": "Pipeline",
        "pipeline": [{"step": "compose", "functionRef": {"name": "function-patch-and-transform"}, "input": {
            "apiVersion": "pt.fn.crossplane.io/v1beta1", "kind": "Resources", "resources": [{
                "name": "settings", "base": {"apiVersion": "v1", "kind": "ConfigMap",
                    "metadata": {"namespace": "default"}, "data": {"value": value}},
                "readinessChecks": [{"type": "None"}],
            }],
        }}],
    })
}

pub(crate) fn revision(number: i64, valid: Option<&str>) -> Value {
    let mut spec = composition_spec(&format!("v{number}"));
    spec["revision"] = json!(number);
    let mut revision = json!({
        "apiVersion": "apiextensions.crossplane.io/v1", "kind": "CompositionRevision",
        "metadata": {"name": format!("app-{number}"), "labels": {"crossplane.io/composition-name": "app"}}, "spec": spec,
    });
    if let Some(status) = valid {
        revision["status"] = json!({"conditions": [{
            "type": "ValidPipeline", "status": status, "reason": "X", "message": "function f is missing",
            "lastTransitionTime": NOW}]});
    }
    revision
}

/// A platform whose Composition is what its last revision says.
pub(crate) fn platform(scope: &str, revisions: &[Value]) -> Platform {
    let count = i64::try_from(revisions.len()).unwrap();
    let composition = json!({
        "apiVersion": "apiextensions.crossplane.io/v1", "kind": "Composition", "metadata": {"name": "app"},
        "spec": composition_spec(&format!("v{count}")),
    });
    let documents = [definition(scope), composition].into_iter().chain(revisions.iter().cloned());
    let documents = documents.map(|value| {
        let name = object::name(&value).to_owned();
        Document::synthetic(value, &name)
    });
    let (platform, findings) = Platform::load(documents.collect());
    assert!(findings.iter().all(|found| found.severity != plat_resource::Severity::Error), "{findings:?}");
    platform
}

pub(crate) fn composite(spec: &Value) -> Value {
    json!({
        "apiVersion": "example.org/v1", "kind": "XApp",
        "metadata": {"name": "one", "uid": "u-1", "resourceVersion": "7", "generation": 2}, "spec": spec,
    })
}

/// Changes an object by a merge patch (RFC 7386), as the API server does.
pub(crate) fn merge(target: &mut Value, patch: &Value) {
    let Some(patch) = patch.as_object() else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    for (key, value) in patch {
        if value.is_null() {
            target.as_object_mut().unwrap().remove(key);
        } else {
            merge(&mut target[key], value);
        }
    }
}
