//! How fast this program asks the API server.
//!
//! Owns a bucket of tokens that fills at a steady rate, and the pause that an overloaded API server asks for.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How long all others wait for what the first one meets after a pause.
const TRIAL: Duration = Duration::from_millis(250);

/// A bucket of tokens.
#[derive(Debug)]
pub struct Rate {
    per_second: f64,
    burst: f64,
    inner: Mutex<Level>,
}

#[derive(Debug)]
struct Level {
    /// Below zero where tokens are promised to those who wait.
    tokens: f64,
    at: Instant,
    pause: Pause,
}

#[derive(Debug, Clone, Copy)]
enum Pause {
    None,
    /// The API server asked for it.
    Until(Instant),
    /// It is over, and one has gone to see. All that waited would come at once otherwise, only to be sent away again.
    Trial(Instant),
}

impl Rate {
    /// So many a second, and so many at once after a while of rest.
    pub fn new(per_second: f64, burst: f64) -> Self {
        let (per_second, burst) = (per_second.max(0.001), burst.max(1.0));
        let level = Level { tokens: burst, at: Instant::now(), pause: Pause::None };
        Self { per_second, burst, inner: Mutex::new(level) }
    }

    fn lock(&self) -> MutexGuard<'_, Level> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a token, and for the end of a pause.
    pub async fn admit(&self) {
        if let Some(until) = self.take() {
            tokio::time::sleep_until(until).await;
        }
        while let Some(until) = self.rest() {
            tokio::time::sleep_until(until).await;
        }
    }

    /// Nobody is let through for this long.
    pub fn pause(&self, pause: Duration) {
        let mut level = self.lock();
        let until = Instant::now() + pause;
        level.pause = Pause::Until(match level.pause {
            Pause::Until(before) => before.max(until),
            Pause::None | Pause::Trial(_) => until,
        });
    }

    fn take(&self) -> Option<Instant> {
        let now = Instant::now();
        let mut level = self.lock();
        let filled = now.duration_since(level.at).as_secs_f64() * self.per_second;
        level.tokens = (level.tokens + filled).min(self.burst) - 1.0;
        level.at = now;
        let missing = -level.tokens;
        (missing > 0.0).then(|| now + Duration::from_secs_f64(missing / self.per_second))
    }

    /// Until when to wait, and then to ask again.
    fn rest(&self) -> Option<Instant> {
        let now = Instant::now();
        let mut level = self.lock();
        match level.pause {
            Pause::Until(until) | Pause::Trial(until) if now < until => Some(until),
            Pause::Until(_) => {
                level.pause = Pause::Trial(now + TRIAL);
                None
            }
            Pause::Trial(_) | Pause::None => {
                level.pause = Pause::None;
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn lets_a_burst_through_and_then_a_steady_stream() {
        let rate = Rate::new(10.0, 5.0);
        let start = Instant::now();
        for _ in 0..5 {
            rate.admit().await;
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
        for _ in 0..20 {
            rate.admit().await;
        }
        let elapsed = start.elapsed();
        assert!(elapsed >= Duration::from_secs(2) && elapsed < Duration::from_millis(2100), "{elapsed:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_holds_for_all_and_ends() {
        let rate = Rate::new(1000.0, 1000.0);
        rate.pause(Duration::from_secs(3));
        rate.pause(Duration::from_secs(1));
        let start = Instant::now();
        rate.admit().await;
        assert_eq!(start.elapsed().as_secs(), 3);
        rate.admit().await;
        assert_eq!(start.elapsed(), Duration::from_secs(3) + TRIAL);
        rate.admit().await;
        assert_eq!(start.elapsed(), Duration::from_secs(3) + TRIAL, "the trial is over");
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_pause_one_finds_out_for_all() {
        let rate = std::sync::Arc::new(Rate::new(1000.0, 1000.0));
        let sent = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
        rate.pause(Duration::from_secs(1));
        let start = Instant::now();
        let writers = (0..50).map(|_| {
            let (rate, sent) = (rate.clone(), sent.clone());
            tokio::spawn(async move {
                rate.admit().await;
                // Refused for ten seconds.
                if start.elapsed() < Duration::from_secs(10) {
                    rate.pause(Duration::from_secs(1));
                }
                sent.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            })
        });
        let writers: Vec<_> = writers.collect();
        tokio::time::sleep(Duration::from_millis(9_900)).await;
        assert_eq!(sent.load(std::sync::atomic::Ordering::Relaxed), 9);
        for writer in writers {
            writer.await.unwrap();
        }
        assert!(start.elapsed() < Duration::from_secs(11), "{:?}", start.elapsed());
    }
}
