//! A certificate for development.
//!
//! Owns making a CA and a server's certificate signed by it, and printing the CA, which a webhook configuration needs as its
//! `caBundle`. The CA's key is forgotten at once.

use std::io::Write as _;
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};

use super::TlsArguments;
use super::config::Contents;

/// Makes the pair and prints the CA to stdout.
pub(super) fn make(arguments: &TlsArguments) -> anyhow::Result<Contents> {
    let names = &arguments.self_signed_names;
    let (authority, certificate, key) = pair(names, SystemTime::now()).context("cannot make a certificate")?;
    std::io::stdout().write_all(authority.as_bytes()).context("cannot print the CA")?;
    let client_ca = arguments.client_ca.as_ref().map(std::fs::read).transpose().context("cannot read the client CA")?;
    Ok(Contents { certificate: certificate.into_bytes(), key: key.into_bytes(), client_ca })
}

/// How long both are valid: development does not go on for longer without a new start.
const VALID: Duration = Duration::from_hours(365 * 24);
/// Clocks of other machines may be late.
const BEFORE: Duration = Duration::from_hours(1);

/// CA, certificate and key in PEM, valid from a moment before `now`.
pub(super) fn pair(names: &[String], now: SystemTime) -> Result<(String, String, String), rcgen::Error> {
    let parameters = |names: Vec<String>| {
        let mut parameters = CertificateParams::new(names)?;
        parameters.not_before = (now - BEFORE).into();
        parameters.not_after = (now + VALID).into();
        Ok::<_, rcgen::Error>(parameters)
    };
    let mut authority = parameters(Vec::new())?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.distinguished_name.push(DnType::CommonName, "plat-webhook development CA");
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
    let mut server = parameters(names.to_vec())?;
    server.distinguished_name.push(DnType::CommonName, "plat-webhook");
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate()?;
    let certificate = server.signed_by(&key, &authority)?;
    Ok((authority.pem(), certificate.pem(), key.serialize_pem()))
}
