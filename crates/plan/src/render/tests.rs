use plat_expand::Observed;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::fixtures::{composed, expansion, orders_plan, origin, path, plan, xr};

#[test]
fn an_update_as_text() {
    insta::assert_snapshot!(text(&orders_plan(), &TextOptions::default()), @r#"
    Claim  team-a/orders-db   (SQLInstance, sql.acme.io/v1)
    Uses   composition sql-aws: the only one that matches spec.compositionSelector
           {tier: gold}

      ~ claim orders-db
          spec.parameters.backup      (default true)
          spec.parameters.storageGB   20 → 50
      ~ XSQLInstance/orders-db-x7k2p
          spec.parameters.storageGB   20 → 50
        + v1/Secret  orders-db-conn   (connection)
            data.endpoint   (known after apply)   the instance has no address yet
            data.password   (sensitive)
            type            Opaque
        -/+ ec2.aws.upbound.io/SecurityGroup  orders-db-x7k2p-b2ad9fa78d0b
            (firewall)
            spec.forProvider.vpcId: Invalid value: "string": vpcId cannot change
            the API server refuses this change: it has to be deleted and made anew
            spec.forProvider.vpcId   vpc-1 → vpc-2, immutable
              ← spec.vpc via patch 2 of "firewall", step "compose"
        ~ rds.aws.upbound.io/Instance  orders-db-x7k2p-0d845a1d813d   (instance)
            spec.forProvider.allocatedStorage   20 → 50
              ← spec.parameters.storageGB via patch 3 of "instance", step "compose"
        = rds.aws.upbound.io/SubnetGroup  orders-db-x7k2p-1a2b3c4d5e6f   (subnet)
        - rds.aws.upbound.io/Instance  orders-db-replica   (replica)

    Results
      warning  step "compose": the engine version is old

    Warnings
      function "x" was skipped

    Not known offline
      5 live objects do not say who set the fields (metadata.managedFields): fields
      that are no longer set are not shown as removed

    Plan: 1 to add, 3 to change, 1 to replace, 1 to destroy.
    "#);
}

#[test]
fn a_creation_as_text() {
    let mut bucket = composed(
        "bucket",
        json!({"apiVersion": "s3.aws.upbound.io/v1beta1", "kind": "Bucket", "metadata": {
            "name": "orders-db-x7k2p-ffff00001111", "annotations": {"crossplane.io/composition-resource-name": "bucket", "team": "a b"},
        }, "spec": {"forProvider": {"region": "eu-1", "tags": {"note": "\u{1b}]0;owned\u{7}"}, "rules": [{"days": 1}, {"days": 2}], "list": ["a", "b"]}}}),
    );
    bucket.origins = [(path("spec.forProvider.region"), origin("bucket", 0, "spec.region"))].into();
    let mut unnamed =
        composed("late", json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "orders-"}}));
    unnamed.unknowns = vec![plat_expand::Unknown { field: path(""), reason: "step \"late\" was skipped".to_owned() }];
    let plan = plan(&expansion(xr(20), vec![bucket, unnamed]), &Observed::default());
    insta::assert_snapshot!(text(&plan, &TextOptions::default()), @r#"
    XR     orders-db-x7k2p   (XSQLInstance, sql.acme.io/v1)
    Uses   composition sql-aws: the only one for this kind

      + XSQLInstance/orders-db-x7k2p
          spec.parameters.backup      true
          spec.parameters.storageGB   20
        + s3.aws.upbound.io/Bucket  orders-db-x7k2p-ffff00001111   (bucket)
            metadata.annotations.team        "a b"
            spec.forProvider.list            [a, b]
            spec.forProvider.region          eu-1
              ← spec.region via patch 0 of "bucket", step "compose"
            spec.forProvider.rules[0].days   1
            spec.forProvider.rules[1].days   2
            spec.forProvider.tags.note       "\u001b]0;owned\u0007"
        ? v1/ConfigMap  orders-(known after apply)   (late)
            known after apply: step "late" was skipped

    Unknown: 1 known only after apply.
    Plan: 2 to add, 0 to change, 0 to replace, 0 to destroy.
    "#);
}

