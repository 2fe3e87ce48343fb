//! The same manifests, once by Crossplane and once by plat: what is in the cluster then is the same.

use std::time::Duration;

use super::compare::{Difference, comparable, differences};
use super::engines::Engines;
use super::snapshot::{Snapshot, settled};
use super::stories;

const QUIET: Duration = Duration::from_secs(3);

/// What differs on purpose: of XRs or of claims, the beginning of the field, and why. Each line is needed; docs/controller.md
/// has the same.
const EXPLAINED: [(&str, &str, &str); 5] = [
    ("XR", ".metadata.generation", "plat chooses Composition and revision in one write, Crossplane in two"),
    (
        "XR",
        ".metadata.managedFields.engine Update status",
        "plat applies the status of an XR as a whole, Crossplane updates its conditions besides",
    ),
    (
        "XR",
        ".metadata.managedFields.apiextensions.crossplane.io/composite Apply status.f:status.f:connectionDetails",
        "the same",
    ),
    (
        "XR",
        ".metadata.managedFields.apiextensions.crossplane.io/claim Apply .f:spec.f:compositionRef",
        "plat does not apply what an XR says already",
    ),
    ("claim", ".status.conditions.Ready.message", "plat tells a claim what its XR waits for"),
];

/// The line that explains a difference.
pub(super) fn explanation(difference: &Difference, role: &dyn Fn(&str) -> Option<&'static str>) -> Option<usize> {
    let role = role(difference.object.split(' ').next().unwrap_or_default())?;
    EXPLAINED.iter().position(|(of, field, _)| *of == role && difference.field.starts_with(field))
}

/// What became of the stories, step by step.
async fn tell(engines: &Engines) -> anyhow::Result<Vec<(&'static str, Snapshot)>> {
    let harness = &engines.harness;
    let watched = stories::watched();
    stories::begin(harness).await?;
    let made = settled(harness, &watched, QUIET, stories::is_made).await?;
    stories::change(harness).await?;
    let changed = settled(harness, &watched, QUIET, stories::is_changed).await?;
    stories::recompose(harness).await?;
    let recomposed = settled(harness, &watched, QUIET, stories::is_recomposed).await?;
    stories::meddle(harness, &recomposed).await?;
    let undone = settled(harness, &watched, QUIET, stories::is_undone(&recomposed)).await?;
    stories::delete(harness).await?;
    let deleted = settled(harness, &watched, QUIET, stories::is_deleted).await?;
    stories::end(harness).await?;
    let ended = settled(harness, &watched, QUIET, Snapshot::is_empty).await?;
    Ok(vec![
        ("made", made),
        ("changed", changed),
        ("recomposed", recomposed),
        ("undone", undone),
        ("deleted", deleted),
        ("ended", ended),
    ])
}

#[test]
fn plat_does_as_crossplane_does() {
    let by_crossplane = {
        let engines = Engines::new().unwrap();
        engines.start_crossplane().unwrap();
        engines.run(tell(&engines)).unwrap()
    };
    let by_plat = {
        let engines = Engines::new().unwrap();
        engines.harness.controller("plat-controller", &[]).unwrap();
        engines.run(tell(&engines)).unwrap()
    };
    let mut needed = [false; EXPLAINED.len()];
    let mut wrong = Vec::new();
    for ((step, first), (_, second)) in by_crossplane.iter().zip(&by_plat) {
        for difference in differences(&comparable(first), &comparable(second)) {
            match explanation(&difference, &stories::role) {
                Some(index) => needed[index] = true,
                None => wrong.push(format!("{step}: {difference:?}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let idle: Vec<_> = EXPLAINED.iter().zip(needed).filter(|(_, needed)| !needed).map(|(row, _)| row).collect();
    assert!(idle.is_empty(), "explains nothing: {idle:?}");
}
