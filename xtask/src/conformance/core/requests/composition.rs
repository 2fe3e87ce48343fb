//! Made-up Compositions for render requests: one to three steps of functions that plat has too.

use serde_json::json;

use super::super::super::generated::Random;
use super::super::REMOTE;
use super::{GROUP, KIND, Value};

const PATCH_AND_TRANSFORM: &str = "function-patch-and-transform";
const AUTO_READY: &str = "function-auto-ready";

/// One Composition.
pub(super) fn composition(random: &mut Random) -> Value {
    let kind = if random.one_in(30) { "XOther" } else { KIND };
    let mut composition = json!({
        "apiVersion": "apiextensions.crossplane.io/v1", "kind": "Composition", "metadata": {"name": "composition"},
        "spec": {
            "compositeTypeRef": {"apiVersion": format!("{GROUP}/v1"), "kind": kind},
            "mode": "Pipeline", "pipeline": pipeline(random),
        },
    });
    if random.one_in(6) {
        composition["spec"]["writeConnectionSecretsToNamespace"] = json!("secrets");
    }
    composition
}

fn pipeline(random: &mut Random) -> Vec<Value> {
    if random.one_in(40) {
        return Vec::new();
    }
    let first = if random.one_in(6) { REMOTE } else { PATCH_AND_TRANSFORM };
    let mut steps = vec![step("compose", first, Some(resources(random, Base::Given)))];
    match random.below(8) {
        0 => {}
        1 => steps.push(step("patch", PATCH_AND_TRANSFORM, Some(resources(random, Base::LeftOut)))),
        2 => {
            steps.push(step("patch", PATCH_AND_TRANSFORM, Some(resources(random, Base::LeftOut))));
            steps.push(step("ready", AUTO_READY, None));
        }
        3 => steps.insert(0, step("ready", AUTO_READY, None)),
        4 => steps.push(step("more", PATCH_AND_TRANSFORM, Some(resources(random, Base::Given)))),
        _ => steps.push(step("ready", AUTO_READY, None)),
    }
    if random.one_in(30) {
        steps.push(step("empty", PATCH_AND_TRANSFORM, None));
    }
    for step in &mut steps {
        extras(random, step);
    }
    steps
}

fn step(name: &str, function: &str, input: Option<Value>) -> Value {
    let mut step = json!({"step": name, "functionRef": {"name": function}});
    if let Some(input) = input {
        step["input"] = input;
    }
    step
}

/// Credentials and requirements.
fn extras(random: &mut Random, step: &mut Value) {
    if random.one_in(12) {
        let secret = json!({"name": random.pick(&["access", "access", "missing"]), "namespace": "team-a"});
        step["credentials"] =
            json!([{"name": "c", "source": "Secret", "secretRef": secret}, {"name": "n", "source": "None"}]);
    }
    if random.one_in(12) {
        let kind = json!({"apiVersion": "nop.example.org/v1", "kind": "NopResource"});
        let with = |name: &str, more: Value| {
            let mut requirement = kind.clone();
            requirement["requirementName"] = json!(name);
            for (key, value) in more.as_object().into_iter().flatten() {
                requirement[key] = value.clone();
            }
            requirement
        };
        step["requirements"] = json!({"requiredResources": [
            with("named", json!({"name": "required-one", "namespace": "team-a"})),
            with("missing", json!({"name": "nowhere"})),
            with("labelled", json!({"matchLabels": {"tier": "gold"}})),
            with("odd", json!({"name": ""})),
        ]});
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Base {
    Given,
    LeftOut,
}

fn resources(random: &mut Random, base: Base) -> Value {
    let count = [1, 1, 2, 2, 3, 5][random.below(6)];
    let names = ["one", "two", "three", "four", "Fifth_Resource with spaces"];
    let count = if random.one_in(40) { 0 } else { count };
    let templates: Vec<Value> = (0..count).map(|index| template(random, names[index], base)).collect();
    let mut input = json!({"apiVersion": "pt.fn.crossplane.io/v1beta1", "kind": "Resources", "resources": templates});
    if random.one_in(6) {
        input["writeConnectionSecretToRef"] = json!({"name": "made-secret", "namespace": "team-a"});
    }
    input
}

fn template(random: &mut Random, name: &str, kind: Base) -> Value {
    let mut template = json!({"name": name});
    if kind == Base::Given {
        template["base"] = base(random);
    }
    let patches: Vec<Value> = (0..random.below(4)).map(|_| patch(random)).collect();
    if !patches.is_empty() || kind == Base::LeftOut {
        template["patches"] = json!(patches);
    }
    if random.one_in(3) {
        template["readinessChecks"] = json!([match random.below(4) {
            0 => json!({"type": "None"}),
            1 => json!({"type": "NonEmpty", "fieldPath": "status.address"}),
            2 => json!({"type": "MatchInteger", "fieldPath": "status.count", "matchInteger": 2}),
            _ => json!({"type": "MatchCondition", "matchCondition": {"type": "Synced", "status": "True"}}),
        }]);
    }
    if random.one_in(3) {
        template["connectionDetails"] = json!([
            {"name": "password", "type": "FromConnectionSecretKey", "fromConnectionSecretKey": "password"},
            {"name": "address", "type": "FromFieldPath", "fromFieldPath": "status.address"},
            {"name": "fixed", "type": "FromValue", "value": "v"},
        ]);
    }
    template
}

fn base(random: &mut Random) -> Value {
    let mut base = match random.below(12) {
        0 => json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "b"}}),
        1 => json!({"apiVersion": "v1", "kind": "Namespace"}),
        2 => json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "rules": []}),
        3 => json!({"apiVersion": "example.org/v1", "kind": "XThing", "spec": {"nested": true}}),
        _ => {
            json!({"apiVersion": "nop.example.org/v1", "kind": "NopResource", "spec": {"n": 3, "f": 1.5, "big": 1e21, "keep": null}})
        }
    };
    if random.one_in(30) {
        base["metadata"] = Value::Null;
    } else if !random.one_in(3) {
        base["metadata"] = metadata(random);
    }
    if random.one_in(8) {
        base["status"] = json!({"made": true});
    }
    base
}

