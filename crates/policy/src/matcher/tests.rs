use serde_json::{Value, json};

use super::*;

fn pod() -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web-1", "namespace": "team-a", "labels": {"app": "web"}}})
}

fn namespace() -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team-a", "labels": {"tier": "gold"}}})
}

fn role() -> Value {
    json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "reader"}})
}

fn outcome(criteria: &Value, object: &Value, namespace: Option<&Value>) -> Result<bool, MatchError> {
    Match::read(criteria).matches(Subject { object, namespace, source: Source::Original })
}

#[test]
fn each_criterion_says_yes_and_no() {
    let space = namespace();
    let gold = json!({"matchLabels": {"tier": "gold"}});
    let cases = [
        (json!({}), pod(), true),
        (json!({"kinds": [{"apiGroups": [""], "kinds": ["Pod"]}]}), pod(), true),
        (json!({"kinds": [{"apiGroups": ["apps"], "kinds": ["Pod"]}]}), pod(), false),
        (json!({"kinds": [{"apiGroups": ["*"], "kinds": ["*"]}]}), role(), true),
        (json!({"kinds": [{"kinds": ["Pod"]}]}), pod(), true),
        (json!({"kinds": [{"apiGroups": ["apps"]}, {"apiGroups": [""]}]}), pod(), true),
        (json!({"scope": "Cluster"}), pod(), false),
        (json!({"scope": "Cluster"}), namespace(), true),
        (json!({"scope": "Namespaced"}), namespace(), false),
        (json!({"scope": "Namespaced"}), role(), false),
        (json!({"scope": "namespaced"}), role(), true),
        (json!({"namespaces": ["team-*"]}), pod(), true),
        (json!({"namespaces": ["team-b"]}), pod(), false),
        (json!({"namespaces": ["team-b"]}), namespace(), false),
        (json!({"namespaces": ["team-b"]}), role(), true),
        (json!({"excludedNamespaces": ["*-a"]}), pod(), false),
        (json!({"excludedNamespaces": ["*-a"]}), namespace(), false),
        (json!({"excludedNamespaces": ["*"]}), role(), true),
        (json!({"labelSelector": {"matchLabels": {"app": "web"}}}), pod(), true),
        (json!({"labelSelector": {"matchLabels": {"app": "db"}}}), pod(), false),
        (json!({"namespaceSelector": gold}), pod(), true),
        (json!({"namespaceSelector": gold}), namespace(), true),
        (json!({"name": "web-*"}), pod(), true),
        (json!({"name": "web"}), pod(), false),
        (json!({"name": ""}), pod(), true),
        (json!({"source": "Original"}), pod(), true),
        (json!({"source": "Generated"}), pod(), false),
        (json!({"source": "All"}), pod(), true),
    ];
    for (criteria, object, expected) in cases {
        let space = (object["kind"] == "Pod").then_some(&space);
        assert_eq!(outcome(&criteria, &object, space), Ok(expected), "{criteria} {object}");
        let told =
            Match::read(&criteria).explain(Subject { object: &object, namespace: space, source: Source::Original });
        assert_eq!(told.unwrap().is_none(), expected, "{criteria} {object}");
    }
}

#[test]
fn an_unknown_namespace_cannot_be_selected() {
    let criteria = json!({"namespaceSelector": {"matchLabels": {"tier": "gold"}}});
    assert_eq!(
        outcome(&criteria, &pod(), None).unwrap_err().to_string(),
        "failed to run Match criteria: namespace selector for namespace-scoped object but missing Namespace"
    );
    assert_eq!(outcome(&criteria, &role(), None), Ok(true));
    let other = json!({"kinds": [{"kinds": ["Service"]}], "namespaceSelector": {}});
    assert_eq!(outcome(&other, &pod(), None), Ok(false), "an earlier no comes first");
}

#[test]
fn a_broken_selector_is_an_error_and_not_a_no() {
    for field in ["labelSelector", "namespaceSelector"] {
        let criteria = json!({field: {"matchExpressions": [{"key": "a", "operator": "Is", "values": ["1"]}]}});
        let error = outcome(&criteria, &pod(), Some(&namespace())).unwrap_err();
        assert_eq!(error.to_string(), "failed to run Match criteria: \"Is\" is not a valid label selector operator");
    }
    assert!(outcome(&json!({"source": "Elsewhere"}), &pod(), None).is_err());
}

#[test]
fn a_generated_name_matches_by_its_start() {
    let object = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "web-"}});
    assert_eq!(outcome(&json!({"name": "web-*"}), &object, None), Ok(true));
    assert_eq!(outcome(&json!({"name": "*-x"}), &object, None), Ok(false));
}

#[test]
fn the_reason_names_what_is_and_what_is_wanted() {
    let reason = |criteria: Value, object: &Value| {
        let space = namespace();
        let subject = Subject { object, namespace: Some(&space), source: Source::Original };
        let mismatch = Match::read(&criteria).explain(subject).unwrap().unwrap();
        format!("{}: {}", mismatch.criterion.field(), mismatch.reason)
    };
    let told = [
        reason(json!({"kinds": [{"apiGroups": ["apps"], "kinds": ["Deployment"]}]}), &pod()),
        reason(json!({"scope": "Cluster"}), &pod()),
        reason(json!({"namespaces": ["a", "b*"]}), &pod()),
        reason(json!({"excludedNamespaces": ["team-*"]}), &pod()),
        reason(json!({"labelSelector": {"matchLabels": {"app": "db"}}}), &pod()),
        reason(json!({"namespaceSelector": {"matchExpressions": [{"key": "x", "operator": "Exists"}]}}), &pod()),
        reason(json!({"name": "db-*"}), &pod()),
        reason(json!({"source": "Generated"}), &pod()),
    ];
    insta::assert_snapshot!(told.join("\n"), @r#"
    kinds: it is a Pod of the core group, wanted is Deployment (apps)
    scope: it is in a namespace, wanted is the scope Cluster
    namespaces: the namespace team-a is none of a, b*
    excludedNamespaces: the namespace team-a is one of team-*
    labelSelector: the label app is "web", one of db is wanted
    namespaceSelector: namespace team-a: there is no label x, the label is wanted
    name: the name web-1 is not db-*
    source: it is Original, wanted is Generated
    "#);
}
