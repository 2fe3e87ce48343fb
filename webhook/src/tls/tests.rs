use rustls::client::danger::ServerCertVerifier as _;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::*;

#[test]
fn the_development_certificate_is_for_the_names_asked_for_and_signed_by_its_ca() {
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let now = std::time::SystemTime::now();
    let (authority, certificate, _) = self_signed::pair(&names, now).unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.as_bytes()).unwrap()).unwrap();
    let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier =
        rustls::client::WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
    for name in names {
        let name = rustls::pki_types::ServerName::try_from(name).unwrap();
        let now = rustls::pki_types::UnixTime::now();
        verifier.verify_server_cert(&certificate, &[], &name, &[], now).unwrap();
    }
    let year = std::time::Duration::from_hours(366 * 24);
    let later = now.duration_since(std::time::UNIX_EPOCH).unwrap() + year;
    let later = rustls::pki_types::UnixTime::since_unix_epoch(later);
    let name = rustls::pki_types::ServerName::try_from("localhost").unwrap();
    assert!(verifier.verify_server_cert(&certificate, &[], &name, &[], later).is_err(), "it is not for ever");
    let other = rustls::pki_types::ServerName::try_from("example.org").unwrap();
    assert!(verifier.verify_server_cert(&certificate, &[], &other, &[], rustls::pki_types::UnixTime::now()).is_err());
}

#[test]
fn everybody_may_connect_without_a_client_ca_and_nobody_without_a_certificate_with_one() {
    assert!(ClientNames::new(None).allow(None));
    assert!(!ClientNames::new(Some(&["kube-apiserver".to_owned()])).allow(None));
    let garbage = CertificateDer::from(vec![0u8; 10]);
    assert!(!ClientNames::new(Some(&["kube-apiserver".to_owned()])).allow(Some(&[garbage])));
}
