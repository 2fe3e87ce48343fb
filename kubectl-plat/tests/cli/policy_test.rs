//! `policy test`: suites, as `gator verify` runs them, and tests in Rego, as `opa test` does.

use insta::assert_snapshot;

use crate::guardrails::{TEMPLATE, limit};
use crate::sandbox::{Outcome, Sandbox, run_in_repository};

const SUITE: &str = "
apiVersion: test.gatekeeper.sh/v1alpha1
kind: Suite
tests:
- name: volumes
  template: template.yaml
  constraint: constraint.yaml
  cases:
  - name: small
    object: samples/small.yaml
    assertions: [{violations: no}]
  - name: large
    object: samples/large.yaml
    assertions: [{violations: 1, message: the limit is 5}]
  - name: later
    object: samples/large.yaml
    skip: true
    assertions: [{violations: no}]
";

fn volume(size: u32) -> String {
    format!("apiVersion: cloud.example/v1\nkind: Volume\nmetadata: {{name: own}}\nspec: {{size: {size}}}\n")
}

fn sandbox(suite: &str) -> Sandbox {
    Sandbox::new()
        .file("policies/size/template.yaml", TEMPLATE)
        .file("policies/size/constraint.yaml", limit("size", "Volume", 5, "deny"))
        .file("policies/size/suite.yaml", suite)
        .file("policies/size/samples/small.yaml", volume(1))
        .file("policies/size/samples/large.yaml", volume(9))
}

fn test(sandbox: &Sandbox, arguments: &[&str]) -> Outcome {
    sandbox.run(&[&["policy", "test"], arguments].concat())
}

