//! Functions for tests: a real gRPC server of one version of the protocol, on a port of this machine.
#![expect(clippy::unwrap_used, reason = "a server for tests, which fail where it cannot be")]

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::{Certificate, Server, ServerTlsConfig};
use tonic::{Request, Response, Status, async_trait};

/// The messages of the protocol.
pub mod protocol {
    pub use crate::wire::generated::v1::*;
}

use crate::Identity;
use crate::wire::function::{self as wire, function_runner_service_server as stable};
use crate::wire::function_beta::function_runner_service_server as beta;

/// Which service is served.
#[derive(Debug, Clone, Copy)]
pub enum Version {
    /// v1.
    Stable,
    /// v1beta1.
    Beta,
}

/// What a function answers.
pub type Answer = Result<wire::RunFunctionResponse, Status>;

/// What a test function does: answers, after a while, and remembers what it was asked.
#[derive(Clone)]
struct Function {
    answer: Arc<dyn Fn(&wire::RunFunctionRequest) -> Answer + Send + Sync>,
    delay: Duration,
    requests: Arc<Mutex<Vec<wire::RunFunctionRequest>>>,
}

impl Function {
    async fn run(
        &self,
        request: Request<wire::RunFunctionRequest>,
    ) -> Result<Response<wire::RunFunctionResponse>, Status> {
        let request = request.into_inner();
        self.requests.lock().unwrap().push(request.clone());
        tokio::time::sleep(self.delay).await;
        (self.answer)(&request).map(Response::new)
    }
}

#[async_trait]
impl stable::FunctionRunnerService for Function {
    async fn run_function(
        &self,
        request: Request<wire::RunFunctionRequest>,
    ) -> Result<Response<wire::RunFunctionResponse>, Status> {
        self.run(request).await
    }
}

#[async_trait]
impl beta::FunctionRunnerService for Function {
    async fn run_function(
        &self,
        request: Request<wire::RunFunctionRequest>,
    ) -> Result<Response<wire::RunFunctionResponse>, Status> {
        self.run(request).await
    }
}

/// A running test function; stops when dropped.
#[derive(Debug)]
pub struct TestServer {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<wire::RunFunctionRequest>>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl TestServer {
    /// Starts a function that answers at once.
    pub fn start(
        version: Version,
        answer: impl Fn(&wire::RunFunctionRequest) -> Answer + Send + Sync + 'static,
    ) -> Self {
        Self::start_slow(version, Duration::ZERO, answer)
    }

    /// Starts a function that takes `delay` to answer.
    pub fn start_slow(
        version: Version,
        delay: Duration,
        answer: impl Fn(&wire::RunFunctionRequest) -> Answer + Send + Sync + 'static,
    ) -> Self {
        Self::launch(anywhere(), (version, None), delay, answer)
    }

    /// Starts a function where another one was.
    pub fn start_at(
        address: SocketAddr,
        answer: impl Fn(&wire::RunFunctionRequest) -> Answer + Send + Sync + 'static,
    ) -> Self {
        Self::launch(address, (Version::Stable, None), Duration::ZERO, answer)
    }

    /// Starts a function that shows a certificate, and wants to see one.
    pub fn start_secure(
        own: &Identity,
        answer: impl Fn(&wire::RunFunctionRequest) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let security = ServerTlsConfig::new()
            .identity(tonic::transport::Identity::from_pem(&own.certificate, &own.key))
            .client_ca_root(Certificate::from_pem(&own.authority));
        Self::launch(anywhere(), (Version::Stable, Some(security)), Duration::ZERO, answer)
    }

    fn launch(
        address: SocketAddr,
        served: (Version, Option<ServerTlsConfig>),
        delay: Duration,
        answer: impl Fn(&wire::RunFunctionRequest) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let requests = Arc::default();
        let function = Function { answer: Arc::new(answer), delay, requests: Arc::clone(&requests) };
        let (stop, stopped) = oneshot::channel();
        let (ready, is_ready) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(serve(address, served, function, &ready, stopped));
        });
        Self { address: is_ready.recv().unwrap(), requests, stop: Some(stop), thread: Some(thread) }
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its target.
    pub fn target(&self) -> String {
        self.address.to_string()
    }

    /// What it was asked so far.
    pub fn requests(&self) -> Vec<wire::RunFunctionRequest> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn anywhere() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
}

async fn serve(
    address: SocketAddr,
    (version, security): (Version, Option<ServerTlsConfig>),
    function: Function,
    ready: &mpsc::Sender<SocketAddr>,
    stopped: oneshot::Receiver<()>,
) {
    let listener = TcpListener::bind(address).await.unwrap();
    ready.send(listener.local_addr().unwrap()).unwrap();
    let mut server = Server::builder();
    if let Some(security) = security {
        server = server.tls_config(security).unwrap();
    }
    let router = match version {
        Version::Stable => server.add_service(stable::FunctionRunnerServiceServer::new(function)),
        Version::Beta => server.add_service(beta::FunctionRunnerServiceServer::new(function)),
    };
    // A client that keeps its connection open must not keep the test from ending.
    tokio::select! {
        ended = router.serve_with_incoming(TcpListenerStream::new(listener)) => ended.unwrap(),
        _ = stopped => {}
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}