#[test]
fn a_plan_as_markdown() {
    insta::assert_snapshot!(markdown(&orders_plan()), @r#"
    ### Plan: 1 to add, 3 to change, 1 to replace, 1 to destroy

    | add | change | replace | destroy | unchanged | blocked | unknown |
    |---:|---:|---:|---:|---:|---:|---:|
    | 1 | 3 | 1 | 1 | 1 | 0 | 0 |

    #### `team-a/orders-db` (`sql.acme.io/v1/SQLInstance`)

    Composition `sql-aws`: the only one that matches spec.compositionSelector {tier: gold}

    ```diff
    ~   claim orders-db
    ~   XSQLInstance/orders-db-x7k2p
    +     v1/Secret  orders-db-conn   (connection)
    -/+   ec2.aws.upbound.io/SecurityGroup  orders-db-x7k2p-b2ad9fa78d0b   (firewall)
    ~     rds.aws.upbound.io/Instance  orders-db-x7k2p-0d845a1d813d   (instance)
    =     rds.aws.upbound.io/SubnetGroup  orders-db-x7k2p-1a2b3c4d5e6f   (subnet)
    -     rds.aws.upbound.io/Instance  orders-db-replica   (replica)
    ```

    ```text
    warning  step "compose": the engine version is old
    warning  function "x" was skipped
    unknown  5 live objects do not say who set the fields (metadata.managedFields): fields that are no longer set are not shown as removed
    ```

    <details open><summary><code>~ claim orders-db</code> 2 fields</summary>

    ```text
    spec.parameters.backup      (default true)
    spec.parameters.storageGB   20 → 50
    ```

    </details>

    <details open><summary><code>~ XSQLInstance/orders-db-x7k2p</code> 1 field</summary>

    ```text
    spec.parameters.storageGB   20 → 50
    ```

    </details>

    <details><summary><code>+ v1/Secret  orders-db-conn</code> 3 fields</summary>

    ```text
    data.endpoint   (known after apply)   the instance has no address yet
    data.password   (sensitive)
    type            Opaque
    ```

    </details>

    <details open><summary><code>-/+ ec2.aws.upbound.io/SecurityGroup  orders-db-x7k2p-b2ad9fa78d0b</code> 1 field</summary>

    ```text
    spec.forProvider.vpcId: Invalid value: "string": vpcId cannot change
    the API server refuses this change: it has to be deleted and made anew
    spec.forProvider.vpcId   vpc-1 → vpc-2, immutable   ← spec.vpc via patch 2 of "firewall", step "compose"
    ```

    </details>

    <details open><summary><code>~ rds.aws.upbound.io/Instance  orders-db-x7k2p-0d845a1d813d</code> 1 field</summary>

    ```text
    spec.forProvider.allocatedStorage   20 → 50   ← spec.parameters.storageGB via patch 3 of "instance", step "compose"
    ```

    </details>
    "#);
}

#[test]
fn a_plan_as_json() {
    let mut plan = orders_plan();
    // The claim, the XR and the first two composed resources say it all.
    plan.claims[0].tree.children[0].children.truncate(2);
    insta::assert_snapshot!(json(&plan).unwrap(), @r#"
    {
      "apiVersion": "kubectl-plat.dev/v1alpha1",
      "kind": "Plan",
      "compatibility": "v2",
      "summary": {
        "add": 1,
        "change": 3,
        "replace": 1,
        "destroy": 1,
        "unchanged": 1,
        "blocked": 0,
        "unknown": 0,
        "denied": 0,
        "warned": 0,
        "noted": 0
      },
      "claims": [
        {
          "given": {
            "group": "sql.acme.io",
            "version": "v1",
            "kind": "SQLInstance",
            "namespace": "team-a",
            "name": "orders-db",
            "role": "claim",
            "file": "claim.yaml"
          },
          "composition": "sql-aws",
          "compositionReason": "the only one that matches spec.compositionSelector {tier: gold}",
          "paused": false,
          "summary": {
            "add": 1,
            "change": 3,
            "replace": 1,
            "destroy": 1,
            "unchanged": 1,
            "blocked": 0,
            "unknown": 0,
            "denied": 0,
            "warned": 0,
            "noted": 0
          },
          "tree": {
            "action": "update",
            "role": "claim",
            "object": {
              "group": "sql.acme.io",
              "version": "v1",
              "kind": "SQLInstance",
              "namespace": "team-a",
              "name": "orders-db"
            },
            "changes": [
              {
                "path": "spec.parameters.backup",
                "after": true,
                "notes": [
                  "defaulted"
                ]
              },
              {
                "path": "spec.parameters.storageGB",
                "before": 20,
                "after": 50
              }
            ],
            "children": [
              {
                "action": "update",
                "role": "composite",
                "object": {
                  "group": "sql.acme.io",
                  "version": "v1",
                  "kind": "XSQLInstance",
                  "namespace": "",
                  "name": "orders-db-x7k2p"
                },
                "changes": [
                  {
                    "path": "spec.parameters.storageGB",
                    "before": 20,
                    "after": 50
                  },
                  {
                    "path": "status.size",
                    "before": 20,
                    "after": 50,
                    "notes": [
                      "status"
                    ]
                  }
                ],
                "children": [
                  {
                    "action": "create",
                    "role": "composed",
                    "object": {
                      "group": "",
                      "version": "v1",
                      "kind": "Secret",
                      "namespace": "team-a",
                      "name": "orders-db-conn"
                    },
                    "resource": "connection",
                    "ready": true,
                    "changes": [
                      {
                        "path": "data.endpoint",
                        "notes": [
                          "knownAfterApply"
                        ]
                      },
                      {
                        "path": "data.password",
                        "after": "(sensitive)",
                        "notes": [
                          "sensitive"
                        ]
                      },
                      {
                        "path": "type",
                        "after": "Opaque"
                      }
                    ],
                    "unknowns": [
                      {
                        "field": "data.endpoint",
                        "reason": "the instance has no address yet"
                      }
                    ]
                  },
                  {
                    "action": "replace",
                    "role": "composed",
                    "object": {
                      "group": "ec2.aws.upbound.io",
                      "version": "v1beta1",
                      "kind": "SecurityGroup",
                      "namespace": "",
                      "name": "orders-db-x7k2p-b2ad9fa78d0b"
                    },
                    "resource": "firewall",
                    "ready": true,
                    "changes": [
                      {
                        "path": "spec.forProvider.vpcId",
                        "before": "vpc-1",
                        "after": "vpc-2",
                        "origin": {
                          "step": "compose",
                          "resource": "firewall",
                          "patch": 2,
                          "patchType": "FromCompositeFieldPath",
                          "from": [
                            "spec.vpc"
                          ],
                          "source": "composite"
                        },
                        "notes": [
                          "immutable"
                        ]
                      }
                    ],
                    "notes": [
                      "spec.forProvider.vpcId: Invalid value: \"string\": vpcId cannot change",
                      "the API server refuses this change: it has to be deleted and made anew"
                    ]
                  }
                ]
              }
            ]
          },
          "results": [
            {
              "step": "compose",
              "severity": "Warning",
              "reason": "ComposeResources",
              "message": "the engine version is old",
              "toClaim": false
            }
          ],
          "warnings": [
            "function \"x\" was skipped"
          ],
          "unknowns": [
            {
              "field": "",
              "reason": "5 live objects do not say who set the fields (metadata.managedFields): fields that are no longer set are not shown as removed"
            }
          ]
        }
      ]
    }
    "#);
}

/// A plan in which every text of the input is `text`.
fn plan_full_of(text: &str) -> Plan {
    let mut resource = composed(
        text,
        json!({"apiVersion": text, "kind": text, "metadata": {"name": text, "namespace": text},
               "spec": {text: text, "list": [{text: [text]}]}}),
    );
    resource.origins = [(path("spec"), origin(text, 0, text))].into();
    let mut expansion = expansion(xr(20), vec![resource]);
    text.clone_into(&mut expansion.composition);
    text.clone_into(&mut expansion.composition_reason);
    expansion.fatal = Some(plat_expand::Failure {
        step: Some(text.to_owned()),
        resource: Some(text.to_owned()),
        path: None,
        message: text.to_owned(),
        hint: Some(text.to_owned()),
    });
    expansion.unknowns = vec![plat_expand::Unknown { field: path("a").key(text), reason: text.to_owned() }];
    let mut plan = plan(&expansion, &Observed::default());
    plan.claims[0].warnings = vec![text.to_owned()];
    plan
}

#[test]
fn hostile_text_stays_within_its_markdown() {
    let hostile = "a```\n</code></details> | @team <img src=x> `#1` \u{1b}[31m";
    let comment = markdown(&plan_full_of(hostile));
    let mut fence: Option<String> = None;
    for line in comment.lines() {
        let ticks = line.chars().take_while(|character| *character == '`').collect::<String>();
        match &fence {
            Some(open) if line == open => fence = None,
            None if ticks.len() >= 3 && line.trim_start_matches('`').chars().all(|c| c.is_ascii_lowercase()) => {
                fence = Some(ticks);
            }
            Some(_) => {}
            None => {
                // Outside of blocks the text is either in a span of longer ticks or escaped.
                assert!(!line.contains("<img") || line.contains("````"), "{line}");
            }
        }
    }
    assert_eq!(fence, None);
    assert!(!comment.contains('\u{1b}'));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_of_the_input_steers_a_terminal(text_of_input in any::<String>(), width in 0..120_usize) {
        let plan = plan_full_of(&text_of_input);
        let options = TextOptions { width, show_status: true, ..TextOptions::default() };
        let shown = text(&plan, &options);
        prop_assert!(!shown.chars().any(|character| character.is_control() && character != '\n'));
        prop_assert!(shown.ends_with("Plan: 1 to add, 0 to change, 0 to replace, 0 to destroy.\n"));
        prop_assert!(markdown(&plan).len() <= MARKDOWN_LIMIT);
        prop_assert_eq!(text(&plan, &options), shown);
        json(&plan).unwrap();
    }
}

#[test]
fn colours_only_add_to_the_text() {
    let plain = text(&orders_plan(), &TextOptions::default());
    let colored = text(&orders_plan(), &TextOptions { color: true, ..TextOptions::default() });
    let mut stripped = String::new();
    for (index, part) in colored.split('\u{1b}').enumerate() {
        stripped.push_str(if index == 0 { part } else { part.split_once('m').unwrap().1 });
    }
    assert_ne!(plain, colored);
    assert_eq!(plain, stripped);
    let objects = colored.lines().map(str::trim_start).filter(|line| line.contains("orders-db-x7k2p-"));
    insta::assert_snapshot!(objects.collect::<Vec<_>>().join("\n").replace('\u{1b}', "ESC"), @r#"
    ESC[35m-/+ESC[0m ec2.aws.upbound.io/SecurityGroup  orders-db-x7k2p-b2ad9fa78d0b
    ESC[33m~ESC[0m rds.aws.upbound.io/Instance  orders-db-x7k2p-0d845a1d813d   (instance)
    ESC[2m= rds.aws.upbound.io/SubnetGroup  orders-db-x7k2p-1a2b3c4d5e6fESC[0m   (subnet)
    "#);
}

#[test]
fn blocked_and_hidden_objects_are_counted() {
    let bucket = |size: u32| {
        json!({"apiVersion": "s3.aws.upbound.io/v1beta1", "kind": "Bucket", "metadata": {"name": "b"},
               "spec": {"managementPolicies": ["Observe"], "forProvider": {"size": size}}})
    };
    let observed_as = |size: u32, live: u32| {
        let mut resource = composed("bucket", bucket(size));
        resource.observed = Some(bucket(live));
        resource.ready = false;
        resource
    };
    let observed = Observed { composite: Some(xr(20)), ..Observed::default() };
    let expansion = expansion(xr(20), vec![observed_as(1, 1), observed_as(2, 1)]);
    let options = TextOptions { show_unchanged: false, ..TextOptions::default() };
    insta::assert_snapshot!(text(&plan(&expansion, &observed), &options), @r#"
    XR     orders-db-x7k2p   (XSQLInstance, sql.acme.io/v1)
    Uses   composition sql-aws: the only one for this kind

      = XSQLInstance/orders-db-x7k2p
        ! s3.aws.upbound.io/Bucket  b   (bucket)
            change blocked: managementPolicies [Observe] lack Update: nothing
            changes outside
            spec.forProvider.size   1 → 2
      = 1 unchanged

    Not known offline
      3 live objects do not say who set the fields (metadata.managedFields): fields
      that are no longer set are not shown as removed

    Blocked: 1 without effect.
    Plan: 0 to add, 0 to change, 0 to replace, 0 to destroy.
    "#);
}

#[test]
fn a_thousand_claims_are_planned_and_stay_within_a_comment() {
    let resources = (0..20).map(|index| {
        let fields: serde_json::Map<_, _> = (0..20).map(|field| (format!("field{field}"), json!(field))).collect();
        let mut resource = composed(
            &format!("r{index}"),
            json!({"apiVersion": "s3.aws.upbound.io/v1beta1", "kind": "Bucket", "metadata": {"name": format!("b-{index}")},
                   "spec": {"forProvider": fields}}),
        );
        let origins = (0..10).map(|field| (path(&format!("spec.forProvider.field{field}")), origin(&resource.name, field, "spec.a")));
        resource.origins = origins.collect();
        resource
    });
    let expansion = expansion(xr(20), resources.collect());
    let (observed, schemas) = (Observed::default(), crate::live::NoSchemas);
    let subject = crate::Subject {
        file: None,
        given: None,
        expansion: &expansion,
        observed: &observed,
        warnings: &[],
        verdicts: &[],
    };
    let plan = Plan::new(plat_expand::Compatibility::V2, &vec![subject; 1_000], &schemas);
    assert_eq!(plan.summary.add, 21_000);
    assert!(
        text(&plan, &TextOptions::default())
            .ends_with("Plan: 21000 to add, 0 to change, 0 to replace, 0 to destroy.\n")
    );
    let comment = markdown(&plan);
    assert!(comment.len() <= MARKDOWN_LIMIT && comment.contains("Left out to stay within 65536 characters"));
}
