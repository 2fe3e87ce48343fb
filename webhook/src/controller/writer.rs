//! Writing what was decided.
//!
//! Owns how each write is asked of the API server, that none goes out without the lease, how fast they go, and that every
//! answer is known at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http::Method;
use plat_cluster::api_server::Served;
use plat_reconcile::names::PLAT_MANAGER;
use plat_reconcile::{Propagation, Write};
use plat_resource::{GroupVersionKind, ObjectKey, Value, object};
use serde_json::json;
use tracing::{debug, error};

use super::api::{Api, Call, WriteError};
use super::fence::Fence;
use super::hearing::Hearing;
use super::rate::Rate;

const APPLY: &str = "application/apply-patch+yaml";
const MERGE: &str = "application/merge-patch+json";
const JSON: &str = "application/json";

/// Writes.
#[derive(Debug)]
pub struct Writer {
    api: Api,
    fence: Arc<Fence>,
    rate: Arc<Rate>,
    hearing: Arc<Hearing>,
    /// For tests of what an end at any write leaves behind: after so many the process is killed.
    stop_after: Option<u64>,
    count: AtomicU64,
}

/// A write as the API server is asked for it.
struct Asked {
    verb: &'static str,
    method: Method,
    /// After the path of the object, or of all objects of the kind.
    suffix: String,
    is_collection: bool,
    content: &'static str,
    body: Value,
}

impl Writer {
    /// A writer behind a fence.
    pub fn new(api: Api, fence: Arc<Fence>, rate: Arc<Rate>, hearing: Arc<Hearing>, stop_after: Option<u64>) -> Self {
        Self { api, fence, rate, hearing, stop_after, count: AtomicU64::new(0) }
    }

    /// Writes, while a controller looks at the object `about`; that object is not looked at again because of it. Answers with
    /// the object as it is then; with none where it is deleted for good.
    pub async fn write(&self, write: &Write, about: Option<&ObjectKey>) -> Result<Option<Value>, WriteError> {
        let key = write.key();
        let served = self.hearing.kinds.resolve(&self.api, &key.kind).await?;
        let before = self.hearing.objects.get(&key);
        let asked = Asked::of(write);
        let address = if asked.is_collection { ObjectKey { name: String::new(), ..key.clone() } } else { key.clone() };
        let path = format!("{}{}", served.path(&address), asked.suffix);
        self.rate.admit().await;
        if !self.fence.is_open() {
            return Err(WriteError::NoLease);
        }
        self.stop_where_wished(true);
        let Asked { verb, method, content, body, .. } = asked;
        let call = Call { verb, kind: &key.kind.kind, method, path: &path, content, body: Some(&body) };
        let answer = self.api.send(call).await;
        self.stop_where_wished(false);
        let answer = answer.map_err(|error| {
            // Its watch may tell a moment later.
            if let (WriteError::NotFound, Some(before)) = (&error, &before) {
                self.hearing.deleted(&key, object::uid(before), about);
            }
            self.refused(error, &key, &served, verb)
        })?;
        let is_object = answer["metadata"]["uid"].is_string() && answer["kind"] != "Status";
        if is_object {
            let is_own = is_own(write, before.as_deref(), &answer);
            self.hearing.answered(answer.clone(), is_own, about);
            return Ok(Some(answer));
        }
        if let Write::Delete { uid, .. } = write {
            self.hearing.deleted(&key, uid, about);
        }
        Ok(None)
    }

    fn refused(&self, refusal: WriteError, key: &ObjectKey, served: &Served, verb: &str) -> WriteError {
        debug!(object = super::request::shown(key), verb, error = %refusal, "not written");
        match refusal {
            WriteError::NoKind(_) => {
                self.hearing.kinds.forget(&key.kind.group);
                WriteError::NoKind(key.kind.clone())
            }
            WriteError::Throttled { after } => {
                self.rate.pause(after);
                WriteError::Throttled { after }
            }
            WriteError::Forbidden { verb, message, .. } => {
                let GroupVersionKind { group, .. } = &key.kind;
                let dot = if group.is_empty() { "" } else { "." };
                WriteError::Forbidden { verb, resource: format!("{}{dot}{group}", served.plural), message }
            }
            other => other,
        }
    }

    fn stop_where_wished(&self, is_before: bool) {
        let Some(wished) = self.stop_after else { return };
        let count =
            if is_before { self.count.load(Ordering::SeqCst) } else { self.count.fetch_add(1, Ordering::SeqCst) + 1 };
        if count >= wished {
            error!(count, "killed as --stop-after-writes wishes");
            kill();
        }
    }
}

/// Ends the process as nothing can be prepared for.
fn kill() {
    #[cfg(unix)]
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    // Not reached where the signal was sent.
    std::process::abort();
}

impl Asked {
    fn of(write: &Write) -> Self {
        let manager = |manager: &str| format!("?fieldManager={manager}");
        match write {
            Write::Apply { object, manager } => Self {
                verb: "patch",
                method: Method::PATCH,
                suffix: format!("?fieldManager={manager}&force=true"),
                is_collection: false,
                content: APPLY,
                body: without_bookkeeping(object),
            },
            Write::ApplyStatus { object, manager } => Self {
                verb: "patch",
                method: Method::PATCH,
                suffix: format!("/status?fieldManager={manager}&force=true"),
                is_collection: false,
                content: APPLY,
                body: without_bookkeeping(object),
            },
            Write::Create { object, manager: owner } => Self {
                verb: "create",
                method: Method::POST,
                suffix: manager(owner),
                is_collection: true,
                content: JSON,
                body: without_bookkeeping(object),
            },
            Write::Patch { patch, manager: owner, .. } => Self {
                verb: "patch",
                method: Method::PATCH,
                suffix: manager(owner),
                is_collection: false,
                content: MERGE,
                body: patch.clone(),
            },
            Write::Status { object } => Self {
                verb: "update",
                method: Method::PUT,
                suffix: format!("/status{}", manager(PLAT_MANAGER)),
                is_collection: false,
                content: JSON,
                body: without_bookkeeping(object),
            },
            Write::Delete { uid, propagation, .. } => Self {
                verb: "delete",
                method: Method::DELETE,
                suffix: String::new(),
                is_collection: false,
                content: JSON,
                body: json!({
                    "apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": uid},
                    "propagationPolicy": match propagation {
                        Propagation::Background => "Background",
                        Propagation::Foreground => "Foreground",
                        Propagation::Orphan => "Orphan",
                    },
                }),
            },
        }
    }
}

/// What is kept of field managers is not all there is: sent back it would undo the rest.
fn without_bookkeeping(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    object
}

/// Whether the version in the answer is surely of this write's making, and not of somebody else whose change it only shows.
fn is_own(write: &Write, before: Option<&Value>, answer: &Value) -> bool {
    let version = |object: &Value| object::string_at(object, &["metadata", "resourceVersion"]).map(str::to_owned);
    let entries = |object: &Value, manager: &str| {
        let entries = object::value_at(object, &["metadata", "managedFields"]).and_then(Value::as_array);
        let own = entries.into_iter().flatten().filter(|entry| entry["manager"] == manager);
        own.cloned().collect::<Vec<_>>()
    };
    match write {
        Write::Create { .. } => true,
        Write::Status { object } => version(object).is_some() && version(object) != version(answer),
        Write::Patch { patch, .. } => version(patch).is_some() && version(patch) != version(answer),
        Write::Apply { manager, .. } | Write::ApplyStatus { manager, .. } => before.is_none_or(|before| {
            version(before) != version(answer) && entries(before, manager) != entries(answer, manager)
        }),
        Write::Delete { .. } => false,
    }
}
