//! What is in use is not deleted: Usages, and the webhook that refuses.

use std::process::Command;
use std::sync::OnceLock;

use plat_admission::configuration::{Settings, Target, configurations};
use serde_json::{Value, json};

use super::claims::{composed, install, is_ready};
use super::fixtures::{Platform, config_map};
use super::harness::{Harness, condition, says, shared};
use crate::webhook::server::{base64, free_port, is_ready as is_up};

const PROTECTION: &str = "/apis/protection.crossplane.io/v1beta1";
const HOOK: &str = "usages.kubectl-plat.dev";

/// The shared cluster, with the webhook asked about deletions of what is in use, and about nothing else.
fn guarded() -> &'static Harness {
    static GUARDED: OnceLock<Result<(), String>> = OnceLock::new();
    let harness = shared();
    let started = GUARDED.get_or_init(|| start_webhook(harness).map_err(|error| format!("{error:#}")));
    assert_eq!(started, &Ok(()));
    harness
}

fn start_webhook(harness: &Harness) -> anyhow::Result<()> {
    let program = crate::program::build("plat-webhook", "plat-webhook")?;
    let (address, health) = (free_port()?, free_port()?);
    let certificate = harness.account().with_file_name("ca.crt");
    let script = format!(
        "exec \"$0\" --listen={address} --health-addr={health} --self-signed --kubeconfig=\"$1\" --leave-constraint-kinds >\"$2\""
    );
    let mut command = Command::new("sh");
    command.args(["-c", &script]).arg(program).arg(harness.account()).arg(&certificate);
    harness.control_plane().run_beside("plat-webhook", &mut command)?;
    harness.run(async {
        harness.eventually("the webhook", || async { Ok(is_up(health)) }).await?;
        let bundle = base64(&std::fs::read(&certificate)?);
        let target = Target::Url(format!("https://{address}"));
        let [mut all, _] = configurations(&Settings { target, ca_bundle: Some(bundle), ..Settings::default() });
        all["webhooks"].as_array_mut().into_iter().for_each(|hooks| hooks.retain(|hook| hook["name"] == HOOK));
        harness.put("/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations", &all).await?;
        // The API server hears of it a moment later.
        harness.namespace("usages-settle").await?;
        let used = json!({"apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "used", "labels": {"crossplane.io/in-use": "true"}}});
        harness.put("/api/v1/namespaces/usages-settle/configmaps", &used).await?;
        let mut usage = usage("settle", "used", None);
        usage["spec"]["reason"] = json!("settling");
        harness.put(&format!("{PROTECTION}/namespaces/usages-settle/usages"), &usage).await?;
        let path = "/api/v1/namespaces/usages-settle/configmaps/used?dryRun=All";
        harness
            .eventually("the first refusal", || async { Ok(harness.ask("DELETE", path, None).await?.code == 409) })
            .await
    })
}

/// A Usage of one ConfigMap by another.
fn usage(name: &str, of: &str, by: Option<&str>) -> Value {
    let map = |name: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "resourceRef": {"name": name}});
    let mut usage = json!({
        "apiVersion": "protection.crossplane.io/v1beta1", "kind": "Usage", "metadata": {"name": name},
        "spec": {"of": map(of)},
    });
    if let Some(by) = by {
        usage["spec"]["by"] = map(by);
    }
    usage
}

fn map(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}})
}

fn is_marked(object: &Value) -> bool {
    object["metadata"]["labels"]["crossplane.io/in-use"] == "true"
}

fn attempt(object: &Value) -> Option<&str> {
    object["metadata"]["annotations"]["usage.crossplane.io/deletion-attempt-with-policy"].as_str()
}

