//! Functions for tests: a real gRPC server of one version of the protocol, on a free port of this machine.

use std::net::SocketAddr;
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::{Server, ServerTlsConfig};
use tonic::{Request, Response, Status, async_trait};

use crate::wire::function::{self as wire, function_runner_service_server as stable};
use crate::wire::function_beta::function_runner_service_server as beta;

/// Which service is served.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Version {
    Stable,
    Beta,
}

type Answer = Result<wire::RunFunctionResponse, Status>;

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
pub(crate) struct TestServer {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<wire::RunFunctionRequest>>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl TestServer {
    /// Starts a function that answers at once.
    pub(crate) fn start(
        version: Version,
        answer: impl Fn(&wire::RunFunctionRequest) -> Answer + Send + Sync + 'static,
    ) -> Self {
        Self::start_slow(version, Duration::ZERO, answer)
    }

    /// Starts a function that takes `delay` to answer.
    pub(crate) fn start_slow(
        version: Version,
        delay: Duration,
        answer: impl Fn(&wire::RunFunctionRequest) -> Answer + Send + Sync + 'static,
    ) -> Self {
        Self::launch(version, None, delay, answer)
    }

    /// Starts a function that shows a certificate, and wants to see one.
    pub(crate) fn start_secure(
        security: ServerTlsConfig,
        answer: impl Fn(&wire::RunFunctionRequest) -> Answer + Send + Sync + 'static,
    ) -> Self {
        Self::launch(Version::Stable, Some(security), Duration::ZERO, answer)
    }

    fn launch(
        version: Version,
        security: Option<ServerTlsConfig>,
        delay: Duration,
        answer: impl Fn(&wire::RunFunctionRequest) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let requests = Arc::default();
        let function = Function { answer: Arc::new(answer), delay, requests: Arc::clone(&requests) };
        let (stop, stopped) = oneshot::channel();
        let (send_address, address) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(serve((version, security), function, &send_address, stopped));
        });
        Self { address: address.recv().unwrap(), requests, stop: Some(stop), thread: Some(thread) }
    }

    /// Its target.
    pub(crate) fn target(&self) -> String {
        self.address.to_string()
    }

    /// What it was asked so far.
    pub(crate) fn requests(&self) -> Vec<wire::RunFunctionRequest> {
        self.requests.lock().unwrap().clone()
    }
}

async fn serve(
    (version, security): (Version, Option<ServerTlsConfig>),
    function: Function,
    address: &mpsc::Sender<SocketAddr>,
    stopped: oneshot::Receiver<()>,
) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    address.send(listener.local_addr().unwrap()).unwrap();
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
