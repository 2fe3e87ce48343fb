//! From PEM to what rustls serves.
//!
//! Owns which protocol versions and ciphers are spoken, and the check that key and certificate belong together.

use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::{MinimumVersion, TlsArguments};

/// What the API server may choose from.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// The files, as bytes.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Contents {
    pub(super) certificate: Vec<u8>,
    pub(super) key: Vec<u8>,
    pub(super) client_ca: Option<Vec<u8>>,
}

impl std::fmt::Debug for Contents {
    /// A key is never shown.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Contents").finish_non_exhaustive()
    }
}

/// What is served.
#[derive(Debug)]
pub(super) struct Served {
    pub(super) config: Arc<ServerConfig>,
    /// End of the certificate, in seconds since 1970.
    pub(super) not_after: i64,
}

impl Served {
    /// Checks everything that can be checked before a client sees it.
    pub(super) fn of(contents: &Contents, arguments: &TlsArguments) -> anyhow::Result<Self> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let chain: Vec<_> = CertificateDer::pem_slice_iter(&contents.certificate)
            .collect::<Result<_, _>>()
            .context("the certificate is no PEM")?;
        let own = chain.first().context("the certificate file has no certificate")?;
        let not_after = expiry(own)?;
        let key = PrivateKeyDer::from_pem_slice(&contents.key).context("the key is no private key in PEM")?;
        let certified = CertifiedKey::from_der(chain, key, &provider).context("key and certificate do not fit")?;
        let versions: &[_] = match arguments.tls_min_version {
            MinimumVersion::Tls12 => &[&TLS12, &TLS13],
            MinimumVersion::Tls13 => &[&TLS13],
        };
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_protocol_versions(versions)?;
        let builder = match &contents.client_ca {
            Some(authority) => builder.with_client_cert_verifier(verifier(authority, provider)?),
            None => builder.with_no_client_auth(),
        };
        let mut config = builder.with_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(certified)));
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
        Ok(Self { config: Arc::new(config), not_after })
    }
}

fn expiry(certificate: &CertificateDer<'_>) -> anyhow::Result<i64> {
    let (_, parsed) = X509Certificate::from_der(certificate).context("the certificate cannot be read")?;
    Ok(parsed.validity().not_after.timestamp())
}

fn verifier(
    authority: &[u8],
    provider: Arc<rustls::crypto::CryptoProvider>,
) -> anyhow::Result<Arc<dyn ClientCertVerifier>> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(authority) {
        roots.add(certificate.context("the client CA is no PEM")?).context("the client CA cannot be used")?;
    }
    ensure!(!roots.is_empty(), "the client CA file has no certificate");
    match WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build() {
        Ok(verifier) => Ok(verifier),
        Err(error) => bail!("the client CA cannot be used: {error}"),
    }
}
