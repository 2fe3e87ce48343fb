//! Certificates: where they come from, and which one new connections get.
//!
//! Owns the flags, reading the files again and again, and swapping what is served. Files are compared by content on a timer and
//! never watched: what Kubernetes mounts is swapped by links, which watches miss. A connection keeps the certificate it began
//! with.

mod client;
mod config;
mod self_signed;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use rustls::ServerConfig;
use tracing::{error, info};

pub use client::ClientNames;
use config::{Contents, Served};

use crate::decision::Condition;
use crate::metrics::Metrics;

/// Certificates
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Certificates")]
pub struct TlsArguments {
    /// Certificate chain in PEM, the server's own first. It is read again when its content changes
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// Private key in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// Make a certificate and its CA for development, and print the CA; so it is without --tls-cert
    #[arg(long, conflicts_with = "tls_cert")]
    pub self_signed: bool,
    /// Names and addresses of the certificate that is made
    #[arg(long, value_name = "NAME", value_delimiter = ',', default_value = "localhost,127.0.0.1,::1")]
    pub self_signed_names: Vec<String>,
    /// Oldest TLS that is spoken
    #[arg(long, value_enum, default_value_t = MinimumVersion::Tls13)]
    pub tls_min_version: MinimumVersion,
    /// CA of the API server's client certificate: nobody else is served
    #[arg(long, value_name = "FILE")]
    pub client_ca: Option<PathBuf>,
    /// Common names that a client certificate may have
    #[arg(long, value_name = "NAME", value_delimiter = ',', default_value = "kube-apiserver", requires = "client_ca")]
    pub client_name: Vec<String>,
    /// How often the files are read again
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = crate::args::seconds)]
    pub tls_poll: Duration,
}

/// Oldest TLS that is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum MinimumVersion {
    /// TLS 1.2
    #[value(name = "1.2")]
    Tls12,
    /// TLS 1.3
    #[value(name = "1.3")]
    Tls13,
}

/// What new connections get.
#[derive(Debug)]
pub struct Certificates {
    arguments: TlsArguments,
    served: RwLock<Arc<Served>>,
    /// What the files held when they were last looked at, and why it is not served where it is not.
    seen: Mutex<Seen>,
    metrics: Arc<Metrics>,
}

#[derive(Debug)]
struct Seen {
    contents: Contents,
    problem: Option<String>,
}

impl Certificates {
    /// Reads or makes the certificate, once, before anything listens.
    pub fn load(arguments: &TlsArguments, metrics: Arc<Metrics>) -> anyhow::Result<Self> {
        let contents = match (&arguments.tls_cert, &arguments.tls_key) {
            (Some(_), Some(_)) => Contents::read(arguments)?,
            _ => self_signed::make(arguments)?,
        };
        let served = Served::of(&contents, arguments)?;
        metrics.certificate_expiry.set(served.not_after);
        let seen = Mutex::new(Seen { contents, problem: None });
        Ok(Self { arguments: arguments.clone(), served: RwLock::new(Arc::new(served)), seen, metrics })
    }

    /// What a new connection gets.
    pub fn current(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.served().config)
    }

    /// Who may connect.
    pub fn client_names(&self) -> ClientNames {
        ClientNames::new(self.arguments.client_ca.as_ref().map(|_| self.arguments.client_name.as_slice()))
    }

    fn served(&self) -> Arc<Served> {
        Arc::clone(&self.served.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the files again for ever.
    pub async fn poll(self: Arc<Self>) {
        if self.arguments.tls_cert.is_none() {
            return;
        }
        let mut interval = tokio::time::interval(self.arguments.tls_poll.max(Duration::from_millis(10)));
        interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            interval.tick().await;
            self.reload();
        }
    }

    /// Reads the files again; true when something else is served now. What cannot be served is told once.
    pub fn reload(&self) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let contents = match Contents::read(&self.arguments) {
            Ok(contents) if contents == seen.contents => return false,
            Ok(contents) => contents,
            Err(error) => {
                self.refuse(&mut seen, format!("{error:#}"));
                return false;
            }
        };
        let made = Served::of(&contents, &self.arguments);
        seen.contents = contents;
        match made {
            Ok(served) => {
                info!(expires = served.not_after, "serving the new certificate");
                self.metrics.certificate_expiry.set(served.not_after);
                *self.served.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(served);
                seen.problem = None;
                true
            }
            Err(error) => {
                self.refuse(&mut seen, format!("{error:#}"));
                false
            }
        }
    }

    fn refuse(&self, seen: &mut Seen, problem: String) {
        if seen.problem.as_ref() != Some(&problem) {
            error!(problem, "the certificate on disk cannot be served; the last good one still is");
            self.metrics.failed_reloads.inc();
            seen.problem = Some(problem);
        }
    }

    /// Holds as long as the certificate that is served is valid. Files that cannot be used are told in the detail: taking every
    /// replica out of service would make of a mistake an outage.
    pub fn condition(&self) -> Condition {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let left = self.served().not_after.saturating_sub(i64::try_from(now).unwrap_or(i64::MAX));
        let problem = self.seen.lock().unwrap_or_else(PoisonError::into_inner).problem.clone();
        let files = problem.map_or_else(
            || "what is served is what the files hold".to_owned(),
            |problem| format!("the last good one is served, since the files cannot be: {problem}"),
        );
        let life = if left > 0 { format!("valid for {} h more", left / 3_600) } else { "expired".to_owned() };
        Condition { name: "certificate".to_owned(), ready: left > 0, detail: format!("{files}; {life}") }
    }
}

impl Contents {
    fn read(arguments: &TlsArguments) -> anyhow::Result<Self> {
        let read = |path: &Option<PathBuf>| {
            path.as_ref()
                .map(|path| std::fs::read(path).with_context(|| format!("cannot read {}", path.display())))
                .transpose()
        };
        Ok(Self {
            certificate: read(&arguments.tls_cert)?.unwrap_or_default(),
            key: read(&arguments.tls_key)?.unwrap_or_default(),
            client_ca: read(&arguments.client_ca)?,
        })
    }
}

#[cfg(test)]
mod tests;
