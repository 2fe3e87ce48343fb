//! XRDs from their first look to their end, against a store that answers as an API server does.

use std::collections::BTreeMap;

use plat_resource::{GroupVersionKind, Value, object};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::fixtures::merge;
use crate::names::OFFERED_FINALIZER;
use crate::status::condition_of as find;
use crate::{EventKind, Propagation};

const NOW: &str = "2026-01-01T00:00:00Z";

/// The XRD of claims `App` and XRs `XApp`.
fn xrd() -> Value {
    json!({
        "apiVersion": "apiextensions.crossplane.io/v1", "kind": "CompositeResourceDefinition",
        "metadata": {"name": "xapps.acme.example", "uid": "xrd-uid", "generation": 1, "resourceVersion": "1"},
        "spec": {
            "group": "acme.example", "scope": "LegacyCluster",
            "names": {"kind": "XApp", "plural": "xapps", "singular": "xapp", "listKind": "XAppList", "shortNames": ["xa"]},
            "claimNames": {"kind": "App", "plural": "apps", "singular": "app", "listKind": "AppList"},
            "versions": [version("v1", true)],
        },
    })
}

fn version(name: &str, referenceable: bool) -> Value {
    json!({
        "name": name, "served": true, "referenceable": referenceable,
        "additionalPrinterColumns": [{"name": "SIZE", "type": "integer", "jsonPath": ".spec.size"}],
        "schema": {"openAPIV3Schema": {"type": "object", "properties": {
            "spec": {"type": "object", "properties": {"size": {"type": "integer"}}},
        }}},
    })
}

/// What an API server has.
#[derive(Clone)]
struct Server {
    xrd: Value,
    crds: BTreeMap<String, Value>,
    instances: Vec<Value>,
    version: u64,
    events: Vec<Event>,
    /// Whether names of new CRDs are accepted at once.
    establishes: bool,
    writes: usize,
}

impl Server {
    fn new(xrd: Value) -> Self {
        let (crds, instances) = (BTreeMap::new(), Vec::new());
        Self { xrd, crds, instances, version: 1, events: Vec::new(), establishes: true, writes: 0 }
    }

    fn settled(xrd: Value) -> Self {
        let mut server = Self::new(xrd);
        server.settle();
        server
    }

    fn look(&self) -> Decision {
        let crds: Vec<Value> = self.crds.values().cloned().collect();
        decide(&Observed { definition: &self.xrd, crds: &crds, instances: &self.instances, now: NOW })
    }

    /// Looks and writes until nothing is left to do.
    fn settle(&mut self) {
        self.settle_within(usize::MAX);
    }

    /// The same with an end after so many writes. Whether it was done before.
    fn settle_within(&mut self, writes: usize) -> bool {
        for _ in 0..20 {
            let decision = self.look();
            for write in &decision.writes {
                if self.writes >= writes {
                    return false;
                }
                self.write(write);
            }
            self.events.extend(decision.events);
            if decision.writes.is_empty() && decision.then != Then::Again {
                return true;
            }
        }
        panic!("it does not settle: {:?}", self.look());
    }

    fn write(&mut self, write: &Write) {
        self.writes += 1;
        self.version += 1;
        let version = json!(self.version.to_string());
        match write {
            Write::Create { object, manager } => {
                assert!(!self.crds.contains_key(object::name(object)));
                self.created(object, manager);
            }
            Write::Patch { key, patch, .. } => {
                let is_xrd = key.name == object::name(&self.xrd) && key.kind.kind != "CustomResourceDefinition";
                let target = if is_xrd { &mut self.xrd } else { self.crds.get_mut(&key.name).unwrap() };
                assert_eq!(patch["metadata"]["resourceVersion"], target["metadata"]["resourceVersion"]);
                merge(target, patch);
                object::set_metadata(target, "resourceVersion", version);
            }
            Write::Status { object } => {
                assert_eq!(object["metadata"]["resourceVersion"], self.xrd["metadata"]["resourceVersion"]);
                self.xrd["status"] = object["status"].clone();
                object::set_metadata(&mut self.xrd, "resourceVersion", version);
            }
            Write::Delete { key, uid, propagation } => {
                assert_eq!(*propagation, Propagation::Background);
                if key.kind.kind == "CustomResourceDefinition" {
                    self.crds.remove(&key.name);
                } else {
                    // Those with a finalizer wait for whoever reconciles them.
                    for instance in self.instances.iter_mut().filter(|instance| object::uid(instance) == uid) {
                        instance["metadata"]["deletionTimestamp"] = json!(NOW);
                    }
                }
            }
            Write::Apply { .. } | Write::ApplyStatus { .. } => panic!("not expected: {write:?}"),
        }
    }

