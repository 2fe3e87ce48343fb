//! What every reconciler has, and how it carries out what was decided.

use std::sync::Arc;

use k8s_openapi::jiff::Timestamp;
use kube::Client;
use plat_cluster::api_server::escaped;
use plat_expand::native::CompiledInputs;
use plat_platform::Platform;
use plat_reconcile::composite::MOST_ABOVE;
use plat_reconcile::{Decision, Then};
use plat_resource::{GroupVersionKind, ObjectKey, Value, object};
use tokio::sync::watch;

use super::api::{Api, Call, WriteError};
use super::args::Settings;
use super::causes::Causes;
use super::composite::Memory;
use super::events::Events;
use super::functions::Functions;
use super::hearing::Hearing;
use super::kinds::Kinds;
use super::metrics::Metrics;
use super::objects::Objects;
use super::queue::Queue;
use super::rollout::Held;
use super::standing::Known;
use super::watches::Watches;
use super::writer::Writer;

/// Objects of one answer; a larger list comes in pages.
const PAGE: usize = 500;

/// All that a reconciler may use.
pub struct Context {
    /// Live objects.
    pub objects: Arc<Objects>,
    /// The kinds of the cluster.
    pub kinds: Arc<Kinds>,
    /// Writes.
    pub writer: Arc<Writer>,
    /// Records Events.
    pub events: Arc<Events>,
    /// Watches.
    pub watches: Arc<Watches>,
    /// What is to be reconciled.
    pub queue: Arc<Queue>,
    /// The platform, as the cluster has it.
    pub platform: watch::Receiver<Arc<Platform>>,
    /// The client, for what has no other way. It writes nothing: that is the writer's.
    pub client: Client,
    /// Calls.
    pub api: Api,
    /// Flags that reconcilers read.
    pub settings: Settings,
    /// Metrics.
    pub metrics: Arc<Metrics>,
    /// Roles of kinds.
    pub hearing: Arc<Hearing>,
    /// Functions that are not native.
    pub functions: Arc<Functions>,
    /// Who reconciles in this cluster.
    pub standing: watch::Receiver<Known>,
    /// Compiled inputs of native functions.
    pub compiled: Arc<CompiledInputs>,
    /// What was applied last.
    pub composed: Memory,
    /// Why XRs are not well.
    pub causes: Causes,
    /// XRs that a rollout holds.
    pub held: Held,
}

/// Why a reconcile did not get to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What failed, and why.
    pub message: String,
    /// What the queue makes of it.
    pub kind: FailureKind,
}

/// What the queue makes of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// Trying again may help: with back-off.
    Retry,
    /// Somebody else wrote at the same time, or deleted it: soon, and silently.
    Conflict,
    /// The API server asks for a pause.
    Pause(std::time::Duration),
    /// Another replica leads: nothing.
    Lease,
    /// Trying again does not help until something changes.
    Final,
}

impl Failure {
    /// A failure that may be over the next time.
    pub fn retry(message: impl Into<String>) -> Self {
        Self { message: message.into(), kind: FailureKind::Retry }
    }

    /// A failure that stays until something changes.
    pub fn lasting(message: impl Into<String>) -> Self {
        Self { message: message.into(), kind: FailureKind::Final }
    }
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        let kind = match &error {
            // What is gone is looked at again too: mostly there is nothing left to do for it.
            WriteError::Conflict | WriteError::NotFound => FailureKind::Conflict,
            WriteError::Throttled { after } => FailureKind::Pause(*after),
            WriteError::NoLease => FailureKind::Lease,
            WriteError::Invalid { .. }
            | WriteError::Forbidden { .. }
            | WriteError::NoKind(_)
            | WriteError::Failed { .. } => FailureKind::Retry,
        };
        Self { message: error.to_string(), kind }
    }
}

impl std::fmt::Debug for Context {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Context").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Context {
    /// Reads an object from the API server itself: for Secrets, which nobody keeps, and for what is not watched.
    pub async fn read(&self, key: &ObjectKey) -> Result<Option<Value>, WriteError> {
        let path = self.kinds.resolve(&self.api, &key.kind).await?.path(key);
        match self.api.send(Call::read("get", &key.kind.kind, &path)).await {
            Ok(object) => Ok(Some(object)),
            Err(WriteError::NotFound) => Ok(None),
            Err(WriteError::NoKind(_)) => Err(WriteError::NoKind(key.kind.clone())),
            Err(error) => Err(error),
        }
    }

    /// Reads all objects of a kind with these labels, in one namespace or, where that is empty, everywhere.
    pub async fn read_all(
        &self,
        kind: &GroupVersionKind,
        namespace: &str,
        selector: &str,
    ) -> Result<Vec<Value>, WriteError> {
        let key = ObjectKey { kind: kind.clone(), namespace: namespace.to_owned(), name: String::new() };
        let path = self.kinds.resolve(&self.api, kind).await?.path(&key);
        let (mut all, mut token) = (Vec::new(), String::new());
        loop {
            let query = format!("{path}?limit={PAGE}&labelSelector={}&continue={}", escaped(selector), escaped(&token));
            let mut page = self.api.send(Call::read("list", &kind.kind, &query)).await?;
            if let Some(Value::Array(items)) = page.get_mut("items").map(Value::take) {
                // In lists the items of built-in kinds do not say what they are.
                all.extend(items.into_iter().map(|mut item| {
                    item["apiVersion"] = kind.api_version().into();
                    item["kind"] = kind.kind.clone().into();
                    item
                }));
            }
            page["metadata"]["continue"].as_str().unwrap_or_default().clone_into(&mut token);
            if token.is_empty() {
                return Ok(all);
            }
        }
    }

    /// Carries out what was decided about an object: the writes in order, up to the first that fails; then the events.
    pub async fn carry_out(&self, about: &Value, decision: Decision) -> Result<Then, WriteError> {
        let key = ObjectKey::of(about);
        for write in &decision.writes {
            self.writer.write(write, Some(&key)).await?;
        }
        for event in decision.events {
            self.events.record(about, event);
        }
        Ok(decision.then)
    }

    /// The platform now.
    pub fn platform(&self) -> Arc<Platform> {
        Arc::clone(&self.platform.borrow())
    }

    /// The XRs that an object is composed for, the nearest first; no more than are needed to see that there are too many.
    pub fn above(&self, object: &Value) -> Vec<Arc<Value>> {
        let roles = self.hearing.roles();
        let owner = |object: &Value| {
            let owner = object::controller(object)?;
            let key = roles.composite_of(owner, object::namespace(object))?;
            let found = self.objects.get(&key)?;
            (object::string_at(owner, &["uid"]) == Some(object::uid(&found))).then_some(found)
        };
        std::iter::successors(owner(object), |found| owner(found)).take(MOST_ABOVE).collect()
    }

    /// What wakes an XR so often that it is left alone for a while; none where all is well.
    pub fn circuit_triggered_by(&self, key: &ObjectKey) -> Option<String> {
        self.hearing.circuit(key).map(|open| open.triggered_by)
    }

    /// The time, as conditions have it.
    pub fn now(&self) -> String {
        format!("{:.0}", Timestamp::now())
    }
}
