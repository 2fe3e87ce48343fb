//! Revisions as a Composition changes, and whether their pipelines can run.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::EventKind;
use crate::status::{condition_of as find, has_status};

const NOW: &str = "2026-01-01T00:00:00Z";

fn composition(functions: &[&str]) -> Value {
    let steps: Vec<Value> = functions.iter().map(|name| json!({"step": name, "functionRef": {"name": name}})).collect();
    json!({
        "apiVersion": REVISION_API, "kind": "Composition",
        "metadata": {"name": "apps", "uid": "composition-uid", "labels": {"channel": "stable"}},
        "spec": {
            "compositeTypeRef": {"apiVersion": "acme.example/v1", "kind": "XApp"}, "mode": "Pipeline", "pipeline": steps,
        },
    })
}

struct Server {
    composition: Value,
    revisions: BTreeMap<String, Value>,
    platform: Platform,
    events: Vec<Event>,
    version: u64,
}

impl Server {
    fn new(composition: Value) -> Self {
        let (platform, _) = Platform::load(Vec::new());
        Self { composition, revisions: BTreeMap::new(), platform, events: Vec::new(), version: 1 }
    }

    fn settled(composition: Value) -> Self {
        let mut server = Self::new(composition);
        server.settle();
        server
    }

    fn look(&self) -> Decision {
        let revisions: Vec<&Value> = self.revisions.values().collect();
        decide(&Observed { composition: &self.composition, revisions: &revisions, platform: &self.platform, now: NOW })
    }

    fn settle(&mut self) {
        for _ in 0..20 {
            let decision = self.look();
            decision.writes.iter().for_each(|write| self.write(write));
            self.events.extend(decision.events);
            if decision.writes.is_empty() {
                return;
            }
        }
        panic!("it does not settle: {:?}", self.look());
    }

    fn write(&mut self, write: &Write) {
        self.version += 1;
        let name = write.key().name;
        let mut object = match write {
            Write::Create { object, .. } => {
                assert!(!self.revisions.contains_key(&name), "{name} is there already");
                object.clone()
            }
            Write::Status { object } => {
                let live = &self.revisions[&name];
                assert_eq!(object["metadata"]["resourceVersion"], live["metadata"]["resourceVersion"]);
                let mut changed = live.clone();
                changed["status"] = object["status"].clone();
                changed
            }
            Write::Patch { patch, .. } => {
                let mut changed = self.revisions[&name].clone();
                assert_eq!(patch["metadata"]["resourceVersion"], changed["metadata"]["resourceVersion"]);
                if let Some(owners) = patch["metadata"].get("ownerReferences") {
                    changed["metadata"]["ownerReferences"] = owners.clone();
                }
                if let Some(number) = patch.pointer("/spec/revision") {
                    changed["spec"]["revision"] = number.clone();
                }
                changed
            }
            other => panic!("not expected: {other:?}"),
        };
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        self.revisions.insert(name, object);
    }

    /// Numbers by name.
    fn numbers(&self) -> BTreeMap<&str, i64> {
        self.revisions.iter().map(|(name, revision)| (name.as_str(), number(revision))).collect()
    }

    fn latest(&self) -> &Value {
        self.revisions.values().max_by_key(|revision| number(revision)).unwrap()
    }
}

#[test]
fn a_composition_gets_a_revision_that_says_the_same() {
    let server = Server::settled(composition(&["function-patch-and-transform"]));
    let hash = Hash::of(&server.composition);
    let revision = server.latest();
    assert_eq!(object::name(revision), format!("apps-{}", hash.suffix()));
    assert_eq!(
        revision["metadata"]["labels"],
        json!({COMPOSITION_NAME_LABEL: "apps", COMPOSITION_HASH_LABEL: hash.label(), "channel": "stable"})
    );
    let owner = &revision["metadata"]["ownerReferences"][0];
    assert_eq!((&owner["uid"], &owner["controller"]), (&json!("composition-uid"), &json!(true)));
    let mut spec = server.composition["spec"].clone();
    spec["revision"] = json!(1);
    assert_eq!(revision["spec"], spec);
    assert!(has_status(revision, "ValidPipeline", "True") && has_status(revision, "Synced", "True"), "{revision}");
    assert_eq!(server.events[0], Event::normal("CreateRevision", "Created new revision 1"));
    assert_eq!(server.look(), Decision::wait());
}

