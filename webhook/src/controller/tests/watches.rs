//! Watches that come and go.

use std::sync::Arc;
use std::time::Duration;

use plat_reconcile::breaker::Limits;
use plat_resource::GroupVersionKind;
use prometheus_client::metrics::counter::Counter;
use serde_json::json;

use super::scripted::client;
use crate::controller::hearing::Hearing;
use crate::controller::watches::{WatchScope, WatchState, Watches};

const COMPOSED: WatchScope = WatchScope::Labelled("crossplane.io/composite");

#[tokio::test(start_paused = true)]
async fn one_watch_does_for_a_kind_and_ends_when_nobody_wants_it() {
    // No kind is there, which is an answer too.
    let (client, _) =
        client(|_| (404, json!({"kind": "Status", "code": 404, "message": "not found", "reason": "NotFound"})));
    let hearing = Arc::new(Hearing::new(Limits::default(), Counter::default()));
    let watches = Watches::new(client, Arc::clone(&hearing));
    let [bucket, config_map] = [("acme.example/v1", "Bucket"), ("v1", "ConfigMap")]
        .map(|(version, kind)| GroupVersionKind::new(version, kind));
    watches.ensure(&bucket, COMPOSED);
    watches.ensure(&bucket, COMPOSED);
    watches.ensure(&config_map, COMPOSED);
    assert_eq!((watches.states().len(), watches.state(&bucket)), (2, Some(WatchState::Starting)));
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(watches.state(&bucket), Some(WatchState::Absent));
    assert!(hearing.objects.is_synced(&bucket));
    // A wider watch takes the place of a narrower one, which then is not wanted any more.
    watches.ensure(&bucket, WatchScope::All);
    watches.ensure(&bucket, COMPOSED);
    assert_eq!(watches.whole_kinds(), std::slice::from_ref(&bucket));
    assert_eq!(watches.states().len(), 2);
    tokio::time::sleep(Duration::from_mins(10)).await;
    watches.ensure(&config_map, COMPOSED);
    tokio::time::sleep(Duration::from_mins(10)).await;
    watches.sweep();
    assert_eq!(watches.states().len(), 2, "somebody wanted it ten minutes ago");
    tokio::time::sleep(Duration::from_mins(10)).await;
    watches.sweep();
    assert_eq!((watches.state(&config_map), watches.states().len()), (None, 1), "the whole kind stays");
    assert!(!hearing.objects.is_synced(&config_map));
    watches.stop(&bucket);
    assert!(watches.states().is_empty());
}
