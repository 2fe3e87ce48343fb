//! Standing aside and taking over, in both directions.

use super::*;
use plat_resource::time;
use serde_json::json;

const NOW: i64 = 1_800_000_000;

fn nothing() -> Evidence {
    Evidence { leases: Ok(vec![]), deployments: Ok(vec![]), definitions: Ok(vec![]) }
}

fn lease(holder: &str, renewed: i64) -> Value {
    json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": {"name": CROSSPLANE_LEASE, "namespace": "crossplane-system"},
        "spec": {"holderIdentity": holder, "leaseDurationSeconds": 60, "renewTime": time::format(renewed)},
    })
}

fn deployment(name: &str, arguments: &Value, replicas: i64, pods: i64) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": "crossplane-system"},
        "spec": {"replicas": replicas, "template": {"spec": {"containers": [{"name": "a", "args": arguments}]}}},
        "status": {"replicas": pods, "availableReplicas": pods},
    })
}

fn core(replicas: i64, pods: i64) -> Value {
    deployment("crossplane", &json!(["core", "start"]), replicas, pods)
}

fn with_lease(lease: Value) -> Evidence {
    Evidence { leases: Ok(vec![lease]), ..nothing() }
}

fn with_deployment(deployment: Value) -> Evidence {
    Evidence { deployments: Ok(vec![deployment]), ..nothing() }
}

fn auto(evidence: &Evidence) -> Standing {
    Observer::new(Choice::Auto).decide(evidence, NOW)
}

#[test]
fn without_crossplane_plat_works() {
    let standing = auto(&nothing());
    assert_eq!(standing, Standing::new(Engine::Plat, "there is no Crossplane".to_owned()));
}

#[test]
fn a_lease_that_is_held_is_respected_and_given_up_at_once() {
    let mut observer = Observer::new(Choice::Auto);
    let held = observer.decide(&with_lease(lease("crossplane-a", NOW)), NOW);
    assert_eq!(held.engine, Engine::Crossplane);
    assert_eq!(held.why, "Lease crossplane-system/crossplane-leader-election-core is held by crossplane-a");
    let released = observer.decide(&with_lease(lease("", NOW + 10)), NOW + 10);
    assert_eq!(released.engine, Engine::Plat, "{released:?}");
}

#[test]
fn a_dead_leader_is_followed_after_its_lease_and_a_new_one_is_left_alone() {
    let mut observer = Observer::new(Choice::Auto);
    let mut at =
        |seconds: i64, renewed: i64| observer.decide(&with_lease(lease("a", NOW + renewed)), NOW + seconds).engine;
    assert_eq!(at(0, 0), Engine::Crossplane);
    assert_eq!(at(50, 45), Engine::Crossplane);
    assert_eq!(at(110, 45), Engine::Crossplane, "60 s after it was seen to change");
    assert_eq!(at(111, 45), Engine::Plat);
    assert_eq!(at(600, 45), Engine::Plat);
    assert_eq!(at(610, 608), Engine::Crossplane, "it came back");
}

#[test]
fn a_clock_that_is_off_changes_nothing() {
    for skew in [-1800, -300, 300, 100_000] {
        let mut observer = Observer::new(Choice::Auto);
        let mut at =
            |seconds: i64, renewed: i64| observer.decide(&with_lease(lease("a", NOW + renewed + skew)), NOW + seconds);
        for second in (0..300).step_by(10) {
            assert_eq!(at(second, second).engine, Engine::Crossplane, "{skew} {second}");
        }
        assert_eq!(at(350, 290).engine, Engine::Crossplane);
        assert_eq!(at(351, 290).engine, Engine::Plat, "{skew}");
    }
}

#[test]
fn a_lease_of_long_ago_needs_no_waiting_but_its_renewal_counts() {
    let mut observer = Observer::new(Choice::Auto);
    let old = lease("a", NOW - 86_400);
    assert_eq!(observer.decide(&with_lease(old.clone()), NOW).engine, Engine::Plat);
    assert_eq!(observer.decide(&with_lease(old), NOW + 1).engine, Engine::Plat);
    // Renewed by a clock that is a day behind.
    assert_eq!(observer.decide(&with_lease(lease("a", NOW - 86_390)), NOW + 10).engine, Engine::Crossplane);
}

#[test]
fn a_deployment_that_wants_pods_is_crossplane_even_while_they_start() {
    for (replicas, pods, why) in [(1, 1, "1 of 1"), (2, 0, "0 of 2")] {
        let standing = auto(&with_deployment(core(replicas, pods)));
        assert_eq!(standing.engine, Engine::Crossplane);
        assert_eq!(standing.why, format!("Deployment crossplane-system/crossplane has {why} Pods"));
    }
    assert_eq!(auto(&with_deployment(core(0, 1))).engine, Engine::Crossplane, "its Pod still ends");
    assert_eq!(auto(&with_deployment(core(0, 0))).engine, Engine::Plat);
}

