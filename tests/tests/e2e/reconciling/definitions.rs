//! XRDs become CRDs, change them, and go.

use serde_json::{Value, json};

use super::fixtures::{Platform, config_map};
use super::harness::{Harness, condition, says, shared};

const CRDS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const DEFINITIONS: &str = "/apis/apiextensions.crossplane.io/v1/compositeresourcedefinitions";
const COMPOSITIONS: &str = "/apis/apiextensions.crossplane.io/v1/compositions";

fn path(platform: &Platform) -> String {
    format!("{DEFINITIONS}/xapps.{}", platform.group)
}

fn is_in_force(definition: &Value) -> bool {
    says(definition, "Established", "True", "WatchingCompositeResource")
        && says(definition, "Offered", "True", "WatchingCompositeResourceClaim")
        && condition(definition, "Established").map(|found| &found["observedGeneration"])
            == Some(&definition["metadata"]["generation"])
}

async fn crd(harness: &Harness, platform: &Platform, plural: &str) -> anyhow::Result<Value> {
    Ok(harness.ask("GET", &format!("{CRDS}/{plural}.{}", platform.group), None).await?.body)
}

fn version(name: &str, is_referenceable: bool) -> Value {
    json!({
        "name": name, "served": true, "referenceable": is_referenceable,
        "additionalPrinterColumns": [{"name": "SIZE", "type": "integer", "jsonPath": ".spec.size"}],
        "schema": {"openAPIV3Schema": {"type": "object", "properties": {
            "spec": {"type": "object", "properties": {"size": {"type": "integer"}}},
        }}},
    })
}

#[test]
fn an_xrd_becomes_kinds_that_follow_its_changes() {
    let harness = shared();
    let platform = Platform { group: "defined.example", scope: "LegacyCluster" };
    harness
        .run(async {
            let mut definition = platform.definition();
            definition["spec"]["versions"] = json!([version("v1", true)]);
            definition["spec"]["claimNames"]["shortNames"] = json!(["dap"]);
            harness.put(DEFINITIONS, &definition).await?;
            let live = harness.until(&path(&platform), is_in_force).await?;
            let kind = |kind: &str| json!({"apiVersion": "defined.example/v1", "kind": kind});
            let controllers = &live["status"]["controllers"];
            assert_eq!(controllers["compositeResourceType"], kind("XApp"));
            assert_eq!(controllers["compositeResourceClaimType"], kind("App"));
            let served = harness.ask("GET", "/apis/defined.example/v1", None).await?.body["resources"].clone();
            let named =
                |name: &str| served.as_array().and_then(|all| all.iter().find(|each| each["name"] == name)).cloned();
            let claims = named("apps").unwrap_or_default();
            assert_eq!((&claims["shortNames"], &claims["categories"]), (&json!(["dap"]), &json!(["claim"])));
            assert_eq!(claims["namespaced"], true);
            assert_eq!(named("xapps").unwrap_or_default()["categories"], json!(["composite"]));
            let columns =
                crd(harness, &platform, "apps").await?["spec"]["versions"][0]["additionalPrinterColumns"].clone();
            let columns: Vec<_> =
                columns.as_array().into_iter().flatten().filter_map(|it| it["name"].as_str()).collect();
            assert!(["SYNCED", "READY", "SIZE"].iter().all(|name| columns.contains(name)), "{columns:?}");

            let changed = json!({"spec": {"versions": [version("v1", true), version("v2", false)]}});
            harness.patch(&path(&platform), &changed).await?;
            harness.until(&path(&platform), is_in_force).await?;
            let made = crd(harness, &platform, "xapps").await?;
            assert_eq!(made["spec"]["versions"].as_array().map(Vec::len), Some(2));

            // What somebody changes by hand is changed back; then nothing is written any more.
            let at = format!("{CRDS}/xapps.defined.example");
            let mut by_hand = made["spec"]["versions"].clone();
            by_hand[1]["served"] = json!(false);
            harness.patch(&at, &json!({"spec": {"versions": by_hand}})).await?;
            harness.until(&at, |crd| crd["spec"]["versions"][1]["served"] == true).await?;
            let before = crd(harness, &platform, "xapps").await?["metadata"]["generation"].clone();
            tokio::time::sleep(std::time::Duration::from_secs(2)).await;
            assert_eq!(crd(harness, &platform, "xapps").await?["metadata"]["generation"], before);
            anyhow::Ok(())
        })
        .unwrap();
}

