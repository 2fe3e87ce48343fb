//! What a controller does next about one object, as a value.
//!
//! Owns the decisions of the controllers for XRDs, Compositions, claims, XRs and Usages: which writes, which events, and when
//! to look again. Each decision is made from what is live and is repeatable: whoever is stopped between two writes decides the
//! rest when asked again. Talks to nobody; what a claim means is `plat-expand`'s matter, what differs is `plat-plan`'s.

pub mod breaker;
pub mod claim;
pub mod composite;
mod condition;
pub mod connection;
pub mod decision;
pub mod definition;
#[cfg(test)]
mod fixtures;
pub mod function_runtime;
mod live;
pub mod names;
pub mod revision;
pub mod rollout;
pub mod standing;
pub mod status;
mod told;
pub mod usage;

pub use decision::{Decision, Event, EventKind, Propagation, Then, Write};