    fn created(&mut self, object: &Value, manager: &str) {
        let mut object = object.clone();
        let name = object::name(&object).to_owned();
        object["metadata"]["uid"] = json!(format!("uid of {name}"));
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        object["spec"]["conversion"] = json!({"strategy": "None"});
        object["metadata"]["managedFields"] = json!([{
            "manager": manager, "operation": "Update", "apiVersion": "apiextensions.k8s.io/v1", "fieldsType": "FieldsV1",
            "fieldsV1": {"f:spec": {"f:conversion": {"f:strategy": {}}, "f:group": {}, "f:names": {"f:shortNames": {}}, "f:scope": {}, "f:versions": {}}},
        }]);
        let stored = object["spec"]["versions"].as_array().unwrap().iter().find(|version| version["storage"] == true);
        let stored = stored.map(|version| version["name"].clone());
        object["status"] = json!({"storedVersions": [stored]});
        if self.establishes {
            establish(&mut object);
        }
        self.crds.insert(name, object);
    }

    fn condition(&self, kind: &str) -> (String, String, String) {
        let found = find(&self.xrd, kind).cloned().unwrap_or_default();
        let text = |key: &str| found[key].as_str().unwrap_or_default().to_owned();
        (text("status"), text("reason"), text("message"))
    }

    fn change(&mut self, patch: &Value) {
        merge(&mut self.xrd, patch);
        let generation = self.xrd["metadata"]["generation"].as_i64().unwrap();
        self.xrd["metadata"]["generation"] = json!(generation + 1);
        self.writes = 0;
        self.events.clear();
    }

    fn told(&self) -> Vec<&str> {
        self.events.iter().map(|event| event.reason.as_str()).collect()
    }
}

fn establish(crd: &mut Value) {
    crd["status"]["conditions"] =
        json!([{"type": "NamesAccepted", "status": "True"}, {"type": "Established", "status": "True"}]);
}

#[test]
fn an_xrd_is_established_and_offered() {
    let server = Server::settled(xrd());
    assert_eq!(server.xrd["metadata"]["finalizers"], json!([DEFINED_FINALIZER, OFFERED_FINALIZER]));
    assert_eq!(server.crds.keys().collect::<Vec<_>>(), ["apps.acme.example", "xapps.acme.example"]);
    let crd = &server.crds["xapps.acme.example"];
    assert_eq!(crd["metadata"]["ownerReferences"][0]["uid"], "xrd-uid");
    assert_eq!(crd["spec"]["names"]["categories"], json!(["composite"]));
    assert_eq!(crd["spec"]["names"]["shortNames"], json!(["xa"]));
    assert_eq!(server.condition("Established").1, "WatchingCompositeResource");
    assert_eq!(server.condition("Offered").1, "WatchingCompositeResourceClaim");
    assert_eq!(find(&server.xrd, "Synced"), None);
    assert_eq!(
        server.xrd["status"]["controllers"],
        json!({
            "compositeResourceType": {"apiVersion": "acme.example/v1", "kind": "XApp"},
            "compositeResourceClaimType": {"apiVersion": "acme.example/v1", "kind": "App"},
        })
    );
    assert_eq!(server.told(), ["EstablishComposite", "OfferClaim"]);
    assert_eq!(server.events[0].message, "Applied composite resource CustomResourceDefinition: xapps.acme.example");
    assert_eq!(server.look(), Decision::wait());
}

#[test]
fn an_xrd_without_claims_names_an_empty_kind_for_them_as_in_crossplane() {
    let mut given = xrd();
    given["spec"].as_object_mut().unwrap().remove("claimNames");
    let server = Server::settled(given);
    assert_eq!(
        server.xrd["status"]["controllers"],
        json!({
            "compositeResourceType": {"apiVersion": "acme.example/v1", "kind": "XApp"},
            "compositeResourceClaimType": {"apiVersion": "", "kind": ""},
        })
    );
}

