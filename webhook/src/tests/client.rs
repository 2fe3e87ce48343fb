//! A client of HTTP/1.1 or HTTP/2 over TLS, as the API server is one.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::ClientConfig;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

#[derive(Debug, Clone)]
enum Sender {
    One(Arc<tokio::sync::Mutex<http1::SendRequest<Full<Bytes>>>>),
    Two(http2::SendRequest<Full<Bytes>>),
}

/// One connection.
#[derive(Debug)]
pub(super) struct Client {
    sender: Sender,
    /// Ends when the connection does.
    pub(super) connection: JoinHandle<()>,
    /// The certificate that the server showed.
    pub(super) server: CertificateDer<'static>,
}

/// A TLS connection that speaks `protocol`.
pub(super) async fn connect(
    address: SocketAddr,
    mut config: ClientConfig,
    protocol: &[u8],
) -> std::io::Result<TlsStream<TcpStream>> {
    config.alpn_protocols = vec![protocol.to_vec()];
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

impl Client {
    pub(super) async fn http1(address: SocketAddr, config: ClientConfig) -> anyhow::Result<Self> {
        let stream = connect(address, config, b"http/1.1").await?;
        let server = shown(&stream);
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let connection = tokio::spawn(async move { drop(connection.await) });
        Ok(Self { sender: Sender::One(Arc::new(tokio::sync::Mutex::new(sender))), connection, server })
    }

    pub(super) async fn http2(address: SocketAddr, config: ClientConfig) -> anyhow::Result<Self> {
        let stream = connect(address, config, b"h2").await?;
        let server = shown(&stream);
        let (sender, connection) =
            http2::Builder::new(TokioExecutor::new()).timer(TokioTimer::new()).handshake(TokioIo::new(stream)).await?;
        let connection = tokio::spawn(async move { drop(connection.await) });
        Ok(Self { sender: Sender::Two(sender), connection, server })
    }

    /// Sends a request; over HTTP/2 several may be on their way.
    pub(super) fn send(&self, request: Request<Full<Bytes>>) -> JoinHandle<hyper::Result<Response<Incoming>>> {
        let sender = self.sender.clone();
        tokio::spawn(async move {
            match sender {
                Sender::One(sender) => {
                    let mut sender = sender.lock().await;
                    sender.ready().await?;
                    sender.send_request(request).await
                }
                Sender::Two(mut sender) => sender.send_request(request).await,
            }
        })
    }

    /// Asks `/validate` and reads the whole answer.
    pub(super) async fn validate(&self, body: impl Into<Bytes>) -> (StatusCode, Bytes) {
        self.ask(post("/validate?timeout=30s", body)).await
    }

    pub(super) async fn ask(&self, request: Request<Full<Bytes>>) -> (StatusCode, Bytes) {
        let response = self.send(request).await.expect("no panic").expect("an answer");
        read(response).await
    }
}

/// The whole answer.
pub(super) async fn read(response: Response<Incoming>) -> (StatusCode, Bytes) {
    let status = response.status();
    (status, response.into_body().collect().await.expect("a whole body").to_bytes())
}

/// A request as the API server sends it.
pub(super) fn post(path: &str, body: impl Into<Bytes>) -> Request<Full<Bytes>> {
    let request = Request::builder().method(Method::POST).uri(format!("https://localhost{path}"));
    let request = request.header(header::CONTENT_TYPE, "application/json").header(header::HOST, "localhost");
    request.body(Full::new(body.into())).expect("a request")
}

fn shown(stream: &TlsStream<TcpStream>) -> CertificateDer<'static> {
    let chain = stream.get_ref().1.peer_certificates().expect("a certificate");
    chain[0].clone().into_owned()
}
