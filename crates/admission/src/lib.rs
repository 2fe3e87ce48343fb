//! What an AdmissionRequest is answered, given a snapshot of platform and policies.
//!
//! Owns the request path: bytes to [`Request`], the kind table, filling in and mutating, judging, the answer. Reads no
//! clusters, files or clocks: the shell hands over a snapshot and carries the answer away.

pub mod audit;
mod check;
pub mod claim;
pub mod configuration;
pub mod constraint_crd;
pub mod exemption;
pub mod fill;
#[cfg(test)]
mod fixtures;
pub mod kinds;
pub mod last_good;
mod message;
pub mod mutate;
pub mod patch;
pub mod report;
pub mod request;
pub mod response;
pub mod snapshot;
#[cfg(test)]
mod tests;
pub mod usage;
pub mod validate;

pub use exemption::Exemptions;
pub use mutate::mutate;
pub use request::{Malformed, Operation, Request};
pub use response::{Decision, Denial, Gaps, Reason};
pub use snapshot::{Settings, Snapshot, Unexpanded};
pub use usage::{Attempt, Usages};
pub use validate::{validate, validate_until};
