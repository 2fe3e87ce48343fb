//! What the writer asks the API server, and what it makes of the answers.

use std::sync::Arc;
use std::time::Duration;

use plat_reconcile::breaker::Limits;
use plat_reconcile::{Propagation, Write};
use plat_resource::{GroupVersionKind, ObjectKey, Value, object};
use prometheus_client::metrics::counter::Counter;
use serde_json::json;
use tokio::time::Instant;

use super::scripted::{Asked, Seen, api, kinds};
use crate::controller::api::WriteError;
use crate::controller::fence::Fence;
use crate::controller::hearing::Hearing;
use crate::controller::rate::Rate;
use crate::controller::watches::WatchScope;
use crate::controller::writer::Writer;

struct Stage {
    writer: Writer,
    hearing: Arc<Hearing>,
    fence: Arc<Fence>,
    seen: Seen,
}

fn stage(answer: impl Fn(&Asked) -> (u16, Value) + Send + Sync + 'static) -> Stage {
    let (api, seen) = api(move |asked| kinds(asked).unwrap_or_else(|| answer(asked)));
    let (hearing, fence) = (Arc::new(Hearing::new(Limits::default(), Counter::default())), Arc::new(Fence::open()));
    let rate = Arc::new(Rate::new(1000.0, 1000.0));
    let writer = Writer::new(api, Arc::clone(&fence), rate, Arc::clone(&hearing), None);
    Stage { writer, hearing, fence, seen }
}

fn bucket(version: &str) -> Value {
    json!({
        "apiVersion": "acme.example/v1", "kind": "Bucket",
        "metadata": {"name": "b", "namespace": "a", "uid": "u", "resourceVersion": version, "managedFields": [{"manager": "m"}]},
    })
}

fn apply() -> Write {
    Write::Apply { object: bucket("1"), manager: "m".to_owned() }
}

fn key() -> ObjectKey {
    ObjectKey::of(&bucket("1"))
}

#[tokio::test]
async fn each_write_is_asked_as_the_api_server_wants_it() {
    let manager = || "m/n".to_owned();
    let patch = json!({"spec": {"a": 1}});
    let delete = |propagation| Write::Delete { key: key(), uid: "u".to_owned(), propagation };
    let cases = [
        (
            Write::Apply { object: bucket("1"), manager: manager() },
            "PATCH",
            "/b?fieldManager=m/n&force=true",
            "application/apply-patch+yaml",
        ),
        (
            Write::ApplyStatus { object: bucket("1"), manager: manager() },
            "PATCH",
            "/b/status?fieldManager=m/n&force=true",
            "application/apply-patch+yaml",
        ),
        (Write::Create { object: bucket("1"), manager: manager() }, "POST", "?fieldManager=m/n", "application/json"),
        (
            Write::Patch { key: key(), patch: patch.clone(), manager: manager() },
            "PATCH",
            "/b?fieldManager=m/n",
            "application/merge-patch+json",
        ),
        (
            Write::Status { object: bucket("1") },
            "PUT",
            "/b/status?fieldManager=apiextensions.crossplane.io/plat",
            "application/json",
        ),
        (delete(Propagation::Background), "DELETE", "/b", "application/json"),
        (delete(Propagation::Foreground), "DELETE", "/b", "application/json"),
    ];
    let Stage { writer, seen, .. } = stage(|_| (200, bucket("2")));
    for (write, method, suffix, content) in cases {
        writer.write(&write, None).await.unwrap();
        let asked = seen.writes().pop().unwrap();
        assert_eq!(asked.line, format!("{method} /apis/acme.example/v1/namespaces/a/buckets{suffix}"));
        assert_eq!(asked.content, content, "{write:?}");
        // What is kept of field managers is not all there is.
        assert_eq!(asked.body.pointer("/metadata/managedFields"), None, "{write:?}");
        match write {
            Write::Delete { propagation, .. } => {
                assert_eq!(asked.body["preconditions"], json!({"uid": "u"}));
                assert_eq!(asked.body["propagationPolicy"], format!("{propagation:?}"));
            }
            Write::Patch { .. } => assert_eq!(asked.body, patch),
            _ => assert_eq!(asked.body["metadata"]["resourceVersion"], "1"),
        }
    }
    assert_eq!(seen.all().len() - seen.writes().len(), 1, "the kind is asked for once");
}

