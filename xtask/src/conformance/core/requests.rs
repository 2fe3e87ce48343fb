//! Made-up render requests: an XR, its Composition and what there is already.
//!
//! Owns the generator. It is seeded, so a difference comes back with the same number.

use plat_cluster::render::{CompositeInput, FunctionAddress};
use plat_expand::names;
use plat_resource::{GroupVersionKind, Value, object};
use serde_json::json;

use super::super::generated::Random;

mod composition;

const GROUP: &str = "example.org";
const KIND: &str = "XThing";
/// The UID of XRs that have one.
const UID: &str = "2f4a61b7-5d1c-4f0e-9a38-07f1c2e0b6aa";

/// Request number `seed`.
pub(super) fn request(seed: u64, functions: &[FunctionAddress]) -> CompositeInput {
    let mut random = Random::new(seed);
    let composite_resource_definition = definition(&mut random);
    let legacy = composite_resource_definition.as_ref().is_some_and(|definition| {
        let scope = object::string_at(definition, &["spec", "scope"]);
        scope == Some("LegacyCluster")
            || (scope.is_none() && definition["apiVersion"] == "apiextensions.crossplane.io/v1")
    });
    let composite_resource = composite(&mut random, legacy);
    let composition = composition::composition(&mut random);
    let observed_resources = observed(&mut random, &composite_resource);
    let mut functions = functions.to_vec();
    if random.one_in(20) {
        functions.remove(0);
    }
    CompositeInput {
        composite_resource,
        composition,
        functions,
        observed_resources,
        required_resources: required(&mut random),
        credentials: credentials(&mut random),
        required_schemas: Vec::new(),
        composite_resource_definition,
    }
}

fn definition(random: &mut Random) -> Option<Value> {
    let (version, scope) = match random.below(10) {
        0 | 1 => return None,
        2 | 3 => ("v1", None),
        4 => ("v1", Some("LegacyCluster")),
        5 => ("v1", Some("Namespaced")),
        6 => ("v2", Some("Cluster")),
        7 => ("v2", Some("LegacyCluster")),
        8 => ("v2", None),
        _ => ("v2", Some("Namespaced")),
    };
    let version = if random.one_in(40) { "v1beta1" } else { version };
    let kind = if random.one_in(40) { "XOther" } else { KIND };
    let mut definition = json!({
        "apiVersion": format!("apiextensions.crossplane.io/{version}"), "kind": "CompositeResourceDefinition",
        "metadata": {"name": "xthings.example.org"},
        "spec": {"group": GROUP, "names": {"kind": kind, "plural": "xthings"}, "versions": [
            {"name": "v1", "served": true, "referenceable": true, "schema": {"openAPIV3Schema": {"type": "object"}}},
        ]},
    });
    if let Some(scope) = scope {
        definition["spec"]["scope"] = json!(scope);
    }
    Some(definition)
}

fn composite(random: &mut Random, legacy: bool) -> Value {
    let mut composite = json!({
        "apiVersion": format!("{GROUP}/v1"), "kind": KIND, "metadata": metadata(random),
        "spec": {"text": "hello", "number": 3, "fraction": 1.5, "truth": true, "bad": "Not A Name", "list": ["a", "b"]},
    });
    match random.below(40) {
        0 => drop(composite.as_object_mut().map(|root| root.remove("spec"))),
        1 => composite["spec"] = Value::Null,
        2 => composite["spec"] = json!({}),
        _ => machinery(random, &mut composite, legacy),
    }
    if random.one_in(2) {
        composite["status"] = status(random);
    }
    if random.one_in(12) {
        oddity(random, &mut composite);
    }
    composite
}

