//! The controller has the rights of the manifest and what platform teams add to them; what is missing is told by name.

use serde_json::{Value, json};

use super::claims::{install, is_ready};
use super::fixtures::Platform;
use super::harness::{condition, shared};
use crate::webhook::fixtures::open_kind;

const CRDS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const GROUP: &str = "forbidden.example";

/// Whether a condition of this type is false for want of a right.
fn lacks(object: &Value, kind: &str, verb: &str) -> bool {
    let message = condition(object, kind).and_then(|it| it["message"].as_str()).unwrap_or_default();
    message.contains(&format!("cannot {verb} resource \"widgets\" in API group \"{GROUP}\""))
}

#[test]
fn a_missing_right_is_told_by_verb_and_resource_and_heals_once_it_is_given() {
    let harness = shared();
    let platform = Platform { group: GROUP, scope: "LegacyCluster" };
    let widget = json!({
        "name": "one",
        "base": {"apiVersion": format!("{GROUP}/v1"), "kind": "Widget", "metadata": {"namespace": "forbidden"}},
        "readinessChecks": [{"type": "None"}],
    });
    harness
        .run(async {
            harness.put(CRDS, &open_kind(GROUP, &["v1"], "Widget", "widgets", "Namespaced")).await?;
            let namespace = install(harness, &platform, &[widget]).await?;
            harness.put(&platform.claims(&namespace), &platform.object("App", "shop", &json!({}))).await?;
            let claim = format!("{}/shop", platform.claims(&namespace));
            let told = harness.until(&claim, |claim| lacks(claim, "Ready", "list")).await?;
            let xr = format!(
                "{}/{}",
                platform.composites(""),
                told["spec"]["resourceRef"]["name"].as_str().unwrap_or_default()
            );
            harness.until(&xr, |xr| lacks(xr, "Synced", "list")).await?;

            let right = |verbs: &[&str]| json!([{"apiGroups": [GROUP], "resources": ["widgets"], "verbs": verbs}]);
            harness.allow("widgets-are-read", &right(&["get", "list", "watch"])).await?;
            harness.until(&xr, |xr| lacks(xr, "Synced", "patch")).await?;
            harness.until(&claim, |claim| lacks(claim, "Ready", "patch")).await?;
            harness.allow("widgets-are-patched", &right(&["patch"])).await?;
            harness.until(&xr, |xr| lacks(xr, "Synced", "create")).await?;
            harness.until(&claim, |claim| lacks(claim, "Ready", "create")).await?;
            harness.allow("widgets-are-made", &right(&["create"])).await?;
            harness.until(&xr, is_ready).await?;
            harness.until(&claim, is_ready).await?;
            anyhow::Ok(())
        })
        .unwrap();
}
