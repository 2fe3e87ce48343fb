//! A circuit breaker for each object: what wakes it too often is left alone for a while.
//!
//! Owns who is let through, by Crossplane's numbers: a bucket of tokens for each object, and once it is empty five minutes in
//! which only one look every half minute is let through. The time comes in as a parameter, since any moment.

use std::borrow::Borrow;
use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::time::Duration;

/// Sources that are remembered, to tell which came most.
const SOURCES: usize = 16;

/// How much is too often.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Tokens of a full bucket: that many at once.
    pub burst: f64,
    /// Tokens that come back in a second.
    pub refill_per_second: f64,
    /// How long the circuit stays open.
    pub open_for: Duration,
    /// How often one is let through while it is open.
    pub probe_every: Duration,
    /// After how long of silence an object is forgotten.
    pub forget_after: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            burst: 100.0,
            refill_per_second: 1.0,
            open_for: Duration::from_mins(5),
            probe_every: Duration::from_secs(30),
            forget_after: Duration::from_hours(24),
        }
    }
}

/// Whether something is let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passage {
    /// As it should be.
    Allowed,
    /// It is, and was the last one: the circuit is open now.
    Opened,
    /// The circuit is open, and this one is let through to see.
    Probe,
    /// The circuit is open. At this moment the next one is let through.
    Dropped {
        /// The moment.
        until: Duration,
    },
}

/// An open circuit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// What came most before it opened.
    pub triggered_by: String,
    /// When the next one is let through.
    pub next: Duration,
}

/// The breakers of all objects.
#[derive(Debug)]
pub struct Breakers<K> {
    limits: Limits,
    targets: HashMap<K, Target>,
    /// When it was last looked for what can be forgotten.
    swept: Duration,
}

#[derive(Debug)]
struct Target {
    tokens: f64,
    at: Duration,
    sources: VecDeque<String>,
    open: Option<Opened>,
}

#[derive(Debug)]
struct Opened {
    at: Duration,
    last_allowed: Duration,
    triggered_by: String,
}

impl<K> Default for Breakers<K> {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}

impl<K> Breakers<K> {
    /// No object yet.
    pub fn new(limits: Limits) -> Self {
        Self { limits, targets: HashMap::new(), swept: Duration::ZERO }
    }
}

impl<K: Hash + Eq + Clone> Breakers<K> {
    /// Something wakes an object.
    pub fn event(&mut self, target: &K, source: &str, now: Duration) -> Passage {
        self.sweep(now);
        let limits = self.limits;
        let new = || Target { tokens: limits.burst, at: now, sources: VecDeque::new(), open: None };
        // An entry needs the key by value, and most are there already.
        if !self.targets.contains_key(target) {
            self.targets.insert(target.clone(), new());
        }
        self.targets.get_mut(target).map_or(Passage::Allowed, |target| target.event(&limits, source, now))
    }

    /// The circuit of an object, where it is open.
    pub fn open<Q: Hash + Eq + ?Sized>(&self, target: &Q, now: Duration) -> Option<Open>
    where
        K: Borrow<Q>,
    {
        let open = self.targets.get(target)?.open.as_ref()?;
        let is_over = now.saturating_sub(open.at) >= self.limits.open_for;
        (!is_over).then(|| Open {
            triggered_by: open.triggered_by.clone(),
            next: open.last_allowed + self.limits.probe_every,
        })
    }

    /// The object is gone: one of the same name begins anew.
    pub fn reset<Q: Hash + Eq + ?Sized>(&mut self, target: &Q)
    where
        K: Borrow<Q>,
    {
        self.targets.remove(target);
    }

    /// Forgets what was silent for long; looked for now and then only.
    fn sweep(&mut self, now: Duration) {
        let after = self.limits.forget_after;
        if now.saturating_sub(self.swept) >= after / 24 {
            self.swept = now;
            self.targets.retain(|_, target| now.saturating_sub(target.at) <= after);
        }
    }
}

