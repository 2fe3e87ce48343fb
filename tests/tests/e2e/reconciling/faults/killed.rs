//! Killed after a number of writes, again and again: what is there at the end of each step is what an undisturbed controller
//! makes.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::alone;
use super::instance::Instance;
use super::snapshot::{Snapshot, difference, snapshot};
use crate::reconciling::fixtures::{Platform, config_map};
use crate::reconciling::harness::{Harness, PATIENCE, condition, says};

const CROSSPLANE: &str = "/apis/apiextensions.crossplane.io/v1";
const NAMESPACE: &str = "killed";
const PLATFORM: Platform = Platform { group: "killed.example", scope: "LegacyCluster" };
const STEPS: [&str; 6] = ["definition", "claim", "changed claim", "changed Composition", "no claim", "no platform"];

/// Which controllers have looked at something once a step is done.
const LOOKED: [&[&str]; 6] = [
    &["definition", "composition"],
    &["claim", "composite"],
    &["claim", "composite"],
    &["claim", "composite"],
    &["definition", "composition"],
    &[],
];

#[test]
fn a_controller_killed_at_every_write_loses_nothing_and_doubles_nothing() {
    let harness = &*alone();
    harness
        .run(async {
            harness.namespace(NAMESPACE).await?;
            let mut calm = Run::new(harness, None);
            let mut expected = Vec::new();
            for step in 0..STEPS.len() {
                expected.push(calm.step(step, None).await?);
            }
            assert!(expected[5].is_empty(), "{:?}", expected[5]);
            drop(calm);
            for limit in [1, 2, 4] {
                let began = Instant::now();
                let mut run = Run::new(harness, Some(limit));
                for (step, expected) in expected.iter().enumerate() {
                    run.step(step, Some(expected)).await?;
                }
                println!("killed {} times, after {limit} writes each, in {:?}", run.kills, began.elapsed());
                // The scenario takes more than fifty writes.
                assert!(run.kills >= 40 / usize::try_from(limit)?, "{}", run.kills);
            }
            anyhow::Ok(())
        })
        .unwrap();
}

/// The scenario from its begin to its end, after which nothing is left.
struct Run<'a> {
    harness: &'a Harness,
    limit: Option<u64>,
    controller: Option<Instance<'a>>,
    kills: usize,
}

impl<'a> Run<'a> {
    fn new(harness: &'a Harness, limit: Option<u64>) -> Self {
        Self { harness, limit, controller: None, kills: 0 }
    }

