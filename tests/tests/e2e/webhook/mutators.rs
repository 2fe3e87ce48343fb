//! Mutators that come, change and go.

use serde_json::{Value, json};

use super::server::server;

const ASSIGN: &str = "/apis/mutations.gatekeeper.sh/v1/assign";

#[test]
fn mutators_of_the_cluster_change_what_is_created() {
    let server = server();
    server.run(async {
        server.namespace("mutated").await.unwrap();
        let mutator = json!({
            "apiVersion": "mutations.gatekeeper.sh/v1", "kind": "Assign", "metadata": {"name": "region"},
            "spec": {
                "applyTo": [{"groups": [""], "versions": ["v1"], "kinds": ["ConfigMap"]}],
                "match": {"namespaces": ["mutated"]}, "location": "data.region",
                "parameters": {"assign": {"value": "eu"}},
            },
        });
        server.put(ASSIGN, &mutator).await.unwrap();
        let region = || async {
            let object =
                json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"own": "x"}});
            let path = "/api/v1/namespaces/mutated/configmaps?dryRun=All";
            let answer = server.ask("POST", path, Some(&object)).await?;
            assert_eq!(answer.body["data"]["own"], "x", "{answer:?}");
            Ok::<Value, anyhow::Error>(answer.body["data"]["region"].clone())
        };
        server.eventually("the region", || async { Ok(region().await? == "eu") }).await.unwrap();
        assert!((server.metric("plat_mutators").unwrap() - 1.0).abs() < 0.1);
        let change = json!({"spec": {"parameters": {"assign": {"value": "us"}}}});
        assert!(server.ask("PATCH", &format!("{ASSIGN}/region"), Some(&change)).await.unwrap().is_accepted());
        server.eventually("the other region", || async { Ok(region().await? == "us") }).await.unwrap();
        let wrong = json!({"spec": {"location": "data..region"}});
        let refused = server.ask("PATCH", &format!("{ASSIGN}/region"), Some(&wrong)).await.unwrap();
        assert_eq!(refused.code, 422, "{refused:?}");
        assert!(server.ask("DELETE", &format!("{ASSIGN}/region"), None).await.unwrap().is_accepted());
        server.eventually("its end", || async { Ok(region().await?.is_null()) }).await.unwrap();
    });
}
