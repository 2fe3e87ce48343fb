//! Claims: filled in, and judged by everything they would create.

use serde_json::json;

use super::fixtures::{claim, config_map};
use super::server::server;

#[test]
fn a_claim_is_filled_in() {
    let server = server();
    server.run(async {
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {
            "name": "claims", "labels": {"kubectl-plat.dev/owner": "team-a", "kubectl-plat.dev/cost-center": "42"},
        }});
        server.put("/api/v1/namespaces", &namespace).await.unwrap();
        let path = "/apis/acme.example/v1/namespaces/claims/buckets";
        let dry = server.ask("POST", &format!("{path}?dryRun=All"), Some(&claim("a", 5))).await.unwrap();
        let made = server.ask("POST", path, Some(&claim("a", 5))).await.unwrap();
        assert!(made.is_accepted(), "{made:?}");
        for object in [&dry.body, &made.body] {
            assert_eq!(object["spec"]["compositionRef"], json!({"name": "buckets"}), "{object}");
            assert_eq!(object["spec"]["region"], "eu");
            let labels = json!({"kubectl-plat.dev/owner": "team-a", "kubectl-plat.dev/cost-center": "42"});
            assert_eq!(object["metadata"]["labels"], labels);
        }
        let version = &made.body["metadata"]["resourceVersion"];
        let again = server.ask("PATCH", &format!("{path}/a"), Some(&json!({}))).await.unwrap();
        assert_eq!(&again.body["metadata"]["resourceVersion"], version, "nothing is left to change: {again:?}");
    });
}

#[test]
fn a_claim_is_denied_for_what_it_would_create() {
    let server = server();
    server.run(async {
        server.namespace("large").await.unwrap();
        let path = "/apis/acme.example/v1/namespaces/large/buckets";
        let denied = server.ask("POST", path, Some(&claim("a", 50))).await.unwrap();
        let expected = "admission webhook \"validate.kubectl-plat.dev\" denied the request: [size-limit] bucket \
                        (storage.acme.example/CloudBucket): spec.forProvider.sizeGb is 50, the limit is 40; change spec.size of the claim";
        assert_eq!((denied.code, denied.message()), (403, expected));
        server.put(path, &claim("a", 5)).await.unwrap();
        let grown = server.ask("PATCH", &format!("{path}/a"), Some(&json!({"spec": {"size": 41}}))).await.unwrap();
        assert!(grown.message().contains("[size-limit]"), "{grown:?}");
        let applied = server.ask("PATCH", &format!("{path}/b?fieldManager=test"), Some(&claim("b", 60))).await.unwrap();
        assert!(applied.message().contains("[size-limit]"), "{applied:?}");
        let deleted = server.ask("DELETE", &format!("{path}/a"), None).await.unwrap();
        assert!(deleted.is_accepted(), "{deleted:?}");
    });
}

#[test]
fn deletions_of_claims_and_of_what_is_protected_are_judged_and_no_others() {
    let server = server();
    server.run(async {
        server.namespace("deletions").await.unwrap();
        let claims = "/apis/acme.example/v1/namespaces/deletions/buckets";
        let maps = "/api/v1/namespaces/deletions/configmaps";
        // Nobody may have them, so nobody may delete them: this constraint judges a deletion by the old object.
        let mut bucket = claim("bad", 5);
        bucket["metadata"]["labels"] = json!({"bad": "x"});
        let mut guarded = config_map("guarded", "bad");
        guarded["metadata"]["annotations"] = json!({"kubectl-plat.dev/protect": "true"});
        let mut composed = config_map("composed", "bad");
        composed["metadata"]["labels"]["crossplane.io/composite"] = json!("a");
        let objects = [
            (claims, "bad", bucket, true),
            (maps, "guarded", guarded, true),
            (maps, "composed", composed, true),
            (maps, "plain", config_map("plain", "bad"), false),
        ];
        for (path, name, object, is_judged) in objects {
            let made = server.ask_unjudged("POST", path, &object).await.unwrap();
            assert!(made.is_accepted(), "{made:?}");
            let deleted = server.ask("DELETE", &format!("{path}/{name}"), None).await.unwrap();
            assert_eq!(!deleted.is_accepted(), is_judged, "{name}: {deleted:?}");
            let refusal = "admission webhook \"deletions.kubectl-plat.dev\" denied the request: [no-bad]";
            assert_eq!(deleted.message().starts_with(refusal), is_judged, "{name}: {deleted:?}");
        }
    });
}