impl Target {
    fn event(&mut self, limits: &Limits, source: &str, now: Duration) -> Passage {
        let elapsed = now.saturating_sub(self.at).as_secs_f64();
        self.tokens = limits.refill_per_second.mul_add(elapsed, self.tokens).min(limits.burst);
        self.at = now;
        if let Some(open) = &mut self.open {
            if now.saturating_sub(open.at) < limits.open_for {
                let next = open.last_allowed + limits.probe_every;
                if now < next {
                    return Passage::Dropped { until: next.min(open.at + limits.open_for) };
                }
                open.last_allowed = now;
                return Passage::Probe;
            }
            self.open = None;
            self.sources.clear();
        }
        self.sources.push_back(source.to_owned());
        if self.sources.len() > SOURCES {
            self.sources.pop_front();
        }
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Passage::Allowed;
        }
        self.open = Some(Opened { at: now, last_allowed: now, triggered_by: self.most_frequent() });
        Passage::Opened
    }

    /// The source that came most; of those that came as often, the last one.
    fn most_frequent(&self) -> String {
        let count = |source: &String| self.sources.iter().filter(|other| *other == source).count();
        self.sources.iter().max_by_key(|source| count(source)).cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOISY: &str = "ConfigMap/noisy";

    fn second(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// A breaker that has just opened, at second 10.
    fn opened() -> Breakers<String> {
        let mut breakers = Breakers::default();
        let target = "a".to_owned();
        for number in 0..100 {
            assert_eq!(breakers.event(&target, NOISY, second(10)), Passage::Allowed, "{number}");
        }
        assert_eq!(breakers.open("a", second(10)), None);
        assert_eq!(breakers.event(&target, "Secret/other", second(10)), Passage::Opened);
        breakers
    }

    #[test]
    fn it_opens_after_a_burst_for_that_object_only_and_names_what_came_most() {
        let mut breakers = opened();
        let open = breakers.open("a", second(11)).unwrap();
        assert_eq!(open, Open { triggered_by: NOISY.to_owned(), next: second(40) });
        assert_eq!(breakers.event(&"a".to_owned(), NOISY, second(11)), Passage::Dropped { until: second(40) });
        assert_eq!(breakers.event(&"b".to_owned(), NOISY, second(11)), Passage::Allowed);
        assert_eq!(breakers.open("b", second(11)), None);
    }

    #[test]
    fn one_look_every_half_minute_is_let_through_while_it_is_open() {
        let mut breakers = opened();
        let passages: Vec<_> =
            (11..310).map(|now| (now, breakers.event(&"a".to_owned(), NOISY, second(now)))).collect();
        let probes: Vec<_> =
            passages.iter().filter(|(_, passage)| *passage == Passage::Probe).map(|(now, _)| *now).collect();
        assert_eq!(probes, [40, 70, 100, 130, 160, 190, 220, 250, 280]);
        assert!(passages.iter().all(|(_, passage)| *passage != Passage::Allowed), "{passages:?}");
    }

    #[test]
    fn it_closes_after_five_minutes_even_where_nothing_comes() {
        let mut breakers = opened();
        assert!(breakers.open("a", second(309)).is_some());
        assert_eq!(breakers.open("a", second(310)), None);
        // The last moment that is told is not after its end.
        assert_eq!(breakers.event(&"a".to_owned(), NOISY, second(295)), Passage::Probe);
        assert_eq!(breakers.event(&"a".to_owned(), NOISY, second(296)), Passage::Dropped { until: second(310) });
        assert_eq!(breakers.event(&"a".to_owned(), NOISY, second(310)), Passage::Allowed);
    }

    #[test]
    fn a_steady_second_is_no_burst() {
        let mut breakers = Breakers::default();
        let all = (0..10_000).map(|now| breakers.event(&"a".to_owned(), NOISY, second(now)));
        assert!(all.into_iter().all(|passage| passage == Passage::Allowed));
    }

    #[test]
    fn what_is_gone_or_silent_is_forgotten() {
        let mut breakers = opened();
        breakers.reset("a");
        assert_eq!(breakers.event(&"a".to_owned(), NOISY, second(11)), Passage::Allowed);
        breakers.event(&"b".to_owned(), NOISY, second(100_000));
        assert_eq!(breakers.targets.keys().collect::<Vec<_>>(), ["b"]);
    }
}
