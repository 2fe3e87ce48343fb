//! Where decisions are made: threads of their own, with large stacks and a bounded queue.
//!
//! Owns the threads, the deadline and what is answered when a decision is late, panics or finds no room. The async threads
//! never evaluate anything; what decides is never cut off in the middle, its answer is only no longer waited for.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::body::Buffered;
use crate::decision::{Admission, Answer, Endpoint, Gaps, Outcome, Question};
use crate::review::{Envelope, Refusal};

/// Evaluation of policies
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Evaluation")]
pub struct EvaluationArguments {
    /// Threads that evaluate policies [default: one for each core]
    #[arg(long, value_name = "COUNT")]
    pub evaluation_threads: Option<usize>,
    /// Requests that may wait for a thread; more are refused at once
    #[arg(long, value_name = "COUNT", default_value_t = 4096)]
    pub max_waiting: usize,
    /// Time for a request that does not say how long the API server waits
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = crate::args::seconds)]
    pub default_timeout: Duration,
}

/// Policies recurse over documents: the stack is large, and only what is touched of it takes memory.
const STACK_BYTES: usize = 64 * 1024 * 1024;

/// How long what a request needs is waited for, and how often it is looked.
const PREPARATION: Duration = Duration::from_millis(500);
const LOOK: Duration = Duration::from_millis(10);

type Job = Box<dyn FnOnce() + Send>;

/// The threads. They end when the last handle is dropped and the queue is empty.
#[derive(Clone)]
pub struct Evaluator {
    admission: Arc<dyn Admission>,
    queue: Arc<Queue>,
    _closing: Arc<Closing>,
}

impl std::fmt::Debug for Evaluator {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Evaluator").field("waiting", &self.waiting()).finish_non_exhaustive()
    }
}

struct Queue {
    state: Mutex<State>,
    changed: Condvar,
    capacity: usize,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    closed: bool,
}

/// Closes the queue when the last evaluator goes.
struct Closing(Arc<Queue>);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.changed.notify_all();
    }
}

