//! Input that cannot be made real: it says why where its owner looks, disturbs nobody, is not tried without end, and heals
//! once it is mended.
//!
//! XRDs that are invalid are in `definitions`.

mod cases;
mod sizes;

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};

use cases::{Case, cases};

use super::claims::is_ready;
use super::faults::{Instance, alone};
use super::fixtures::{Platform, config_map};
use super::harness::Harness;

const DEFINITIONS: &str = "/apis/apiextensions.crossplane.io/v1/compositeresourcedefinitions";
const COMPOSITIONS: &str = "/apis/apiextensions.crossplane.io/v1/compositions";
/// For how long what is wrong is left as it is.
const WINDOW: Duration = Duration::from_secs(12);

/// What the conditions of an object say, all together.
fn words(object: &Value) -> String {
    let conditions = object["status"]["conditions"].as_array();
    let messages = conditions.into_iter().flatten().filter_map(|condition| condition["message"].as_str());
    messages.collect::<Vec<_>>().join("\n")
}

impl Case {
    fn namespace(&self) -> String {
        self.platform.group.split('.').next().unwrap_or_default().to_owned()
    }

    fn path(&self, name: &str) -> String {
        let (namespace, platform) = (self.namespace(), &self.platform);
        match platform.scope {
            "LegacyCluster" => format!("{}/{name}", platform.claims(&namespace)),
            "Namespaced" => format!("{}/{name}", platform.composites(&namespace)),
            _ => format!("{}/{name}", platform.composites("")),
        }
    }

    async fn install(&self, harness: &Harness) -> anyhow::Result<()> {
        let mut made = Value::Null;
        for (path, object) in &self.before {
            let mut object = object.clone();
            if let Some(owner) = object.pointer_mut("/metadata/ownerReferences/0/uid") {
                *owner = made["metadata"]["uid"].clone();
            }
            made = harness.put(path, &object).await?;
        }
        harness.put(DEFINITIONS, &self.platform.definition()).await?;
        harness.put(COMPOSITIONS, &self.composition).await?;
        let kind = if self.platform.scope == "LegacyCluster" { "App" } else { "XApp" };
        for (position, name) in self.made.iter().enumerate() {
            let path = self.path(name);
            let (all, _) = path.rsplit_once('/').unwrap_or_default();
            harness.put(all, &self.platform.object(kind, name, &json!({}))).await?;
            if position + 1 < self.made.len() {
                harness.until(&path, is_ready).await?;
            }
        }
        Ok(())
    }

    /// Waits until it is told what is wrong, and answers with all of its conditions.
    async fn told(&self, harness: &Harness) -> anyhow::Result<String> {
        let is_told = |object: &Value| {
            let words = words(object);
            !is_ready(object) && self.says.iter().all(|part| words.contains(part))
        };
        Ok(words(&harness.until(&self.path(self.told_at), is_told).await?))
    }

    /// Gives it a Composition that is as it should be.
    async fn mend(&self, harness: &Harness) -> anyhow::Result<()> {
        let good = self.platform.composition(&[config_map("fine", &self.namespace())]);
        let path = format!("{COMPOSITIONS}/apps.{}", self.platform.group);
        harness.patch(&path, &json!({"spec": good["spec"]})).await?;
        for name in &self.made {
            harness.until(&self.path(name), |object| is_ready(object) && object["status"]["value"] == "1").await?;
        }
        // What was made before goes, however deep it was.
        let all = self.platform.composites("");
        harness
            .eventually(&format!("one XR each of {all}"), || async {
                Ok(harness.list(&all).await?.len() == self.made.len())
            })
            .await
    }
}

fn gather(results: Vec<anyhow::Result<String>>, cases: &[Case]) -> anyhow::Result<Vec<String>> {
    let failed = |(result, case): (&anyhow::Result<String>, &Case)| {
        result.as_ref().err().map(|error| format!("{}: {error:#}", case.platform.group))
    };
    let failures: Vec<String> = results.iter().zip(cases).filter_map(failed).collect();
    anyhow::ensure!(failures.is_empty(), "{}", failures.join("\n\n"));
    results.into_iter().collect()
}

