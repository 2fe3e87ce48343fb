//! Functions and what runs them.

use super::certificates::{self, Pair};
use super::*;
use plat_resource::time;

const NOW: &str = "2026-01-01T00:00:00Z";

fn function() -> Value {
    json!({
        "apiVersion": "pkg.crossplane.io/v1", "kind": "Function",
        "metadata": {"name": "function-kcl", "uid": "f1"},
        "spec": {
            "package": "example.org/a/function-kcl:v1", "packagePullPolicy": "Always",
            "packagePullSecrets": [{"name": "pull"}], "runtimeConfigRef": {"name": "default"},
        },
    })
}

fn live(function: &Value) -> Live<'_> {
    Live {
        function,
        is_native: false,
        namespace: "plat-system",
        config: None,
        deployment: None,
        owned: &[],
        service: None,
        account: None,
        certificate: Some("c1"),
        now: NOW,
    }
}

fn applied(decision: &Decision) -> Vec<Value> {
    let objects = decision.writes.iter().filter_map(|write| match write {
        Write::Apply { object, manager } => Some((object.clone(), manager)),
        _ => None,
    });
    objects
        .map(|(object, manager)| {
            assert_eq!(manager, RUNTIME_MANAGER);
            object
        })
        .collect()
}

fn conditions(decision: &Decision) -> Vec<(String, String, String)> {
    let status = decision.writes.iter().find_map(|write| match write {
        Write::ApplyStatus { object, .. } => Some(object["status"].clone()),
        _ => None,
    });
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let conditions = status.unwrap()["conditions"].as_array().unwrap().clone();
    conditions.iter().map(|it| (text(&it["type"]), text(&it["status"]), text(&it["message"]))).collect()
}

/// As the API server would have them, with what it fills in.
fn as_live(object: &Value) -> Value {
    let mut object = object.clone();
    object["metadata"]["uid"] = json!("d1");
    object["metadata"]["generation"] = json!(1);
    if object["kind"] == "Deployment" {
        object["spec"]["progressDeadlineSeconds"] = json!(600);
        object["spec"]["template"]["spec"]["containers"][0]["terminationMessagePath"] = json!("/dev/termination-log");
    }
    object
}

#[test]
fn a_function_becomes_what_crossplane_makes_of_it() {
    let function = function();
    let decision = decide(&live(&function));
    let [service, account, deployment] = applied(&decision).try_into().unwrap();
    assert_eq!(service["spec"]["clusterIP"], "None");
    assert_eq!(service["metadata"]["name"], "function-kcl");
    assert_eq!(endpoint(&function, None, "plat-system").target(), "dns:///function-kcl.plat-system:9443");
    assert_eq!(account["imagePullSecrets"], json!([{"name": "pull"}]));
    let spec = &deployment["spec"];
    assert_eq!((&spec["replicas"], &spec["selector"]["matchLabels"]), (&json!(1), &service["spec"]["selector"]));
    let pod = &spec["template"]["spec"];
    let container = &pod["containers"][0];
    assert_eq!(container["image"], "example.org/a/function-kcl:v1");
    assert_eq!((&container["name"], &container["imagePullPolicy"]), (&json!("package-runtime"), &json!("Always")));
    let env: Vec<&Value> = container["env"].as_array().unwrap().iter().map(|entry| &entry["name"]).collect();
    assert_eq!(env, ["FUNCTION_NAME", "REVISION_NAME", "REVISION_UID", "TLS_SERVER_CERTS_DIR"]);
    assert_eq!(container["ports"][1], json!({"name": "grpc", "containerPort": 9443, "protocol": "TCP"}));
    assert_eq!(pod["volumes"][0]["secret"]["secretName"], "function-kcl-tls-server");
    assert_eq!(pod["serviceAccountName"], "function-kcl");
    assert_eq!(container["securityContext"]["capabilities"]["drop"], json!(["ALL"]));
    for object in [&service, &account, &deployment] {
        assert_eq!(object::controller(object).unwrap()["uid"], "f1");
        assert_eq!(object["metadata"]["labels"][FUNCTION_LABEL], "function-kcl");
    }
    let expected = [
        ("Installed".to_owned(), "True".to_owned(), String::new()),
        ("Healthy".to_owned(), "False".to_owned(), "its Deployment is being made".to_owned()),
    ];
    assert_eq!(conditions(&decision), expected);
}

