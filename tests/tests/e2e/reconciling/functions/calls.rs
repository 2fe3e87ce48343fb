//! What functions answer, and what becomes of it: resources, results, conditions, and what they require to see.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use plat_cluster::structure::Struct;
use plat_cluster::test_server::protocol::{
    Condition, Ready, Requirements, Resource, ResourceSelector, RunFunctionRequest, RunFunctionResponse, Severity,
    State, Status, Target, resource_selector,
};
use plat_cluster::test_server::{TestServer, Version, protocol};
use serde_json::{Value, json};

use super::{FUNCTIONS, TARGET, function, harness, install, message};
use crate::reconciling::fixtures::Platform;
use crate::reconciling::harness::{Harness, condition, says};

/// An answer that wants what was wanted before.
pub(super) fn nothing(request: &RunFunctionRequest) -> RunFunctionResponse {
    RunFunctionResponse { desired: request.desired.clone(), ..RunFunctionResponse::default() }
}

/// An answer that wants one ConfigMap with this in it, which is ready, and so is the XR.
pub(super) fn config_map(value: &str) -> RunFunctionResponse {
    let object = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"namespace": "default"}, "data": {"value": value},
    });
    let resource = |object: &Value| Resource {
        resource: Struct::from_value(object).ok(),
        ready: Ready::True.into(),
        ..Resource::default()
    };
    let composite = resource(&json!({"status": {"value": value}}));
    let resources = BTreeMap::from([("made".to_owned(), resource(&object))]);
    RunFunctionResponse {
        desired: Some(State { composite: Some(composite), resources }),
        ..RunFunctionResponse::default()
    }
}

fn said(severity: Severity, message: &str, target: Target) -> protocol::Result {
    let (severity, target) = (severity.into(), Some(target.into()));
    protocol::Result { severity, message: message.to_owned(), reason: None, target }
}

/// Whether there is such an Event about an object of this kind.
async fn has_event(
    harness: &Harness,
    namespace: &str,
    kind: &str,
    severity: &str,
    words: &str,
) -> anyhow::Result<bool> {
    let events = harness.list(&format!("/api/v1/namespaces/{namespace}/events")).await?;
    Ok(events.values().any(|event| {
        event["involvedObject"]["kind"] == kind
            && event["type"] == severity
            && event["message"].as_str().is_some_and(|message| message.contains(words))
    }))
}

#[test]
fn results_and_conditions_reach_the_xr_and_the_claim_they_are_for() {
    let harness = harness();
    let platform = Platform { group: "results.example", scope: "LegacyCluster" };
    harness
        .run(async {
            let server = TestServer::start(Version::Stable, |request| {
                let text = request.input.as_ref().and_then(|input| input.to_value().ok()).unwrap_or_default();
                if text["fatal"] == true {
                    let fatal = said(Severity::Fatal, "the network range is used up", Target::Composite);
                    return Ok(RunFunctionResponse { results: vec![fatal], ..nothing(request) });
                }
                let condition = Condition {
                    r#type: "NetworkReady".to_owned(),
                    status: Status::ConditionFalse.into(),
                    reason: "NoRange".to_owned(),
                    message: Some("waits for a range".to_owned()),
                    target: Some(Target::CompositeAndClaim.into()),
                };
                let results = vec![
                    said(Severity::Warning, "only the XR is warned", Target::Composite),
                    said(Severity::Normal, "both are told", Target::CompositeAndClaim),
                ];
                Ok(RunFunctionResponse { results, conditions: vec![condition], ..config_map("made") })
            });
            harness.put(FUNCTIONS, &function("function-results", Some(&server.target()))).await?;
            let namespace = install(harness, &platform, &[("function-results", json!(null))]).await?;
            harness.put(&platform.claims(&namespace), &platform.object("App", "shop", &json!({}))).await?;
            let path = format!("{}/shop", platform.claims(&namespace));
            let ready = harness.until(&path, |claim| says(claim, "Ready", "True", "Available")).await?;
            assert_eq!(ready["status"]["value"], "made");
            harness.until(&path, |claim| says(claim, "NetworkReady", "False", "NoRange")).await?;
            let told = [
                ("default", "XApp", "Warning", "only the XR is warned"),
                ("default", "XApp", "Normal", "both are told"),
                (namespace.as_str(), "App", "Normal", "both are told"),
            ];
            for (namespace, kind, severity, words) in told {
                harness.eventually(words, || has_event(harness, namespace, kind, severity, words)).await?;
            }
            assert!(!has_event(harness, &namespace, "App", "Warning", "only the XR is warned").await?);

            // A fatal result keeps what is there, and says why at the claim.
            let composition = format!("{}/apps.results.example", super::COMPOSITIONS);
            let input = json!({"apiVersion": "x.example/v1", "kind": "Input", "fatal": true});
            let changed = super::composition(&platform, &[("function-results", input)]);
            harness.patch(&composition, &json!({"spec": changed["spec"]})).await?;
            let words = "pipeline step \"by-function-results\" returned a fatal result: the network range is used up";
            let told = harness.until(&path, |claim| message(claim, "Ready").contains(words)).await?;
            assert!(condition(&told, "NetworkReady").is_some(), "{told}");
            let xr = told["spec"]["resourceRef"]["name"].as_str().unwrap_or_default();
            let xr = harness
                .until(&format!("{}/{xr}", platform.composites("")), |xr| message(xr, "Synced").contains(words))
                .await?;
            assert!(says(&xr, "Synced", "False", "ReconcileError"), "{xr}");
            assert!(says(&xr, "NetworkReady", "Unknown", "FatalError"), "{xr}");
            assert_eq!(xr["spec"]["resourceRefs"].as_array().map(Vec::len), Some(1));
            anyhow::Ok(())
        })
        .unwrap();
}

