//! Composition Functions that plat runs itself, in process, in the words of the originals.

pub mod auto_ready;
mod cache;
pub mod environment_configs;
mod kind;
pub mod patch_and_transform;
pub use cache::CompiledInputs;
pub use kind::{Native, native};
