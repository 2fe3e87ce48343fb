//! Rollouts step by step.

use proptest::prelude::*;
use serde_json::json;

use super::*;

const PATH: &[&str] = &["spec", "crossplane"];

fn xr(name: &str, revision: &str, ready: bool) -> Value {
    json!({
        "metadata": {"name": name, "namespace": "team", "uid": name, "generation": 1},
        "spec": {"crossplane": {"compositionRevisionRef": {"name": revision}}},
        "status": {"conditions": [
            {"type": "Synced", "status": "True", "observedGeneration": 1},
            {"type": "Ready", "status": if ready { "True" } else { "False" }, "observedGeneration": 1},
        ]},
    })
}

fn stand(annotation: Option<&str>, xrs: &[Value]) -> Rollout {
    let labels = BTreeMap::from([("channel".to_owned(), "stable".to_owned())]);
    let xrs: Vec<&Value> = xrs.iter().collect();
    rollout(annotation, Target { name: "new", labels: &labels }, &xrs, PATH)
}

#[test]
fn without_the_annotation_all_move() {
    let rollout = stand(None, &[xr("a", "old", true), xr("b", "old", false), xr("c", "new", false)]);
    assert_eq!(rollout.may_move, ["a", "b"]);
    assert_eq!((rollout.pending, rollout.stopped), (2, None));
}

#[test]
fn as_many_move_as_the_annotation_allows() {
    let xrs = [xr("c", "old", true), xr("b", "old", true), xr("a", "new", true), xr("d", "new", false)];
    assert_eq!(stand(Some("2"), &xrs).may_move, ["b"]);
    let one = stand(Some("1"), &xrs);
    assert_eq!(one.may_move, Vec::<String>::new());
    let Verdict::Stay(why) = one.of(&xrs[0], PATH) else { panic!("it moves") };
    assert!(why.ends_with("allows 1 at once, 1 not Ready yet: team/d"), "{why}");
    assert_eq!(stand(Some("50%"), &xrs).may_move, ["b"], "half of four, of which one is not Ready");
    assert_eq!(stand(Some("1%"), &xrs[..3]).may_move, ["b"], "never none");
}

#[test]
fn a_new_xr_is_no_update() {
    let mut new = xr("a", "old", false);
    new["spec"] = json!({});
    let xrs = [new, xr("b", "new", false), xr("c", "old", true)];
    let rollout = stand(Some("1"), &xrs);
    assert_eq!(rollout.of(&xrs[0], PATH), Verdict::Move);
    assert!(matches!(rollout.of(&xrs[2], PATH), Verdict::Stay(_)));
}

#[test]
fn it_stops_when_an_updated_one_is_not_synced() {
    let mut broken = xr("a", "new", true);
    broken["status"]["conditions"][0] = json!({"type": "Synced", "status": "False", "message": "cannot compose: x"});
    let xrs = [broken, xr("b", "old", true)];
    let rollout = stand(Some("5"), &xrs);
    let why = "the rollout of new has stopped: team/a, already updated, is not Synced: cannot compose: x";
    assert_eq!(rollout.of(&xrs[1], PATH), Verdict::Stay(why.to_owned()));
    assert_eq!(stand(Some("5"), &xrs[..1]).stopped, None, "nothing is left to stop");
    assert_eq!(stand(None, &xrs).of(&xrs[1], PATH), Verdict::Move);
}

#[test]
fn ready_of_an_older_generation_does_not_count() {
    let mut moved = xr("a", "new", true);
    moved["metadata"]["generation"] = json!(2);
    assert_eq!(stand(Some("1"), &[moved, xr("b", "old", true)]).updating, ["team/a"]);
}

#[test]
fn manual_paused_deleted_and_others_labels_are_left_out() {
    let mut manual = xr("a", "old", true);
    manual["spec"]["crossplane"]["compositionUpdatePolicy"] = json!("Manual");
    let mut other = xr("b", "old", true);
    other["spec"]["crossplane"]["compositionRevisionSelector"] = json!({"matchLabels": {"channel": "beta"}});
    let mut paused = xr("c", "old", true);
    paused["metadata"]["annotations"] = json!({PAUSED: "true"});
    let mut deleted = xr("d", "old", true);
    deleted["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    let mut same = xr("e", "old", true);
    same["spec"]["crossplane"]["compositionRevisionSelector"] = json!({"matchLabels": {"channel": "stable"}});
    let rollout = stand(Some("5"), &[manual, other, paused, deleted, same]);
    assert_eq!((rollout.may_move, rollout.pending), (vec!["e".to_owned()], 1));
}

#[test]
fn nobody_waits_for_an_updated_one_that_is_paused_or_on_its_way_out() {
    let waiting = || xr("b", "old", true);
    let mut moved = xr("a", "new", false);
    assert_eq!(stand(Some("1"), &[moved.clone(), waiting()]).may_move, Vec::<String>::new());
    moved["metadata"]["annotations"] = json!({PAUSED: "true"});
    assert_eq!(stand(Some("1"), &[moved.clone(), waiting()]).may_move, ["b"]);
    moved["metadata"] = json!({"name": "a", "uid": "a", "deletionTimestamp": "2026-01-01T00:00:00Z"});
    assert_eq!(stand(Some("1"), &[moved, waiting()]).may_move, ["b"]);
}

#[test]
fn zero_and_what_is_no_number_hold_the_rollout() {
    for (text, says) in
        [("0", "is 0"), ("0%", "is 0%"), ("some", "is \"some\"; write"), ("-1", "write"), ("101%", "write")]
    {
        let xrs = [xr("a", "old", true)];
        let Verdict::Stay(why) = stand(Some(text), &xrs).of(&xrs[0], PATH) else { panic!("{text} moves it") };
        assert!(why.contains(says), "{why}");
    }
}

proptest! {
    /// Whatever the order in which XRs ask and turn ready, no more are updating than allowed, and all get there.
    #[test]
    fn a_rollout_keeps_its_limit_and_ends(count in 1..12_usize, limit in 1..5_usize, choices in prop::collection::vec(0..100_usize, 200)) {
        let mut xrs: Vec<Value> = (0..count).map(|number| xr(&format!("x{number}"), "old", true)).collect();
        let mut choices = choices.into_iter().cycle();
        for _ in 0..4 * count {
            let rollout = stand(Some(&limit.to_string()), &xrs);
            // All workers ask at once, with the same view.
            for each in &mut xrs {
                if rollout.of(each, PATH) == Verdict::Move {
                    *each = xr(object::name(each).to_owned().as_str(), "new", false);
                }
            }
            let updating = xrs.iter().filter(|each| !(Member { xr: each, path: PATH }).is_ready()).count();
            prop_assert!(updating <= limit, "{updating} of {limit}");
            let place = choices.next().unwrap_or(0) % count;
            let unready: Vec<usize> = (0..count).filter(|place| !(Member { xr: &xrs[*place], path: PATH }).is_ready()).collect();
            if let Some(place) = unready.get(place % unready.len().max(1)) {
                xrs[*place] = xr(&format!("x{place}"), "new", true);
            }
        }
        let all_moved = xrs.iter().all(|each| (Member { xr: each, path: PATH }).revision() == Some("new"));
        prop_assert!(all_moved);
    }
}
