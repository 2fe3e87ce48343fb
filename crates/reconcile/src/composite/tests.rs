use std::collections::BTreeMap;

use plat_expand::function::NoFunctions;
use plat_expand::native::CompiledInputs;
use plat_expand::render::{Rendered, Renderer, Subject};
use plat_expand::store::Store;
use plat_plan::composed_manager;
use plat_plan::live::NoSchemas;
use plat_platform::Composition;

use super::*;
use crate::fixtures::{NOW, composite, merge, platform, revision};
use crate::status::condition_of;

const LEGACY: &str = "LegacyCluster";

fn never(_: &Revision) -> Option<String> {
    None
}

fn look<'a>(platform: &'a Platform, composite: &'a Value) -> Look<'a> {
    Look { composite, definition: &platform.definitions()[0], platform, hold: &never, circuit_open: None, now: NOW }
}

fn decided(begin: Begin<'_>) -> Decision {
    match begin {
        Begin::Decided(decision) => decision,
        Begin::Compose(revision) => panic!("composes with {}", revision.name),
    }
}

/// An XR after the first write was carried out.
fn prepared(platform: &Platform, given: Value) -> Value {
    let mut object = given;
    let decision = decided(look(platform, &object).begin());
    let [Write::Patch { patch, .. }] = decision.writes.as_slice() else { panic!("{decision:?}") };
    assert_eq!(patch["metadata"]["resourceVersion"], "7");
    merge(&mut object, patch);
    assert_eq!(decision.then, Then::Again);
    object
}

fn render(platform: &Platform, composite: &Value, composition: &Composition, observed: &[Value]) -> Rendered {
    let (compiled, details, store) = (CompiledInputs::default(), BTreeMap::new(), Store::default());
    let renderer = Renderer {
        platform,
        runner: &NoFunctions,
        compiled: &compiled,
        compatibility: plat_expand::Compatibility::V2,
        skip_unavailable: false,
    };
    let legacy = platform.definitions()[0].is_legacy();
    renderer.render(Subject {
        composite,
        legacy,
        composition,
        observed,
        connection_details: &details,
        store: &store,
        context: &json!({}),
    })
}

fn references<'a>(platform: &Platform, rendered: &'a Rendered) -> Option<&'a Value> {
    object::value_at(&rendered.bare_composite, platform.definitions()[0].machinery_path())?.get("resourceRefs")
}

fn composing(platform: &Platform, composite: &Value, observed: &[Value]) -> (Rendered, Composing) {
    let look = look(platform, composite);
    let Begin::Compose(revision) = look.begin() else { panic!("not ready to compose") };
    let rendered = render(platform, composite, &revision.composition, observed);
    let writes =
        compose(&look, &rendered.expansion, references(platform, &rendered), &|_| Some(true), &NoSchemas).unwrap();
    (rendered, writes)
}

#[test]
fn everything_that_comes_before_composing_is_one_write() {
    let platform = platform(LEGACY, &[revision(1, Some("True"))]);
    let given = composite(&json!({"size": 1}));
    let decision = decided(look(&platform, &given).begin());
    let [Write::Patch { patch, .. }] = decision.writes.as_slice() else { panic!("{decision:?}") };
    assert_eq!(
        *patch,
        json!({
            "metadata": {"resourceVersion": "7", "finalizers": [COMPOSITE_FINALIZER], "labels": {COMPOSITE_LABEL: "one"}},
            "spec": {"compositionRef": {"name": "app"}, "compositionRevisionRef": {"name": "app-1"}},
        })
    );
    assert_eq!(decision.events[0].message, "Successfully selected composition: app");
    assert!(
        matches!(look(&platform, &prepared(&platform, given)).begin(), Begin::Compose(found) if found.name == "app-1")
    );
}