fn selector(namespace: &str, matches: resource_selector::Match) -> ResourceSelector {
    ResourceSelector {
        api_version: "v1".to_owned(),
        kind: "ConfigMap".to_owned(),
        r#match: Some(matches),
        namespace: Some(namespace.to_owned()),
    }
}

/// Wants to see two things, by name and by label, and answers with what it saw.
fn requiring(request: &RunFunctionRequest) -> RunFunctionResponse {
    let labels = protocol::MatchLabels { labels: BTreeMap::from([("zone".to_owned(), "north".to_owned())]) };
    let wanted = [
        ("named", selector("required", resource_selector::Match::MatchName("settings".to_owned()))),
        ("labelled", selector("required", resource_selector::Match::MatchLabels(labels))),
    ];
    let resources = wanted.into_iter().map(|(name, selector)| (name.to_owned(), selector)).collect();
    let seen = |name: &str| {
        let items = request.required_resources.get(name).map(|found| found.items.as_slice()).unwrap_or_default();
        let values = items.iter().filter_map(|item| item.resource.as_ref()?.to_value().ok());
        let texts: Vec<String> = values.map(|it| it["data"]["value"].as_str().unwrap_or("-").to_owned()).collect();
        texts.join("+")
    };
    let requirements = Requirements { resources, ..Requirements::default() };
    RunFunctionResponse {
        requirements: Some(requirements),
        ..config_map(&format!("{}/{}", seen("named"), seen("labelled")))
    }
}

#[test]
fn a_function_is_given_what_it_requires_also_when_it_comes_later() {
    let harness = harness();
    let platform = Platform { group: "requiring.example", scope: "Cluster" };
    harness
        .run(async {
            harness.namespace("required").await?;
            let server = TestServer::start(Version::Stable, |request| Ok(requiring(request)));
            harness.put(FUNCTIONS, &function("function-requiring", Some(&server.target()))).await?;
            install(harness, &platform, &[("function-requiring", json!(null))]).await?;
            harness.put(&platform.composites(""), &platform.object("XApp", "shop", &json!({}))).await?;
            let path = format!("{}/shop", platform.composites(""));
            // What is not there is no mistake; the function decides.
            harness.until(&path, |xr| xr["status"]["value"] == "/" && says(xr, "Ready", "True", "Available")).await?;
            let settings = |name: &str, zone: &str| {
                json!({"apiVersion": "v1", "kind": "ConfigMap",
                       "metadata": {"name": name, "labels": {"zone": zone}}, "data": {"value": name}})
            };
            for (name, zone) in [("settings", "south"), ("first", "north"), ("second", "north")] {
                harness.put("/api/v1/namespaces/required/configmaps", &settings(name, zone)).await?;
            }
            harness.until(&path, |xr| xr["status"]["value"] == "settings/first+second").await?;
            harness.delete("/api/v1/namespaces/required/configmaps/first").await?;
            harness.until(&path, |xr| xr["status"]["value"] == "settings/second").await?;
            anyhow::Ok(())
        })
        .unwrap();
}

#[test]
fn a_function_that_moves_or_starts_again_is_found() {
    let harness = harness();
    let platform = Platform { group: "moving.example", scope: "Cluster" };
    harness
        .run(async {
            let calls = Arc::new(AtomicUsize::new(0));
            let counted = Arc::clone(&calls);
            let first = TestServer::start(Version::Stable, |_| Ok(config_map("first")));
            harness.put(FUNCTIONS, &function("function-moving", Some(&first.target()))).await?;
            install(harness, &platform, &[("function-moving", json!(null))]).await?;
            harness.put(&platform.composites(""), &platform.object("XApp", "shop", &json!({}))).await?;
            let path = format!("{}/shop", platform.composites(""));
            harness.until(&path, |xr| xr["status"]["value"] == "first").await?;
            // The same place, another process.
            let address = first.address();
            drop(first);
            let again = TestServer::start_at(address, move |_| {
                counted.fetch_add(1, Ordering::Relaxed);
                Ok(config_map("again"))
            });
            harness.until(&path, |xr| xr["status"]["value"] == "again").await?;
            // Another place.
            let elsewhere = TestServer::start(Version::Beta, |_| Ok(config_map("elsewhere")));
            let target = json!({"metadata": {"annotations": {TARGET: elsewhere.target()}}});
            harness.patch(&format!("{FUNCTIONS}/function-moving"), &target).await?;
            let moved = harness.until(&path, |xr| xr["status"]["value"] == "elsewhere").await?;
            assert!(says(&moved, "Synced", "True", "ReconcileSuccess"), "{moved}");
            // Polls go on, and not to the place it left.
            let (before, asked) = (calls.load(Ordering::Relaxed), elsewhere.requests().len());
            harness.eventually("the next poll", || async { Ok(elsewhere.requests().len() > asked + 1) }).await?;
            assert_eq!(calls.load(Ordering::Relaxed), before);
            drop(again);
            anyhow::Ok(())
        })
        .unwrap();
}
