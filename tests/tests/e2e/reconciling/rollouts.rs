//! Compositions become revisions, and XRs are moved to them a few at a time.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::fixtures::{Platform, config_map};
use super::harness::{Harness, condition, says, shared};

const DEFINITIONS: &str = "/apis/apiextensions.crossplane.io/v1/compositeresourcedefinitions";
const COMPOSITIONS: &str = "/apis/apiextensions.crossplane.io/v1/compositions";
const REVISIONS: &str = "/apis/apiextensions.crossplane.io/v1/compositionrevisions";

/// The revisions of a platform's Composition, by number.
async fn revisions(harness: &Harness, platform: &Platform) -> anyhow::Result<BTreeMap<i64, Value>> {
    let path = format!("{REVISIONS}?labelSelector=crossplane.io/composition-name=apps.{}", platform.group);
    let all = harness.list(&path).await?.into_values();
    Ok(all.map(|revision| (revision["spec"]["revision"].as_i64().unwrap_or_default(), revision)).collect())
}

/// Waits until the latest revision has this number, and its pipeline was looked at.
async fn latest(harness: &Harness, platform: &Platform, number: i64) -> anyhow::Result<Value> {
    harness
        .eventually(&format!("revision {number}"), || async {
            let all = revisions(harness, platform).await?;
            let last = all.last_key_value();
            Ok(last.is_some_and(|(found, last)| *found == number && condition(last, "ValidPipeline").is_some()))
        })
        .await?;
    Ok(revisions(harness, platform).await?.remove(&number).unwrap_or_default())
}

#[test]
fn each_state_of_a_composition_is_one_revision() {
    let harness = shared();
    let platform = Platform { group: "revised.example", scope: "Cluster" };
    harness
        .run(async {
            let at = format!("{COMPOSITIONS}/apps.revised.example");
            let first = platform.composition(&[config_map("one", "revised")]);
            harness.put(COMPOSITIONS, &first).await?;
            let made = latest(harness, &platform, 1).await?;
            assert!(says(&made, "ValidPipeline", "True", "ValidPipeline"), "{made}");
            let hash = made["metadata"]["labels"]["crossplane.io/composition-hash"].as_str().unwrap_or_default();
            assert_eq!(made["metadata"]["name"], format!("apps.revised.example-{}", &hash[..7]));
            assert_eq!(made["metadata"]["ownerReferences"][0]["kind"], "Composition");

            let second = platform.composition(&[config_map("two", "revised")]);
            harness.patch(&at, &json!({"spec": second["spec"]})).await?;
            latest(harness, &platform, 2).await?;
            harness.patch(&at, &json!({"spec": first["spec"]})).await?;
            let again = latest(harness, &platform, 3).await?;
            assert_eq!(again["metadata"]["uid"], made["metadata"]["uid"]);
            assert_eq!(revisions(harness, &platform).await?.keys().copied().collect::<Vec<_>>(), [2, 3]);

            // A restored backup has other owners, or none.
            let name = again["metadata"]["name"].as_str().unwrap_or_default();
            harness.patch(&format!("{REVISIONS}/{name}"), &json!({"metadata": {"ownerReferences": null}})).await?;
            harness
                .until(&format!("{REVISIONS}/{name}"), |revision| {
                    revision["metadata"]["ownerReferences"][0]["kind"] == "Composition"
                })
                .await?;
            anyhow::Ok(())
        })
        .unwrap();
}

#[test]
fn a_pipeline_waits_for_its_functions() {
    let harness = shared();
    let platform = Platform { group: "waiting.example", scope: "Cluster" };
    harness
        .run(async {
            let mut composition = platform.composition(&[config_map("one", "waiting")]);
            composition["spec"]["pipeline"][0]["functionRef"]["name"] = json!("function-of-waiting");
            harness.put(COMPOSITIONS, &composition).await?;
            let made = latest(harness, &platform, 1).await?;
            assert!(says(&made, "ValidPipeline", "False", "MissingCapabilities"), "{made}");
            let message =
                condition(&made, "ValidPipeline").map(|found| found["message"].to_string()).unwrap_or_default();
            assert!(message.contains("function-of-waiting"), "{message}");
            let function = json!({
                "apiVersion": "pkg.crossplane.io/v1", "kind": "Function", "metadata": {"name": "function-of-waiting"},
                "spec": {"package": "registry.example/function-of-waiting:v1.0.0"},
            });
            harness.put("/apis/pkg.crossplane.io/v1/functions", &function).await?;
            let name = made["metadata"]["name"].as_str().unwrap_or_default();
            harness
                .until(&format!("{REVISIONS}/{name}"), |revision| {
                    says(revision, "ValidPipeline", "True", "ValidPipeline")
                })
                .await?;
            anyhow::Ok(())
        })
        .unwrap();
}

/// A ConfigMap of this version, which is ready once somebody approved it, or at once.
pub(super) fn versioned(version: &str, waits: bool) -> Value {
    let mut template = config_map("one", "bounded");
    template["base"]["data"]["version"] = json!(version);
    if waits {
        template["readinessChecks"] =
            json!([{"type": "MatchString", "fieldPath": "data.approved", "matchString": version}]);
    }
    template
}

