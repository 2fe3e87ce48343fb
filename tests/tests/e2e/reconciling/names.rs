//! What annotations ask for: external names, pauses, reconciles.

use serde_json::{Value, json};

use super::claims::{composed, install, is_ready};
use super::fixtures::{Platform, config_map};
use super::harness::{says, shared};

const DEFINITIONS: &str = "/apis/apiextensions.crossplane.io/v1/compositeresourcedefinitions";
const EXTERNAL: &str = "crossplane.io/external-name";

fn external(object: &Value) -> &Value {
    &object["metadata"]["annotations"][EXTERNAL]
}

#[test]
fn external_names_travel_from_claim_to_xr_to_what_it_composes_and_back() {
    let harness = shared();
    let platform = Platform { group: "external.example", scope: "LegacyCluster" };
    harness
        .run(async {
            let mut one = config_map("one", "external");
            let path = format!("metadata.annotations[{EXTERNAL}]");
            one["patches"].as_array_mut().into_iter().for_each(|patches| {
                patches.push(json!({"type": "FromCompositeFieldPath", "fromFieldPath": path, "toFieldPath": path}));
            });
            let namespace = install(harness, &platform, &[one, config_map("two", "external")]).await?;
            let mut claim = platform.object("App", "shop", &json!({}));
            claim["metadata"]["annotations"] = json!({EXTERNAL: "first"});
            harness.put(&platform.claims(&namespace), &claim).await?;
            let claim = format!("{}/shop", platform.claims(&namespace));
            let ready = harness.until(&claim, is_ready).await?;
            let name = ready["spec"]["resourceRef"]["name"].as_str().unwrap_or_default();
            let xr = format!("{}/{name}", platform.composites(""));
            assert_eq!(external(&harness.until(&xr, is_ready).await?), "first");
            let made = composed(harness, &namespace).await?;
            assert_eq!((external(&made["one"]), external(&made["two"])), (&json!("first"), &Value::Null));

            // The XR's own wins over the claim's from then on.
            harness.patch(&xr, &json!({"metadata": {"annotations": {EXTERNAL: "second"}}})).await?;
            harness.until(&claim, |claim| external(claim) == "second").await?;
            harness.patch(&claim, &json!({"metadata": {"annotations": {EXTERNAL: "third"}}})).await?;
            harness.until(&claim, |claim| external(claim) == "second").await?;
            assert_eq!(external(&harness.until(&xr, is_ready).await?), "second");

            // What a provider names stays its own.
            let two = made["two"]["metadata"]["name"].as_str().unwrap_or_default();
            let two = format!("/api/v1/namespaces/{namespace}/configmaps/{two}");
            harness.patch(&two, &json!({"metadata": {"annotations": {EXTERNAL: "given"}}})).await?;
            harness.patch(&claim, &json!({"spec": {"size": 9}})).await?;
            let changed = harness.until(&two, |object| object["data"]["size"] == "9").await?;
            assert_eq!(external(&changed), "given");
            anyhow::Ok(())
        })
        .unwrap();
}

#[test]
fn a_paused_claim_is_left_alone_even_when_it_is_deleted() {
    let harness = shared();
    let platform = Platform { group: "paused-claim.example", scope: "LegacyCluster" };
    harness
        .run(async {
            let namespace = install(harness, &platform, &[config_map("one", "paused-claim")]).await?;
            harness.put(&platform.claims(&namespace), &platform.object("App", "shop", &json!({}))).await?;
            let claim = format!("{}/shop", platform.claims(&namespace));
            let ready = harness.until(&claim, is_ready).await?;
            let name = ready["spec"]["resourceRef"]["name"].as_str().unwrap_or_default();
            let xr = format!("{}/{name}", platform.composites(""));
            let paused = |value: Value| json!({"metadata": {"annotations": {"crossplane.io/paused": value}}});
            harness.patch(&claim, &paused(json!("true"))).await?;
            harness.until(&claim, |claim| says(claim, "Synced", "False", "ReconcilePaused")).await?;
            harness.patch(&claim, &json!({"spec": {"size": 8}})).await?;
            harness.delete(&claim).await?;
            // Somebody else's claim of the same kind is looked at all the while.
            harness.put(&platform.claims(&namespace), &platform.object("App", "other", &json!({}))).await?;
            harness.until(&format!("{}/other", platform.claims(&namespace)), is_ready).await?;
            let kept = harness.until(&xr, |_| true).await?;
            assert!(kept["metadata"]["deletionTimestamp"].is_null() && kept["spec"]["size"] == 1, "{kept}");
            harness.patch(&claim, &paused(Value::Null)).await?;
            harness.gone(&claim).await?;
            harness.gone(&xr).await
        })
        .unwrap();
}

#[test]
fn a_reconcile_that_is_requested_is_answered_in_the_status() {
    let harness = shared();
    let platform = Platform { group: "requested.example", scope: "LegacyCluster" };
    harness
        .run(async {
            let namespace = install(harness, &platform, &[config_map("one", "requested")]).await?;
            // As under Crossplane the XRD must have the field.
            let mut versions = platform.definition()["spec"]["versions"].take();
            let status = &mut versions[0]["schema"]["openAPIV3Schema"]["properties"]["status"];
            status["properties"]["lastHandledReconcileAt"] = json!({"type": "string"});
            let definition = format!("{DEFINITIONS}/xapps.requested.example");
            harness.patch(&definition, &json!({"spec": {"versions": versions}})).await?;
            harness.put(&platform.claims(&namespace), &platform.object("App", "shop", &json!({}))).await?;
            let claim = format!("{}/shop", platform.claims(&namespace));
            let ready = harness.until(&claim, is_ready).await?;
            let name = ready["spec"]["resourceRef"]["name"].as_str().unwrap_or_default();
            let xr = format!("{}/{name}", platform.composites(""));
            for token in ["one", "two"] {
                let asked = json!({"metadata": {"annotations": {"crossplane.io/reconcile-requested-at": token}}});
                harness.patch(&claim, &asked).await?;
                harness.until(&xr, |xr| xr["status"]["lastHandledReconcileAt"] == token).await?;
            }
            anyhow::Ok(())
        })
        .unwrap();
}
