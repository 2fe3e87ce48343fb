//! What the core finds in the API server: its Namespace and account, its Deployment, and functions that run already.
//!
//! Owns these objects and making them. The core's own package manager would fetch images; it is told to leave the functions
//! as they are.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::bail;
use serde_json::{Value, json};

use super::Ask;

/// Kinds are served a moment after their definition is made.
const PATIENCE: Duration = Duration::from_mins(2);
const DEPLOYMENT: &str = "crossplane";

/// The Namespace, the account and the Deployment, which is scaled to 0.
pub(super) fn make_surroundings(ask: Ask<'_>, namespace: &str) -> anyhow::Result<()> {
    make(ask, "/api/v1/namespaces", &json!({"metadata": {"name": namespace}}))?;
    let account = json!({"metadata": {"name": "crossplane"}});
    make(ask, &format!("/api/v1/namespaces/{namespace}/serviceaccounts"), &account)?;
    let labels = json!({"app": "crossplane", "release": "crossplane"});
    let mut own = labels.clone();
    own["app.kubernetes.io/component"] = "cloud-infrastructure-controller".into();
    let container = json!({"name": "crossplane", "image": "crossplane.invalid/crossplane", "args": ["core", "start"]});
    let deployment = json!({
        "metadata": {"name": DEPLOYMENT, "labels": own},
        "spec": {"replicas": 0, "selector": {"matchLabels": labels}, "template": {
            "metadata": {"labels": labels}, "spec": {"serviceAccountName": "crossplane", "containers": [container]},
        }},
    });
    make(ask, &format!("/apis/apps/v1/namespaces/{namespace}/deployments"), &deployment)
}

/// Says how many of the core are meant to run.
pub(super) fn scale_deployment(ask: Ask<'_>, namespace: &str, replicas: usize) -> anyhow::Result<()> {
    let path = format!("/apis/apps/v1/namespaces/{namespace}/deployments/{DEPLOYMENT}");
    until_accepted(ask, "PATCH", &path, &json!({"spec": {"replicas": replicas}}))
}

/// A function that listens on `localhost:port`.
pub(super) fn make_function(ask: Ask<'_>, name: &str, version: &str, port: u16) -> anyhow::Result<()> {
    let package = format!("crossplane.invalid/{name}:{version}");
    let function = json!({
        "apiVersion": "pkg.crossplane.io/v1", "kind": "Function",
        "metadata": {"name": name, "annotations": {"crossplane.io/paused": "true"}},
        "spec": {"package": package},
    });
    make(ask, "/apis/pkg.crossplane.io/v1/functions", &function)?;
    let revisions = "/apis/pkg.crossplane.io/v1/functionrevisions";
    let revision = format!("{name}-running");
    let object = json!({
        "apiVersion": "pkg.crossplane.io/v1", "kind": "FunctionRevision",
        "metadata": {
            "name": revision, "labels": {"pkg.crossplane.io/package": name}, "annotations": {"crossplane.io/paused": "true"},
        },
        "spec": {"desiredState": "Active", "image": package, "revision": 1},
    });
    make(ask, revisions, &object)?;
    let condition = |kind: &str| json!({"type": kind, "status": "True", "reason": "Running", "lastTransitionTime": "2026-01-01T00:00:00Z"});
    let status = json!({"status": {
        "endpoint": format!("dns:///localhost:{port}"), "capabilities": ["composition"],
        "conditions": [condition("RevisionHealthy"), condition("RuntimeHealthy")],
    }});
    until_accepted(ask, "PATCH", &format!("{revisions}/{revision}/status"), &status)
}

/// Makes an object, unless it is there.
fn make(ask: Ask<'_>, collection: &str, object: &Value) -> anyhow::Result<()> {
    until_accepted(ask, "POST", collection, object)
}

fn until_accepted(ask: Ask<'_>, method: &str, path: &str, object: &Value) -> anyhow::Result<()> {
    let end = Instant::now() + PATIENCE;
    loop {
        match ask(method, path, object)? {
            (200..300, _) => return Ok(()),
            (409, _) if method == "POST" => return Ok(()),
            (404 | 500.., _) if Instant::now() < end => thread::sleep(Duration::from_millis(50)),
            (status, answer) => bail!("{method} {path}: {status}: {answer}"),
        }
    }
}
