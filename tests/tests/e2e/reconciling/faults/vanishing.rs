//! A CRD that is removed under its objects.

use serde_json::{Value, json};

use super::instance::Instance;
use super::{COMPOSITIONS, DEFINITIONS, all_gone, alone, claim, install, is_ready, nothing_doubled, ready, remove};
use crate::reconciling::fixtures::Platform;
use crate::reconciling::harness::condition;
use crate::webhook::fixtures::open_kind;

const CRDS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

#[test]
fn what_is_composed_of_a_kind_that_goes_is_made_again_when_the_kind_comes_back() {
    let (harness, platform) = (&*alone(), Platform { group: "lostkind.example", scope: "LegacyCluster" });
    harness
        .run(async {
            let controller = Instance::start(harness, "lostkind", None, |command| {
                command.arg("--leader-elect=false");
            })
            .await?;
            let namespace = "lostkind";
            harness.namespace(namespace).await?;
            let kind = open_kind("things.example", &["v1"], "Widget", "widgets", "Namespaced");
            harness.put(CRDS, &kind).await?;
            let widget = json!({
                "name": "widget", "readinessChecks": [{"type": "NonEmpty", "fieldPath": "metadata.uid"}],
                "base": {"apiVersion": "things.example/v1", "kind": "Widget", "metadata": {"namespace": namespace}},
            });
            harness.put(DEFINITIONS, &platform.definition()).await?;
            harness.put(COMPOSITIONS, &platform.composition(&[widget])).await?;
            let names = ["shop".to_owned()];
            claim(harness, &platform, namespace, &names).await?;
            let path = format!("{}/shop", platform.claims(namespace));
            harness.until(&path, is_ready).await?;
            let widgets = format!("/apis/things.example/v1/namespaces/{namespace}/widgets");
            let before = harness.list(&widgets).await?;
            assert_eq!(before.len(), 1);

            harness.delete(&format!("{CRDS}/widgets.things.example")).await?;
            let told = harness
                .until(&path, |claim| {
                    let message = condition(claim, "Ready").map(|it| it["message"].to_string()).unwrap_or_default();
                    message.contains("the cluster has no kind") && message.contains("Widget")
                })
                .await?;
            assert!(
                condition(&told, "Ready").is_some_and(|it| it["message"].to_string().contains("\\\"widget\\\"")),
                "{told}"
            );
            let reconciled = || controller.metric("plat_controller_reconciles_total", "controller=\"composite\"");
            let count = reconciled()?;
            harness.eventually("three more looks", || async { Ok(reconciled()? >= count + 3.0) }).await?;

            harness.put(CRDS, &kind).await?;
            // The claim was ready all the time: what it had before is what it says it has.
            let is_back = || async { Ok(harness.list(&widgets).await.is_ok_and(|all| !all.is_empty())) };
            harness.eventually("the widget", is_back).await?;
            harness.until(&path, is_ready).await?;
            let after = harness.list(&widgets).await?;
            let uids = |all: &std::collections::BTreeMap<String, Value>| {
                all.values().map(|it| it["metadata"]["uid"].to_string()).collect::<Vec<_>>()
            };
            assert_eq!(after.keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>(), "under its old name");
            assert_ne!(uids(&after), uids(&before));
            harness.delete(&path).await?;
            harness.gone(&path).await?;
            harness.eventually("no widget", || async { Ok(harness.list(&widgets).await?.is_empty()) }).await?;
            remove(harness, &platform).await
        })
        .unwrap();
}

#[test]
fn the_crd_of_xrs_that_somebody_deletes_comes_back_and_claims_get_xrs_again() {
    let (harness, platform) = (&*alone(), Platform { group: "lostxrs.example", scope: "LegacyCluster" });
    harness
        .run(async {
            let _controller = Instance::start(harness, "lostxrs", None, |command| {
                command.arg("--leader-elect=false");
            })
            .await?;
            let namespace = install(harness, &platform).await?;
            let names = ["one".to_owned(), "two".to_owned()];
            claim(harness, &platform, &namespace, &names).await?;
            ready(harness, &platform, &namespace, &names, "3").await?;
            let crd = format!("{CRDS}/xapps.{}", platform.group);
            let uid = harness.until(&crd, |_| true).await?["metadata"]["uid"].clone();
            harness.delete(&crd).await?;
            harness.until(&crd, |crd| crd["metadata"]["uid"] != uid).await?;
            harness
                .eventually("XRs for all claims", || async {
                    let answer = harness.ask("GET", &platform.composites(""), None).await?;
                    let items = answer.body["items"].as_array().cloned().unwrap_or_default();
                    Ok(items.len() == names.len() && items.iter().all(is_ready))
                })
                .await?;
            ready(harness, &platform, &namespace, &names, "3").await?;
            nothing_doubled(harness, &platform, &namespace, &names).await?;
            all_gone(harness, &platform, &namespace, &names).await?;
            remove(harness, &platform).await
        })
        .unwrap();
}
