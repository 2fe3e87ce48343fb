//! From what all feeds say to the next snapshot.
//!
//! Owns when and where it is made: after a short rest, off the async threads, with the last good version of what is broken,
//! and for the first time only when every feed was read.

use std::sync::Arc;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use plat_admission::kinds::{Part, What, find};
use plat_admission::last_good::{Broken, LastGood, Loaded};
use plat_platform::Platform;
use plat_policy::PolicySet;
use plat_resource::{Diagnostic, GroupVersionKind, object};
use tracing::{info, warn};

use super::cluster::{TemplateStatus, unit_name};
use super::feeds::Feeds;
use crate::decision::Condition;
use crate::snapshots::Snapshots;

/// Changes come in crowds, as when a folder is applied; a snapshot is made when they rest, or after the longest wait.
const REST: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// How often it is looked whether the first snapshot can be made.
const LOOK: Duration = Duration::from_millis(50);

/// What is not in use as it is written.
#[derive(Debug, Clone, Default)]
struct State {
    made: bool,
    broken_platform: Vec<Broken>,
    broken_policies: Vec<Broken>,
}

/// Makes snapshots of feeds.
pub struct Rebuild {
    feeds: Arc<Feeds>,
    snapshots: Arc<Snapshots>,
    status: Option<TemplateStatus>,
    state: Mutex<State>,
    last: Mutex<(LastGood, LastGood)>,
}

impl std::fmt::Debug for Rebuild {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Rebuild").field("state", &self.state).finish_non_exhaustive()
    }
}

impl Rebuild {
    /// Nothing is made yet.
    pub fn new(feeds: Arc<Feeds>, snapshots: Arc<Snapshots>, status: Option<TemplateStatus>) -> Self {
        Self { feeds, snapshots, status, state: Mutex::default(), last: Mutex::default() }
    }

    /// Makes a snapshot whenever something changed, for ever.
    pub async fn run(self: Arc<Self>) {
        while self.feeds.states().iter().any(|(_, state)| !state.is_read()) {
            tokio::time::sleep(LOOK).await;
        }
        self.feeds.take_changed();
        self.make(&[Part::Platform, Part::Policies]).await;
        loop {
            self.feeds.changed().await;
            self.rest().await;
            let parts = self.feeds.take_changed();
            if !parts.is_empty() {
                self.make(&parts).await;
            }
        }
    }

    /// Waits until nothing changes for a moment.
    async fn rest(&self) {
        let end = tokio::time::Instant::now() + LONGEST_WAIT;
        while tokio::time::Instant::now() < end {
            if tokio::time::timeout(REST, self.feeds.changed()).await.is_err() {
                return;
            }
        }
    }

    async fn make(self: &Arc<Self>, parts: &[Part]) {
        let (this, parts) = (Arc::clone(self), parts.to_vec());
        let made = tokio::task::spawn_blocking(move || {
            for part in parts {
                match part {
                    Part::Platform => this.platform(),
                    Part::Policies => this.policies(),
                }
            }
            this.snapshots.made_now();
            this.state.lock().unwrap_or_else(PoisonError::into_inner).made = true;
        });
        if made.await.is_err() {
            // A loader that panics must not end the loop: the snapshot before stays in use.
            warn!("making a snapshot failed; the one before stays in use");
            return;
        }
        if let Some(status) = self.status.clone() {
            tokio::spawn(write_statuses(status, Arc::clone(self)));
        }
    }

    fn platform(&self) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let loaded = last.0.load(self.feeds.units(Part::Platform), Platform::load);
        tell("platform", &loaded);
        let (platform, compiled) = (Arc::new(loaded.value), Arc::default());
        self.snapshots.change(|snapshot| {
            snapshot.platform = platform;
            snapshot.compiled = compiled;
        });
        self.state.lock().unwrap_or_else(PoisonError::into_inner).broken_platform = loaded.broken;
    }

    fn policies(&self) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.snapshots.current();
        let options = &before.settings.policies;
        let load = |documents: Vec<_>| PolicySet::load_after(&before.policies, &documents, options);
        let loaded = last.1.load(self.feeds.units(Part::Policies), load);
        tell("policies", &loaded);
        let (policies, documents) = (Arc::new(loaded.value), Arc::new(loaded.documents));
        self.snapshots.change(|snapshot| {
            snapshot.policies = policies;
            snapshot.policy_documents = documents;
        });
        self.state.lock().unwrap_or_else(PoisonError::into_inner).broken_policies = loaded.broken;
    }

    /// What is not in use as it is written.
    pub fn broken(&self) -> Vec<Broken> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.broken_platform.iter().chain(&state.broken_policies).cloned().collect()
    }

    /// What must hold before requests may come. What is broken is told and holds nobody up: a mistake in one policy must
    /// not keep all webhooks from starting.
    pub fn conditions(&self) -> Vec<Condition> {
        let made = self.state.lock().unwrap_or_else(PoisonError::into_inner).made;
        let snapshot = self.snapshots.current();
        let broken = self.broken();
        let mut detail = if made {
            format!(
                "{} templates and {} constraints in use",
                templates(&snapshot.policies),
                snapshot.policies.constraints().len()
            )
        } else {
            "not compiled yet".to_owned()
        };
        for each in broken.iter().take(10) {
            let first = each.findings.first().map(|finding| finding.message.as_str()).unwrap_or_default();
            let instead = if each.earlier_in_use { "an earlier version is in use" } else { "not in use" };
            detail.push_str(&format!("; {} is broken, {instead}: {first}", each.unit));
        }
        let mut conditions = vec![Condition { name: "policies".to_owned(), ready: made, detail }];
        for (name, state) in self.feeds.states() {
            let detail = match &state {
                super::State::Waiting(reason) => format!("not read yet: {reason}"),
                super::State::Followed => "read".to_owned(),
                super::State::Absent => "not there".to_owned(),
                super::State::Lost(reason) => format!("cannot be read now, what it said before is in use: {reason}"),
            };
            // A feed that came later holds nobody up either.
            conditions.push(Condition { name, ready: made || state.is_read(), detail });
        }
        conditions
    }
}