/// Something that no API server would store.
fn oddity(random: &mut Random, composite: &mut Value) {
    match random.below(13) {
        0 => composite["status"] = json!("text"),
        1 => composite["status"] = json!({"conditions": "text"}),
        2 => composite["status"] = json!({"conditions": [{"type": "Custom", "status": 1, "lastTransitionTime": null}]}),
        3 => {
            composite["status"] =
                json!({"conditions": [condition("Ready", "True", "A"), condition("Ready", "False", "B")]});
        }
        4 => composite["status"] = json!({"conditions": ["text", null]}),
        5 => composite["spec"] = json!("text"),
        6 => composite["spec"] = json!({"crossplane": "text"}),
        7 => composite["spec"] = json!({"crossplane": null, "text": "hello"}),
        8 => composite["metadata"]["deletionTimestamp"] = json!("soon"),
        9 => composite["metadata"]["generation"] = json!("four"),
        10 => composite["metadata"]["generation"] = json!(1.5),
        11 => composite["apiVersion"] = json!("v1"),
        _ => drop(composite.as_object_mut().map(|root| root.remove("kind"))),
    }
}

fn metadata(random: &mut Random) -> Value {
    let mut metadata = json!({"name": random.pick(&[
        "thing", "thing", "thing", "thing-with-a-very-long-name-that-goes-on-and-on-until-it-is-long", "with.dots", "Upper",
    ])});
    if random.one_in(40) {
        metadata = json!({"generateName": "thing-"});
    }
    if random.one_in(2) {
        metadata["namespace"] = json!("team-a");
    }
    if random.one_in(2) {
        metadata["uid"] = json!(UID);
    }
    if random.one_in(2) {
        metadata["generation"] = json!(random.below(4));
    }
    if random.one_in(4) {
        metadata["resourceVersion"] = json!("17");
    }
    if random.one_in(2) {
        metadata["labels"] = labels(random);
    }
    if random.one_in(3) {
        metadata["annotations"] = annotations(random);
    }
    match random.below(20) {
        0 => metadata["deletionTimestamp"] = json!("2020-01-01T00:00:00Z"),
        1 => metadata["finalizers"] = json!(["composite.apiextensions.crossplane.io"]),
        _ => {}
    }
    metadata
}

fn labels(random: &mut Random) -> Value {
    match random.below(9) {
        0 => json!({"crossplane.io/composite": "root"}),
        1 => json!({"crossplane.io/composite": "thing", "tier": "gold"}),
        2 => json!({"crossplane.io/composite": ""}),
        3 => json!({"crossplane.io/claim-name": "claim", "crossplane.io/claim-namespace": "team-a"}),
        4 => {
            json!({"crossplane.io/composite": "root-7x2", "crossplane.io/claim-name": "claim", "crossplane.io/claim-namespace": "team-a"})
        }
        5 => json!({"crossplane.io/claim-name": "claim"}),
        6 => json!({"crossplane.io/composite": "root", "odd": 3}),
        7 => Value::Null,
        _ => json!({"tier": "gold"}),
    }
}

fn annotations(random: &mut Random) -> Value {
    match random.below(7) {
        0 => json!({"crossplane.io/paused": "true"}),
        1 => json!({"crossplane.io/paused": "false"}),
        2 | 3 => json!({"crossplane.io/reconcile-requested-at": "now-1"}),
        4 => json!({"crossplane.io/paused": true}),
        5 => json!({"crossplane.io/reconcile-requested-at": ""}),
        _ => json!({"note": "x"}),
    }
}

