//! One leads: who, for how long, and what happens when it cannot.

use std::time::Duration;

use serde_json::json;

use super::harness::Harness;

const LEASE: &str = "/apis/coordination.k8s.io/v1/namespaces/plat-system/leases/plat-controller";
const COMPOSITIONS: &str = "/apis/apiextensions.crossplane.io/v1/compositions";

fn holder(harness: &Harness) -> String {
    let answer = harness.ask("GET", LEASE, None);
    let holder = answer.ok().and_then(|(_, lease)| lease["spec"]["holderIdentity"].as_str().map(str::to_owned));
    holder.unwrap_or_default()
}

fn composition(name: &str) -> serde_json::Value {
    json!({
        "apiVersion": "apiextensions.crossplane.io/v1", "kind": "Composition", "metadata": {"name": name},
        "spec": {"compositeTypeRef": {"apiVersion": "acme.example/v1", "kind": "XBucket"}, "mode": "Pipeline", "pipeline": []},
    })
}

#[test]
fn another_replica_takes_over_from_one_that_was_killed_and_sooner_from_one_that_ended() {
    let harness = Harness::start().unwrap();
    let first = harness.controller("first", &[]).unwrap();
    first.until_leading(true).unwrap();
    assert!(holder(&harness).starts_with("first_"));
    let second = harness.controller("second", &[]).unwrap();
    assert!(first.leads().unwrap() && !second.leads().unwrap(), "one leads");
    first.kill().unwrap();
    let took = second.until_leading(true).unwrap();
    println!("from the kill of one to the lead of another: {took:?}");
    assert!(took <= Duration::from_secs(15), "{took:?}");
    assert!(holder(&harness).starts_with("second_"));
    let third = harness.controller("third", &[]).unwrap();
    assert!(!third.leads().unwrap());
    second.terminate().unwrap();
    let took = third.until_leading(true).unwrap();
    println!("from the wish that one ends to the lead of another: {took:?}");
    assert!(took <= Duration::from_secs(4), "{took:?}");
    harness.eventually("its end", || Ok(second.log().contains("\"ended\""))).unwrap();
    assert!(second.log().contains("the lease is given back"), "{}", second.log());
}

#[test]
fn one_whose_lease_is_taken_stops_and_takes_it_again_when_that_is_over() {
    let harness = Harness::start().unwrap();
    let controller = harness.controller("robbed", &[]).unwrap();
    controller.until_leading(true).unwrap();
    let theft = json!({"spec": {"holderIdentity": "thief", "leaseDurationSeconds": 5}});
    let (code, answer) = harness.ask("PATCH", LEASE, Some(&theft)).unwrap();
    assert_eq!(code, 200, "{answer}");
    let took = controller.until_leading(false).unwrap();
    assert!(took <= Duration::from_secs(4), "{took:?}");
    assert!(controller.log().contains("another replica has it"), "{}", controller.log());
    assert_eq!(holder(&harness), "thief", "it does not fight for it");
    let took = controller.until_leading(true).unwrap();
    assert!(took >= Duration::from_secs(3) && took <= Duration::from_secs(10), "{took:?}");
    assert!(holder(&harness).starts_with("robbed_"));
}

#[test]
fn an_api_server_that_goes_and_comes_back_is_followed_again() {
    let harness = Harness::start().unwrap();
    let controller = harness.controller("patient", &[]).unwrap();
    controller.until_leading(true).unwrap();
    let objects = || controller.metric("plat_controller_objects");
    harness.create(COMPOSITIONS, &composition("before")).unwrap();
    harness
        .eventually("the first Composition", || Ok(controller.log().contains("the platform is made again")))
        .unwrap();
    let before = objects().unwrap();
    harness.control_plane().stop_api_server().unwrap();
    let took = controller.until_leading(false).unwrap();
    assert!(took >= Duration::from_secs(4) && took <= Duration::from_secs(10), "it cannot renew: {took:?}");
    assert!(objects().unwrap() >= before, "what was heard stays in use");
    harness.control_plane().start_api_server().unwrap();
    let took = controller.until_leading(true).unwrap();
    assert!(took <= Duration::from_secs(20), "{took:?}");
    harness
        .eventually("a Composition", || {
            let created = harness.ask("POST", COMPOSITIONS, Some(&composition("after")));
            Ok(created.is_ok_and(|(code, _)| code == 201 || code == 409))
        })
        .unwrap();
    let took = harness.eventually("news of it", || Ok(objects()? >= before + 1.0)).unwrap();
    println!("from the answer of the API server to news: {took:?}");
    assert!(took <= Duration::from_secs(15), "{took:?}");
}

#[test]
fn an_etcd_that_does_not_answer_for_a_while_is_waited_for() {
    let harness = Harness::start().unwrap();
    let controller = harness.controller("waiting", &[]).unwrap();
    controller.until_leading(true).unwrap();
    let etcd = harness.control_plane().etcd_process().unwrap().to_string();
    let signal =
        |name: &str| assert!(std::process::Command::new("kill").args([name, &etcd]).status().unwrap().success());
    signal("-STOP");
    let took = controller.until_leading(false);
    std::thread::sleep(Duration::from_secs(12));
    signal("-CONT");
    let took = took.unwrap();
    assert!(took <= Duration::from_secs(10), "it cannot renew: {took:?}");
    let took = controller.until_leading(true).unwrap();
    println!("from the answer of etcd to the lead: {took:?}");
    assert!(took <= Duration::from_secs(20), "{took:?}");
    assert!(holder(&harness).starts_with("waiting_"));
    assert!(!controller.log().contains("panicked"), "{}", controller.log());
}

#[test]
fn without_leader_election_there_is_no_lease() {
    let harness = Harness::start().unwrap();
    let controller = harness.controller("alone", &["--leader-elect=false"]).unwrap();
    controller.until_leading(true).unwrap();
    assert_eq!(harness.ask("GET", LEASE, None).unwrap().0, 404);
    controller.terminate().unwrap();
    harness.eventually("its end", || Ok(controller.log().contains("\"ended\""))).unwrap();
}
