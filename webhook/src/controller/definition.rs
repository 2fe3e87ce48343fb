//! XRDs become CRDs.

use plat_reconcile::Then;
use plat_resource::ObjectKey;

use super::reconciler::{Context, Failure};

/// Looks at one object, and does the next step.
#[expect(clippy::unused_async, reason = "reconcilers wait for the API server")]
pub async fn reconcile(_context: &Context, _key: &ObjectKey) -> Result<Then, Failure> {
    Ok(Then::Wait)
}
