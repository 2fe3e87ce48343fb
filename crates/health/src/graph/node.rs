//! What one object says of itself, in few words.

use plat_resource::{GroupVersionKind, Value, object, time};

use super::{Role, Sync};
use crate::cause::PAUSED;
use crate::fields::{Condition, condition, is_set, list, number, optional_number, text};
use crate::{Health, crossplane};

/// Characters of a revision that are shown.
const REVISION: usize = 7;

/// What is read off one object.
pub(super) struct Facts {
    pub(super) sync: Option<Sync>,
    pub(super) is_ready: Option<bool>,
    pub(super) state: String,
    pub(super) detail: String,
    pub(super) is_paused: bool,
}

pub(super) fn facts(object: &Value, role: &Role, health: Option<&Health>, entry: Option<&Value>) -> Facts {
    // A composed XR may have no field yet that tells what it is; whatever is composed and says Ready is taken at its word.
    let is_composed = matches!(role, Role::Composed(_)) && crossplane::is_custom(object);
    let is_composed = is_composed && condition(object, "Ready").is_some();
    let is_crossplanes = matches!(role, Role::Claim | Role::Composite) || is_composed || crossplane::is_managed(object);
    let is_ready = if is_crossplanes {
        Some(condition(object, "Ready").is_some_and(Condition::is_true))
    } else {
        health.map(|it| it.status.is_well())
    };
    let is_paused = object::annotation(object, PAUSED) == Some("true");
    Facts {
        sync: sync(object, role, is_crossplanes, entry),
        is_ready,
        state: if is_paused { "paused".to_owned() } else { state(object, is_crossplanes, is_ready, health) },
        detail: detail(object, role),
        is_paused,
    }
}

fn sync(object: &Value, role: &Role, is_crossplanes: bool, entry: Option<&Value>) -> Option<Sync> {
    if *role == Role::Application {
        return read_sync(text(object, &["status", "sync", "status"]));
    }
    if is_crossplanes && let Some(synced) = condition(object, "Synced") {
        let unclear = if synced.is_false() { Sync::Failed } else { Sync::Unknown };
        return Some(if synced.is_true() { Sync::Synced } else { unclear });
    }
    entry.and_then(sync_of_entry)
}

fn read_sync(word: &str) -> Option<Sync> {
    match word {
        "Synced" => Some(Sync::Synced),
        "OutOfSync" => Some(Sync::OutOfSync),
        "" => None,
        _ => Some(Sync::Unknown),
    }
}

/// What an Application says of one of its resources.
pub(super) fn sync_of_entry(entry: &Value) -> Option<Sync> {
    read_sync(text(entry, &["status"]))
}

/// The same of its health.
pub(super) fn health_of_entry(entry: &Value) -> Option<Health> {
    let status = text(entry, &["health", "status"]).parse().ok()?;
    Some(Health::new(status, text(entry, &["health", "message"])))
}

fn state(object: &Value, is_crossplanes: bool, is_ready: Option<bool>, health: Option<&Health>) -> String {
    if is_set(object, &["metadata", "deletionTimestamp"]) {
        return "deleting".to_owned();
    }
    let kind = GroupVersionKind::of(object);
    let of = |field: &str, wanted: i64, what: &str| format!("{}/{wanted} {what}", number(object, &["status", field]));
    let replicas = optional_number(object, &["spec", "replicas"]).unwrap_or(1);
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("apps", "Deployment" | "ReplicaSet") => of("availableReplicas", replicas, "available"),
        ("apps", "StatefulSet") => of("readyReplicas", replicas, "ready"),
        ("apps", "DaemonSet") => {
            of("numberAvailable", number(object, &["status", "desiredNumberScheduled"]), "available")
        }
        ("", "Pod") => pod(object),
        _ if is_crossplanes => if is_ready == Some(true) { "ready" } else { "not ready" }.to_owned(),
        _ => health.map_or_else(String::new, |it| it.status.as_str().to_owned()),
    }
}

/// The word that kubectl shows: why a container waits or ended, or else the phase.
fn pod(object: &Value) -> String {
    let containers =
        ["initContainerStatuses", "containerStatuses"].map(|field| list(object, &["status", field])).concat();
    let reason = containers.iter().find_map(|it| {
        let waiting = text(it, &["state", "waiting", "reason"]);
        let ended = text(it, &["state", "terminated", "reason"]);
        [waiting, ended]
            .into_iter()
            .find(|reason| !["", "Completed", "PodInitializing"].contains(reason))
            .map(str::to_owned)
    });
    let phase = || [text(object, &["status", "reason"]), text(object, &["status", "phase"])];
    reason.unwrap_or_else(|| phase().into_iter().find(|it| !it.is_empty()).unwrap_or("Pending").to_owned())
}

/// The Composition of a claim or XR, the revision that an Application has applied.
fn detail(object: &Value, role: &Role) -> String {
    match role {
        Role::Claim | Role::Composite => {
            let paths =
                [&["spec", "crossplane", "compositionRef", "name"][..], &["spec", "compositionRef", "name"][..]];
            paths.iter().map(|path| text(object, path)).find(|it| !it.is_empty()).unwrap_or_default().to_owned()
        }
        Role::Application => {
            let revision = text(object, &["status", "sync", "revision"]);
            // A chart's version is shown whole, a commit as git shortens it.
            let is_commit = revision.len() == 40 && revision.bytes().all(|it| it.is_ascii_hexdigit());
            revision.get(..if is_commit { REVISION } else { revision.len() }).unwrap_or_default().to_owned()
        }
        _ => String::new(),
    }
}

/// When it was made.
pub(super) fn created(object: &Value) -> Option<i64> {
    time::parse(text(object, &["metadata", "creationTimestamp"])).map(|(seconds, _)| seconds)
}
