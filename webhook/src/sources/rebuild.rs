//! From what all feeds say to the next snapshot.
//!
//! Owns when and where it is made: after a short rest, off the async threads, with the last good version of what is broken,
//! and for the first time only when every feed was read. Nothing is decided before the kinds that the first policies want in
//! the inventory are in it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use plat_admission::kinds::{Part, What, find};
use plat_admission::last_good::{Broken, LastGood, Loaded};
use plat_cluster::api_server::unit_name;
use plat_platform::Platform;
use plat_policy::PolicySet;
use plat_resource::{Diagnostic, Document, GroupVersionKind, object};
use tokio::task::JoinError;
use tracing::{info, warn};

use super::cluster::TemplateStatus;
use super::feeds::Feeds;
use crate::decision::Condition;
use crate::snapshots::Snapshots;

/// Changes come in crowds, as when a folder is applied; a snapshot is made when they rest, or after the longest wait.
const REST: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// How often it is looked whether the first snapshot can be made, and used.
const LOOK: Duration = Duration::from_millis(50);
/// When it is tried again to make what could not be made.
const RETRY: Duration = Duration::from_secs(5);

/// What makes a platform of documents.
type LoadPlatform = fn(Vec<Document>) -> (Platform, Vec<Diagnostic>);

/// How far the snapshot is, and what is not in use as it is written.
#[derive(Debug, Clone, Default)]
struct State {
    /// Each part was made once.
    made: bool,
    /// Decisions may be given.
    in_use: bool,
    /// The parts whose newest version could not be made, and why.
    failed: Vec<(Part, String)>,
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
    load_platform: LoadPlatform,
    retry: Duration,
}

impl std::fmt::Debug for Rebuild {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Rebuild").field("state", &self.state).finish_non_exhaustive()
    }
}

impl Rebuild {
    /// Nothing is made yet.
    pub fn new(feeds: Arc<Feeds>, snapshots: Arc<Snapshots>, status: Option<TemplateStatus>) -> Self {
        let (state, last) = (Mutex::default(), Mutex::default());
        Self { feeds, snapshots, status, state, last, load_platform: Platform::load, retry: RETRY }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a snapshot whenever something changed, for ever.
    pub async fn run(self: Arc<Self>) {
        while self.feeds.states().iter().any(|(_, state)| !state.is_read()) {
            tokio::time::sleep(LOOK).await;
        }
        self.feeds.take_changed();
        let mut parts = vec![Part::Platform, Part::Policies];
        loop {
            self.make(&parts).await;
            parts = self.next().await;
        }
    }

    /// Waits for what is to be made next: what changed, and with it, or alone after a while, what failed before.
    async fn next(&self) -> Vec<Part> {
        let failed: Vec<Part> = self.state().failed.iter().map(|(part, _)| *part).collect();
        let again = tokio::time::Instant::now() + self.retry;
        loop {
            let pause = if self.use_when_complete() { self.retry } else { LOOK };
            if tokio::time::timeout(pause, self.feeds.changed()).await.is_ok() {
                self.rest().await;
            }
            let mut parts = self.feeds.take_changed();
            if !parts.is_empty() || (!failed.is_empty() && tokio::time::Instant::now() >= again) {
                parts.extend(&failed);
                parts.sort_by_key(|part| *part as u8);
                parts.dedup();
                return parts;
            }
        }
    }

    /// Lets decisions be given for the first time when all is there that they look at. Once they are given, nothing stops
    /// them: policies that want more kinds in the inventory come to a webhook that works.
    fn use_when_complete(&self) -> bool {
        let is_complete = self.awaited().is_empty();
        let mut state = self.state();
        if state.made && is_complete && !state.in_use {
            state.in_use = true;
            self.snapshots.made_now();
        }
        state.in_use
    }

    /// The feeds of kinds that policies want in the inventory and that are not there yet.
    fn awaited(&self) -> Vec<String> {
        self.feeds.unread_inventory(self.snapshots.current().policies.config().synced_kinds())
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
        for part in parts.iter().copied() {
            let this = Arc::clone(self);
            let made = tokio::task::spawn_blocking(move || match part {
                Part::Platform => this.platform(),
                Part::Policies => this.policies(),
            });
            let outcome = made.await;
            let mut state = self.state();
            state.failed.retain(|(failed, _)| *failed != part);
            // A loader that panics must not end the loop: what was made before stays in use.
            if let Err(error) = outcome {
                let reason = reason(error);
                warn!(part = name(part), reason, "making a snapshot failed; the one before stays in use");
                state.failed.push((part, reason));
            }
        }
        let mut state = self.state();
        let policies_failed = state.failed.iter().any(|(part, _)| *part == Part::Policies);
        if state.failed.is_empty() {
            state.made = true;
            if state.in_use {
                self.snapshots.made_now();
            }
        }
        drop(state);
        if let Some(status) = self.status.clone().filter(|_| !policies_failed) {
            tokio::spawn(write_statuses(status, Arc::clone(self)));
        }
    }

    fn platform(&self) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let loaded = last.0.load(self.feeds.units(Part::Platform), self.load_platform);
        tell("platform", &loaded);
        let (platform, compiled) = (Arc::new(loaded.value), Arc::default());
        self.snapshots.change(|snapshot| {
            snapshot.platform = platform;
            snapshot.compiled = compiled;
        });
        self.state().broken_platform = loaded.broken;
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
        self.state().broken_policies = loaded.broken;
    }