async fn versions(harness: &Harness, cases: &[Case]) -> anyhow::Result<Vec<String>> {
    let mut versions = Vec::new();
    for case in cases {
        let object = harness.until(&case.path(case.told_at), |_| true).await?;
        versions.push(format!("{} {}", case.platform.group, object["metadata"]["resourceVersion"]));
    }
    Ok(versions)
}

#[test]
fn what_cannot_be_made_real_says_why_and_heals_and_everybody_else_goes_on() {
    let (harness, cases) = (&*alone(), cases());
    harness
        .run(async {
            let controller = Instance::start(harness, "bad-input", None, |command| {
                command.arg("--leader-elect=false");
            })
            .await?;
            let healthy = Platform { group: "healthy.example", scope: "LegacyCluster" };
            for namespace in cases.iter().map(Case::namespace).chain(["healthy".to_owned()]) {
                harness.namespace(&namespace).await?;
            }
            harness.put(DEFINITIONS, &healthy.definition()).await?;
            harness.put(COMPOSITIONS, &healthy.composition(&[config_map("fine", "healthy")])).await?;
            let claim = |name: &str| healthy.object("App", name, &json!({}));
            harness.put(&healthy.claims("healthy"), &claim("before")).await?;
            let before = harness.until(&format!("{}/before", healthy.claims("healthy")), is_ready).await?;

            let told = join_all(cases.iter().map(|case| async move {
                case.install(harness).await?;
                case.told(harness).await
            }));
            for (case, words) in cases.iter().zip(gather(told.await, &cases)?) {
                println!("{}: {words}\n", case.platform.group);
            }
            // All of it is there, and others are made as ever.
            harness.put(&healthy.claims("healthy"), &claim("after")).await?;
            harness.until(&format!("{}/after", healthy.claims("healthy")), is_ready).await?;
            let written = rests(harness, &controller, &cases).await?;
            println!("{written} writes in {WINDOW:?}, {} cases are wrong", cases.len());
            let mended =
                join_all(cases.iter().map(|case| async move { case.mend(harness).await.map(|()| String::new()) }));
            gather(mended.await, &cases)?;
            let after = harness.until(&format!("{}/before", healthy.claims("healthy")), is_ready).await?;
            assert_eq!(after["metadata"]["resourceVersion"], before["metadata"]["resourceVersion"]);
            assert!(controller.metric("plat_controller_reconciles_total", "result=\"panic\"")? < 0.5);
            for group in cases.iter().map(|case| case.platform.group).chain(["healthy.example"]) {
                harness.delete(&format!("{DEFINITIONS}/xapps.{group}")).await?;
            }
            for group in cases.iter().map(|case| case.platform.group).chain(["healthy.example"]) {
                harness.gone(&format!("{DEFINITIONS}/xapps.{group}")).await?;
                harness.delete(&format!("{COMPOSITIONS}/apps.{group}")).await?;
            }
            anyhow::Ok(())
        })
        .unwrap();
}

/// What fails is tried again ever more rarely, and says nothing new. How often it was.
async fn rests(harness: &Harness, controller: &Instance<'_>, cases: &[Case]) -> anyhow::Result<f64> {
    let (before, versions_before) = (controller.writes()?, versions(harness, cases).await?);
    let began = Instant::now();
    harness.eventually("a while", || async { Ok(began.elapsed() >= WINDOW) }).await?;
    let written = controller.writes()? - before;
    let most = f64::from(u32::try_from(5 * cases.len())?);
    assert!(written <= most, "{written} writes in {WINDOW:?}");
    assert_eq!(versions(harness, cases).await?, versions_before);
    Ok(written)
}