#[test]
fn what_would_lose_objects_is_refused_until_it_is_taken_back() {
    let harness = shared();
    let platform = Platform { group: "refused.example", scope: "LegacyCluster" };
    harness
        .run(async {
            let definition = platform.definition();
            harness.put(DEFINITIONS, &definition).await?;
            harness.until(&path(&platform), is_in_force).await?;
            let before = crd(harness, &platform, "xapps").await?["spec"].clone();
            let changes = [
                (
                    json!({"versions": [version("v2", true)]}),
                    "StoredVersionDropped",
                    "spec.versions: version v1 cannot be dropped",
                ),
                (
                    json!({"names": {"kind": "XShop", "listKind": "XShopList"}}),
                    "BreakingChange",
                    "spec.names.kind: cannot change from XApp to XShop",
                ),
                (json!({"claimNames": {"plural": "shops"}}), "BreakingChange", "spec.claimNames.plural: cannot change"),
            ];
            for (change, reason, begins) in changes {
                harness.patch(&path(&platform), &json!({"spec": change})).await?;
                let told = harness.until(&path(&platform), |live| says(live, "Synced", "False", reason)).await?;
                let message = condition(&told, "Synced").map(|found| found["message"].clone()).unwrap_or_default();
                assert!(message.as_str().is_some_and(|text| text.starts_with(begins)), "{message}");
                assert_eq!(crd(harness, &platform, "xapps").await?["spec"], before, "{reason}");
                assert!(says(&told, "Established", "True", "WatchingCompositeResource"), "{told}");
                harness.patch(&path(&platform), &json!({"spec": definition["spec"]})).await?;
                let back = |live: &Value| says(live, "Synced", "True", "ReconcileSuccess") && is_in_force(live);
                harness.until(&path(&platform), back).await?;
            }
            assert_eq!(harness.ask("GET", &format!("{CRDS}/shops.refused.example"), None).await?.code, 404);
            anyhow::Ok(())
        })
        .unwrap();
}

#[test]
fn an_invalid_xrd_says_field_and_cause() {
    let harness = shared();
    harness
        .run(async {
            let schema = Platform { group: "invalid.example", scope: "Cluster" };
            let mut definition = schema.definition();
            definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["size"]
                ["type"] = json!("number?");
            harness.put(DEFINITIONS, &definition).await?;
            let told =
                harness.until(&path(&schema), |live| says(live, "Established", "False", "InvalidDefinition")).await?;
            let message = condition(&told, "Established").map(|found| found["message"].to_string()).unwrap_or_default();
            assert!(message.contains("spec.versions") && message.contains("number?"), "{message}");

            // Only the API server knows this.
            let columns = Platform { group: "columns.example", scope: "Cluster" };
            let mut definition = columns.definition();
            definition["spec"]["versions"][0]["additionalPrinterColumns"] =
                json!([{"name": "SIZE", "type": "nonsense", "jsonPath": ".spec.size"}]);
            harness.put(DEFINITIONS, &definition).await?;
            let refused = |live: &Value| condition(live, "Established").is_some_and(|found| found["status"] == "False");
            let told = harness.until(&path(&columns), refused).await?;
            let message = condition(&told, "Established").map(|found| found["message"].to_string()).unwrap_or_default();
            assert!(message.contains("additionalPrinterColumns") && message.contains("nonsense"), "{message}");

            harness.patch(&path(&schema), &json!({"spec": schema.definition()["spec"]})).await?;
            let established = |live: &Value| says(live, "Established", "True", "WatchingCompositeResource");
            harness.until(&path(&schema), established).await?;
            harness.patch(&path(&columns), &json!({"spec": columns.definition()["spec"]})).await?;
            harness.until(&path(&columns), established).await?;
            anyhow::Ok(())
        })
        .unwrap();
}

