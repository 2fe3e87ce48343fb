//! Mutators: Assign, AssignMetadata, ModifySet and AssignImage, as Gatekeeper applies them.
//!
//! Owns reading them, their conflicts, and their application to one object until nothing changes. Makes no patches and
//! answers no requests: an object comes in, an object goes out.

mod apply_to;
mod context;
mod error;
mod explain;
mod image;
mod location;
mod mutator;
mod numbers;
mod path_tests;
mod read;
mod schema;
mod system;
mod walk;

pub use apply_to::{ApplyTo, Operation};
pub use context::MutationContext;
pub use error::{MutationError, ObjectName};
pub use explain::{FieldChange, MutatorOutcome, MutatorVerdict};
pub use image::{ImageFault, ImageParts};
pub use location::{Location, LocationError, MAX_STEPS, Step, Which};
pub use mutator::{GROUP, Mutator, MutatorId, MutatorKind};
pub use path_tests::{Condition, PathTestError, PathTests};
pub use read::{is_mutator, read};
pub use system::{MUTATION_ID_ANNOTATION, MUTATIONS_ANNOTATION, Mutated, MutationSystem};
