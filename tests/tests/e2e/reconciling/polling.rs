//! What no watch tells of is found by looking again: Secrets are read, and never followed.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::ensure;
use serde_json::json;

use super::claims::{install, is_ready};
use super::fixtures::{Platform, config_map};
use super::harness::{Harness, says};
use super::rollouts::{bounded, is_told, until_moved, versioned};

const DEFINITIONS: &str = "/apis/apiextensions.crossplane.io/v1/compositeresourcedefinitions";
const COMPOSITIONS: &str = "/apis/apiextensions.crossplane.io/v1/compositions";
const SECRETS: &str = "/api/v1/namespaces/polled/secrets";
/// How often a Secret is deleted, and how long it may take until it came back as often. A poll each minute would take longer.
const ROUNDS: u32 = 5;
const LIMIT: Duration = Duration::from_secs(200);

/// Deletes the Secret of an XR again and again: it comes back each time, and soon.
async fn comes_back(harness: &Harness, name: &str) -> anyhow::Result<()> {
    let path = format!("{SECRETS}/{name}");
    let began = Instant::now();
    for _ in 0..ROUNDS {
        let secret = harness.until(&path, |_| true).await?;
        harness.delete(&path).await?;
        harness.until(&path, |again| again["metadata"]["uid"] != secret["metadata"]["uid"]).await?;
    }
    ensure!(began.elapsed() < LIMIT, "{ROUNDS} rounds took {:?}", began.elapsed());
    Ok(())
}

/// An XR that was updated makes room for the next when it is deleted or paused, though it never was Ready.
async fn who_leaves_makes_room(harness: &Harness) -> anyhow::Result<()> {
    let platform = Platform { group: "bounded.example", scope: "Cluster" };
    let at = |name: &str| format!("{}/{name}", platform.composites(""));
    harness.namespace("bounded").await?;
    harness.put(DEFINITIONS, &platform.definition()).await?;
    harness.put(COMPOSITIONS, &bounded(&platform, versioned("1", false))).await?;
    for name in ["a", "b", "c"] {
        harness.put(&platform.composites(""), &platform.object("XApp", name, &json!({}))).await?;
        harness.until(&at(name), |xr| says(xr, "Ready", "True", "Available")).await?;
    }
    let changed = bounded(&platform, versioned("2", true));
    let composition = format!("{COMPOSITIONS}/apps.bounded.example");
    harness.patch(&composition, &json!({"spec": changed["spec"]})).await?;
    until_moved(harness, &platform, 2, &["a"]).await?;
    harness.eventually("word of who waits", || is_told(harness, "XApp", "RolloutWaiting")).await?;
    harness.delete(&at("a")).await?;
    until_moved(harness, &platform, 2, &["b"]).await?;
    harness.patch(&at("b"), &json!({"metadata": {"annotations": {"crossplane.io/paused": "true"}}})).await?;
    until_moved(harness, &platform, 2, &["b", "c"]).await
}

#[test]
fn xrs_are_looked_at_again_as_often_as_flag_and_annotation_say_and_at_once_where_it_is_their_turn() {
    let harness = Harness::new().unwrap();
    let platform = Platform { group: "polled.example", scope: "LegacyCluster" };
    let first = harness.controller("plat-controller", &["--poll-interval=3600"]).unwrap();
    harness
        .run(async {
            let mut one = config_map("one", "polled");
            one["connectionDetails"] = json!([{"name": "user", "type": "FromValue", "value": "me"}]);
            install(&harness, &platform, &[one]).await?;
            for (name, annotations) in
                [("annotated", json!({"crossplane.io/poll-interval": "1s"})), ("plain", json!({}))]
            {
                let spec = json!({"writeConnectionSecretToRef": {"namespace": "polled", "name": name}});
                let mut xr = platform.object("XApp", name, &spec);
                xr["metadata"]["annotations"] = annotations;
                harness.put(&platform.composites(""), &xr).await?;
                harness.until(&format!("{}/{name}", platform.composites("")), is_ready).await?;
            }
            comes_back(&harness, "annotated").await?;
            who_leaves_makes_room(&harness).await?;
            ensure!(Command::new("kill").arg(first.to_string()).status()?.success());
            anyhow::Ok(())
        })
        .unwrap();
    harness.controller("plat-controller-again", &["--poll-interval=1"]).unwrap();
    harness.run(comes_back(&harness, "plain")).unwrap();
}
