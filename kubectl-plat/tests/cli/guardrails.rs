//! `claim plan --policies` and `policy check`: what guardrails say of objects and of all that comes of them.

use insta::assert_snapshot;

use crate::sandbox::Sandbox;

/// Objects of some kinds may not be larger than a limit.
pub(crate) const TEMPLATE: &str = r#"
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: sizelimit}
spec:
  crd:
    spec:
      names: {kind: SizeLimit}
      validation:
        openAPIV3Schema:
          type: object
          properties:
            max: {type: integer}
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: |
      package sizelimit

      violation[{"msg": msg, "details": {"field": "spec.size"}}] {
        size := input.review.object.spec.size
        size > input.parameters.max
        msg := sprintf("spec.size is %v, the limit is %v", [size, input.parameters.max])
      }
"#;

/// A constraint of it.
pub(crate) fn limit(name: &str, kind: &str, max: u32, action: &str) -> String {
    format!(
        "apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: SizeLimit\nmetadata: {{name: {name}}}\nspec:\n  \
         enforcementAction: {action}\n  match: {{kinds: [{{apiGroups: ['*'], kinds: [{kind}]}}]}}\n  \
         parameters: {{max: {max}}}\n"
    )
}

/// A platform, a claim of size 10, and a guardrail for the Volume it becomes.
pub(crate) fn guarded(max: u32, action: &str) -> Sandbox {
    Sandbox::with_platform()
        .file("policies/limit/template.yaml", TEMPLATE)
        .file("policies/limit/constraint.yaml", limit("volume-limit", "Volume", max, action))
}

/// A Volume of size 7.
pub(crate) const VOLUME: &str = "apiVersion: cloud.example/v1\nkind: Volume\nmetadata: {name: own}\nspec:\n  size: 7\n";

