use plat_resource::yaml;

use super::*;
use crate::Options;

fn template(text: &str) -> Template {
    let (documents, findings) = yaml::parse("t.yaml", text.as_bytes());
    assert_eq!(findings, []);
    read(&documents[0], &Options::default())
}

/// A template with this Rego, indented as it must be.
fn with_rego(rego: &str) -> Template {
    let rego: String = rego.lines().map(|line| format!("      {line}\n")).collect();
    template(&format!(
        "apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata:
  name: owned
spec:
  crd:
    spec:
      names:
        kind: Owned
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: |
{rego}"
    ))
}

fn told(template: &Template) -> String {
    template.findings().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_good_template_is_compiled() {
    let template = with_rego("package owned\nviolation[{\"msg\": \"no\"}] { not input.review.object.x }");
    assert_eq!(told(&template), "");
    assert!(template.is_compiled());
    assert_eq!((template.kind(), template.engine()), ("Owned", Some(EngineKind::Rego)));
}

#[test]
fn a_function_may_be_a_head_alone() {
    let template = with_rego("package owned\nnone(0)\nviolation[{\"msg\": \"no\"}] { none(input.x) }");
    assert_eq!(told(&template), "");
}

#[test]
fn mistakes_in_rego_are_told_at_their_line_of_the_file() {
    let template =
        with_rego("package owned\nimport data.other\nimport input.x\ndeny[msg] {\n  data.secrets[msg]\n  input.x\n}");
    assert!(!template.is_compiled());
    insta::assert_snapshot!(told(&template), @r#"
    error: ConstraintTemplate owned is not usable
      caused by: t.yaml:14:14: spec.targets[0].rego: data.other may not be imported: only data.lib and future may
      caused by: line 2, column 8 of rego
    error: ConstraintTemplate owned is not usable
      caused by: t.yaml:15:14: spec.targets[0].rego: input.x may not be imported: only data.lib and future may
      caused by: line 3, column 8 of rego
    error: ConstraintTemplate owned is not usable
      caused by: t.yaml:17:9: spec.targets[0].rego: data.secrets[_] may not be read: only data.inventory and data.lib may
      caused by: line 5, column 3 of rego
    error: ConstraintTemplate owned is not usable
      caused by: t.yaml:13:7: spec.targets[0].rego: there is no rule violation
      hint: a template says what is wrong in violation[{"msg": msg}]
    "#);
}

#[test]
fn what_gatekeeper_refuses_is_refused_all_at_once() {
    let template = template(
        "apiVersion: templates.gatekeeper.sh/v2
kind: ConstraintTemplate
metadata:
  name: other
spec:
  crd:
    spec:
      names:
        kind: Owned
      validation:
        openAPIV3Schema:
          type: object
          properties:
            labels:
              type: strng
  targets:
  - target: elsewhere
    operations: [CREATE, PATCH]
    code:
    - engine: Rego
      source:
        rego: |
          package owned
          violation[{\"msg\": \"no\"}] { true }
        libs:
        - |
          package helpers
          f(x) = x
",
    );
    insta::assert_snapshot!(told(&template), @r#"
    error: ConstraintTemplate other is not usable
      caused by: t.yaml:1:13: apiVersion: version "v2" is none of v1, v1beta1, v1alpha1
    error: ConstraintTemplate other is not usable
      caused by: t.yaml:4:9: metadata.name: the name "other" is not Owned in small letters
      hint: name it owned
    error: ConstraintTemplate other is not usable
      caused by: t.yaml:15:21: spec.crd.spec.validation.openAPIV3Schema.properties.labels.type: Unsupported value: "strng": supported values: "array", "boolean", "integer", "number", "object", "string"
    error: ConstraintTemplate other is not usable
      caused by: t.yaml:15:21: spec.crd.spec.validation.openAPIV3Schema.properties.labels.type: Required value: must not be empty for specified object fields
    error: ConstraintTemplate other is not usable
      caused by: t.yaml:17:13: spec.targets[0].target: there is no target "elsewhere"
      hint: write target: admission.k8s.gatekeeper.sh
    error: ConstraintTemplate other is not usable
      caused by: t.yaml:18:17: spec.targets[0].operations: operation "PATCH" is none of *, CREATE, UPDATE, DELETE, CONNECT
    error: ConstraintTemplate other is not usable
      caused by: t.yaml:27:19: spec.targets[0].code[0].source.libs[0]: the package helpers of a library is not below lib
      caused by: line 1, column 9 of libs[0]
      hint: call it lib.NAME, and import data.lib.NAME
    "#);
}

#[test]
fn exactly_one_target_and_some_code() {
    let head = "apiVersion: templates.gatekeeper.sh/v1\nkind: ConstraintTemplate\nmetadata: {name: owned}\nspec:\n  crd: {spec: {names: {kind: Owned}}}\n";
    let target = "target: admission.k8s.gatekeeper.sh";
    let cases = [
        ("  targets: []", "there must be exactly one target, there are 0"),
        (&format!("  targets: [{{{target}}}, {{{target}}}]"), "there must be exactly one target, there are 2"),
        (&format!("  targets: [{{{target}}}]"), "it has no code for an engine"),
        (&format!("  targets: [{{{target}, code: [{{engine: Lua, source: {{}}}}]}}]"), "there is no engine \"Lua\""),
        (
            &format!("  targets: [{{{target}, code: [{{engine: Rego, source: {{}}}}]}}]"),
            "the policy is missing: rego is a text",
        ),
    ];
    for (targets, cause) in cases {
        let template = template(&format!("{head}{targets}\n"));
        assert!(told(&template).contains(cause), "{}", told(&template));
        assert!(!template.is_compiled());
    }
}
