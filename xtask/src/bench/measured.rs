//! Latencies, and what people want to know of them.

use std::time::{Duration, Instant};

/// What came of a load.
#[derive(Debug, Default)]
pub(super) struct Measured {
    /// Sorted.
    latencies: Vec<Duration>,
    pub(super) lost: usize,
    elapsed: Duration,
}

impl Measured {
    /// How many answers there were.
    pub(super) fn count(&self) -> usize {
        self.latencies.len()
    }

    /// Answers for each second.
    pub(super) fn throughput(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
        let answered = self.latencies.len() as f64;
        answered / self.elapsed.as_secs_f64().max(f64::EPSILON)
    }

    /// The latency in milliseconds that so many of a thousand answers did not exceed.
    pub(super) fn per_mille(&self, share: usize) -> f64 {
        let last = self.latencies.len().saturating_sub(1);
        let index = (self.latencies.len() * share / 1_000).min(last);
        self.latencies.get(index).map_or(f64::NAN, |latency| latency.as_secs_f64() * 1_000.0)
    }

    /// One answer more; none where it did not come.
    pub(super) fn add(&mut self, answer: Option<Duration>) {
        match answer {
            Some(latency) => self.latencies.push(latency),
            None => self.lost += 1,
        }
    }

    /// All that was asked since `started` is answered.
    pub(super) fn sorted(mut self, started: Instant) -> Self {
        self.elapsed = started.elapsed();
        self.latencies.sort_unstable();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_a_thousand() {
        let latencies = (1..=1_000).map(Duration::from_millis).collect();
        let measured = Measured { latencies, lost: 0, elapsed: Duration::from_secs(2) };
        let shown = [500, 990, 1_000].map(|share| format!("{:.0}", measured.per_mille(share)));
        assert_eq!(shown, ["501", "991", "1000"]);
        assert_eq!(format!("{:.0}", measured.throughput()), "500");
        assert!(Measured::default().per_mille(500).is_nan());
    }
}
