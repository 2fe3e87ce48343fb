//! Templates, readiness and connection details.

use super::*;
use crate::function::Ready;

fn ready(check: Value, live: &Value) -> (Ready, Vec<String>) {
    let input = json!({"resources": [{"name": "a", "base": {"kind": "K"}, "readinessChecks": [check]}]});
    let response = run_over(&input, &composite(), &[("a", live.clone())]);
    let messages = response.results.into_iter().map(|result| result.message).collect();
    (response.desired.resources["a"].ready, messages)
}

#[test]
fn readiness_is_true_or_not_said() {
    let live = json!({"kind": "K", "status": {"phase": "Up", "on": true, "n": 3, "conditions": [{"type": "Ok", "status": "True"}]}});
    let cases = [
        (json!({"type": "None"}), Ready::True),
        (json!({"type": "NonEmpty", "fieldPath": "status.phase"}), Ready::True),
        (json!({"type": "NonEmpty", "fieldPath": "status.gone"}), Ready::Unspecified),
        (json!({"type": "MatchString", "fieldPath": "status.phase", "matchString": "Up"}), Ready::True),
        (json!({"type": "MatchString", "fieldPath": "status.phase", "matchString": "Down"}), Ready::Unspecified),
        (json!({"type": "MatchTrue", "fieldPath": "status.on"}), Ready::True),
        (json!({"type": "MatchFalse", "fieldPath": "status.on"}), Ready::Unspecified),
        (json!({"type": "MatchCondition", "matchCondition": {"type": "Ok", "status": "True"}}), Ready::True),
        (json!({"type": "MatchCondition", "matchCondition": {"type": "Ok", "status": "False"}}), Ready::Unspecified),
    ];
    for (check, want) in cases {
        assert_eq!(ready(check.clone(), &live), (want, Vec::new()), "{check}");
    }
    let (state, messages) = ready(json!({"type": "MatchTrue", "fieldPath": "status.phase"}), &live);
    assert_eq!(state, Ready::Unspecified);
    assert!(messages[0].starts_with("cannot check readiness of composed resource \"a\""), "{messages:?}");
}

#[test]
fn without_checks_the_condition_ready_counts() {
    let input = json!({"resources": [{"name": "a", "base": {"kind": "K"}}]});
    for (status, want) in [("True", Ready::True), ("False", Ready::Unspecified)] {
        let live = json!({"kind": "K", "status": {"conditions": [{"type": "Ready", "status": status}]}});
        assert_eq!(run_over(&input, &composite(), &[("a", live)]).desired.resources["a"].ready, want, "{status}");
    }
}

#[test]
fn a_template_needs_a_base_of_a_kind() {
    let fatal =
        |template: Value| run_over(&json!({"resources": [template]}), &composite(), &[]).results[0].message.clone();
    assert_eq!(
        fatal(json!({"name": "a"})),
        "composed resource \"a\" has no base template, and was not produced by a previous Function in the pipeline"
    );
    assert_eq!(
        fatal(json!({"name": "a", "base": {"spec": 1}})),
        "cannot parse base template of composed resource \"a\": Object 'Kind' is missing in '{\"spec\":1}'"
    );
}

#[test]
fn connection_details_become_a_secret_for_a_v2_xr_only() {
    let details = json!([
        {"type": "FromFieldPath", "name": "host", "fromFieldPath": "status.host"},
        {"type": "FromFieldPath", "name": "port", "fromFieldPath": "status.port"},
        {"type": "FromValue", "name": "user", "value": "admin"},
        {"type": "FromFieldPath", "name": "gone", "fromFieldPath": "status.gone"},
    ]);
    let input = json!({"resources": [{"name": "a", "base": {"kind": "K"}, "connectionDetails": details}]});
    let live = [("a", json!({"kind": "K", "status": {"host": "h", "port": 5432}}))];
    let old = run_over(&input, &composite(), &live);
    let keys: Vec<&String> = old.desired.composite.connection_details.keys().collect();
    assert_eq!(keys, ["host", "port", "user"]);
    assert_eq!(old.desired.composite.connection_details["port"], b"5432");
    assert!(!old.desired.resources.contains_key("x-connection-secret"));
    let mut composite = composite();
    composite["metadata"]["namespace"] = json!("team-a");
    composite["spec"]["crossplane"] = json!({});
    let new = run_over(&input, &composite, &live);
    let secret = &new.desired.resources["x-connection-secret"];
    assert_eq!(secret.ready, Ready::True);
    assert_eq!(secret.resource["metadata"], json!({"name": "x-connection", "namespace": "team-a"}));
    assert_eq!(secret.resource["data"], json!({"host": "aA==", "port": "NTQzMg==", "user": "YWRtaW4="}));
}
