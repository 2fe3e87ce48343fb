//! Certificates: swapped under open connections, asked of clients, refused when they are no good.

use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore};

use super::client::{Client, connect};
use super::{Running, arguments, review, told};
use crate::metrics::Metrics;
use crate::tls::Certificates;

/// A folder with a certificate and its key, of a CA whose key is at hand.
pub(super) struct Folder {
    folder: tempfile::TempDir,
    authority: CertifiedIssuer<'static, KeyPair>,
}

impl Folder {
    pub(super) fn new() -> Self {
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap();
        let folder = Self { folder: tempfile::tempdir().unwrap(), authority };
        folder.renew();
        folder
    }

    /// Writes a new certificate.
    pub(super) fn renew(&self) {
        let (certificate, key) = self.issue("localhost", ExtendedKeyUsagePurpose::ServerAuth);
        std::fs::write(self.certificate(), certificate).unwrap();
        std::fs::write(self.key(), key).unwrap();
        std::fs::write(self.path("ca.crt"), self.authority.pem()).unwrap();
    }

    fn issue(&self, name: &str, usage: ExtendedKeyUsagePurpose) -> (String, String) {
        let mut parameters = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.extended_key_usages = vec![usage];
        let key = KeyPair::generate().unwrap();
        (parameters.signed_by(&key, &self.authority).unwrap().pem(), key.serialize_pem())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn certificate(&self) -> PathBuf {
        self.path("tls.crt")
    }

    pub(super) fn key(&self) -> PathBuf {
        self.path("tls.key")
    }

    /// A client that trusts the CA.
    pub(super) fn trust(&self) -> ClientConfig {
        self.client(None, &[&TLS13])
    }

    fn client(&self, name: Option<&str>, versions: &[&'static rustls::SupportedProtocolVersion]) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap();
        let builder = builder.with_root_certificates(roots);
        let Some(name) = name else { return builder.with_no_client_auth() };
        let (certificate, key) = self.issue(name, ExtendedKeyUsagePurpose::ClientAuth);
        let chain = vec![rustls::pki_types::CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
        builder.with_client_auth_cert(chain, PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap()).unwrap()
    }
}

#[tokio::test]
async fn a_new_certificate_is_served_to_new_connections_while_old_ones_go_on() {
    let running = Running::start(&["--tls-poll=3600"]).await;
    let (old1, old2) = (running.http1().await, running.http2().await);
    running.folder.renew();
    assert!(running.server.certificates.reload());
    assert!(!running.server.certificates.reload(), "nothing is new");
    let new = running.http2().await;
    assert_eq!(old1.server, old2.server);
    assert_ne!(new.server, old2.server);
    for client in [&old1, &old2, &new] {
        assert_eq!(told(&client.validate(review("a")).await.1), ("uid-a".into(), true, String::new()));
    }
}

#[tokio::test]
async fn files_are_read_again_by_themselves() {
    let running = Running::start(&["--tls-poll=0.01"]).await;
    let old = running.http1().await.server;
    running.folder.renew();
    while running.http1().await.server == old {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_certificate_that_cannot_be_served_changes_nothing_but_is_told() {
    let running = Running::start(&["--tls-poll=3600"]).await;
    let old = running.http1().await.server;
    let certificates = &running.server.certificates;
    let (_, other_key) = running.folder.issue("localhost", ExtendedKeyUsagePurpose::ServerAuth);
    let broken = [("tls.crt", "no certificate".to_owned()), ("tls.key", other_key)];
    for (count, (file, text)) in (1..).zip(broken) {
        running.folder.renew();
        certificates.reload();
        let good = running.http1().await.server;
        std::fs::write(running.folder.path(file), text).unwrap();
        assert!(!certificates.reload() && !certificates.reload());
        let condition = certificates.condition();
        assert!(condition.ready && condition.detail.contains("the files cannot be"), "{condition:?}");
        assert_eq!(running.http1().await.server, good);
        assert_eq!(running.metrics.failed_reloads.get(), count, "told once");
    }
    std::fs::remove_file(running.folder.key()).unwrap();
    assert!(!certificates.reload());
    assert!(certificates.condition().detail.contains("cannot read"));
    running.folder.renew();
    assert!(certificates.reload());
    assert!(certificates.condition().detail.contains("what is served is what the files hold"));
    assert_ne!(running.http1().await.server, old);
}

#[tokio::test]
async fn only_the_api_server_is_served_where_a_client_ca_is_given() {
    let folder = Folder::new();
    let authority = folder.path("ca.crt").display().to_string();
    let mut flags = arguments(&["--client-ca", &authority, "--client-name", "kube-apiserver,other"]);
    flags.tls.tls_cert = Some(folder.certificate());
    flags.tls.tls_key = Some(folder.key());
    let scripted = Arc::new(super::Scripted::default());
    let server = crate::run::Server::start(flags, scripted, Arc::default()).await.unwrap();
    let ask = async |client: ClientConfig| {
        let client = Client::http2(server.address, client).await.ok()?;
        let response = client.send(super::client::post("/validate", review("a"))).await.unwrap().ok()?;
        Some(told(&super::client::read(response).await.1).1)
    };
    assert_eq!(ask(folder.client(Some("kube-apiserver"), &[&TLS13])).await, Some(true));
    assert_eq!(ask(folder.client(Some("other"), &[&TLS13])).await, Some(true));
    assert_eq!(ask(folder.client(Some("somebody"), &[&TLS13])).await, None);
    assert_eq!(ask(folder.trust()).await, None);
    // Signed by a CA that only looks the same.
    let stranger = Folder::new();
    let mut client = stranger.client(Some("kube-apiserver"), &[&TLS13]);
    client.dangerous().set_certificate_verifier(folder.trust_verifier());
    assert_eq!(ask(client).await, None);
}

impl Folder {
    fn trust_verifier(&self) -> Arc<dyn rustls::client::danger::ServerCertVerifier> {
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        rustls::client::WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap()
    }
}

#[tokio::test]
async fn tls_1_2_is_spoken_only_when_asked_for() {
    for (flag, spoken) in [("1.3", false), ("1.2", true)] {
        let running = Running::start(&["--tls-min-version", flag]).await;
        let client = running.folder.client(None, &[&TLS12]);
        assert_eq!(connect(running.server.address, client, b"h2").await.is_ok(), spoken, "{flag}");
    }
}

#[test]
fn what_cannot_be_served_is_refused_at_the_start() {
    let folder = Folder::new();
    let mut flags = arguments(&[]).tls;
    flags.tls_cert = Some(folder.certificate());
    flags.tls_key = Some(folder.path("missing"));
    let error = Certificates::load(&flags, Arc::new(Metrics::default())).unwrap_err();
    assert!(format!("{error:#}").contains("missing"), "{error:#}");
    flags.tls_key = Some(folder.certificate());
    let error = Certificates::load(&flags, Arc::new(Metrics::default())).unwrap_err();
    assert!(format!("{error:#}").contains("the key is no private key"), "{error:#}");
}
