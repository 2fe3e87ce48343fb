//! What talks to the outside.
//!
//! Owns the wire: the messages of Crossplane's function and render protocols, the client that runs a Composition Function
//! over gRPC behind the [`FunctionRunner`](plat_expand::function::FunctionRunner) port, the bytes of `internal render`, and
//! the client of the Kubernetes API server.
//! Decides nothing: what a request means and what follows from a response is the engine's matter.

pub mod api_server;
mod client;
mod connection;
mod convert;
pub mod render;
pub mod structure;
mod target;
mod wire;

#[cfg(any(test, feature = "test-server"))]
pub mod test_server;

pub use client::{ClientError, FunctionClients};
pub use connection::{ClientOptions, Connection, ConnectionError, Identity, Message};
pub use target::{Target, TargetError};
