//! The controller: XRDs become CRDs, Compositions revisions, claims XRs, XRs composed resources.
//!
//! Owns what every reconciler needs: live objects, watches and whom they wake, the queue, writing, the lease. Each reconcile
//! looks (at what is in memory), decides (in `plat-reconcile`, which talks to nobody) and writes; it may be stopped anywhere
//! and goes on from what it finds.

pub mod api;
pub mod args;
mod authority;
pub mod causes;
pub mod claim;
pub mod composite;
pub mod composition;
pub mod definition;
pub mod dispatch;
pub mod events;
pub mod fence;
pub mod function;
pub mod functions;
pub mod health;
pub mod hearing;
pub mod kinds;
pub mod lease;
pub mod metrics;
pub mod objects;
mod packed;
pub mod platform;
mod projection;
pub mod queue;
pub mod rate;
pub mod reconciler;
pub mod request;
mod rollout;
pub mod run;
mod silence;
pub mod standing;
pub mod usage;
pub mod wakes;
pub mod watches;
pub mod writer;

#[cfg(test)]
mod tests;
