//! The lease, in a time that passes as the test wishes.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use clap::Parser as _;
use plat_resource::Value;
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::scripted::{Asked, Seen, api};
use crate::controller::args::Arguments;
use crate::controller::fence::Fence;
use crate::controller::lease::Lease;

/// What the API server knows, and whether it answers.
#[derive(Debug, Clone, Default)]
struct Server(Arc<Mutex<(Option<Value>, u64, bool)>>);

impl Server {
    fn answer(&self, asked: &Asked) -> (u16, Value) {
        let mut inner = self.0.lock().unwrap();
        if inner.2 {
            return (500, json!({"message": "etcd is away"}));
        }
        if asked.line.starts_with("GET") {
            return inner.0.clone().map_or((404, json!({"message": "no lease", "details": {}})), |lease| (200, lease));
        }
        let version = |lease: &Value| lease["metadata"]["resourceVersion"].clone();
        let is_new = asked.line.starts_with("POST");
        if is_new != inner.0.is_none() || inner.0.as_ref().is_some_and(|lease| version(lease) != version(&asked.body)) {
            return (409, json!({"message": "the object has been modified"}));
        }
        let mut lease = asked.body.clone();
        inner.1 += 1;
        lease["metadata"]["resourceVersion"] = inner.1.to_string().into();
        inner.0 = Some(lease.clone());
        (200, lease)
    }

    /// Somebody else writes the lease.
    fn write(&self, spec: &Value) {
        let mut inner = self.0.lock().unwrap();
        inner.1 += 1;
        inner.0 = Some(
            json!({"metadata": {"name": "plat-controller", "resourceVersion": inner.1.to_string()}, "spec": spec}),
        );
    }

    fn break_down(&self, is_away: bool) {
        self.0.lock().unwrap().2 = is_away;
    }

    fn spec(&self) -> Value {
        self.0.lock().unwrap().0.as_ref().map(|lease| lease["spec"].clone()).unwrap_or_default()
    }
}

fn replica(server: &Server, name: &str) -> (Arc<Lease>, Arc<Fence>, Seen) {
    let server = server.clone();
    let (api, seen) = api(move |asked| server.answer(asked));
    let arguments = Arguments::try_parse_from(["plat-controller"]).unwrap().lease;
    let fence = Arc::new(Fence::default());
    let lease = Arc::new(Lease::new(api, arguments, name.to_owned(), Arc::clone(&fence)));
    let running = Arc::clone(&lease);
    tokio::spawn(async move { running.run().await });
    (lease, fence, seen)
}

async fn seconds(seconds: f64) {
    sleep(Duration::from_secs_f64(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn one_leads_and_another_takes_over_when_it_ends() {
    let server = Server::default();
    let (first, first_fence, _) = replica(&server, "first");
    seconds(0.5).await;
    let (_second, second_fence, _) = replica(&server, "second");
    for _ in 0..120 {
        seconds(1.0).await;
        assert!(first_fence.is_open() && !second_fence.is_open());
    }
    assert_eq!(server.spec()["holderIdentity"], "first");
    first.release().await;
    assert!(!first_fence.is_open());
    assert_eq!(server.spec()["holderIdentity"], "");
    seconds(1.1).await;
    assert!(second_fence.is_open() && !first_fence.is_open());
    assert_eq!((&server.spec()["holderIdentity"], &server.spec()["leaseTransitions"]), (&json!("second"), &json!(2)));
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_is_renewed_is_not_read_again_and_again() {
    let server = Server::default();
    let (_lease, fence, seen) = replica(&server, "own");
    seconds(2.5).await;
    let reads = |seen: &Seen| seen.all().len() - seen.writes().len();
    let (before, writes) = (reads(&seen), seen.writes().len());
    seconds(60.0).await;
    assert_eq!((reads(&seen), seen.writes().len()), (before, writes + 60));
    // Somebody else wrote it without taking it.
    let mut spec = server.spec();
    spec["preferredHolder"] = json!("nobody");
    server.write(&spec);
    seconds(60.0).await;
    assert!(fence.is_open());
    assert_eq!((reads(&seen), &server.spec()["preferredHolder"]), (before + 1, &json!("nobody")));
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_over_when_it_was_not_seen_to_change_whatever_its_clock_says() {
    let server = Server::default();
    for renewed in ["1970-01-01T00:00:00.000000Z", "2999-01-01T00:00:00.000000Z"] {
        let spec = |count: u64| json!({"holderIdentity": "other", "leaseDurationSeconds": 12, "renewTime": renewed, "leaseTransitions": count});
        server.write(&spec(0));
        let (lease, fence, _) = replica(&server, "own");
        // As long as it is renewed it is somebody else's.
        for count in 1..20 {
            seconds(5.0).await;
            assert!(!fence.is_open(), "{renewed}");
            server.write(&spec(count));
        }
        let died = Instant::now();
        while !fence.is_open() {
            seconds(0.1).await;
        }
        let took = died.elapsed().as_secs_f64();
        assert!((11.9..=14.0).contains(&took), "{renewed}: {took}");
        lease.release().await;
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_cannot_renew_stops_before_another_could_take_over() {
    let server = Server::default();
    let (lease, fence, _) = replica(&server, "own");
    seconds(5.5).await;
    assert!(fence.is_open());
    server.break_down(true);
    let began = Instant::now();
    while fence.is_open() {
        seconds(0.1).await;
    }
    let took = began.elapsed().as_secs_f64();
    // Others wait for 12 s from the last renewal.
    assert!((7.0..=8.1).contains(&took), "{took}");
    seconds(1.0).await;
    assert!(!*lease.leads().borrow());
    server.break_down(false);
    seconds(2.0).await;
    assert!(fence.is_open() && *lease.leads().borrow());
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_was_taken_is_not_fought_for() {
    let server = Server::default();
    let (_lease, fence, seen) = replica(&server, "own");
    seconds(5.5).await;
    server.write(&json!({"holderIdentity": "thief", "leaseDurationSeconds": 60}));
    seconds(1.1).await;
    assert!(!fence.is_open());
    let writes = seen.writes().len();
    seconds(50.0).await;
    assert_eq!((seen.writes().len(), &server.spec()["holderIdentity"]), (writes, &json!("thief")));
    seconds(12.0).await;
    assert!(fence.is_open());
}
