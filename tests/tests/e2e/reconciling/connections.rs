//! Connection details travel from Secret to Secret, and are nowhere else.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::fixtures::Platform;
use super::functions::{COMPOSITIONS, DEFINITIONS, harness, message};
use super::harness::{Harness, says};
use crate::webhook::fixtures::open_kind;
use crate::webhook::server;

const CRDS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
/// Nothing else says this.
const PASSWORD: &str = "correct-horse-battery-staple";

fn secrets(namespace: &str, name: &str) -> String {
    format!("/api/v1/namespaces/{namespace}/secrets/{name}")
}

/// What a provider writes.
fn details(name: &str, pairs: &[(&str, &str)]) -> Value {
    let data = pairs.iter().map(|(key, value)| ((*key).to_owned(), json!(STANDARD.encode(value))));
    json!({
        "apiVersion": "v1", "kind": "Secret", "type": "connection.crossplane.io/v1alpha1", "metadata": {"name": name},
        "data": data.collect::<serde_json::Map<_, _>>(),
    })
}

fn read(secret: &Value, key: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(secret["data"][key].as_str()?).ok()?).ok()
}

/// A database that some provider looks after, with the details that its Secret has.
fn database(namespace: &str) -> Value {
    let detail = |key: &str| json!({"type": "FromConnectionSecretKey", "name": key, "fromConnectionSecretKey": key});
    json!({
        "name": "database",
        "base": {
            "apiVersion": "cloud.example/v1", "kind": "Database",
            "spec": {"writeConnectionSecretToRef": {"name": "database", "namespace": namespace}},
        },
        "connectionDetails": [
            detail("user"), detail("password"), detail("hidden"),
            {"type": "FromValue", "name": "port", "value": "5432"},
        ],
        "readinessChecks": [{"type": "None"}],
    })
}

/// The platform, its XRs' Secrets in its namespace.
async fn install(harness: &Harness, platform: &Platform) -> anyhow::Result<String> {
    // Another test may have made the kind.
    let kind = open_kind("cloud.example", &["v1"], "Database", "databases", "Cluster");
    harness.ask("POST", CRDS, Some(&kind)).await?;
    let namespace = platform.group.split('.').next().unwrap_or_default().to_owned();
    harness.namespace(&namespace).await?;
    let mut definition = platform.definition();
    definition["spec"]["connectionSecretKeys"] = json!(["user", "password", "port"]);
    harness.put(DEFINITIONS, &definition).await?;
    let mut composition = platform.composition(&[database(&namespace)]);
    composition["spec"]["writeConnectionSecretsToNamespace"] = json!(namespace);
    harness.put(COMPOSITIONS, &composition).await?;
    Ok(namespace)
}

fn claim(platform: &Platform, name: &str, secret: &str) -> Value {
    platform.object("App", name, &json!({"writeConnectionSecretToRef": {"name": secret}}))
}

#[test]
fn details_travel_from_the_composed_resource_to_the_claim_and_changes_follow() {
    let harness = harness();
    let platform = Platform { group: "connected.example", scope: "LegacyCluster" };
    harness
        .run(async {
            let namespace = install(harness, &platform).await?;
            let pairs = [("user", "app"), ("password", PASSWORD), ("hidden", "never")];
            harness.put(&secrets(&namespace, ""), &details("database", &pairs)).await?;
            harness.put(&platform.claims(&namespace), &claim(&platform, "shop", "shop-connection")).await?;
            let path = format!("{}/shop", platform.claims(&namespace));
            let own = secrets(&namespace, "shop-connection");
            let published = harness.until(&own, |secret| read(secret, "user").is_some()).await?;
            let ready = harness.until(&path, |claim| says(claim, "Ready", "True", "Available")).await?;
            let keys = |secret: &Value| secret["data"].as_object().map(|data| data.keys().cloned().collect::<Vec<_>>());
            let expected = Some(["password", "port", "user"].map(str::to_owned).to_vec());
            assert_eq!(keys(&published), expected, "what connectionSecretKeys names");
            assert_eq!(
                (read(&published, "password").as_deref(), read(&published, "port").as_deref()),
                (Some(PASSWORD), Some("5432"))
            );
            assert_eq!(published["type"], "connection.crossplane.io/v1alpha1");
            let reference = &published["metadata"]["ownerReferences"][0];
            assert_eq!(
                (&reference["kind"], &reference["uid"], &reference["controller"]),
                (&json!("App"), &ready["metadata"]["uid"], &json!(true))
            );

            let name = ready["spec"]["resourceRef"]["name"].as_str().unwrap_or_default();
            let xr = harness.until(&format!("{}/{name}", platform.composites("")), |_| true).await?;
            let uid = xr["metadata"]["uid"].as_str().unwrap_or_default();
            assert_eq!(xr["spec"]["writeConnectionSecretToRef"], json!({"name": uid, "namespace": namespace}));
            let of_xr = harness.until(&secrets(&namespace, uid), |_| true).await?;
            assert_eq!((keys(&of_xr), &of_xr["type"]), (expected, &published["type"]));
            assert_eq!(of_xr["metadata"]["ownerReferences"][0]["uid"], uid);
            assert!(ready["status"]["connectionDetails"]["lastPublishedTime"].is_string(), "{ready}");
            assert!(xr["status"]["connectionDetails"]["lastPublishedTime"].is_string(), "{xr}");

            // A new password, a key that is gone, and a Secret that somebody deleted.
            let changed = details("database", &[("user", "app"), ("password", "changed")])["data"].clone();
            let mut change = json!({"data": changed});
            change["data"]["hidden"] = Value::Null;
            harness.patch(&secrets(&namespace, "database"), &change).await?;
            harness.until(&own, |secret| read(secret, "password").as_deref() == Some("changed")).await?;
            harness.patch(&secrets(&namespace, "database"), &json!({"data": {"user": null}})).await?;
            harness.until(&own, |secret| secret["data"]["user"].is_null()).await?;
            harness.delete(&own).await?;
            harness.until(&own, |secret| read(secret, "password").as_deref() == Some("changed")).await?;
            harness.delete(&path).await?;
            harness.gone(&own).await?;
            harness.gone(&secrets(&namespace, uid)).await?;
            anyhow::Ok(())
        })
        .unwrap();
}

