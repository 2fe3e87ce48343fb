//! What a Platform says of good and bad documents.

mod compositions;
mod definitions;
mod made_crds;
mod mutations;
mod refused;
mod selection;

use plat_resource::{Diagnostic, Value, yaml};

use crate::Platform;

/// A sound XRD with a claim.
const SQL: &str = "
apiVersion: apiextensions.crossplane.io/v1
kind: CompositeResourceDefinition
metadata:
  name: xsqlinstances.sql.acme.io
spec:
  group: sql.acme.io
  names: {kind: XSQLInstance, plural: xsqlinstances}
  claimNames: {kind: SQLInstance, plural: sqlinstances}
  versions:
  - name: v1alpha1
    served: true
    referenceable: false
    schema: {openAPIV3Schema: {type: object}}
  - name: v1
    served: true
    referenceable: true
    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {size: {type: integer}}}}}}
  - name: v0
    served: false
    referenceable: false
    schema: {openAPIV3Schema: {type: object}}
";

/// A sound namespaced XRD.
const BUCKET: &str = "
apiVersion: apiextensions.crossplane.io/v2
kind: CompositeResourceDefinition
metadata:
  name: buckets.acme.io
spec:
  group: acme.io
  names: {kind: Bucket, plural: buckets}
  versions:
  - name: v1
    served: true
    referenceable: true
    schema: {openAPIV3Schema: {type: object}}
";

/// A Composition for `SQL` with one step.
fn composition(name: &str, labels: &str) -> String {
    format!(
        "
apiVersion: apiextensions.crossplane.io/v1
kind: Composition
metadata:
  name: {name}
  labels: {labels}
spec:
  compositeTypeRef: {{apiVersion: sql.acme.io/v1, kind: XSQLInstance}}
  mode: Pipeline
  pipeline:
  - step: compose
    functionRef: {{name: patch-and-transform}}
"
    )
}

/// Loads the documents as one file.
fn load(documents: &[&str]) -> (Platform, Vec<Diagnostic>) {
    let (documents, diagnostics) = yaml::parse("platform.yaml", documents.join("---\n").as_bytes());
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    Platform::load(documents)
}

/// Loads documents that must be sound.
fn sound(documents: &[&str]) -> Platform {
    let (platform, diagnostics) = load(documents);
    assert!(diagnostics.is_empty(), "{}", text(&diagnostics));
    platform
}

/// The findings about documents.
fn findings(documents: &[&str]) -> String {
    text(&load(documents).1)
}

fn text(diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn object(text: &str) -> Value {
    let (mut documents, _) = yaml::parse("claim.yaml", text.as_bytes());
    documents.remove(0).value
}

#[test]
fn a_platform_can_be_shared_between_threads() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<Platform>();
}