#[test]
fn a_crd_of_somebody_else_is_left_as_it_is() {
    let harness = shared();
    let platform = Platform { group: "foreign.example", scope: "Cluster" };
    harness
        .run(async {
            let owner = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "foreign-owner"}});
            let owner = harness.put("/api/v1/namespaces", &owner).await?;
            let mut foreign =
                crate::webhook::fixtures::open_kind("foreign.example", &["v1"], "XApp", "xapps", "Cluster");
            foreign["metadata"]["ownerReferences"] = json!([{
                "apiVersion": "v1", "kind": "Namespace", "name": "foreign-owner", "uid": owner["metadata"]["uid"],
                "controller": true,
            }]);
            let foreign = harness.put(CRDS, &foreign).await?;
            harness.put(DEFINITIONS, &platform.definition()).await?;
            let told = harness
                .until(&path(&platform), |live| says(live, "Established", "False", "ControlledByAnother"))
                .await?;
            let message = condition(&told, "Established").map(|found| found["message"].to_string()).unwrap_or_default();
            assert!(message.contains("is controlled by Namespace foreign-owner"), "{message}");
            let live = crd(harness, &platform, "xapps").await?;
            assert_eq!((&live["spec"], &live["metadata"]["uid"]), (&foreign["spec"], &foreign["metadata"]["uid"]));
            // Deleted, it leaves it, too.
            harness.delete(&path(&platform)).await?;
            harness.gone(&path(&platform)).await?;
            assert_eq!(crd(harness, &platform, "xapps").await?["metadata"]["uid"], foreign["metadata"]["uid"]);
            anyhow::Ok(())
        })
        .unwrap();
}

#[test]
fn a_deleted_xrd_waits_for_its_claims() {
    let harness = shared();
    let platform = Platform { group: "ending.example", scope: "LegacyCluster" };
    harness
        .run(async {
            harness.namespace("ending").await?;
            harness.put(DEFINITIONS, &platform.definition()).await?;
            harness.put(COMPOSITIONS, &platform.composition(&[config_map("one", "ending")])).await?;
            let mut claim = platform.object("App", "shop", &json!({}));
            claim["metadata"]["finalizers"] = json!(["example.org/keep"]);
            harness.put(&platform.claims("ending"), &claim).await?;
            let at = format!("{}/shop", platform.claims("ending"));
            harness.until(&at, |claim| says(claim, "Ready", "True", "Available")).await?;
            harness.delete(&path(&platform)).await?;
            let waits = |live: &Value| says(live, "Offered", "False", "TerminatingCompositeResourceClaim");
            let told = harness.until(&path(&platform), waits).await?;
            let message = condition(&told, "Offered").map(|found| found["message"].to_string()).unwrap_or_default();
            assert!(message.contains("1 left: ending/shop"), "{message}");
            harness.until(&at, |claim| claim["metadata"]["deletionTimestamp"].is_string()).await?;
            tokio::time::sleep(std::time::Duration::from_secs(3)).await;
            for plural in ["apps", "xapps"] {
                assert!(crd(harness, &platform, plural).await?["metadata"]["deletionTimestamp"].is_null(), "{plural}");
            }
            harness.patch(&at, &json!({"metadata": {"finalizers": null}})).await?;
            for plural in ["apps", "xapps"] {
                harness.gone(&format!("{CRDS}/{plural}.ending.example")).await?;
            }
            harness.gone(&path(&platform)).await?;
            // The same kind can be defined again, and is alive.
            harness.put(DEFINITIONS, &platform.definition()).await?;
            harness.put(&platform.claims("ending"), &platform.object("App", "again", &json!({}))).await?;
            harness
                .until(&format!("{}/again", platform.claims("ending")), |claim| {
                    says(claim, "Ready", "True", "Available")
                })
                .await?;
            anyhow::Ok(())
        })
        .unwrap();
}