#[test]
fn nothing_is_said_to_be_established_before_the_api_server_says_so() {
    let mut server = Server { establishes: false, ..Server::new(xrd()) };
    server.settle();
    assert_eq!(find(&server.xrd, "Established"), None);
    let wait = Event::normal(
        "EstablishComposite",
        "waiting for composite resource CustomResourceDefinition to be established",
    );
    assert!(server.events.contains(&wait), "{:?}", server.events);
    server.crds.values_mut().for_each(establish);
    let taken = json!([{"type": "NamesAccepted", "status": "False", "message": "\"apps\" is already in use"}]);
    server.crds.get_mut("apps.acme.example").unwrap()["status"]["conditions"] = taken;
    server.settle();
    assert_eq!(server.condition("Established").0, "True");
    let (status, reason, message) = server.condition("Offered");
    assert_eq!((status.as_str(), reason.as_str()), ("False", "NamesNotAccepted"));
    assert_eq!(message, "spec.claimNames: \"apps\" is already in use");
}

#[test]
fn a_changed_xrd_changes_its_crds_and_only_what_differs() {
    let mut server = Server::settled(xrd());
    // Somebody else's label stays.
    server.crds.get_mut("xapps.acme.example").unwrap()["metadata"]["labels"] = json!({"mine": "kept"});
    server.change(
        &json!({"spec": {"versions": [version("v1", true), version("v2", false)], "names": {"shortNames": null}}}),
    );
    server.settle();
    let crd = &server.crds["xapps.acme.example"];
    assert_eq!(crd["spec"]["versions"].as_array().map(Vec::len), Some(2));
    assert_eq!(crd["spec"]["names"].get("shortNames"), None);
    assert_eq!(
        (&crd["metadata"]["labels"]["mine"], &crd["spec"]["conversion"]["strategy"]),
        (&json!("kept"), &json!("None"))
    );
    assert_eq!(server.writes, 3, "two CRDs and the status with the new generation");
    assert_eq!(find(&server.xrd, "Established").unwrap()["observedGeneration"], 2);
    // What somebody changed by hand is changed back.
    server.crds.get_mut("xapps.acme.example").unwrap()["spec"]["versions"][0]["served"] = json!(false);
    server.settle();
    assert_eq!(server.crds["xapps.acme.example"]["spec"]["versions"][0]["served"], true);
}

/// What is refused: change, reason, and how the message begins.
fn refused_changes() -> Vec<(Value, &'static str, &'static str)> {
    vec![
        (
            json!({"spec": {"scope": "Namespaced", "claimNames": null}}),
            "BreakingChange",
            "spec.scope: cannot change from Cluster",
        ),
        (
            json!({"spec": {"names": {"kind": "XShop", "listKind": "XShopList"}}}),
            "BreakingChange",
            "spec.names.kind: cannot change from XApp to XShop",
        ),
        (
            json!({"spec": {"claimNames": {"plural": "shops"}}}),
            "BreakingChange",
            "spec.claimNames.plural: cannot change from apps to shops",
        ),
        (
            json!({"spec": {"claimNames": {"kind": "Shop"}}}),
            "BreakingChange",
            "spec.claimNames.kind: cannot change from App to Shop",
        ),
        (
            json!({"spec": {"versions": [version("v2", true)]}}),
            "StoredVersionDropped",
            "spec.versions: version v1 cannot be dropped",
        ),
    ]
}

#[test]
fn what_would_lose_objects_is_refused_and_everything_stays() {
    for (change, reason, begins) in refused_changes() {
        let mut server = Server::settled(xrd());
        let before = server.crds.clone();
        server.change(&change);
        server.settle();
        assert_eq!(server.crds, before, "{reason}");
        let (status, said, message) = server.condition("Synced");
        assert_eq!((status.as_str(), said.as_str()), ("False", reason), "{message}");
        assert!(message.starts_with(begins), "{message}");
        // XRs and claims go on.
        assert_eq!(server.condition("Established").0, "True");
        assert_eq!(server.condition("Offered").0, "True");
        let event = server.events.iter().find(|event| event.kind == EventKind::Warning);
        assert_eq!(event.map(|event| event.message.clone()), Some(message));
        assert_eq!(server.look().writes, [], "it is said once");
    }
}

