//! Others who write the same objects at the same time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::{join, join5};
use serde_json::{Value, json};

use super::instance::Instance;
use super::{all_gone, alone, claim, install, is_ready, nothing_doubled, ready, remove};
use crate::reconciling::fixtures::Platform;
use crate::reconciling::harness::{Harness, condition, says};

/// Changes an object again and again until it is told to stop; that it is not there, or not served, is no harm.
async fn keep_changing(harness: &Harness, stop: &AtomicBool, path: &str, change: impl Fn(usize) -> Value) -> usize {
    let mut count = 0;
    while !stop.load(Ordering::Relaxed) {
        let answer = harness.ask("PATCH", path, Some(&change(count))).await;
        count += usize::from(answer.is_ok_and(|answer| answer.is_accepted()));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    count
}

/// The path of the ConfigMap that an XR composed by this name.
async fn composed(harness: &Harness, namespace: &str, composite: &str, name: &str) -> anyhow::Result<String> {
    let path = format!("/api/v1/namespaces/{namespace}/configmaps");
    let selector = format!("labelSelector=crossplane.io/composite%3D{composite}");
    let all = harness.list(&format!("{path}?{selector}")).await?;
    let found = all.into_values().find(|each| each["data"]["name"] == name).unwrap_or_default();
    Ok(format!("{path}/{}", found["metadata"]["name"].as_str().unwrap_or_default()))
}

#[test]
fn whoever_writes_the_same_objects_all_the_time_neither_stops_it_nor_loses_what_is_theirs() {
    let (harness, platform) = (&*alone(), Platform { group: "contended.example", scope: "LegacyCluster" });
    harness
        .run(async {
            let controller = Instance::start(harness, "contended", None, |command| {
                command.arg("--leader-elect=false");
            })
            .await?;
            let namespace = install(harness, &platform).await?;
            let names = ["busy".to_owned(), "calm".to_owned()];
            claim(harness, &platform, &namespace, &names[..1]).await?;
            let path = format!("{}/busy", platform.claims(&namespace));
            let found = harness.until(&path, is_ready).await?;
            let name = found["spec"]["resourceRef"]["name"].as_str().unwrap_or_default().to_owned();
            let composite = format!("{}/{name}", platform.composites(""));
            let (map, status) = (composed(harness, &namespace, &name, "one").await?, format!("{composite}/status"));
            let stop = AtomicBool::new(false);
            let work = async {
                // Somebody else's claim becomes real meanwhile, and goes.
                claim(harness, &platform, &namespace, &names[1..]).await?;
                ready(harness, &platform, &namespace, &names[1..], "3").await?;
                let conflicts = || controller.metric("plat_controller_api_calls_total", "code=\"409\"");
                harness.eventually("conflicts", || async { Ok(conflicts()? >= 3.0) }).await?;
                stop.store(true, Ordering::Relaxed);
                anyhow::Ok(())
            };
            let labels = |count: usize| json!({"metadata": {"labels": {"theirs": count.to_string()}}});
            let (claims, composites, statuses, maps, worked) = join5(
                keep_changing(harness, &stop, &path, |count| {
                    json!({"metadata": {"annotations": {"theirs": count.to_string()}}, "spec": {"size": 10 + count % 7}})
                }),
                keep_changing(harness, &stop, &composite, |count| {
                    json!({"metadata": {"labels": {"theirs": count.to_string()}}, "spec": {"size": 90 + count % 7}})
                }),
                keep_changing(harness, &stop, &status, |count| json!({"status": {"value": format!("{count}?")}})),
                keep_changing(harness, &stop, &map, labels),
                work,
            )
            .await;
            stop.store(true, Ordering::Relaxed);
            worked?;
            println!("{claims} changes of the claim, {composites} and {statuses} of the XR, {maps} of what it composed");
            harness.patch(&path, &json!({"spec": {"size": 5}})).await?;
            ready(harness, &platform, &namespace, &names[..1], "5").await?;
            nothing_doubled(harness, &platform, &namespace, &names).await?;
            for theirs in [&path, &composite, &map] {
                let object = harness.until(theirs, |_| true).await?;
                let metadata = &object["metadata"];
                let is_kept = metadata["labels"]["theirs"].is_string() || metadata["annotations"]["theirs"].is_string();
                assert!(is_kept, "{theirs} lost what somebody else set: {object}");
            }
            all_gone(harness, &platform, &namespace, &names).await?;
            remove(harness, &platform).await
        })
        .unwrap();
}

#[test]
fn a_fight_over_a_field_opens_the_circuit_of_that_xr_alone_until_it_is_over() {
    let (harness, platform) = (&*alone(), Platform { group: "fought.example", scope: "LegacyCluster" });
    harness
        .run(async {
            let controller = Instance::start(harness, "fought", None, |command| {
                command.args(["--leader-elect=false", "--circuit-breaker-burst=20", "--circuit-breaker-cooldown=15"]);
            })
            .await?;
            let namespace = install(harness, &platform).await?;
            let names = ["fought".to_owned(), "quiet".to_owned()];
            claim(harness, &platform, &namespace, &names[..1]).await?;
            let path = format!("{}/fought", platform.claims(&namespace));
            let name = harness.until(&path, is_ready).await?["spec"]["resourceRef"]["name"].clone();
            let name = name.as_str().unwrap_or_default();
            let (composite, map) =
                (format!("{}/{name}", platform.composites("")), composed(harness, &namespace, name, "one").await?);
            let stop = AtomicBool::new(false);
            let writes = || controller.metric("plat_controller_api_calls_total", "verb=\"patch\",kind=\"ConfigMap\"");
            let work = async {
                let open = harness.until(&composite, |xr| says(xr, "Responsive", "False", "WatchCircuitOpen")).await?;
                let message = condition(&open, "Responsive").map(|it| it["message"].clone()).unwrap_or_default();
                assert!(message.to_string().contains(&format!("ConfigMap/{namespace}/{name}-")), "{message}");
                // The fight goes on, and one side of it rests.
                let before = writes()?;
                claim(harness, &platform, &namespace, &names[1..]).await?;
                ready(harness, &platform, &namespace, &names[1..], "3").await?;
                // Two ConfigMaps are the other claim's, and one may have been under way.
                let during = writes()? - before;
                assert!(during <= 6.0, "{during} writes while the circuit is open");
                // A change of the XR itself is no part of the fight.
                harness.patch(&path, &json!({"spec": {"size": 4}})).await?;
                let other = composed(harness, &namespace, name, "two").await?;
                harness.until(&other, |map| map["data"]["size"] == "4").await?;
                stop.store(true, Ordering::Relaxed);
                anyhow::Ok(())
            };
            let change = |count: usize| json!({"data": {"size": format!("{count}!")}});
            let (count, worked) = join(keep_changing(harness, &stop, &map, change), work).await;
            stop.store(true, Ordering::Relaxed);
            worked?;
            println!("the field was set {count} times by the other side, {} by this one", writes()?);
            harness.until(&composite, |xr| says(xr, "Responsive", "True", "WatchCircuitClosed")).await?;
            assert!(controller.metric("plat_controller_circuits_opened_total", "")? >= 1.0);
            ready(harness, &platform, &namespace, &names[..1], "4").await?;
            nothing_doubled(harness, &platform, &namespace, &names).await?;
            all_gone(harness, &platform, &namespace, &names).await?;
            remove(harness, &platform).await
        })
        .unwrap();
}
