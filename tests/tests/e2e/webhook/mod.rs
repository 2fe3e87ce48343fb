//! The real webhook, registered with a real API server.

mod claims;
mod failures;
mod fixtures;
mod objects;
mod policies;
mod server;
