//! One connection from its handshake to its end.
//!
//! Owns the settings of HTTP/1.1 and HTTP/2, and when a connection is told to go: idle for too long, in the way of others, or
//! at the end of the server. Requests in work are finished in each case.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, Request, Response, Version, header};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tower::ServiceExt as _;
use tracing::debug;

use super::activity::{Activity, Connections, Slot};
use super::{ListenerArguments, prepare};
use crate::drain::{Stage, Watch};
use crate::metrics::Metrics;
use crate::tls::Certificates;

/// Requests at once on one HTTP/2 connection, as Go's own server has it. The API server opens another one beyond it.
const STREAMS: u32 = 250;
const STREAM_WINDOW: u32 = 512 * 1024;
const CONNECTION_WINDOW: u32 = 2 * 1024 * 1024;
/// The API server sends a few short headers.
const HEADER_BYTES: u32 = 16 * 1024;
const HEADERS: usize = 64;
const BUFFER_BYTES: usize = 64 * 1024;
/// A client that is gone without a word is noticed by this.
const PING_INTERVAL: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(15);
/// How long a connection may take to close after it was told to go with nothing in work.
const GRACE: Duration = Duration::from_secs(5);

/// How long a new connection may take to its first request when the server ends: who has just connected is about to ask.
const FIRST: Duration = Duration::from_secs(1);

/// What all connections of an address share.
#[derive(Debug)]
pub struct Shared {
    pub(super) certificates: Option<Arc<Certificates>>,
    pub(super) connections: Arc<Connections>,
    pub(super) protocols: Protocols,
    pub(super) metrics: Arc<Metrics>,
}

/// How HTTP is spoken.
#[derive(Debug)]
pub(super) struct Protocols {
    one: Builder<TokioExecutor>,
    two: Builder<TokioExecutor>,
    first: Duration,
    later: Duration,
}

impl Protocols {
    pub(super) fn new(arguments: &ListenerArguments) -> Self {
        let mut one = Builder::new(TokioExecutor::new()).http1_only();
        // From the end of one request to the end of the next one's head: it bounds slow heads and idle connections alike.
        let head = arguments.idle_timeout + arguments.handshake_timeout;
        one.http1().timer(TokioTimer::new()).header_read_timeout(head).max_headers(HEADERS).max_buf_size(BUFFER_BYTES);
        let mut two = Builder::new(TokioExecutor::new()).http2_only();
        two.http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_header_list_size(HEADER_BYTES)
            .max_send_buf_size(BUFFER_BYTES)
            .keep_alive_interval(PING_INTERVAL)
            .keep_alive_timeout(PING_TIMEOUT);
        Self { one, two, first: arguments.handshake_timeout, later: arguments.idle_timeout }
    }
}

/// Serves a connection until it ends.
pub(super) async fn run(shared: Arc<Shared>, stream: TcpStream, router: Router, stage: Watch, slot: Slot) {
    let entered = shared.connections.enter();
    prepare(&stream);
    let activity = &entered.activity;
    let serving = Serving { router, activity: Arc::clone(activity), stage };
    if shared.certificates.is_none() {
        serve(&shared, stream, Version::HTTP_11, serving).await;
    } else {
        let handshake = timeout(shared.protocols.first, handshake(&shared, stream));
        // A connection that is in the way of others goes in the middle of its handshake too.
        let handshake = tokio::select! {
            result = handshake => result.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())),
            () = activity.idle(shared.protocols.first, shared.protocols.first) => Err(io::ErrorKind::TimedOut.into()),
        };
        match handshake {
            Ok((stream, version)) => serve(&shared, stream, version, serving).await,
            Err(error) => {
                shared.metrics.failed_handshakes.inc();
                debug!(%error, "no TLS handshake");
            }
        }
    }
    drop(entered);
    drop(slot);
}

async fn handshake(shared: &Shared, stream: TcpStream) -> io::Result<(TlsStream<TcpStream>, Version)> {
    let Some(certificates) = &shared.certificates else { return Err(io::ErrorKind::Unsupported.into()) };
    let stream = TlsAcceptor::from(certificates.current()).accept(stream).await?;
    let session = stream.get_ref().1;
    if !certificates.client_names().allow(session.peer_certificates()) {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "the client certificate's name is not allowed"));
    }
    let version = if session.alpn_protocol() == Some(b"h2") { Version::HTTP_2 } else { Version::HTTP_11 };
    Ok((stream, version))
}

async fn serve<S>(shared: &Shared, stream: S, version: Version, serving: Serving)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Protocols { one, two, first, later } = &shared.protocols;
    let builder = if version == Version::HTTP_2 { two } else { one };
    let (activity, mut stage) = (Arc::clone(&serving.activity), serving.stage.clone());
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), serving));
    // Requests in work have bounds of their own; the drain has one for all.
    let until = tokio::select! {
        _ = connection.as_mut() => return,
        () = activity.idle(*first, *later) => Some(Instant::now() + GRACE),
        () = async { stage.stopping().await; activity.first(FIRST).await } => None,
    };
    connection.as_mut().graceful_shutdown();
    tokio::select! {
        _ = connection => {}
        () = expired(until) => {}
    }
}

async fn expired(until: Option<Instant>) {
    match until {
        Some(until) => sleep_until(until).await,
        None => std::future::pending().await,
    }
}

/// Gives each request of a connection to the router.
struct Serving {
    router: Router,
    activity: Arc<Activity>,
    stage: Watch,
}

impl hyper::service::Service<Request<Incoming>> for Serving {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let (work, router, stage) = (self.activity.work(), self.router.clone(), self.stage.clone());
        let version = request.version();
        Box::pin(async move {
            let mut response = router.oneshot(request.map(Body::new)).await?;
            // HTTP/2 has its own way to say so.
            if stage.now() != Stage::Serving && version <= Version::HTTP_11 {
                response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            drop(work);
            Ok(response)
        })
    }
}