    /// What is not in use as it is written.
    pub fn broken(&self) -> Vec<Broken> {
        let state = self.state();
        state.broken_platform.iter().chain(&state.broken_policies).cloned().collect()
    }

    /// How many parts could not be made as they are now, so that earlier ones are in use.
    pub fn failed(&self) -> usize {
        self.state().failed.len()
    }

    /// What must hold before requests may come. What is broken later is told and holds nobody up: a mistake in one policy
    /// must not keep all webhooks from starting, and what was made before is of use only where requests come.
    pub fn conditions(&self) -> Vec<Condition> {
        let in_use = self.state().in_use;
        let mut conditions = vec![self.policies_condition(), self.loading_condition()];
        for (name, state) in self.feeds.states() {
            let detail = match &state {
                super::State::Waiting(reason) => format!("not read yet: {reason}"),
                super::State::Followed => "read".to_owned(),
                super::State::Absent => "not there".to_owned(),
                super::State::Lost(reason) => format!("cannot be read now, what it said before is in use: {reason}"),
            };
            // A feed that came later holds nobody up either.
            conditions.push(Condition { name, ready: in_use || state.is_read(), detail });
        }
        conditions
    }

    fn policies_condition(&self) -> Condition {
        let State { made, in_use, .. } = self.state().clone();
        let policies = self.snapshots.current().policies;
        let mut detail = if made {
            format!("{} templates and {} constraints in use", templates(&policies), policies.constraints().len())
        } else {
            "not compiled yet".to_owned()
        };
        if made && !in_use {
            detail = format!("compiled; not in use until read: {}", self.awaited().join(", "));
        }
        for each in self.broken().iter().take(10) {
            let first = each.findings.first().map(|finding| finding.message.as_str()).unwrap_or_default();
            let instead = if each.earlier_in_use { "an earlier version is in use" } else { "not in use" };
            detail.push_str(&format!("; {} is broken, {instead}: {first}", each.unit));
        }
        Condition { name: "policies".to_owned(), ready: in_use, detail }
    }

    fn loading_condition(&self) -> Condition {
        let state = self.state();
        let failures =
            state.failed.iter().map(|(part, reason)| format!("loading the {} failed: {reason}", name(*part)));
        let mut detail = failures.collect::<Vec<_>>().join("; ");
        if state.failed.is_empty() {
            detail.push_str("nothing failed");
        } else {
            let before = if state.made { "; what was loaded before is in use" } else { "" };
            detail.push_str(&format!("{before}; tried again with every change and after {} s", self.retry.as_secs()));
        }
        Condition { name: "loading".to_owned(), ready: state.made || state.failed.is_empty(), detail }
    }
}

fn name(part: Part) -> &'static str {
    match part {
        Part::Platform => "platform",
        Part::Policies => "policies",
    }
}

