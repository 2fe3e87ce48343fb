//! Carrying out what composing an XR writes.
//!
//! Owns the order, and what one failure means for the rest: a removal or a reference that fails ends it, a resource that fails
//! does not keep the others from being written.

use futures_util::StreamExt as _;
use futures_util::stream;
use plat_expand::render::Rendered;
use plat_plan::PlatformSchemas;
use plat_reconcile::Write;
use plat_reconcile::composite::{Apply, Composing, Look, Outcomes, compose};
use plat_reconcile::connection;
use plat_reconcile::names::COMPOSITE_MANAGER;
use plat_resource::{GroupVersionKind, ObjectKey, Value, object};

use super::observe::followed;
use crate::controller::api::WriteError;
use crate::controller::reconciler::{Context, Failure};

/// Composed resources of one XR that are written at once.
const AT_ONCE: usize = 8;

/// What became of it.
pub(super) enum Applied {
    /// Something was made or changed: what it is now decides what is said of the XR.
    Again,
    /// There was nothing to write, or something failed.
    Done(Outcomes),
}

/// Writes what differs.
pub(super) async fn apply(
    context: &Context,
    look: &Look<'_>,
    rendered: &Rendered,
    key: &ObjectKey,
) -> Result<Applied, Failure> {
    let mut outcomes = Outcomes::default();
    if rendered.expansion.fatal.is_some() {
        return Ok(Applied::Done(outcomes));
    }
    for composed in &rendered.expansion.composed {
        let kind = GroupVersionKind::of(&composed.object);
        // Its scope and whether it exists at all are asked for; a kind that is missing fails at the write, in its words.
        let _ = context.kinds.resolve(&context.api, &kind).await;
    }
    let is_namespaced = |kind: &GroupVersionKind| context.kinds.get(kind).map(|served| served.is_namespaced);
    let references = object::value_at(&rendered.bare_composite, look.definition.machinery_path());
    let references = references.and_then(|machinery| machinery.get("resourceRefs"));
    let schemas = PlatformSchemas::new(look.platform);
    let composing = match compose(look, &rendered.expansion, references, &is_namespaced, &schemas) {
        Ok(composing) => composing,
        Err(reason) => return Ok(Applied::Done(Outcomes { failed: Some(reason), ..outcomes })),
    };
    let composing = without_repeats(context, composing, rendered, key);
    if let Err(error) = before(context, &composing, key, &mut outcomes).await {
        return failed(outcomes, error);
    }
    let is_changed = resources(context, composing.applies, key, &mut outcomes).await?;
    outcomes.wrote |= is_changed;
    let is_well = outcomes.invalid.is_empty() && outcomes.failed.is_none();
    if is_changed && is_well {
        return Ok(Applied::Again);
    }
    // What is invalid keeps neither the others nor their details back, as in Crossplane.
    if outcomes.failed.is_none() {
        match publish(context, look, rendered, key).await? {
            Ok(published) => outcomes.published = published,
            Err(reason) => outcomes.unpublished = Some(reason),
        }
    }
    Ok(Applied::Done(outcomes))
}

fn failed(mut outcomes: Outcomes, (what, error): (String, WriteError)) -> Result<Applied, Failure> {
    if is_passing(&error) {
        return Err(error.into());
    }
    outcomes.failed = Some(format!("{what}: {error}"));
    Ok(Applied::Done(outcomes))
}

/// Whether an error says nothing about the XR.
fn is_passing(error: &WriteError) -> bool {
    matches!(error, WriteError::Conflict | WriteError::NoLease | WriteError::Throttled { .. })
}

/// Leaves out what was applied just so before, and what the API server made no difference of.
fn without_repeats(context: &Context, composing: Composing, rendered: &Rendered, key: &ObjectKey) -> Composing {
    let observed = |name: &str| {
        let composed = rendered.expansion.composed.iter().find(|composed| composed.name == name);
        composed.and_then(|composed| composed.observed.as_ref())
    };
    let is_repeated = |apply: &Apply| match (&apply.write, observed(&apply.name)) {
        (Write::Apply { object, .. }, Some(live)) => context.composed.is_applied(key, object, live),
        _ => false,
    };
    let applies = composing.applies.into_iter().filter(|apply| !is_repeated(apply)).collect();
    Composing { applies, ..composing }
}

