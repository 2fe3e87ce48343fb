//! Functions are called with certificates, as they are in a cluster: only where they are is told by an annotation.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use anyhow::Context;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use plat_cluster::Identity;
use plat_cluster::test_server::TestServer;
use plat_tests::programs::FUNCTION_PATCH_AND_TRANSFORM;
use serde_json::{Value, json};

use super::{FUNCTIONS, NAMESPACE, TARGET, function, harness, install, message, pods_become, until_healthy};
use crate::reconciling::fixtures::{Platform, config_map};
use crate::reconciling::harness::{Harness, says};

/// What a function's Pod has mounted.
async fn certificates(harness: &Harness, function: &str) -> anyhow::Result<BTreeMap<String, String>> {
    let path = format!("/api/v1/namespaces/{NAMESPACE}/secrets/{function}-tls-server");
    let secret = harness.until(&path, |_| true).await?;
    let files = secret["data"].as_object().context("data")?.iter();
    files.map(|(name, value)| Ok((name.clone(), decoded(value)?))).collect()
}

fn decoded(value: &Value) -> anyhow::Result<String> {
    Ok(String::from_utf8(STANDARD.decode(value.as_str().unwrap_or_default())?)?)
}

fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Runs the real function as its Pod would.
fn run_real(harness: &Harness, folder: &Path, port: u16) -> anyhow::Result<u32> {
    let program = FUNCTION_PATCH_AND_TRANSFORM.build()?;
    let mut command = Command::new(program);
    command.arg(format!("--address=127.0.0.1:{port}")).arg(format!("--tls-certs-dir={}", folder.display()));
    harness.control_plane().run_beside("function-real", &mut command)
}

#[test]
fn the_real_function_is_called_with_the_certificates_of_its_secret_once_it_is_ready() {
    let harness = harness();
    let platform = Platform { group: "secure.example", scope: "LegacyCluster" };
    harness
        .run(async {
            let port = free_port()?;
            harness.put(FUNCTIONS, &function("function-real", Some(&format!("https://127.0.0.1:{port}")))).await?;
            let input = platform.composition(&[config_map("one", "secure")])["spec"]["pipeline"][0]["input"].clone();
            let namespace = install(harness, &platform, &[("function-real", input), ("function-auto-ready", json!(null))]).await?;
            harness.put(&platform.claims(&namespace), &platform.object("App", "shop", &json!({"size": 7}))).await?;
            let path = format!("{}/shop", platform.claims(&namespace));
            // Nobody calls it before it is ready, and the claim says for what it waits.
            let words = "function \"function-real\" is not ready: Deployment plat-system/function-real is not available: \
                         Deployment does not have minimum availability.";
            let told = harness.until(&path, |claim| message(claim, "Ready").contains(words)).await?;
            let xr = format!("{}/{}", platform.composites(""), told["spec"]["resourceRef"]["name"].as_str().unwrap_or_default());
            harness.until(&xr, |xr| says(xr, "Synced", "False", "ReconcileError") && message(xr, "Synced").contains(words)).await?;

            let folder = harness.control_plane().kubeconfig().with_file_name("function-real-certificates");
            std::fs::create_dir(&folder)?;
            for (name, text) in certificates(harness, "function-real").await? {
                std::fs::write(folder.join(name), text)?;
            }
            run_real(harness, &folder, port)?;
            until_healthy(harness, "function-real").await?;
            let ready = harness.until(&path, |claim| says(claim, "Ready", "True", "Available")).await?;
            assert_eq!(ready["status"]["value"], "7");

            pods_become(harness, "function-real", false).await?;
            harness.until(&xr, |xr| message(xr, "Synced").contains(words)).await?;
            until_healthy(harness, "function-real").await?;
            harness.until(&path, |claim| says(claim, "Ready", "True", "Available")).await?;
            anyhow::Ok(())
        })
        .unwrap();
}

#[test]
fn only_who_shows_the_certificate_of_the_function_is_believed() {
    let harness = harness();
    let platform = Platform { group: "believed.example", scope: "Cluster" };
    harness
        .run(async {
            for name in ["function-believed", "function-other"] {
                harness.put(FUNCTIONS, &function(name, None)).await?;
                until_healthy(harness, name).await?;
            }
            let own = certificates(harness, "function-believed").await?;
            let other = certificates(harness, "function-other").await?;
            let identity = |files: &BTreeMap<String, String>| Identity {
                authority: files["ca.crt"].clone(),
                certificate: files["tls.crt"].clone(),
                key: files["tls.key"].clone(),
            };
            let answer = |request: &_| Ok(super::calls::nothing(request));
            // It was signed by who is believed, for another function.
            let imposter = TestServer::start_secure(&identity(&other), answer);
            let at = |server: &TestServer| json!({"metadata": {"annotations": {TARGET: format!("https://{}", server.target())}}});
            harness.patch(&format!("{FUNCTIONS}/function-believed"), &at(&imposter)).await?;
            install(harness, &platform, &[("function-believed", json!(null))]).await?;
            harness.put(&platform.composites(""), &platform.object("XApp", "shop", &json!({}))).await?;
            let path = format!("{}/shop", platform.composites(""));
            let words = "certificate not valid for name \"function-believed.plat-system\"";
            harness.until(&path, |xr| message(xr, "Synced").contains(words)).await?;
            assert!(imposter.requests().is_empty());

            let genuine = TestServer::start_secure(&identity(&own), answer);
            harness.patch(&format!("{FUNCTIONS}/function-believed"), &at(&genuine)).await?;
            harness.until(&path, |xr| says(xr, "Synced", "True", "ReconcileSuccess")).await?;
            assert!(!genuine.requests().is_empty());
            anyhow::Ok(())
        })
        .unwrap();
}

#[test]
fn a_certificate_that_is_lost_is_made_anew_and_the_function_restarted() {
    let harness = harness();
    harness
        .run(async {
            harness.put(FUNCTIONS, &function("function-renewed", None)).await?;
            let path = format!("/apis/apps/v1/namespaces/{NAMESPACE}/deployments/function-renewed");
            let used = |deployment: &Value| {
                deployment["spec"]["template"]["metadata"]["annotations"]["kubectl-plat.dev/certificate"].clone()
            };
            let before = used(&harness.until(&path, |_| true).await?);
            let old = certificates(harness, "function-renewed").await?;
            let secret = format!("/api/v1/namespaces/{NAMESPACE}/secrets/function-renewed-tls-server");
            harness.delete(&secret).await?;
            // Secrets are not watched: whoever cannot wait for the next look touches the Function.
            let touched = json!({"metadata": {"annotations": {"touched": "yes"}}});
            harness.patch(&format!("{FUNCTIONS}/function-renewed"), &touched).await?;
            harness.until(&path, |deployment| used(deployment) != before).await?;
            let new = certificates(harness, "function-renewed").await?;
            assert!(new["tls.crt"] != old["tls.crt"] && new["ca.crt"] == old["ca.crt"]);
            anyhow::Ok(())
        })
        .unwrap();
}
