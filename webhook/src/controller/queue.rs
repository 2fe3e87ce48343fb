//! The queue of what is to be reconciled.
//!
//! Owns that a request is in it once, that it is never worked on twice at the same time, and when one that failed comes again.
//! First come, first served; what failed waits aside with a back-off of its own, so that it is in nobody's way.

use std::collections::hash_map::RandomState;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::hash::BuildHasher;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::request::Request;

/// How fast a request that failed comes again: each time takes twice as long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Somebody else wrote at the same time.
    Soon,
    /// It failed.
    Slow,
}

impl Pace {
    const fn first(self) -> Duration {
        match self {
            Self::Soon => Duration::from_millis(50),
            Self::Slow => Duration::from_secs(1),
        }
    }
}

/// The longest back-off.
const LONGEST: Duration = Duration::from_secs(30);
/// Doubling that often is beyond the longest.
const MOST_DOUBLINGS: u32 = 12;

/// What is to be reconciled.
#[derive(Debug, Default)]
pub struct Queue {
    inner: Mutex<Inner>,
    notify: Notify,
    random: RandomState,
}

/// A request that is being worked on, until [`Queue::done`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// What.
    pub request: Request,
    /// How long it was ready and waited for a worker.
    pub waited: Duration,
}

#[derive(Debug, Default)]
struct Inner {
    ready: VecDeque<Request>,
    later: BTreeSet<(Instant, u64)>,
    /// What waits until the moment with this number.
    numbered: HashMap<u64, Request>,
    numbers: u64,
    items: HashMap<Request, Item>,
    is_closed: bool,
}

/// What is known of a request. It is forgotten when there is nothing to know.
#[derive(Debug, Default)]
struct Item {
    /// Since when it is ready.
    ready: Option<Instant>,
    /// When it gets ready by itself.
    later: Option<(Instant, u64)>,
    /// Since when it is worked on.
    running: Option<Instant>,
    /// It was added while it was worked on.
    is_stale: bool,
    failures: u32,
    /// What is added once this was worked on.
    followers: Vec<Request>,
    /// It is there because it waited for another, and does not do so a second time.
    has_waited: bool,
}

impl Item {
    fn is_idle(&self) -> bool {
        self.ready.is_none() && self.later.is_none() && self.running.is_none() && self.failures == 0
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a request ready. One that is worked on is so again afterwards.
    pub fn add(&self, request: Request) {
        self.lock().add(request);
        self.notify.notify_one();
    }

    /// Makes a request ready after a while, unless it is earlier.
    pub fn add_after(&self, request: Request, delay: Duration) {
        self.lock().add_at(request, Instant::now() + delay);
        self.notify.notify_one();
    }

    /// Makes a request ready after its back-off, and says how long that is.
    pub fn retry(&self, request: Request, pace: Pace) -> Duration {
        let mut inner = self.lock();
        let item = inner.items.entry(request.clone()).or_default();
        let doublings = item.failures.min(MOST_DOUBLINGS);
        item.failures = item.failures.saturating_add(1);
        let whole = (pace.first() * 2_u32.pow(doublings)).min(LONGEST);
        // Four fifths to all of it: those that failed together do not come back together.
        let part = self.random.hash_one((&request, doublings, inner.numbers)) % 1000;
        let delay = whole.mul_f64(1.0 - 0.2 * f64::from(u32::try_from(part).unwrap_or_default()) / 1000.0);
        inner.add_at(request, Instant::now() + delay);
        drop(inner);
        self.notify.notify_one();
        delay
    }

    /// Whether an add would change nothing: the request is ready, or is so again after it was worked on.
    pub fn is_pending(&self, request: &Request) -> bool {
        self.lock().items.get(request).is_some_and(|item| item.ready.is_some() || item.is_stale)
    }

    /// Adds a request that is worked on again once another was worked on, where that is ready, or is worked on for less than
    /// `patience`. False where it is neither, or this one has waited before: nothing is added then. Whoever asks comes back after
    /// that time at the latest.
    pub fn add_after_other(&self, request: &Request, other: &Request, patience: Duration) -> bool {
        let mut inner = self.lock();
        let Some(item) = inner.items.get_mut(request) else { return false };
        if std::mem::take(&mut item.has_waited) {
            return false;
        }
        let is_busy =
            |item: &&mut Item| item.ready.is_some() || item.running.is_some_and(|since| since.elapsed() < patience);
        let Some(other) = inner.items.get_mut(other).filter(is_busy) else { return false };
        if !other.followers.contains(request) {
            other.followers.push(request.clone());
        }
        true
    }

    /// Forgets that a request failed.
    pub fn forget(&self, request: &Request) {
        self.lock().change(request, |item| item.failures = 0);
    }

    /// How often a request failed since it did not.
    pub fn failures(&self, request: &Request) -> u32 {
        self.lock().items.get(request).map_or(0, |item| item.failures)
    }

    /// Waits for a request that is ready. None when the queue is closed.
    pub async fn next(&self) -> Option<Taken> {
        loop {
            let wait = {
                let mut inner = self.lock();
                if inner.is_closed {
                    return None;
                }
                inner.ripen();
                if let Some(taken) = inner.take() {
                    return Some(taken);
                }
                inner.later.first().map(|(at, _)| *at)
            };
            match wait {
                Some(at) => tokio::select! {
                    () = tokio::time::sleep_until(at) => {}
                    () = self.notify.notified() => {}
                },
                None => self.notify.notified().await,
            }
        }
    }

    /// A request is not worked on any more.
    pub fn done(&self, request: &Request) {
        let mut inner = self.lock();
        let (mut followers, mut is_stale) = (Vec::new(), false);
        inner.change(request, |item| {
            item.running = None;
            followers = std::mem::take(&mut item.followers);
            is_stale = std::mem::take(&mut item.is_stale);
        });
        for follower in followers {
            inner.items.entry(follower.clone()).or_default().has_waited = true;
            inner.add(follower);
            self.notify.notify_one();
        }
        if is_stale {
            inner.add(request.clone());
            self.notify.notify_one();
        }
    }

    /// Hands out nothing any more.
    pub fn close(&self) {
        self.lock().is_closed = true;
        self.notify.notify_one();
    }

    /// How many requests are ready.
    pub fn depth(&self) -> usize {
        self.lock().ready.len()
    }

    /// How many requests wait for their time.
    pub fn waiting(&self) -> usize {
        self.lock().later.len()
    }
}

impl Inner {
    fn add(&mut self, request: Request) {
        let item = self.items.entry(request.clone()).or_default();
        if item.running.is_some() {
            item.is_stale = true;
        } else if item.ready.is_none() {
            item.ready = Some(Instant::now());
            self.ready.push_back(request);
        }
    }

