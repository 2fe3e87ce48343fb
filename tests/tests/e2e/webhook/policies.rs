//! Policies that come, change, break and go.

use serde_json::json;

use super::fixtures::{config_map, constraint};
use super::server::server;

const TEMPLATES: &str = "/apis/templates.gatekeeper.sh/v1/constrainttemplates";
const LABELS: &str = "/apis/constraints.gatekeeper.sh/v1beta1/k8sforbiddenlabel";

#[test]
fn a_constraint_that_changes_is_obeyed_as_it_is() {
    let server = server();
    server.run(async {
        server.namespace("changing").await.unwrap();
        let spec = |label: &str| json!({"match": {"namespaces": ["changing"]}, "parameters": {"label": label}});
        server.put(LABELS, &constraint("K8sForbiddenLabel", "changing", &spec("one"))).await.unwrap();
        let denied = |label: &'static str| async move {
            let path = "/api/v1/namespaces/changing/configmaps?dryRun=All";
            Ok(server.ask("POST", path, Some(&config_map("a", label))).await?.code == 403)
        };
        server.eventually("the first label", || denied("one")).await.unwrap();
        assert!(!denied("two").await.unwrap());
        let change = json!({"spec": spec("two")});
        assert!(server.ask("PATCH", &format!("{LABELS}/changing"), Some(&change)).await.unwrap().is_accepted());
        server.eventually("the second label", || denied("two")).await.unwrap();
        assert!(!denied("one").await.unwrap());
        assert!(server.ask("DELETE", &format!("{LABELS}/changing"), None).await.unwrap().is_accepted());
        server.eventually("its end", || async { Ok(!denied("two").await?) }).await.unwrap();
    });
}

/// A template by whose version every object with the label is refused.
fn versioned(version: &str, end: &str) -> serde_json::Value {
    let rego = format!(
        "package k8sversioned\nviolation[{{\"msg\": msg}}] {{\n  input.review.object.metadata.labels.versioned\n  msg := \"version {version}\"{end}\n}}"
    );
    json!({"spec": {"targets": [{"target": "admission.k8s.gatekeeper.sh", "rego": rego}]}})
}

#[test]
fn a_template_that_breaks_while_it_changes_stays_as_it_was_and_says_where() {
    let server = server();
    server.run(async {
        server.namespace("versioned").await.unwrap();
        let mut template = versioned("first", "");
        template["apiVersion"] = json!("templates.gatekeeper.sh/v1");
        template["kind"] = json!("ConstraintTemplate");
        template["metadata"] = json!({"name": "k8sversioned"});
        template["spec"]["crd"] = json!({"spec": {"names": {"kind": "K8sVersioned"}}});
        server.put(TEMPLATES, &template).await.unwrap();
        let only = json!({"match": {"namespaces": ["versioned"]}});
        let path = "/apis/constraints.gatekeeper.sh/v1beta1/k8sversioned";
        server.put(path, &constraint("K8sVersioned", "versioned", &only)).await.unwrap();
        let told = || async {
            let path = "/api/v1/namespaces/versioned/configmaps?dryRun=All";
            let answer = server.ask("POST", path, Some(&config_map("a", "versioned"))).await?;
            Ok::<_, anyhow::Error>((answer.code, answer.message().to_owned()))
        };
        let says = |version: &'static str| async move { Ok(told().await?.1.contains(version)) };
        server.eventually("the template", || says("version first")).await.unwrap();
        let path = format!("{TEMPLATES}/k8sversioned");
        // From here on it must never let pass, however it changes.
        for number in 0..20 {
            let change = versioned(&number.to_string(), "");
            assert!(server.ask("PATCH", &path, Some(&change)).await.unwrap().is_accepted());
            let (code, message) = told().await.unwrap();
            assert!(code == 403 && message.contains("[versioned] version "), "{code} {message}");
        }
        server.eventually("the last version", || says("version 19")).await.unwrap();
        let broken = versioned("broken", " )");
        assert_eq!(server.ask("PATCH", &path, Some(&broken)).await.unwrap().code, 422);
        assert!(server.ask_unjudged("PATCH", &path, &broken).await.unwrap().is_accepted());
        let errors = || async {
            let status = server.ask("GET", &path, None).await?.body["status"].clone();
            Ok::<_, anyhow::Error>(status["byPod"][0]["errors"].clone())
        };
        server.eventually("the error", || async { Ok(!errors().await?.is_null()) }).await.unwrap();
        let found = errors().await.unwrap();
        assert_eq!(found[0]["location"], "spec.targets[0].rego:4:27", "{found}");
        assert!(found[0]["message"].as_str().unwrap().ends_with("line 4, column 27 of rego"), "{found}");
        let (code, message) = told().await.unwrap();
        assert!(code == 403 && message.contains("version 19"), "the last good one: {code} {message}");
        assert!(server.ask("PATCH", &path, Some(&versioned("mended", ""))).await.unwrap().is_accepted());
        server.eventually("the mended one", || says("version mended")).await.unwrap();
        server.eventually("the end of the error", || async { Ok(errors().await?.is_null()) }).await.unwrap();
    });
}