#[test]
fn a_new_xr_writes_references_before_resources_and_then_nothing_more() {
    for scope in [LEGACY, "Cluster"] {
        let platform = platform(scope, &[revision(1, Some("True"))]);
        let mut xr = prepared(&platform, composite(&json!({"size": 1})));
        let (_, writes) = composing(&platform, &xr, &[]);
        let Some(Write::Apply { object, manager }) = &writes.references else { panic!("{writes:?}") };
        assert_eq!(manager, COMPOSITE_MANAGER);
        let Write::Apply { object: made, manager } = &writes.applies[0].write else { panic!("{writes:?}") };
        assert_eq!(*manager, composed_manager(&xr));
        merge(&mut xr, object);
        let mut live = made.clone();
        live["metadata"]["managedFields"] = json!([{"manager": manager, "operation": "Apply", "fieldsV1": {
            "f:data": {"f:value": {}}}}]);
        let (rendered, again) = composing(&platform, &xr, std::slice::from_ref(&live));
        assert_eq!(again, Composing::default(), "{scope}");
        let conclusion = conclude(&look(&platform, &xr), &rendered, &Outcomes::default(), None);
        let [Write::ApplyStatus { object, .. }] = conclusion.decision.writes.as_slice() else { panic!() };
        merge(&mut xr, object);
        let ready = condition_of(&xr, "Ready").unwrap();
        assert_eq!(
            (&ready["status"], &ready["lastTransitionTime"], &ready["observedGeneration"]),
            (&json!("True"), &json!(NOW), &json!(2))
        );
        let (rendered, _) = composing(&platform, &xr, &[live]);
        let conclusion = conclude(&look(&platform, &xr), &rendered, &Outcomes::default(), None);
        assert_eq!(conclusion, Conclusion::default(), "a reconcile with nothing to do writes and says nothing");
    }
}

#[test]
fn drift_is_sent_and_what_nobody_wants_is_deleted_with_its_labels_taken() {
    let platform = platform(LEGACY, &[revision(1, Some("True"))]);
    let xr = prepared(&platform, composite(&json!({})));
    let (_, writes) = composing(&platform, &xr, &[]);
    let Write::Apply { object: made, manager } = &writes.applies[0].write else { panic!() };
    let mut live = made.clone();
    live["metadata"]["managedFields"] = json!([{"manager": manager, "fieldsV1": {"f:data": {"f:value": {}}}}]);
    live["data"]["value"] = json!("edited");
    live["data"]["other"] = json!("somebody else's");
    let mut orphan = live.clone();
    orphan["metadata"]["name"] = json!("old");
    orphan["metadata"]["uid"] = json!("u-9");
    orphan["metadata"]["annotations"]["crossplane.io/composition-resource-name"] = json!("gone");
    let (_, writes) = composing(&platform, &xr, &[live, orphan]);
    assert_eq!(writes.applies.len(), 1);
    let (name, removal) = &writes.removals[0];
    assert_eq!(name, "gone");
    let [Write::Patch { patch, .. }, Write::Delete { uid, propagation, .. }] = removal.as_slice() else { panic!() };
    assert_eq!(patch["metadata"]["labels"], json!({COMPOSITE_LABEL: null}));
    assert_eq!((uid.as_str(), *propagation), ("u-9", crate::Propagation::Foreground));
}

#[test]
fn invalid_and_failed_writes_are_told() {
    let platform = platform(LEGACY, &[revision(1, Some("True"))]);
    let xr = prepared(&platform, composite(&json!({})));
    let (rendered, _) = composing(&platform, &xr, &[]);
    let invalid = BTreeMap::from([("settings".to_owned(), "data is no map".to_owned())]);
    let outcomes = Outcomes { invalid, wrote: true, ..Outcomes::default() };
    let Decision { writes, events, then } = conclude(&look(&platform, &xr), &rendered, &outcomes, None).decision;
    let [Write::ApplyStatus { object, .. }] = writes.as_slice() else { panic!() };
    assert_eq!(condition_of(object, "Synced").unwrap()["message"], "Unsynced resources: settings");
    assert!(events.iter().any(|event| event.message == "cannot apply composed resource \"settings\": data is no map"));
    assert_eq!(then, Then::Retry);
    let outcomes = Outcomes { unpublished: Some("you may not".to_owned()), ..Outcomes::default() };
    let decision = conclude(&look(&platform, &xr), &rendered, &outcomes, None).decision;
    let [Write::ApplyStatus { object, .. }] = decision.writes.as_slice() else { panic!() };
    assert_eq!(condition_of(object, "Synced").unwrap()["message"], "cannot compose resources: you may not");
    assert!(condition_of(object, "Ready").is_some());
    // What was not all written is not said to be ready, whatever a function thinks of it.
    let outcomes = Outcomes { failed: Some("you may not".to_owned()), ..Outcomes::default() };
    let decision = conclude(&look(&platform, &xr), &rendered, &outcomes, None).decision;
    let [Write::Status { object }] = decision.writes.as_slice() else { panic!("{decision:?}") };
    assert_eq!(condition_of(object, "Synced").unwrap()["message"], "cannot compose resources: you may not");
    assert_eq!(condition_of(object, "Ready"), None);
    assert_eq!(decision.then, Then::Retry);
}