    fn add_at(&mut self, request: Request, at: Instant) {
        self.numbers += 1;
        let number = self.numbers;
        let item = self.items.entry(request.clone()).or_default();
        if item.later.is_some_and(|(earlier, _)| earlier <= at) {
            return;
        }
        if let Some(old) = item.later.replace((at, number)) {
            self.later.remove(&old);
            self.numbered.remove(&old.1);
        }
        self.later.insert((at, number));
        self.numbered.insert(number, request);
    }

    /// Makes ready whatever's time has come.
    fn ripen(&mut self) {
        let now = Instant::now();
        while let Some((_, number)) = self.later.first().copied().filter(|(at, _)| *at <= now) {
            self.later.pop_first();
            let Some(request) = self.numbered.remove(&number) else { continue };
            self.change(&request, |item| item.later = None);
            self.add(request);
        }
    }

    fn take(&mut self) -> Option<Taken> {
        let request = self.ready.pop_front()?;
        let mut waited = Duration::ZERO;
        self.change(&request, |item| {
            item.running = Some(Instant::now());
            waited = item.ready.take().map_or(Duration::ZERO, |since| since.elapsed());
        });
        Some(Taken { request, waited })
    }

    fn change(&mut self, request: &Request, change: impl FnOnce(&mut Item)) {
        if let Some(item) = self.items.get_mut(request) {
            change(item);
            if item.is_idle() {
                self.items.remove(request);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controller::request::Controller;
    use plat_resource::ObjectKey;

    fn request(name: &str) -> Request {
        Controller::Claim.of(ObjectKey { name: name.to_owned(), ..ObjectKey::default() })
    }

    async fn name(queue: &Queue) -> Option<String> {
        let taken = tokio::time::timeout(Duration::from_millis(1), queue.next()).await.ok()??;
        Some(taken.request.key.name)
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_is_in_it_once_and_never_worked_on_twice() {
        let queue = Queue::default();
        for each in ["a", "b", "a"] {
            queue.add(request(each));
        }
        assert_eq!(queue.depth(), 2);
        assert!(queue.is_pending(&request("a")) && !queue.is_pending(&request("c")));
        assert_eq!(name(&queue).await.as_deref(), Some("a"));
        assert!(!queue.is_pending(&request("a")));
        queue.add(request("a"));
        queue.add(request("a"));
        assert!(queue.is_pending(&request("a")));
        assert_eq!(name(&queue).await.as_deref(), Some("b"));
        assert_eq!(name(&queue).await, None, "a is worked on still");
        queue.done(&request("a"));
        queue.done(&request("b"));
        assert_eq!(name(&queue).await.as_deref(), Some("a"));
        queue.done(&request("a"));
        assert_eq!((name(&queue).await, queue.lock().items.len()), (None, 0), "nothing is remembered");
    }

    #[tokio::test(start_paused = true)]
    async fn what_follows_another_comes_after_it_and_waits_once() {
        let queue = Queue::default();
        let (claim, other, patience) = (request("claim"), request("xr"), Duration::from_secs(2));
        queue.add(claim.clone());
        assert_eq!(name(&queue).await.as_deref(), Some("claim"));
        assert!(!queue.add_after_other(&claim, &other, patience), "there is nothing to wait for");
        queue.add(other.clone());
        assert!(queue.add_after_other(&claim, &other, patience));
        queue.add_after(claim.clone(), patience);
        queue.done(&claim);
        assert_eq!((name(&queue).await.as_deref(), name(&queue).await), (Some("xr"), None));
        queue.add(claim.clone());
        assert_eq!(name(&queue).await.as_deref(), Some("claim"));
        assert!(queue.add_after_other(&claim, &other, patience), "that it was looked at in between is no reason");
        queue.done(&claim);
        queue.add(other.clone());
        queue.done(&other);
        assert_eq!(name(&queue).await.as_deref(), Some("claim"));
        assert!(!queue.add_after_other(&claim, &other, patience), "though the other is looked at again");
        assert_eq!(name(&queue).await.as_deref(), Some("xr"));
        tokio::time::advance(patience).await;
        assert!(!queue.add_after_other(&claim, &other, patience), "it takes too long");
        for each in [&other, &claim] {
            queue.done(each);
        }
        assert_eq!(name(&queue).await.as_deref(), Some("claim"), "its time has come, too");
        queue.done(&claim);
        assert_eq!((name(&queue).await, queue.lock().items.len()), (None, 0), "nothing is remembered");
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_waits_longer_each_time_and_is_in_nobodys_way() {
        let queue = Queue::default();
        let mut delays = Vec::new();
        for _ in 0..8 {
            queue.add(request("bad"));
            queue.add(request("good"));
            let taken = queue.next().await.unwrap();
            assert_eq!(taken.request, request("bad"));
            delays.push(queue.retry(taken.request.clone(), Pace::Slow));
            queue.done(&taken.request);
            assert_eq!(name(&queue).await.as_deref(), Some("good"));
            queue.done(&request("good"));
            assert_eq!(name(&queue).await, None);
            let before = Instant::now();
            let taken = queue.next().await.unwrap();
            assert_eq!((taken.request.clone(), taken.waited), (request("bad"), Duration::ZERO));
            assert!(before.elapsed() <= *delays.last().unwrap());
            queue.done(&taken.request);
        }
        for (times, delay) in delays.iter().enumerate() {
            let whole = Duration::from_secs(2_u64.pow(u32::try_from(times).unwrap())).min(LONGEST);
            assert!(*delay <= whole && *delay >= whole.mul_f64(0.8), "{delays:?}");
        }
        queue.forget(&request("bad"));
        assert_eq!(queue.failures(&request("bad")), 0);
        assert!(queue.retry(request("bad"), Pace::Soon) <= Duration::from_millis(50));
    }

    #[tokio::test(start_paused = true)]
    async fn those_that_fail_together_do_not_come_back_together() {
        let queue = Queue::default();
        let delays: BTreeSet<_> =
            (0..100).map(|number| queue.retry(request(&number.to_string()), Pace::Slow).as_millis()).collect();
        assert!(delays.len() > 30, "{delays:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn the_earliest_time_counts_and_an_add_does_not_undo_it() {
        let queue = Queue::default();
        let start = Instant::now();
        queue.add_after(request("a"), Duration::from_mins(1));
        queue.add_after(request("a"), Duration::from_secs(10));
        queue.add_after(request("a"), Duration::from_secs(30));
        assert_eq!(queue.waiting(), 1);
        queue.add(request("a"));
        assert_eq!(name(&queue).await.as_deref(), Some("a"));
        queue.done(&request("a"));
        assert_eq!(queue.next().await.unwrap().request, request("a"));
        assert_eq!(start.elapsed().as_secs(), 10);
        queue.done(&request("a"));
        queue.close();
        assert_eq!(queue.next().await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_for_a_worker_is_measured() {
        let queue = Queue::default();
        queue.add(request("a"));
        tokio::time::advance(Duration::from_secs(3)).await;
        assert_eq!(queue.next().await.unwrap().waited, Duration::from_secs(3));
    }
}
