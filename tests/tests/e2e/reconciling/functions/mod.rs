//! Functions that plat does not run itself: what runs them, how they are called, and what becomes of XRs where they fail.
//!
//! Owns the control plane these tests share, and what a kubelet would do on it: no Pod runs here. The functions themselves are
//! servers on this machine, which the annotation for developers names.

mod calls;
mod failing;
mod runtime;
mod secure;

use std::sync::OnceLock;

use serde_json::{Value, json};

use super::fixtures::Platform;
use super::harness::{Harness, condition};

/// Where the controller makes functions run.
const NAMESPACE: &str = "plat-system";
const FUNCTIONS: &str = "/apis/pkg.crossplane.io/v1/functions";
pub(super) const DEFINITIONS: &str = "/apis/apiextensions.crossplane.io/v1/compositeresourcedefinitions";
pub(super) const COMPOSITIONS: &str = "/apis/apiextensions.crossplane.io/v1/compositions";
const TARGET: &str = "render.crossplane.io/runtime-development-target";

/// A control plane whose controller calls functions on this machine, and soon gives up waiting for them.
pub(super) fn harness() -> &'static Harness {
    static HARNESS: OnceLock<Result<Harness, String>> = OnceLock::new();
    let start = || {
        let harness = Harness::new()?;
        harness.run(async {
            let configs = served("deploymentruntimeconfigs.pkg.crossplane.io")?;
            harness.put("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", &configs).await?;
            let all = json!(["get", "list", "watch", "create", "update", "patch", "delete"]);
            let groups = json!(["cloud.example", "kubernetes.crossplane.io", "kubernetes.m.crossplane.io"]);
            let rights = json!([{"apiGroups": groups, "resources": ["databases", "objects"], "verbs": all}]);
            harness.allow("clouds", &rights).await
        })?;
        let flags = ["--development-targets", "--function-timeout=3s", "--poll-interval=3s"];
        harness.controller("plat-controller", &[&flags[..], &["--log-level=info,plat_webhook=debug"]].concat())?;
        anyhow::Ok(harness)
    };
    match HARNESS.get_or_init(|| start().map_err(|error| format!("{error:#}"))) {
        Ok(harness) => harness,
        Err(error) => panic!("no controller: {error}"),
    }
}

/// A CRD that plat installs.
fn served(name: &str) -> anyhow::Result<Value> {
    let text = std::fs::read(plat_tests::repository().join("manifests/crds.yaml"))?;
    let (documents, _) = plat_resource::yaml::parse("crds.yaml", &text);
    let mut found = documents.into_iter().map(|document| document.value).filter(|crd| crd["metadata"]["name"] == name);
    found.next().ok_or_else(|| anyhow::anyhow!("{name} is not in crds.yaml"))
}

/// A Function; where it is called, if that is on this machine.
fn function(name: &str, target: Option<&str>) -> Value {
    json!({
        "apiVersion": "pkg.crossplane.io/v1", "kind": "Function",
        "metadata": {"name": name, "annotations": target.map(|target| json!({TARGET: target}))},
        "spec": {"package": format!("example.org/functions/{name}:v1")},
    })
}

/// Puts a platform there whose pipeline is these steps: function and input.
async fn install(harness: &Harness, platform: &Platform, steps: &[(&str, Value)]) -> anyhow::Result<String> {
    let namespace = platform.group.split('.').next().unwrap_or_default().to_owned();
    harness.namespace(&namespace).await?;
    harness.put(DEFINITIONS, &platform.definition()).await?;
    harness.put(COMPOSITIONS, &composition(platform, steps)).await?;
    Ok(namespace)
}

fn composition(platform: &Platform, steps: &[(&str, Value)]) -> Value {
    let mut composition = platform.composition(&[]);
    let steps = steps.iter().map(|(function, input)| {
        let mut step = json!({"step": format!("by-{function}"), "functionRef": {"name": function}});
        if !input.is_null() {
            step["input"] = input.clone();
        }
        step
    });
    composition["spec"]["pipeline"] = steps.collect::<Vec<_>>().into();
    composition
}

/// What the kubelet does: the Pods of a function are ready, or not.
async fn pods_become(harness: &Harness, function: &str, is_ready: bool) -> anyhow::Result<()> {
    let path = format!("/api/v1/namespaces/{NAMESPACE}/pods");
    let status = if is_ready { "True" } else { "False" };
    for pod in harness.list(&format!("{path}?labelSelector=pkg.crossplane.io/function={function}")).await?.values() {
        if condition(pod, "Ready").is_some_and(|ready| ready["status"] == status) {
            continue;
        }
        let path = format!("{path}/{}/status", pod["metadata"]["name"].as_str().unwrap_or_default());
        let change = json!({"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": status}]}});
        // One that is gone meanwhile is no matter.
        harness.ask("PATCH", &path, Some(&change)).await?;
    }
    Ok(())
}

/// Waits until a Function is healthy, its Pods being made ready as they come.
async fn until_healthy(harness: &Harness, function: &str) -> anyhow::Result<()> {
    harness
        .eventually(&format!("a healthy {function}"), || async {
            pods_become(harness, function, true).await?;
            let found = harness.ask("GET", &format!("{FUNCTIONS}/{function}"), None).await?.body;
            Ok(condition(&found, "Healthy").is_some_and(|healthy| healthy["status"] == "True"))
        })
        .await
}

/// The message of a condition.
pub(super) fn message(object: &Value, kind: &str) -> String {
    condition(object, kind).and_then(|found| found["message"].as_str()).unwrap_or_default().to_owned()
}
