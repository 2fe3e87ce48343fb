//! The manifest of the installation, and what its account may and may not do.

use kube::config::{KubeConfigOptions, Kubeconfig};
use plat_resource::object;
use serde_json::{Value, json};

use super::server::{Server, server};
use crate::account;

const USER: &str = "system:serviceaccount:plat-system:plat";

#[test]
fn every_object_of_the_manifest_is_accepted_without_a_warning() {
    let server = server();
    server.run(async {
        for mut object in account::manifest().unwrap() {
            if object["kind"].as_str().is_some_and(|kind| kind.ends_with("WebhookConfiguration")) {
                // The one of this name stands there already, by an address.
                object["metadata"]["name"] = json!("as-in-the-manifest");
            }
            let path = account::path(&object).unwrap();
            let path = format!("{path}?fieldManager=test&force=true&fieldValidation=Strict&dryRun=All");
            let answer = server.ask("PATCH", &path, Some(&object)).await.unwrap();
            assert!(answer.is_accepted() && answer.warnings.is_empty(), "{path}: {answer:?}");
        }
    });
}

#[test]
fn its_pods_satisfy_the_restricted_level() {
    let server = server();
    server.run(async {
        let objects = account::manifest().unwrap();
        let deployment = objects.iter().find(|object| object["kind"] == "Deployment").unwrap();
        let mut pod = deployment["spec"]["template"].clone();
        pod["apiVersion"] = json!("v1");
        pod["kind"] = json!("Pod");
        pod["metadata"]["name"] = json!("a");
        let path = "/api/v1/namespaces/plat-system/pods?dryRun=All&fieldValidation=Strict";
        let answer = server.ask("POST", path, Some(&pod)).await.unwrap();
        assert!(answer.is_accepted() && answer.warnings.is_empty(), "{answer:?}");
        pod["spec"]["containers"][0]["securityContext"]["allowPrivilegeEscalation"] = json!(true);
        let answer = server.ask("POST", path, Some(&pod)).await.unwrap();
        assert!(answer.message().contains("violates PodSecurity \"restricted"), "{answer:?}");
    });
}

async fn may(server: &Server, verb: &str, group: &str, resource: &str, namespace: &str) -> bool {
    let (resource, part) = resource.split_once('/').unwrap_or((resource, ""));
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
        "spec": {"user": USER, "resourceAttributes": {
            "verb": verb, "group": group, "resource": resource, "subresource": part, "namespace": namespace,
        }},
    });
    let path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
    let answer = server.ask("POST", path, Some(&review)).await.unwrap_or_else(|error| panic!("{error:#}"));
    let allowed = answer.body["status"]["allowed"].as_bool();
    allowed.unwrap_or_else(|| panic!("{path}: {}", answer.body))
}

#[test]
fn the_account_may_do_its_work_and_nothing_that_makes_it_more() {
    let server = server();
    server.run(async {
        for (verb, group, resource, namespace) in [
            ("watch", "templates.gatekeeper.sh", "constrainttemplates", ""),
            ("patch", "constraints.gatekeeper.sh", "k8sanything/status", ""),
            ("list", "", "configmaps", "a"),
            ("patch", "apiextensions.crossplane.io", "compositeresourcedefinitions/status", ""),
            ("create", "apps", "deployments", "plat-system"),
            ("update", "coordination.k8s.io", "leases", "plat-system"),
            ("get", "", "secrets", "a"),
        ] {
            assert!(may(server, verb, group, resource, namespace).await, "{verb} {resource}.{group} in {namespace:?}");
        }
        for (verb, group, resource, namespace) in [
            ("list", "", "secrets", ""),
            ("watch", "", "secrets", "plat-system"),
            ("create", "apps", "deployments", "a"),
            ("create", "", "pods", "plat-system"),
            ("update", "coordination.k8s.io", "leases", "kube-system"),
            ("get", "coordination.k8s.io", "leases", "kube-system"),
            ("create", "rbac.authorization.k8s.io", "clusterroles", ""),
            ("bind", "rbac.authorization.k8s.io", "clusterroles", ""),
            ("escalate", "rbac.authorization.k8s.io", "clusterroles", ""),
            ("create", "", "serviceaccounts/token", "plat-system"),
            ("impersonate", "", "users", ""),
            ("patch", "admissionregistration.k8s.io", "validatingwebhookconfigurations", ""),
            ("patch", "templates.gatekeeper.sh", "constrainttemplates", ""),
            ("create", "storage.acme.example", "cloudbuckets", "a"),
        ] {
            assert!(!may(server, verb, group, resource, namespace).await, "{verb} {resource}.{group} in {namespace:?}");
        }
    });
}

#[test]
fn the_webhook_runs_by_the_account() {
    let server = server();
    server.run(async {
        // What its own fields are owned by stands in the objects that it made.
        let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/k8sbucketsize.constraints.gatekeeper.sh";
        let made = server.ask("GET", path, None).await.unwrap();
        let managers = made.body["metadata"]["managedFields"].as_array().unwrap();
        assert!(managers.iter().any(|entry| entry["manager"] == "plat-webhook"), "{}", object::name(&made.body));
        let kubeconfig = Kubeconfig::read_from(server.account()).unwrap();
        let config = kube::Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
        let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
        let request = http::Request::post("/apis/authentication.k8s.io/v1/selfsubjectreviews")
            .header("Content-Type", "application/json")
            .body(serde_json::to_vec(&review).unwrap())
            .unwrap();
        let who: Value = kube::Client::try_from(config).unwrap().request(request).await.unwrap();
        assert_eq!(who["status"]["userInfo"]["username"], USER);
    });
}
