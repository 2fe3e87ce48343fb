//! One webhook as a process, and a client of it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// A connection after its handshake.
pub(crate) type Stream = StreamOwned<ClientConnection, TcpStream>;

const PATIENCE: Duration = Duration::from_mins(2);

/// A running webhook.
pub(crate) struct Running {
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
    health: SocketAddr,
    trust: Arc<ClientConfig>,
    _policies: tempfile::TempDir,
}

impl Running {
    /// Starts it without policies, with a certificate of its own making, with so many file descriptors and more flags.
    pub(crate) fn start(descriptors: u64, flags: &[&str]) -> Self {
        let policies = tempfile::tempdir().unwrap();
        let ports = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let [address, health] = ports.each_ref().map(|port| port.local_addr().unwrap());
        drop(ports);
        let mut child = Command::new("sh")
            .args(["-c", &format!("ulimit -n {descriptors} && exec \"$@\""), "sh", env!("CARGO_BIN_EXE_plat-webhook")])
            .args([format!("--listen={address}"), format!("--health-addr={health}"), "--self-signed".to_owned()])
            .args(flags)
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

    /// What the health port says.
    pub(crate) fn health(&self, path: &str) -> Option<String> {
        let mut stream = TcpStream::connect(self.health).ok()?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some(answer)
    }

    /// The value of a metric without labels.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        let text = self.health("/metrics").unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap().trim().parse().unwrap()
    }

    /// A connection, its handshake done.
    pub(crate) fn connect(&self) -> std::io::Result<Stream> {
        let name = ServerName::try_from("localhost").unwrap();
        let client = ClientConnection::new(Arc::clone(&self.trust), name).unwrap();
        let mut stream = StreamOwned::new(client, TcpStream::connect(self.address)?);
        stream.sock.set_read_timeout(Some(PATIENCE))?;
        stream.conn.complete_io(&mut stream.sock)?;
        Ok(stream)
    }

    /// One review over a connection of its own.
    pub(crate) fn ask(&self) -> std::io::Result<String> {
        self.post(&review(""))
    }

    /// One body over a connection of its own.
    pub(crate) fn post(&self, body: &str) -> std::io::Result<String> {
        let mut stream = self.connect()?;
        send(&mut stream, body, "close")?;
        let mut answer = Vec::new();
        // Whoever closes without a last word has said all of it before.
        match stream.read_to_end(&mut answer) {
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {}
            Err(error) => return Err(error),
        }
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, name: &str) {
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

/// A review of a ConfigMap with this text in it.
pub(crate) fn review(text: &str) -> String {
    let before = r#"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u","kind":{"group":"","version":"v1","kind":"ConfigMap"},"operation":"CREATE","name":"a","namespace":"b","object":{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"b"},"data":{"text":""#;
    format!("{before}{text}\"}}}}}}}}")
}

/// Sends one request.
pub(crate) fn send(stream: &mut Stream, body: &str, connection: &str) -> std::io::Result<()> {
    let length = body.len();
    write!(
        stream,
        "POST /validate?timeout=30s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: {connection}\r\nContent-Length: {length}\r\n\r\n{body}",
    )?;
    stream.flush()
}
