//! Platforms for the controller's tests: each test has an API group of its own, so that none disturbs another.

use serde_json::{Value, json};

use crate::webhook::fixtures::open_kind;

/// The kinds that platforms are made of.
pub(crate) fn kinds() -> Vec<Value> {
    let crossplane = "apiextensions.crossplane.io";
    vec![
        open_kind(crossplane, &["v1", "v2"], "CompositeResourceDefinition", "compositeresourcedefinitions", "Cluster"),
        open_kind(crossplane, &["v1"], "Composition", "compositions", "Cluster"),
        open_kind(crossplane, &["v1"], "CompositionRevision", "compositionrevisions", "Cluster"),
        open_kind(crossplane, &["v1beta1"], "EnvironmentConfig", "environmentconfigs", "Cluster"),
        open_kind("pkg.crossplane.io", &["v1"], "Function", "functions", "Cluster"),
        open_kind("protection.crossplane.io", &["v1beta1"], "Usage", "usages", "Namespaced"),
        open_kind("protection.crossplane.io", &["v1beta1"], "ClusterUsage", "clusterusages", "Cluster"),
        open_kind(crossplane, &["v1beta1"], "Usage", "usages", "Cluster"),
    ]
}

/// What the controller may do with the kinds of these platforms, and with what they compose.
pub(crate) fn rights() -> Value {
    let all = json!(["get", "list", "watch", "create", "update", "patch", "delete"]);
    json!([
        {"apiGroups": ["*"], "resources": ["apps", "xapps"], "verbs": all},
        {"apiGroups": ["*"], "resources": ["apps/status", "xapps/status"], "verbs": ["update", "patch"]},
        {"apiGroups": ["*"], "resources": ["apps/finalizers", "xapps/finalizers"], "verbs": ["update"]},
        {"apiGroups": [""], "resources": ["configmaps"], "verbs": all},
    ])
}

/// A platform of one kind of XR in its own API group.
pub(crate) struct Platform {
    /// API group.
    pub(crate) group: &'static str,
    /// `LegacyCluster` (with claims), `Cluster` or `Namespaced`.
    pub(crate) scope: &'static str,
}

impl Platform {
    /// The XRD.
    pub(crate) fn definition(&self) -> Value {
        let mut definition = json!({
            "apiVersion": "apiextensions.crossplane.io/v1", "kind": "CompositeResourceDefinition",
            "metadata": {"name": format!("xapps.{}", self.group)},
            "spec": {
                "group": self.group, "scope": self.scope,
                "names": {"kind": "XApp", "plural": "xapps", "singular": "xapp", "listKind": "XAppList"},
                "versions": [{"name": "v1", "served": true, "referenceable": true, "schema": {"openAPIV3Schema": {
                    "type": "object", "properties": {
                        "spec": {"type": "object", "properties": {
                            "size": {"type": "integer", "default": 1}, "second": {"type": "boolean"},
                        }},
                        "status": {"type": "object", "properties": {"value": {"type": "string"}}},
                    },
                }}}],
            },
        });
        if self.scope == "LegacyCluster" {
            let names = json!({"kind": "App", "plural": "apps", "singular": "app", "listKind": "AppList"});
            definition["spec"]["claimNames"] = names;
            definition["spec"]["connectionSecretKeys"] = json!(["user"]);
        }
        definition
    }

    /// A Composition of ConfigMaps.
    pub(crate) fn composition(&self, resources: &[Value]) -> Value {
        json!({
            "apiVersion": "apiextensions.crossplane.io/v1", "kind": "Composition",
            "metadata": {"name": format!("apps.{}", self.group)},
            "spec": {
                "compositeTypeRef": {"apiVersion": format!("{}/v1", self.group), "kind": "XApp"}, "mode": "Pipeline",
                "pipeline": [
                    {"step": "make", "functionRef": {"name": "function-patch-and-transform"}, "input": {
                        "apiVersion": "pt.fn.crossplane.io/v1beta1", "kind": "Resources", "resources": resources,
                    }},
                    {"step": "ready", "functionRef": {"name": "function-auto-ready"}},
                ],
            },
        })
    }

    /// Path of all claims in a namespace.
    pub(crate) fn claims(&self, namespace: &str) -> String {
        format!("/apis/{}/v1/namespaces/{namespace}/apps", self.group)
    }

    /// Path of all XRs: of a namespace, where it is not empty.
    pub(crate) fn composites(&self, namespace: &str) -> String {
        let place = if namespace.is_empty() { String::new() } else { format!("/namespaces/{namespace}") };
        format!("/apis/{}/v1{place}/xapps", self.group)
    }

    /// A claim or an XR.
    pub(crate) fn object(&self, kind: &str, name: &str, spec: &Value) -> Value {
        json!({"apiVersion": format!("{}/v1", self.group), "kind": kind, "metadata": {"name": name}, "spec": spec})
    }
}

/// A template of a ConfigMap in a namespace with the size of the XR in it.
pub(crate) fn config_map(name: &str, namespace: &str) -> Value {
    json!({
        "name": name,
        "base": {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"namespace": namespace}, "data": {"name": name}},
        "patches": [
            {"type": "FromCompositeFieldPath", "fromFieldPath": "spec.size", "toFieldPath": "data.size",
             "transforms": [{"type": "convert", "convert": {"toType": "string"}}]},
            {"type": "ToCompositeFieldPath", "fromFieldPath": "data.size", "toFieldPath": "status.value"},
        ],
        "readinessChecks": [{"type": "NonEmpty", "fieldPath": "metadata.uid"}],
    })
}