#[test]
fn a_plan_is_denied_for_what_the_claim_would_create() {
    assert_snapshot!(guarded(5, "deny").plan(&["-f", "claim.yaml", "--policies", "policies"]), @r#"
    exit code 3
    --- stdout
    Claim  team-a/data   (Disk, test.example/v1)
    Uses   composition disk: the only one for XDisk

      + claim data
          spec.kind   (default cheap)
          spec.size   10
      + XDisk/data-h8pml
          spec.claimRef.apiVersion   test.example/v1
          spec.claimRef.kind         Disk
          spec.claimRef.name         data
          spec.claimRef.namespace    team-a
          spec.kind                  cheap
          spec.size                  10
        + cloud.example/Volume  data-h8pml-919d3b5188d8
            (volume, known after apply: name)
            spec.size   10   ← spec.size via patch 0 of "volume", step "compose"

    Guardrails
      deny  volume-limit  volume: spec.size is 10, the limit is 5
            spec.size ← spec.size via patch 0 of "volume", step "compose"
            hint: change spec.size of the claim

    Results
      normal   Successfully selected composition: disk
      normal   Composed resource "volume" is not yet ready

    Not known offline
      metadata.name of new resources: the name is made from the UID of the XR, which
      does not exist yet
      metadata.name: Crossplane picks the end of the XR's name, and with it those of
      its resources

    Plan: 3 to add, 0 to change, 0 to replace, 0 to destroy. 1 denied.
    --- stderr
    "#);
}

#[test]
fn a_denial_comes_before_changes() {
    let plan = |max: u32, action: &str| {
        guarded(max, action).plan(&["-f", "claim.yaml", "--policies", "policies", "--detailed-exitcode"])
    };
    assert_eq!(plan(5, "deny").code, 3);
    assert_eq!(plan(5, "warn").code, 2);
    assert_eq!(plan(20, "deny").code, 2);
}

#[test]
fn a_plan_as_json_carries_the_verdicts() {
    let outcome = guarded(5, "dryrun").plan(&["-f", "claim.yaml", "--policies", "policies", "-o", "json"]);
    let plan: serde_json::Value = serde_json::from_str(&outcome.answer()).unwrap();
    assert_eq!(plan["summary"]["noted"], 1);
    let volume = &plan["claims"][0]["tree"]["children"][0]["children"][0];
    assert_eq!(volume["verdicts"][0]["givenFields"], serde_json::json!(["spec.size"]));
}

#[test]
fn what_is_removed_is_reviewed_as_a_deletion() {
    let template = TEMPLATE
        .replace("sizelimit", "keeps")
        .replace("SizeLimit", "Keeps")
        .replace("size > input.parameters.max", "input.review.operation == \"DELETE\"");
    let constraint = limit("keeps", "Volume", 1, "deny").replace("SizeLimit", "Keeps");
    let live = "
apiVersion: v1
kind: List
items:
- apiVersion: test.example/v1
  kind: XDisk
  metadata: {name: data-1, uid: u-1, labels: {crossplane.io/claim-name: data, crossplane.io/claim-namespace: team-a}}
  spec: {size: 10, claimRef: {apiVersion: test.example/v1, kind: Disk, name: data, namespace: team-a}}
- apiVersion: test.example/v1
  kind: Disk
  metadata: {name: data, namespace: team-a}
  spec: {size: 10, resourceRef: {apiVersion: test.example/v1, kind: XDisk, name: data-1}}
- apiVersion: cloud.example/v1
  kind: Volume
  metadata:
    name: old
    annotations: {crossplane.io/composition-resource-name: backup}
    ownerReferences: [{apiVersion: test.example/v1, kind: XDisk, name: data-1, uid: u-1, controller: true}]
  spec: {size: 3}
";
    let sandbox = Sandbox::with_platform()
        .file("policies/template.yaml", template)
        .file("policies/constraint.yaml", constraint)
        .file("live.yaml", live);
    let outcome = sandbox.plan(&["-f", "claim.yaml", "--policies", "policies", "--observed", "live.yaml"]);
    assert_eq!(outcome.code, 3, "{outcome}");
    let section = outcome.stdout.split_once("Guardrails\n").unwrap().1.split_once("\n\n").unwrap().0;
    assert_snapshot!(section, @"
    deny  keeps  backup (to be deleted): spec.size is 3, the limit is 1
          this is the request to delete it
    ");
}

#[test]
fn objects_and_claims_are_checked_each_with_its_place() {
    let sandbox =
        guarded(5, "deny").file("objects/volume.yaml", VOLUME).file("objects/claim.yaml", crate::sandbox::CLAIM);
    let check = |arguments: &[&str]| {
        sandbox.run(&[&["policy", "check", "-f", "objects", "--policies", "policies"], arguments].concat())
    };
    assert_snapshot!(check(&["--platform", "platform", "-n", "team-a"]), @r#"
    exit code 3
    --- stdout
    Disk team-a/data  (objects/claim.yaml:2:1)
      deny  volume-limit  volume: spec.size is 10, the limit is 5
            at objects/claim.yaml:5:14
            spec.size ← spec.size via patch 0 of "volume", step "compose"
            hint: change spec.size of the claim

    Volume own  (objects/volume.yaml:1:1)
      deny  volume-limit  Volume own: spec.size is 7, the limit is 5
            at objects/volume.yaml:5:9

    Check: 2 objects, 2 denied, 0 warned.
    --- stderr
    "#);
    // Without the platform a claim is an object like any other.
    assert_snapshot!(check(&[]), @"
    exit code 3
    --- stdout
    Volume own  (objects/volume.yaml:1:1)
      deny  volume-limit  Volume own: spec.size is 7, the limit is 5
            at objects/volume.yaml:5:9

    Check: 2 objects, 1 denied, 0 warned.
    --- stderr
    ");
    assert_snapshot!(check(&["--platform", "platform", "-o", "github"]), @"
    exit code 3
    --- stdout
    ::error file=objects/claim.yaml,line=5,col=14,title=volume-limit::volume: spec.size is 10, the limit is 5%0Ahint: change spec.size of the claim
    ::error file=objects/volume.yaml,line=5,col=9,title=volume-limit::Volume own: spec.size is 7, the limit is 5
    --- stderr
    ");
    assert_snapshot!(check(&["--platform", "platform", "-o", "junit"]), @r#"
    exit code 3
    --- stdout
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="policy check" tests="2" failures="2" skipped="0">
      <testsuite name="objects/claim.yaml" tests="1" failures="1" skipped="0">
        <testcase classname="objects/claim.yaml" name="Disk team-a/data">
          <failure message="objects/claim.yaml:5:14: deny [volume-limit] volume: spec.size is 10, the limit is 5 (hint: change spec.size of the claim)">objects/claim.yaml:5:14: deny [volume-limit] volume: spec.size is 10, the limit is 5 (hint: change spec.size of the claim)</failure>
        </testcase>
      </testsuite>
      <testsuite name="objects/volume.yaml" tests="1" failures="1" skipped="0">
        <testcase classname="objects/volume.yaml" name="Volume own">
          <failure message="objects/volume.yaml:5:9: deny [volume-limit] Volume own: spec.size is 7, the limit is 5">objects/volume.yaml:5:9: deny [volume-limit] Volume own: spec.size is 7, the limit is 5</failure>
        </testcase>
      </testsuite>
    </testsuites>
    --- stderr
    "#);
    assert_snapshot!(check(&["-o", "yaml"]), @r#"
    exit code 3
    --- stdout
    apiVersion: kubectl-plat.dev/v1alpha1
    kind: PolicyCheck
    objects:
    - location:
        column: 1
        file: objects/claim.yaml
        line: 2
      object:
        group: test.example
        kind: Disk
        name: data
        namespace: team-a
        version: v1
      verdicts: []
    - location:
        column: 1
        file: objects/volume.yaml
        line: 1
      object:
        group: cloud.example
        kind: Volume
        name: own
        namespace: ""
        version: v1
      verdicts:
      - action: deny
        cause: violation
        constraint:
          kind: SizeLimit
          name: volume-limit
        details:
          field: spec.size
        field: spec.size
        givenFields:
        - spec.size
        location:
          column: 9
          file: objects/volume.yaml
          line: 5
        message: spec.size is 7, the limit is 5
        object:
          group: cloud.example
          kind: Volume
          name: own
          namespace: ""
          version: v1
        subject: object
    summary:
      denied: 1
      noted: 0
      objects: 2
      warned: 0
    --- stderr
    "#);
    let json: serde_json::Value = serde_json::from_str(&check(&["-o", "json"]).stdout).unwrap();
    assert_eq!(json["summary"]["denied"], 1);
}

#[test]
fn a_warning_is_no_denial() {
    let sandbox = guarded(5, "warn").file("volumes/a/volume.yaml", VOLUME);
    let arguments = ["policy", "check", "-f", "volumes", "--recursive", "--policies", "policies", "--rego-only"];
    assert_snapshot!(sandbox.run(&arguments), @"
    exit code 0
    --- stdout
    Volume own  (volumes/a/volume.yaml:1:1)
      warn  volume-limit  Volume own: spec.size is 7, the limit is 5
            at volumes/a/volume.yaml:5:9

    Check: 1 object, 0 denied, 1 warned.
    --- stderr
    ");
}

#[test]
fn scoped_actions_count_for_whom_they_name() {
    let scoped = limit("scoped", "Volume", 5, "scoped").replace(
        "  match:",
        "  scopedEnforcementActions: [{action: deny, enforcementPoints: [{name: validation.gatekeeper.sh}]}]\n  match:",
    );
    let sandbox = Sandbox::new()
        .file("policies/template.yaml", TEMPLATE)
        .file("policies/constraint.yaml", scoped)
        .file("volume.yaml", VOLUME);
    let check = |point: &str| {
        let arguments =
            ["policy", "check", "-f", "volume.yaml", "--policies", "policies", "--enforcement-point", point];
        sandbox.run(&arguments).code
    };
    assert_eq!((check("webhook"), check("gator"), check("audit")), (3, 0, 0));
}

#[test]
fn namespaces_among_the_files_are_known() {
    let selected = limit("selected", "Volume", 5, "deny")
        .replace("  match: {", "  match: {namespaceSelector: {matchLabels: {tier: gold}}, ");
    let volume = VOLUME.replace("{name: own}", "{name: own, namespace: a}");
    let namespace =
        |tier: &str| format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: a, labels: {{tier: {tier}}}}}\n");
    let sandbox = Sandbox::new()
        .file("policies/template.yaml", TEMPLATE)
        .file("policies/constraint.yaml", selected)
        .file("volume.yaml", &volume)
        .file("gold.yaml", namespace("gold"))
        .file("lead.yaml", namespace("lead"));
    let check = |more: &[&str]| {
        sandbox.run(&[&["policy", "check", "-f", "volume.yaml", "--policies", "policies"], more].concat())
    };
    assert_snapshot!(check(&[]), @"
    exit code 3
    --- stdout
    Volume a/own  (volume.yaml:1:1)
      deny  selected  Volume own: unable to match constraints: error matching
            the requested object: own :failed to run Match criteria: namespace
            selector for namespace-scoped object but missing Namespace
            hint: give the Namespace a in a file of --inventory

    Check: 1 object, 1 denied, 0 warned.
    --- stderr
    ");
    assert_eq!(check(&["-f", "lead.yaml"]).code, 0);
    assert_eq!(check(&["--inventory", "lead.yaml"]).code, 0);
    assert_snapshot!(check(&["--inventory", "gold.yaml"]).stdout, @"
    Volume a/own  (volume.yaml:1:1)
      deny  selected  Volume own: spec.size is 7, the limit is 5
            at volume.yaml:5:9

    Check: 1 object, 1 denied, 0 warned.
    ");
}

#[test]
fn an_admission_review_is_reviewed_as_its_request() {
    let review = |operation: &str, object: &str| {
        format!(
            "apiVersion: admission.k8s.io/v1\nkind: AdmissionReview\nrequest:\n  uid: u\n  operation: {operation}\n  \
             kind: {{group: cloud.example, version: v1, kind: Volume}}\n  name: own\n{object}"
        )
    };
    let object = |field: &str| {
        format!(
            "  {field}:\n    apiVersion: cloud.example/v1\n    kind: Volume\n    metadata: {{name: own}}\n    spec:\n      size: 7\n"
        )
    };
    let check = |review: String| {
        guarded(5, "deny").file("review.yaml", review).run(&[
            "policy",
            "check",
            "-f",
            "review.yaml",
            "--policies",
            "policies",
        ])
    };
    assert_snapshot!(check(review("CREATE", &object("object"))), @"
    exit code 3
    --- stdout
    Volume own  (review.yaml:1:1)
      deny  volume-limit  Volume own: spec.size is 7, the limit is 5
            at review.yaml:13:13

    Check: 1 object, 1 denied, 0 warned.
    --- stderr
    ");
    assert_snapshot!(check(review("DELETE", &object("oldObject"))), @"
    exit code 3
    --- stdout
    Volume own  (review.yaml:1:1)
      deny  volume-limit  Volume own: spec.size is 7, the limit is 5
            at review.yaml:13:13

    Check: 1 object, 1 denied, 0 warned.
    --- stderr
    ");
    assert_snapshot!(check(review("DELETE", &object("object"))).refusal(), @"
    error: review.yaml has an AdmissionReview that cannot be reviewed
      caused by: review.yaml:4:3: request.oldObject: a request to DELETE is about its oldObject
    1 error; nothing was checked
    ");
    assert_snapshot!(check(review("CREATE", "")).refusal(), @"
    error: review.yaml has an AdmissionReview that cannot be reviewed
      caused by: review.yaml:4:3: request.object: the request has neither object nor oldObject
    1 error; nothing was checked
    ");
    assert_snapshot!(check("apiVersion: admission.k8s.io/v1\nkind: AdmissionReview\n".to_owned()).refusal(), @"
    error: review.yaml has an AdmissionReview that cannot be reviewed
      caused by: review.yaml:1:1: request: it has no request, and that is what is reviewed
    1 error; nothing was checked
    ");
}

#[test]
fn mutators_are_applied_before_objects_are_judged() {
    let smaller = "apiVersion: mutations.gatekeeper.sh/v1\nkind: Assign\nmetadata: {name: smaller}\nspec:\n  \
                   applyTo: [{groups: [cloud.example], versions: [v1], kinds: [Volume]}]\n  \
                   location: spec.size\n  parameters: {assign: {value: 3}}\n";
    let sandbox = guarded(5, "deny").file("policies/smaller.yaml", smaller).file("volume.yaml", VOLUME);
    let check = [
        "policy",
        "check",
        "-f",
        "volume.yaml",
        "-f",
        "claim.yaml",
        "--platform",
        "platform",
        "--policies",
        "policies",
    ];
    assert_eq!(sandbox.run(&check).answer(), "Check: 2 objects, 0 denied, 0 warned.\n");
    let outcome = sandbox.run(&[&check[..], &["--no-mutation"]].concat());
    assert_eq!(outcome.code, 3, "{outcome}");
    assert!(outcome.stdout.ends_with("Check: 2 objects, 2 denied, 0 warned.\n"), "{outcome}");
}

#[test]
fn the_example_of_the_readme_says_what_the_readme_shows() {
    let command =
        "kubectl plat policy check -f examples/denied --platform examples/platform --policies examples/policies";
    let arguments: Vec<&str> = command.split(' ').skip(2).collect();
    let outcome = crate::sandbox::run_in_repository(&arguments);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (3, ""), "{outcome}");
    let readme = std::fs::read_to_string(crate::sandbox::repository().join("README.md")).unwrap();
    let shown = format!("```console\n$ {command}\n{}```\n", outcome.stdout);
    assert!(readme.contains(&shown), "README.md does not have:\n{shown}");
}