#[tokio::test]
async fn nothing_goes_out_without_the_lease() {
    let Stage { writer, fence, seen, .. } = stage(|_| (200, bucket("2")));
    fence.close();
    assert_eq!(writer.write(&apply(), None).await, Err(WriteError::NoLease));
    fence.open_until(Instant::now() + Duration::from_mins(1));
    assert!(writer.write(&apply(), None).await.is_ok());
    fence.open_until(Instant::now().checked_sub(Duration::from_millis(1)).unwrap());
    assert_eq!(writer.write(&apply(), None).await, Err(WriteError::NoLease));
    assert_eq!(seen.writes().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_is_lost_while_a_write_waits_for_its_turn_stops_it() {
    let Stage { writer, fence, seen, .. } = stage(|asked| match asked.line.as_str() {
        line if line.starts_with("DELETE") => (429, json!({"message": "later"})),
        _ => (200, bucket("2")),
    });
    let delete = Write::Delete { key: key(), uid: "u".to_owned(), propagation: Propagation::Background };
    let pause = WriteError::Throttled { after: Duration::from_secs(3) };
    assert_eq!(writer.write(&delete, None).await, Err(pause));
    fence.open_until(Instant::now() + Duration::from_secs(1));
    let before = Instant::now();
    assert_eq!(writer.write(&apply(), None).await, Err(WriteError::NoLease), "it waited as the API server asked");
    assert_eq!((before.elapsed().as_secs(), seen.writes().len()), (3, 1));
}

#[tokio::test]
async fn answers_are_known_at_once_and_echoes_are_no_news() {
    let Stage { writer, hearing, .. } = stage(|asked| match asked.line.split(' ').next() {
        Some("DELETE") => (200, json!({"kind": "Status", "status": "Success"})),
        _ => (200, bucket("7")),
    });
    hearing.objects.follow(&key().kind, WatchScope::All);
    let answer = writer.write(&Write::Status { object: bucket("1") }, None).await.unwrap().unwrap();
    assert_eq!(object::string_at(&answer, &["metadata", "resourceVersion"]), Some("7"));
    assert_eq!(hearing.objects.get(&key()).unwrap()["metadata"]["resourceVersion"], "7");
    assert_eq!(hearing.objects.heard(bucket("7")), None);
    let delete = Write::Delete { key: key(), uid: "u".to_owned(), propagation: Propagation::Background };
    assert_eq!(writer.write(&delete, None).await, Ok(None));
    assert_eq!(hearing.objects.get(&key()), None);
}

#[tokio::test]
async fn an_apply_that_changed_nothing_does_not_hide_what_somebody_else_did() {
    let with_entry = |version: &str, time: &str| {
        let mut bucket = bucket(version);
        bucket["metadata"]["managedFields"] = json!([{"manager": "m", "time": time}]);
        bucket
    };
    // Version 5 is somebody else's, and no watch told of it yet.
    let Stage { writer, hearing, .. } = stage(move |_| (200, with_entry("5", "then")));
    hearing.objects.follow(&key().kind, WatchScope::All);
    hearing.objects.put(with_entry("4", "then"));
    writer.write(&apply(), None).await.unwrap();
    assert_eq!(hearing.objects.get(&key()).unwrap()["metadata"]["resourceVersion"], "5");
    hearing.objects.put(with_entry("6", "then"));
    assert!(hearing.objects.heard(with_entry("5", "then")).is_some(), "the watch's word of version 5 is news");
}

#[tokio::test(start_paused = true)]
async fn a_kind_that_is_not_there_is_asked_for_once_a_second() {
    let Stage { writer, seen, .. } = stage(|_| (200, bucket("2")));
    let mut unknown = bucket("1");
    unknown["apiVersion"] = "other.example/v1".into();
    let write = Write::Apply { object: unknown, manager: "m".to_owned() };
    let expected = Err(WriteError::NoKind(GroupVersionKind::new("other.example/v1", "Bucket")));
    for _ in 0..10 {
        assert_eq!(writer.write(&write, None).await, expected);
    }
    assert_eq!(seen.all().len(), 1);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(writer.write(&write, None).await, expected);
    assert_eq!((seen.all().len(), seen.writes().len()), (2, 0));
}

#[tokio::test]
async fn a_permission_that_is_missing_is_named() {
    let message =
        "buckets.acme.example \"b\" is forbidden: User \"plat\" cannot patch resource \"buckets\" in API group";
    let Stage { writer, .. } = stage(move |_| (403, json!({"message": message})));
    let error = writer.write(&apply(), None).await.unwrap_err();
    let expected = WriteError::Forbidden {
        verb: "patch".to_owned(),
        resource: "buckets.acme.example".to_owned(),
        message: message.to_owned(),
    };
    assert_eq!(error, expected);
}
