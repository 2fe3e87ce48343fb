//! The certificates that the core and its functions show each other.
//!
//! Owns what is in them: one authority and one pair for both sides, as all of it is on the loopback of a test machine.

use std::fs;
use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair};

/// Writes `ca.crt`, `tls.crt` and `tls.key` for `localhost` into a folder, as both sides read them.
pub(super) fn write(folder: &Path) -> anyhow::Result<()> {
    let mut parameters = CertificateParams::new(Vec::new())?;
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.distinguished_name.push(DnType::CommonName, "crossplane-root-ca");
    let authority = CertifiedIssuer::self_signed(parameters, KeyPair::generate()?)?;

    let mut parameters = CertificateParams::new(vec!["localhost".to_owned()])?;
    parameters.distinguished_name.push(DnType::CommonName, "localhost");
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    let key = KeyPair::generate()?;
    let certificate = parameters.signed_by(&key, &authority)?;

    fs::create_dir_all(folder)?;
    for (name, text) in [("ca.crt", authority.pem()), ("tls.crt", certificate.pem()), ("tls.key", key.serialize_pem())]
    {
        fs::write(folder.join(name), text)?;
    }
    Ok(())
}
