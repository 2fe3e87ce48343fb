//! Functions for tests: a real gRPC server of one version of the protocol, on a free port of this machine.

use std::net::SocketAddr;
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;
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
        let requests = Arc::default();
        let function = Function { answer: Arc::new(answer), delay, requests: Arc::clone(&requests) };
        let (stop, stopped) = oneshot::channel();
        let (send_address, address) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(serve(version, function, &send_address, stopped));
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
    version: Version,
    function: Function,
    address: &mpsc::Sender<SocketAddr>,
    stopped: oneshot::Receiver<()>,
) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    address.send(listener.local_addr().unwrap()).unwrap();
    let router = match version {
        Version::Stable => Server::builder().add_service(stable::FunctionRunnerServiceServer::new(function)),
        Version::Beta => Server::builder().add_service(beta::FunctionRunnerServiceServer::new(function)),
    };
    // A client that keeps its connection open must not keep the test from ending.
    tokio::select! {
        served = router.serve_with_incoming(TcpListenerStream::new(listener)) => served.unwrap(),
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
