//! Certificates on both sides, and functions that misbehave.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use super::*;
use crate::test_server::{TestServer, Version};

const QUICK: ClientOptions = ClientOptions { timeout: Duration::from_secs(5), max_message_bytes: 4 << 20 };

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut parameters = CertificateParams::new(Vec::new()).unwrap();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap()
}

/// Certificate and key.
fn pair(authority: &Authority, name: &str) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, authority).unwrap();
    (certificate.pem(), key.serialize_pem())
}

fn identity(believes: &Authority, signed_by: &Authority) -> Identity {
    let (certificate, key) = pair(signed_by, "plat");
    Identity { authority: believes.pem(), certificate, key }
}

fn secure_server(authority: &Authority, name: &str) -> TestServer {
    let (certificate, key) = pair(authority, name);
    let own = Identity { authority: authority.pem(), certificate, key };
    TestServer::start_secure(&own, |_| Ok(wire::RunFunctionResponse::default()))
}

/// Asks once, on an event loop of its own.
fn ask(connect: impl FnOnce() -> Connection) -> Result<RunFunctionResponse, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { connect().run(Message::of(&RunFunctionRequest::default()).unwrap()).await })
}

fn ask_secure(server: &TestServer, identity: &Identity) -> Result<RunFunctionResponse, String> {
    let target = server.target().replace("127.0.0.1", "dns:///localhost");
    ask(|| Connection::mutual(&target, None, identity, QUICK).unwrap())
}

#[test]
fn both_sides_show_certificates() {
    let authority = authority();
    let server = secure_server(&authority, "localhost");
    assert!(ask_secure(&server, &identity(&authority, &authority)).is_ok());
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_certificate_of_somebody_else_is_not_believed() {
    let (own, other) = (authority(), authority());
    let server = secure_server(&own, "localhost");
    let reason = ask_secure(&server, &identity(&other, &own)).unwrap_err();
    assert!(reason.contains("invalid peer certificate: "), "{reason}");
    let reason = ask_secure(&server, &identity(&own, &other)).unwrap_err();
    assert!(!reason.contains("no answer"), "{reason}");
    let elsewhere = secure_server(&own, "other-function");
    let reason = ask_secure(&elsewhere, &identity(&own, &own)).unwrap_err();
    assert!(reason.contains("not valid for name"), "{reason}");
    assert!(server.requests().is_empty() && elsewhere.requests().is_empty());
    // Where it is, and who it is, are two things.
    let identity = identity(&own, &own);
    let named = || Connection::mutual(&elsewhere.target(), Some("other-function"), &identity, QUICK).unwrap();
    assert!(ask(named).is_ok());
}

#[test]
fn a_function_that_wants_certificates_answers_nobody_without() {
    let authority = authority();
    let server = secure_server(&authority, "localhost");
    let result = ask(|| Connection::plaintext(&server.target(), QUICK).unwrap());
    assert!(result.is_err() && server.requests().is_empty(), "{result:?}");
}

#[test]
fn what_is_no_certificate_is_told_when_connecting() {
    let authority = authority();
    let wrong = Identity { certificate: "none".to_owned(), ..identity(&authority, &authority) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _entered = runtime.enter();
    let error = Connection::mutual("localhost:1", None, &wrong, QUICK).unwrap_err().to_string();
    assert!(error.starts_with("the client certificate cannot be used: "), "{error}");
    assert!(!format!("{wrong:?}").contains("PRIVATE"));
}

/// Something that is no function.
fn misbehaving(behave: impl Fn(TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || listener.incoming().flatten().for_each(behave));
    target
}

fn ask_misbehaving(behave: impl Fn(TcpStream) + Send + 'static) -> String {
    let target = misbehaving(behave);
    let options = ClientOptions { timeout: Duration::from_secs(1), ..QUICK };
    ask(|| Connection::plaintext(&target, options).unwrap()).unwrap_err()
}

#[test]
fn one_that_hangs_is_given_up() {
    let held = std::sync::Mutex::new(Vec::new());
    assert_eq!(ask_misbehaving(move |stream| held.lock().unwrap().push(stream)), "no answer within 1s");
}

#[test]
fn one_that_crashes_while_it_is_asked_is_told() {
    let reason = ask_misbehaving(|mut stream| {
        let mut some = [0; 64];
        let _ = stream.read(&mut some);
    });
    assert!(!reason.is_empty() && !reason.contains("no answer"), "{reason}");
}

#[test]
fn one_that_answers_garbage_is_told() {
    let reason = ask_misbehaving(|mut stream| {
        let _ = stream.write_all(&[b'x'; 4096]);
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
    });
    assert!(!reason.is_empty() && !reason.contains("no answer"), "{reason}");
}

#[test]
fn ten_megabytes_are_too_much_and_the_next_answer_comes() {
    let count = std::sync::atomic::AtomicUsize::new(0);
    let server = TestServer::start(Version::Stable, move |_| {
        let length = if count.fetch_add(1, Ordering::SeqCst) == 0 { 10 << 20 } else { 1 };
        let said = wire::Result { message: "x".repeat(length), ..wire::Result::default() };
        Ok(wire::RunFunctionResponse { results: vec![said], ..wire::RunFunctionResponse::default() })
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let connection = Connection::plaintext(&server.target(), QUICK).unwrap();
        let message = Message::of(&RunFunctionRequest::default()).unwrap();
        let reason = connection.run(message.clone()).await.unwrap_err();
        assert_eq!(reason, "its answer is larger than 4194304 bytes");
        assert_eq!(connection.run(message).await.unwrap().results.len(), 1, "on the same connection");
    });
}
