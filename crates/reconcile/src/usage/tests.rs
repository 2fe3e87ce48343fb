//! Usages step by step.

use super::*;
use crate::fixtures::{NOW, merge};

fn usage(spec: &Value) -> Value {
    json!({
        "apiVersion": "protection.crossplane.io/v1beta1", "kind": "Usage",
        "metadata": {
            "name": "u", "namespace": "team", "uid": "u", "labels": {COMPOSITE_LABEL: "shop"},
            "ownerReferences": [{"apiVersion": "x.org/v1", "kind": "XApp", "name": "shop", "uid": "xr", "controller": true}],
        },
        "spec": spec,
    })
}

fn plain() -> Value {
    usage(&json!({
        "of": {"apiVersion": "v1", "kind": "ConfigMap", "resourceRef": {"name": "database"}},
        "by": {"apiVersion": "v1", "kind": "ConfigMap", "resourceRef": {"name": "app"}},
    }))
}

fn object(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {
        "name": name, "namespace": "team", "uid": name, "labels": {},
        "ownerReferences": [{"apiVersion": "x.org/v1", "kind": "XApp", "name": "shop", "uid": "xr", "controller": true}],
    }})
}

fn looked<'a>(live: &'a Value, usage: &'a Usage) -> Look<'a> {
    Look { live, usage, poll: Duration::from_mins(1), now: NOW }
}

fn next(live: &Value, used: Option<&Value>, using: Option<&Value>, has_others: bool) -> Step {
    looked(live, &Usage::read(live).unwrap()).next(Found { used, using, has_others })
}

fn details(spec: &Value) -> String {
    let live = usage(spec);
    looked(&live, &Usage::read(&live).unwrap()).details()
}

fn search(live: &Value) -> Result<Option<Search>, Decision> {
    looked(live, &Usage::read(live).unwrap()).search()
}

fn resolve(live: &Value, listed: &[Value]) -> Decision {
    looked(live, &Usage::read(live).unwrap()).resolve(Side::Of, listed).decision
}

