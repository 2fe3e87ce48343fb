//! Reading the body of a request, within bounds.
//!
//! Owns the size limit, the memory that all bodies together may take, and the time one may take to arrive. A body that breaks
//! a bound is kept as far as it was read, since the uid at its beginning may be enough for a proper answer.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use futures_util::StreamExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::review::Refusal;

/// Bounds on bodies
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Bodies")]
pub struct BodyArguments {
    /// Largest AdmissionReview. The API server sends at most a few MB: its own limit is 3 MiB for what a user sends
    #[arg(long, value_name = "BYTES", default_value_t = 8 * 1024 * 1024)]
    pub max_body_bytes: usize,
    /// Memory that all bodies in work may take together
    #[arg(long, value_name = "BYTES", default_value_t = 96 * 1024 * 1024)]
    pub max_buffered_bytes: usize,
    /// Time a body may take to arrive
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = crate::args::seconds)]
    pub body_timeout: Duration,
}

/// How much of a body that is too large is read and thrown away, so that the client reads the answer before it meets a
/// closed connection: so many times the limit.
const DISCARDED: usize = 8;
/// Memory is counted in pieces of this size.
const PIECE: usize = 16 * 1024;

/// The bounds that all requests share.
#[derive(Debug, Clone)]
pub struct Bodies {
    limit: usize,
    timeout: Duration,
    budget: Arc<Semaphore>,
}

/// A body in memory; its share of the budget is free again when it is dropped.
#[derive(Debug)]
pub struct Buffered {
    /// The bytes.
    pub bytes: Vec<u8>,
    permits: Option<OwnedSemaphorePermit>,
}

impl Bodies {
    /// The bounds as the flags say.
    pub fn new(arguments: &BodyArguments) -> Self {
        let pieces = (arguments.max_buffered_bytes / PIECE).clamp(1, Semaphore::MAX_PERMITS);
        let budget = Arc::new(Semaphore::new(pieces));
        Self { limit: arguments.max_body_bytes, timeout: arguments.body_timeout, budget }
    }

    /// Reads a body until its end, and at most until `deadline`.
    pub async fn read(&self, headers: &HeaderMap, body: Body, deadline: Instant) -> (Buffered, Result<(), Refusal>) {
        let mut buffered = Buffered { bytes: Vec::new(), permits: None };
        if let Err(refusal) = expect_plain(headers) {
            return (buffered, Err(refusal));
        }
        let until = deadline.min(Instant::now() + self.timeout);
        let mut stream = body.into_data_stream();
        let read = async {
            while let Some(piece) = stream.next().await {
                let piece = piece.map_err(|_| Refusal::malformed("the connection broke in the middle of the body"))?;
                self.keep(&mut buffered, &piece)?;
            }
            Ok(())
        };
        let result = tokio::time::timeout_at(until, read).await.unwrap_or_else(|_| Err(Refusal::slow()));
        if result.as_ref().is_err_and(|refusal| refusal.code == 413) {
            self.discard(stream, until).await;
        }
        (buffered, result.and_then(|()| expect_json(headers)))
    }

    fn keep(&self, buffered: &mut Buffered, piece: &Bytes) -> Result<(), Refusal> {
        let room = self.limit - buffered.bytes.len();
        let kept = &piece[..piece.len().min(room)];
        self.pay(buffered, buffered.bytes.len() + kept.len())?;
        buffered.bytes.extend_from_slice(kept);
        if kept.len() < piece.len() { Err(Refusal::too_large(self.limit)) } else { Ok(()) }
    }

    /// Takes a share of the budget. It never waits: requests that wait for each other's memory would wait for ever.
    fn pay(&self, buffered: &mut Buffered, bytes: usize) -> Result<(), Refusal> {
        let held = buffered.permits.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let more = bytes.div_ceil(PIECE).saturating_sub(held);
        if more == 0 {
            return Ok(());
        }
        let taken =
            u32::try_from(more).ok().and_then(|more| Arc::clone(&self.budget).try_acquire_many_owned(more).ok());
        let taken = taken.ok_or_else(|| Refusal::overload("too many large requests at once"))?;
        match &mut buffered.permits {
            Some(permits) => permits.merge(taken),
            empty => *empty = Some(taken),
        }
        Ok(())
    }

    async fn discard(&self, mut stream: axum::body::BodyDataStream, until: Instant) {
        let mut rest = self.limit.saturating_mul(DISCARDED);
        let read = async {
            while let Some(Ok(piece)) = stream.next().await {
                rest = rest.saturating_sub(piece.len());
                if rest == 0 {
                    break;
                }
            }
        };
        let _ = tokio::time::timeout_at(until, read).await;
    }
}

/// The API server never compresses; what is compressed can be a thousand times as large as it looks.
fn expect_plain(headers: &HeaderMap) -> Result<(), Refusal> {
    match headers.get(header::CONTENT_ENCODING) {
        Some(encoding) if encoding != "identity" => {
            Err(Refusal::unsupported("the body has a Content-Encoding; only plain JSON is read"))
        }
        _ => Ok(()),
    }
}

fn expect_json(headers: &HeaderMap) -> Result<(), Refusal> {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = value.split(';').next().unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(Refusal::unsupported("the Content-Type is not application/json"))
}
