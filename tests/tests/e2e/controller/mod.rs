//! The real controller, beside a real API server.

mod harness;
mod leading;