#[test]
fn a_refused_change_that_is_taken_back_is_forgotten() {
    let mut server = Server::settled(xrd());
    server.change(&json!({"spec": {"versions": [version("v2", true)]}}));
    server.settle();
    server.change(&json!({"spec": {"versions": [version("v1", false), version("v2", true)]}}));
    server.settle();
    assert_eq!(server.condition("Synced"), ("True".to_owned(), "ReconcileSuccess".to_owned(), String::new()));
    assert_eq!(server.crds["xapps.acme.example"]["spec"]["versions"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_crd_of_somebody_else_is_left_alone() {
    let mut server = Server::settled(xrd());
    let crd = server.crds.get_mut("xapps.acme.example").unwrap();
    crd["metadata"]["ownerReferences"][0]["uid"] = json!("other-uid");
    crd["metadata"]["ownerReferences"][0]["name"] = json!("other");
    server.change(&json!({"spec": {"names": {"shortNames": ["new"]}}}));
    server.settle();
    assert_eq!(server.crds["xapps.acme.example"]["spec"]["names"]["shortNames"], json!(["xa"]));
    let (status, reason, message) = server.condition("Established");
    assert_eq!((status.as_str(), reason.as_str()), ("False", "ControlledByAnother"));
    assert!(message.contains("is controlled by CompositeResourceDefinition other with UID other-uid"), "{message}");
    // Without an owner it is taken over, as Crossplane does.
    server.crds.get_mut("xapps.acme.example").unwrap()["metadata"].as_object_mut().unwrap().remove("ownerReferences");
    server.settle();
    assert_eq!(server.crds["xapps.acme.example"]["metadata"]["ownerReferences"][0]["uid"], "xrd-uid");
    assert_eq!(server.condition("Established").0, "True");
}

#[test]
fn an_xrd_that_does_not_load_says_why_by_field() {
    let mut broken = xrd();
    broken["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["size"]["type"] =
        json!("number?");
    let server = Server::settled(broken);
    assert!(server.crds.is_empty());
    let (status, reason, message) = server.condition("Established");
    assert_eq!((status.as_str(), reason.as_str()), ("False", "InvalidDefinition"));
    assert!(message.contains("spec.versions") && message.contains("number?"), "{message}");
    assert_eq!(server.told(), ["RenderCRD"]);
    // One that was sound before keeps what it has.
    let mut server = Server::settled(xrd());
    let before = server.crds.clone();
    server.change(&json!({"spec": {"versions": []}}));
    server.settle();
    assert_eq!(server.crds, before);
    assert_eq!(
        (server.condition("Established").0, server.condition("Synced").0),
        ("True".to_owned(), "False".to_owned())
    );
}

#[test]
fn what_the_api_server_refuses_is_said() {
    let mut server = Server::settled(xrd());
    let crds: Vec<Value> = server.crds.values().cloned().collect();
    let observed = Observed { definition: &server.xrd, crds: &crds, instances: &[], now: NOW };
    let decision = refused_by_server(&observed, Role::Claim, "spec.versions[0]: Invalid value");
    decision.writes.iter().for_each(|write| server.write(write));
    let expected =
        "cannot apply rendered composite resource claim CustomResourceDefinition: spec.versions[0]: Invalid value";
    assert_eq!(server.condition("Synced"), ("False".to_owned(), "RefusedByServer".to_owned(), expected.to_owned()));
    assert_eq!(decision.events, [Event::warning("OfferClaim", expected)]);
}

#[test]
fn claims_that_are_no_longer_offered_stay() {
    let mut server = Server::settled(xrd());
    server.change(&json!({"spec": {"claimNames": null, "connectionSecretKeys": null}}));
    server.settle();
    assert!(server.crds.contains_key("apps.acme.example"));
    let (status, reason, message) = server.condition("Offered");
    assert_eq!((status.as_str(), reason.as_str()), ("False", "ClaimNamesRemoved"), "{message}");
    assert_eq!(server.look(), Decision::wait());
}

fn instance(kind: &str, namespace: &str, name: &str) -> Value {
    let mut instance = json!({
        "apiVersion": "acme.example/v1", "kind": kind,
        "metadata": {"name": name, "uid": format!("uid of {kind} {name}"), "finalizers": ["keep"]},
    });
    if !namespace.is_empty() {
        instance["metadata"]["namespace"] = json!(namespace);
    }
    instance
}

#[test]
fn a_deleted_xrd_waits_for_claims_then_xrs_then_its_crds() {
    let mut server = Server::settled(xrd());
    server.instances = vec![instance("App", "team", "a"), instance("App", "team", "b"), instance("XApp", "", "a-1")];
    server.change(&json!({"metadata": {"deletionTimestamp": NOW}}));
    server.settle();
    assert_eq!(server.crds.len(), 2);
    let (_, reason, message) = server.condition("Offered");
    assert_eq!(reason, "TerminatingCompositeResourceClaim");
    assert_eq!(message, "waiting for defined composite resource claims to be deleted: 2 left: team/a, team/b");
    assert!(
        server.instances[..2].iter().all(is_deleted) && !is_deleted(&server.instances[2]),
        "XRs wait for their claims"
    );
    assert_eq!(server.told(), ["RedactClaim"]);
    server.instances.drain(..2);
    server.settle();
    assert_eq!(server.crds.keys().collect::<Vec<_>>(), ["xapps.acme.example"]);
    assert_eq!(server.xrd["metadata"]["finalizers"], json!([DEFINED_FINALIZER]));
    assert!(is_deleted(&server.instances[0]));
    assert!(server.condition("Established").2.ends_with("1 left: a-1"));
    server.instances.clear();
    server.settle();
    assert!(server.crds.is_empty());
    assert_eq!(server.xrd["metadata"]["finalizers"], json!([]));
    let deleted = "Deleted composite resource CustomResourceDefinition: xapps.acme.example";
    assert!(server.events.contains(&Event::normal("TerminateComposite", deleted)), "{:?}", server.events);
    assert_eq!(server.look(), Decision::wait());
}

#[test]
fn a_deleted_xrd_leaves_a_crd_that_is_not_its_own() {
    let mut server = Server::settled(xrd());
    for crd in server.crds.values_mut() {
        crd["metadata"]["ownerReferences"][0]["uid"] = json!("other-uid");
    }
    server.change(&json!({"metadata": {"deletionTimestamp": NOW}}));
    server.settle();
    assert_eq!((server.crds.len(), &server.xrd["metadata"]["finalizers"]), (2, &json!([])));
}

#[test]
fn instances_are_asked_for_only_at_the_end() {
    let mut server = Server::settled(xrd());
    let crds: Vec<Value> = server.crds.values().cloned().collect();
    assert_eq!(instance_kinds(&server.xrd, &crds), []);
    server.change(&json!({"metadata": {"deletionTimestamp": NOW}}));
    let kind = |kind: &str| GroupVersionKind::new("acme.example/v1", kind);
    let expected = [(Role::Claim, kind("App")), (Role::Composite, kind("XApp"))];
    assert_eq!(instance_kinds(&server.xrd, &crds), expected);
}

fn any_change() -> impl Strategy<Value = Value> {
    let columns = prop::sample::select(vec!["SIZE", "AGE", "WHO"]);
    let versions = (columns, 1..4_usize, 0..3_usize).prop_map(|(column, count, referenceable)| {
        let mut versions: Vec<Value> = (1..=count)
            .map(|number| version(&format!("v{number}"), number == 1 + referenceable.min(count - 1)))
            .collect();
        versions[0]["additionalPrinterColumns"][0]["name"] = json!(column);
        json!({"spec": {"versions": versions}})
    });
    let refused = prop::sample::select(refused_changes().into_iter().map(|(change, ..)| change).collect::<Vec<_>>());
    let label = prop::option::of("[a-z]{1,5}").prop_map(|value| json!({"metadata": {"labels": {"team": value}}}));
    prop_oneof![4 => versions, 1 => refused, 2 => label]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever an XRD becomes, and wherever its controller is stopped: what follows ends where it would have ended, and then
    /// nothing is left to write.
    #[test]
    fn stopped_at_any_write_it_ends_the_same(changes in prop::collection::vec(any_change(), 1..4), stop in 0..6_usize) {
        let mut straight = Server::settled(xrd());
        let mut stopped = straight.clone();
        for change in &changes {
            straight.change(change);
            straight.settle();
            stopped.change(change);
            stopped.settle_within(stop);
            stopped.settle();
        }
        prop_assert_eq!(&straight.crds.keys().collect::<Vec<_>>(), &stopped.crds.keys().collect::<Vec<_>>());
        for (name, crd) in &straight.crds {
            prop_assert_eq!(&crd["spec"], &stopped.crds[name]["spec"]);
        }
        prop_assert_eq!(&straight.xrd["status"], &stopped.xrd["status"]);
        prop_assert_eq!(stopped.look().writes, []);
    }
}