#[test]
fn what_is_used_is_not_deleted_until_the_usage_goes_and_then_it_is() {
    let harness = guarded();
    harness
        .run(async {
            harness.namespace("used").await?;
            let maps = "/api/v1/namespaces/used/configmaps";
            let usages = format!("{PROTECTION}/namespaces/used/usages");
            let mut first = usage("first", "database", Some("app"));
            first["spec"]["replayDeletion"] = json!(true);
            harness.put(&usages, &first).await?;
            // What it names is not there yet.
            let at = format!("{usages}/first");
            let told = harness.until(&at, |usage| says(usage, "Synced", "False", "ReconcileError")).await?;
            let message = condition(&told, "Synced").map(|it| it["message"].clone()).unwrap_or_default();
            assert_eq!(message, "cannot get used: ConfigMap \"database\" not found");
            for name in ["database", "app"] {
                harness.put(maps, &map(name)).await?;
            }
            let ready = harness.until(&at, |usage| says(usage, "Ready", "True", "Available")).await?;
            assert!(condition(&ready, "Synced").is_none(), "{ready}");
            assert_eq!(ready["metadata"]["finalizers"], json!(["usage.apiextensions.crossplane.io"]));
            assert_eq!(ready["metadata"]["ownerReferences"][0]["name"], "app");
            assert_eq!(
                ready["metadata"]["annotations"]["crossplane.io/usage-details"],
                "ConfigMap/app uses ConfigMap/database"
            );
            let database = format!("{maps}/database");
            harness.until(&database, is_marked).await?;

            let refused = harness.ask("DELETE", &format!("{database}?propagationPolicy=Foreground"), None).await?;
            assert_eq!(
                (refused.code, refused.message()),
                (
                    409,
                    "admission webhook \"usages.kubectl-plat.dev\" denied the request: This resource is in-use by 1 \
                     usage(s), including the *v1beta1.Usage \"first\" (in namespace \"used\") by resource ConfigMap/app."
                )
            );
            harness.until(&database, |object| attempt(object) == Some("Foreground")).await?;

            // With another Usage the first may go, and what is used stays.
            let mut second = usage("second", "database", None);
            second["spec"]["reason"] = json!("it is dear to me");
            harness.put(&usages, &second).await?;
            harness.until(&format!("{usages}/second"), |usage| says(usage, "Ready", "True", "Available")).await?;
            harness.delete(&at).await?;
            harness.gone(&at).await?;
            let refused = harness.ask("DELETE", &database, None).await?;
            assert!(
                refused.message().ends_with(
                    "including the *v1beta1.Usage \"second\" (in namespace \"used\") with reason: \"it is dear to me\"."
                ),
                "{refused:?}"
            );
            harness.until(&database, |object| attempt(object) == Some("Background") && is_marked(object)).await?;
            harness
                .patch(&format!("{usages}/second"), &json!({"spec": {"replayDeletion": true}}))
                .await?;
            harness.delete(&format!("{usages}/second")).await?;
            // Nobody asks again: the deletion that was refused is done.
            harness.gone(&database).await?;
            harness.gone(&format!("{usages}/second")).await
        })
        .unwrap();
}

#[test]
fn usages_of_the_cluster_guard_xrs_and_without_them_deletion_works() {
    let harness = guarded();
    let platform = Platform { group: "guarded.example", scope: "Cluster" };
    harness
        .run(async {
            install(harness, &platform, &[config_map("one", "guarded")]).await?;
            harness.put(&platform.composites(""), &platform.object("XApp", "shop", &json!({}))).await?;
            let xr = format!("{}/shop", platform.composites(""));
            harness.until(&xr, is_ready).await?;
            let spec = json!({
                "of": {"apiVersion": "guarded.example/v1", "kind": "XApp", "resourceRef": {"name": "shop"}},
                "reason": "guarded",
            });
            let kinds = [
                ("protection.crossplane.io", "ClusterUsage", "clusterusages"),
                ("apiextensions.crossplane.io", "Usage", "usages"),
            ];
            for (group, kind, plural) in kinds {
                let usage = json!({"apiVersion": format!("{group}/v1beta1"), "kind": kind,
                    "metadata": {"name": "guarded"}, "spec": spec});
                let all = format!("/apis/{group}/v1beta1/{plural}");
                harness.put(&all, &usage).await?;
                harness.until(&format!("{all}/guarded"), |usage| says(usage, "Ready", "True", "Available")).await?;
            }
            harness.until(&xr, is_marked).await?;
            let refused = harness.ask("DELETE", &xr, None).await?;
            assert!(
                refused.message().ends_with(
                    "This resource is in-use by 2 usage(s), including the *v1beta1.ClusterUsage \"guarded\" with reason: \
                     \"guarded\"."
                ),
                "{refused:?}"
            );
            for (group, _, plural) in kinds {
                let path = format!("/apis/{group}/v1beta1/{plural}/guarded");
                harness.delete(&path).await?;
                harness.gone(&path).await?;
            }
            // The XR is reconciled all the while, and keeps no mark.
            harness.until(&xr, |xr| !is_marked(xr) && is_ready(xr)).await?;
            harness.delete(&xr).await?;
            harness.gone(&xr).await
        })
        .unwrap();
}

/// A ConfigMap with this role, for selectors.
fn with_role(role: &str, namespace: &str) -> Value {
    let mut template = config_map(role, namespace);
    template["base"]["metadata"]["labels"] = json!({"role": role});
    template
}

/// A composed Usage of the database by the app.
fn composed_usage(namespace: &str) -> Value {
    let select = |role: &str| {
        json!({"apiVersion": "v1", "kind": "ConfigMap",
            "resourceSelector": {"matchControllerRef": true, "matchLabels": {"role": role}}})
    };
    json!({
        "name": "usage",
        "base": {
            "apiVersion": "protection.crossplane.io/v1beta1", "kind": "Usage", "metadata": {"namespace": namespace},
            "spec": {"of": select("database"), "by": select("app"), "replayDeletion": true},
        },
    })
}

