//! Whether an XR may move to a new revision of its Composition.

use plat_platform::{Definition, Revision};

use super::composite::Subject;
use super::reconciler::Context;

/// Why the XR stays on its revision for now, if it does.
pub(super) fn hold(_: &Context, _: &Subject, _: &Definition, _: &Revision) -> Option<String> {
    None
}
