//! What becomes of XRs and of what they compose when somebody is done with them.

use serde_json::{Value, json};

use super::claims::{composed, install, is_ready};
use super::fixtures::{Platform, config_map};
use super::harness::{Harness, shared};
use crate::webhook::fixtures::open_kind;

const DEFINITIONS: &str = "/apis/apiextensions.crossplane.io/v1/compositeresourcedefinitions";

fn is_going(object: &Value) -> bool {
    object["metadata"]["deletionTimestamp"].is_string()
}

/// A claim that is Ready and whose ConfigMap is held by a finalizer: their paths and the XR's.
async fn held(harness: &Harness, platform: &Platform, name: &str, spec: &Value) -> anyhow::Result<[String; 3]> {
    let namespace = platform.group.split('.').next().unwrap_or_default();
    harness.put(&platform.claims(namespace), &platform.object("App", name, spec)).await?;
    let claim = format!("{}/{name}", platform.claims(namespace));
    let ready = harness.until(&claim, is_ready).await?;
    let xr = ready["spec"]["resourceRef"]["name"].as_str().unwrap_or_default();
    let maps = format!("/api/v1/namespaces/{namespace}/configmaps");
    let made = harness.list(&format!("{maps}?labelSelector=crossplane.io/composite={xr}")).await?;
    let map = made.values().next().cloned().unwrap_or_default();
    let map = format!("{maps}/{}", map["metadata"]["name"].as_str().unwrap_or_default());
    harness.patch(&map, &json!({"metadata": {"finalizers": ["example.org/held"]}})).await?;
    Ok([claim, format!("{}/{xr}", platform.composites("")), map])
}

async fn release(harness: &Harness, path: &str) -> anyhow::Result<()> {
    harness.patch(path, &json!({"metadata": {"finalizers": null}})).await.map(|_| ())
}

#[test]
fn a_claim_waits_for_what_it_was_made_of_where_its_policy_says_foreground() {
    let harness = shared();
    let platform = Platform { group: "foreground.example", scope: "LegacyCluster" };
    harness
        .run(async {
            let namespace = install(harness, &platform, &[config_map("one", "foreground")]).await?;
            let [claim, xr, map] =
                held(harness, &platform, "waits", &json!({"compositeDeletePolicy": "Foreground"})).await?;
            harness.delete(&claim).await?;
            harness.until(&map, is_going).await?;
            let waiting = harness.until(&xr, is_going).await?;
            assert_eq!(waiting["metadata"]["finalizers"], json!(["foregroundDeletion"]), "{waiting}");
            harness.until(&claim, is_going).await?;
            release(harness, &map).await?;
            for path in [&map, &xr, &claim] {
                harness.gone(path).await?;
            }

            // In the background the claim and the XR go first.
            let [claim, xr, map] =
                held(harness, &platform, "goes", &json!({"compositeDeletePolicy": "Background"})).await?;
            harness.delete(&claim).await?;
            for path in [&claim, &xr] {
                harness.gone(path).await?;
            }
            harness.until(&map, is_going).await?;
            release(harness, &map).await?;
            harness.gone(&map).await?;

            // The XRD says which it is for claims that do not.
            let definition = format!("{DEFINITIONS}/xapps.foreground.example");
            harness.patch(&definition, &json!({"spec": {"defaultCompositeDeletePolicy": "Foreground"}})).await?;
            let probe = platform.object("App", "probe", &json!({}));
            harness
                .eventually("the default", || async {
                    let path = format!("{}?dryRun=All", platform.claims(&namespace));
                    let answer = harness.ask("POST", &path, Some(&probe)).await?;
                    Ok(answer.body["spec"]["compositeDeletePolicy"] == "Foreground")
                })
                .await?;
            let [claim, xr, map] = held(harness, &platform, "default", &json!({})).await?;
            harness.delete(&claim).await?;
            harness.until(&map, is_going).await?;
            harness.until(&xr, is_going).await?;
            harness.until(&claim, is_going).await?;
            release(harness, &map).await?;
            for path in [&map, &xr, &claim] {
                harness.gone(path).await?;
            }
            anyhow::Ok(())
        })
        .unwrap();
}

#[test]
fn policies_of_composed_resources_are_theirs_and_their_providers() {
    let harness = shared();
    let platform = Platform { group: "managed.example", scope: "Cluster" };
    let crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    harness
        .run(async {
            harness.put(crds, &open_kind("managed.example", &["v1"], "Disk", "disks", "Cluster")).await?;
            let verbs = json!(["get", "list", "watch", "create", "patch", "delete"]);
            let right = json!([{"apiGroups": ["managed.example"], "resources": ["disks"], "verbs": verbs}]);
            harness.allow("disks", &right).await?;
            let disk = |policies: &Value| {
                json!({
                    "name": "disk",
                    "base": {"apiVersion": "managed.example/v1", "kind": "Disk", "spec": {
                        "deletionPolicy": "Orphan", "managementPolicies": policies, "forProvider": {},
                    }},
                    "patches": [{"type": "FromCompositeFieldPath", "fromFieldPath": "spec.size",
                        "toFieldPath": "spec.forProvider.size"}],
                    "readinessChecks": [{"type": "None"}],
                })
            };
            let namespace = install(harness, &platform, &[disk(&json!(["Observe", "Create"]))]).await?;
            harness.put(&platform.composites(""), &platform.object("XApp", "shop", &json!({"size": 2}))).await?;
            let xr = format!("{}/shop", platform.composites(""));
            let ready = harness.until(&xr, is_ready).await?;
            let name = ready["spec"]["crossplane"]["resourceRefs"][0]["name"].as_str().unwrap_or_default();
            let disk_at = format!("/apis/managed.example/v1/disks/{name}");
            let made = harness.until(&disk_at, |disk| disk["spec"]["forProvider"]["size"] == 2).await?;
            assert_eq!(made["spec"]["deletionPolicy"], "Orphan");
            assert_eq!(made["spec"]["managementPolicies"], json!(["Observe", "Create"]));
            // A policy keeps its provider from acting, not plat from saying what is wished.
            harness.patch(&xr, &json!({"spec": {"size": 3}})).await?;
            harness.until(&disk_at, |disk| disk["spec"]["forProvider"]["size"] == 3).await?;
            let changed = platform.composition(&[disk(&json!(["*"]))]);
            let composition = "/apis/apiextensions.crossplane.io/v1/compositions/apps.managed.example";
            harness.patch(composition, &json!({"spec": changed["spec"]})).await?;
            harness.until(&disk_at, |disk| disk["spec"]["managementPolicies"] == json!(["*"])).await?;
            // The object goes with its XR: what it orphans is outside of the cluster.
            harness.delete(&xr).await?;
            harness.gone(&xr).await?;
            harness.gone(&disk_at).await?;
            assert!(composed(harness, &namespace).await?.is_empty());
            anyhow::Ok(())
        })
        .unwrap();
}