fn machinery(random: &mut Random, composite: &mut Value, legacy: bool) {
    let mut machinery = json!({});
    match random.below(7) {
        0 => machinery["compositionRef"] = json!({"name": "composition"}),
        1 => machinery["compositionRef"] = json!({"name": "another"}),
        2 => machinery["compositionRef"] = json!({"name": "composition", "kind": "Composition", "odd": 1}),
        3 => machinery["compositionRef"] = json!({"name": "composition", "odd": 1}),
        4 => machinery["compositionRef"] = Value::Null,
        _ => {}
    }
    match random.below(6) {
        0 => {
            machinery["resourceRefs"] = json!([
                {"apiVersion": "nop.example.org/v1", "kind": "NopResource", "name": "required-one", "namespace": "team-a"},
                {"apiVersion": "nop.example.org/v1", "kind": "NopResource", "name": "gone"},
                {"apiVersion": "nop.example.org/v1", "kind": "NopResource"},
            ]);
        }
        1 => machinery["resourceRefs"] = json!([]),
        _ => {}
    }
    if random.one_in(5) {
        machinery["writeConnectionSecretToRef"] = json!({"name": "live-secret", "namespace": "team-a"});
    }
    if random.one_in(5) {
        machinery["compositionUpdatePolicy"] = json!("Automatic");
    }
    if legacy && random.one_in(4) {
        machinery["claimRef"] =
            json!({"apiVersion": "example.org/v1", "kind": "Thing", "name": "claim", "namespace": "team-a"});
    }
    let Some(fields) = machinery.as_object().filter(|fields| !fields.is_empty()) else { return };
    // Now and then in the layout of the other sort of XR, where nobody reads it.
    let misplaced = random.one_in(10);
    if legacy == misplaced {
        composite["spec"]["crossplane"] = machinery;
        return;
    }
    for (key, value) in fields {
        composite["spec"][key] = value.clone();
    }
}

fn condition(kind: &str, status: &str, reason: &str) -> Value {
    json!({"type": kind, "status": status, "reason": reason, "lastTransitionTime": "2020-01-01T00:00:00Z"})
}

fn status(random: &mut Random) -> Value {
    let responsive = condition("Responsive", "True", "WatchCircuitClosed");
    let synced = condition("Synced", "True", "ReconcileSuccess");
    let ready = condition("Ready", "True", "Available");
    let mut custom = condition("Custom", "True", "Fine");
    match random.below(4) {
        0 => custom["message"] = json!("all is well"),
        1 => custom["observedGeneration"] = json!(2),
        2 => custom["odd"] = json!("x"),
        _ => {}
    }
    let mut creating = condition("Ready", "False", "Creating");
    creating["message"] = json!("Unready resources: one");
    let mut conditions = match random.below(8) {
        0 => json!([synced, ready, responsive]),
        1 => json!([synced, ready]),
        2 => json!([ready, custom]),
        3 => json!([custom, creating, synced]),
        4 => json!([condition("Synced", "False", "ReconcileError"), custom, condition("Healthy", "True", "X")]),
        5 => json!([{"type": "Custom", "status": "True"}]),
        6 => json!([]),
        _ => return random.pick(&[&json!({"old": 1}), &json!({}), &json!({"conditions": null}), &Value::Null]).clone(),
    };
    if random.one_in(3) {
        for condition in conditions.as_array_mut().into_iter().flatten() {
            condition["observedGeneration"] = json!(1 + random.below(3));
        }
    }
    let mut status = json!({"conditions": conditions});
    match random.below(4) {
        0 => status["old"] = json!({"a": [1, 2.5]}),
        1 => status["lastHandledReconcileAt"] = json!(random.pick(&["now-1", "before"])),
        2 => status["claimConditionTypes"] = json!(["Custom"]),
        _ => {}
    }
    status
}

/// Live composed resources.
fn observed(random: &mut Random, composite: &Value) -> Vec<Value> {
    let count = if random.one_in(2) { 0 } else { 1 + random.below(3) };
    let names = ["one", "two", "gone"];
    (0..count).map(|index| live(random, composite, names[index % names.len()])).collect()
}

