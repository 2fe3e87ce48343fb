//! What an AdmissionRequest is answered, given a snapshot of platform and policies.
//!
//! Owns the request path: bytes to [`Request`], the kind table, filling in and mutating, judging, the answer. Reads no
//! clusters, files or clocks: the shell hands over a snapshot and carries the answer away.

pub mod configuration;
pub mod exemption;
pub mod fill;
#[cfg(test)]
mod fixtures;
pub mod kinds;
pub mod patch;
pub mod request;
pub mod response;

pub use exemption::Exemptions;
pub use request::{Malformed, Operation, Request};
pub use response::{Decision, Denial, Reason};
