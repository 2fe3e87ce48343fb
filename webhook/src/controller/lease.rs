//! Which replica leads.
//!
//! Owns the Lease: taking it, renewing it, giving it back. It is told to others as a fence that closes by itself where the
//! lease was not renewed in time, so that nothing is written by two. Others' clocks are not believed: a lease is over when it
//! was not seen to change for as long as it says.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::Method;
use k8s_openapi::jiff::Timestamp;
use plat_resource::{Value, object};
use serde_json::json;
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{debug, info, warn};

use super::api::{Api, Call, WriteError};
use super::fence::Fence;

/// Leader election
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Leader election")]
pub struct LeaseArguments {
    /// Whether to write only while holding the Lease; without it, one replica only may run
    #[arg(long, value_name = "BOOL", default_value_t = true, action = clap::ArgAction::Set)]
    pub leader_elect: bool,
    /// Name of the Lease
    #[arg(long, value_name = "NAME", default_value = "plat-controller")]
    pub lease_name: String,
    /// Namespace of the Lease [default: $POD_NAMESPACE, or default]
    #[arg(long, value_name = "NAME")]
    pub namespace: Option<String>,
    /// Time after which another replica takes the Lease of one that is gone
    #[arg(long, value_name = "SECONDS", default_value = "12", value_parser = crate::args::seconds)]
    pub lease_duration: Duration,
    /// Time after which a replica that cannot renew the Lease stops writing
    #[arg(long, value_name = "SECONDS", default_value = "8", value_parser = crate::args::seconds)]
    pub renew_deadline: Duration,
    /// Time between two looks at the Lease
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = crate::args::seconds)]
    pub retry_period: Duration,
}

/// The lease, as one replica sees it.
#[derive(Debug)]
pub struct Lease {
    api: Api,
    arguments: LeaseArguments,
    path: String,
    identity: String,
    fence: Arc<Fence>,
    leads: watch::Sender<bool>,
    /// It was given back, and is not wanted any more.
    is_over: AtomicBool,
}

/// What was last seen of the lease, and since when it says so.
#[derive(Debug)]
struct Seen {
    version: String,
    since: Instant,
}

impl LeaseArguments {
    /// Where the Lease is.
    pub fn namespace(&self) -> String {
        let own = || std::env::var("POD_NAMESPACE").ok().filter(|name| !name.is_empty());
        self.namespace.clone().or_else(own).unwrap_or_else(|| "default".to_owned())
    }

    /// Times that cannot work, and why.
    pub fn check(&self) -> anyhow::Result<()> {
        anyhow::ensure!(
            self.lease_duration > self.renew_deadline && self.renew_deadline > self.retry_period,
            "--lease-duration must be longer than --renew-deadline, and that longer than --retry-period: else two replicas \
             could write at once, or none for long"
        );
        anyhow::ensure!(self.lease_duration.as_secs() >= 1, "--lease-duration must be 1 s or more");
        Ok(())
    }
}

impl Lease {
    /// Nobody's lease yet.
    pub fn new(api: Api, arguments: LeaseArguments, identity: String, fence: Arc<Fence>) -> Self {
        let collection = format!("/apis/coordination.k8s.io/v1/namespaces/{}/leases", arguments.namespace());
        Self {
            api,
            arguments,
            path: collection,
            identity,
            fence,
            leads: watch::Sender::new(false),
            is_over: AtomicBool::new(false),
        }
    }

    /// Tells whether this replica leads.
    pub fn leads(&self) -> watch::Receiver<bool> {
        self.leads.subscribe()
    }

    /// Takes and renews the lease, until it is released.
    pub async fn run(&self) {
        let mut seen = None;
        while !self.is_over.load(Ordering::SeqCst) {
            let next = self.take(&mut seen).await;
            if self.is_over.load(Ordering::SeqCst) {
                self.fence.close();
            } else if *self.leads.borrow() {
                self.renew().await;
                seen = None;
            } else {
                tokio::time::sleep(next).await;
            }
        }
    }

    /// Gives the lease back, so that another replica need not wait.
    pub async fn release(&self) {
        self.is_over.store(true, Ordering::SeqCst);
        if !*self.leads.borrow() {
            return;
        }
        self.fence.close();
        self.leads.send_replace(false);
        // A renewal may be under way still.
        for _ in 0..3 {
            match self.give_back().await {
                Ok(()) => return info!("the lease is given back"),
                Err(WriteError::Conflict) => {}
                Err(error) => return warn!("the lease cannot be given back: {error}"),
            }
        }
    }

    async fn give_back(&self) -> Result<(), WriteError> {
        let mut lease = self.read().await?.ok_or(WriteError::NotFound)?;
        if self.holder(&lease) != self.identity {
            return Err(WriteError::NoLease);
        }
        lease["spec"]["holderIdentity"] = json!("");
        lease["spec"]["leaseDurationSeconds"] = json!(1);
        self.update(&lease).await.map(|_| ())
    }

