//! Kubernetes Events.
//!
//! Owns that nobody waits for them, that equal ones are counted and not repeated, and that one object cannot fill the cluster
//! with them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use k8s_openapi::jiff::Timestamp;
use plat_reconcile::{Event, EventKind};
use plat_resource::{GroupVersionKind, Value, object};
use serde_json::{Value as Json, json};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tracing::debug;

use super::api::{Api, Call, WriteError};
use super::fence::Fence;
use super::metrics::Metrics;

/// Events that wait to be sent; more are dropped.
const MOST_WAITING: usize = 1024;
/// Events of the recent past that are known.
const MOST_KNOWN: usize = 4096;
/// For how long an equal event only counts.
const EQUAL_WITHIN: Duration = Duration::from_mins(10);
/// An event that only counts is sent again at most that often.
const COUNTED_EVERY: Duration = Duration::from_secs(30);
/// Different events of one object at once, and how soon it may have one more.
const BURST: f64 = 25.0;
const REFILL: Duration = Duration::from_secs(30);
/// The API server takes no more.
const MESSAGE_BYTES: usize = 1024;
const COMPONENT: &str = "plat-controller";

/// Records events.
#[derive(Debug)]
pub struct Events {
    sender: mpsc::Sender<Told>,
    metrics: Arc<Metrics>,
}

#[derive(Debug)]
struct Told {
    about: About,
    event: Event,
}

/// The object, as an event names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct About {
    kind: GroupVersionKind,
    namespace: String,
    name: String,
    uid: String,
}

impl Events {
    /// A recorder, and what sends for it.
    pub fn new(api: Api, fence: Arc<Fence>, metrics: Arc<Metrics>) -> (Self, Sender) {
        let (sender, receiver) = mpsc::channel(MOST_WAITING);
        let sending = Sender { api, fence, receiver, known: Known::default() };
        (Self { sender, metrics }, sending)
    }

    /// Records what happened with an object. Never waits: where too many wait already it is dropped, and counted.
    pub fn record(&self, about: &Value, event: Event) {
        let about = About {
            kind: GroupVersionKind::of(about),
            namespace: object::namespace(about).to_owned(),
            name: object::name(about).to_owned(),
            uid: object::uid(about).to_owned(),
        };
        if self.sender.try_send(Told { about, event }).is_err() {
            self.metrics.events_dropped.inc();
        }
    }
}

/// Sends events.
#[derive(Debug)]
pub struct Sender {
    api: Api,
    fence: Arc<Fence>,
    receiver: mpsc::Receiver<Told>,
    known: Known,
}

impl Sender {
    /// Sends until nobody records any more.
    pub async fn run(mut self) {
        while let Some(told) = self.receiver.recv().await {
            if !self.fence.is_open() {
                continue;
            }
            if let Some(send) = self.known.take(&told, Instant::now()) {
                self.send(&told, &send).await;
            }
        }
    }

    async fn send(&mut self, told: &Told, send: &Send) {
        let namespace = if told.about.namespace.is_empty() { "default" } else { &told.about.namespace };
        let path = format!("/api/v1/namespaces/{namespace}/events");
        let now = format!("{:.0}", Timestamp::now());
        let answer = match send {
            Send::New { name } => {
                let event = shape(told, name, namespace, &now);
                self.ask("create", Method::POST, &path, "application/json", &event).await
            }
            Send::Count { name, count } => {
                let counted = json!({"count": count, "lastTimestamp": now});
                let path = format!("{path}/{name}");
                self.ask("patch", Method::PATCH, &path, "application/merge-patch+json", &counted).await
            }
        };
        match answer {
            Ok(()) => {}
            // The API server forgets events after a while.
            Err(WriteError::NotFound) => self.known.forget(told),
            Err(error) => debug!(reason = told.event.reason, "an event was not recorded: {error}"),
        }
    }

    async fn ask(
        &self,
        verb: &'static str,
        method: Method,
        path: &str,
        content: &'static str,
        body: &Json,
    ) -> Result<(), WriteError> {
        let call = Call { verb, kind: "Event", method, path, content, body: Some(body) };
        self.api.send(call).await.map(|_| ())
    }
}

/// What is sent for an event.
#[derive(Debug, PartialEq)]
enum Send {
    New { name: String },
    Count { name: String, count: u64 },
}

/// Events of the recent past.
#[derive(Debug, Default)]
struct Known {
    events: HashMap<(About, EventKey), Once>,
    objects: HashMap<About, (f64, Instant)>,
    number: u64,
}

type EventKey = (bool, String, String);

#[derive(Debug)]
struct Once {
    name: String,
    count: u64,
    last: Instant,
    sent: Instant,
}

