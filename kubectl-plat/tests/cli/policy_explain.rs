//! `policy explain`: which guardrails are asked, and what mutators change.

use insta::assert_snapshot;
use serde_json::json;

use crate::guardrails::{VOLUME, guarded, limit};

#[test]
fn explain_says_which_guardrail_is_asked_and_why_not() {
    let sandbox = guarded(5, "deny")
        .file("policies/other.yaml", limit("disks", "Disk", 5, "warn"))
        .file("policies/named.yaml", limit("named", "Volume", 5, "warn").replace("match: {", "match: {name: x-*, "))
        .file("volume.yaml", VOLUME);
    let explain = |arguments: &[&str]| {
        sandbox
            .run(&[&["policy", "explain", "-f", "volume.yaml", "--policies", "policies"], arguments].concat())
            .answer()
    };
    assert_snapshot!(explain(&[]), @"
    Volume own  (volume.yaml:1:1)

    Asked
      SizeLimit volume-limit  (policies/limit/constraint.yaml:1:1)
          every criterion of its match holds; a violation would deny
          deny: spec.size is 7, the limit is 5

    Not asked
      SizeLimit disks  (policies/other.yaml:1:1)
          match.kinds: it is a Volume of cloud.example, wanted is Disk (any group)
      SizeLimit named  (policies/named.yaml:1:1)
          match.name: the name own is not x-*
    ");
    assert_snapshot!(explain(&["--output", "yaml"]), @r#"
    apiVersion: kubectl-plat.dev/v1alpha1
    kind: PolicyExplanation
    objects:
    - constraints:
      - asked: false
        constraint:
          kind: SizeLimit
          name: disks
        criterion: kinds
        reason: 'match.kinds: it is a Volume of cloud.example, wanted is Disk (any group)'
        verdicts: []
      - asked: false
        constraint:
          kind: SizeLimit
          name: named
        criterion: name
        reason: 'match.name: the name own is not x-*'
        verdicts: []
      - asked: true
        constraint:
          kind: SizeLimit
          name: volume-limit
        criterion: null
        reason: every criterion of its match holds; a violation would deny
        verdicts:
        - action: deny
          cause: violation
          constraint:
            kind: SizeLimit
            name: volume-limit
          details:
            field: spec.size
          field: spec.size
          message: spec.size is 7, the limit is 5
      location:
        column: 1
        file: volume.yaml
        line: 1
      mutationError: null
      mutators: []
      object:
        group: cloud.example
        kind: Volume
        name: own
        namespace: ""
        version: v1
    "#);
    let json: serde_json::Value = serde_json::from_str(&explain(&["-o", "json"])).unwrap();
    assert_eq!(json["objects"][0]["constraints"].as_array().unwrap().len(), 3);
}

fn mutator(kind: &str, name: &str, rest: &str) -> String {
    format!("---\napiVersion: mutations.gatekeeper.sh/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {{{rest}}}\n")
}

const VOLUMES: &str = "applyTo: [{groups: [cloud.example], versions: [v1], kinds: [Volume]}]";

#[test]
fn explain_says_what_mutators_change_and_why_others_do_not() {
    let assign = |name: &str, location: &str, value: &str| {
        mutator("Assign", name, &format!("{VOLUMES}, location: {location}, parameters: {{assign: {{value: {value}}}}}"))
    };
    let owner = "match: {kinds: [{kinds: [Disk]}]}, location: metadata.labels.owner, parameters: {assign: {value: x}}";
    let mutators = assign("region", "spec.region", "eu")
        + &assign("size", "spec.size", "9")
        + &mutator("AssignMetadata", "owner", owner);
    let sandbox = guarded(8, "deny").file("policies/mutators.yaml", mutators).file("volume.yaml", VOLUME);
    let explain = |arguments: &[&str]| {
        sandbox.run(&[&["policy", "explain", "-f", "volume.yaml", "--policies", "policies"], arguments].concat())
    };
    // The size that is judged is the one that it gets.
    assert_snapshot!(explain(&[]).answer(), @r#"
    Volume own  (volume.yaml:1:1)

    Mutators that match
      Assign/region  (policies/mutators.yaml:2:1)
          every criterion of its match holds
          + spec.region: "eu"
      Assign/size  (policies/mutators.yaml:7:1)
          every criterion of its match holds
          ~ spec.size: 7 → 9

    Mutators that do not match
      AssignMetadata/owner  (policies/mutators.yaml:12:1)
          match.kinds: it is a Volume of cloud.example, wanted is Disk (any group)

    Asked
      SizeLimit volume-limit  (policies/limit/constraint.yaml:1:1)
          every criterion of its match holds; a violation would deny
          deny: spec.size is 9, the limit is 8
    "#);
    let json: serde_json::Value = serde_json::from_str(&explain(&["-o", "json"]).answer()).unwrap();
    let mutators = &json["objects"][0]["mutators"];
    assert_eq!(mutators[1]["changes"], json!([{"field": "spec.size", "before": 7, "after": 9}]));
    assert_eq!((&mutators[2]["matched"], &mutators[2]["criterion"]), (&json!(false), &json!("kinds")));
    let unchanged = explain(&["--no-mutation"]).answer();
    assert!(!unchanged.contains("Mutators") && !unchanged.contains("deny:"), "{unchanged}");
}

#[test]
fn explain_says_why_an_object_cannot_be_mutated() {
    let rest = format!("{VOLUMES}, location: spec.size.gigabytes, parameters: {{assign: {{value: 1}}}}");
    let sandbox =
        guarded(5, "deny").file("policies/mutators.yaml", mutator("Assign", "size", &rest)).file("volume.yaml", VOLUME);
    let told = sandbox.run(&["policy", "explain", "-f", "volume.yaml", "--policies", "policies"]).answer();
    assert_snapshot!(told, @"
    Volume own  (volume.yaml:1:1)

    Mutators that match
      Assign/size  (policies/mutators.yaml:2:1)
          refused: spec.size: it is a number, the location wants an object

    Refused, since it cannot be mutated: Assign/size does not fit Volume own: spec.size: it is a number, the location wants an object

    Asked
      SizeLimit volume-limit  (policies/limit/constraint.yaml:1:1)
          every criterion of its match holds; a violation would deny
          deny: spec.size is 7, the limit is 5
    ");
}
