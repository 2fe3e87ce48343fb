//! Connections as the API server makes them: TLS 1.3, HTTP/2, kept open.
//!
//! Owns certificates for the two programs that are compared, and a client of one connection.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper::{Request, Response, StatusCode, header};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// How long one answer is waited for: what the API server waits at most.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// Whom a client trusts.
#[derive(Clone)]
pub(super) struct Trust(Arc<ClientConfig>);

impl Trust {
    /// Trusts the certificates of a PEM text.
    pub(super) fn pem(text: &[u8]) -> anyhow::Result<Self> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(text) {
            roots.add(certificate?)?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let mut config = builder.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec()];
        Ok(Self(Arc::new(config)))
    }
}

/// Writes `tls.crt` and `tls.key` for the loopback into a folder, and trusts their CA.
pub(super) fn certificates(folder: &Path) -> anyhow::Result<Trust> {
    let mut authority = CertificateParams::new(Vec::new())?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let names = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
    let certificate = CertificateParams::new(names)?.signed_by(&key, &authority)?;
    std::fs::create_dir_all(folder)?;
    std::fs::write(folder.join("tls.crt"), certificate.pem())?;
    std::fs::write(folder.join("tls.key"), key.serialize_pem())?;
    std::fs::write(folder.join("ca.crt"), authority.pem())?;
    Trust::pem(authority.pem().as_bytes())
}

/// One HTTP/2 connection; clones share it.
#[derive(Clone)]
pub(super) struct Client {
    sender: SendRequest<Full<Bytes>>,
    address: SocketAddr,
    trust: Trust,
    token: Option<String>,
}

impl Client {
    /// Connects.
    pub(super) async fn connect(address: SocketAddr, trust: &Trust) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let name = ServerName::from(address.ip());
        let stream = TlsConnector::from(Arc::clone(&trust.0)).connect(name, stream).await?;
        let mut builder = Builder::new(TokioExecutor::new());
        builder.timer(TokioTimer::new());
        let (sender, connection) = builder.handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { sender, address, trust: trust.clone(), token: None })
    }

    /// Another connection to the same place.
    pub(super) async fn again(&self) -> anyhow::Result<Self> {
        Ok(Self { token: self.token.clone(), ..Self::connect(self.address, &self.trust).await? })
    }

    /// Shows a token with each request.
    pub(super) fn with_token(self, token: String) -> Self {
        Self { token: Some(token), ..self }
    }

    /// One request; the whole answer.
    pub(super) async fn send(&mut self, method: &str, path: &str, body: Bytes) -> anyhow::Result<(StatusCode, Bytes)> {
        self.send_as(method, path, "application/json", body).await
    }

    /// One request whose body is of this type; the whole answer.
    pub(super) async fn send_as(
        &mut self,
        method: &str,
        path: &str,
        content: &str,
        body: Bytes,
    ) -> anyhow::Result<(StatusCode, Bytes)> {
        let answer = async {
            let response = self.begin(method, path, content, body).await?;
            let status = response.status();
            anyhow::Ok((status, response.into_body().collect().await?.to_bytes()))
        };
        tokio::time::timeout(PATIENCE, answer).await.context("no answer in time")?
    }

    /// Asks for an answer that does not end.
    pub(super) async fn open(&mut self, path: &str) -> anyhow::Result<Incoming> {
        let response = self.begin("GET", path, "application/json", Bytes::new()).await?;
        ensure!(response.status().is_success(), "GET {path}: {}", response.status());
        Ok(response.into_body())
    }

    async fn begin(
        &mut self,
        method: &str,
        path: &str,
        content: &str,
        body: Bytes,
    ) -> anyhow::Result<Response<Incoming>> {
        let uri = format!("https://{}{path}", self.address);
        let mut request = Request::builder().method(method).uri(uri).header(header::CONTENT_TYPE, content);
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        self.sender.ready().await?;
        Ok(self.sender.send_request(request.body(Full::new(body))?).await?)
    }
}