#[test]
fn what_does_not_load_is_refused_where_it_is_written() {
    let server = server();
    server.run(async {
        let mut template = super::fixtures::forbidden_label();
        template["metadata"]["name"] = json!("k8sbroken");
        template["spec"]["crd"]["spec"]["names"]["kind"] = json!("K8sBroken");
        template["spec"]["targets"][0]["rego"] = json!("package k8sbroken\nviolation[{\"msg\": msg}] { msg := ) }");
        let refused = server.ask("POST", TEMPLATES, Some(&template)).await.unwrap();
        assert_eq!(refused.code, 422, "{refused:?}");
        assert!(refused.message().contains("spec.targets[0]"), "{refused:?}");
        let wrong = constraint(
            "K8sForbiddenLabel",
            "wrong",
            &json!({"match": {"labelSelector": {"matchExpressions": [{"key": "a", "operator": "Is"}]}}}),
        );
        let refused = server.ask("POST", LABELS, Some(&wrong)).await.unwrap();
        assert_eq!(refused.code, 422, "{refused:?}");
        let [_, mut composition] = super::fixtures::platform();
        composition["metadata"]["name"] = json!("broken");
        composition["spec"]["pipeline"][0]["input"]["resources"][0]["patches"][0]["type"] = json!("FromNowhere");
        let path = "/apis/apiextensions.crossplane.io/v1/compositions";
        let refused = server.ask("POST", path, Some(&composition)).await.unwrap();
        assert!(refused.code == 422 && refused.message().contains("FromNowhere"), "{refused:?}");
    });
}

#[test]
fn templates_say_what_became_of_them_and_get_their_kind() {
    let server = server();
    server.run(async {
        let path = format!("{TEMPLATES}/k8sforbiddenlabel");
        let read = || server.ask("GET", &path, None);
        server
            .eventually("the status of a template", || async {
                let template = read().await?.body;
                Ok(template["status"]["created"] == json!(true)
                    && template["status"]["byPod"][0]["observedGeneration"] == json!(1))
            })
            .await
            .unwrap();
        let kind =
            "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/k8sforbiddenlabel.constraints.gatekeeper.sh";
        let kind = server.ask("GET", kind, None).await.unwrap().body;
        assert_eq!(kind["metadata"]["labels"]["gatekeeper.sh/constraint"], "yes", "{kind}");
    });
}

#[test]
fn the_audit_writes_reports_and_the_status_of_constraints_and_takes_them_back() {
    let server = server();
    server.run(async {
        server.namespace("audited").await.unwrap();
        let path = "/api/v1/namespaces/audited/configmaps";
        server.put(path, &config_map("a", "stale")).await.unwrap();
        let object = server.ask("GET", &format!("{path}/a"), None).await.unwrap().body;
        let uid = object["metadata"]["uid"].as_str().unwrap();
        let spec = json!({
            "enforcementAction": "dryrun", "match": {"namespaces": ["audited"]}, "parameters": {"label": "stale"},
        });
        server.put(LABELS, &constraint("K8sForbiddenLabel", "audited", &spec)).await.unwrap();
        let report = format!("/apis/openreports.io/v1alpha1/namespaces/audited/reports/{uid}");
        server
            .eventually("the report", || async { Ok(server.ask("GET", &report, None).await?.is_accepted()) })
            .await
            .unwrap();
        let found = server.ask("GET", &report, None).await.unwrap().body;
        assert_eq!(found["summary"]["warn"], 1, "{found}");
        assert_eq!(found["metadata"]["ownerReferences"][0]["uid"], uid);
        assert_eq!(found["results"][0]["rule"], "audited");
        let status = || async {
            Ok::<_, anyhow::Error>(server.ask("GET", &format!("{LABELS}/audited"), None).await?.body["status"].clone())
        };
        server.eventually("the status", || async { Ok(status().await?["totalViolations"] == json!(1)) }).await.unwrap();
        let violation = &status().await.unwrap()["violations"][0];
        assert_eq!((&violation["name"], &violation["enforcementAction"]), (&json!("a"), &json!("dryrun")));
        let version = found["metadata"]["resourceVersion"].clone();
        let audited = status().await.unwrap()["auditTimestamp"].clone();
        server
            .eventually("another audit", || async { Ok(status().await?["auditTimestamp"] != audited) })
            .await
            .unwrap();
        let again = server.ask("GET", &report, None).await.unwrap().body;
        assert_eq!(again["metadata"]["resourceVersion"], version, "what is the same is not written again");
        let mended = json!({"metadata": {"labels": {"stale": null}}});
        assert!(server.ask("PATCH", &format!("{path}/a"), Some(&mended)).await.unwrap().is_accepted());
        server
            .eventually("the end of the report", || async { Ok(server.ask("GET", &report, None).await?.code == 404) })
            .await
            .unwrap();
        server
            .eventually("the end of the violation", || async { Ok(status().await?["totalViolations"] == json!(0)) })
            .await
            .unwrap();
        assert!(status().await.unwrap().get("violations").is_none());
    });
}
