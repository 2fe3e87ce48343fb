//! The real controller beside a real API server.

mod claims;
mod definitions;
pub(crate) mod fixtures;
pub(crate) mod harness;
mod permissions;
mod rollouts;
