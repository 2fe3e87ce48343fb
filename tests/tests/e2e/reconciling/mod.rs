//! The real controller beside a real API server.

mod claims;
mod fixtures;
mod harness;