#[test]
fn what_is_as_it_should_be_is_not_written() {
    let mut function = function();
    let first = decide(&live(&function));
    let [service, account, mut deployment] = applied(&first).try_into().unwrap();
    deployment["status"] = json!({"conditions": [{"type": "Available", "status": "True"}]});
    let [service, account, deployment] = [&service, &account, &deployment].map(as_live);
    let there = |function: &Value| {
        let live = live(function);
        decide(&Live {
            service: Some(&service),
            account: Some(&account),
            deployment: Some(&deployment),
            now: "2026-02-02T00:00:00Z",
            ..live
        })
    };
    let second = there(&function);
    let [Write::ApplyStatus { object, .. }] = second.writes.as_slice() else { panic!("{second:?}") };
    assert_eq!(object["status"]["conditions"][1]["status"], "True");
    function["status"] = object["status"].clone();
    assert!(readiness(&function).is_ok());
    assert_eq!(there(&function).writes, []);
    // Drift, a new image and what is wanted no more are each noticed.
    let mut changed = deployment.clone();
    changed["spec"]["replicas"] = json!(0);
    let live = Live { service: Some(&service), account: Some(&account), ..live(&function) };
    assert_eq!(applied(&decide(&Live { deployment: Some(&changed), ..live })).len(), 1);
    let again = decide(&Live { deployment: Some(&deployment), certificate: Some("c2"), ..live });
    assert_eq!(applied(&again)[0]["spec"]["template"]["metadata"]["annotations"]["kubectl-plat.dev/certificate"], "c2");
}