#[test]
fn a_state_that_was_there_before_is_its_old_revision_with_a_new_number() {
    let (first, second) = (composition(&["function-auto-ready"]), composition(&["function-patch-and-transform"]));
    let mut server = Server::settled(first.clone());
    let name = object::name(server.latest()).to_owned();
    server.composition = second;
    server.settle();
    assert_eq!(server.numbers().into_values().collect::<std::collections::BTreeSet<_>>(), [1, 2].into());
    server.composition = first;
    server.settle();
    assert_eq!((server.numbers().len(), server.numbers()[name.as_str()]), (2, 3));
}

#[test]
fn a_change_of_a_label_is_a_new_revision() {
    let mut server = Server::settled(composition(&["function-auto-ready"]));
    server.composition["metadata"]["labels"]["channel"] = json!("beta");
    server.settle();
    assert_eq!(server.numbers().len(), 2);
    assert_eq!(server.latest()["metadata"]["labels"]["channel"], "beta");
    // What only the API server and other controllers write is none.
    server.composition["metadata"]["generation"] = json!(9);
    server.composition["status"] = json!({"a": 1});
    assert_eq!(server.look(), Decision::wait());
}

#[test]
fn a_pipeline_is_valid_once_its_functions_are_there() {
    let mut server = Server::settled(composition(&["function-auto-ready", "function-own", "function-own"]));
    let found = find(server.latest(), "ValidPipeline").unwrap();
    assert_eq!(
        (&found["status"], &found["reason"], &found["message"]),
        (
            &json!("False"),
            &json!("MissingCapabilities"),
            &json!("function \"function-own\" is not installed: create a Function of this name")
        )
    );
    assert!(server.events.iter().any(|event| event.kind == EventKind::Warning && event.reason == "CheckCapabilities"));
    let function = json!({
        "apiVersion": "pkg.crossplane.io/v1", "kind": "Function", "metadata": {"name": "function-own"},
        "spec": {"package": "registry.example/acme/function-own:v1"},
    });
    let (platform, findings) = Platform::load(vec![Document::synthetic(function, "function")]);
    assert!(findings.is_empty(), "{findings:?}");
    server.platform = platform;
    server.settle();
    assert!(has_status(server.latest(), "ValidPipeline", "True"), "{}", server.latest());
}

#[test]
fn revisions_without_an_owner_are_adopted_and_those_of_others_are_not() {
    let mut server = Server::settled(composition(&["function-auto-ready"]));
    let name = object::name(server.latest()).to_owned();
    server.revisions.get_mut(&name).unwrap()["metadata"].as_object_mut().unwrap().remove("ownerReferences");
    server.settle();
    assert_eq!(server.revisions[&name]["metadata"]["ownerReferences"][0]["uid"], "composition-uid");
    server.revisions.get_mut(&name).unwrap()["metadata"]["ownerReferences"][0]["uid"] = json!("before");
    let decision = server.look();
    assert_eq!((decision.writes.len(), decision.then), (0, Then::Retry));
    assert!(decision.events[0].message.contains("but Composition apps with UID before controls it"), "{decision:?}");
}

#[test]
fn a_composition_that_cannot_be_read_is_a_revision_with_a_warning() {
    let mut broken = composition(&["function-auto-ready"]);
    broken["spec"]["pipeline"][0]["functionRef"] = json!({});
    let server = Server::settled(broken);
    let warning = server.events.iter().find(|event| event.reason == "InvalidComposition");
    let warning = warning.unwrap_or_else(|| panic!("no warning: {:?}", server.events));
    assert!(warning.message.contains("spec.pipeline[0].functionRef"), "{}", warning.message);
}

#[test]
fn a_composition_that_goes_is_left_alone() {
    let mut server = Server::new(composition(&["function-auto-ready"]));
    server.composition["metadata"]["deletionTimestamp"] = json!(NOW);
    assert_eq!(server.look(), Decision::wait());
}

proptest! {
    /// Whatever states a Composition goes through: one revision for each of them, and the present one has the highest number.
    #[test]
    fn one_revision_for_each_state(states in prop::collection::vec(0..4_usize, 1..10)) {
        let functions = ["function-auto-ready", "function-patch-and-transform", "function-a", "function-b"];
        let mut server = Server::new(composition(&[]));
        let mut seen = std::collections::BTreeSet::new();
        for state in states {
            seen.insert(state);
            server.composition = composition(&functions[state..=state]);
            server.settle();
            prop_assert_eq!(server.revisions.len(), seen.len());
            prop_assert!(is_of(server.latest(), &Hash::of(&server.composition)));
            let numbers: std::collections::BTreeSet<i64> = server.numbers().into_values().collect();
            prop_assert_eq!(numbers.len(), seen.len(), "no number is given twice");
        }
    }
}
