//! XRDs become CRDs, and what the CRDs define is followed.
//!
//! Owns carrying out what `plat_reconcile::definition` decides, and starting and stopping the watches of XRs and claims: each
//! begins once its CRD is in force and ends before its CRD goes.

use std::time::Duration;

use plat_reconcile::definition::{Observed, Role, crd_keys, decide, instance_kinds, refused_by_server};
use plat_reconcile::{Decision, Then, Write};
use plat_resource::{GroupVersionKind, ObjectKey, Value, object};

use super::api::WriteError;
use super::reconciler::{Context, Failure};
use super::wakes::crd_kind;
use super::watches::{WatchScope, WatchState};

/// How long is waited for the CRDs to be read.
const SOON: Duration = Duration::from_millis(100);
/// What the API server refused may be accepted later: its webhooks and stored versions change.
const LATER: Duration = Duration::from_mins(1);

/// Looks at one XRD, and does the next step.
pub async fn reconcile(context: &Context, key: &ObjectKey) -> Result<Then, Failure> {
    if !context.objects.is_synced(&crd_kind()) {
        return match context.watches.state(&crd_kind()) {
            Some(WatchState::Failed(reason)) => {
                Err(Failure::retry(format!("CustomResourceDefinitions cannot be read: {reason}")))
            }
            _ => Ok(Then::After(SOON)),
        };
    }
    let Some(definition) = context.objects.get(key) else {
        let (_, group) = key.name.split_once('.').unwrap_or_default();
        forget_undefined(context, group);
        return Ok(Then::Wait);
    };
    let crds = crds(context, &definition);
    let instances = instances(context, &definition, &crds).await?;
    let now = context.now();
    let observed = Observed { definition: &definition, crds: &crds, instances: &instances, now: &now };
    let decision = decide(&observed);
    let then = carry_out(context, &observed, decision).await?;
    follow(context, key);
    Ok(then)
}

/// The CRDs that an XRD names or controls.
fn crds(context: &Context, definition: &Value) -> Vec<Value> {
    let named = crd_keys(definition).into_iter().filter_map(|(_, key)| context.objects.get(&key));
    let mut crds: Vec<Value> = named.map(|found| (*found).clone()).collect();
    for found in context.objects.controlled_by(object::uid(definition)) {
        let is_new = crds.iter().all(|present| object::name(present) != object::name(&found));
        if GroupVersionKind::of(&found) == crd_kind() && is_new {
            crds.push((*found).clone());
        }
    }
    crds
}

/// Claims and XRs of an XRD that is being deleted. That none is left is for the API server to say, not for memory.
async fn instances(context: &Context, definition: &Value, crds: &[Value]) -> Result<Vec<Value>, Failure> {
    let mut instances = Vec::new();
    for (_, kind) in instance_kinds(definition, crds) {
        let known = context.objects.list(&kind);
        if !known.is_empty() {
            instances.extend(known.iter().map(|found| (**found).clone()));
            continue;
        }
        match context.read_all(&kind, "", "").await {
            Ok(found) => instances.extend(found),
            Err(WriteError::NoKind(_) | WriteError::NotFound) => {}
            Err(error) => return Err(Failure::retry(format!("{kind} cannot be listed: {error}"))),
        }
    }
    Ok(instances)
}

async fn carry_out(context: &Context, observed: &Observed<'_>, mut decision: Decision) -> Result<Then, Failure> {
    let about = ObjectKey::of(observed.definition);
    for write in std::mem::take(&mut decision.writes) {
        if let Write::Delete { key, .. } = &write
            && let Some(crd) = context.objects.get(key).filter(|_| key.kind == crd_kind())
        {
            forget(context, |kind| is_defined_by(kind, &crd));
        }
        match context.writer.write(&write, Some(&about)).await {
            Ok(_) => {}
            Err(WriteError::NotFound) if matches!(write, Write::Delete { .. }) => {}
            Err(error @ (WriteError::Invalid { .. } | WriteError::Forbidden { .. }))
                if write.key().kind == crd_kind() =>
            {
                let role = Role::of_name(observed.definition, &write.key().name);
                let mut refused = refused_by_server(observed, role, &error.to_string());
                refused.then = Then::After(LATER);
                return Ok(context.carry_out(observed.definition, refused).await?);
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(context.carry_out(observed.definition, decision).await?)
}

/// Follows what is in force of an XRD, in the version that its roles name, and no other.
fn follow(context: &Context, key: &ObjectKey) {
    let Some(definition) = context.objects.get(key) else { return };
    let roles = context.hearing.roles();
    for crd in context.objects.controlled_by(object::uid(&definition)) {
        let text = |path: &[&str]| object::string_at(&crd, path).unwrap_or_default();
        let (group, kind) = (text(&["spec", "group"]), text(&["spec", "names", "kind"]));
        let Some(kind) = roles.composite(group, kind).or_else(|| roles.claim(group, kind)) else { continue };
        if !is_established(&crd) || is_deleted(&crd) || !serves(&crd, &kind.version) {
            continue;
        }
        forget(context, |other| is_defined_by(other, &crd) && other.version != kind.version);
        context.watches.ensure(kind, WatchScope::All);
    }
}

/// Ends the watches of kinds of a group that no CRD defines.
fn forget_undefined(context: &Context, group: &str) {
    let crds = context.objects.list(&crd_kind());
    forget(context, |kind| kind.group == group && !crds.iter().any(|crd| is_defined_by(kind, crd)));
}

fn forget(context: &Context, is_meant: impl Fn(&GroupVersionKind) -> bool) {
    for kind in context.watches.whole_kinds().iter().filter(|kind| is_meant(kind)) {
        context.watches.stop(kind);
    }
}

fn is_defined_by(kind: &GroupVersionKind, crd: &Value) -> bool {
    let text = |path: &[&str]| object::string_at(crd, path);
    text(&["spec", "group"]) == Some(&kind.group) && text(&["spec", "names", "kind"]) == Some(&kind.kind)
}

fn serves(crd: &Value, version: &str) -> bool {
    let versions = object::value_at(crd, &["spec", "versions"]).and_then(Value::as_array);
    versions.into_iter().flatten().any(|each| each["name"] == version && each["served"] == true)
}

fn is_established(crd: &Value) -> bool {
    plat_reconcile::status::is_true(crd, "Established")
}

fn is_deleted(object: &Value) -> bool {
    object::value_at(object, &["metadata", "deletionTimestamp"]).is_some()
}