fn metadata(random: &mut Random) -> Value {
    let mut metadata = json!({});
    match random.below(10) {
        0 | 1 => metadata["name"] = json!("explicit"),
        2 => metadata["generateName"] = json!("made-"),
        3 => metadata["generateName"] = json!("a-prefix-that-is-rather-long-so-that-it-has-to-be-cut-somewhere-in-it"),
        4 => {
            metadata["name"] = json!(random.pick(&["Bad Name", "with:colon", "-start", "end-", "under_score", "a..b"]));
        }
        5 => metadata["name"] = json!("n".repeat(254)),
        6 => metadata["generateName"] = json!("Bad_"),
        _ => {}
    }
    match random.below(5) {
        0 => metadata["namespace"] = json!("elsewhere"),
        1 => metadata["namespace"] = json!("team-a"),
        _ => {}
    }
    match random.below(8) {
        0 => metadata["labels"] = json!({"a": "b", "crossplane.io/composite": "mine"}),
        1 => metadata["labels"] = json!({"a": 1, "b": "c"}),
        2 => metadata["labels"] = Value::Null,
        3 => metadata["labels"] = json!("text"),
        _ => {}
    }
    match random.below(8) {
        0 => metadata["annotations"] = json!({"crossplane.io/composition-resource-name": "mine", "x": "y"}),
        1 => metadata["annotations"] = json!({"x": true}),
        2 => metadata["annotations"] = json!({"crossplane.io/external-name": "ext"}),
        _ => {}
    }
    let owner = |uid: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": uid});
    match random.below(16) {
        0 => metadata["ownerReferences"] = json!([owner("other")]),
        1 => {
            let mut controller = owner("other");
            controller["controller"] = json!(true);
            metadata["ownerReferences"] = json!([controller]);
        }
        2 => {
            let mut own = owner(super::UID);
            own["controller"] = json!(true);
            metadata["ownerReferences"] = json!([owner("other"), own]);
        }
        3 => metadata["ownerReferences"] = json!([owner("other"), "odd"]),
        4 => metadata["ownerReferences"] = json!({"a": 1}),
        5 => metadata["ownerReferences"] = json!([]),
        _ => {}
    }
    match random.below(16) {
        0 => metadata["uid"] = json!("given-uid"),
        1 => metadata["finalizers"] = json!(["x"]),
        2 => metadata["generation"] = json!(3),
        _ => {}
    }
    metadata
}

fn patch(random: &mut Random) -> Value {
    let from =
        |from: &str, to: &str| json!({"type": "FromCompositeFieldPath", "fromFieldPath": from, "toFieldPath": to});
    let to = |from: &str, to: &str| json!({"type": "ToCompositeFieldPath", "fromFieldPath": from, "toFieldPath": to});
    let mut patch = match random.below(22) {
        0 => from("spec.text", "metadata.name"),
        1 => from("spec.bad", "metadata.name"),
        2 => from("metadata.labels", "metadata.labels"),
        3 => from("spec.number", "metadata.labels[number]"),
        4 => from("metadata.uid", "metadata.annotations.uid"),
        5 => from("status.conditions", "spec.seen"),
        6 => from("status.lastHandledReconcileAt", "spec.handled"),
        7 => from("spec", "spec.all"),
        8 => from("metadata", "spec.metadata"),
        9 => from("metadata.generateName", "metadata.generateName"),
        10 => from("spec.missing", "spec.missing"),
        11 => to("status.address", "status.address"),
        12 => to("metadata.name", "status.name"),
        13 => to("status", "status.copied"),
        14 => to("spec.n", "spec.n"),
        15 => to("status.conditions", "status.conditions"),
        16 => to("spec.n", "metadata.labels.n"),
        17 => to("status", "status"),
        18 => to("spec.n", "conditions[0].n"),
        19 => from("kind", "kind"),
        20 => from("spec.truth", "kind"),
        _ => from("spec.fraction", "spec.fraction"),
    };
    if random.one_in(14) {
        patch["policy"] = json!({"fromFieldPath": "Required"});
    }
    patch
}
