//! A decision by the name of the object, and events instead of sleeps.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::decision::{Admission, Answer, Condition, Gaps, Outcome, Policies, Question};
use crate::review::Envelope;

/// `wait*` waits for [`Scripted::release`], `unprepared` never is prepared, `panic` panics, everything else is allowed.
#[derive(Debug)]
pub(super) struct Scripted {
    entered: Semaphore,
    released: Mutex<usize>,
    /// How often it was asked whether all is there: by threads that evaluate, and by others.
    looks: [AtomicUsize; 2],
    changed: Condvar,
}

impl Default for Scripted {
    fn default() -> Self {
        Self { entered: Semaphore::new(0), released: Mutex::new(0), looks: Default::default(), changed: Condvar::new() }
    }
}

impl Scripted {
    /// Waits until one more decision waits.
    pub(super) async fn entered(&self) {
        self.entered.acquire().await.unwrap().forget();
    }

    /// Lets so many decisions go on.
    pub(super) fn release(&self, count: usize) {
        *self.released.lock().unwrap() += count;
        self.changed.notify_all();
    }

    /// How often it was asked whether all is there: by threads that evaluate, and by others.
    pub(super) fn looks(&self) -> [usize; 2] {
        self.looks.each_ref().map(|looks| looks.load(Ordering::SeqCst))
    }

    fn wait(&self) {
        self.entered.add_permits(1);
        let released = self.released.lock().unwrap();
        let (mut released, result) =
            self.changed.wait_timeout_while(released, Duration::from_mins(2), |released| *released == 0).unwrap();
        assert!(!result.timed_out(), "nobody released the decision");
        *released -= 1;
    }
}

impl Admission for Scripted {
    fn decide(&self, question: &Question<'_>) -> Answer {
        let envelope = question.envelope;
        match envelope.name.as_str() {
            "panic" => panic!("a secret in the message of a panic"),
            name if name.starts_with("wait") => self.wait(),
            _ => {}
        }
        let review = format!(
            r#"{{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{{"uid":"{}","allowed":true}}}}"#,
            envelope.uid
        );
        Answer {
            review: review.into_bytes(),
            outcome: Outcome::Allowed,
            constraints: Vec::new(),
            gaps: Gaps::default(),
        }
    }

    fn is_prepared(&self, envelope: &Envelope) -> bool {
        let evaluates = std::thread::current().name().is_some_and(|name| name.starts_with("evaluate-"));
        self.looks[usize::from(!evaluates)].fetch_add(1, Ordering::SeqCst);
        envelope.name != "unprepared"
    }

    fn conditions(&self) -> Vec<Condition> {
        vec![Condition { name: "policies".to_owned(), ready: true, detail: "2 compiled".to_owned() }]
    }

    fn policies(&self) -> Policies {
        Policies { templates: 2, ..Policies::default() }
    }
}
