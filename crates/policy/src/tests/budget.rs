//! More constraints than a request has a budget for.

use std::fmt::Write as _;
use std::time::Duration;

use plat_resource::{Value, yaml};
use serde_json::json;

use crate::{Budget, Cause, EnforcementPoint, Inventory, Options, PolicySet, Review, Verdict};

/// A template whose every evaluation takes tens of thousands of steps.
const SLOW: &str = r#"
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: slow}
spec:
  crd: {spec: {names: {kind: Slow}}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: |
      package slow
      violation[{"msg": "never"}] { n := numbers.range(1, 100); x := n[_]; y := n[_]; x + y < 0 }
"#;

const SLOW_CEL: &str = "
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: slow}
spec:
  crd: {spec: {names: {kind: Slow}}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    code:
    - engine: K8sNativeValidation
      source:
        validations:
        - {expression: 'lists.range(100).all(x, lists.range(100).all(y, x + y >= 0))', message: never}
";

/// Templates whose constraints are evaluated before and after the slow ones.
fn quick(kind: &str) -> String {
    let name = kind.to_lowercase();
    format!(
        "---
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {{name: {name}}}
spec:
  crd: {{spec: {{names: {{kind: {kind}}}}}}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: |
      package {name}
      violation[{{\"msg\": \"{name} says no\"}}] {{ input.review.object.metadata.name == \"a\" }}
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: {kind}
metadata: {{name: {name}}}
"
    )
}

fn hostile(slow: &str) -> PolicySet {
    let mut text = format!("{slow}{}{}", quick("Early"), quick("Tardy"));
    for number in 0..30 {
        let action = ["deny", "warn", "dryrun"][number % 3];
        let _ = write!(
            text,
            "---\napiVersion: constraints.gatekeeper.sh/v1beta1\nkind: Slow\nmetadata: {{name: slow-{number:03}}}\nspec: {{enforcementAction: {action}}}\n"
        );
    }
    let only = "---\napiVersion: constraints.gatekeeper.sh/v1beta1\nkind: Tardy\nmetadata: {name: other}\nspec: {match: {kinds: [{apiGroups: [apps], kinds: [Deployment]}]}}\n";
    text.push_str(only);
    let (documents, faults) = yaml::parse("policies.yaml", text.as_bytes());
    assert!(faults.is_empty(), "{faults:?}");
    let (set, findings) = PolicySet::load(&documents, &Options::default());
    assert!(findings.is_empty(), "{findings:?}");
    set
}

fn review(set: &PolicySet, budget: &Budget<'_>) -> Vec<Verdict> {
    let object: Value = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}});
    set.review_within(&Review::of_object(&object, None), EnforcementPoint::Webhook, &Inventory::default(), budget)
}

#[test]
fn what_the_budget_is_not_enough_for_is_a_violation_by_its_action_and_the_rest_stands() {
    for slow in [SLOW, SLOW_CEL] {
        let set = hostile(slow);
        let verdicts = review(&set, &Budget::of(Duration::from_millis(20)));
        let (unevaluated, found): (Vec<_>, Vec<_>) =
            verdicts.iter().partition(|verdict| verdict.cause == Cause::Budget);
        let found: Vec<_> = found.iter().map(|verdict| verdict.message.as_str()).collect();
        assert_eq!(found, ["early says no"], "what was evaluated before");
        let expected = "not evaluated: the request's budget of 20 ms, counted in steps, is used up";
        assert!(unevaluated.iter().all(|verdict| verdict.message == expected), "{unevaluated:?}");
        let action = |name: &str| {
            let mut all = unevaluated.iter().filter(|verdict| verdict.constraint.name == name);
            let actions: Vec<_> = all.by_ref().map(|verdict| verdict.action.name()).collect();
            actions.join(",")
        };
        let last = ["slow-027", "slow-028", "slow-029", "tardy"].map(action);
        assert_eq!(last, ["deny", "warn", "dryrun", "deny"], "every one that is left, by its own action");
        assert_eq!(action("other"), "", "but none that does not match");
        let evaluated = 31 - unevaluated.len();
        assert!((1..25).contains(&evaluated), "{evaluated} of 30 slow ones were evaluated");
    }
}

#[test]
fn the_same_request_ends_at_the_same_constraint_each_time() {
    let set = hostile(SLOW);
    let verdicts = || review(&set, &Budget::of(Duration::from_millis(20)));
    assert_eq!(verdicts(), verdicts());
}

#[test]
fn a_budget_is_one_for_many_reviews() {
    let set = hostile(SLOW);
    let budget = Budget::of(Duration::from_millis(20));
    review(&set, &budget);
    assert!(budget.is_used_up());
    assert_eq!(review(&set, &budget).iter().filter(|verdict| verdict.cause == Cause::Budget).count(), 32);
}

#[test]
fn without_a_budget_everything_is_evaluated() {
    let verdicts = review(&hostile(SLOW), &Budget::unlimited());
    let messages: Vec<_> = verdicts.iter().map(|verdict| verdict.message.as_str()).collect();
    assert_eq!(messages, ["early says no", "tardy says no"]);
}
