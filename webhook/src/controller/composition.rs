//! Compositions become revisions.
//!
//! Owns carrying out what `plat_reconcile::revision` decides.

use std::sync::Arc;

use plat_reconcile::Then;
use plat_reconcile::names::COMPOSITION_NAME_LABEL;
use plat_reconcile::revision::{Observed, decide};
use plat_resource::{ObjectKey, Value, object};

use super::reconciler::{Context, Failure};
use super::wakes::revision_kind;

/// Looks at one Composition, and does the next step.
pub async fn reconcile(context: &Context, key: &ObjectKey) -> Result<Then, Failure> {
    let Some(composition) = context.objects.get(key) else { return Ok(Then::Wait) };
    let mut revisions: Vec<Arc<Value>> = context.objects.list(&revision_kind());
    revisions.retain(|revision| object::label(revision, COMPOSITION_NAME_LABEL) == Some(&key.name));
    revisions.sort_by(|one, other| object::name(one).cmp(object::name(other)));
    let revisions: Vec<&Value> = revisions.iter().map(AsRef::as_ref).collect();
    let (platform, now) = (context.platform(), context.now());
    let observed = Observed { composition: &composition, revisions: &revisions, platform: &platform, now: &now };
    let decision = decide(&observed);
    Ok(context.carry_out(&composition, decision).await?)
}
