//! Claims get their XR.
//!
//! Owns carrying out the steps that `plat_reconcile::claim` decides, and handing on connection details.

use std::sync::Arc;
use std::time::Duration;

use plat_expand::pipeline::secret_data;
use plat_plan::PlatformSchemas;
use plat_platform::Role;
use plat_reconcile::Then;
use plat_reconcile::claim::{Look, Next};
use plat_reconcile::connection;
use plat_reconcile::names::CLAIM_MANAGER;
use plat_reconcile::status::{condition_of, is_true};
use plat_resource::{GroupVersionKind, ObjectKey, Value, object};

use super::causes;
use super::composite::write_secret;
use super::reconciler::{Context, Failure};
use super::request::Controller;

/// How long is waited for the XRs of a new kind to be read.
const SOON: Duration = Duration::from_millis(100);
/// How long a claim waits with its status for a look at its XR to end.
const PATIENCE: Duration = Duration::from_secs(2);

/// Looks at one claim, and does the next step.
pub async fn reconcile(context: &Context, key: &ObjectKey) -> Result<Then, Failure> {
    let Some(claim) = context.objects.get(key) else { return Ok(Then::Wait) };
    let platform = context.platform();
    let Some(found) = platform.kind(&key.kind).filter(|found| found.role == Role::Claim) else {
        return Ok(Then::Wait);
    };
    let kind = GroupVersionKind { kind: found.definition.names.kind.clone(), ..key.kind.clone() };
    // A claim whose XR is only not read yet must not get another.
    if !context.objects.is_synced(&kind) {
        return Ok(Then::After(SOON));
    }
    let composite = |name: &str| live(context, &kind, name);
    let cause = |composite: &Value| causes::cause(context, composite);
    let (schemas, now) = (PlatformSchemas::new(&platform), context.now());
    let look = Look {
        claim: &claim,
        definition: found.definition,
        composite: &composite,
        cause: &cause,
        schemas: &schemas,
        now: &now,
    };
    let decision = match look.next() {
        Next::Decided(decision) => decision,
        Next::Bound(composite) if is_soon_known_better(context, key, &composite) => return Ok(Then::After(PATIENCE)),
        Next::Bound(composite) => conclude(context, &look, &composite, key).await?,
    };
    let then = context.carry_out(&claim, decision).await?;
    // Secrets are not watched: one that is lost or changed by hand is found by looking.
    let looks_again = then == Then::Wait && connection::secret_key(&claim).is_some();
    Ok(if looks_again { Then::After(context.settings.poll_interval) } else { then })
}

/// Whether the XR is looked at now or next, so that what would be said of it is not so any more a moment later. The claim is
/// looked at again when that was done.
fn is_soon_known_better(context: &Context, key: &ObjectKey, composite: &Value) -> bool {
    let generation = object::value_at(composite, &["metadata", "generation"]);
    let seen = condition_of(composite, "Ready").and_then(|ready| ready.get("observedGeneration"));
    let is_up_to_date = is_true(composite, "Ready") && seen == generation;
    let (claim, composite) = (key.clone(), ObjectKey::of(composite));
    let (claim, composite) = (Controller::Claim.of(claim), Controller::Composite.of(composite));
    !is_up_to_date && context.queue.add_after_other(&claim, &composite, PATIENCE)
}

fn live(context: &Context, kind: &GroupVersionKind, name: &str) -> Option<Value> {
    let key = ObjectKey { kind: kind.clone(), namespace: String::new(), name: name.to_owned() };
    context.objects.get(&key).map(Arc::unwrap_or_clone)
}

async fn conclude(
    context: &Context,
    look: &Look<'_>,
    composite: &Value,
    key: &ObjectKey,
) -> Result<plat_reconcile::Decision, Failure> {
    let published =
        if is_true(composite, "Ready") { propagate(context, look, composite, key).await? } else { Ok(false) };
    Ok(match published {
        Ok(published) => look.conclude(composite, published),
        Err(reason) => {
            look.fail("PropagateConnectionSecret", &format!("cannot propagate connection details: {reason}"))
        }
    })
}

/// Hands on the connection details of the XR to the claim's Secret. Whether that changed; the inner error is for the claim.
async fn propagate(
    context: &Context,
    look: &Look<'_>,
    composite: &Value,
    key: &ObjectKey,
) -> Result<Result<bool, String>, Failure> {
    let keys = (connection::secret_key(composite), connection::secret_key(look.claim));
    let (Some(from), Some(to)) = keys else { return Ok(Ok(false)) };
    let Some(secret) = context.read(&from).await? else {
        return Ok(Err(format!(
            "the Secret {}/{} of {} is not there",
            from.namespace,
            from.name,
            object::name(composite)
        )));
    };
    if !connection::is_controlled_by(&secret, composite) {
        return Ok(Err("the Secret that the composite resource names is not its own".to_owned()));
    }
    write_secret(context, look.claim, &to, &secret_data(&secret), CLAIM_MANAGER, key).await
}
