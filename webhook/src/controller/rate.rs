//! How fast this program asks the API server.
//!
//! Owns a bucket of tokens that fills at a steady rate, and the pause that an overloaded API server asks for.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

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
    paused_until: Option<Instant>,
}

impl Rate {
    /// So many a second, and so many at once after a while of rest.
    pub fn new(per_second: f64, burst: f64) -> Self {
        let (per_second, burst) = (per_second.max(0.001), burst.max(1.0));
        Self { per_second, burst, inner: Mutex::new(Level { tokens: burst, at: Instant::now(), paused_until: None }) }
    }

    /// Waits for a token.
    pub async fn admit(&self) {
        let (until, paused) = self.take();
        if let Some(until) = until {
            tokio::time::sleep_until(until).await;
        }
        if let Some(paused) = paused {
            tokio::time::sleep_until(paused).await;
        }
    }

    /// Nobody is let through for this long.
    pub fn pause(&self, pause: Duration) {
        let mut level = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let until = Instant::now() + pause;
        level.paused_until = Some(level.paused_until.map_or(until, |before| before.max(until)));
    }

    fn take(&self) -> (Option<Instant>, Option<Instant>) {
        let now = Instant::now();
        let mut level = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let filled = now.duration_since(level.at).as_secs_f64() * self.per_second;
        level.tokens = (level.tokens + filled).min(self.burst) - 1.0;
        level.at = now;
        let missing = -level.tokens;
        let until = (missing > 0.0).then(|| now + Duration::from_secs_f64(missing / self.per_second));
        level.paused_until = level.paused_until.filter(|until| *until > now);
        (until, level.paused_until)
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
        assert_eq!(start.elapsed().as_secs(), 3);
    }
}
