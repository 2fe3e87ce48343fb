//! Findings about Compositions, and what their parts read as.

use super::{SQL, composition, findings, load, sound, text};
use crate::{Mode, RequirementMatch};

#[test]
fn every_mistake_of_a_composition_is_told_at_once() {
    let bad = "
apiVersion: apiextensions.crossplane.io/v1
kind: Composition
metadata:
  name: sql-aws
spec:
  compositeTypeRef: {apiVersion: sql.acme.io/v1, kind: XSQLInstance}
  mode: Pipeline
  writeConnectionSecretToNamespace: x
  resources: []
  pipeline:
  - step: compose
    functonRef: {name: patch-and-transform}
  - step: compose
    functionRef: {}
    credentials:
    - name: a
      source: Sekret
    - {name: b, source: Secret, secretRef: {name: c}}
  - step: ready
    functionRef: {name: auto-ready}
    inputs: {}
  - step: ready
    functionRef: {name: auto-ready}
    input: text
    requirements:
      requiredResources:
      - {requirementName: r, apiVersion: v1, kind: Secret, name: nn, matchLabels: {}}
";
    insta::assert_snapshot!(findings(&[SQL, bad]), @r#"
    warning: Composition sql-aws may not do what it says
      caused by: platform.yaml:32:3: spec.writeConnectionSecretToNamespace: unknown field; the API server drops it
      hint: did you mean "writeConnectionSecretsToNamespace"?
    warning: Composition sql-aws may not do what it says
      caused by: platform.yaml:33:14: spec.resources: resources is ignored in mode Pipeline
      hint: remove it, or write mode: Resources
    warning: Composition sql-aws may not do what it says
      caused by: platform.yaml:36:5: spec.pipeline[0].functonRef: unknown field; the API server drops it
      hint: did you mean "functionRef"?
    error: Composition sql-aws is not usable
      caused by: platform.yaml:35:5: spec.pipeline[0].functionRef: is required and is missing
      hint: there is "functonRef": write "functionRef"
    error: Composition sql-aws is not usable
      caused by: platform.yaml:38:18: spec.pipeline[1].functionRef.name: is required and is missing
    error: Composition sql-aws is not usable
      caused by: platform.yaml:41:15: spec.pipeline[1].credentials[0].source: unknown value "Sekret"
      hint: did you mean "Secret"?
    error: Composition sql-aws is not usable
      caused by: platform.yaml:42:44: spec.pipeline[1].credentials[1].secretRef.namespace: is required and is missing
    warning: Composition sql-aws may not do what it says
      caused by: platform.yaml:45:5: spec.pipeline[2].inputs: unknown field; the API server drops it
      hint: did you mean "input"?
    error: Composition sql-aws is not usable
      caused by: platform.yaml:48:12: spec.pipeline[3].input: is a string, must be an object
    error: Composition sql-aws is not usable
      caused by: platform.yaml:51:9: spec.pipeline[3].requirements.requiredResources[0]: name and matchLabels are mutually exclusive
    error: Composition sql-aws is not usable
      caused by: platform.yaml:46:11: spec.pipeline[3].step: step name "ready" is used twice
      hint: give each step its own name
    "#);
}

#[test]
fn a_pipeline_has_1_to_99_steps() {
    let sound = composition("sql-aws", "{}");
    let head = sound.split("  pipeline:").next().unwrap();
    insta::assert_snapshot!(findings(&[SQL, head]), @r#"
    error: Composition sql-aws is not usable
      caused by: platform.yaml:31:3: spec: pipeline is required in mode Pipeline and is missing
      hint: add spec.pipeline with at least one step
    "#);
    insta::assert_snapshot!(findings(&[SQL, &format!("{head}  pipeline: []\n")]), @r#"
    error: Composition sql-aws is not usable
      caused by: platform.yaml:33:13: spec.pipeline: a pipeline needs at least one step
    "#);
    insta::assert_snapshot!(findings(&[SQL, &format!("{head}  pipeline: {{}}\n")]), @r#"
    error: Composition sql-aws is not usable
      caused by: platform.yaml:33:13: spec.pipeline: is an object, must be a list
    "#);
    let step = |index| format!("  - {{step: s{index}, functionRef: {{name: f}}}}\n");
    let steps: String = (0..100).map(step).collect();
    insta::assert_snapshot!(findings(&[SQL, &format!("{head}  pipeline:\n{steps}")]), @r#"
    error: Composition sql-aws is not usable
      caused by: platform.yaml:34:5: spec.pipeline: has 100 steps, a pipeline may have 99
    "#);
}

#[test]
fn the_mode_is_what_is_given() {
    let native =
        composition("sql-aws", "{}").replace("  mode: Pipeline\n", "").replace("  pipeline:\n", "  resources:\n");
    let platform = sound(&[SQL, &native]);
    assert!(matches!(platform.composition("sql-aws").unwrap().mode, Mode::Resources { .. }));
    let unknown = composition("sql-aws", "{}").replace("mode: Pipeline", "mode: Pipelin");
    insta::assert_snapshot!(findings(&[SQL, &unknown]), @r#"
    error: Composition sql-aws is not usable
      caused by: platform.yaml:32:9: spec.mode: unknown value "Pipelin"
      hint: did you mean "Pipeline"?
    "#);
    let both = composition("sql-aws", "{}").replace("mode: Pipeline", "mode: Resources");
    insta::assert_snapshot!(findings(&[SQL, &both]), @r#"
    warning: Composition sql-aws may not do what it says
      caused by: platform.yaml:34:5: spec.pipeline: pipeline is ignored in mode Resources
      hint: remove it, or write mode: Pipeline
    "#);
}

#[test]
fn a_composition_is_for_the_referenceable_version_of_a_composite_kind() {
    let with = |from: &str, to: &str| findings(&[SQL, &composition("sql-aws", "{}").replace(from, to)]);
    insta::assert_snapshot!(with("sql.acme.io/v1,", "sql.acme.io/v1alpha1,"), @r#"
    error: Composition sql-aws is not usable
      caused by: platform.yaml:31:34: spec.compositeTypeRef.apiVersion: "v1alpha1" is not the referenceable version of XRD xsqlinstances.sql.acme.io
      hint: write apiVersion: sql.acme.io/v1
    "#);
    insta::assert_snapshot!(with("sql.acme.io/v1,", "sql.acme.io/v2,"), @r#"
    error: Composition sql-aws is not usable
      caused by: platform.yaml:31:34: spec.compositeTypeRef.apiVersion: "v2" is not a version of XRD xsqlinstances.sql.acme.io
      hint: write apiVersion: sql.acme.io/v1
    "#);
    insta::assert_snapshot!(with("kind: XSQLInstance}", "kind: SQLInstance}"), @r#"
    error: Composition sql-aws is not usable
      caused by: platform.yaml:31:56: spec.compositeTypeRef.kind: SQLInstance is the claim of XRD xsqlinstances.sql.acme.io, a Composition is for the composite kind
      hint: write kind: XSQLInstance
    "#);
    insta::assert_snapshot!(with("kind: XSQLInstance}", "kind: XSQLInstanze}"), @r#"
    warning: Composition sql-aws may not do what it says
      caused by: platform.yaml:31:21: spec.compositeTypeRef: no XRD of the platform defines sql.acme.io/v1/XSQLInstanze
      hint: did you mean sql.acme.io/v1, kind XSQLInstance?
    "#);
    insta::assert_snapshot!(with("sql.acme.io/v1,", "sql.acme.com/v1,"), @r#"
    warning: Composition sql-aws may not do what it says
      caused by: platform.yaml:31:21: spec.compositeTypeRef: no XRD of the platform defines sql.acme.com/v1/XSQLInstance
      hint: did you mean sql.acme.io/v1, kind XSQLInstance?
    "#);
}

#[test]
fn steps_read_with_their_parts() {
    let more = "    input: {apiVersion: a/v1, kind: I}
    credentials:
    - {name: c, source: Secret, secretRef: {namespace: ns, name: s}}
    requirements:
      requiredResources:
      - {requirementName: r, apiVersion: v1, kind: ConfigMap, namespace: ns, matchLabels: {a: b}}
      requiredSchemas:
      - {requirementName: s, apiVersion: a.io/v1, kind: K}
";
    let platform = sound(&[SQL, &format!("{}{more}", composition("sql-aws", "{}"))]);
    let composition = platform.composition("sql-aws").unwrap();
    let Mode::Pipeline(steps) = &composition.mode else { unreachable!() };
    let step = &steps[0];
    assert_eq!((step.name.as_str(), step.function.as_str()), ("compose", "patch-and-transform"));
    assert_eq!(step.credentials[0].secret.as_ref().unwrap().name, "s");
    let requirement = &step.requirements.resources[0];
    let labels = [("a".to_owned(), "b".to_owned())].into_iter().collect();
    assert_eq!(requirement.matches, RequirementMatch::Labels(labels));
    assert_eq!(step.requirements.schemas[0].1.to_string(), "a.io/v1/K");
    let place = composition.document.locate(&step.input_path().key("kind"));
    assert_eq!(place.to_string(), "platform.yaml:36:37");
}

#[test]
fn functions_and_environment_configs_are_found_by_name() {
    let function = "
apiVersion: pkg.crossplane.io/v1beta1
kind: Function
metadata:
  name: f
  annotations: {render.crossplane.io/runtime-development-target: 'localhost:9443'}
spec: {package: registry/f:v1}
";
    let environment = "
apiVersion: apiextensions.crossplane.io/v1beta1
kind: EnvironmentConfig
metadata: {name: e}
data: {a: 1}
";
    let old = environment.replace("v1beta1", "v1alpha1").replace("name: e", "name: old");
    let (platform, diagnostics) = load(&[function, environment, &old]);
    assert!(diagnostics.is_empty(), "{}", text(&diagnostics));
    let function = platform.function("f").unwrap();
    assert_eq!(function.annotations["render.crossplane.io/runtime-development-target"], "localhost:9443");
    assert_eq!(platform.environment_config("e").unwrap().value["data"]["a"], 1);
    assert_eq!(platform.environment_configs().count(), 2);
}
