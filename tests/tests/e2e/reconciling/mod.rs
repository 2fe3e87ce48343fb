//! The real controller beside a real API server.

mod claims;
mod definitions;
mod fixtures;
mod harness;
mod permissions;
mod rollouts;
