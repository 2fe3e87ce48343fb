//! What is known of an object that is to be mutated, besides the object.

use plat_resource::Value;

use super::Operation;
use crate::Source;

/// The circumstances of one mutation.
#[derive(Debug, Clone, Copy, Default)]
pub struct MutationContext<'a> {
    /// The Namespace object of the object, where it is in one; for a Namespace, that itself.
    pub namespace: Option<&'a Value>,
    /// The namespace that the request is for. An object may leave it out: it stands in `metadata.namespace` while
    /// mutators see the object, and what was there before comes back. `None` leaves the object as it is.
    pub request_namespace: Option<&'a str>,
    /// What the request does; `None` for what is no request, as on the command line: then only mutators for every
    /// operation apply.
    pub operation: Option<Operation>,
    /// Who made the object.
    pub source: Source,
    /// The name of this mutation, where mutated objects shall be annotated with it and with their mutators.
    pub annotate: Option<&'a str>,
}
