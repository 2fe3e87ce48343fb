//! The real controller beside a real API server.

mod bad_input;
mod claims;
mod connections;
mod definitions;
mod faults;
pub(crate) mod fixtures;
mod functions;
pub(crate) mod harness;
mod names;
mod nested;
mod permissions;
mod policies;
mod polling;
mod provider;
mod rollouts;
mod usages;