#[test]
fn a_configuration_changes_what_it_says() {
    let mut function = function();
    function["spec"]["runtimeConfigRef"]["name"] = json!("big");
    let config = json!({"spec": {
        "deploymentTemplate": {
            "metadata": {"name": "other", "labels": {"a": "b"}},
            "spec": {"replicas": 3, "template": {"spec": {
                "serviceAccountName": "theirs",
                "containers": [
                    {"name": "beside", "image": "b"},
                    {"name": "package-runtime", "args": ["--debug"], "image": "mirror.example.org/f:v1",
                     "resources": {"limits": {"cpu": "1000m"}}, "ports": [{"name": "metrics", "containerPort": 9}]},
                ],
            }}},
        },
        "serviceTemplate": {"metadata": {"name": "svc"}},
    }});
    let live = Live { config: Some(&config), ..live(&function) };
    let objects = applied(&decide(&live));
    let [service, deployment] = objects.as_slice() else { panic!("the account is theirs: {objects:?}") };
    assert_eq!((&service["metadata"]["name"], &deployment["metadata"]["name"]), (&json!("svc"), &json!("other")));
    assert_eq!(server_names(&function, Some(&config), "ns"), ["svc", "svc.ns", "svc.ns.svc"]);
    assert_eq!(deployment["metadata"]["labels"]["a"], "b");
    assert_eq!(deployment["spec"]["replicas"], 3);
    let containers = deployment["spec"]["template"]["spec"]["containers"].as_array().unwrap();
    assert_eq!((&containers[0]["name"], &containers[1]["name"]), (&json!("package-runtime"), &json!("beside")));
    assert_eq!(containers[0]["image"], "mirror.example.org/f:v1");
    assert_eq!(containers[0]["args"], json!(["--debug"]));
    assert_eq!(containers[0]["ports"].as_array().unwrap().len(), 2);
    // What the API server writes in another way is the same.
    let mut there = as_live(deployment);
    there["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]["cpu"] = json!("1");
    assert!(manifests::holds(&there, deployment));
    assert!(!manifests::holds(deployment, &as_live(deployment)));
}

#[test]
fn what_stands_in_the_way_is_told() {
    let mut named = function();
    named["spec"]["runtimeConfigRef"]["name"] = json!("missing");
    let foreign = json!({"kind": "Deployment", "metadata": {"name": "function-kcl", "namespace": "plat-system"}});
    let mut dotted = function();
    dotted["metadata"]["name"] = json!("a.b");
    let (plain, mut none) = (function(), function());
    none["spec"]["package"] = json!("");
    for (live, expected) in [
        (live(&named), "there is no DeploymentRuntimeConfig \"missing\""),
        (
            Live { deployment: Some(&foreign), ..live(&plain) },
            "Deployment plat-system/function-kcl belongs to something",
        ),
        (live(&dotted), "\"a.b\" is no name of a Service"),
        (live(&none), "spec.package names no image"),
        (Live { certificate: None, ..live(&plain) }, "its certificate is not there yet"),
    ] {
        let decision = decide(&live);
        assert_eq!(applied(&decision), Vec::<Value>::new());
        for (_, status, message) in conditions(&decision) {
            assert_eq!(status, "False");
            assert!(message.contains(expected), "{message}");
        }
    }
}

#[test]
fn what_the_api_server_does_not_take_is_told_in_its_words() {
    let function = function();
    let decision = refused(&live(&function), "Deployment.apps \"f\" is invalid");
    assert_eq!((applied(&decision), decision.then), (Vec::new(), Then::Retry));
    let told = conditions(&decision);
    assert!(told.iter().all(|(_, status, words)| status == "False" && words == "Deployment.apps \"f\" is invalid"));
}

#[test]
fn why_a_function_is_not_ready_is_told_to_who_waits() {
    let condition =
        |kind: &str, status: &str, message: &str| json!({"type": kind, "status": status, "message": message});
    let unavailable = condition("Available", "False", "Deployment does not have minimum availability.");
    let failure = condition("ReplicaFailure", "True", "pods \"a\" is forbidden: violates PodSecurity");
    for (conditions, expected) in [
        (json!([unavailable]), "Deployment n/d is not available: Deployment does not have minimum availability."),
        (
            json!([unavailable, failure]),
            "Deployment n/d is not available: pods \"a\" is forbidden: violates PodSecurity",
        ),
        (json!([]), "Deployment n/d is not available: it has not said yet whether it is available"),
    ] {
        let deployment = json!({"metadata": {"name": "d", "namespace": "n"}, "status": {"conditions": conditions}});
        let (.., message) = health(Some(&deployment));
        assert_eq!(message, expected);
        let mut function = function();
        function["status"] = json!({"conditions": [{"type": "Healthy", "status": "False", "message": message}]});
        assert_eq!(readiness(&function), Err(expected.to_owned()));
    }
    assert_eq!(readiness(&function()), Err("nobody has looked at it yet".to_owned()));
}

#[test]
fn a_native_function_needs_nothing_and_loses_what_it_had() {
    let function = function();
    let mut deployment = as_live(&applied(&decide(&live(&function)))[2]);
    let native = Live { is_native: true, certificate: None, ..live(&function) };
    let decision = decide(&Live { deployment: Some(&deployment), owned: &[Arc::new(deployment.clone())], ..native });
    assert!(matches!(&decision.writes[0], Write::Delete { uid, .. } if uid == "d1"));
    assert_eq!(conditions(&decision)[1].1, "True");
    deployment["metadata"]["ownerReferences"] = json!([]);
    let decision = decide(&Live { deployment: Some(&deployment), ..native });
    assert!(matches!(decision.writes.as_slice(), [Write::ApplyStatus { .. }]), "what is not its own stays");
}

#[test]
fn a_deployment_of_another_name_goes_once_its_successor_is_there() {
    let function = function();
    let [service, account, deployment] = applied(&decide(&live(&function))).try_into().unwrap();
    let mut before = as_live(&deployment);
    before["metadata"]["name"] = json!("before");
    before["metadata"]["uid"] = json!("d0");
    let mut now = as_live(&deployment);
    let removed = |now: &Value| {
        let owned = [Arc::new(before.clone()), Arc::new(now.clone()), Arc::new(service.clone())];
        let live = Live { service: Some(&service), account: Some(&account), owned: &owned, ..live(&function) };
        let decision = decide(&Live { deployment: Some(now), ..live });
        let removed = decision.writes.iter().filter_map(|write| match write {
            Write::Delete { uid, .. } => Some(uid.clone()),
            _ => None,
        });
        removed.collect::<Vec<_>>()
    };
    assert!(removed(&now).is_empty());
    now["status"] = json!({"conditions": [{"type": "Available", "status": "True"}]});
    assert_eq!(removed(&now), ["d0"]);
}

#[test]
fn paused_and_deleted_ones_are_left_alone() {
    let (mut paused, mut deleted) = (function(), function());
    paused["metadata"]["annotations"] = json!({"crossplane.io/paused": "true"});
    deleted["metadata"]["deletionTimestamp"] = json!(NOW);
    for function in [paused, deleted] {
        assert_eq!(decide(&live(&function)), Decision::wait());
    }
}

#[test]
fn a_certificate_is_kept_until_it_has_to_be_made_anew() {
    let now = time::parse(NOW).unwrap().0;
    let pair = Pair { certificate: "C".into(), key: "K".into(), believed: "CA".into() };
    let made_of = certificates::made_of(&pair.believed, &["a".to_owned()]);
    let key = certificates::key("plat-system", &certificates::server_secret("f"));
    let owner = function();
    let Write::Apply { object: secret, .. } = certificates::keep(&key, &pair, &made_of, now, 300, Some(&owner)) else {
        panic!("it is applied")
    };
    assert_eq!((&secret["metadata"]["name"], &secret["type"]), (&json!("f-tls-server"), &json!("kubernetes.io/tls")));
    let current =
        |secret: &Value, made_of: &str, days: i64| certificates::current(Some(secret), made_of, now + days * 86_400);
    assert_eq!(current(&secret, &made_of, 199), Some(pair.clone()));
    assert_eq!(current(&secret, &made_of, 200), None, "two thirds of its time are over");
    assert_eq!(current(&secret, &certificates::made_of("new CA", &["a".to_owned()]), 1), None);
    assert_eq!(current(&secret, &certificates::made_of("CA", &["b".to_owned()]), 1), None);
    let mut half = secret.clone();
    half["data"]["tls.key"] = json!("");
    assert_eq!(current(&half, &made_of, 1), None);
    assert_eq!(certificates::current(None, &made_of, now), None);
    assert!(!format!("{pair:?}").contains('K'));
}
