//! Usages mark what is in use, and let go of it.
//!
//! Owns carrying out what `plat_reconcile::usage` decides. Of the objects that a Usage names, those that are composed are known
//! here; others are asked for.

use std::sync::Arc;

use plat_platform::{USAGE_KINDS, Usage};
use plat_reconcile::Then;
use plat_reconcile::usage::{Found, Look, Search, Step};
use plat_resource::{ObjectKey, Value};

use super::api::WriteError;
use super::reconciler::{Context, Failure};

/// Looks at one Usage, and does the next step.
pub async fn reconcile(context: &Context, key: &ObjectKey) -> Result<Then, Failure> {
    let Some(live) = context.objects.get(key) else { return Ok(Then::Wait) };
    let Some(usage) = Usage::read(&live) else { return Ok(Then::Wait) };
    let now = context.now();
    let look = Look { live: &live, usage: &usage, poll: context.settings.poll_interval, now: &now };
    let step = match look.search() {
        Err(decision) => return Ok(context.carry_out(&live, decision).await?),
        Ok(Some(search)) => match resolve(context, &look, &search).await? {
            Ok(step) => step,
            Err(why) => {
                return Ok(context.carry_out(&live, look.unresolved(search.side, &why)).await?);
            }
        },
        Ok(None) => match next(context, &look).await? {
            Ok(step) => step,
            Err((reason, why)) => return Ok(context.carry_out(&live, look.fail(reason, &why)).await?),
        },
    };
    carry_out(context, &look, step).await
}

async fn resolve(context: &Context, look: &Look<'_>, search: &Search) -> Result<Result<Step, String>, Failure> {
    match context.read_all(&search.kind, &search.namespace, &search.labels).await {
        Ok(listed) => Ok(Ok(look.resolve(search.side, &listed))),
        Err(error) if error.is_lasting() => Ok(Err(format!("cannot list resources matching labels: {error}"))),
        Err(error) => Err(error.into()),
    }
}

/// The next step, with both objects as they are; the inner error is for the Usage's condition.
async fn next(context: &Context, look: &Look<'_>) -> Result<Result<Step, (&'static str, String)>, Failure> {
    let mut found = [None, None];
    let sides = [
        ("GetUsedResource", "cannot get used", look.usage.used()),
        ("GetUsingResource", "cannot get using", look.usage.using()),
    ];
    for (place, (reason, what, key)) in found.iter_mut().zip(sides) {
        let Some(key) = key else { continue };
        match get(context, &key).await {
            Ok(live) => *place = live,
            // Nothing can be of a kind that is gone.
            Err(WriteError::NoKind(_)) if look.is_ending() => {}
            Err(error) if error.is_lasting() => return Ok(Err((reason, format!("{what}: {error}")))),
            Err(error) => return Err(error.into()),
        }
    }
    let [used, using] = &found;
    let has_others = used.as_ref().is_some_and(|used| has_others(context, look.usage, &ObjectKey::of(used)));
    Ok(Ok(look.next(Found { used: used.as_deref(), using: using.as_deref(), has_others })))
}

async fn get(context: &Context, key: &ObjectKey) -> Result<Option<Arc<Value>>, WriteError> {
    match context.objects.get(key) {
        Some(live) => Ok(Some(live)),
        None => Ok(context.read(key).await?.map(Arc::new)),
    }
}

/// Whether there are other Usages of an object.
fn has_others(context: &Context, usage: &Usage, used: &ObjectKey) -> bool {
    let all = USAGE_KINDS.iter().flat_map(|row| context.objects.list(&row.kind()));
    all.filter_map(|other| Usage::read(&other)).any(|other| other.key != usage.key && other.is_of(used))
}

/// A write that may not be, and not only now, is a condition of the Usage.
async fn carry_out(context: &Context, look: &Look<'_>, step: Step) -> Result<Then, Failure> {
    let Step { decision, reason, failed } = step;
    match context.carry_out(look.live, decision).await {
        Ok(then) => Ok(then),
        Err(error @ (WriteError::Forbidden { .. } | WriteError::Invalid { .. })) => {
            let decision = look.fail(reason, &format!("{failed}: {error}"));
            Ok(context.carry_out(look.live, decision).await?)
        }
        Err(error) => Err(error.into()),
    }
}
