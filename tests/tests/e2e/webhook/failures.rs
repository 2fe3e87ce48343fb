//! What happens when nobody answers.

use plat_admission::configuration::{Settings, Target, configurations};
use serde_json::{Value, json};

use super::fixtures::config_map;
use super::server::server;

/// A validating webhook of one Namespace at which nobody listens.
fn nobody(name: &str, failure_policy: &str) -> Value {
    let settings = Settings {
        target: Target::Url("https://127.0.0.1:1".to_owned()),
        failure_policy: failure_policy.to_owned(),
        ..Settings::default()
    };
    let [mut validating, _] = configurations(&settings);
    validating["metadata"]["name"] = name.into();
    let mut hook = validating["webhooks"][0].take();
    let only =
        json!({"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "In", "values": [name]}]});
    hook["namespaceSelector"] = only;
    // Cluster-scoped objects have no Namespace to select by, and are other tests' matter.
    hook["rules"] = json!([{
        "apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"], "operations": ["CREATE"], "scope": "Namespaced",
    }]);
    validating["webhooks"] = json!([hook]);
    validating
}

#[test]
fn without_an_answer_fail_refuses_and_ignore_lets_pass() {
    let server = server();
    server.run(async {
        for (name, policy) in [("down-fail", "Fail"), ("down-ignore", "Ignore")] {
            server.namespace(name).await.unwrap();
            let path = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";
            server.put(path, &nobody(name, policy)).await.unwrap();
        }
        let create = |namespace: &'static str| async move {
            let path = format!("/api/v1/namespaces/{namespace}/configmaps?dryRun=All");
            server.ask("POST", &path, Some(&config_map("a", "fine"))).await
        };
        server.eventually("the refusal", || async { Ok(!create("down-fail").await?.is_accepted()) }).await.unwrap();
        let refused = create("down-fail").await.unwrap();
        assert!(refused.message().contains("failed calling webhook"), "{refused:?}");
        assert!(create("down-ignore").await.unwrap().is_accepted());
    });
}