/// What a panic said.
fn reason(error: JoinError) -> String {
    let said = match error.try_into_panic() {
        Ok(panic) => panic.downcast_ref::<String>().cloned().or_else(|| {
            let text: Option<&&str> = panic.downcast_ref();
            text.map(|text| (*text).to_owned())
        }),
        Err(_) => Some("it was ended".to_owned()),
    };
    said.unwrap_or_else(|| "a panic".to_owned())
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

    const SYNC: &str = r#"
apiVersion: syncset.gatekeeper.sh/v1alpha1
kind: SyncSet
metadata: {name: sync}
spec: {gvks: [{group: "", version: v1, kind: Secret}, {group: "", version: v1, kind: Unknown}]}
"#;

    #[tokio::test(flavor = "multi_thread")]
    async fn nothing_is_decided_until_the_kinds_to_be_synced_are_read() {
        let (feeds, snapshots) = (Arc::new(Feeds::default()), Arc::new(Snapshots::new(Settings::default())));
        feeds.expect("a", Part::Policies);
        feeds.follow_inventory();
        let rebuild = Arc::new(Rebuild::new(Arc::clone(&feeds), Arc::clone(&snapshots), None));
        let task = tokio::spawn(Arc::clone(&rebuild).run());
        feeds.replace("a", [unit(&format!("{TEMPLATE}---{SYNC}"))], FeedState::Followed);
        let detail = || rebuild.conditions()[0].detail.clone();
        until(|| detail().contains("not in use until read: inventory v1/Secret, inventory v1/Unknown")).await;
        for kind in ["inventory v1/Secret", "inventory v1/Unknown"] {
            feeds.expect(kind, Part::Policies);
        }
        feeds.fail("inventory v1/Secret", "secrets is forbidden".to_owned());
        // A kind that the cluster does not have holds nobody up.
        feeds.mark("inventory v1/Unknown", FeedState::Absent);
        until(|| detail().ends_with("not in use until read: inventory v1/Secret")).await;
        tokio::time::sleep(3 * LOOK).await;
        let conditions = rebuild.conditions();
        let secrets = conditions.iter().find(|condition| condition.name == "inventory v1/Secret").unwrap();
        assert_eq!((secrets.ready, secrets.detail.as_str()), (false, "not read yet: secrets is forbidden"));
        assert!(!conditions[0].ready && snapshots.age().is_none());
        feeds.mark("inventory v1/Secret", FeedState::Followed);
        until(|| snapshots.age().is_some() && rebuild.conditions().iter().all(|condition| condition.ready)).await;
        // A kind that comes later holds nobody up.
        feeds.put("a", unit(&format!("{TEMPLATE}---{}", SYNC.replace("Unknown", "Pod"))));
        until(|| !rebuild.awaited().is_empty()).await;
        assert!(rebuild.conditions().iter().all(|condition| condition.ready));
        task.abort();
    }

    fn panics_on_a_definition(documents: Vec<Document>) -> (Platform, Vec<Diagnostic>) {
        assert!(documents.is_empty(), "cannot load {}", documents.len());
        Platform::load(documents)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_panic_while_loading_is_told_and_tried_again() {
        let (feeds, snapshots) = (Arc::new(Feeds::default()), Arc::new(Snapshots::new(Settings::default())));
        feeds.expect("a", Part::Policies);
        feeds.expect("b", Part::Platform);
        let mut rebuild = Rebuild::new(Arc::clone(&feeds), Arc::clone(&snapshots), None);
        rebuild.load_platform = panics_on_a_definition;
        rebuild.retry = 2 * LOOK;
        let rebuild = Arc::new(rebuild);
        let loading = || rebuild.conditions()[1].clone();
        feeds.replace("a", [], FeedState::Followed);
        feeds.replace("b", [unit(TEMPLATE)], FeedState::Followed);
        let task = tokio::spawn(Arc::clone(&rebuild).run());
        until(|| rebuild.failed() == 1).await;
        assert!(
            !loading().ready && loading().detail.contains("loading the platform failed: cannot load 2"),
            "{:?}",
            loading()
        );
        assert!(snapshots.age().is_none() && !rebuild.conditions()[0].ready);
        // The next change tries again, and so does the one after it, until it is good.
        feeds.replace("b", [], FeedState::Followed);
        until(|| rebuild.failed() == 0 && snapshots.age().is_some()).await;
        feeds.put("b", unit(TEMPLATE));
        until(|| rebuild.failed() == 1).await;
        assert!(loading().ready && loading().detail.contains("what was loaded before is in use"), "{:?}", loading());
        // The other part goes on.
        feeds.put("a", unit(TEMPLATE));
        until(|| snapshots.current().policies.constraints().len() == 1).await;
        assert_eq!(rebuild.failed(), 1);
        // What failed is to be made again though nothing changed.
        task.abort();
        assert!(task.await.is_err());
        feeds.take_changed();
        assert_eq!(rebuild.next().await, [Part::Platform]);
    }
}
