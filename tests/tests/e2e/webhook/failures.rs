//! What happens when nobody answers.

use super::fixtures::config_map;
use super::instance::configuration;
use super::server::server;

#[test]
fn without_an_answer_fail_refuses_and_ignore_lets_pass() {
    let server = server();
    server.run(async {
        for (name, policy) in [("down-fail", "Fail"), ("down-ignore", "Ignore")] {
            server.namespace(name).await.unwrap();
            let path = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";
            let nobody = "127.0.0.1:1".parse().unwrap();
            server.put(path, &configuration(name, nobody, None, policy)).await.unwrap();
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