#[test]
fn the_rbac_manager_and_other_programs_are_not_crossplane() {
    let manager = deployment("crossplane-rbac-manager", &json!(["rbac", "start"]), 1, 1);
    assert_eq!(auto(&with_deployment(manager)).engine, Engine::Plat);
    let by_command = json!({
        "metadata": {"name": "a"},
        "spec": {"template": {"spec": {"containers": [{"command": ["crossplane", "core"], "args": ["start", "--debug"]}]}}},
    });
    let standing = auto(&with_deployment(by_command));
    assert_eq!(standing.engine, Engine::Crossplane, "replicas are 1 where nothing is said");
}

#[test]
fn both_signs_must_be_gone() {
    let mut observer = Observer::new(Choice::Auto);
    let evidence = |holder: &str, replicas: i64| Evidence {
        leases: Ok(vec![lease(holder, NOW)]),
        deployments: Ok(vec![core(replicas, replicas)]),
        ..nothing()
    };
    assert_eq!(observer.decide(&evidence("", 1), NOW).engine, Engine::Crossplane);
    assert_eq!(observer.decide(&evidence("a", 0), NOW).engine, Engine::Crossplane);
    let gone = observer.decide(&evidence("", 0), NOW);
    let why = "Crossplane has stopped: Lease crossplane-system/crossplane-leader-election-core was given up, Deployment \
               crossplane-system/crossplane is scaled to 0";
    assert_eq!((gone.engine, gone.why.as_str()), (Engine::Plat, why));
}

#[test]
fn one_of_two_crossplanes_is_enough() {
    let mut second = lease("b", NOW);
    second["metadata"]["namespace"] = json!("other");
    let evidence = Evidence { leases: Ok(vec![lease("", NOW), second]), ..nothing() };
    let standing = auto(&evidence);
    assert_eq!(standing.why, "Lease other/crossplane-leader-election-core is held by b");
}

#[test]
fn a_crossplane_without_lease_and_deployment_shows_in_what_it_writes() {
    let definition = |manager: &str, ago: i64| {
        let old = json!({"manager": "crossplane", "time": time::format(NOW - 9999)});
        let new = json!({"manager": manager, "time": time::format(NOW - ago)});
        json!({"metadata": {"name": "xs.example.org", "managedFields": [old, new]}})
    };
    let with = |definition: Value| Evidence { definitions: Ok(vec![definition]), ..nothing() };
    assert_eq!(auto(&with(definition("crossplane", 10))).why, "it wrote XRD xs.example.org a moment ago");
    assert_eq!(auto(&with(definition("crossplane", 61))).engine, Engine::Plat);
    assert_eq!(auto(&with(definition("kubectl", 10))).engine, Engine::Plat);
    // Where its Lease tells that it has ended, its last words do not count.
    let ended = Evidence { leases: Ok(vec![lease("", NOW)]), ..with(definition("crossplane", 10)) };
    assert_eq!(auto(&ended).engine, Engine::Plat);
}

#[test]
fn what_cannot_be_seen_keeps_hands_off_at_first_and_changes_nothing_later() {
    let blind = Evidence { deployments: Err("deployments.apps is forbidden".to_owned()), ..nothing() };
    let mut observer = Observer::new(Choice::Auto);
    let first = observer.decide(&blind, NOW);
    assert_eq!(first.engine, Engine::Crossplane);
    assert!(first.why.contains("deployments.apps is forbidden; --engine=plat"), "{first:?}");
    assert_eq!(observer.decide(&nothing(), NOW).engine, Engine::Plat);
    let later = observer.decide(&blind, NOW);
    assert_eq!((later.engine, later.warning.is_some()), (Engine::Plat, true));
    // What is seen well enough counts.
    let seen = Evidence { leases: Ok(vec![lease("a", NOW)]), ..blind };
    assert_eq!(observer.decide(&seen, NOW).engine, Engine::Crossplane);
}

#[test]
fn the_command_line_decides_and_is_told_what_is_off() {
    let (runs, gone) = (with_lease(lease("a", NOW)), nothing());
    let judge = |choice, evidence: &Evidence| Observer::new(choice).decide(evidence, NOW);
    let pinned = judge(Choice::Plat, &runs);
    assert_eq!((pinned.engine, pinned.why.as_str()), (Engine::Plat, "--engine=plat says so"));
    assert!(pinned.warning.is_some_and(|warning| warning.contains("is held by a")));
    assert_eq!(judge(Choice::Plat, &gone).warning, None);
    assert_eq!(judge(Choice::Crossplane, &runs).warning, None);
    let nobody = judge(Choice::Crossplane, &gone);
    assert_eq!(nobody.engine, Engine::Crossplane);
    assert_eq!(nobody.warning.as_deref(), Some("nobody reconciles: there is no Crossplane; use --engine=auto"));
}