    /// Tries to take the lease. When to look again, where it is somebody else's.
    async fn take(&self, seen: &mut Option<Seen>) -> Duration {
        let began = Instant::now();
        let taken = match self.read().await {
            Ok(None) => self.create().await,
            Ok(Some(lease)) => match self.remaining(&lease, seen) {
                Some(remaining) => return remaining.min(self.arguments.retry_period),
                None => self.update(&self.claimed(lease)).await,
            },
            Err(error) => Err(error),
        };
        match taken {
            Ok(_) => {
                self.fence.open_until(began + self.arguments.renew_deadline);
                self.leads.send_replace(true);
                info!(identity = self.identity, "leads");
            }
            Err(WriteError::Conflict) => debug!("another replica was faster"),
            Err(error) => warn!("the lease cannot be taken: {error}"),
        }
        self.arguments.retry_period
    }

    /// Renews the lease until it is lost.
    async fn renew(&self) {
        let mut deadline = Instant::now() + self.arguments.renew_deadline;
        let mut held = None;
        loop {
            tokio::time::sleep(self.arguments.retry_period).await;
            if self.is_over.load(Ordering::SeqCst) {
                return;
            }
            let began = Instant::now();
            let renewed = tokio::time::timeout_at(deadline, self.renew_once(&mut held)).await;
            match renewed {
                Ok(Ok(())) if self.is_over.load(Ordering::SeqCst) => return,
                Ok(Ok(())) => {
                    deadline = began + self.arguments.renew_deadline;
                    self.fence.open_until(deadline);
                }
                Ok(Err(WriteError::NoLease)) => break self.lose("another replica has it"),
                Ok(Err(error)) => warn!("the lease cannot be renewed: {error}"),
                Err(_) => {}
            }
            if Instant::now() >= deadline {
                break self.lose("it was not renewed in time");
            }
        }
    }

    fn lose(&self, why: &str) {
        self.fence.close();
        self.leads.send_replace(false);
        warn!("the lease is lost, nothing is written any more: {why}");
    }

    /// Renews it as it was `held` last; it is read only where that is not known, or somebody else wrote it.
    async fn renew_once(&self, held: &mut Option<Value>) -> Result<(), WriteError> {
        if let Some(lease) = held.take() {
            match self.renewed(lease).await {
                Err(WriteError::Conflict) => {}
                renewed => return renewed.map(|lease| *held = Some(lease)),
            }
        }
        let lease = self.read().await?.ok_or(WriteError::NoLease)?;
        *held = Some(self.renewed(lease).await?);
        Ok(())
    }

    async fn renewed(&self, mut lease: Value) -> Result<Value, WriteError> {
        if self.holder(&lease) != self.identity {
            return Err(WriteError::NoLease);
        }
        lease["spec"]["renewTime"] = json!(now());
        self.update(&lease).await
    }

    /// How long the lease is somebody else's still, as far as is known.
    fn remaining(&self, lease: &Value, seen: &mut Option<Seen>) -> Option<Duration> {
        let holder = self.holder(lease);
        if holder.is_empty() || holder == self.identity {
            return None;
        }
        let version = object::string_at(lease, &["metadata", "resourceVersion"]).unwrap_or_default();
        if seen.as_ref().is_none_or(|seen| seen.version != version) {
            *seen = Some(Seen { version: version.to_owned(), since: Instant::now() });
        }
        let lasts = lease["spec"]["leaseDurationSeconds"].as_u64().map(Duration::from_secs);
        let over = seen.as_ref()?.since + lasts.unwrap_or(self.arguments.lease_duration);
        over.checked_duration_since(Instant::now()).filter(|remaining| !remaining.is_zero())
    }

    #[expect(clippy::unused_self, reason = "reads like a property of the lease")]
    fn holder<'a>(&self, lease: &'a Value) -> &'a str {
        lease["spec"]["holderIdentity"].as_str().unwrap_or_default()
    }

    fn claimed(&self, mut lease: Value) -> Value {
        let transitions = lease["spec"]["leaseTransitions"].as_u64().unwrap_or_default();
        if !lease["spec"].is_object() {
            lease["spec"] = json!({});
        }
        let spec = &mut lease["spec"];
        if spec["holderIdentity"] != self.identity.as_str() {
            spec["leaseTransitions"] = json!(transitions + 1);
            spec["acquireTime"] = json!(now());
        }
        spec["holderIdentity"] = json!(self.identity);
        spec["leaseDurationSeconds"] = json!(self.arguments.lease_duration.as_secs());
        spec["renewTime"] = json!(now());
        lease
    }

    async fn read(&self) -> Result<Option<Value>, WriteError> {
        let path = format!("{}/{}", self.path, self.arguments.lease_name);
        match self.api.send(Call::read("get", "Lease", &path)).await {
            Ok(lease) => Ok(Some(lease)),
            Err(WriteError::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn create(&self) -> Result<Value, WriteError> {
        let name = &self.arguments.lease_name;
        let metadata = json!({"name": name, "namespace": self.arguments.namespace()});
        let lease = json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata});
        let lease = self.claimed(lease);
        self.write("create", Method::POST, &self.path, &lease).await
    }

    async fn update(&self, lease: &Value) -> Result<Value, WriteError> {
        let path = format!("{}/{}", self.path, self.arguments.lease_name);
        self.write("update", Method::PUT, &path, lease).await
    }

    async fn write(&self, verb: &'static str, method: Method, path: &str, lease: &Value) -> Result<Value, WriteError> {
        let content = "application/json";
        let call = Call { verb, kind: "Lease", method, path, content, body: Some(lease) };
        self.api.send(call).await
    }
}

/// The time, as Leases have it.
fn now() -> String {
    format!("{:.6}", Timestamp::now())
}
