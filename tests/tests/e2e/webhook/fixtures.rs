//! What stands in the cluster before the tests: kinds, policies, a small platform.
//!
//! The kinds of Gatekeeper and Crossplane take anything here: what is in the objects is the webhook's matter.

use serde_json::{Value, json};

/// A CRD whose objects may say anything; group, versions, kind, plural, scope.
pub(crate) fn open_kind(group: &str, versions: &[&str], kind: &str, plural: &str, scope: &str) -> Value {
    let schema = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    custom_kind(group, versions, kind, plural, scope, &schema)
}

/// A CRD with a schema; group, versions, kind, plural, scope.
pub(super) fn custom_kind(
    group: &str,
    versions: &[&str],
    kind: &str,
    plural: &str,
    scope: &str,
    schema: &Value,
) -> Value {
    let schema = json!({"openAPIV3Schema": schema});
    let versions: Vec<Value> = versions
        .iter()
        .enumerate()
        .map(|(index, name)| {
            json!({"name": name, "served": true, "storage": index == 0, "schema": schema, "subresources": {"status": {}}})
        })
        .collect();
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.{group}")},
        "spec": {
            "group": group, "scope": scope, "versions": versions,
            "names": {"kind": kind, "plural": plural, "singular": kind.to_lowercase(), "listKind": format!("{kind}List")},
        },
    })
}

/// The kinds that the tests need.
pub(super) fn kinds() -> Vec<Value> {
    let crossplane = "apiextensions.crossplane.io";
    let mut kinds = super::report_kinds::all().to_vec();
    kinds.extend([
        open_kind("templates.gatekeeper.sh", &["v1"], "ConstraintTemplate", "constrainttemplates", "Cluster"),
        open_kind("mutations.gatekeeper.sh", &["v1"], "Assign", "assign", "Cluster"),
        open_kind(crossplane, &["v1"], "CompositeResourceDefinition", "compositeresourcedefinitions", "Cluster"),
        open_kind(crossplane, &["v1"], "Composition", "compositions", "Cluster"),
    ]);
    kinds
}

/// A template that says no to objects with a label; the parameter names it.
pub(super) fn forbidden_label() -> Value {
    json!({
        "apiVersion": "templates.gatekeeper.sh/v1", "kind": "ConstraintTemplate", "metadata": {"name": "k8sforbiddenlabel"},
        "spec": {
            "crd": {"spec": {
                "names": {"kind": "K8sForbiddenLabel"},
                "validation": {"openAPIV3Schema": {"type": "object", "properties": {"label": {"type": "string"}}}},
            }},
            "targets": [{"target": "admission.k8s.gatekeeper.sh", "rego": r#"
                package k8sforbiddenlabel
                violation[{"msg": msg}] {
                  input.review.object.metadata.labels[input.parameters.label]
                  msg := sprintf("%v carries the label %v", [input.review.object.kind, input.parameters.label])
                }
            "#}],
        },
    })
}

/// A template that limits the size of what claims make.
pub(super) fn bucket_size() -> Value {
    json!({
        "apiVersion": "templates.gatekeeper.sh/v1", "kind": "ConstraintTemplate", "metadata": {"name": "k8sbucketsize"},
        "spec": {
            "crd": {"spec": {"names": {"kind": "K8sBucketSize"}}},
            "targets": [{"target": "admission.k8s.gatekeeper.sh", "rego": r#"
                package k8sbucketsize
                violation[{"msg": msg, "details": {"field": "spec.forProvider.sizeGb"}}] {
                  size := input.review.object.spec.forProvider.sizeGb
                  size > 40
                  msg := sprintf("spec.forProvider.sizeGb is %v, the limit is 40", [size])
                }
            "#}],
        },
    })
}

/// A constraint of a template.
pub(super) fn constraint(kind: &str, name: &str, spec: &Value) -> Value {
    json!({"apiVersion": "constraints.gatekeeper.sh/v1beta1", "kind": kind, "metadata": {"name": name}, "spec": spec})
}

/// The XRD, and the Composition that makes one bucket.
pub(super) fn platform() -> [Value; 2] {
    let definition = json!({
        "apiVersion": "apiextensions.crossplane.io/v1", "kind": "CompositeResourceDefinition",
        "metadata": {"name": "xbuckets.acme.example"},
        "spec": {
            "group": "acme.example", "names": {"kind": "XBucket", "plural": "xbuckets"},
            "claimNames": {"kind": "Bucket", "plural": "buckets"},
            "versions": [{"name": "v1", "served": true, "referenceable": true, "schema": {"openAPIV3Schema": {
                "type": "object", "properties": {"spec": {"type": "object", "properties": {
                    "size": {"type": "integer"}, "region": {"type": "string", "default": "eu"},
                }}},
            }}}],
        },
    });
    let composition = json!({
        "apiVersion": "apiextensions.crossplane.io/v1", "kind": "Composition", "metadata": {"name": "buckets"},
        "spec": {
            "compositeTypeRef": {"apiVersion": "acme.example/v1", "kind": "XBucket"}, "mode": "Pipeline",
            "pipeline": [{"step": "make", "functionRef": {"name": "function-patch-and-transform"}, "input": {
                "apiVersion": "pt.fn.crossplane.io/v1beta1", "kind": "Resources",
                "resources": [{
                    "name": "bucket",
                    "base": {"apiVersion": "storage.acme.example/v1", "kind": "CloudBucket", "spec": {"forProvider": {}}},
                    "patches": [{
                        "type": "FromCompositeFieldPath", "fromFieldPath": "spec.size", "toFieldPath": "spec.forProvider.sizeGb",
                    }],
                }],
            }}],
        },
    });
    [definition, composition]
}

/// A claim.
pub(super) fn claim(name: &str, size: i64) -> Value {
    json!({"apiVersion": "acme.example/v1", "kind": "Bucket", "metadata": {"name": name}, "spec": {"size": size}})
}

/// A ConfigMap with a label.
pub(super) fn config_map(name: &str, label: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": {label: "x"}}})
}
