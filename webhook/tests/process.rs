//! The program as a process: its flags, its signals, and few file descriptors.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test, which clippy does not see as one")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

const PATIENCE: Duration = Duration::from_mins(2);

struct Running {
    child: Child,
    address: SocketAddr,
    health: SocketAddr,
    trust: Arc<ClientConfig>,
    _policies: tempfile::TempDir,
}

impl Running {
    /// Starts it without policies, with a certificate of its own making, and with so many file descriptors.
    fn start(descriptors: u32) -> Self {
        let policies = tempfile::tempdir().unwrap();
        let ports = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let [address, health] = ports.each_ref().map(|port| port.local_addr().unwrap());
        drop(ports);
        let mut child = Command::new("sh")
            .args(["-c", &format!("ulimit -n {descriptors} && exec \"$@\""), "sh", env!("CARGO_BIN_EXE_plat-webhook")])
            .args([format!("--listen={address}"), format!("--health-addr={health}"), "--self-signed".to_owned()])
            .args(["--no-cluster", "--shutdown-delay=0", "--log-format=json", "--policies-dir"])
            .arg(policies.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut authority = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        while !authority.contains("END CERTIFICATE") {
            assert!(stdout.read_line(&mut authority).unwrap() > 0, "it prints its CA");
        }
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(authority.as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let trust = Arc::new(builder.with_root_certificates(roots).with_no_client_auth());
        let running = Self { child, address, health, trust, _policies: policies };
        running.until_ready();
        running
    }

    fn until_ready(&self) {
        let started = Instant::now();
        while !self.health("/readyz").is_some_and(|answer| answer.starts_with("HTTP/1.1 200")) {
            assert!(started.elapsed() < PATIENCE, "it gets ready: {:?}", self.health("/readyz"));
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn health(&self, path: &str) -> Option<String> {
        let mut stream = TcpStream::connect(self.health).ok()?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some(answer)
    }

    /// One review over a connection of its own.
    fn ask(&self) -> std::io::Result<String> {
        let name = ServerName::try_from("localhost").unwrap();
        let client = ClientConnection::new(Arc::clone(&self.trust), name).unwrap();
        let mut stream = StreamOwned::new(client, TcpStream::connect(self.address)?);
        stream.sock.set_read_timeout(Some(PATIENCE))?;
        let body = r#"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u","kind":{"group":"","version":"v1","kind":"ConfigMap"},"operation":"CREATE","name":"a","namespace":"b","object":{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"b"}}}}"#;
        write!(
            stream,
            "POST /validate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )?;
        let mut answer = Vec::new();
        // Whoever closes without a last word has said all of it before.
        match stream.read_to_end(&mut answer) {
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {}
            Err(error) => return Err(error),
        }
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }

    fn signal(&self, name: &str) {
        let kill = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status().unwrap();
        assert!(kill.success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn it_serves_and_ends_by_a_signal() {
    for signal in ["TERM", "INT"] {
        let mut running = Running::start(1024);
        let answer = running.ask().unwrap();
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains(r#""allowed":true"#), "{answer}");
        assert!(running.health("/metrics").unwrap().contains("plat_admission_requests_total"));
        running.signal(signal);
        assert!(running.child.wait().unwrap().success());
        let mut log = String::new();
        running.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        assert!(log.lines().all(|line| line.starts_with('{')), "{log}");
        assert!(log.contains("every request was answered"), "{log}");
    }
}

#[test]
fn few_file_descriptors_are_enough() {
    let running = Running::start(96);
    let crowd: Vec<_> = (0..300).filter_map(|_| TcpStream::connect(running.address).ok()).collect();
    for _ in 0..20 {
        let answer = running.ask().unwrap();
        assert!(answer.contains(r#""uid":"u""#), "{answer}");
    }
    assert!(running.health("/readyz").unwrap().starts_with("HTTP/1.1 200"));
    drop(crowd);
    assert!(running.ask().unwrap().contains(r#""uid":"u""#));
}

#[test]
fn flags_that_cannot_be_are_told() {
    let run = |flags: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_plat-webhook")).args(flags).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, told) = run(&["--tls-cert", "a"]);
    assert!(code == Some(2) && told.contains("--tls-key"), "{told}");
    let (code, told) = run(&["--no-cluster", "--policies-dir=.", "--tls-cert=missing.crt", "--tls-key=missing.key"]);
    assert!(code == Some(1) && told.contains("missing.crt"), "{told}");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = format!("--listen={}", taken.local_addr().unwrap());
    let (code, told) = run(&["--no-cluster", "--policies-dir=.", "--health-addr=127.0.0.1:0", &listen]);
    assert!(code == Some(1) && told.contains("cannot listen on"), "{told}");
}
