//! Runs Composition Functions where they listen.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use plat_expand::function::{FunctionError, FunctionRunner, RunFunctionRequest, RunFunctionResponse};
use tokio::runtime::{Builder, Handle, Runtime};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Response, Status, TimeoutExpired};

use crate::convert;
use crate::target::{Target, TargetError};
use crate::wire::function as wire;
use crate::wire::function::function_runner_service_client::FunctionRunnerServiceClient;
use crate::wire::function_beta::function_runner_service_client::FunctionRunnerServiceClient as BetaClient;

/// How long and how large a call may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientOptions {
    /// The time one call may take, connecting included.
    pub timeout: Duration,
    /// The largest answer that is read, in bytes.
    pub max_message_bytes: usize,
}

impl Default for ClientOptions {
    /// A minute, and 64 MiB. Crossplane reads 4 MiB; a plan had better show a large answer than fail on it.
    fn default() -> Self {
        Self { timeout: Duration::from_mins(1), max_message_bytes: 64 << 20 }
    }
}

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
    functions: BTreeMap<String, (Target, Channel)>,
    options: ClientOptions,
    /// Targets that speak v1beta1 only.
    beta: Mutex<BTreeSet<Target>>,
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
        for (function, text) in targets {
            let (target, endpoint) =
                endpoint(text).map_err(|source| ClientError::Target { function: function.to_owned(), source })?;
            let channel = endpoint.connect_timeout(options.timeout).connect_lazy();
            functions.insert(function.to_owned(), (target, channel));
        }
        drop(entered);
        Ok(Self { functions, options, beta: Mutex::default(), runtime })
    }

    /// Whether `function` has a target.
    pub fn knows(&self, function: &str) -> bool {
        self.functions.contains_key(function)
    }

    fn call(
        &self,
        target: &Target,
        channel: Channel,
        request: &RunFunctionRequest,
    ) -> Result<RunFunctionResponse, String> {
        if Handle::try_current().is_ok() {
            return Err("called from within an async task, which it would block".to_owned());
        }
        let message = convert::request(request).map_err(|error| format!("cannot send the request: {error}"))?;
        let call = Call { channel, timeout: self.options.timeout, max_message_bytes: self.options.max_message_bytes };
        let answer = self.runtime.block_on(async {
            // Made inside, because a timer belongs to the event loop it is made in.
            tokio::time::timeout(self.options.timeout, self.exchange(target, call, message)).await
        });
        let answer = answer.map_err(|_| self.timed_out())?.map_err(|status| self.describe(&status))?;
        convert::response(answer).map_err(|error| format!("cannot read the answer: {error}"))
    }

    /// Asks in v1, and in v1beta1 where v1 is not implemented.
    async fn exchange(
        &self,
        target: &Target,
        call: Call,
        message: wire::RunFunctionRequest,
    ) -> Result<wire::RunFunctionResponse, Status> {
        if self.beta.lock().unwrap_or_else(PoisonError::into_inner).contains(target) {
            return call.beta(message).await;
        }
        match call.clone().stable(message.clone()).await {
            Err(status) if status.code() == Code::Unimplemented => {
                let answer = call.beta(message).await?;
                self.beta.lock().unwrap_or_else(PoisonError::into_inner).insert(target.clone());
                Ok(answer)
            }
            answer => answer,
        }
    }

    fn timed_out(&self) -> String {
        format!("no answer within {:?}", self.options.timeout)
    }

    /// What went wrong, for a person.
    fn describe(&self, status: &Status) -> String {
        let cause = deepest(status);
        let expired = cause.and_then(|cause| cause.downcast_ref::<TimeoutExpired>());
        match status.code() {
            _ if expired.is_some() => self.timed_out(),
            Code::DeadlineExceeded => self.timed_out(),
            Code::Unimplemented => "it does not implement the function protocol (v1 or v1beta1)".to_owned(),
            Code::OutOfRange | Code::ResourceExhausted if status.message().contains("message length too large") => {
                format!("its answer is larger than {} bytes", self.options.max_message_bytes)
            }
            code => {
                let message = cause.map_or_else(|| status.message().to_owned(), ToString::to_string);
                format!("{message} ({code:?})")
            }
        }
    }
}

/// The last cause, which for a transport is the operating system's word.
fn deepest(status: &Status) -> Option<&(dyn Error + 'static)> {
    let mut cause = status.source()?;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    Some(cause)
}

fn endpoint(text: &str) -> Result<(Target, Endpoint), TargetError> {
    let target: Target = text.parse()?;
    let endpoint = Endpoint::from_shared(target.uri()).map_err(|_| TargetError::Host { target: text.to_owned() })?;
    Ok((target, endpoint))
}

/// One call, in either version.
#[derive(Clone)]
struct Call {
    channel: Channel,
    timeout: Duration,
    max_message_bytes: usize,
}

impl Call {
    async fn stable(self, message: wire::RunFunctionRequest) -> Result<wire::RunFunctionResponse, Status> {
        let mut client =
            FunctionRunnerServiceClient::new(self.channel).max_decoding_message_size(self.max_message_bytes);
        client.run_function(with_deadline(message, self.timeout)).await.map(Response::into_inner)
    }

    async fn beta(self, message: wire::RunFunctionRequest) -> Result<wire::RunFunctionResponse, Status> {
        let mut client = BetaClient::new(self.channel).max_decoding_message_size(self.max_message_bytes);
        client.run_function(with_deadline(message, self.timeout)).await.map(Response::into_inner)
    }
}

/// Tells the function too how long it may take.
fn with_deadline<M>(message: M, timeout: Duration) -> Request<M> {
    let mut request = Request::new(message);
    request.set_timeout(timeout);
    request
}

impl FunctionRunner for FunctionClients {
    fn run(&self, function: &str, request: &RunFunctionRequest) -> Result<RunFunctionResponse, FunctionError> {
        let Some((target, channel)) = self.functions.get(function) else {
            return Err(FunctionError::Unavailable { function: function.to_owned() });
        };
        self.call(target, channel.clone(), request).map_err(|reason| FunctionError::Failed {
            function: function.to_owned(),
            target: target.to_string(),
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
