//! The API server of a control plane.
//!
//! Owns reaching it and making objects in it. No client library: a handful of paths is all that is needed.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use hyper::body::Bytes;
use plat_resource::{Value, yaml};
use plat_tests::ControlPlane;

use super::connection::{Client, Trust};

/// A connection to the API server.
pub(super) struct Api(Client);

/// Kinds become known a moment after their definition is made.
const PATIENCE: Duration = Duration::from_mins(2);
const INTERVAL: Duration = Duration::from_millis(50);

impl Api {
    /// Connects with the rights of the kubeconfig.
    pub(super) async fn connect(control_plane: &ControlPlane) -> anyhow::Result<Self> {
        let text = std::fs::read(control_plane.kubeconfig())?;
        let (documents, _) = yaml::parse("kubeconfig", &text);
        let config = &documents.first().context("an empty kubeconfig")?.value;
        let text = |value: &Value| value.as_str().map(ToOwned::to_owned).context("an odd kubeconfig");
        let authority = text(&config["clusters"][0]["cluster"]["certificate-authority"])?;
        let token = text(&config["users"][0]["user"]["token"])?;
        let trust = Trust::pem(&std::fs::read(authority)?)?;
        let address: SocketAddr = control_plane.url().trim_start_matches("https://").parse()?;
        let mut api = Self(Client::connect(address, &trust).await?.with_token(token));
        api.until("GET", "/readyz", &Value::Null).await?;
        Ok(api)
    }

    /// Makes an object; where its kind is not known yet, when it is.
    pub(super) async fn create(&mut self, collection: &str, object: &Value) -> anyhow::Result<()> {
        self.until("POST", collection, object).await
    }

    /// Another connection with the same rights.
    pub(super) async fn again(&self) -> anyhow::Result<Client> {
        self.0.again().await
    }

    /// The text at a path.
    pub(super) async fn text(&mut self, path: &str) -> anyhow::Result<String> {
        let (status, answer) = self.0.send("GET", path, Bytes::new()).await?;
        ensure!(status.is_success(), "GET {path}: {status}");
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }

    /// Waits until a path is there.
    pub(super) async fn exists(&mut self, path: &str) -> anyhow::Result<()> {
        self.until("GET", path, &Value::Null).await
    }

    async fn until(&mut self, method: &str, path: &str, body: &Value) -> anyhow::Result<()> {
        let started = Instant::now();
        let body = Bytes::from(if body.is_null() { String::new() } else { body.to_string() });
        loop {
            let (status, answer) = self.0.send(method, path, body.clone()).await?;
            let again = [404, 429].contains(&status.as_u16()) || status.is_server_error();
            match status {
                _ if status.is_success() || status.as_u16() == 409 => return Ok(()),
                _ if again && started.elapsed() < PATIENCE => tokio::time::sleep(INTERVAL).await,
                _ => bail!("{method} {path}: {status}: {}", String::from_utf8_lossy(&answer)),
            }
        }
    }
}