/// Removals and references.
async fn before(
    context: &Context,
    composing: &Composing,
    key: &ObjectKey,
    outcomes: &mut Outcomes,
) -> Result<(), (String, WriteError)> {
    for (name, writes) in &composing.removals {
        for write in writes {
            match context.writer.write(write, Some(key)).await {
                Ok(_) | Err(WriteError::NotFound) => outcomes.wrote = true,
                Err(error) => {
                    let what = "cannot garbage collect composed resources that are no longer desired";
                    return Err((format!("{what}: cannot delete composed resource \"{name}\""), error));
                }
            }
        }
    }
    if let Some(write) = &composing.references {
        let what = || "cannot apply composite resource references".to_owned();
        context.writer.write(write, Some(key)).await.map_err(|error| (what(), error))?;
        outcomes.wrote = true;
    }
    Ok(())
}

/// Applies resources; whether any of them changed.
async fn resources(
    context: &Context,
    applies: Vec<Apply>,
    key: &ObjectKey,
    outcomes: &mut Outcomes,
) -> Result<bool, Failure> {
    let written = stream::iter(applies).map(|apply| async move {
        let answer = context.writer.write(&apply.write, Some(key)).await;
        (apply, answer)
    });
    let mut written = written.buffered(AT_ONCE);
    let (mut is_changed, mut passing) = (false, None);
    while let Some((apply, answer)) = written.next().await {
        match answer {
            Ok(answer) => {
                is_changed = true;
                if let (Write::Apply { object, .. }, Some(answer)) = (&apply.write, answer) {
                    context.composed.note(key, object, &answer);
                }
            }
            Err(WriteError::Invalid { message }) => {
                outcomes.invalid.insert(apply.name, message);
            }
            Err(error) if is_passing(&error) => passing = Some(error),
            Err(error) => {
                let reason = format!("cannot apply composed resource \"{}\": {error}", apply.name);
                outcomes.failed.get_or_insert(reason);
            }
        }
        // Followed from its first object on.
        if let Err(reason) = followed(context, &apply.key.kind).await {
            outcomes.failed.get_or_insert(reason);
        }
    }
    passing.map_or(Ok(is_changed), |error| Err(error.into()))
}

/// Writes the XR's connection Secret. Whether it changed; the inner error is for the XR's condition.
async fn publish(
    context: &Context,
    look: &Look<'_>,
    rendered: &Rendered,
    key: &ObjectKey,
) -> Result<Result<bool, String>, Failure> {
    let secret = Some(look.composite).filter(|_| look.definition.is_legacy()).and_then(connection::secret_key);
    let Some(secret) = secret else { return Ok(Ok(false)) };
    let details = rendered.expansion.connection_details.clone();
    let details = connection::filtered(details, &look.definition.connection_secret_keys);
    write_secret(context, look.composite, &secret, &details, COMPOSITE_MANAGER, key).await
}

/// Makes a Secret hold these details for an owner. Whether that is to be told: it changed, or whoever wrote it was stopped
/// before that could be told.
pub(in crate::controller) async fn write_secret(
    context: &Context,
    owner: &Value,
    secret: &ObjectKey,
    details: &connection::Details,
    manager: &str,
    about: &ObjectKey,
) -> Result<Result<bool, String>, Failure> {
    let live = match context.read(secret).await {
        Ok(live) => live,
        Err(error) if is_passing(&error) => return Err(error.into()),
        Err(error) => return Ok(Err(error.to_string())),
    };
    let write = match connection::publish(owner, secret, details, live.as_ref(), manager) {
        Ok(Some(write)) => write,
        Ok(None) => return Ok(Ok(!connection::is_told(owner))),
        Err(reason) => return Ok(Err(reason)),
    };
    match context.writer.write(&write, Some(about)).await {
        Ok(_) => Ok(Ok(true)),
        Err(error) if is_passing(&error) => Err(error.into()),
        Err(error) => Ok(Err(format!("cannot publish connection details: {error}"))),
    }
}
