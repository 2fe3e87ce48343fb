//! The real Crossplane can be started and stopped, and does its work between.

use std::process::{Command, Stdio};

use serde_json::json;

use super::engines::Engines;
use crate::reconciling::fixtures::{Platform, config_map};
use crate::reconciling::harness::says;

const DEFINITIONS: &str = "/apis/apiextensions.crossplane.io/v1/compositeresourcedefinitions";
const COMPOSITIONS: &str = "/apis/apiextensions.crossplane.io/v1/compositions";

fn is_alive(process: u32) -> bool {
    let mut command = Command::new("kill");
    command.args(["-0", &process.to_string()]).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

#[test]
fn crossplane_makes_a_claim_real_and_ends_when_asked() {
    let engines = Engines::new().unwrap();
    let harness = &engines.harness;
    let platform = Platform { group: "running.example", scope: "LegacyCluster" };
    let claim = format!("{}/shop", platform.claims("running"));
    engines.start_crossplane().unwrap();
    let processes = engines.with(|crossplane| crossplane.processes());
    assert_eq!(processes.len(), 3, "{processes:?}");
    engines
        .run(async {
            harness.namespace("running").await?;
            harness.put(DEFINITIONS, &platform.definition()).await?;
            harness.put(COMPOSITIONS, &platform.composition(&[config_map("one", "running")])).await?;
            harness.put(&platform.claims("running"), &platform.object("App", "shop", &json!({"size": 1}))).await?;
            harness.until(&claim, |claim| says(claim, "Ready", "True", "Available")).await
        })
        .unwrap();
    engines.stop_crossplane().unwrap();
    assert!(!is_alive(processes[0].1));
    // Nobody reconciles; then somebody does again.
    engines.run(harness.patch(&claim, &json!({"spec": {"size": 2}}))).unwrap();
    engines.start_crossplane().unwrap();
    engines.run(harness.until(&claim, |claim| claim["status"]["value"] == "2")).unwrap();
    drop(engines);
    assert!(processes.iter().all(|(_, process)| !is_alive(*process)));
}
