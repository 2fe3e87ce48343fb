//! The load: claims that are made as fast as the API server takes them, and claims that change at a steady rate.
//!
//! Owns sending. Several connections at once, so that the API server is the limit and not the load; the same for both engines.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::ensure;
use hyper::body::Bytes;
use serde_json::json;
use tokio::task::JoinSet;

use super::super::api::Api;
use super::super::connection::Client;
use super::platform;
use super::watcher::Watcher;

/// Connections, and requests that are on their way on each.
const CONNECTIONS: usize = 4;
const ON_THEIR_WAY: usize = 4;
/// The value that claims begin with.
const FIRST: u64 = 1;

/// Connections to the API server.
pub(super) struct Load(Vec<Client>);

impl Load {
    /// Connects.
    pub(super) async fn connect(api: &Api) -> anyhow::Result<Self> {
        let mut clients = Vec::new();
        for _ in 0..CONNECTIONS {
            clients.push(api.again().await?);
        }
        Ok(Self(clients))
    }

    /// Makes the claims with these numbers. How long that took.
    pub(super) async fn create(
        &self,
        watcher: &Arc<Watcher>,
        numbers: std::ops::Range<usize>,
    ) -> anyhow::Result<Duration> {
        let next = Arc::new(AtomicUsize::new(numbers.start));
        let started = Instant::now();
        let mut workers = JoinSet::new();
        for client in self.0.iter().flat_map(|client| std::iter::repeat_n(client, ON_THEIR_WAY)) {
            let (mut client, next, watcher) = (client.clone(), Arc::clone(&next), Arc::clone(watcher));
            let end = numbers.end;
            workers.spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= end {
                        return anyhow::Ok(());
                    }
                    watcher.expect(&platform::name(number), FIRST);
                    let body = Bytes::from(platform::claim(number, FIRST).to_string());
                    let (status, answer) = client.send("POST", &platform::collection(number), body).await?;
                    ensure!(status.is_success(), "{status}: {}", String::from_utf8_lossy(&answer));
                }
            });
        }
        while let Some(worker) = workers.join_next().await {
            worker??;
        }
        Ok(started.elapsed())
    }

    /// Changes so many claims each second, one after the other of `count`. How many it were.
    pub(super) async fn churn(
        &self,
        watcher: &Arc<Watcher>,
        count: usize,
        rate: u32,
        time: Duration,
    ) -> anyhow::Result<u32> {
        let started = Instant::now();
        let mut answers = JoinSet::new();
        let mut changed = 0;
        let clients = self.0.iter().cycle();
        for (number, client) in (0..count).cycle().zip(clients) {
            let due = Duration::from_secs(1) * changed / rate.max(1);
            if due >= time {
                break;
            }
            tokio::time::sleep_until((started + due).into()).await;
            let value = FIRST + 1 + u64::from(changed) / u64::try_from(count)?;
            watcher.expect(&platform::name(number), value);
            let (mut client, path) =
                (client.clone(), format!("{}/{}", platform::collection(number), platform::name(number)));
            let body = Bytes::from(json!({"spec": {"value": value}}).to_string());
            answers.spawn(async move { client.send_as("PATCH", &path, "application/merge-patch+json", body).await });
            changed += 1;
        }
        while let Some(answer) = answers.join_next().await {
            let (status, answer) = answer??;
            ensure!(status.is_success(), "{status}: {}", String::from_utf8_lossy(&answer));
        }
        Ok(changed)
    }
}