#[test]
fn what_a_claim_is_composed_of_goes_in_the_order_of_its_usages() {
    let harness = guarded();
    let platform = Platform { group: "ordered.example", scope: "LegacyCluster" };
    harness
        .run(async {
            let templates = [composed_usage("ordered"), with_role("app", "ordered"), with_role("database", "ordered")];
            let namespace = install(harness, &platform, &templates).await?;
            harness.put(&platform.claims(&namespace), &platform.object("App", "shop", &json!({}))).await?;
            let claim = format!("{}/shop", platform.claims(&namespace));
            harness.until(&claim, is_ready).await?;
            let made = composed(harness, &namespace).await?;
            let path = |role: &str| {
                let name = made[role]["metadata"]["name"].as_str().unwrap_or_default();
                format!("/api/v1/namespaces/{namespace}/configmaps/{name}")
            };
            let (app, database) = (path("app"), path("database"));
            harness.until(&database, is_marked).await?;
            let usages = harness.list(&format!("{PROTECTION}/namespaces/{namespace}/usages")).await?;
            let usage = usages.values().next().cloned().unwrap_or_default();
            assert_eq!(usage["spec"]["of"]["resourceRef"], json!({"name": made["database"]["metadata"]["name"]}));
            let usage = format!(
                "{PROTECTION}/namespaces/{namespace}/usages/{}",
                usage["metadata"]["name"].as_str().unwrap_or_default()
            );

            // A change still reaches what is in use, and nothing of the Usage is taken for drift.
            harness.patch(&claim, &json!({"spec": {"size": 7}})).await?;
            harness.until(&database, |object| object["data"]["size"] == "7" && is_marked(object)).await?;
            harness.until(&claim, is_ready).await?;

            harness.patch(&app, &json!({"metadata": {"finalizers": ["example.org/held"]}})).await?;
            harness.delete(&claim).await?;
            harness.gone(&claim).await?;
            let going = |object: &Value| object["metadata"]["deletionTimestamp"].is_string();
            harness.until(&app, going).await?;
            let held = harness.until(&database, |object| attempt(object).is_some()).await?;
            assert!(is_marked(&held) && !going(&held), "{held}");
            // Who deletes the Usage by hand does not change the order.
            harness.delete(&usage).await?;
            harness.until(&usage, going).await?;
            let events = format!("/api/v1/namespaces/{namespace}/events");
            harness
                .eventually("word of what is waited for", || async {
                    let all = harness.list(&events).await?;
                    Ok(all.values().any(|event| event["reason"] == "WaitingUsingDeleted"))
                })
                .await?;
            let held = harness.until(&database, |_| true).await?;
            assert!(is_marked(&held) && !going(&held), "{held}");
            harness.patch(&app, &json!({"metadata": {"finalizers": null}})).await?;
            for path in [app, usage, database] {
                harness.gone(&path).await?;
            }
            anyhow::Ok(())
        })
        .unwrap();
}

#[test]
fn what_a_composition_does_not_want_any_more_stays_while_it_is_used_and_the_claim_says_why() {
    let harness = guarded();
    let platform = Platform { group: "unwanted.example", scope: "LegacyCluster" };
    harness
        .run(async {
            let templates = [with_role("app", "unwanted"), with_role("database", "unwanted")];
            let namespace = install(harness, &platform, &templates).await?;
            harness.put(&platform.claims(&namespace), &platform.object("App", "shop", &json!({}))).await?;
            let claim = format!("{}/shop", platform.claims(&namespace));
            harness.until(&claim, is_ready).await?;
            let made = composed(harness, &namespace).await?;
            let name = |role: &str| made[role]["metadata"]["name"].as_str().unwrap_or_default().to_owned();
            let usages = format!("{PROTECTION}/namespaces/{namespace}/usages");
            harness.put(&usages, &usage("mine", &name("database"), Some(&name("app")))).await?;
            let database = format!("/api/v1/namespaces/{namespace}/configmaps/{}", name("database"));
            harness.until(&database, is_marked).await?;

            let changed = platform.composition(&[with_role("app", "unwanted")]);
            let composition = "/apis/apiextensions.crossplane.io/v1/compositions/apps.unwanted.example";
            harness.patch(composition, &json!({"spec": changed["spec"]})).await?;
            let says_why = |claim: &Value| {
                let message = condition(claim, "Ready").map(|it| it["message"].to_string()).unwrap_or_default();
                message.contains("This resource is in-use by 1 usage(s)") && message.contains("ConfigMap/")
            };
            harness.until(&claim, says_why).await?;
            harness.delete(&format!("{usages}/mine")).await?;
            harness.gone(&database).await?;
            harness.until(&claim, |claim| is_ready(claim) && !says_why(claim)).await?;
            anyhow::Ok(())
        })
        .unwrap();
}