#[test]
fn a_revision_is_waited_for_refused_or_held_back() {
    let given = composite(&json!({}));
    let unknown = platform(LEGACY, &[revision(1, None)]);
    assert_eq!(decided(look(&unknown, &given).begin()).then, Then::After(SOON));
    let refused = platform(LEGACY, &[revision(1, Some("False"))]);
    let decision = decided(look(&refused, &given).begin());
    let [Write::Status { object }] = decision.writes.as_slice() else { panic!("{decision:?}") };
    let message = condition_of(object, "Synced").unwrap()["message"].as_str().unwrap();
    assert_eq!(
        message,
        "selected CompositionRevision app-1 does not have a valid function pipeline: function f is missing"
    );
    let two = platform(LEGACY, &[revision(1, Some("True")), revision(2, Some("True"))]);
    let pinned = composite(&json!({"compositionRevisionRef": {"name": "app-1"}}));
    let hold = |revision: &Revision| (revision.name == "app-2").then(|| "others are being moved".to_owned());
    let later = Look { hold: &hold, ..look(&two, &pinned) };
    assert_eq!(later.revision().unwrap().unwrap().name, "app-1");
    assert_eq!(look(&two, &pinned).revision().unwrap().unwrap().name, "app-2");
    let none = platform(LEGACY, &[]);
    assert_eq!(decided(look(&none, &given).begin()).then, Then::After(SOON));
}

#[test]
fn a_paused_xr_is_left_alone_even_in_deletion_and_a_deleted_one_loses_the_finalizer() {
    let platform = platform(LEGACY, &[revision(1, Some("True"))]);
    let mut xr = composite(&json!({}));
    xr["metadata"]["deletionTimestamp"] = json!(NOW);
    xr["metadata"]["finalizers"] = json!(["foregroundDeletion", COMPOSITE_FINALIZER]);
    let decision = decided(look(&platform, &xr).begin());
    let [Write::Patch { patch, .. }] = decision.writes.as_slice() else { panic!("{decision:?}") };
    assert_eq!(patch["metadata"]["finalizers"], json!(["foregroundDeletion"]));
    xr["metadata"]["annotations"] = json!({PAUSED: "true"});
    let decision = decided(look(&platform, &xr).begin());
    let [Write::Status { object }] = decision.writes.as_slice() else { panic!() };
    assert_eq!(condition_of(object, "Synced").unwrap()["reason"], "ReconcilePaused");
    assert_eq!(decided(look(&platform, object).begin()), Decision::wait(), "it is said once");
}

#[test]
fn an_open_circuit_and_a_poll_interval_are_seen() {
    let platform = platform(LEGACY, &[revision(1, Some("True"))]);
    let mut xr = prepared(&platform, composite(&json!({})));
    xr["metadata"]["annotations"] = json!({"crossplane.io/poll-interval": "90s"});
    let (rendered, _) = composing(&platform, &xr, &[]);
    let look = Look { circuit_open: Some("ConfigMap default/x"), ..look(&platform, &xr) };
    let decision = conclude(&look, &rendered, &Outcomes::default(), None).decision;
    let [Write::ApplyStatus { object, .. }] = decision.writes.as_slice() else { panic!() };
    assert_eq!(condition_of(object, "Responsive").unwrap()["reason"], "WatchCircuitOpen");
    assert_eq!(decision.then, Then::After(std::time::Duration::from_secs(90)));
}

#[test]
fn a_request_is_not_answered_where_the_answer_is_not_kept() {
    let platform = platform(LEGACY, &[revision(1, Some("True"))]);
    let mut xr = prepared(&platform, composite(&json!({})));
    xr["metadata"]["annotations"] = json!({"crossplane.io/reconcile-requested-at": "now"});
    let (rendered, _) = composing(&platform, &xr, &[]);
    let decision = conclude(&look(&platform, &xr), &rendered, &Outcomes::default(), None).decision;
    let [Write::ApplyStatus { object, .. }] = decision.writes.as_slice() else { panic!() };
    assert!(object["status"].get("lastHandledReconcileAt").is_none(), "the XRD does not have it: {object}");
}