#[test]
fn suites_below_a_folder_are_run() {
    let answer = test(&sandbox(SUITE), &["policies"]).answer();
    assert_snapshot!(answer, @"
    ok    policies/size/suite.yaml  3 cases

    Tests: 2 passed, 0 failed, 1 skipped.
    ");
    assert_eq!(test(&sandbox(SUITE), &["policies/..."]).answer(), answer);
    assert_eq!(test(&sandbox(SUITE), &["policies/size/suite.yaml"]).answer(), answer);
    assert_eq!(test(&sandbox(SUITE), &["policies", "--rego-only"]).code, 0);
}

#[test]
fn a_case_that_is_not_as_it_should_be_fails() {
    let sandbox = sandbox(&SUITE.replace("violations: no", "violations: yes"));
    assert_snapshot!(test(&sandbox, &["policies"]), @"
    exit code 1
    --- stdout
    FAIL  policies/size/suite.yaml  3 cases
          volumes/small
            unexpected number of violations: got 0 violations but want at least 1: got messages []

    Tests: 1 passed, 1 failed, 1 skipped.
    --- stderr
    ");
    assert_snapshot!(test(&sandbox, &["policies", "-o", "json"]).stdout, @r#"
    {
      "apiVersion": "kubectl-plat.dev/v1alpha1",
      "groups": [
        {
          "cases": [
            {
              "error": "unexpected number of violations: got 0 violations but want at least 1: got messages []",
              "name": "volumes/small",
              "outcome": "failed"
            },
            {
              "messages": [
                "spec.size is 9, the limit is 5"
              ],
              "name": "volumes/large",
              "outcome": "passed"
            },
            {
              "name": "volumes/later",
              "outcome": "skipped"
            }
          ],
          "path": "policies/size/suite.yaml"
        }
      ],
      "kind": "PolicyTest",
      "summary": {
        "failed": 1,
        "passed": 1,
        "skipped": 1
      }
    }
    "#);
    assert_snapshot!(test(&sandbox, &["policies", "-o", "junit"]).stdout, @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="policy test" tests="3" failures="1" skipped="1">
      <testsuite name="policies/size/suite.yaml" tests="3" failures="1" skipped="1">
        <testcase classname="policies/size/suite.yaml" name="volumes/small">
          <failure message="unexpected number of violations: got 0 violations but want at least 1: got messages []">unexpected number of violations: got 0 violations but want at least 1: got messages []</failure>
        </testcase>
        <testcase classname="policies/size/suite.yaml" name="volumes/large">
          <system-out>spec.size is 9, the limit is 5</system-out>
        </testcase>
        <testcase classname="policies/size/suite.yaml" name="volumes/later">
          <skipped/>
        </testcase>
      </testsuite>
    </testsuites>
    "#);
}

#[test]
fn run_picks_by_name() {
    let summary = |filter: &str| {
        let outcome = test(&sandbox(SUITE), &["policies", "--run", filter]);
        format!("{}{}", outcome.stdout.lines().last().unwrap_or_default(), outcome.stderr)
    };
    assert_snapshot!(summary("large"), @"Tests: 1 passed, 0 failed, 2 skipped.");
    assert_snapshot!(summary("volumes//small"), @"Tests: 1 passed, 0 failed, 2 skipped.");
    assert_snapshot!(summary("nothing"), @r#"Tests: 0 passed, 0 failed, 1 skipped.warning: no test has a name that --run "nothing" matches"#);
    assert_snapshot!(test(&sandbox(SUITE), &["policies", "--run", "("]).misuse(), @"error: invalid test filter: error parsing regexp: missing closing ): `(`");
}

#[test]
fn a_suite_that_names_what_is_not_there() {
    let sandbox = sandbox(&SUITE.replace("samples/small.yaml", "samples/smal.yaml"));
    assert_snapshot!(test(&sandbox, &["policies"]), @"
    exit code 1
    --- stdout
    FAIL  policies/size/suite.yaml  3 cases
          volumes/small
            policies/size/samples/smal.yaml cannot be read: no such file or folder

    Tests: 1 passed, 1 failed, 1 skipped.
    --- stderr
    ");
}

#[test]
fn a_folder_without_tests() {
    let sandbox = Sandbox::new().file("policies/template.yaml", TEMPLATE);
    assert_snapshot!(test(&sandbox, &["policies"]).refusal(), @"
    error: there is no test in policies
      caused by: no file is a suite (kind Suite of test.gatekeeper.sh), and no .rego file has a rule test_...
      hint: a suite names a template, a constraint, and objects with what is to be said of them
    1 error; nothing was tested
    ");
    assert_snapshot!(test(&sandbox, &["polices"]).refusal(), @"
    error: polices cannot be read
      caused by: no such file or folder
      hint: did you mean policies?
    1 error; nothing was tested
    ");
}

#[test]
fn a_broken_suite() {
    let broken = sandbox(&SUITE.replace("violations: 1", "violations: -1"));
    assert_snapshot!(test(&broken, &["policies"]), @r#"
    exit code 1
    --- stdout
    FAIL  policies/size/suite.yaml  3 cases
          volumes/large
            invalid yaml: assertion.violation, if set, must be a nonnegative integer, "yes", or "no": got messages [spec.size is 9, the limit is 5]

    Tests: 1 passed, 1 failed, 1 skipped.
    --- stderr
    "#);
    let broken = sandbox(&format!("{SUITE}  bad: ["));
    assert_snapshot!(test(&broken, &["policies"]).refusal(), @"
    error: cannot read policies/size/suite.yaml
      caused by: policies/size/suite.yaml:20:1: not valid YAML: while parsing a node, did not find expected node content
    1 error; nothing was tested
    ");
}

const SIZES: &str = "package sizes

too_large(size) {
  size > 5
}

odd(size) {
  size % 2 == 1
}
";

const SIZES_TEST: &str = "package sizes

test_small { not too_large(5) }

test_large { too_large(6) }

test_wrong { too_large(1) }

test_false = too_large(9) == false

todo_test_later { odd(1) }
";

fn rego(tests: &str) -> Sandbox {
    Sandbox::new().file("policies/lib/sizes.rego", SIZES).file("policies/lib/sizes_test.rego", tests)
}

#[test]
fn tests_in_rego_are_run() {
    assert_snapshot!(test(&rego(SIZES_TEST), &["policies"]), @"
    exit code 1
    --- stdout
    FAIL  policies/lib  5 cases
          data.sizes.test_wrong
            policies/lib/sizes_test.rego:7: it has no value: an expression in it is false or undefined
          data.sizes.test_false
            policies/lib/sizes_test.rego:9: it is false

    Tests: 2 passed, 2 failed, 1 skipped.
    --- stderr
    ");
    let good = rego("package sizes\n\ntest_small { not too_large(5) }\n");
    assert_snapshot!(test(&good, &["policies", "--coverage"]).answer(), @"
    ok    policies/lib  1 case

    Coverage
       25 %  policies/lib/sizes.rego   not reached: 3, 7-8

    Tests: 1 passed, 0 failed, 0 skipped.
    ");
    assert_snapshot!(test(&good, &["policies", "--coverage", "-o", "json"]).answer(), @r#"
    {
      "apiVersion": "kubectl-plat.dev/v1alpha1",
      "groups": [
        {
          "cases": [
            {
              "name": "data.sizes.test_small",
              "outcome": "passed"
            }
          ],
          "coverage": [
            {
              "covered": 1,
              "file": "policies/lib/sizes.rego",
              "notCovered": [
                3,
                7,
                8
              ]
            }
          ],
          "path": "policies/lib"
        }
      ],
      "kind": "PolicyTest",
      "summary": {
        "failed": 0,
        "passed": 1,
        "skipped": 0
      }
    }
    "#);
    let none = test(&good, &["policies", "--run", "large"]);
    assert_eq!(none.stderr, "warning: no test has a name that --run \"large\" matches\n");
    let one = test(&rego(SIZES_TEST), &["policies", "--run", "test_small//any"]);
    assert!(one.stdout.ends_with("Tests: 1 passed, 0 failed, 4 skipped.\n"), "{one}");
}

/// A template with a library, in the form of `code`.
const COVERED: &str = "
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata:
  name: sizelimit
spec:
  crd:
    spec:
      names:
        kind: SizeLimit
      validation:
        openAPIV3Schema: {type: object, properties: {max: {type: integer}}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    code:
    - engine: Rego
      source:
        version: v1
        rego: |
          package sizelimit

          import data.lib.sizes

          violation contains {\"msg\": msg} if {
            size := sizes.of(input.review.object)
            size > input.parameters.max
            msg := sprintf(\"%v is too large\", [size])
          }
        libs:
        - |
          package lib.sizes

          of(object) := object.spec.size

          of(object) := size if {
            not object.spec.size
            size := 0
          }
";

/// A template with its Rego on one line.
const UNBROKEN: &str = r#"{apiVersion: templates.gatekeeper.sh/v1, kind: ConstraintTemplate, metadata: {name: sizelimit}, spec: {
crd: {spec: {names: {kind: SizeLimit}, validation: {openAPIV3Schema: {x-kubernetes-preserve-unknown-fields: true}}}},
targets: [{target: admission.k8s.gatekeeper.sh, rego:
"package sizelimit\nviolation[{\"msg\": \"the limit is 5\"}] {\n input.review.object.spec.size > 5\n}"}]}}"#;

#[test]
fn the_rego_of_templates_is_covered_by_suites() {
    let sandbox = sandbox(&SUITE.replace("the limit is 5", "9 is too large"));
    let sandbox = sandbox.file("policies/size/template.yaml", COVERED);
    assert_snapshot!(test(&sandbox, &["policies", "--coverage"]).answer(), @"
    ok    policies/size/suite.yaml  3 cases

    Coverage
       75 %  policies/size/template.yaml   not reached: 35, 37

    Tests: 2 passed, 0 failed, 1 skipped.
    ");
    let json = test(&sandbox, &["policies", "--coverage", "--run", "small", "-o", "json"]).answer();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let lines =
        serde_json::json!([{"file": "policies/size/template.yaml", "covered": 4, "notCovered": [24, 27, 35, 37]}]);
    assert_eq!(json["groups"][0]["coverage"], lines);
    assert!(!test(&sandbox, &["policies"]).answer().contains("Coverage"));
}

#[test]
fn what_one_of_several_suites_reaches_is_covered() {
    let without_size = "apiVersion: cloud.example/v1\nkind: Volume\nmetadata: {name: own}\nspec: {}\n";
    let sandbox = sandbox(SUITE)
        .file("policies/size/template.yaml", COVERED)
        .file("policies/size/more.yaml", SUITE.replace("small", "none"))
        .file("policies/size/samples/none.yaml", without_size);
    assert_snapshot!(test(&sandbox, &["policies", "--coverage", "--run", "small|none"]).answer(), @"
    ok    policies/size/more.yaml  3 cases
    ok    policies/size/suite.yaml  3 cases

    Coverage
       75 %  policies/size/template.yaml   not reached: 24, 27

    Tests: 2 passed, 0 failed, 4 skipped.
    ");
}

#[test]
fn rego_that_is_no_block_is_one_line_to_cover() {
    let sandbox = sandbox(SUITE).file("policies/size/template.yaml", UNBROKEN);
    let answer = |filter: &str| test(&sandbox, &["policies", "--coverage", "--run", filter]).answer();
    assert_snapshot!(answer("small"), @"
    ok    policies/size/suite.yaml  3 cases

    Coverage
        0 %  policies/size/template.yaml   not reached: 4

    Tests: 1 passed, 0 failed, 2 skipped.
    ");
    assert_snapshot!(answer("large"), @"
    ok    policies/size/suite.yaml  3 cases

    Coverage
      100 %  policies/size/template.yaml

    Tests: 1 passed, 0 failed, 2 skipped.
    ");
}

#[test]
fn rego_of_today_is_run_too() {
    let today = "package sizes\n\ntoo_large(size) if size > 5\n\ntest_large if too_large(6)\n
test_clock if time.now_ns() > 0\n";
    let sandbox = Sandbox::new().file("sizes_test.rego", today);
    assert_snapshot!(test(&sandbox, &["sizes_test.rego"]).answer(), @"
    ok    .  2 cases

    Tests: 2 passed, 0 failed, 0 skipped.
    ");
}

#[test]
fn rego_that_does_not_compile() {
    assert_snapshot!(test(&rego("package sizes\n\ntest_small { no_such(5) }\n"), &["policies"]).refusal(), @"
    error: policies/lib/sizes_test.rego cannot be compiled
      caused by: policies/lib/sizes_test.rego:3:14: undefined function no_such
    1 error; nothing was tested
    ");
    let without_tests = Sandbox::new().file("policies/broken.rego", "package a\n\nb {");
    assert!(test(&without_tests, &["policies"]).refusal().starts_with("error: there is no test in policies\n"));
}

#[test]
fn lint_finds_what_judges_nothing() {
    let sandbox = Sandbox::new().file("policies/template.yaml", TEMPLATE).file("empty/volume.yaml", volume(1));
    let lint = |arguments: &[&str]| sandbox.run(&[&["policy", "lint"], arguments].concat());
    let text = lint(&["policies"]).answer();
    assert!(
        text.contains("rule: template-without-constraint") && text.ends_with("Lint: 0 errors, 1 warning.\n"),
        "{text}"
    );
    assert_eq!(lint(&["policies", "--strict"]).code, 1);
    let annotations = lint(&["policies", "-o", "github"]).answer();
    assert!(annotations.starts_with("::warning file=policies/template.yaml,line=4,"), "{annotations}");
    let json: serde_json::Value = serde_json::from_str(&lint(&["policies", "-o", "json"]).answer()).unwrap();
    assert_eq!(json["findings"][0]["rule"], "template-without-constraint");
    assert!(lint(&["empty"]).refusal().starts_with("error: there is no guardrail in empty\n"));
}

#[test]
fn lint_fails_on_errors() {
    let sandbox = Sandbox::new().file("policies/constraint.yaml", limit("a", "Volume", 1, "deny"));
    let outcome = sandbox.run(&["policy", "lint", "policies"]);
    assert_eq!(outcome.code, 1, "{outcome}");
    assert!(outcome.stdout.contains("rule: constraint-without-template"), "{outcome}");
}

#[test]
fn the_guardrails_that_come_with_plat_are_without_blemish() {
    let outcome = run_in_repository(&["policy", "lint", "policies", "--strict"]);
    assert_eq!(outcome.answer(), "Lint: 0 errors, 0 warnings.\n");
}
