//! Who may connect, where client certificates are asked for.
//!
//! Owns the comparison of names. That the certificate is signed by the right CA is checked in the handshake already.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// The common names that may connect; absent where everybody may.
#[derive(Debug, Clone)]
pub struct ClientNames(Option<Arc<[String]>>);

impl ClientNames {
    pub(super) fn new(names: Option<&[String]>) -> Self {
        Self(names.map(Arc::from))
    }

    /// Whether the owner of this chain may connect.
    pub fn allow(&self, chain: Option<&[CertificateDer<'_>]>) -> bool {
        let Some(names) = &self.0 else { return true };
        let own = chain.and_then(<[_]>::first);
        own.is_some_and(|own| common_names(own).iter().any(|name| names.contains(name)))
    }
}

fn common_names(certificate: &CertificateDer<'_>) -> Vec<String> {
    let Ok((_, parsed)) = X509Certificate::from_der(certificate) else { return Vec::new() };
    let names = parsed.subject().iter_common_name();
    names.filter_map(|name| name.as_str().ok().map(ToOwned::to_owned)).collect()
}
