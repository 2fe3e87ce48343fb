//! What nobody knows: functions that are not run, constraints that the budget is not enough for.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use plat_platform::Platform;
use plat_policy::{Options, PolicySet};
use plat_resource::Value;
use serde_json::json;

use super::{POLICIES, code, messages, request, snapshot};
use crate::fixtures::{PLATFORM, claim, documents};
use crate::response::{Decision, Gaps};
use crate::snapshot::{Settings, Snapshot, Unexpanded};
use crate::{validate, validate_until};

/// A platform whose Composition has a step with a function that is elsewhere.
fn thoughtful(unexpanded: Unexpanded) -> Snapshot {
    let text =
        PLATFORM.replace("  pipeline:\n", "  pipeline:\n  - {step: think, functionRef: {name: function-think}}\n");
    Snapshot {
        platform: Arc::new(Platform::load(documents(&text)).0),
        settings: Arc::new(Settings { unexpanded, ..Settings::default() }),
        ..snapshot()
    }
}

const THINK: &str = "step \"think\" of Composition buckets is not judged: function \"function-think\" is not run at admission, \
                     so nobody knows what it would add, change or remove";

#[test]
fn functions_that_are_elsewhere_are_left_out_and_said() {
    let decide = |unexpanded, size: u32| {
        validate(&thoughtful(unexpanded), &request(&claim("orders", &json!({"size": size})), |_| {}))
    };
    let limit = "[size-limit] bucket (storage.acme.io/CloudBucket): spec.forProvider.sizeGb is 50, the limit is 40; change spec.size of the claim";
    let cases = [
        (Unexpanded::Allow, 5, 200, vec![], vec![]),
        (Unexpanded::Warn, 5, 200, vec![THINK], vec![]),
        (Unexpanded::Deny, 5, 403, vec![], vec![THINK]),
        (Unexpanded::Warn, 50, 403, vec![THINK], vec![limit]),
        (Unexpanded::Deny, 50, 403, vec![], vec![limit, THINK]),
    ];
    for (unexpanded, size, expected, warnings, denials) in cases {
        let decision = decide(unexpanded, size);
        assert_eq!(code(&decision), expected, "{unexpanded:?} {size}: {decision:?}");
        assert_eq!(decision.warnings, warnings, "{unexpanded:?} {size}");
        assert_eq!(messages(&decision), denials, "{unexpanded:?} {size}");
        assert_eq!(decision.annotations["unexpanded"], "buckets/think", "it is counted whatever is done");
        assert_eq!(decision.gaps, Gaps { unexpanded_steps: 1, unevaluated_constraints: 0 });
    }
}

#[test]
fn what_asks_for_nothing_new_is_not_refused_for_a_function() {
    let update = |change: fn(&mut Value)| {
        let request = request(&claim("orders", &json!({"size": 5})), |request| {
            request["operation"] = json!("UPDATE");
            request["oldObject"] = request["object"].clone();
            change(&mut request["object"]);
        });
        validate(&thoughtful(Unexpanded::Deny), &request)
    };
    let unchanged = update(|object| object["metadata"]["finalizers"] = json!([]));
    assert_eq!((code(&unchanged), unchanged.warnings.as_slice()), (200, [THINK.to_owned()].as_slice()));
    assert_eq!(code(&update(|object| object["spec"]["size"] = json!(6))), 403);
}

/// The policies of the other tests among fifty slow ones, which come before and after them; each action has some.
fn hostile(budget: Duration) -> Snapshot {
    let mut text = POLICIES.to_owned();
    for (kind, name) in [("AaSlow", "aaslow"), ("K8sTardy", "k8stardy")] {
        text.push_str(&format!(
            "---\napiVersion: templates.gatekeeper.sh/v1\nkind: ConstraintTemplate\nmetadata: {{name: {name}}}\nspec:\n  \
             crd: {{spec: {{names: {{kind: {kind}}}}}}}\n  targets:\n  - target: admission.k8s.gatekeeper.sh\n    rego: |\n      \
             package {name}\n      violation[{{\"msg\": \"never\"}}] {{ n := numbers.range(1, 100); x := n[_]; y := n[_]; x + y < 0 }}\n"
        ));
    }
    let slow = |kind: &str, name: &str, action: &str| {
        format!(
            "---\napiVersion: constraints.gatekeeper.sh/v1beta1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {{enforcementAction: {action}}}\n"
        )
    };
    text.push_str(&slow("AaSlow", "first", "deny"));
    for number in 0..60 {
        text.push_str(&slow("K8sTardy", &format!("tardy-{number:02}"), ["deny", "warn"][number % 2]));
    }
    let (set, findings) = PolicySet::load(&documents(&text), &Options::default());
    assert!(findings.is_empty(), "{findings:?}");
    let settings = Settings { request_budget: budget, ..Settings::default() };
    Snapshot { policies: Arc::new(set), settings: Arc::new(settings), ..snapshot() }
}

fn unevaluated(decision: &Decision) -> Vec<&str> {
    messages(decision).into_iter().filter(|message| message.contains("not evaluated")).collect()
}

#[test]
fn many_slow_constraints_do_not_hide_what_others_say() {
    let snapshot = hostile(Duration::from_millis(100));
    let bad = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": "team-a", "labels": {"bad": "x"}}});
    let decision = validate(&snapshot, &request(&bad, |_| {}));
    assert_eq!(code(&decision), 403);
    assert_eq!(messages(&decision)[0], "[no-bad] Pod CREATE carries bad", "what was found out is told first");
    let last = "[tardy-58] not evaluated: the request's budget of 100 ms, counted in steps, is used up";
    assert_eq!(unevaluated(&decision).last(), Some(&last));
    assert!(decision.warnings.iter().any(|warning| warning.starts_with("[tardy-59] not evaluated")), "{decision:?}");
    assert_eq!(decision.annotations["unevaluated"], decision.gaps.unevaluated_constraints.to_string());
    assert!(decision.gaps.unevaluated_constraints > unevaluated(&decision).len(), "those that warn are counted too");
    let again = validate(&snapshot, &request(&bad, |_| {}));
    assert_eq!((again.denied, again.warnings), (decision.denied, decision.warnings), "the same each time");
    let enough = validate(&hostile(Duration::from_mins(1)), &request(&bad, |_| {}));
    assert_eq!((messages(&enough), enough.gaps), (vec!["[no-bad] Pod CREATE carries bad"], Gaps::default()));
}

#[test]
fn a_claim_and_what_it_creates_share_one_budget() {
    let claim = claim("orders", &json!({"size": 5}));
    let decision = validate(&hostile(Duration::from_millis(100)), &request(&claim, |_| {}));
    let refused = unevaluated(&decision);
    assert!(refused.iter().any(|message| message.starts_with("[first] ")), "used up by the claim itself: {refused:?}");
    assert!(refused.iter().any(|message| message.starts_with("[size-limit] bucket ")), "{refused:?}");
}

#[test]
fn when_the_time_is_over_nothing_more_is_evaluated() {
    let asked = AtomicUsize::new(0);
    let is_over = || asked.fetch_add(1, Ordering::Relaxed) >= 3;
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": "team-a"}});
    let decision = validate_until(&hostile(Duration::from_mins(1)), &request(&pod, |_| {}), &is_over);
    assert!(unevaluated(&decision)[0].contains("not evaluated: the request's time is over"), "{decision:?}");
}
