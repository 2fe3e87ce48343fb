//! What is ready and what is not, kind by kind. Expected values are the real Function's.

#![expect(clippy::needless_pass_by_value, reason = "cases read better without a reference before each of them")]

use std::collections::BTreeMap;

use plat_resource::Value;
use serde_json::json;

use super::*;
use crate::function::State;

fn state(resources: Vec<(&str, Value, Ready)>) -> State {
    let resources = resources.into_iter().map(|(name, resource, ready)| {
        (name.to_owned(), FunctionResource { resource, ready, ..FunctionResource::default() })
    });
    State { resources: resources.collect(), ..State::default() }
}

fn ready(observed: Value) -> bool {
    let request = RunFunctionRequest {
        observed: state(vec![("one", observed, Ready::Unspecified)]),
        desired: state(vec![("one", json!({"kind": "Desired"}), Ready::Unspecified)]),
        ..RunFunctionRequest::default()
    };
    let response = run(&request);
    match response.desired.resources["one"].ready {
        Ready::True => true,
        Ready::Unspecified => false,
        Ready::False => panic!("the Function never says that a resource is not ready"),
    }
}

fn object(version: &str, kind: &str, rest: Value) -> Value {
    let mut object = json!({"apiVersion": version, "kind": kind, "metadata": {"name": "x"}});
    for (key, value) in rest.as_object().unwrap() {
        object[key] = value.clone();
    }
    object
}

fn conditions(conditions: &[(&str, &str)]) -> Value {
    conditions.iter().map(|(kind, status)| json!({"type": kind, "status": status})).collect()
}

/// Checks `(spec, status, ready)` for a kind.
fn check(version: &str, kind: &str, cases: Vec<(Value, Value, bool)>) {
    for (spec, status, expected) in cases {
        let observed = object(version, kind, json!({"spec": spec, "status": status}));
        assert_eq!(ready(observed.clone()), expected, "{observed}");
    }
}

#[test]
fn the_ready_condition_makes_other_kinds_ready() {
    let other = |status: Value| ready(object("example.org/v1", "Other", json!({"status": status})));
    let condition = |more: Value| {
        let mut condition = json!({"type": "Ready", "status": "True"});
        condition.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        other(json!({"conditions": [{"type": "Synced", "status": "False"}, condition]}))
    };
    assert!(other(json!({"conditions": conditions(&[("Ready", "True")])})));
    assert!(!other(json!({"conditions": conditions(&[("Ready", "False")])})));
    assert!(!other(json!({"conditions": conditions(&[("Ready", "False"), ("Ready", "True")])})));
    assert!(!other(json!({"conditions": conditions(&[("Synced", "True")])})));
    assert!(!other(json!({"conditions": null})));
    assert!(!other(json!("ready")));
    assert!(!other(Value::Null));
    assert!(!ready(json!({"apiVersion": "example.org/v1", "kind": "Other"})));
    assert!(condition(json!({"observedGeneration": 3.0, "lastTransitionTime": "2024-01-01T00:00:00Z", "x": 1})));
    assert!(!condition(json!({"observedGeneration": 3.5})));
    assert!(!condition(json!({"lastTransitionTime": "yesterday"})));
    assert!(!condition(json!({"message": 1})));
    assert!(!condition(json!({"reason": []})));
}

