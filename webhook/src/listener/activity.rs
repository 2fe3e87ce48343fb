//! Which connections there are and since when each is idle.
//!
//! Owns the limit on their number and the choice of the one that has to go.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::metrics::{Counted, Metrics};

/// How long a connection that has to go may take before the next one has to go too.
const EVICTION: Duration = Duration::from_millis(100);

/// All connections of one address.
#[derive(Debug)]
pub(super) struct Connections {
    slots: Arc<Semaphore>,
    most: usize,
    started: Instant,
    next: AtomicU64,
    open: Mutex<HashMap<u64, Arc<Activity>>>,
}

/// What is known of one connection.
#[derive(Debug)]
pub(super) struct Activity {
    started: Instant,
    in_work: AtomicUsize,
    /// Milliseconds since `started`.
    idle_since: AtomicU64,
    served: AtomicBool,
    leave: AtomicBool,
    left: Notify,
    begun: Notify,
}

/// The right to one connection.
#[derive(Debug)]
pub(super) struct Slot {
    _permit: OwnedSemaphorePermit,
    _counted: Counted,
}

impl Connections {
    /// None yet.
    pub(super) fn new(most: usize) -> Self {
        let most = most.min(Semaphore::MAX_PERMITS).min(u32::MAX as usize);
        let slots = Arc::new(Semaphore::new(most));
        Self { slots, most, started: Instant::now(), next: AtomicU64::new(0), open: Mutex::default() }
    }

    fn open(&self) -> MutexGuard<'_, HashMap<u64, Arc<Activity>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for room for one more, and makes some.
    pub(super) async fn slot(&self, metrics: &Metrics) -> Slot {
        loop {
            let acquire = Arc::clone(&self.slots).acquire_owned();
            if self.slots.available_permits() == 0 {
                self.evict(metrics);
            }
            // The semaphore is never closed.
            if let Ok(Ok(permit)) = tokio::time::timeout(EVICTION, acquire).await {
                return Slot { _permit: permit, _counted: metrics.connected() };
            }
        }
    }

    /// Asks the longest idle connection to go; those that never asked anything go first.
    pub(super) fn evict(&self, metrics: &Metrics) {
        let open = self.open();
        let idle =
            open.values().filter(|it| it.in_work.load(Ordering::Acquire) == 0 && !it.leave.load(Ordering::Acquire));
        let key = |it: &&Arc<Activity>| (it.served.load(Ordering::Acquire), it.idle_since.load(Ordering::Acquire));
        if let Some(longest) = idle.min_by_key(key) {
            metrics.evicted.inc();
            longest.leave.store(true, Ordering::Release);
            longest.left.notify_one();
        }
    }

    /// Waits until there is none.
    pub(super) async fn all_closed(&self) {
        let _ = self.slots.acquire_many(u32::try_from(self.most).unwrap_or(u32::MAX)).await;
    }

    /// Notes a new connection, until the returned guard is dropped.
    pub(super) fn enter(self: &Arc<Self>) -> Entered {
        let activity = Arc::new(Activity {
            started: self.started,
            in_work: AtomicUsize::new(0),
            idle_since: AtomicU64::new(milliseconds(self.started)),
            served: AtomicBool::new(false),
            leave: AtomicBool::new(false),
            left: Notify::new(),
            begun: Notify::new(),
        });
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.open().insert(number, Arc::clone(&activity));
        Entered { connections: Arc::clone(self), number, activity }
    }
}

/// A connection that is open.
#[derive(Debug)]
pub(super) struct Entered {
    connections: Arc<Connections>,
    number: u64,
    pub(super) activity: Arc<Activity>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.connections.open().remove(&self.number);
    }
}

fn milliseconds(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX)
}

impl Activity {
    /// Notes a request, until the returned guard is dropped.
    pub(super) fn work(self: &Arc<Self>) -> Work {
        self.in_work.fetch_add(1, Ordering::AcqRel);
        if !self.served.swap(true, Ordering::AcqRel) {
            self.begun.notify_one();
        }
        Work(Arc::clone(self))
    }

    /// Waits for the first request, where there was none, for a while.
    pub(super) async fn first(&self, patience: Duration) {
        if !self.served.load(Ordering::Acquire) {
            // Either is as good.
            let _ = tokio::time::timeout(patience, self.begun.notified()).await;
        }
    }

    /// Waits until the connection has been idle for too long, or has to go for another.
    pub(super) async fn idle(&self, first: Duration, later: Duration) {
        loop {
            let idle = self.in_work.load(Ordering::Acquire) == 0;
            let limit = if self.served.load(Ordering::Acquire) { later } else { first };
            let since = self.started + Duration::from_millis(self.idle_since.load(Ordering::Acquire));
            let now = Instant::now();
            if idle && (now >= since + limit || self.leave.load(Ordering::Acquire)) {
                return;
            }
            // With work to do it is idle at the earliest from now on.
            let until = if idle { since + limit } else { now + first.min(later) };
            tokio::select! {
                () = tokio::time::sleep_until(until) => {}
                () = self.left.notified() => {}
            }
        }
    }
}

/// A request in work.
#[derive(Debug)]
pub(super) struct Work(Arc<Activity>);

impl Drop for Work {
    fn drop(&mut self) {
        self.0.idle_since.store(milliseconds(self.0.started), Ordering::Release);
        self.0.in_work.fetch_sub(1, Ordering::AcqRel);
    }
}
