//! What goes wrong around the controller: nothing is lost by it, and nothing doubled.

mod answers;
mod clock;
mod instance;
mod killed;
mod proxy;
mod snapshot;
mod vanishing;
mod writers;

pub(super) use instance::Instance;

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use serde_json::json;

use super::claims::{self, is_ready};
use super::fixtures::{Platform, config_map};
use super::harness::Harness;

const DEFINITIONS: &str = "/apis/apiextensions.crossplane.io/v1/compositeresourcedefinitions";
const COMPOSITIONS: &str = "/apis/apiextensions.crossplane.io/v1/compositions";

/// A control plane for one of these tests at a time: each has controllers of its own, which would see what others do.
pub(super) fn alone() -> MutexGuard<'static, Harness> {
    static HARNESS: OnceLock<Result<Mutex<Harness>, String>> = OnceLock::new();
    let start = || {
        let harness = Harness::new()?;
        let rules = json!([{"apiGroups": ["things.example", "toolarge.example"], "resources": ["*"], "verbs": ["*"]}]);
        harness.run(harness.allow("faults", &rules))?;
        anyhow::Ok(Mutex::new(harness))
    };
    match HARNESS.get_or_init(|| start().map_err(|error| format!("{error:#}"))) {
        Ok(harness) => harness.lock().unwrap_or_else(PoisonError::into_inner),
        Err(error) => panic!("no control plane: {error}"),
    }
}

/// A platform whose claims become two ConfigMaps, in a namespace that is called as its group begins.
async fn install(harness: &Harness, platform: &Platform) -> anyhow::Result<String> {
    let namespace = platform.group.split('.').next().unwrap_or_default();
    claims::install(harness, platform, &[config_map("one", namespace), config_map("two", namespace)]).await
}

/// Takes a platform away: the next test's controller has nothing to do with it. A controller must be running.
async fn remove(harness: &Harness, platform: &Platform) -> anyhow::Result<()> {
    let definition = format!("{DEFINITIONS}/xapps.{}", platform.group);
    harness.delete(&definition).await?;
    harness.gone(&definition).await?;
    harness.delete(&format!("{COMPOSITIONS}/apps.{}", platform.group)).await
}

/// Makes claims of these names.
async fn claim(harness: &Harness, platform: &Platform, namespace: &str, names: &[String]) -> anyhow::Result<()> {
    for name in names {
        harness.put(&platform.claims(namespace), &platform.object("App", name, &json!({"size": 3}))).await?;
    }
    Ok(())
}

/// Waits until these claims are ready with this size.
async fn ready(
    harness: &Harness,
    platform: &Platform,
    namespace: &str,
    names: &[String],
    size: &str,
) -> anyhow::Result<()> {
    for name in names {
        let path = format!("{}/{name}", platform.claims(namespace));
        harness.until(&path, |claim| is_ready(claim) && claim["status"]["value"] == size).await?;
    }
    Ok(())
}

/// Waits until each of these claims has one XR and nobody else has one, and each XR its two ConfigMaps as they should be.
/// An XR never has more than that; what one of the same name left behind is the garbage collector's.
async fn nothing_doubled(
    harness: &Harness,
    platform: &Platform,
    namespace: &str,
    names: &[String],
) -> anyhow::Result<()> {
    let composites = harness.list(&platform.composites("")).await?;
    let mut claims: Vec<&str> = composites.values().filter_map(|xr| xr["spec"]["claimRef"]["name"].as_str()).collect();
    claims.sort_unstable();
    let is_one_each = claims.len() == composites.len() && claims.iter().eq(names);
    anyhow::ensure!(is_one_each, "XRs of the claims {claims:?} for {names:?}");
    for composite in composites.values() {
        let (name, uid) = (&composite["metadata"]["name"], &composite["metadata"]["uid"]);
        let size = composite["spec"]["size"].to_string();
        let selector = format!("crossplane.io/composite%3D{}", name.as_str().unwrap_or_default());
        let path = format!("/api/v1/namespaces/{namespace}/configmaps?labelSelector={selector}");
        harness
            .eventually(&format!("what {name} composes"), || async {
                let all = harness.list(&path).await?;
                let own = all.values().filter(|map| map["metadata"]["ownerReferences"][0]["uid"] == *uid).count();
                assert!(own <= 2, "{name} has {all:?}");
                let mut data: Vec<_> =
                    all.values().map(|map| (map["data"]["name"].to_string(), map["data"]["size"].clone())).collect();
                data.sort_unstable_by_key(|(name, _)| name.clone());
                Ok(data == [("\"one\"".to_owned(), json!(size)), ("\"two\"".to_owned(), json!(size))])
            })
            .await?;
    }
    Ok(())
}

/// Deletes claims, and waits until nothing is left of them.
async fn all_gone(harness: &Harness, platform: &Platform, namespace: &str, names: &[String]) -> anyhow::Result<()> {
    for name in names {
        harness.delete(&format!("{}/{name}", platform.claims(namespace))).await?;
    }
    harness
        .eventually("the end of all claims", || async {
            let label = "labelSelector=crossplane.io/composite";
            let composed = harness.list(&format!("/api/v1/namespaces/{namespace}/configmaps?{label}")).await?;
            let claims = harness.list(&platform.claims(namespace)).await?;
            Ok(claims.is_empty() && harness.list(&platform.composites("")).await?.is_empty() && composed.is_empty())
        })
        .await
}