/// Carries out what is decided until nothing is left to write; the reasons of the steps.
fn settle(live: &mut Value, used: &mut Value, using: Option<&Value>) -> Vec<&'static str> {
    let mut steps = Vec::new();
    loop {
        let step = next(live, Some(used), using, false);
        let [write] = step.decision.writes.as_slice() else { return steps };
        steps.push(step.reason);
        match write {
            Write::Patch { key, patch, .. } if key.name == "u" => merge(live, patch),
            Write::Patch { patch, .. } => merge(used, patch),
            Write::Status { object } => *live = object.clone(),
            Write::Delete { .. } => used["metadata"]["deletionTimestamp"] = json!(NOW),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_usage_marks_what_is_used_and_belongs_to_what_uses_it() {
    let (mut live, mut used, using) = (plain(), object("database"), object("app"));
    let steps = settle(&mut live, &mut used, Some(&using));
    assert_eq!(steps, ["AddFinalizer", "AddDetailsToUsage", "AddInUseLabel", "AddOwnerRefToUsage", "UpdateStatus"]);
    assert_eq!(live["metadata"]["finalizers"], json!([USAGE_FINALIZER]));
    assert_eq!(live["metadata"]["annotations"][USAGE_DETAILS], "ConfigMap/app uses ConfigMap/database");
    assert_eq!(used["metadata"]["labels"][IN_USE_LABEL], "true");
    assert_eq!(
        live["metadata"]["ownerReferences"][1],
        json!({"apiVersion": "v1", "kind": "ConfigMap", "name": "app", "uid": "app"})
    );
    assert_eq!(live["status"]["conditions"].as_array().map(Vec::len), Some(1));
    assert!(status::is_true(&live, "Ready"));
    let idle = next(&live, Some(&used), Some(&using), false).decision;
    assert_eq!(idle, Decision { then: Then::After(Duration::from_mins(1)), ..Decision::default() });
}

#[test]
fn what_is_missing_is_a_condition_until_it_is_there() {
    let (mut live, mut used, using) = (plain(), object("database"), object("app"));
    settle(&mut live, &mut used, Some(&using));
    let step = next(&live, Some(&used), None, false);
    assert_eq!(step.decision.then, Then::Retry);
    assert_eq!(
        step.decision.events,
        [Event::warning("GetUsingResource", "cannot get using: ConfigMap \"app\" not found")]
    );
    let [Write::Status { object }] = step.decision.writes.as_slice() else { panic!("{step:?}") };
    let told = next(object, Some(&used), None, false).decision;
    assert_eq!(told, Decision { then: Then::Retry, ..Decision::default() }, "it is told once");
    let mended = next(object, Some(&used), Some(&using), false).decision;
    let [Write::Status { object }] = mended.writes.as_slice() else { panic!("{mended:?}") };
    assert!(status::condition_of(object, "Synced").is_none() && status::is_true(object, "Ready"), "{object}");
    let step = next(&live, None, Some(&using), false);
    assert_eq!(step.decision.events[0].message, "cannot get used: ConfigMap \"database\" not found");
}

#[test]
fn the_end_waits_for_what_uses_and_frees_what_is_used() {
    let (mut live, mut used, using) = (plain(), object("database"), object("app"));
    settle(&mut live, &mut used, Some(&using));
    live["metadata"]["deletionTimestamp"] = json!(NOW);
    let waiting = next(&live, Some(&used), Some(&using), false).decision;
    assert_eq!((waiting.writes.len(), waiting.then), (0, Then::After(WAIT)));
    assert_eq!(
        waiting.events[0].message,
        "Waiting for the using resource (which is a \"ConfigMap\" named \"app\") to be deleted."
    );
    let mut alone = live.clone();
    alone["metadata"]["labels"] = json!({});
    assert_eq!(next(&alone, Some(&used), Some(&using), false).reason, "RemoveInUseLabel", "one that is not composed");
    let others = next(&live, Some(&used), None, true);
    assert_eq!(others.reason, "RemoveFinalizer", "others keep the label");
    let steps = settle(&mut live, &mut used, None);
    assert_eq!(steps, ["RemoveInUseLabel", "RemoveFinalizer"]);
    assert!(object::label(&used, IN_USE_LABEL).is_none() && live["metadata"]["finalizers"] == json!([]));
}

#[test]
fn a_refused_deletion_is_done_once_the_usage_goes_where_that_is_asked_for() {
    for (replays, policy, expected) in [
        (true, Some("Foreground"), Some(Propagation::Foreground)),
        (true, Some("Background"), Some(Propagation::Background)),
        (true, Some("Orphan"), Some(Propagation::Orphan)),
        (true, None, None),
        (false, Some("Background"), None),
    ] {
        let mut live = plain();
        live["spec"]["replayDeletion"] = json!(replays);
        live["metadata"]["deletionTimestamp"] = json!(NOW);
        live["metadata"]["finalizers"] = json!([USAGE_FINALIZER]);
        let mut used = object("database");
        if let Some(policy) = policy {
            used["metadata"]["annotations"] = json!({DELETION_ATTEMPT: policy});
        }
        let step = next(&live, Some(&used), None, false);
        let found = match step.decision.writes.as_slice() {
            [Write::Delete { propagation, uid, .. }] if uid == "database" => Some(*propagation),
            _ => None,
        };
        assert_eq!(found, expected, "{replays} {policy:?}: {step:?}");
        assert_eq!(next(&live, Some(&used), None, true).reason, "RemoveFinalizer", "it is in use still");
        assert_eq!(next(&live, None, None, false).reason, "RemoveFinalizer");
        used["metadata"]["deletionTimestamp"] = json!(NOW);
        assert_eq!(next(&live, Some(&used), None, false).reason, "RemoveFinalizer");
    }
}

#[test]
fn details_are_the_reason_or_who_uses_what() {
    let of = json!({"apiVersion": "v1", "kind": "ConfigMap", "resourceRef": {"name": "a", "namespace": "other"}});
    let by = json!({"apiVersion": "v1", "kind": "Pod", "resourceRef": {"name": "b"}});
    assert_eq!(details(&json!({"of": of, "by": by})), "Pod/b uses ConfigMap/a in namespace other");
    assert_eq!(details(&json!({"of": of, "by": by, "reason": "because"})), "because");
    assert_eq!(details(&json!({"of": of})), "undefined");
}

#[test]
fn selectors_find_the_first_that_fits_and_say_what_they_looked_for() {
    let selector = json!({"matchControllerRef": true, "matchLabels": {"b": "2", "a": "1"}, "namespace": "other"});
    let mut live = usage(&json!({
        "of": {"apiVersion": "v1", "kind": "ConfigMap", "resourceSelector": selector},
        "by": {"apiVersion": "v1", "kind": "Pod"},
    }));
    let sought = search(&live).unwrap().unwrap();
    assert_eq!((sought.side, sought.namespace.as_str(), sought.labels.as_str()), (Side::Of, "other", "a=1,b=2"));
    let (mut foreign, mut found) = (object("a"), object("b"));
    foreign["metadata"]["ownerReferences"][0]["uid"] = json!("another");
    found["metadata"]["namespace"] = json!("other");
    let decision = resolve(&live, &[foreign.clone(), found]);
    let [Write::Patch { patch, .. }] = decision.writes.as_slice() else { panic!("{decision:?}") };
    assert_eq!(patch["spec"]["of"]["resourceRef"], json!({"name": "b", "namespace": "other"}));
    let begin = "cannot resolve selectors: cannot resolve selector at \"spec.of.resourceSelector\": no \"ConfigMap\" found \
                 matching labels: map[\"a\":\"1\" \"b\":\"2\"]";
    assert_eq!(resolve(&live, &[]).events[0].message, begin);
    assert_eq!(resolve(&live, &[foreign]).events[0].message, format!("{begin} and with same controller reference"));

    live["spec"]["of"]["resourceRef"] = json!({"name": "b"});
    let failed = search(&live).unwrap_err();
    assert!(failed.events[0].message.ends_with("\"spec.by.resourceSelector\": no selector defined for resolving"));
    live["spec"]["by"]["resourceRef"] = json!({"name": "c"});
    assert_eq!(search(&live), Ok(None));
    live["spec"]["of"]["apiVersion"] = json!("a/b/c");
    assert!(search(&live).unwrap_err().events[0].message.starts_with("cannot parse APIVersion"));
}
