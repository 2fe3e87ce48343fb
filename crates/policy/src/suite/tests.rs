use std::collections::BTreeMap;

use super::*;
use crate::Options;

const TEMPLATE: &str = r#"
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: labelled}
spec:
  crd:
    spec:
      names: {kind: Labelled}
      validation:
        openAPIV3Schema:
          type: object
          properties:
            label: {type: string}
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: |
      package labelled
      violation[{"msg": msg}] {
        label := input.parameters.label
        not input.review.object.metadata.labels[label]
        msg := sprintf("%v has no label %v", [input.review.name, label])
      }
"#;

const CONSTRAINT: &str = "
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: Labelled
metadata: {name: owned}
spec:
  parameters: {label: owner}
";

const EXPANSION: &str = "
apiVersion: expansion.gatekeeper.sh/v1beta1
kind: ExpansionTemplate
metadata: {name: pods}
spec:
  applyTo: [{groups: [apps], versions: [v1], kinds: [Deployment]}]
  templateSource: spec.template
  generatedGVK: {group: '', version: v1, kind: Pod}
";

const DEPLOYMENT: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {owner: a}}
spec: {template: {metadata: {labels: {app: web}}}}
";

const DELETION: &str = "
apiVersion: admission.k8s.io/v1
kind: AdmissionReview
request:
  operation: DELETE
  name: old
  oldObject: {apiVersion: v1, kind: Pod, metadata: {name: old}}
";

/// Runs the tests of a suite beside these files.
fn ran(tests: &str, filter: &str) -> SuiteResult {
    let files = BTreeMap::from([
        ("s/template.yaml", TEMPLATE.to_owned()),
        ("s/constraint.yaml", CONSTRAINT.to_owned()),
        ("s/typed.yaml", CONSTRAINT.replace("owner", "3")),
        ("s/unknown.yaml", CONSTRAINT.replace("label:", "lable:")),
        ("s/expansion.yaml", EXPANSION.to_owned()),
        ("s/deployment.yaml", DEPLOYMENT.to_owned()),
        ("s/deletion.yaml", DELETION.to_owned()),
        ("s/good.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: good, labels: {owner: a}}".to_owned()),
        ("s/bad.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: bad}".to_owned()),
        ("s/two.yaml", "apiVersion: v1\nkind: Pod\n---\napiVersion: v1\nkind: Pod\n".to_owned()),
    ]);
    let suite = format!("apiVersion: test.gatekeeper.sh/v1alpha1\nkind: Suite\ntests:\n{tests}");
    let suite = read("s/suite.yaml", suite.as_bytes()).unwrap().unwrap();
    let files =
        |path: &str| files.get(path).map(|text| text.clone().into_bytes()).ok_or_else(|| "no such file".to_owned());
    let options = Options::default();
    Runner { options: &options, files: &files, coverage: true }.run(&suite, &Filter::new(filter).unwrap())
}

fn told(result: &SuiteResult) -> String {
    let mut lines = Vec::new();
    let mut tell = |depth: &str, outcome: Outcome, name: &str, error: Option<&String>| {
        let error = error.map(|error| format!(": {error}")).unwrap_or_default();
        lines.push(format!("{depth}{outcome:?} {name}{error}"));
    };
    for test in &result.tests {
        tell("", test.outcome, &test.name, test.error.as_ref());
        test.cases.iter().for_each(|case| tell("  ", case.outcome, &case.name, case.error.as_ref()));
    }
    lines.join("\n")
}