#[test]
fn what_is_there_already_stays() {
    let ready_condition = json!({"status": {"conditions": [{"type": "Ready", "status": "True"}]}});
    let waiting = json!({"status": {"conditions": [{"type": "Ready", "status": "False"}]}});
    let secret = BTreeMap::from([("key".to_owned(), vec![1])]);
    let mut request = RunFunctionRequest {
        observed: state(vec![("told", ready_condition, Ready::Unspecified), ("ready", waiting, Ready::Unspecified)]),
        desired: state(vec![
            ("missing", Value::Null, Ready::Unspecified),
            ("ready", json!({"a": 1}), Ready::True),
            ("told", json!({"b": 1}), Ready::False),
        ]),
        context: json!({"key": "value"}),
        ..RunFunctionRequest::default()
    };
    request.desired.composite.resource = json!({"kind": "XR"});
    request.desired.composite.connection_details = secret.clone();
    for resource in request.desired.resources.values_mut() {
        resource.connection_details = secret.clone();
    }
    let response = run(&request);
    let told: Vec<_> = response.desired.resources.iter().map(|(name, found)| (name.as_str(), found.ready)).collect();
    assert_eq!(told, [("missing", Ready::Unspecified), ("ready", Ready::True), ("told", Ready::False)]);
    assert_eq!(response.desired.composite, request.desired.composite);
    assert_eq!(response.desired.resources["ready"].resource, json!({"a": 1}));
    assert_eq!(response.desired.resources["missing"].resource, json!({}));
    assert!(response.desired.resources.values().all(|resource| resource.connection_details.is_empty()));
    assert_eq!(response.context, Some(json!({"key": "value"})));
    assert!(response.results.is_empty());
    assert_eq!(run(&RunFunctionRequest::default()), RunFunctionResponse::default());
}

#[test]
fn plain_kinds_are_ready_once_they_exist() {
    for kind in ["ConfigMap", "Namespace", "Secret", "ServiceAccount"] {
        assert!(ready(json!({"apiVersion": "v1", "kind": kind})));
        assert!(ready(json!({"apiVersion": "/v1", "kind": kind})));
        assert!(!ready(json!({"apiVersion": "v2", "kind": kind})));
        assert!(!ready(json!({"apiVersion": "example.org/v1", "kind": kind})));
    }
}

#[test]
fn a_failed_health_check_leaves_room_for_the_ready_condition() {
    let status = json!({"phase": "Running", "conditions": conditions(&[("Ready", "True")])});
    check("v1", "Pod", vec![(json!({"restartPolicy": "Never"}), status, true)]);
}

#[test]
fn volume_claims() {
    let phase = |phase: &str| json!({ "phase": phase });
    check(
        "v1",
        "PersistentVolumeClaim",
        vec![
            (json!({}), phase("Bound"), true),
            (json!({}), phase("Lost"), false),
            (json!({}), phase("Pending"), false),
            (json!({}), phase("Other"), false),
            (json!({}), json!({}), false),
            (json!({"resources": {"requests": {"storage": "1Gi"}}}), phase("Bound"), true),
            (json!({"resources": {"requests": {"storage": "much"}}}), phase("Bound"), false),
            (json!({"accessModes": "ReadWriteOnce"}), phase("Bound"), false),
        ],
    );
}

#[test]
fn pods() {
    let always = json!({"restartPolicy": "Always"});
    let running = |kind: &str, status: &str| json!({"phase": "Running", "conditions": conditions(&[(kind, status)])});
    check(
        "v1",
        "Pod",
        vec![
            (json!({}), json!({"phase": "Succeeded"}), true),
            (json!({}), json!({"phase": "Failed"}), false),
            (json!({}), json!({"phase": "Pending"}), false),
            (json!({}), json!({}), false),
            (always.clone(), running("Ready", "True"), true),
            (always.clone(), running("Ready", "False"), false),
            (always.clone(), running("ContainersReady", "True"), false),
            (json!({"restartPolicy": "OnFailure"}), running("ContainersReady", "True"), false),
            (json!({"containers": [{"name": 1}]}), json!({"phase": "Succeeded"}), false),
            (json!({"containers": [{"ports": [{"containerPort": 80.0}]}]}), json!({"phase": "Succeeded"}), true),
            (json!({"containers": [{"ports": [{"containerPort": 80.5}]}]}), json!({"phase": "Succeeded"}), false),
        ],
    );
}