/// How many templates can be evaluated.
pub(crate) fn templates(policies: &PolicySet) -> usize {
    policies.templates().filter(|template| template.is_compiled()).count()
}

fn tell<T>(what: &str, loaded: &Loaded<T>) {
    info!(documents = loaded.documents.len(), broken = loaded.broken.len(), "new {what}");
    for broken in &loaded.broken {
        for finding in &broken.findings {
            warn!(unit = broken.unit, earlier_in_use = broken.earlier_in_use, "{finding}");
        }
    }
}

/// Says to each template of the cluster what became of it.
async fn write_statuses(status: TemplateStatus, rebuild: Arc<Rebuild>) {
    let broken = rebuild.broken();
    let is_template =
        |value: &plat_resource::Value| find(&GroupVersionKind::of(value)).is_some_and(|row| row.what == What::Template);
    let units = rebuild.feeds.units_of("cluster ConstraintTemplate");
    for template in units.iter().flat_map(|unit| &unit.documents).filter(|document| is_template(&document.value)) {
        let name = unit_name(&template.value);
        let findings: Vec<Diagnostic> = broken
            .iter()
            .filter(|broken| broken.unit == name)
            .flat_map(|broken| broken.findings.iter().cloned())
            .collect();
        status.write(object::name(&template.value), &findings).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::State as FeedState;
    use plat_admission::Settings;
    use plat_admission::last_good::Unit;
    use plat_resource::yaml;

    const TEMPLATE: &str = r#"
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: k8sno}
spec:
  crd: {spec: {names: {kind: K8sNo}}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: |
      package k8sno
      violation[{"msg": "no"}] { true }
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: K8sNo
metadata: {name: never}
"#;

    fn unit(text: &str) -> Unit {
        let (documents, _) = yaml::parse("a.yaml", text.as_bytes());
        Unit { name: "a.yaml".to_owned(), documents, unreadable: Vec::new() }
    }

    async fn until(holds: impl Fn() -> bool) {
        for _ in 0..1000 {
            if holds() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("not within 10 s");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn nothing_is_made_until_every_feed_was_read_and_what_breaks_stays_as_it_was() {
        let (feeds, snapshots) = (Arc::new(Feeds::default()), Arc::new(Snapshots::new(Settings::default())));
        feeds.expect("a", Part::Policies);
        feeds.expect("b", Part::Platform);
        let rebuild = Arc::new(Rebuild::new(Arc::clone(&feeds), Arc::clone(&snapshots), None));
        let task = tokio::spawn(Arc::clone(&rebuild).run());
        feeds.replace("a", [unit(TEMPLATE)], FeedState::Followed);
        tokio::time::sleep(3 * LOOK).await;
        assert!(snapshots.age().is_none() && !rebuild.conditions()[0].ready);
        feeds.replace("b", [], FeedState::Absent);
        until(|| rebuild.conditions().iter().all(|condition| condition.ready)).await;
        assert_eq!(snapshots.current().policies.constraints().len(), 1, "{:?}", rebuild.broken());
        feeds.put("a", unit(&TEMPLATE.replace("{ true }", "{ true")));
        until(|| !rebuild.broken().is_empty()).await;
        assert_eq!(snapshots.current().policies.constraints().len(), 1, "{:?}", rebuild.broken());
        let detail = &rebuild.conditions()[0].detail;
        assert!(detail.contains("a.yaml is broken, an earlier version is in use"), "{detail}");
        feeds.replace("a", [], FeedState::Followed);
        until(|| snapshots.current().policies.constraints().is_empty()).await;
        assert!(rebuild.broken().is_empty());
        task.abort();
    }
}