#[test]
fn cases_pass_and_fail_as_with_gator() {
    let result = ran(
        "
- name: labels
  template: template.yaml
  constraint: ./constraint.yaml
  cases:
  - {name: good, object: good.yaml, assertions: [{violations: no}]}
  - {name: bad, object: bad.yaml, assertions: [{violations: yes, message: '^bad has'}, {violations: 1}]}
  - {name: wrong, object: bad.yaml, assertions: [{violations: 0}]}
  - {name: deleted, object: deletion.yaml, assertions: [{message: old}]}
  - {name: nothing, object: bad.yaml}
  - {name: objectless, assertions: [{}]}
  - {name: two, object: two.yaml, assertions: [{}]}
  - {name: absent, object: absent.yaml, assertions: [{}]}
  - {name: left out, object: bad.yaml, skip: true}
",
        "",
    );
    assert_eq!(result.outcome, Outcome::Failed);
    insta::assert_snapshot!(told(&result), @r#"
    Failed labels
      Passed good
      Passed bad
      Failed wrong: unexpected number of violations: got 1 violations but want exactly 0: got messages [bad has no label owner]
      Passed deleted
      Failed nothing: invalid Case: assertions must be non-empty
      Failed objectless: invalid Case: must define object
      Failed two: object file must contain exactly one object: "s/two.yaml" defines 2 objects
      Failed absent: no such file
      Skipped left out
    "#);
}

#[test]
fn invalid_means_the_schema_and_nothing_else() {
    let result = ran(
        "
- {name: typed, template: template.yaml, constraint: typed.yaml, invalid: true}
- {name: unknown field, template: template.yaml, constraint: unknown.yaml, invalid: true}
- {name: valid, template: template.yaml, constraint: constraint.yaml, invalid: true}
- {name: typed but meant, template: template.yaml, constraint: typed.yaml}
- {name: no template, constraint: constraint.yaml}
- {name: no constraint, template: template.yaml}
- {name: swapped, template: constraint.yaml, constraint: template.yaml}
- {name: absent, template: absent.yaml, constraint: constraint.yaml}
- {name: left out, skip: true}
",
        "",
    );
    insta::assert_snapshot!(told(&result), @r#"
    Passed typed
    Failed unknown field: constraint should have failed schema validation: got error invalid Constraint: spec.parameters.lable: the template's schema has no such field but want schema validation failed
    Failed valid: constraint should have failed schema validation: got error none but want schema validation failed
    Failed typed but meant: schema validation failed: spec.parameters.label: Invalid value: "integer": spec.parameters.label in body must be of type string: "integer"
    Failed no template: invalid Suite: missing template
    Failed no constraint: invalid Suite: missing constraint
    Failed swapped: path "s/constraint.yaml": not a ConstraintTemplate
    Failed absent: reading ConstraintTemplate from "s/absent.yaml": no such file
    Skipped left out
    "#);
}

#[test]
fn what_would_be_made_is_judged_too() {
    let tests = "
- name: expanded
  template: template.yaml
  constraint: constraint.yaml
  expansion: expansion.yaml
  cases:
  - {name: pod, object: deployment.yaml, assertions: [{violations: 1, message: '^\\[Implied by pods\\] web-pod has no label owner$'}]}
- name: as it is
  template: template.yaml
  constraint: constraint.yaml
  cases:
  - {name: deployment, object: deployment.yaml, assertions: [{violations: no}]}
";
    assert_eq!(ran(tests, "").outcome, Outcome::Passed);
    let filtered = ran(tests, "as it is//");
    assert_eq!(filtered.tests.iter().map(|test| test.outcome).collect::<Vec<_>>(), [Outcome::Skipped, Outcome::Passed]);
}

#[test]
fn a_file_that_is_no_suite_is_none_and_a_faulty_one_is_told() {
    assert!(read("x.yaml", TEMPLATE.as_bytes()).unwrap().is_none());
    assert!(read("x.yaml", b"").unwrap().is_none());
    let faulty = "apiVersion: test.gatekeeper.sh/v1alpha1\nkind: Suite\ntests:\n- name: 3\n  cases:\n  - assertions: [{violations: true}, {violations: [1]}]\n    skip: never\n";
    let findings = read("x.yaml", faulty.as_bytes()).unwrap_err();
    insta::assert_snapshot!(findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"), @r#"
    error: suite x.yaml is not usable
      caused by: x.yaml:4:9: tests[0].name: this is not a text
    error: suite x.yaml is not usable
      caused by: x.yaml:6:31: tests[0].cases[0].assertions[0].violations: violations is yes, no or a count
    error: suite x.yaml is not usable
      caused by: x.yaml:6:51: tests[0].cases[0].assertions[1].violations: violations is yes, no or a count
    error: suite x.yaml is not usable
      caused by: x.yaml:7:11: tests[0].cases[0].skip: this is neither true nor false
    "#);
}

#[test]
fn lines_of_templates_are_told_as_lines_of_their_file() {
    let reached = |object: &str| {
        let case = format!("{{name: one, object: {object}, assertions: [{{violations: 0}}]}}");
        let mut coverage =
            ran(&format!("- {{name: t, template: template.yaml, constraint: constraint.yaml, cases: [{case}]}}"), "")
                .coverage;
        let lines = coverage.pop().unwrap();
        assert_eq!((lines.file.as_str(), coverage.len()), ("s/template.yaml", 0));
        (lines.covered.into_iter().collect::<Vec<_>>(), lines.not_covered.into_iter().collect::<Vec<_>>())
    };
    assert_eq!(reached("good.yaml"), (vec![19, 20], vec![18, 21]));
    assert_eq!(reached("bad.yaml"), (vec![18, 19, 20, 21], vec![]));
}
