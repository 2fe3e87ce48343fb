//! One Composition Function where it listens: the connection to it, and one call.
//!
//! Owns transport security, limits, the fall-back to v1beta1 and the words for what went wrong. Which function is where, and
//! waiting for an answer, is the matter of whoever has the connection.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use plat_expand::function::{RunFunctionRequest, RunFunctionResponse};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
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

/// Who calls, and whose certificates are believed; all in PEM.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// The certificates that sign the functions'.
    pub authority: String,
    /// The caller's certificate.
    pub certificate: String,
    /// The key of that.
    pub key: String,
}

impl fmt::Debug for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Identity")
    }
}

/// Why there can be no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    /// The target is none.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The certificates cannot be used.
    #[error("the client certificate cannot be used: {0}")]
    Certificate(String),
}

/// The connection to one function, made when first needed and kept. Copies share it.
#[derive(Debug, Clone)]
pub struct Connection {
    target: Target,
    channel: Channel,
    options: ClientOptions,
    /// The function speaks v1beta1 only.
    is_beta: Arc<AtomicBool>,
}

/// What is sent, as bytes will be made of it.
#[derive(Debug, Clone)]
pub struct Message(wire::RunFunctionRequest);

impl Message {
    /// Makes it; the error is for people.
    pub fn of(request: &RunFunctionRequest) -> Result<Self, String> {
        convert::request(request).map(Self).map_err(|error| format!("cannot send the request: {error}"))
    }
}

impl Connection {
    /// A connection without transport security, as to a function started with `--insecure`. Must be made where an event loop
    /// runs, and used there.
    pub fn plaintext(target: &str, options: ClientOptions) -> Result<Self, TargetError> {
        let target: Target = target.parse()?;
        let endpoint = endpoint(&target, target.uri())?;
        Ok(Self::new(target, &endpoint, options))
    }

    /// A connection in which both sides show certificates, the function's for `name`; for the host of the target, where there is
    /// no other name. Must be made where an event loop runs, and used there.
    pub fn mutual(
        target: &str,
        name: Option<&str>,
        identity: &Identity,
        options: ClientOptions,
    ) -> Result<Self, ConnectionError> {
        let target: Target = target.parse()?;
        let own = tonic::transport::Identity::from_pem(&identity.certificate, &identity.key);
        let security = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(&identity.authority)).identity(own);
        let security = match name {
            Some(name) => security.domain_name(name),
            None => security,
        };
        let endpoint = endpoint(&target, target.secure_uri())?
            .tls_config(security)
            .map_err(|error| ConnectionError::Certificate(cause(&error)))?;
        Ok(Self::new(target, &endpoint, options))
    }

    fn new(target: Target, endpoint: &Endpoint, options: ClientOptions) -> Self {
        let channel = endpoint.clone().connect_timeout(options.timeout).connect_lazy();
        Self { target, channel, options, is_beta: Arc::default() }
    }

    /// Where it goes.
    pub fn target(&self) -> &Target {
        &self.target
    }

    #[cfg(test)]
    pub(crate) fn is_beta(&self) -> bool {
        self.is_beta.load(Ordering::Relaxed)
    }

    /// Asks the function once, within the time that is given; an error is for people.
    pub async fn run(&self, message: Message) -> Result<RunFunctionResponse, String> {
        // Made inside, because a timer belongs to the event loop it is made in.
        let answer = tokio::time::timeout(self.options.timeout, self.exchange(message.0)).await;
        let answer = answer.map_err(|_| self.timed_out())?.map_err(|status| self.describe(&status))?;
        convert::response(answer).map_err(|error| format!("cannot read the answer: {error}"))
    }

    /// Asks in v1, and in v1beta1 where v1 is not implemented.
    async fn exchange(&self, message: wire::RunFunctionRequest) -> Result<wire::RunFunctionResponse, Status> {
        if self.is_beta.load(Ordering::Relaxed) {
            return self.beta(message).await;
        }
        match self.stable(message.clone()).await {
            Err(status) if status.code() == Code::Unimplemented => {
                let answer = self.beta(message).await?;
                self.is_beta.store(true, Ordering::Relaxed);
                Ok(answer)
            }
            answer => answer,
        }
    }

    async fn stable(&self, message: wire::RunFunctionRequest) -> Result<wire::RunFunctionResponse, Status> {
        let mut client = FunctionRunnerServiceClient::new(self.channel.clone())
            .max_decoding_message_size(self.options.max_message_bytes);
        client.run_function(self.with_deadline(message)).await.map(Response::into_inner)
    }

    async fn beta(&self, message: wire::RunFunctionRequest) -> Result<wire::RunFunctionResponse, Status> {
        let mut client =
            BetaClient::new(self.channel.clone()).max_decoding_message_size(self.options.max_message_bytes);
        client.run_function(self.with_deadline(message)).await.map(Response::into_inner)
    }

    /// Tells the function too how long it may take.
    fn with_deadline<M>(&self, message: M) -> Request<M> {
        let mut request = Request::new(message);
        request.set_timeout(self.options.timeout);
        request
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

fn endpoint(target: &Target, uri: String) -> Result<Endpoint, TargetError> {
    Endpoint::from_shared(uri).map_err(|_| TargetError::Host { target: target.to_string() })
}

/// The last cause, which for a transport is the operating system's word.
fn deepest<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    let mut cause = error.source()?;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    Some(cause)
}

fn cause(error: &(dyn Error + 'static)) -> String {
    deepest(error).map_or_else(|| error.to_string(), ToString::to_string)
}

#[cfg(test)]
mod tests;
