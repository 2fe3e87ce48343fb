//! What is in the cluster at one moment, and waiting until nothing changes any more.
//!
//! Owns which objects are looked at: all that engines write.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use plat_resource::{Value, object};

use crate::reconciling::harness::{Harness, PATIENCE};

/// Objects by `Kind namespace/name`.
pub(crate) type Snapshot = BTreeMap<String, Value>;

/// Kinds of claims, XRs and composed resources, as they are called, and where they are.
pub(crate) type Kinds = Vec<(String, String)>;

/// What belongs to platforms, besides claims and XRs.
const KINDS: [(&str, &str); 6] = [
    ("CompositeResourceDefinition", "/apis/apiextensions.crossplane.io/v1/compositeresourcedefinitions"),
    ("Composition", "/apis/apiextensions.crossplane.io/v1/compositions"),
    ("CompositionRevision", "/apis/apiextensions.crossplane.io/v1/compositionrevisions"),
    ("CustomResourceDefinition", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"),
    ("ConfigMap", "/api/v1/configmaps?labelSelector=crossplane.io/composite"),
    ("Secret", "/api/v1/secrets?fieldSelector=type=connection.crossplane.io/v1alpha1"),
];

/// Everything that engines write. Of CRDs, those of the XRDs.
async fn take(harness: &Harness, kinds: &Kinds) -> anyhow::Result<Snapshot> {
    let mut snapshot = Snapshot::new();
    let platforms = KINDS.iter().map(|(kind, path)| (*kind, *path));
    for (kind, path) in platforms.chain(kinds.iter().map(|(kind, path)| (kind.as_str(), path.as_str()))) {
        let answer = harness.ask("GET", path, None).await?;
        // Its CRD is not there yet, or not any more.
        if answer.code == 404 {
            continue;
        }
        ensure!(answer.is_accepted(), "GET {path}: {}", answer.body);
        for item in answer.body["items"].as_array().into_iter().flatten() {
            if kind == "CustomResourceDefinition" && object::controller(item).is_none() {
                continue;
            }
            snapshot.insert(key(kind, item), item.clone());
        }
    }
    Ok(snapshot)
}

/// How an object is called in a snapshot.
fn key(kind: &str, item: &Value) -> String {
    match object::namespace(item) {
        "" => format!("{kind} {}", object::name(item)),
        namespace => format!("{kind} {namespace}/{}", object::name(item)),
    }
}

/// What there is once it is as wished and nothing was written for as long as `quiet`.
pub(crate) async fn settled(
    harness: &Harness,
    kinds: &Kinds,
    quiet: Duration,
    is_so: impl Fn(&Snapshot) -> bool,
) -> anyhow::Result<Snapshot> {
    let end = Instant::now() + PATIENCE;
    let mut last = take(harness, kinds).await?;
    let mut since = Instant::now();
    loop {
        let wished = is_so(&last);
        if wished && since.elapsed() > quiet {
            return Ok(last);
        }
        if Instant::now() > end {
            bail!("{}: {}", if wished { "things go on changing" } else { "things are not as wished" }, digest(&last));
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        let next = take(harness, kinds).await?;
        if next != last {
            since = Instant::now();
            last = next;
        }
    }
}

/// Objects with their conditions, for a failure's message.
fn digest(snapshot: &Snapshot) -> String {
    let lines = snapshot.iter().map(|(key, object)| {
        let conditions = object["status"]["conditions"].as_array().into_iter().flatten();
        let told: Vec<String> = conditions
            .filter(|condition| condition["status"] != "True")
            .map(|condition| format!("{} {}", condition["type"], condition["message"]))
            .collect();
        format!("\n{key} ({}) {}", object["metadata"]["resourceVersion"], told.join("; "))
    });
    lines.collect()
}

/// Objects that are not the same ones as before: made, gone, or made anew.
pub(crate) fn replaced<'a>(before: &'a Snapshot, after: &'a Snapshot) -> Vec<&'a str> {
    differing(before, after, "uid")
}

/// Objects that were written between two snapshots, made and gone ones too.
pub(crate) fn written<'a>(before: &'a Snapshot, after: &'a Snapshot) -> Vec<&'a str> {
    differing(before, after, "resourceVersion")
}

fn differing<'a>(before: &'a Snapshot, after: &'a Snapshot, field: &str) -> Vec<&'a str> {
    let of = |snapshot: &'a Snapshot, key: &str| snapshot.get(key).map(|object| &object["metadata"][field]);
    let keys: BTreeSet<&str> = before.keys().chain(after.keys()).map(String::as_str).collect();
    keys.into_iter().filter(|key| of(before, key) != of(after, key)).collect()
}
