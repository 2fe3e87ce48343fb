//! The writer, the lease and watches against a scripted API server.

mod lease;
mod scripted;
mod watches;
mod writer;
