//! From the queue to the reconcilers.
//!
//! Owns how many run at once, how long one may take, and what becomes of a request afterwards. Nothing runs without the lease;
//! when it is lost, what runs is given up.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use plat_reconcile::Then;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tracing::{debug, error, warn};

use super::metrics::Outcome;
use super::queue::{Pace, Taken};
use super::reconciler::{Context, Failure, FailureKind};
use super::request::{Controller, Request};
use super::{claim, composite, composition, definition, function, usage};

/// How long one reconcile may take.
const PATIENCE: Duration = Duration::from_mins(2);
/// How often a reconcile goes on at once from its own writes; more is a mistake, and waits.
const MOST_STEPS: u32 = 64;
/// Failures of one object in a row after which only each so-many is told.
const TOLD: u32 = 5;

/// Hands out work as long as this replica leads and is not stopping, for ever.
pub async fn run(context: Arc<Context>, leads: watch::Receiver<bool>, mut stopping: watch::Receiver<bool>) {
    let workers = Arc::new(Semaphore::new(context.settings.max_concurrent_reconciles));
    let mut made = context.platform.clone();
    loop {
        let mut leads = leads.clone();
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => return,
            led = async { leads.wait_for(|leads| *leads).await.is_ok() } => if !led { return },
        }
        if !context.hearing.changes.is_made() {
            tokio::select! {
                _ = stopping.wait_for(|stopping| *stopping) => return,
                _ = made.changed() => {}
                () = tokio::time::sleep(Duration::from_millis(100)) => {}
            }
            continue;
        }
        context.metrics.leader.set(1);
        let mut running = JoinSet::new();
        let is_stopping = hand_out(&context, &workers, &mut leads, &mut stopping, &mut running).await;
        if is_stopping {
            let finished = tokio::time::timeout(context.settings.shutdown_timeout, async {
                while running.join_next().await.is_some() {}
            });
            if finished.await.is_err() {
                warn!(count = running.len(), "reconciles did not finish in time and are given up");
            }
            context.metrics.leader.set(0);
            return;
        }
        // What was given up is looked at again by whoever leads next, which may be this replica.
        context.metrics.leader.set(0);
        running.shutdown().await;
    }
}

/// Hands out work until the lease is lost, or there is an end (true).
async fn hand_out(
    context: &Arc<Context>,
    workers: &Arc<Semaphore>,
    leads: &mut watch::Receiver<bool>,
    stopping: &mut watch::Receiver<bool>,
    running: &mut JoinSet<()>,
) -> bool {
    loop {
        let next = async {
            let worker = Arc::clone(workers).acquire_owned().await.ok()?;
            Some((worker, context.queue.next().await?))
        };
        tokio::select! {
            biased;
            _ = stopping.wait_for(|stopping| *stopping) => return true,
            lost = leads.wait_for(|leads| !*leads) => return lost.is_err(),
            Some(_) = running.join_next() => {}
            next = next => {
                let Some((worker, taken)) = next else { return true };
                let context = Arc::clone(context);
                running.spawn(async move {
                    let _worker = worker;
                    // Given up half-way, it is ready again.
                    let guard = Unfinished { context: &context, request: Some(taken.request.clone()) };
                    work(&context, taken).await;
                    guard.finished();
                });
            }
        }
    }
}

/// A request that is being worked on.
struct Unfinished<'a> {
    context: &'a Context,
    request: Option<Request>,
}

impl Unfinished<'_> {
    fn finished(mut self) {
        if let Some(request) = self.request.take() {
            self.context.queue.done(&request);
        }
    }
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if let Some(request) = self.request.take() {
            self.context.queue.add(request.clone());
            self.context.queue.done(&request);
        }
    }
}

async fn work(context: &Context, taken: Taken) {
    let Taken { request, waited } = taken;
    let began = Instant::now();
    context.metrics.active.inc();
    let reconciled = AssertUnwindSafe(steps(context, &request)).catch_unwind();
    let outcome = match tokio::time::timeout(PATIENCE, reconciled).await {
        Ok(Ok(Ok(then))) => settle(context, &request, then),
        Ok(Ok(Err(failure))) => failed(context, &request, &failure),
        Ok(Err(_)) => {
            error!(%request, "a mistake in plat itself: its reconcile panicked; it is tried again later");
            context.queue.retry(request.clone(), Pace::Slow);
            Outcome::Panicked
        }
        Err(_) => {
            warn!(%request, "did not finish within {} s; it is tried again later", PATIENCE.as_secs());
            context.queue.retry(request.clone(), Pace::Slow);
            Outcome::TimedOut
        }
    };
    context.metrics.active.dec();
    context.metrics.reconciled(request.controller, outcome, waited, began.elapsed());
}

/// Reconciles, and goes on from its own writes as long as it wishes.
async fn steps(context: &Context, request: &Request) -> Result<Then, Failure> {
    for _ in 0..MOST_STEPS {
        let then = reconcile(context, request).await?;
        if then != Then::Again {
            return Ok(then);
        }
    }
    Err(Failure::retry(format!("it is not done after {MOST_STEPS} steps")))
}

async fn reconcile(context: &Context, request: &Request) -> Result<Then, Failure> {
    let key = &request.key;
    match request.controller {
        Controller::Definition => definition::reconcile(context, key).await,
        Controller::Composition => composition::reconcile(context, key).await,
        Controller::Composite => composite::reconcile(context, key).await,
        Controller::Claim => claim::reconcile(context, key).await,
        Controller::Function => function::reconcile(context, key).await,
        Controller::Usage => usage::reconcile(context, key).await,
    }
}

fn settle(context: &Context, request: &Request, then: Then) -> Outcome {
    if then != Then::Retry {
        context.queue.forget(request);
    }
    match then {
        Then::Wait => Outcome::Done,
        Then::Again => {
            context.queue.add(request.clone());
            Outcome::Later
        }
        Then::Retry => {
            context.queue.retry(request.clone(), Pace::Slow);
            Outcome::Later
        }
        Then::After(delay) => {
            context.queue.add_after(request.clone(), delay);
            Outcome::Later
        }
    }
}

fn failed(context: &Context, request: &Request, failure: &Failure) -> Outcome {
    let queue = &context.queue;
    match failure.kind {
        FailureKind::Conflict => {
            let delay = queue.retry(request.clone(), Pace::Soon);
            debug!(%request, ?delay, "{}", failure.message);
            return Outcome::Conflict;
        }
        FailureKind::Pause(pause) => {
            queue.add_after(request.clone(), pause);
            return Outcome::Later;
        }
        FailureKind::Lease => {
            queue.add(request.clone());
            return Outcome::Later;
        }
        FailureKind::Final => queue.forget(request),
        FailureKind::Retry => {
            queue.retry(request.clone(), Pace::Slow);
        }
    }
    let failures = queue.failures(request);
    if failures <= TOLD || failures.is_multiple_of(TOLD) {
        warn!(%request, failures, "{}", failure.message);
    }
    Outcome::Failed
}