impl Known {
    /// What is to be sent, if anything.
    fn take(&mut self, told: &Told, now: Instant) -> Option<Send> {
        let key = key(told);
        if let Some(once) = self.events.get_mut(&key).filter(|once| now.duration_since(once.last) < EQUAL_WITHIN) {
            once.count += 1;
            once.last = now;
            if now.duration_since(once.sent) < COUNTED_EVERY {
                return None;
            }
            once.sent = now;
            return Some(Send::Count { name: once.name.clone(), count: once.count });
        }
        self.make_room(now);
        if !self.may_send(&told.about, now) {
            return None;
        }
        self.number += 1;
        let base: String = told.about.name.chars().take(180).collect();
        // Names of Events must differ between replicas and restarts too.
        let moment = Timestamp::now().as_nanosecond();
        let name = format!("{base}.{moment:x}.{:x}", self.number);
        self.events.insert(key, Once { name: name.clone(), count: 1, last: now, sent: now });
        Some(Send::New { name })
    }

    fn may_send(&mut self, about: &About, now: Instant) -> bool {
        let (tokens, at) = self.objects.entry(about.clone()).or_insert((BURST, now));
        *tokens = (*tokens + now.duration_since(*at).as_secs_f64() / REFILL.as_secs_f64()).min(BURST);
        *at = now;
        if *tokens < 1.0 {
            return false;
        }
        *tokens -= 1.0;
        true
    }

    fn make_room(&mut self, now: Instant) {
        if self.events.len() >= MOST_KNOWN {
            self.events.retain(|_, once| now.duration_since(once.last) < EQUAL_WITHIN);
            if self.events.len() >= MOST_KNOWN {
                self.events.clear();
            }
        }
        if self.objects.len() >= MOST_KNOWN {
            self.objects.retain(|_, (tokens, at)| {
                *tokens + now.duration_since(*at).as_secs_f64() / REFILL.as_secs_f64() < BURST
            });
        }
    }

    fn forget(&mut self, told: &Told) {
        self.events.remove(&key(told));
    }
}

fn key(told: &Told) -> (About, EventKey) {
    let Event { kind, reason, message } = &told.event;
    (told.about.clone(), (*kind == EventKind::Warning, reason.clone(), message.clone()))
}

fn shape(told: &Told, name: &str, namespace: &str, now: &str) -> Json {
    let About { kind, namespace: of, name: object, uid } = &told.about;
    let mut message = told.event.message.clone();
    if message.len() > MESSAGE_BYTES {
        let end = (0..=MESSAGE_BYTES - 3).rev().find(|end| message.is_char_boundary(*end)).unwrap_or_default();
        message.truncate(end);
        message.push('…');
    }
    json!({
        "apiVersion": "v1", "kind": "Event",
        "metadata": {"name": name, "namespace": namespace},
        "involvedObject": {
            "apiVersion": kind.api_version(), "kind": kind.kind, "namespace": of, "name": object, "uid": uid,
        },
        "type": match told.event.kind { EventKind::Normal => "Normal", EventKind::Warning => "Warning" },
        "reason": told.event.reason, "message": message, "count": 1,
        "firstTimestamp": now, "lastTimestamp": now,
        "source": {"component": COMPONENT}, "reportingComponent": COMPONENT, "reportingInstance": COMPONENT,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(name: &str, message: &str) -> Told {
        let about = About {
            kind: GroupVersionKind::new("acme.example/v1", "Bucket"),
            namespace: "team".into(),
            name: name.into(),
            uid: name.into(),
        };
        Told { about, event: Event::warning("Failed", message) }
    }

    #[test]
    fn equal_events_are_counted() {
        let (mut known, start) = (Known::default(), Instant::now());
        let after = |seconds| start + Duration::from_secs(seconds);
        let Some(Send::New { name }) = known.take(&told("a", "no"), start) else { panic!("it is new") };
        assert_eq!(known.take(&told("a", "no"), after(1)), None);
        assert_eq!(known.take(&told("a", "no"), after(31)), Some(Send::Count { name, count: 3 }));
        assert!(matches!(known.take(&told("a", "other"), after(31)), Some(Send::New { .. })));
        assert!(matches!(known.take(&told("a", "no"), after(3000)), Some(Send::New { .. })), "it is long ago");
    }

    #[test]
    fn one_object_cannot_fill_the_cluster_and_hinders_no_other() {
        let (mut known, start) = (Known::default(), Instant::now());
        let sent = (0..1000).filter(|number| known.take(&told("a", &number.to_string()), start).is_some());
        assert_eq!(sent.count(), 25);
        assert!(known.take(&told("b", "no"), start).is_some());
        assert!(known.take(&told("a", "later"), start + REFILL).is_some());
    }

    #[test]
    fn the_past_is_bounded_and_messages_are_too() {
        let (mut known, start) = (Known::default(), Instant::now());
        for number in 0..3 * MOST_KNOWN {
            known.take(&told(&number.to_string(), "no"), start);
        }
        assert!(known.events.len() <= MOST_KNOWN);
        let event = shape(&told("a", &"ü".repeat(2000)), "n", "team", "now");
        assert!(
            event["message"].as_str().is_some_and(|message| message.len() <= MESSAGE_BYTES && message.ends_with('…'))
        );
    }
}
