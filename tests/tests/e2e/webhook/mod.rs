//! The real webhook, registered with a real API server.

mod claims;
mod crowd;
mod ending;
mod failures;
pub(crate) mod fixtures;
mod hostile;
mod install;
mod instance;
mod mutators;
mod objects;
mod policies;
mod report_kinds;
mod reports;
pub(crate) mod server;
