//! What talks to the outside.
//!
//! Owns the wire: the messages of Crossplane's function and render protocols, the client that runs a Composition Function
//! over gRPC behind the [`FunctionRunner`](plat_expand::function::FunctionRunner) port, and the bytes of `internal render`.
//! Decides nothing: what a request means and what follows from a response is the engine's matter.

mod client;
mod convert;
pub mod render;
pub mod structure;
mod target;
mod wire;

#[cfg(test)]
mod test_server;

pub use client::{ClientError, ClientOptions, FunctionClients};
pub use target::{Target, TargetError};