fn live(random: &mut Random, composite: &Value, name: &str) -> Value {
    let kind = GroupVersionKind::of(composite);
    let offline = names::offline_uid(&kind, object::namespace(composite), object::name(composite));
    let uid = Some(object::uid(composite)).filter(|uid| !uid.is_empty()).unwrap_or(&offline);
    let mut live = json!({
        "apiVersion": "nop.example.org/v1", "kind": "NopResource",
        "metadata": {
            "name": format!("live-{name}"), "uid": format!("uid-{name}"), "resourceVersion": "5",
            "labels": {"crossplane.io/composite": "thing", "crossplane.io/claim-name": "claim", "keep": "x"},
            "annotations": {"crossplane.io/composition-resource-name": name},
        },
        "spec": {"seen": "text"},
    });
    let namespace = object::namespace(composite);
    match random.below(30) {
        0 => live["metadata"]["namespace"] = json!("elsewhere"),
        1 => {}
        _ if !namespace.is_empty() => live["metadata"]["namespace"] = json!(namespace),
        2..=14 => live["metadata"]["namespace"] = json!("team-b"),
        _ => {}
    }
    let owner = |uid: &str| json!({"apiVersion": "example.org/v1", "kind": KIND, "name": "thing", "uid": uid, "controller": true, "blockOwnerDeletion": true});
    match random.below(16) {
        0 => live["metadata"]["ownerReferences"] = json!([owner("another")]),
        1 | 2 => {}
        3 => {
            let mut plain = owner(uid);
            plain["controller"] = json!(false);
            live["metadata"]["ownerReferences"] = json!([plain]);
        }
        _ => live["metadata"]["ownerReferences"] = json!([owner(uid)]),
    }
    match random.below(16) {
        0 => live["metadata"]["annotations"] = json!({}),
        1 => live["metadata"]["generateName"] = json!("live-"),
        2 => live["metadata"]["labels"] = json!({"crossplane.io/composite": "thing", "odd": 1}),
        3 => live["metadata"]["labels"] = json!({"crossplane.io/composite": "thing"}),
        4 => drop(live["metadata"].as_object_mut().map(|metadata| metadata.remove("labels"))),
        _ => {}
    }
    if random.one_in(3) {
        live["spec"]["writeConnectionSecretToRef"] = json!({"name": "live-secret", "namespace": "team-a"});
    }
    live_status(random, &mut live);
    live
}

fn live_status(random: &mut Random, live: &mut Value) {
    let ready = |status: &str| json!([condition("Synced", "True", "X"), condition("Ready", status, "Y")]);
    let conditions = match random.below(9) {
        0 => return,
        1 => json!("odd"),
        2 => json!([{"type": "Ready", "status": "True"}]),
        3 => json!([{"type": "Ready", "status": true}]),
        4 => ready("False"),
        5 => ready("Unknown"),
        6 => json!([]),
        _ => ready("True"),
    };
    live["status"] = json!({"conditions": conditions, "address": "10.0.0.1", "count": 2});
}

fn required(random: &mut Random) -> Vec<Value> {
    let one = |name: &str, tier: &str| {
        json!({"apiVersion": "nop.example.org/v1", "kind": "NopResource",
            "metadata": {"name": name, "namespace": "team-a", "labels": {"tier": tier},
                "annotations": {"crossplane.io/composition-resource-name": "two"}},
            "status": {"conditions": [condition("Ready", "True", "Z")], "address": "required"}})
    };
    let mut found = Vec::new();
    if random.one_in(2) {
        found.extend([one("required-one", "gold"), one("required-two", "iron")]);
    }
    if random.one_in(6) {
        found.push(one("live-one", "gold"));
    }
    if random.one_in(2) {
        found.push(
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "live-secret", "namespace": "team-a"},
            "data": {"password": "c2VjcmV0", "user": "YWRtaW4="}}),
        );
    }
    if random.one_in(4) {
        found.push(json!({"apiVersion": "example.org/v1", "kind": "Thing", "metadata": {"name": "claim", "namespace": "team-a"}}));
    }
    found
}

fn credentials(random: &mut Random) -> Vec<Value> {
    let mut secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "access", "namespace": "team-a"},
        "data": {"token": "dG9rZW4="}});
    match random.below(4) {
        0 => return Vec::new(),
        1 => {
            secret = json!({"metadata": secret["metadata"], "data": secret["data"]});
        }
        _ => {}
    }
    vec![secret]
}
