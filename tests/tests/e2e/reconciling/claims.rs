//! Claims and XRs become real.

use serde_json::{Value, json};

use super::fixtures::{Platform, config_map};
use super::harness::{Harness, condition, says, shared};

const DEFINITIONS: &str = "/apis/apiextensions.crossplane.io/v1/compositeresourcedefinitions";
const COMPOSITIONS: &str = "/apis/apiextensions.crossplane.io/v1/compositions";

/// A platform in a namespace that is called as its group begins.
pub(super) async fn install(harness: &Harness, platform: &Platform, resources: &[Value]) -> anyhow::Result<String> {
    let namespace = platform.group.split('.').next().unwrap_or_default().to_owned();
    harness.namespace(&namespace).await?;
    harness.put(DEFINITIONS, &platform.definition()).await?;
    harness.put(COMPOSITIONS, &platform.composition(resources)).await?;
    Ok(namespace)
}

pub(super) fn is_ready(object: &Value) -> bool {
    says(object, "Ready", "True", "Available") && says(object, "Synced", "True", "ReconcileSuccess")
}

/// The objects that an XR composed, by composition-resource name.
pub(super) async fn composed(
    harness: &Harness,
    namespace: &str,
) -> anyhow::Result<std::collections::BTreeMap<String, Value>> {
    let path = format!("/api/v1/namespaces/{namespace}/configmaps?labelSelector=crossplane.io/composite");
    let all = harness.list(&path).await?.into_values();
    let name = |object: &Value| object["metadata"]["annotations"]["crossplane.io/composition-resource-name"].clone();
    Ok(all.map(|object| (name(&object).as_str().unwrap_or_default().to_owned(), object)).collect())
}

#[test]
fn a_claim_becomes_real_changes_and_goes() {
    let harness = shared();
    let platform = Platform { group: "claims.example", scope: "LegacyCluster" };
    harness
        .run(async {
            let namespace =
                install(harness, &platform, &[config_map("one", "claims"), config_map("two", "claims")]).await?;
            let claim = platform.object("App", "shop", &json!({"size": 3}));
            harness.put(&platform.claims(&namespace), &claim).await?;
            let path = format!("{}/shop", platform.claims(&namespace));
            let ready = harness.until(&path, is_ready).await?;
            assert_eq!(ready["status"]["value"], "3");
            let name = ready["spec"]["resourceRef"]["name"].as_str().unwrap_or_default().to_owned();
            assert!(name.starts_with("shop-"), "{name}");
            let xr = harness.until(&format!("{}/{name}", platform.composites("")), is_ready).await?;
            assert_eq!(xr["spec"]["resourceRefs"].as_array().map(Vec::len), Some(2));
            assert_eq!(xr["spec"]["claimRef"]["name"], "shop");
            let made = composed(harness, &namespace).await?;
            assert_eq!(made["one"]["data"], json!({"name": "one", "size": "3"}));
            assert_eq!(made["one"]["metadata"]["ownerReferences"][0]["uid"], xr["metadata"]["uid"]);
            assert_eq!(made["one"]["metadata"]["labels"]["crossplane.io/claim-name"], "shop");

            harness.patch(&path, &json!({"spec": {"size": 4}})).await?;
            harness.until(&path, |claim| claim["status"]["value"] == "4").await?;
            assert_eq!(composed(harness, &namespace).await?["two"]["data"]["size"], "4");

            harness.delete(&path).await?;
            harness.gone(&path).await?;
            harness.gone(&format!("{}/{name}", platform.composites(""))).await?;
            harness
                .eventually("the end of what was composed", || async {
                    Ok(composed(harness, &namespace).await?.is_empty())
                })
                .await
        })
        .unwrap();
}

#[test]
fn xrs_of_crossplane_2_are_composed_in_their_namespace_and_in_the_cluster() {
    let harness = shared();
    harness
        .run(async {
            let platform = Platform { group: "namespaced.example", scope: "Namespaced" };
            // The namespace of the XR wins over the template's.
            let namespace = install(harness, &platform, &[config_map("one", "elsewhere")]).await?;
            let xr = platform.object("XApp", "shop", &json!({}));
            harness.put(&platform.composites(&namespace), &xr).await?;
            let path = format!("{}/shop", platform.composites(&namespace));
            let ready = harness.until(&path, is_ready).await?;
            assert_eq!(ready["spec"]["crossplane"]["resourceRefs"][0]["kind"], "ConfigMap");
            assert_eq!(composed(harness, &namespace).await?["one"]["data"]["size"], "1");

            let platform = Platform { group: "clustered.example", scope: "Cluster" };
            let namespace = install(harness, &platform, &[config_map("one", "clustered")]).await?;
            harness.put(&platform.composites(""), &platform.object("XApp", "shop", &json!({}))).await?;
            let ready = harness.until(&format!("{}/shop", platform.composites("")), is_ready).await?;
            assert_eq!(ready["spec"]["crossplane"]["resourceRefs"][0]["namespace"], "clustered");
            assert_eq!(composed(harness, &namespace).await?.len(), 1);
            anyhow::Ok(())
        })
        .unwrap();
}

