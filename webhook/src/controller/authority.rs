//! Making keys and certificates for functions.
//!
//! Owns what stands in a certificate. Where they are kept and when they are made anew is decided in `plat-reconcile`.

use std::time::{Duration, SystemTime};

use plat_reconcile::function_runtime::certificates::Pair;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

/// Clocks of others may be behind.
const BEFORE: Duration = Duration::from_mins(5);

/// What signs the others. The one before it is believed too, until nothing that it signed is in use.
pub(super) fn authority(days: u32, before: Option<&str>) -> Result<Pair, rcgen::Error> {
    let mut parameters = lasting(CertificateParams::new(Vec::new())?, days);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let key = KeyPair::generate()?;
    // Two authorities of one name would be taken for each other.
    let name = format!(
        "plat functions {}",
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
    );
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let issuer = CertifiedIssuer::self_signed(parameters, key)?;
    let certificate = issuer.pem();
    let believed = format!("{certificate}{}", before.unwrap_or_default());
    Ok(Pair { certificate, key: issuer.key().serialize_pem(), believed })
}

/// A certificate for these names, for both sides of a call.
pub(super) fn pair(authority: &Pair, names: &[String], days: u32) -> Result<Pair, rcgen::Error> {
    let issuer = Issuer::from_ca_cert_pem(&authority.certificate, KeyPair::from_pem(&authority.key)?)?;
    let mut parameters = lasting(CertificateParams::new(names)?, days);
    if let Some(name) = names.first() {
        parameters.distinguished_name.push(DnType::CommonName, name.as_str());
    }
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    let key = KeyPair::generate()?;
    let certificate = parameters.signed_by(&key, &issuer)?;
    Ok(Pair { certificate: certificate.pem(), key: key.serialize_pem(), believed: authority.believed.clone() })
}

fn lasting(mut parameters: CertificateParams, days: u32) -> CertificateParams {
    let now = SystemTime::now();
    parameters.not_before = (now - BEFORE).into();
    parameters.not_after = (now + Duration::from_secs(u64::from(days) * 86_400)).into();
    parameters
}

#[cfg(test)]
mod tests {
    use super::*;
    use plat_cluster::{ClientOptions, Connection, Identity};
    use x509_parser::extensions::GeneralName;
    use x509_parser::pem::Pem;

    #[tokio::test]
    async fn a_pair_is_signed_for_its_names_and_time() {
        let authority = authority(30, None).unwrap();
        let names = ["f".to_owned(), "f.plat-system".to_owned()];
        let pair = pair(&authority, &names, 10).unwrap();
        let pems =
            [&pair.certificate, &authority.certificate].map(|text| Pem::iter_from_buffer(text.as_bytes()).next());
        let [own, signer] = pems.map(|pem| pem.unwrap().unwrap());
        let (own, signer) = (own.parse_x509().unwrap(), signer.parse_x509().unwrap());
        assert_eq!(own.issuer(), signer.subject());
        assert!(signer.is_ca() && !own.is_ca());
        let days = (own.validity().not_after - own.validity().not_before).unwrap().whole_days();
        assert_eq!(days, 10);
        let alternatives = own.subject_alternative_name().unwrap().unwrap();
        let dns = alternatives.value.general_names.iter().filter_map(|name| match name {
            GeneralName::DNSName(name) => Some(*name),
            _ => None,
        });
        assert_eq!(dns.collect::<Vec<_>>(), names);
        let identity = Identity { authority: pair.believed, certificate: pair.certificate, key: pair.key };
        assert!(Connection::mutual("dns:///f.plat-system:9443", None, &identity, ClientOptions::default()).is_ok());
    }

    #[test]
    fn the_authority_before_is_believed_too() {
        let first = authority(30, None).unwrap();
        let second = authority(30, Some(&first.certificate)).unwrap();
        assert_eq!(second.believed, format!("{}{}", second.certificate, first.certificate));
        assert_eq!(pair(&second, &["a".to_owned()], 1).unwrap().believed, second.believed);
    }
}
