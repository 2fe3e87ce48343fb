//! XRs that are composed of XRs: up to Ready, changed, deleted, and what is wrong at the bottom is told at the top.

use serde_json::{Value, json};

use super::claims::{composed, install, is_ready};
use super::fixtures::{Platform, config_map};
use super::harness::{Harness, condition, shared};

const DEFINITIONS: &str = "/apis/apiextensions.crossplane.io/v1/compositeresourcedefinitions";
const COMPOSITIONS: &str = "/apis/apiextensions.crossplane.io/v1/compositions";

/// A template of an XR of another platform, with the size of the XR that it is composed by.
fn nested(name: &str, platform: &Platform) -> Value {
    json!({
        "name": name,
        "base": {"apiVersion": format!("{}/v1", platform.group), "kind": "XApp"},
        "patches": [
            {"type": "FromCompositeFieldPath", "fromFieldPath": "spec.size", "toFieldPath": "spec.size"},
            {"type": "ToCompositeFieldPath", "fromFieldPath": "status.value", "toFieldPath": "status.value"},
        ],
    })
}

/// A platform without a Namespace of its own.
async fn add(harness: &Harness, platform: &Platform, resources: &[Value]) -> anyhow::Result<()> {
    harness.put(DEFINITIONS, &platform.definition()).await?;
    harness.put(COMPOSITIONS, &platform.composition(resources)).await.map(|_| ())
}

/// The only XR in this place.
async fn only(harness: &Harness, path: &str) -> anyhow::Result<Value> {
    harness.eventually(path, || async { Ok(harness.list(path).await?.len() == 1) }).await?;
    Ok(harness.list(path).await?.into_values().next().unwrap_or_default())
}

fn message<'a>(object: &'a Value, kind: &str) -> &'a str {
    condition(object, kind).and_then(|it| it["message"].as_str()).unwrap_or_default()
}

#[test]
fn a_claim_over_three_levels_becomes_real_is_told_what_is_wrong_at_the_bottom_and_goes() {
    let harness = shared();
    let outer = Platform { group: "outermost.example", scope: "LegacyCluster" };
    let middle = Platform { group: "middle.example", scope: "LegacyCluster" };
    let inner = Platform { group: "innermost.example", scope: "Cluster" };
    harness
        .run(async {
            add(harness, &inner, &[config_map("leaf", "outermost")]).await?;
            add(harness, &middle, &[nested("innermost", &inner)]).await?;
            let namespace = install(harness, &outer, &[nested("middle", &middle)]).await?;
            harness.put(&outer.claims(&namespace), &outer.object("App", "shop", &json!({"size": 3}))).await?;
            let claim = format!("{}/shop", outer.claims(&namespace));
            let ready = harness.until(&claim, |claim| is_ready(claim) && claim["status"]["value"] == "3").await?;
            let root = ready["spec"]["resourceRef"]["name"].as_str().unwrap_or_default().to_owned();
            let lowest = only(harness, &inner.composites("")).await?;
            let at_middle = only(harness, &middle.composites("")).await?;
            // All levels have the name of the outermost, and its claim's.
            let leaf = composed(harness, &namespace).await?["leaf"].clone();
            for object in [&at_middle, &lowest, &leaf] {
                let labels = &object["metadata"]["labels"];
                assert_eq!(labels["crossplane.io/composite"], root.as_str(), "{object}");
                assert_eq!(labels["crossplane.io/claim-name"], "shop", "{object}");
            }
            assert_eq!(leaf["metadata"]["ownerReferences"][0]["uid"], lowest["metadata"]["uid"]);
            assert_eq!(lowest["metadata"]["ownerReferences"][0]["uid"], at_middle["metadata"]["uid"]);

            harness.patch(&claim, &json!({"spec": {"size": 4}})).await?;
            harness.until(&claim, |claim| is_ready(claim) && claim["status"]["value"] == "4").await?;
            assert_eq!(composed(harness, &namespace).await?["leaf"]["data"]["size"], "4");

            // What the API server does not take at the bottom is told at the top: which resource, which field, why.
            let mut bad = config_map("leaf", "outermost");
            bad["base"]["data"]["not a key!"] = json!("x");
            let composition = format!("{COMPOSITIONS}/apps.innermost.example");
            harness.patch(&composition, &json!({"spec": inner.composition(&[bad])["spec"]})).await?;
            let told = harness.until(&claim, |claim| message(claim, "Ready").contains("not a key!")).await?;
            for part in
                ["resource \"middle\" (XApp ", "resource \"innermost\" (XApp ", "Unsynced resources: leaf", "data["]
            {
                assert!(message(&told, "Ready").contains(part), "{part}: {told}");
            }
            let events = format!("/api/v1/namespaces/{namespace}/events");
            harness
                .eventually("an event at the claim", || async {
                    let all = harness.list(&events).await?;
                    Ok(all.values().any(|event| {
                        event["involvedObject"]["kind"] == "App" && event["message"].to_string().contains("not a key!")
                    }))
                })
                .await?;
            let good = inner.composition(&[config_map("leaf", "outermost")]);
            harness.patch(&composition, &json!({"spec": good["spec"]})).await?;
            harness.until(&claim, |claim| is_ready(claim) && message(claim, "Ready").is_empty()).await?;

            harness.delete(&claim).await?;
            for path in [
                claim.clone(),
                format!("{}/{root}", outer.composites("")),
                format!("{}/{}", middle.composites(""), at_middle["metadata"]["name"].as_str().unwrap_or_default()),
                format!("{}/{}", inner.composites(""), lowest["metadata"]["name"].as_str().unwrap_or_default()),
            ] {
                harness.gone(&path).await?;
            }
            harness
                .eventually("the end of the leaf", || async { Ok(composed(harness, &namespace).await?.is_empty()) })
                .await
        })
        .unwrap();
}