#[test]
fn a_secret_of_somebody_else_is_neither_written_nor_read() {
    let harness = harness();
    let platform = Platform { group: "guarded.example", scope: "LegacyCluster" };
    harness
        .run(async {
            let namespace = install(harness, &platform).await?;
            let pairs = [("user", "app"), ("password", "guarded")];
            harness.put(&secrets(&namespace, ""), &details("database", &pairs)).await?;
            let mut theirs = details("theirs", &[("password", "theirs")]);
            theirs["type"] = json!("Opaque");
            harness.put(&secrets(&namespace, ""), &theirs).await?;
            harness.put(&platform.claims(&namespace), &claim(&platform, "shop", "theirs")).await?;
            let path = format!("{}/shop", platform.claims(&namespace));
            let words =
                "cannot publish connection details to Secret guarded/theirs: refusing to modify uncontrolled secret";
            let told = harness.until(&path, |claim| message(claim, "Synced").contains(words)).await?;
            assert!(!told.to_string().contains("password"), "{told}");
            let untouched = harness.until(&secrets(&namespace, "theirs"), |_| true).await?;
            assert_eq!(read(&untouched, "password").as_deref(), Some("theirs"));

            // An XR that names a Secret which it does not control hands nothing of it to a claim.
            let mut other = claim(&platform, "thief", "loot");
            other["metadata"]["namespace"] = json!(namespace);
            harness.put(&platform.claims(&namespace), &other).await?;
            let thief = format!("{}/thief", platform.claims(&namespace));
            let bound = harness.until(&thief, |claim| claim["spec"]["resourceRef"]["name"].is_string()).await?;
            let xr = format!(
                "{}/{}",
                platform.composites(""),
                bound["spec"]["resourceRef"]["name"].as_str().unwrap_or_default()
            );
            let reference = json!({"spec": {"writeConnectionSecretToRef": {"name": "theirs", "namespace": namespace}}});
            harness.until(&xr, |_| true).await?;
            harness.patch(&xr, &reference).await?;
            harness.until(&xr, |xr| message(xr, "Synced").contains("refusing to modify uncontrolled secret")).await?;
            let loot = harness.ask("GET", &secrets(&namespace, "loot"), None).await?.body;
            assert_ne!(read(&loot, "password").as_deref(), Some("theirs"));
            anyhow::Ok(())
        })
        .unwrap();
}

/// Where the controller serves metrics: it chose its port itself.
fn health(harness: &Harness) -> anyhow::Result<SocketAddr> {
    let end = Instant::now() + Duration::from_mins(1);
    loop {
        let log = std::fs::read_to_string(harness.control_plane().log_of("plat-controller"))?;
        let mut lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        if let Some(line) = lines.find(|line| line["message"] == "serving") {
            return Ok(line["health"].as_str().context("its address")?.parse()?);
        }
        ensure!(Instant::now() < end, "the controller does not serve");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn what_is_secret_is_in_no_object_event_log_or_metric() {
    let harness = harness();
    let platform = Platform { group: "secret.example", scope: "LegacyCluster" };
    harness
        .run(async {
            let namespace = install(harness, &platform).await?;
            let value = "a-secret-that-nobody-tells";
            harness
                .put(&secrets(&namespace, ""), &details("database", &[("user", value), ("password", value)]))
                .await?;
            harness.put(&platform.claims(&namespace), &claim(&platform, "shop", "shop-connection")).await?;
            let path = format!("{}/shop", platform.claims(&namespace));
            harness
                .until(&secrets(&namespace, "shop-connection"), |it| read(it, "password").as_deref() == Some(value))
                .await?;
            // A failure in between: the Secret cannot be kept.
            let immutable = json!({"immutable": true});
            harness.patch(&secrets(&namespace, "shop-connection"), &immutable).await?;
            let changed = format!("{value}-2");
            let change = json!({"data": {"password": STANDARD.encode(&changed)}});
            harness.patch(&secrets(&namespace, "database"), &change).await?;
            harness.until(&path, |claim| message(claim, "Synced").contains("immutable")).await?;

            let encoded = STANDARD.encode(value);
            let is_told = |text: &str| text.contains(value) || text.contains(encoded.trim_end_matches('='));
            for everything in [
                platform.claims(&namespace),
                platform.composites(""),
                "/apis/cloud.example/v1/databases".to_owned(),
                "/api/v1/events".to_owned(),
                "/apis/events.k8s.io/v1/events".to_owned(),
                COMPOSITIONS.to_owned(),
            ] {
                let answer = harness.ask("GET", &everything, None).await?;
                ensure!(answer.is_accepted(), "{everything}: {}", answer.body);
                assert!(!is_told(&answer.body.to_string()), "{everything}");
            }
            let log = std::fs::read_to_string(harness.control_plane().log_of("plat-controller"))?;
            assert!(log.contains("secret.example") && !is_told(&log), "the log");
            let metrics = server::get(health(harness)?, "/metrics")?;
            assert!(metrics.contains("plat_controller_api_calls_total") && !is_told(&metrics), "the metrics");
            anyhow::Ok(())
        })
        .unwrap();
}