impl Queue {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, job: Job) -> Result<(), Refusal> {
        let mut state = self.lock();
        if state.jobs.len() >= self.capacity {
            return Err(Refusal::overload("too many requests wait for a decision"));
        }
        state.jobs.push_back(job);
        drop(state);
        self.changed.notify_one();
        Ok(())
    }

    /// The next job, or nothing when there will be none.
    fn pop(&self) -> Option<Job> {
        let mut state = self.lock();
        loop {
            match state.jobs.pop_front() {
                Some(job) => return Some(job),
                None if state.closed => return None,
                None => state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

/// What became of one request.
#[derive(Debug)]
pub enum Decided {
    /// It was answered; the envelope is for metrics and logs.
    Answered(Box<Envelope>, Answer),
    /// The server refuses it by itself. The body is still there, and with it the uid.
    Refused(Refusal),
}

/// What a thread says of one request.
enum Told {
    Decided(Decided),
    /// Something that the decision needs is not here yet.
    Unprepared(Box<Envelope>),
    /// It did not come to it in time.
    Nothing,
}

impl Evaluator {
    /// Starts the threads.
    pub fn start(arguments: &EvaluationArguments, admission: Arc<dyn Admission>) -> std::io::Result<Self> {
        let cores = || thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let capacity = arguments.max_waiting.max(1);
        let queue = Arc::new(Queue { state: Mutex::default(), changed: Condvar::new(), capacity });
        for number in 0..arguments.evaluation_threads.unwrap_or_else(cores).max(1) {
            let queue = Arc::clone(&queue);
            let run = move || {
                while let Some(job) = queue.pop() {
                    job();
                }
            };
            thread::Builder::new().name(format!("evaluate-{number}")).stack_size(STACK_BYTES).spawn(run)?;
        }
        Ok(Self { admission, _closing: Arc::new(Closing(Arc::clone(&queue))), queue })
    }

    /// How many requests wait for a thread.
    pub fn waiting(&self) -> usize {
        self.queue.lock().jobs.len()
    }

    /// What decides.
    pub fn admission(&self) -> &Arc<dyn Admission> {
        &self.admission
    }

    /// Decides on one body until `deadline`.
    pub async fn decide(
        &self,
        endpoint: Endpoint,
        body: &Arc<Buffered>,
        started: Instant,
        deadline: Instant,
    ) -> Decided {
        let late = || Decided::Refused(Refusal::late(deadline.duration_since(started).as_secs_f64()));
        let mut told = self.evaluate(endpoint, body, deadline, true).await;
        if let Told::Unprepared(envelope) = &told {
            self.prepared(envelope, deadline).await;
            told = self.evaluate(endpoint, body, deadline, false).await;
        }
        match told {
            Told::Decided(decided) => decided,
            Told::Unprepared(_) | Told::Nothing => late(),
        }
    }

    /// Waits, as no thread, until what a request needs is here, or for as long as it is worth waiting.
    async fn prepared(&self, envelope: &Envelope, deadline: Instant) {
        let end = deadline.min(Instant::now() + PREPARATION);
        while !self.admission.is_prepared(envelope) && Instant::now() < end {
            tokio::time::sleep(LOOK).await;
        }
    }

    /// One turn of a thread. With `may_wait`, what is not prepared comes back undecided.
    async fn evaluate(&self, endpoint: Endpoint, body: &Arc<Buffered>, deadline: Instant, may_wait: bool) -> Told {
        let (sender, receiver) = oneshot::channel();
        let (admission, body) = (Arc::clone(&self.admission), Arc::clone(body));
        let job = move || {
            // Nobody waits any more: the client went, or the deadline passed in the queue.
            if !sender.is_closed() && Instant::now() < deadline {
                let told = decide(admission.as_ref(), endpoint, &body.bytes, deadline, may_wait);
                // Before the answer, so that its memory is free when the client hears of it.
                drop(body);
                let _ = sender.send(told);
            }
        };
        if let Err(refusal) = self.queue.push(Box::new(job)) {
            return Told::Decided(Decided::Refused(refusal));
        }
        match tokio::time::timeout_at(deadline.into(), receiver).await {
            Ok(Ok(told)) => told,
            Ok(Err(_)) | Err(_) => Told::Nothing,
        }
    }
}

fn decide(admission: &dyn Admission, endpoint: Endpoint, body: &[u8], deadline: Instant, may_wait: bool) -> Told {
    let told = catch_unwind(AssertUnwindSafe(|| {
        let (envelope, fault) = Envelope::read(body);
        if let Some(fault) = fault {
            return Told::Decided(Decided::Refused(Refusal::malformed(fault.0)));
        }
        if may_wait && !admission.is_prepared(&envelope) {
            return Told::Unprepared(Box::new(envelope));
        }
        let answer = admission.decide(&Question { endpoint, body, envelope: &envelope, deadline });
        if Instant::now() >= deadline {
            // It may have been cut short, and then it is not what all policies say.
            return Told::Nothing;
        }
        Told::Decided(Decided::Answered(Box::new(envelope), answer))
    }));
    told.unwrap_or_else(|_| Told::Decided(Decided::Refused(Refusal::panicked())))
}

/// The answer that the server gives by itself, as an AdmissionReview where a uid can be read, else nothing.
pub(crate) fn refuse(body: &[u8], refusal: &Refusal) -> (Envelope, Option<Answer>) {
    let (envelope, _) = Envelope::read(body);
    let answer = (!envelope.uid.is_empty()).then(|| Answer {
        review: refusal.review(&envelope),
        outcome: Outcome::Errored,
        constraints: Vec::new(),
        gaps: Gaps::default(),
    });
    (envelope, answer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decision::{Condition, Policies};

    struct Allows;

    impl Admission for Allows {
        fn decide(&self, _: &Question<'_>) -> Answer {
            Answer { review: Vec::new(), outcome: Outcome::Allowed, constraints: Vec::new(), gaps: Gaps::default() }
        }

        fn conditions(&self) -> Vec<Condition> {
            Vec::new()
        }

        fn policies(&self) -> Policies {
            Policies::default()
        }
    }

    #[test]
    fn an_answer_that_comes_too_late_is_none_for_it_may_be_cut_short() {
        let body =
            br#"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u","object":{}}}"#;
        let decided = |deadline| decide(&Allows, Endpoint::Validate, body, deadline, false);
        let now = Instant::now();
        assert!(matches!(decided(now), Told::Nothing));
        assert!(matches!(decided(now + Duration::from_mins(1)), Told::Decided(Decided::Answered(..))));
    }
}