#[test]
fn what_a_composed_resource_says_of_itself_reaches_the_claim_though_no_xr_changes() {
    let harness = shared();
    let outer = Platform { group: "listening.example", scope: "LegacyCluster" };
    let inner = Platform { group: "speaking.example", scope: "Cluster" };
    harness
        .run(async {
            // An XR that fails by itself, in place of a provider's resource.
            let provided = Platform { group: "provided.example", scope: "Cluster" };
            harness.put(DEFINITIONS, &provided.definition()).await?;
            add(harness, &inner, &[nested("bucket", &provided)]).await?;
            let namespace = install(harness, &outer, &[nested("inner", &inner)]).await?;
            harness.put(&outer.claims(&namespace), &outer.object("App", "shop", &json!({}))).await?;
            let claim = format!("{}/shop", outer.claims(&namespace));
            let told =
                harness.until(&claim, |claim| message(claim, "Ready").contains("cannot select Composition")).await?;
            for part in ["resource \"inner\" (XApp ", "resource \"bucket\" (XApp "] {
                assert!(message(&told, "Ready").contains(part), "{part}: {told}");
            }
            let composition = provided.composition(&[config_map("leaf", "listening")]);
            harness.put(COMPOSITIONS, &composition).await?;
            harness.until(&claim, |claim| is_ready(claim) && message(claim, "Ready").is_empty()).await?;
            anyhow::Ok(())
        })
        .unwrap();
}

#[test]
fn namespaced_xrs_are_composed_of_namespaced_xrs() {
    let harness = shared();
    let outer = Platform { group: "outer-team.example", scope: "Namespaced" };
    let inner = Platform { group: "inner-team.example", scope: "Namespaced" };
    harness
        .run(async {
            add(harness, &inner, &[config_map("leaf", "elsewhere")]).await?;
            let namespace = install(harness, &outer, &[nested("inner", &inner)]).await?;
            let xr = outer.object("XApp", "shop", &json!({"size": 2}));
            harness.put(&outer.composites(&namespace), &xr).await?;
            let path = format!("{}/shop", outer.composites(&namespace));
            harness.until(&path, |xr| is_ready(xr) && xr["status"]["value"] == "2").await?;
            let below = only(harness, &inner.composites(&namespace)).await?;
            let leaf = composed(harness, &namespace).await?["leaf"].clone();
            assert_eq!(leaf["metadata"]["ownerReferences"][0]["uid"], below["metadata"]["uid"]);
            assert_eq!(leaf["metadata"]["labels"]["crossplane.io/composite"], "shop");

            harness.patch(&path, &json!({"spec": {"size": 5}})).await?;
            harness.until(&path, |xr| is_ready(xr) && xr["status"]["value"] == "5").await?;

            // In the foreground what is composed goes first, level by level.
            let name = leaf["metadata"]["name"].as_str().unwrap_or_default();
            let leaf = format!("/api/v1/namespaces/{namespace}/configmaps/{name}");
            harness.patch(&leaf, &json!({"metadata": {"finalizers": ["example.org/held"]}})).await?;
            harness.delete(&format!("{path}?propagationPolicy=Foreground")).await?;
            let going = |object: &Value| object["metadata"]["deletionTimestamp"].is_string();
            harness.until(&leaf, going).await?;
            let below =
                format!("{}/{}", inner.composites(&namespace), below["metadata"]["name"].as_str().unwrap_or_default());
            harness.until(&below, going).await?;
            harness.until(&path, going).await?;
            harness.patch(&leaf, &json!({"metadata": {"finalizers": null}})).await?;
            for path in [leaf, below, path] {
                harness.gone(&path).await?;
            }
            anyhow::Ok(())
        })
        .unwrap();
}
