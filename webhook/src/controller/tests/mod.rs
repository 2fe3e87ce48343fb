//! The writer and the lease against a scripted API server.

mod lease;
mod scripted;
mod writer;