#[test]
fn drift_is_corrected_and_what_others_set_stays() {
    let harness = shared();
    let platform = Platform { group: "drift.example", scope: "Cluster" };
    harness
        .run(async {
            let namespace = install(harness, &platform, &[config_map("one", "drift")]).await?;
            harness.put(&platform.composites(""), &platform.object("XApp", "shop", &json!({}))).await?;
            harness.until(&format!("{}/shop", platform.composites("")), is_ready).await?;
            let made = composed(harness, &namespace).await?.remove("one").unwrap_or_default();
            let path = format!(
                "/api/v1/namespaces/drift/configmaps/{}",
                made["metadata"]["name"].as_str().unwrap_or_default()
            );
            harness.patch(&path, &json!({"data": {"size": "99", "mine": "kept"}})).await?;
            let mended = harness.until(&path, |object| object["data"]["size"] == "1").await?;
            assert_eq!(mended["data"]["mine"], "kept");
            harness.delete(&path).await?;
            let back = harness.until(&path, |object| object["metadata"]["uid"] != made["metadata"]["uid"]).await?;
            assert_eq!(back["data"], json!({"name": "one", "size": "1"}));
            anyhow::Ok(())
        })
        .unwrap();
}

#[test]
fn a_changed_composition_rolls_forward_and_removes_what_it_does_not_want() {
    let harness = shared();
    let platform = Platform { group: "rolls.example", scope: "Cluster" };
    harness
        .run(async {
            let namespace =
                install(harness, &platform, &[config_map("one", "rolls"), config_map("two", "rolls")]).await?;
            for (name, policy) in [("moves", "Automatic"), ("stays", "Manual")] {
                let spec = json!({"crossplane": {"compositionUpdatePolicy": policy}});
                harness.put(&platform.composites(""), &platform.object("XApp", name, &spec)).await?;
                harness.until(&format!("{}/{name}", platform.composites("")), is_ready).await?;
            }
            let path = format!("{COMPOSITIONS}/apps.rolls.example");
            let changed = platform.composition(&[config_map("one", "rolls"), config_map("three", "rolls")]);
            harness.patch(&path, &json!({"spec": changed["spec"]})).await?;
            let references = |object: &Value| object["spec"]["crossplane"]["resourceRefs"].clone();
            harness
                .eventually("the new resource", || async {
                    Ok(composed(harness, &namespace).await?.contains_key("three"))
                })
                .await?;
            let moved = harness.until(&format!("{}/moves", platform.composites("")), is_ready).await?;
            let stayed = harness.until(&format!("{}/stays", platform.composites("")), is_ready).await?;
            assert_ne!(
                moved["spec"]["crossplane"]["compositionRevisionRef"],
                stayed["spec"]["crossplane"]["compositionRevisionRef"]
            );
            assert_eq!(
                (references(&moved).as_array().map(Vec::len), references(&stayed).as_array().map(Vec::len)),
                (Some(2), Some(2))
            );
            // Of "two" the one of the XR that stays is left, of "three" there is one.
            harness
                .eventually("the end of the old resource", || async {
                    let path = format!(
                        "/api/v1/namespaces/{namespace}/configmaps?labelSelector=crossplane.io/composite=moves"
                    );
                    Ok(harness.list(&path).await?.len() == 2)
                })
                .await
        })
        .unwrap();
}

#[test]
fn what_is_wrong_reaches_the_claim() {
    let harness = shared();
    let platform = Platform { group: "wrong.example", scope: "LegacyCluster" };
    harness
        .run(async {
            let mut bad = config_map("bad", "wrong");
            bad["base"]["data"] = json!({"not a key!": "x"});
            let namespace = install(harness, &platform, &[config_map("good", "wrong"), bad]).await?;
            harness.put(&platform.claims(&namespace), &platform.object("App", "shop", &json!({}))).await?;
            let path = format!("{}/shop", platform.claims(&namespace));
            let told = harness
                .until(&path, |claim| {
                    let message = condition(claim, "Ready").map(|it| it["message"].to_string()).unwrap_or_default();
                    message.contains("data[not a key!]: Invalid value")
                })
                .await?;
            assert!(says(&told, "Ready", "False", "Waiting"), "{told}");
            // The other resource was made all the same.
            assert!(composed(harness, &namespace).await?.contains_key("good"));
            let events = format!("/api/v1/namespaces/{namespace}/events");
            harness
                .eventually("an event at the claim", || async {
                    let all = harness.list(&events).await?;
                    Ok(all.values().any(|event| {
                        event["involvedObject"]["kind"] == "App"
                            && event["message"].to_string().contains("data[not a key!]: Invalid value")
                    }))
                })
                .await
        })
        .unwrap();
}

#[test]
fn a_paused_xr_is_left_alone_until_it_goes_on() {
    let harness = shared();
    let platform = Platform { group: "paused.example", scope: "Cluster" };
    harness
        .run(async {
            let namespace = install(harness, &platform, &[config_map("one", "paused")]).await?;
            let mut xr = platform.object("XApp", "shop", &json!({}));
            xr["metadata"]["annotations"] = json!({"crossplane.io/paused": "true"});
            harness.put(&platform.composites(""), &xr).await?;
            let path = format!("{}/shop", platform.composites(""));
            harness.until(&path, |object| says(object, "Synced", "False", "ReconcilePaused")).await?;
            assert!(composed(harness, &namespace).await?.is_empty());
            harness.patch(&path, &json!({"metadata": {"annotations": {"crossplane.io/paused": null}}})).await?;
            harness.until(&path, is_ready).await?;
            anyhow::Ok(())
        })
        .unwrap();
}
