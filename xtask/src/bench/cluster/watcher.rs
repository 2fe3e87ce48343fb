//! Knowing when a claim is ready and a change of it has gone through, as a user who watches it sees it.
//!
//! Owns the watch of all claims. It is the same for both engines.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use serde_json::Value;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::super::api::Api;
use super::super::connection::Client;
use super::super::measured::Measured;
use super::platform;

/// How long a watch that ended may take to begin again.
const REOPEN: Duration = Duration::from_secs(30);

/// What is waited for.
#[derive(Default)]
struct Waiting {
    /// By name of the claim: values that are on their way, and since when.
    claims: HashMap<String, Vec<(u64, Instant)>>,
    count: usize,
    through: Measured,
    /// Why nothing is heard any more.
    ended: Option<String>,
}

#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    changed: Notify,
}

/// Watches all claims.
pub(super) struct Watcher {
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hear(&self, line: &[u8]) -> anyhow::Result<()> {
        let event: Value = serde_json::from_slice(line)?;
        let claim = &event["object"];
        match event["type"].as_str() {
            Some("ADDED" | "MODIFIED") => {}
            Some("ERROR") => bail!("the watch of claims: {claim}"),
            _ => return Ok(()),
        }
        let (Some(value), Some(name)) = (platform::through(claim), claim["metadata"]["name"].as_str()) else {
            return Ok(());
        };
        self.lock().arrived(name, value);
        self.changed.notify_waiters();
        Ok(())
    }
}

impl Waiting {
    fn arrived(&mut self, name: &str, value: u64) {
        let Some(of_claim) = self.claims.get_mut(name) else { return };
        for (_, since) in of_claim.extract_if(.., |(wanted, _)| *wanted <= value) {
            self.through.add(Some(since.elapsed()));
            self.count -= 1;
        }
    }
}

impl Watcher {
    /// Watches from now on.
    pub(super) async fn start(api: &Api) -> anyhow::Result<Self> {
        let mut client = api.again().await?;
        let mut body = client.open(&path()).await?;
        let shared = Arc::<Shared>::default();
        let heard = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            let error = loop {
                // The API server ends it where the kind changes; it begins with all there is.
                match follow(body, &heard).await {
                    Ok(()) => {}
                    Err(error) => break error,
                }
                match reopened(&mut client).await {
                    Ok(reopened) => body = reopened,
                    Err(error) => break error,
                }
            };
            heard.lock().ended = Some(format!("{error:#}"));
            heard.changed.notify_waiters();
        });
        Ok(Self { shared, task })
    }

    /// A claim is about to be given this value.
    pub(super) fn expect(&self, name: &str, value: u64) {
        let mut waiting = self.shared.lock();
        waiting.claims.entry(name.to_owned()).or_default().push((value, Instant::now()));
        waiting.count += 1;
    }

    /// Waits until everything is through. Latencies since `started`; what is not through in time is lost.
    pub(super) async fn all_through(&self, started: Instant, patience: Duration) -> anyhow::Result<Measured> {
        let end = tokio::time::Instant::from_std(started + patience);
        loop {
            let changed = self.shared.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            {
                let mut waiting = self.shared.lock();
                if let Some(words) = &waiting.ended {
                    bail!("{words}");
                }
                if waiting.count == 0 || tokio::time::Instant::now() >= end {
                    let mut through = std::mem::take(&mut waiting.through);
                    through.lost = waiting.count;
                    waiting.count = 0;
                    waiting.claims.clear();
                    return Ok(through.sorted(started));
                }
            }
            let _ = tokio::time::timeout_at(end, changed).await;
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn path() -> String {
    format!("{}?watch=true&timeoutSeconds=14400", platform::everywhere())
}

/// The watch once more; the API server may need a moment for it.
async fn reopened(client: &mut Client) -> anyhow::Result<Incoming> {
    let end = Instant::now() + REOPEN;
    loop {
        match client.open(&path()).await {
            Ok(body) => return Ok(body),
            Err(error) if Instant::now() > end => return Err(error),
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

/// Hears line by line.
async fn follow(mut body: Incoming, shared: &Shared) -> anyhow::Result<()> {
    let mut rest = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.context("the watch of claims broke off")?;
        let Ok(data) = frame.into_data() else { continue };
        rest.extend_from_slice(&data);
        let mut begin = 0;
        while let Some(length) = rest.get(begin..).and_then(|left| left.iter().position(|byte| *byte == b'\n')) {
            shared.hear(&rest[begin..begin + length])?;
            begin += length + 1;
        }
        rest.drain(..begin);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_change_is_through_when_the_claim_has_it_or_a_later_one() {
        let shared = Shared::default();
        let now = Instant::now();
        shared.lock().claims.insert("store-1".to_owned(), vec![(1, now), (2, now), (3, now)]);
        shared.lock().count = 3;
        let hear = |value: &str| {
            let parts: serde_json::Map<String, Value> =
                (0..platform::RESOURCES).map(|part| (format!("part{part}"), json!(value))).collect();
            let status = json!({"conditions": [{"type": "Ready", "status": "True"}], "parts": parts});
            let event = json!({"type": "MODIFIED", "object": {"metadata": {"name": "store-1"}, "status": status}});
            shared.hear(event.to_string().as_bytes()).unwrap();
            shared.lock().count
        };
        assert_eq!((hear("0"), hear("2"), hear("2"), hear("9")), (3, 1, 1, 0));
        assert!(shared.hear(br#"{"type":"ERROR","object":{"code":410}}"#).is_err());
    }
}
