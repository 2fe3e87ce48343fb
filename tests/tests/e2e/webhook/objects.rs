//! Objects of every kind: denied, warned, parts, generated names, server-side apply.

use serde_json::json;

use super::fixtures::config_map;
use super::server::server;

#[test]
fn a_bad_object_is_denied_and_an_odd_one_warned_of() {
    let server = server();
    server.run(async {
        server.namespace("objects").await.unwrap();
        let path = "/api/v1/namespaces/objects/configmaps";
        let denied = server.ask("POST", path, Some(&config_map("a", "bad"))).await.unwrap();
        assert_eq!((denied.code, denied.body["reason"].as_str()), (403, Some("Forbidden")));
        let expected = "admission webhook \"validate.kubectl-plat.dev\" denied the request: [no-bad] ConfigMap carries the label bad";
        assert_eq!(denied.message(), expected);
        let warned = server.ask("POST", path, Some(&config_map("b", "odd"))).await.unwrap();
        assert!(warned.is_accepted(), "{warned:?}");
        assert!(warned.warnings[0].contains("[warn-odd] ConfigMap carries the label odd"), "{warned:?}");
        let fine = server.ask("POST", path, Some(&config_map("c", "fine"))).await.unwrap();
        assert!(fine.is_accepted() && fine.warnings.is_empty(), "{fine:?}");
    });
}

#[test]
fn updates_applies_and_deletions_are_judged() {
    let server = server();
    server.run(async {
        server.namespace("changes").await.unwrap();
        let path = "/api/v1/namespaces/changes/configmaps";
        server.put(path, &config_map("a", "fine")).await.unwrap();
        let label = json!({"metadata": {"labels": {"bad": "x"}}});
        let updated = server.ask("PATCH", &format!("{path}/a"), Some(&label)).await.unwrap();
        assert_eq!(updated.code, 403, "{updated:?}");
        let dry = server.ask("PATCH", &format!("{path}/a?dryRun=All"), Some(&label)).await.unwrap();
        assert_eq!(dry.code, 403, "{dry:?}");
        let applied = server.ask("PATCH", &format!("{path}/b?fieldManager=test"), Some(&config_map("b", "bad"))).await.unwrap();
        assert_eq!(applied.code, 403, "{applied:?}");
        let applied = server.ask("PATCH", &format!("{path}/b?fieldManager=test"), Some(&config_map("b", "fine"))).await.unwrap();
        assert!(applied.is_accepted(), "{applied:?}");
        let generated = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "g-", "labels": {"bad": "x"}}});
        assert_eq!(server.ask("POST", path, Some(&generated)).await.unwrap().code, 403);
        let deleted = server.ask("DELETE", &format!("{path}/a"), None).await.unwrap();
        assert!(deleted.is_accepted(), "{deleted:?}");
    });
}

#[test]
fn parts_of_objects_are_judged() {
    let server = server();
    server.run(async {
        server.namespace("parts").await.unwrap();
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"},
            "spec": {"containers": [{"name": "a", "image": "a"}]},
        });
        server.put("/api/v1/namespaces/parts/pods", &pod).await.unwrap();
        let path = "/api/v1/namespaces/parts/pods/a";
        // The label of the Pod is bad from here on: only that is the policy of this Namespace.
        let spec = json!({
            "match": {"namespaces": ["parts"], "kinds": [{"apiGroups": [""], "kinds": ["Pod"]}]},
            "parameters": {"label": "late"},
        });
        let label = json!({"metadata": {"labels": {"late": "x"}}});
        assert!(server.ask("PATCH", path, Some(&label)).await.unwrap().is_accepted());
        let constraint = super::fixtures::constraint("K8sForbiddenLabel", "late", &spec);
        server.put("/apis/constraints.gatekeeper.sh/v1beta1/k8sforbiddenlabel", &constraint).await.unwrap();
        let container = json!({"spec": {"ephemeralContainers": [{"name": "debug", "image": "b"}]}});
        let debug =
            || server.ask("PATCH", "/api/v1/namespaces/parts/pods/a/ephemeralcontainers?dryRun=All", Some(&container));
        server.eventually("the denial of a part", || async { Ok(debug().await?.code == 403) }).await.unwrap();
        assert!(debug().await.unwrap().message().contains("[late] Pod carries the label late"));
    });
}

#[test]
fn an_object_of_one_megabyte_is_judged() {
    let server = server();
    server.run(async {
        server.namespace("huge").await.unwrap();
        let mut huge = config_map("a", "bad");
        huge["data"] = json!({"text": "x".repeat(1_000_000)});
        let path = "/api/v1/namespaces/huge/configmaps";
        let denied = server.ask("POST", path, Some(&huge)).await.unwrap();
        assert!(denied.message().contains("[no-bad]"), "{} {}", denied.code, denied.message());
        huge["metadata"]["labels"] = json!({});
        assert!(server.ask("POST", path, Some(&huge)).await.unwrap().is_accepted());
    });
}

#[test]
fn only_listed_namespaces_are_exempt() {
    let server = server();
    server.run(async {
        let namespace = |name: &str| {
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {"admission.gatekeeper.sh/ignore": "true"}}})
        };
        let refused = server.ask("POST", "/api/v1/namespaces", Some(&namespace("sneaky"))).await.unwrap();
        assert!(refused.message().contains("exemption.kubectl-plat.dev"), "{refused:?}");
        let allowed = server.ask("POST", "/api/v1/namespaces", Some(&namespace("exempt"))).await.unwrap();
        assert!(allowed.is_accepted(), "{allowed:?}");
        let path = "/api/v1/namespaces/exempt/configmaps";
        assert!(server.ask("POST", path, Some(&config_map("a", "bad"))).await.unwrap().is_accepted());
    });
}