/// The XRs by the number of the revision that they use.
async fn moved(harness: &Harness, platform: &Platform, number: i64) -> anyhow::Result<Vec<String>> {
    let name = revisions(harness, platform).await?.remove(&number).unwrap_or_default()["metadata"]["name"].clone();
    let all = harness.list(&platform.composites("")).await?.into_values();
    let uses = |xr: &Value| xr["spec"]["crossplane"]["compositionRevisionRef"]["name"] == name;
    Ok(all.filter(uses).filter_map(|xr| xr["metadata"]["name"].as_str().map(str::to_owned)).collect())
}

/// Waits until these XRs are at a revision, and no others.
pub(super) async fn until_moved(
    harness: &Harness,
    platform: &Platform,
    number: i64,
    names: &[&str],
) -> anyhow::Result<()> {
    let what = format!("{names:?} at revision {number}");
    harness.eventually(&what, || async { Ok(moved(harness, platform, number).await? == names) }).await
}

/// Approves the ConfigMap of an XR.
async fn approve(harness: &Harness, xr: &str, version: &str) -> anyhow::Result<()> {
    let path = "/api/v1/namespaces/bounded/configmaps";
    let all = harness.list(&format!("{path}?labelSelector=crossplane.io/composite={xr}")).await?;
    for made in all.values() {
        let name = made["metadata"]["name"].as_str().unwrap_or_default();
        harness.patch(&format!("{path}/{name}"), &json!({"data": {"approved": version}})).await?;
    }
    Ok(())
}

/// Whether an Event with this reason stands at a kind.
pub(super) async fn is_told(harness: &Harness, kind: &str, reason: &str) -> anyhow::Result<bool> {
    let all = harness.list("/api/v1/events").await?;
    let group = |event: &Value| {
        event["involvedObject"]["name"].as_str().is_some_and(|name| name.contains("bounded") || name.len() == 1)
    };
    Ok(all.values().any(|event| event["involvedObject"]["kind"] == kind && event["reason"] == reason && group(event)))
}

/// The Composition of such a ConfigMap, without anything that takes it for ready because it is there.
pub(super) fn bounded(platform: &Platform, template: Value) -> Value {
    let mut composition = platform.composition(&[template]);
    composition["metadata"]["annotations"] = json!({"kubectl-plat.dev/rollout-max-updating": "1"});
    if let Some(steps) = composition["spec"]["pipeline"].as_array_mut() {
        steps.truncate(1);
    }
    composition
}

#[test]
fn a_rollout_is_bounded_goes_on_and_stops() {
    let harness = shared();
    let platform = Platform { group: "bounded.example", scope: "Cluster" };
    harness
        .run(async {
            harness.namespace("bounded").await?;
            harness.put(DEFINITIONS, &platform.definition()).await?;
            let at = format!("{COMPOSITIONS}/apps.bounded.example");
            let composition = bounded(&platform, versioned("1", false));
            harness.put(COMPOSITIONS, &composition).await?;
            for name in ["a", "b", "c"] {
                harness.put(&platform.composites(""), &platform.object("XApp", name, &json!({}))).await?;
                harness
                    .until(&format!("{}/{name}", platform.composites("")), |xr| says(xr, "Ready", "True", "Available"))
                    .await?;
            }
            let change = async |template: Value| {
                harness.patch(&at, &json!({"spec": bounded(&platform, template)["spec"]})).await
            };
            // One moves, and as long as it is not ready nobody else does.
            change(versioned("2", true)).await?;
            until_moved(harness, &platform, 2, &["a"]).await?;
            harness.eventually("word of who waits", || is_told(harness, "XApp", "RolloutWaiting")).await?;
            tokio::time::sleep(std::time::Duration::from_secs(2)).await;
            until_moved(harness, &platform, 2, &["a"]).await?;
            approve(harness, "a", "2").await?;
            until_moved(harness, &platform, 2, &["a", "b"]).await?;
            approve(harness, "b", "2").await?;
            until_moved(harness, &platform, 2, &["a", "b", "c"]).await?;
            approve(harness, "c", "2").await?;
            harness
                .until(&format!("{}/c", platform.composites("")), |xr| says(xr, "Ready", "True", "Available"))
                .await?;

            // What cannot be composed stops at the first.
            let mut broken = versioned("3", false);
            broken["base"]["data"]["not a key!"] = json!("x");
            change(broken).await?;
            until_moved(harness, &platform, 3, &["a"]).await?;
            harness.eventually("word that it stopped", || is_told(harness, "Composition", "RolloutStopped")).await?;
            assert_eq!(moved(harness, &platform, 2).await?, ["b", "c"]);
            let kept = harness.until(&format!("{}/b", platform.composites("")), |_| true).await?;
            assert!(
                says(&kept, "Ready", "True", "Available") && says(&kept, "Synced", "True", "ReconcileSuccess"),
                "{kept}"
            );

            // Mended, it goes through.
            change(versioned("4", false)).await?;
            until_moved(harness, &platform, 4, &["a", "b", "c"]).await
        })
        .unwrap();
}
