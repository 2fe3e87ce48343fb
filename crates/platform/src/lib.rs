//! Documents to an immutable Platform snapshot.
//!
//! Owns what XRDs, Compositions, CompositionRevisions, Functions, EnvironmentConfigs and CRDs mean: reading them with
//! every mistake at its place, the CRDs that an XRD makes, and which Composition and revision an XR uses. Does not read
//! files, does not expand anything.

mod composition;
mod crd;
mod cursor;
mod definition;
pub mod kinds;
mod load;
mod names;
mod platform;
mod read_composition;
mod read_definition;
mod revision;
mod schemas;
mod select;
#[cfg(test)]
mod tests;
pub mod usage;

pub use composition::{
    Composition, Credential, Function, Mode, Requirement, RequirementMatch, Requirements, Revision, SecretReference,
    Step,
};
pub use crd::{Crd, CrdVersion, with_api_server_defaults};
pub use definition::{Definition, KindRef, Role, Scope, Version};
pub use kinds::{KINDS, PlatformKind, What, what_is};
pub use names::Names;
pub use platform::Platform;
pub use select::{How, Selection};
pub use usage::{DELETION_ATTEMPT, IN_USE_LABEL, USAGE_KINDS, Usage, UsageKind, Used};
