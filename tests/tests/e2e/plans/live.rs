//! Plans against what a cluster has.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use super::plugin::{Said, file, plat};
use crate::reconciling::fixtures::{Platform, config_map};
use crate::reconciling::harness::{Harness, says};

const DEFINITIONS: &str = "/apis/apiextensions.crossplane.io/v1/compositeresourcedefinitions";
const COMPOSITIONS: &str = "/apis/apiextensions.crossplane.io/v1/compositions";

/// A cluster in which claim `shop` became real, and whose controller was killed then: what is changed stays changed.
struct Scene {
    harness: Harness,
    platform: Platform,
    kubeconfig: PathBuf,
    folder: tempfile::TempDir,
}

impl Scene {
    fn new() -> anyhow::Result<Self> {
        let harness = Harness::new()?;
        let platform = Platform { group: "plans.example", scope: "LegacyCluster" };
        let controller = harness.controller("plat-controller", &[])?;
        harness.run(async {
            harness.namespace("plans").await?;
            harness.put(DEFINITIONS, &platform.definition()).await?;
            let resources = [config_map("one", "plans"), config_map("two", "plans")];
            harness.put(COMPOSITIONS, &platform.composition(&resources)).await?;
            let claims = platform.claims("plans");
            harness.put(&claims, &platform.object("App", "shop", &json!({"size": 3}))).await?;
            let is_ready = |claim: &Value| says(claim, "Ready", "True", "Available");
            harness.until(&format!("{claims}/shop"), is_ready).await.map(|_| ())
        })?;
        anyhow::ensure!(Command::new("kill").args(["-KILL", &controller.to_string()]).status()?.success());
        let kubeconfig = harness.control_plane().kubeconfig().to_owned();
        Ok(Self { harness, platform, kubeconfig, folder: tempfile::tempdir()? })
    }

    fn plan(&self, words: &[&str]) -> anyhow::Result<Said> {
        let mut all = vec!["claim", "plan", "-n", "plans"];
        all.extend(words);
        plat(&self.kubeconfig, &all)
    }

    /// The composed ConfigMap of this composition-resource name.
    fn composed(&self, name: &str) -> anyhow::Result<Value> {
        let path = "/api/v1/namespaces/plans/configmaps?labelSelector=crossplane.io/composite";
        let all = self.harness.run(self.harness.list(path))?;
        let is_named = |object: &Value| {
            object["metadata"]["annotations"]["crossplane.io/composition-resource-name"] == json!(name)
        };
        all.into_values().find(is_named).ok_or_else(|| anyhow::anyhow!("there is no {name}"))
    }

    /// All objects a plan could touch, to tell whether it did.
    fn everything(&self) -> anyhow::Result<Vec<Value>> {
        let mut all = Vec::new();
        for path in
            ["/api/v1/namespaces/plans/configmaps", &self.platform.claims("plans"), &self.platform.composites("")]
        {
            all.extend(self.harness.run(self.harness.list(path))?.into_values());
        }
        Ok(all)
    }
}

#[test]
fn a_plan_against_a_cluster_tells_changes_drift_and_refusals_and_writes_nothing() {
    let scene = Scene::new().unwrap();
    let before = scene.everything().unwrap();

    let same = scene.plan(&["app/shop"]).unwrap();
    assert_eq!(same.code, Some(0), "{same:?}");
    assert!(same.out.ends_with("Plan: 0 to add, 0 to change, 0 to replace, 0 to destroy.\n"), "{same:?}");

    let claim = scene.platform.object("App", "shop", &json!({"size": 4}));
    let changed = file(&scene.folder, "changed.yaml", &[claim]).unwrap();
    let changed_file = changed.display().to_string();
    let changed = scene.plan(&["-f", &changed_file, "--detailed-exitcode"]).unwrap();
    assert_eq!(changed.code, Some(2), "{changed:?}");
    assert!(changed.out.contains("spec.size   3 → 4"), "{changed:?}");
    assert!(changed.out.contains("data.size   \"3\" → \"4\""), "{changed:?}");
    assert!(changed.out.ends_with("Plan: 0 to add, 4 to change, 0 to replace, 0 to destroy.\n"), "{changed:?}");

    let new = file(&scene.folder, "new.yaml", &[scene.platform.object("App", "other", &json!({"size": 1}))]).unwrap();
    let new = scene.plan(&["-f", &new.display().to_string()]).unwrap();
    assert!(new.out.ends_with("Plan: 4 to add, 0 to change, 0 to replace, 0 to destroy.\n"), "{new:?}");

    assert_eq!(scene.everything().unwrap(), before, "planning writes nothing");

    // Whoever applies server-side is told of conflicts.
    let path = format!("{}/shop?fieldManager=kubectl&force=true", scene.platform.claims("plans"));
    let own = scene.platform.object("App", "shop", &json!({"second": true}));
    scene.harness.run(scene.harness.patch(&path, &own)).unwrap();
    let conflict = scene.plan(&["-f", &changed_file]).unwrap();
    assert!(conflict.out.contains("conflict with \"unknown\" using plans.example/v1: .spec.size"), "{conflict:?}");
}

#[test]
fn drift_is_told_with_who_made_it_and_a_changed_composition_with_what_it_does() {
    let scene = Scene::new().unwrap();
    let one = scene.composed("one").unwrap();
    let name = one["metadata"]["name"].as_str().unwrap();
    let path = format!("/api/v1/namespaces/plans/configmaps/{name}");
    let edit = json!({"data": {"size": "99"}});
    let edited = format!("{path}?fieldManager=kubectl-edit&force=true");
    let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": edit["data"]});
    scene.harness.run(scene.harness.patch(&edited, &object)).unwrap();
    let drift = scene.plan(&["shop"]).unwrap();
    assert!(drift.out.contains("data.size   \"99\" → \"3\" (set by kubectl-edit)"), "{drift:?}");
    assert!(drift.out.ends_with("Plan: 0 to add, 1 to change, 0 to replace, 0 to destroy.\n"), "{drift:?}");

    let resources = [config_map("one", "plans"), config_map("three", "plans")];
    let composition = file(&scene.folder, "composition.yaml", &[scene.platform.composition(&resources)]).unwrap();
    let composition = composition.display().to_string();
    let impact = scene.plan(&["shop", "--platform", &composition, "--live"]).unwrap();
    assert!(impact.out.contains("(three)") && impact.out.contains("(two)"), "{impact:?}");
    assert!(impact.out.ends_with("Plan: 1 to add, 1 to change, 0 to replace, 1 to destroy.\n"), "{impact:?}");

    let missing = scene.plan(&["app/shopp"]).unwrap();
    assert_eq!(missing.code, Some(1), "{missing:?}");
    assert!(missing.err.starts_with("error: there is no App shopp\n"), "{missing:?}");
    let kind = scene.plan(&["ap/shop"]).unwrap();
    assert!(kind.err.contains("\"ap\" is no kind of claim or XR"), "{kind:?}");
}
