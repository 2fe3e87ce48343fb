//! Guardrails that are wrong or missing: a clear error each, and nothing is judged by half of them.

use insta::assert_snapshot;

use crate::guardrails::{TEMPLATE, limit};
use crate::sandbox::{Outcome, Sandbox};

const VOLUME: &str = "apiVersion: cloud.example/v1\nkind: Volume\nmetadata: {name: own}\nspec: {size: 7}\n";

fn check(sandbox: &Sandbox) -> Outcome {
    sandbox.run(&["policy", "check", "-f", "volume.yaml", "--policies", "policies"])
}

fn with(template: impl AsRef<[u8]>, constraint: impl AsRef<[u8]>) -> Sandbox {
    Sandbox::new()
        .file("policies/template.yaml", template)
        .file("policies/constraint.yaml", constraint)
        .file("volume.yaml", VOLUME)
}

#[test]
fn no_folder() {
    let sandbox = Sandbox::new().file("volume.yaml", VOLUME).file("polices/a.yaml", TEMPLATE);
    assert_snapshot!(check(&sandbox).refusal(), @"
    error: --policies policies cannot be read
      caused by: no such file or folder
      hint: did you mean polices?
    1 error; nothing was checked
    ");
    assert_snapshot!(sandbox.run(&["policy", "check", "-f", "volume.yaml"]).refusal(), @"
    error: there are no guardrails to ask
      caused by: --policies is not given
      hint: name files or folders with ConstraintTemplates and Constraints: --policies PATH
    1 error; nothing was checked
    ");
}

#[test]
fn an_empty_folder_and_one_without_policies() {
    let sandbox = Sandbox::new().file("volume.yaml", VOLUME).file("policies/README.md", "");
    assert_snapshot!(check(&sandbox).refusal(), @"
    error: --policies policies cannot be read
      caused by: the folder has no .yaml, .yml or .json file
    1 error; nothing was checked
    ");
    let sandbox = Sandbox::new().file("volume.yaml", VOLUME).file("policies/volume.yaml", VOLUME);
    assert_snapshot!(check(&sandbox).refusal(), @"
    error: --policies has no guardrail
      caused by: there is neither a ConstraintTemplate nor a Constraint
    1 error; nothing was checked
    ");
}

#[test]
fn samples_of_suites_are_no_policies() {
    let sandbox = Sandbox::new()
        .file("volume.yaml", VOLUME)
        .file("policies/template.yaml", TEMPLATE)
        .file("policies/samples/constraint.yaml", limit("sample", "Volume", 1, "deny"));
    assert_snapshot!(check(&sandbox), @"
    exit code 0
    --- stdout
    Check: 1 object, 0 denied, 0 warned.
    --- stderr
    warning: no guardrail is enabled: nothing can be denied
      caused by: there are ConstraintTemplates, and no Constraint that uses one
      hint: folders called samples belong to the tests of a policy and were left out; name one to read it
    ");
    let named = [
        "policy",
        "check",
        "-f",
        "volume.yaml",
        "--policies",
        "policies",
        "--policies",
        "policies/samples/constraint.yaml",
    ];
    assert_eq!(sandbox.run(&named).code, 3);
}

#[test]
fn broken_yaml() {
    assert_snapshot!(check(&with("kind: [", limit("a", "Volume", 1, "deny"))).refusal(), @"
    error: cannot read policies/template.yaml
      caused by: policies/template.yaml:2:1: not valid YAML: while parsing a node, did not find expected node content

    error: SizeLimit a is not usable
      caused by: policies/constraint.yaml:2:7: kind: there is no ConstraintTemplate sizelimit
    2 errors; nothing was checked
    ");
}

#[test]
fn broken_rego() {
    let broken = TEMPLATE.replace("size > input.parameters.max", "size >> input.parameters.max");
    let talk = check(&with(broken, limit("a", "Volume", 1, "deny"))).refusal();
    assert!(
        talk.starts_with("error: ConstraintTemplate sizelimit is not usable\n  caused by: policies/template.yaml:"),
        "{talk}"
    );
    assert!(talk.contains("kind: its ConstraintTemplate sizelimit is not usable"), "{talk}");
    assert!(talk.ends_with("2 errors; nothing was checked\n"), "{talk}");
}

#[test]
fn an_unknown_kind_of_constraint() {
    let constraint = limit("a", "Volume", 1, "deny").replace("SizeLimit", "SizeLimits");
    assert_snapshot!(check(&with(TEMPLATE, constraint)).refusal(), @r#"
    error: SizeLimits a is not usable
      caused by: policies/constraint.yaml:2:7: kind: there is no ConstraintTemplate sizelimits
      hint: did you mean "SizeLimit"?
    1 error; nothing was checked
    "#);
}

#[test]
fn a_parameter_of_the_wrong_type() {
    let constraint = limit("a", "Volume", 1, "deny").replace("max: 1", "max: one");
    assert_snapshot!(check(&with(TEMPLATE, constraint)).refusal(), @r#"
    error: SizeLimit a is not usable
      caused by: policies/constraint.yaml:7:21: spec.parameters.max: Invalid value: "string": spec.parameters.max in body must be of type integer: "string"
    1 error; nothing was checked
    "#);
}

#[test]
fn a_plan_is_not_made_with_half_of_the_guardrails() {
    let broken = TEMPLATE.replace("package sizelimit", "package");
    let sandbox = Sandbox::with_platform().file("policies/template.yaml", broken);
    let talk = sandbox.plan(&["-f", "claim.yaml", "--policies", "policies"]).refusal();
    assert!(talk.contains("ConstraintTemplate sizelimit is not usable"), "{talk}");
    assert!(talk.ends_with("nothing was planned\n"), "{talk}");
}
