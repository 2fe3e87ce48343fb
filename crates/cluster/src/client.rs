//! Runs Composition Functions where they listen, for a program without an event loop of its own.

use std::collections::BTreeMap;

use plat_expand::function::{FunctionError, FunctionRunner, RunFunctionRequest, RunFunctionResponse};
use tokio::runtime::{Builder, Handle, Runtime};

use crate::connection::{ClientOptions, Connection, Message};
use crate::target::TargetError;

/// Why no client could be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// A function's target is none.
    #[error("the target of function {function:?} cannot be used")]
    Target {
        /// Name in `functionRef`.
        function: String,
        /// Why.
        #[source]
        source: TargetError,
    },
    /// No event loop.
    #[error("cannot start the event loop that function calls need")]
    Runtime(#[source] std::io::Error),
}

/// The functions that run somewhere, by name.
///
/// Calls are plaintext, as to a function started with `--insecure`. Connections are made when first needed and kept. May be
/// shared between threads, but not called from within an async task.
#[derive(Debug)]
pub struct FunctionClients {
    functions: BTreeMap<String, Connection>,
    /// Last, so that the connections are gone before the loop that drives them.
    runtime: Runtime,
}

impl FunctionClients {
    /// Clients for functions by name, each with its target, for instance `localhost:9443` or `dns:///host:9443`.
    pub fn new<'a>(
        targets: impl IntoIterator<Item = (&'a str, &'a str)>,
        options: ClientOptions,
    ) -> Result<Self, ClientError> {
        let runtime = Builder::new_current_thread().enable_all().build().map_err(ClientError::Runtime)?;
        // A lazy connection still wants to know its event loop.
        let entered = runtime.enter();
        let mut functions = BTreeMap::new();
        for (function, target) in targets {
            let connection = Connection::plaintext(target, options)
                .map_err(|source| ClientError::Target { function: function.to_owned(), source })?;
            functions.insert(function.to_owned(), connection);
        }
        drop(entered);
        Ok(Self { functions, runtime })
    }

    /// Whether `function` has a target.
    pub fn knows(&self, function: &str) -> bool {
        self.functions.contains_key(function)
    }

    fn call(&self, connection: &Connection, request: &RunFunctionRequest) -> Result<RunFunctionResponse, String> {
        if Handle::try_current().is_ok() {
            return Err("called from within an async task, which it would block".to_owned());
        }
        self.runtime.block_on(connection.run(Message::of(request)?))
    }
}

impl FunctionRunner for FunctionClients {
    fn run(&self, function: &str, request: &RunFunctionRequest) -> Result<RunFunctionResponse, FunctionError> {
        let Some(connection) = self.functions.get(function) else {
            return Err(FunctionError::Unavailable { function: function.to_owned() });
        };
        self.call(connection, request).map_err(|reason| FunctionError::Failed {
            function: function.to_owned(),
            target: connection.target().to_string(),
            reason,
        })
    }

    /// A target that was given is meant to be used; who wants the native function gives none.
    fn replaces_native(&self, function: &str) -> bool {
        self.knows(function)
    }
}

#[cfg(test)]
mod tests;
