use plat_plan::live::NoSchemas;
use plat_platform::Platform;

use super::*;
use crate::fixtures::{NOW, platform, revision};
use crate::status::condition_of;

fn claim() -> Value {
    json!({
        "apiVersion": "example.org/v1", "kind": "App",
        "metadata": {"name": "shop", "namespace": "team", "uid": "c-1", "resourceVersion": "3", "generation": 1,
                     "labels": {"tier": "gold", "app.kubernetes.io/name": "shop"}},
        "spec": {"size": 2},
    })
}

/// A cluster of one claim and what was made for it.
struct World {
    platform: Platform,
    claim: Value,
    composite: Option<Value>,
}

impl World {
    fn new() -> Self {
        Self { platform: platform("LegacyCluster", &[revision(1, Some("True"))]), claim: claim(), composite: None }
    }

    fn with<T>(&self, ask: impl FnOnce(&Look<'_>) -> T) -> T {
        let find = |name: &str| self.composite.clone().filter(|found| object::name(found) == name);
        let cause =
            |composite: &Value| deepest_cause(composite, Known { composed: &|_| Vec::new(), refused: &|_| None });
        ask(&Look {
            claim: &self.claim,
            definition: &self.platform.definitions()[0],
            composite: &find,
            cause: &cause,
            schemas: &NoSchemas,
            now: NOW,
        })
    }

    #[expect(clippy::redundant_closure_for_method_calls, reason = "the path has no lifetime that fits")]
    fn next(&self) -> Next {
        self.with(|look| look.next())
    }

    /// Carries decisions out until the claim is bound or there is nothing to do; gives their writes.
    fn settle(&mut self) -> Vec<Write> {
        let mut all = Vec::new();
        for _ in 0..8 {
            let Next::Decided(decision) = self.next() else { return all };
            decision.writes.iter().for_each(|write| self.carry_out(write));
            all.extend(decision.writes);
            if decision.then != Then::Again {
                return all;
            }
        }
        panic!("no end: {all:?}")
    }

    fn carry_out(&mut self, write: &Write) {
        match write {
            Write::Patch { patch, .. } => {
                if let Some(finalizers) = patch["metadata"].get("finalizers") {
                    self.claim["metadata"]["finalizers"] = finalizers.clone();
                }
                for (key, value) in patch.get("spec").and_then(Value::as_object).into_iter().flatten() {
                    self.claim["spec"][key] = value.clone();
                }
            }
            Write::Apply { object, manager } => {
                let mut made = object.clone();
                made["metadata"]["uid"] = json!("x-1");
                made["metadata"]["managedFields"] =
                    json!([{"manager": manager, "fieldsV1": {"f:spec": {"f:size": {}}}}]);
                self.composite = Some(made);
            }
            Write::Status { object } => self.claim = object.clone(),
            Write::Delete { .. } => self.composite = None,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn the_claim_names_its_xr_before_the_xr_is_made() {
    let mut world = World::new();
    let writes = world.settle();
    assert!(
        matches!(&writes[0], Write::Patch { patch, .. } if patch["spec"]["resourceRef"]["kind"] == "XApp"),
        "{writes:?}"
    );
    let Write::Apply { object: made, manager } = &writes[1] else { panic!("{writes:?}") };
    assert_eq!((manager.as_str(), &made["spec"]["size"]), (CLAIM_MANAGER, &json!(2)));
    assert!(object::name(made).starts_with("shop-"));
    assert_eq!(
        made["metadata"]["labels"],
        json!({
        "tier": "gold", "crossplane.io/claim-name": "shop", "crossplane.io/claim-namespace": "team"})
    );
    assert_eq!(world.settle(), Vec::new(), "what is bound and equal is left alone");
    let mut again = World::new();
    assert_eq!(again.settle()[0], writes[0], "whoever is stopped in between makes the same name again");
    world.claim["spec"]["size"] = json!(3);
    assert!(matches!(world.settle().as_slice(), [Write::Apply { object, .. }] if object["spec"]["size"] == 3));
}

#[test]
fn the_claim_shows_status_and_the_deepest_cause() {
    let mut world = World::new();
    world.settle();
    let composite = world.composite.as_mut().unwrap();
    composite["status"] = json!({"address": "a.example", "claimConditionTypes": ["Backup"], "conditions": [
        {"type": "Synced", "status": "False", "reason": "ReconcileError", "message": "no quota"},
        {"type": "Backup", "status": "True", "reason": "Done", "lastTransitionTime": NOW},
    ]});
    let Next::Bound(composite) = world.next() else { panic!() };
    let decision = world.with(|look| look.conclude(&composite, false));
    let Write::Status { object } = &decision.writes[0] else { panic!() };
    assert_eq!(object["status"]["address"], "a.example");
    assert!(object["status"].get("claimConditionTypes").is_none());
    let message = condition_of(object, "Ready").unwrap()["message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("Claim is waiting for composite resource to become Ready: XApp shop-"), "{message}");
    assert!(message.ends_with(": no quota"), "{message}");
    assert_eq!(condition_of(object, "Backup").unwrap()["reason"], "Done");
    assert_eq!(decision.events[0].kind, crate::EventKind::Warning);
    world.claim = object.clone();
    assert_eq!(world.with(|look| look.conclude(&composite, false)), Decision::wait());
    // One that was ready is so still, and does not hide that it fails now.
    let mut composite = composite;
    let ready = json!({"type": "Ready", "status": "True", "reason": "Available"});
    composite["status"]["conditions"].as_array_mut().unwrap().push(ready);
    let decision = world.with(|look| look.conclude(&composite, false));
    let Write::Status { object } = &decision.writes[0] else { panic!() };
    let condition = condition_of(object, "Ready").unwrap();
    assert_eq!((&condition["status"], &condition["reason"]), (&json!("True"), &json!("Available")));
    assert!(condition["message"].as_str().unwrap().ends_with(": no quota"), "{condition}");
    assert_eq!(decision.events[0].kind, crate::EventKind::Warning);
}

#[test]
fn an_xr_of_another_claim_is_not_taken() {
    let mut world = World::new();
    world.settle();
    world.composite.as_mut().unwrap()["spec"]["claimRef"]["name"] = json!("other");
    let Next::Decided(decision) = world.next() else { panic!() };
    let [Write::Status { object }] = decision.writes.as_slice() else { panic!("{decision:?}") };
    assert!(
        condition_of(object, "Synced").unwrap()["message"]
            .as_str()
            .unwrap()
            .contains("references a different claim \"other\"")
    );
    assert_eq!(decision.then, Then::Wait);
}

#[test]
fn deletion_takes_the_xr_first_and_waits_for_it_where_asked() {
    let mut world = World::new();
    world.settle();
    world.claim["metadata"]["deletionTimestamp"] = json!(NOW);
    world.claim["spec"]["compositeDeletePolicy"] = json!("Foreground");
    let Next::Decided(decision) = world.next() else { panic!() };
    assert!(
        matches!(&decision.writes[0], Write::Delete { uid, propagation: Propagation::Foreground, .. } if uid == "x-1")
    );
    world.composite.as_mut().unwrap()["metadata"]["deletionTimestamp"] = json!(NOW);
    let Next::Decided(waiting) = world.next() else { panic!() };
    assert!(matches!(waiting.writes.as_slice(), [Write::Status { .. }]), "the finalizer stays: {waiting:?}");
    world.composite = None;
    let Next::Decided(last) = world.next() else { panic!() };
    assert!(matches!(&last.writes[0], Write::Patch { patch, .. } if patch["metadata"]["finalizers"] == json!([])));
}
