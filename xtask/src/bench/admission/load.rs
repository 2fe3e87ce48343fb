//! The load: a fixed rate that does not wait for answers, or as much as a number of connections can get through.
//!
//! Owns sending, and what is measured of it. A latency at a fixed rate counts from when the request was due, not from when there
//! was time to send it: a server that falls behind cannot hide it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use hyper::StatusCode;
use hyper::body::Bytes;
use tokio::task::JoinSet;

use super::super::connection::{Client, Trust};
use super::super::measured::Measured;

/// Where to send what.
#[derive(Clone)]
pub(super) struct Target {
    pub(super) address: SocketAddr,
    pub(super) path: &'static str,
    pub(super) trust: Trust,
}

/// Requests that may be on their way at a fixed rate; a server so far behind will not catch up.
const MOST_ON_THEIR_WAY: usize = 4_000;
/// Connections at a fixed rate; the API server has few.
const CONNECTIONS: usize = 4;

/// Sends at a fixed rate.
pub(super) async fn at_rate(target: &Target, bodies: &[Bytes], rate: u32, time: Duration) -> anyhow::Result<Measured> {
    let mut clients = Vec::new();
    for _ in 0..CONNECTIONS {
        clients.push(Client::connect(target.address, &target.trust).await?);
    }
    let mut measured = Measured::default();
    let mut answers = JoinSet::new();
    let started = Instant::now();
    let all = (time.as_secs_f64() * f64::from(rate)).round();
    for (number, (body, mut client)) in (0u32..).zip(bodies.iter().cycle().zip(clients.iter().cloned().cycle())) {
        if f64::from(number) >= all {
            break;
        }
        let due = started + Duration::from_secs_f64(f64::from(number) / f64::from(rate));
        tokio::time::sleep_until(due.into()).await;
        while let Some(answer) = answers.try_join_next() {
            measured.add(answer?);
        }
        if answers.len() >= MOST_ON_THEIR_WAY {
            measured.lost += 1;
            continue;
        }
        let (body, path) = (body.clone(), target.path);
        answers.spawn(async move { ask(&mut client, path, body).await.map(|_| due.elapsed()) });
    }
    while let Some(answer) = answers.join_next().await {
        measured.add(answer?);
    }
    Ok(measured.sorted(started))
}

/// Sends over so many connections, on each the next request when the last one is answered.
pub(super) async fn flat_out(
    target: &Target,
    bodies: &Arc<[Bytes]>,
    connections: usize,
    time: Duration,
) -> anyhow::Result<Measured> {
    let mut clients = Vec::new();
    for _ in 0..connections {
        clients.push(Client::connect(target.address, &target.trust).await?);
    }
    let next = Arc::new(AtomicUsize::new(0));
    let started = Instant::now();
    let mut workers = JoinSet::new();
    for mut client in clients {
        let (bodies, next, path) = (Arc::clone(bodies), Arc::clone(&next), target.path);
        workers.spawn(async move {
            let mut answers = Vec::new();
            while started.elapsed() < time {
                let body = bodies[next.fetch_add(1, Ordering::Relaxed) % bodies.len()].clone();
                let sent = Instant::now();
                answers.push(ask(&mut client, path, body).await.map(|_| sent.elapsed()));
            }
            answers
        });
    }
    let mut measured = Measured::default();
    while let Some(answers) = workers.join_next().await {
        answers?.into_iter().for_each(|answer| measured.add(answer));
    }
    Ok(measured.sorted(started))
}

/// One request; nothing where there was no AdmissionReview in return.
async fn ask(client: &mut Client, path: &str, body: Bytes) -> Option<Bytes> {
    let (status, answer) = client.send("POST", path, body).await.ok()?;
    let verdict = answer.windows(10).any(|part| part == b"\"allowed\":");
    (status == StatusCode::OK && verdict).then_some(answer)
}

/// Asks one by one: whether each was allowed, and how many lines its message has.
pub(super) async fn verdicts(target: &Target, bodies: &[Bytes]) -> anyhow::Result<Vec<(bool, usize)>> {
    let mut client = Client::connect(target.address, &target.trust).await?;
    let mut verdicts = Vec::new();
    for body in bodies {
        let (status, answer) = client.send("POST", target.path, body.clone()).await?;
        ensure!(status == StatusCode::OK, "{status}: {}", String::from_utf8_lossy(&answer));
        let answer: serde_json::Value = serde_json::from_slice(&answer)?;
        let response = &answer["response"];
        let allowed = response["allowed"].as_bool().context("an answer without a verdict")?;
        let message = response["status"]["message"].as_str().unwrap_or_default();
        verdicts.push((allowed, message.lines().filter(|line| line.starts_with('[')).count()));
    }
    Ok(verdicts)
}
