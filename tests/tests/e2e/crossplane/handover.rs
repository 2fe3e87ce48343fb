//! One engine goes on with what the other made: no object changes its identity, and nothing is written without need.

use std::time::Duration;

use plat_resource::Value;

use super::engines::Engines;
use super::snapshot::{Snapshot, replaced, settled, written};
use super::stories;
use crate::reconciling::harness::condition;

/// As long as this nothing is written, of which plat's polls are a fraction.
const QUIET: Duration = Duration::from_secs(10);
const FLAGS: [&str; 2] = ["--poll-interval=2s", "--engine=auto"];
const NONE: [&str; 0] = [];

/// What plat says in its log, so often.
async fn until_said(engines: &Engines, words: &str, times: usize) -> anyhow::Result<()> {
    let harness = &engines.harness;
    let log = harness.control_plane().log_of("plat-controller");
    harness.eventually(words, || async { Ok(std::fs::read_to_string(&log)?.matches(words).count() >= times) }).await
}

/// Changed claims and XRs are made real by what was made before; deleted ones go with all that is theirs.
async fn go_on(engines: &Engines, before: &Snapshot) -> anyhow::Result<()> {
    let harness = &engines.harness;
    stories::change(harness).await?;
    let after = settled(harness, &stories::watched(), QUIET, stories::is_changed).await?;
    assert_eq!(replaced(before, &after), NONE);
    stories::delete(harness).await?;
    settled(harness, &stories::watched(), QUIET, stories::is_deleted).await.map(|_| ())
}

#[test]
fn plat_goes_on_with_what_crossplane_made() {
    let engines = Engines::new().unwrap();
    let harness = &engines.harness;
    engines.start_crossplane().unwrap();
    harness.controller("plat-controller", &FLAGS).unwrap();
    let made = engines
        .run(async {
            until_said(&engines, "standing down: Crossplane reconciles", 1).await?;
            stories::begin(harness).await?;
            settled(harness, &stories::watched(), QUIET, stories::is_made).await
        })
        .unwrap();
    let by_plat =
        |object: &Value| object["metadata"]["managedFields"].to_string().contains("apiextensions.crossplane.io/plat");
    assert!(!made.values().any(by_plat), "plat wrote though it stands down");
    engines.stop_crossplane().unwrap();
    engines
        .run(async {
            until_said(&engines, "\"message\":\"plat reconciles\"", 1).await?;
            // plat tells a claim what is wrong with it, Crossplane only its XR.
            let is_told = |claim: &Value| {
                condition(claim, "Ready")
                    .is_some_and(|ready| ready["message"].to_string().contains("Unsynced resources"))
            };
            let taken = settled(harness, &stories::watched(), QUIET, |snapshot| {
                stories::is_made(snapshot) && snapshot.get("Database claims/broken").is_some_and(is_told)
            })
            .await?;
            assert_eq!(replaced(&made, &taken), NONE);
            assert_eq!(written(&made, &taken), ["Database claims/broken"]);
            go_on(&engines, &taken).await
        })
        .unwrap();
}

#[test]
fn crossplane_goes_on_with_what_plat_made() {
    let engines = Engines::new().unwrap();
    let harness = &engines.harness;
    harness.controller("plat-controller", &FLAGS).unwrap();
    let made = engines
        .run(async {
            stories::begin(harness).await?;
            settled(harness, &stories::watched(), QUIET, stories::is_made).await
        })
        .unwrap();
    engines.start_crossplane().unwrap();
    engines
        .run(async {
            until_said(&engines, "standing down: Crossplane reconciles", 1).await?;
            let taken = settled(harness, &stories::watched(), QUIET, stories::is_made).await?;
            assert_eq!(replaced(&made, &taken), NONE);
            // What a claim asks for is applied to its XR for the claim, too; and see above.
            let is_known = |key: &&str| *key == "Database claims/broken" || key.starts_with("XDatabase ");
            let written: Vec<&str> = written(&made, &taken).into_iter().filter(|key| !is_known(key)).collect();
            assert_eq!(written, NONE);
            go_on(&engines, &taken).await
        })
        .unwrap();
    engines.stop_crossplane().unwrap();
    engines.run(until_said(&engines, "\"message\":\"plat reconciles\"", 2)).unwrap();
}
