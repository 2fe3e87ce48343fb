//! A small platform for tests: an XRD with a claim and one Composition of native functions.

use plat_platform::Platform;
use plat_resource::{Document, Value, yaml};
use serde_json::json;

pub(crate) const PLATFORM: &str = r"
apiVersion: apiextensions.crossplane.io/v1
kind: CompositeResourceDefinition
metadata: {name: xbuckets.acme.io}
spec:
  group: acme.io
  names: {kind: XBucket, plural: xbuckets}
  claimNames: {kind: Bucket, plural: buckets}
  versions:
  - name: v1
    served: true
    referenceable: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
              size: {type: integer}
              region: {type: string, default: eu}
---
apiVersion: apiextensions.crossplane.io/v1
kind: Composition
metadata: {name: buckets}
spec:
  compositeTypeRef: {apiVersion: acme.io/v1, kind: XBucket}
  mode: Pipeline
  pipeline:
  - step: make
    functionRef: {name: function-patch-and-transform}
    input:
      apiVersion: pt.fn.crossplane.io/v1beta1
      kind: Resources
      resources:
      - name: bucket
        base:
          apiVersion: storage.acme.io/v1
          kind: CloudBucket
          spec: {forProvider: {region: eu, public: true}}
        patches:
        - {type: FromCompositeFieldPath, fromFieldPath: spec.size, toFieldPath: spec.forProvider.sizeGb}
";

/// The documents of a text.
pub(crate) fn documents(text: &str) -> Vec<Document> {
    let (documents, findings) = yaml::parse("test.yaml", text.as_bytes());
    assert!(findings.is_empty(), "{findings:?}");
    documents
}

/// The platform.
pub(crate) fn platform() -> Platform {
    let (platform, findings) = Platform::load(documents(PLATFORM));
    assert!(!findings.iter().any(plat_resource::Diagnostic::is_error), "{findings:?}");
    platform
}

/// A claim of it.
pub(crate) fn claim(name: &str, spec: &Value) -> Value {
    json!({"apiVersion": "acme.io/v1", "kind": "Bucket", "metadata": {"name": name, "namespace": "team-a"}, "spec": spec})
}
