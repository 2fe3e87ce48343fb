//! Much of it, which is no mistake.

use serde_json::json;

use super::{COMPOSITIONS, DEFINITIONS};
use crate::reconciling::claims::is_ready;
use crate::reconciling::faults::{Instance, alone};
use crate::reconciling::fixtures::{Platform, config_map};

#[test]
fn five_hundred_resources_and_one_of_a_megabyte_become_real_in_as_many_writes() {
    let (harness, platform) = (&*alone(), Platform { group: "many.example", scope: "LegacyCluster" });
    harness
        .run(async {
            let controller = Instance::start(harness, "many", None, |command| {
                command.arg("--leader-elect=false");
            })
            .await?;
            harness.namespace("many").await?;
            let mut resources: Vec<_> = (0..500).map(|number| config_map(&format!("map-{number}"), "many")).collect();
            resources[0]["base"]["data"]["large"] = json!("x".repeat(1_000_000));
            harness.put(DEFINITIONS, &platform.definition()).await?;
            harness.put(COMPOSITIONS, &platform.composition(&resources)).await?;
            let path = format!("{}/shop", platform.claims("many"));
            harness.put(&platform.claims("many"), &platform.object("App", "shop", &json!({}))).await?;
            harness.until(&path, is_ready).await?;
            let label = "labelSelector=crossplane.io/composite";
            let all = harness.list(&format!("/api/v1/namespaces/many/configmaps?{label}")).await?;
            assert_eq!(all.len(), 500);
            assert_eq!(
                all.values().filter(|map| map["data"]["large"].as_str().map(str::len) == Some(1_000_000)).count(),
                1
            );
            let written = controller.writes()?;
            println!("{written} writes");
            // One each, and what the XRD, the Composition, the XR and the claim need.
            assert!((500.0..=530.0).contains(&written), "{written} writes");
            harness.delete(&path).await?;
            harness.gone(&path).await?;
            harness.delete(&format!("{DEFINITIONS}/xapps.{}", platform.group)).await?;
            harness.gone(&format!("{DEFINITIONS}/xapps.{}", platform.group)).await?;
            harness.delete(&format!("{COMPOSITIONS}/apps.{}", platform.group)).await
        })
        .unwrap();
}