#[test]
fn services_and_ingresses() {
    let assigned = json!({"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}});
    check(
        "v1",
        "Service",
        vec![
            (json!({}), json!({}), true),
            (json!({"type": "ClusterIP"}), json!({}), true),
            (json!({"type": 1}), json!({}), true),
            (json!({"type": "LoadBalancer"}), json!({}), false),
            (json!({"type": "LoadBalancer"}), json!({"loadBalancer": {"ingress": []}}), false),
            (json!({"type": "LoadBalancer"}), assigned.clone(), true),
        ],
    );
    check(
        "networking.k8s.io/v1",
        "Ingress",
        vec![
            (json!({}), json!({}), false),
            (json!({}), json!({"loadBalancer": {"ingress": []}}), false),
            (json!({}), json!({"loadBalancer": {"ingress": "x"}}), false),
            (json!({}), assigned, true),
        ],
    );
}

#[test]
fn daemon_sets() {
    let status = |desired: Value, ready: Value, updated: Value, available: Value| {
        json!({"desiredNumberScheduled": desired, "numberReady": ready, "updatedNumberScheduled": updated,
            "numberAvailable": available})
    };
    check(
        "apps/v1",
        "DaemonSet",
        vec![
            (json!({}), status(json!(3), json!(3.0), json!(3), json!(3.7)), true),
            (json!({}), status(json!(0), json!(0), json!(0), json!(0)), true),
            (json!({}), status(json!(3), json!(2), json!(3), json!(3)), false),
            (json!({}), status(json!(3), json!(3), json!(2), json!(3)), false),
            (json!({}), status(json!(3), json!(3), json!(3), json!(2)), false),
            (json!({}), status(json!(3), json!(3), json!(3), Value::Null), false),
            (json!({}), status(json!(3), json!(3), json!(3), json!("3")), false),
            (json!({}), json!({}), false),
        ],
    );
}

#[test]
fn deployments() {
    let status = |updated: i64, available: i64, condition: &str| {
        json!({"updatedReplicas": updated, "availableReplicas": available,
            "conditions": [7, {"type": "Progressing", "status": "True"}, {"type": "Available", "status": condition}]})
    };
    check(
        "apps/v1",
        "Deployment",
        vec![
            (json!({"replicas": 2.0}), status(2, 2, "True"), true),
            (json!({}), status(1, 1, "True"), true),
            (json!({"replicas": "2"}), status(1, 1, "True"), true),
            (json!({"replicas": 2}), status(1, 2, "True"), false),
            (json!({"replicas": 2}), status(2, 1, "True"), false),
            (json!({"replicas": 2}), status(2, 2, "False"), false),
            (json!({}), json!({"updatedReplicas": 1, "availableReplicas": 1}), false),
            (json!({}), json!({"updatedReplicas": 1, "conditions": conditions(&[("Available", "True")])}), false),
        ],
    );
}

#[test]
fn replica_sets() {
    let failed = conditions(&[("ReplicaFailure", "True")]);
    check(
        "apps/v1",
        "ReplicaSet",
        vec![
            (json!({"replicas": 2}), json!({"availableReplicas": 2}), true),
            (json!({"replicas": 2}), json!({"availableReplicas": 3}), true),
            (json!({"replicas": 2}), json!({"availableReplicas": 1}), false),
            (json!({"replicas": 0}), json!({}), true),
            (json!({}), json!({}), false),
            (json!({}), json!({"availableReplicas": 1, "conditions": failed}), false),
            (
                json!({}),
                json!({"availableReplicas": 1, "conditions": conditions(&[("ReplicaFailure", "False")])}),
                true,
            ),
            (json!({"replicas": "0"}), json!({}), false),
            (json!({"replicas": 0.5}), json!({}), false),
        ],
    );
    let mut stale =
        object("apps/v1", "ReplicaSet", json!({"spec": {"replicas": 0}, "status": {"observedGeneration": 1}}));
    stale["metadata"]["generation"] = json!(2);
    assert!(!ready(stale.clone()));
    stale["status"]["observedGeneration"] = json!(2);
    assert!(ready(stale));
}

#[test]
fn stateful_sets() {
    let status = |ready: i64, current: i64, revisions: [&str; 2]| {
        json!({"readyReplicas": ready, "currentReplicas": current, "currentRevision": revisions[0],
            "updateRevision": revisions[1]})
    };
    check(
        "apps/v1",
        "StatefulSet",
        vec![
            (json!({"replicas": 2}), status(2, 2, ["a", "a"]), true),
            (json!({}), status(1, 1, ["a", "a"]), true),
            (json!({"replicas": 2}), status(1, 2, ["a", "a"]), false),
            (json!({"replicas": 2}), status(2, 1, ["a", "a"]), false),
            (json!({"replicas": 2}), status(2, 2, ["a", "b"]), false),
            (json!({}), json!({"readyReplicas": 1, "currentReplicas": 1}), false),
        ],
    );
}

#[test]
fn autoscalers() {
    let status = |pairs: &[(&str, &str)]| json!({"conditions": conditions(pairs)});
    let mut cases = vec![
        (json!({}), status(&[("ScalingActive", "True")]), true),
        (json!({}), status(&[("ScalingLimited", "True")]), true),
        (json!({}), status(&[("ScalingActive", "False")]), false),
        (json!({}), status(&[("AbleToScale", "True")]), false),
        (json!({}), status(&[("FailedGetScale", "False"), ("ScalingActive", "True")]), true),
        (json!({}), status(&[("ScalingActive", "True"), ("FailedGetScale", "True")]), true),
        (json!({}), json!({}), false),
        (json!({"maxReplicas": "1"}), status(&[("ScalingActive", "True")]), false),
    ];
    for bad in ["FailedGetScale", "FailedUpdateScale", "FailedGetResourceMetric", "InvalidSelector"] {
        cases.push((json!({}), status(&[(bad, "True"), ("ScalingActive", "True")]), false));
    }
    check("autoscaling/v2", "HorizontalPodAutoscaler", cases);
}

#[test]
fn jobs() {
    let status = |pairs: &[(&str, &str)]| json!({"conditions": conditions(pairs)});
    check(
        "batch/v1",
        "Job",
        vec![
            (json!({}), status(&[("Complete", "True")]), true),
            (json!({}), status(&[("Complete", "False")]), false),
            (json!({}), status(&[("Failed", "True"), ("Complete", "True")]), false),
            (json!({}), status(&[("Suspended", "True"), ("Complete", "True")]), false),
            (json!({}), status(&[("Suspended", "False"), ("Complete", "True")]), true),
            (json!({}), json!({}), false),
            (json!({"parallelism": true}), status(&[("Complete", "True")]), false),
        ],
    );
}

#[test]
fn cron_jobs() {
    let times =
        |scheduled: &str, succeeded: &str| json!({"lastScheduleTime": scheduled, "lastSuccessfulTime": succeeded});
    let (early, late) = ("2024-01-01T00:00:00Z", "2024-01-01T00:01:00Z");
    check(
        "batch/v1",
        "CronJob",
        vec![
            (json!({"suspend": true}), json!({}), true),
            (json!({"suspend": false}), json!({}), false),
            (json!({}), json!({"active": [{"name": "x"}]}), false),
            (json!({}), json!({"lastScheduleTime": early, "active": [{"name": "x"}]}), true),
            (json!({}), json!({"lastScheduleTime": early, "active": []}), false),
            (json!({}), times(early, late), true),
            (json!({}), times(early, early), true),
            (json!({}), times(late, early), false),
            (json!({}), times("2024-01-01T01:00:00+01:00", early), true),
            (json!({"suspend": true}), json!({"lastScheduleTime": "soon"}), false),
            (json!({"suspend": "true"}), json!({}), false),
        ],
    );
}