    /// Makes a change, and keeps a controller running until all is as expected and it has nothing to do.
    async fn step(&mut self, step: usize, expected: Option<&Snapshot>) -> anyhow::Result<Snapshot> {
        change(self.harness, step).await?;
        let end = Instant::now() + PATIENCE;
        loop {
            self.keep_running().await?;
            let is_reached = expected.is_some() || is_reached(self.harness, step).await?;
            let found = snapshot(self.harness, &PLATFORM, NAMESPACE).await?;
            let is_expected = is_reached && expected.is_none_or(|expected| *expected == found);
            if is_expected && self.controller.as_ref().is_some_and(|it| it.is_quiet(LOOKED[step]).unwrap_or(false)) {
                return Ok(found);
            }
            let differences = expected.map(|expected| difference(expected, &found));
            anyhow::ensure!(
                Instant::now() < end,
                "{}: killed {} times after {:?} writes: {}\n{}",
                STEPS[step],
                self.kills,
                self.limit,
                differences.unwrap_or_else(|| format!("{found:?}")),
                self.harness.control_plane().last_words_of("killed"),
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn keep_running(&mut self) -> anyhow::Result<()> {
        if self.controller.as_ref().is_some_and(Instance::has_ended) {
            self.controller = None;
            self.kills += 1;
        }
        if self.controller.is_none() {
            let limit = self.limit;
            let started = Instance::start(self.harness, "killed", None, |command| {
                command.arg("--leader-elect=false").args(limit.map(|limit| format!("--stop-after-writes={limit}")));
            });
            self.controller = Some(started.await?);
        }
        Ok(())
    }
}

async fn change(harness: &Harness, step: usize) -> anyhow::Result<()> {
    let definition = format!("{CROSSPLANE}/compositeresourcedefinitions");
    let compositions = format!("{CROSSPLANE}/compositions");
    let claim = format!("{}/shop", PLATFORM.claims(NAMESPACE));
    let composition = format!("{compositions}/apps.{}", PLATFORM.group);
    match step {
        0 => {
            harness.put(&definition, &PLATFORM.definition()).await?;
            harness.put(&compositions, &made_of(&["one", "two", "three"])).await?;
        }
        1 => {
            let spec = json!({"size": 3, "writeConnectionSecretToRef": {"name": "shop-connection"}});
            harness.put(&PLATFORM.claims(NAMESPACE), &PLATFORM.object("App", "shop", &spec)).await?;
        }
        2 => drop(harness.patch(&claim, &json!({"spec": {"size": 4}})).await?),
        3 => {
            let changed = made_of(&["one", "two"]);
            harness.patch(&composition, &json!({"spec": changed["spec"]})).await?;
        }
        4 => harness.delete(&claim).await?,
        _ => {
            harness.delete(&composition).await?;
            harness.delete(&format!("{definition}/xapps.{}", PLATFORM.group)).await?;
        }
    }
    Ok(())
}

/// A Composition of these ConfigMaps, the first of which has connection details.
fn made_of(names: &[&str]) -> Value {
    let mut resources: Vec<Value> = names.iter().map(|name| config_map(name, NAMESPACE)).collect();
    resources[0]["connectionDetails"] =
        json!([{"name": "user", "type": "FromFieldPath", "fromFieldPath": "data.size"}]);
    let mut composition = PLATFORM.composition(&resources);
    composition["spec"]["writeConnectionSecretsToNamespace"] = json!(NAMESPACE);
    composition
}

/// Whether an undisturbed controller is through with a step.
async fn is_reached(harness: &Harness, step: usize) -> anyhow::Result<bool> {
    let all = snapshot(harness, &PLATFORM, NAMESPACE).await?;
    let count = |plural: &str| all.iter().filter(|(name, _)| name.starts_with(&format!("{plural}/"))).count();
    Ok(match step {
        0 => {
            let definition = format!("{CROSSPLANE}/compositeresourcedefinitions/xapps.{}", PLATFORM.group);
            let definition = harness.ask("GET", &definition, None).await?.body;
            let is_valid = |object: &Value| condition(object, "ValidPipeline").is_some_and(|it| it["status"] == "True");
            let valid =
                all.iter().filter(|(name, object)| name.starts_with("compositionrevisions/") && is_valid(object));
            says(&definition, "Established", "True", "WatchingCompositeResource")
                && says(&definition, "Offered", "True", "WatchingCompositeResourceClaim")
                && valid.count() == 1
        }
        1 => is_ready(harness, "3").await? && count("configmaps") == 3,
        2 => is_ready(harness, "4").await? && count("configmaps") == 3,
        3 => is_ready(harness, "4").await? && count("configmaps") == 2 && count("compositionrevisions") == 2,
        4 => ["apps", "xapps", "configmaps", "secrets"].into_iter().all(|plural| count(plural) == 0),
        _ => all.is_empty(),
    })
}

/// Whether claim and XR say the same of their present state, and both Secrets have what they should.
async fn is_ready(harness: &Harness, size: &str) -> anyhow::Result<bool> {
    let claim = harness.ask("GET", &format!("{}/shop", PLATFORM.claims(NAMESPACE)), None).await?.body;
    let name = claim["spec"]["resourceRef"]["name"].as_str().unwrap_or_default();
    let composite = harness.ask("GET", &format!("{}/{name}", PLATFORM.composites("")), None).await?.body;
    let is_well = |object: &Value| {
        let is_current = |kind: &str| {
            condition(object, kind).is_some_and(|it| it["observedGeneration"] == object["metadata"]["generation"])
        };
        says(object, "Ready", "True", "Available")
            && says(object, "Synced", "True", "ReconcileSuccess")
            && is_current("Ready")
            && is_current("Synced")
            && object["status"]["value"] == size
            && object["status"]["connectionDetails"]["lastPublishedTime"].is_string()
    };
    let user = if size == "3" { "Mw==" } else { "NA==" };
    let secrets = harness.list(&format!("/api/v1/namespaces/{NAMESPACE}/secrets")).await?;
    let configs = harness.list(&format!("/api/v1/namespaces/{NAMESPACE}/configmaps")).await?;
    let mut sizes = configs.values().map(|it| &it["data"]["size"]).filter(|found| found.is_string());
    let revisions = harness.list(&format!("{CROSSPLANE}/compositionrevisions")).await?;
    let newest = revisions.values().max_by_key(|it| it["spec"]["revision"].as_i64());
    let newest = newest.map(|it| it["metadata"]["name"].clone()).unwrap_or_default();
    Ok(is_well(&claim)
        && is_well(&composite)
        && [&claim, &composite].into_iter().all(|it| it["spec"]["compositionRevisionRef"]["name"] == newest)
        && secrets.len() == 2
        && secrets.values().all(|secret| secret["data"] == json!({"user": user}))
        && sizes.all(|found| found == size))
}
