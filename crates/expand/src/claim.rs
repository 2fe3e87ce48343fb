//! The XR that a claim stands for.
//!
//! Owns what Crossplane's claim controller copies from claim to XR (`claim/syncer_ssa.go`).

use plat_platform::Definition;
use plat_resource::{GroupVersionKind, Map, Value, object};
use serde_json::json;

use crate::compose::CLAIM_LABELS;
use crate::names;

/// Annotation that names the resource outside the cluster.
const EXTERNAL_NAME: &str = "crossplane.io/external-name";

/// Spec fields that a claim does not hand on: its own machinery, and the XR's.
const NOT_COPIED: [&str; 8] = [
    "compositeDeletePolicy",
    "resourceRef",
    "writeConnectionSecretToRef",
    "claimRef",
    "resourceRefs",
    "environmentConfigRefs",
    "crossplane",
    "compositionRevisionRef",
];

/// The XR of `claim` (defaults filled in), the live one it already has taken into account.
pub fn composite_of(definition: &Definition, claim: &Value, live: Option<&Value>) -> Value {
    let kind = GroupVersionKind {
        group: definition.group.clone(),
        version: GroupVersionKind::of(claim).version,
        kind: definition.names.kind.clone(),
    };
    let mut composite = json!({
        "apiVersion": kind.api_version(), "kind": kind.kind,
        "metadata": {"name": composite_name(claim, live)}, "spec": spec(definition, claim, live),
    });
    for key in ["annotations", "labels"] {
        let copied = copied(claim, key);
        if !copied.is_empty() {
            composite["metadata"][key] = Value::Object(copied);
        }
    }
    object::set_label(&mut composite, CLAIM_LABELS[0], object::name(claim));
    object::set_label(&mut composite, CLAIM_LABELS[1], object::namespace(claim));
    if let Some(name) = live.and_then(|live| object::annotation(live, EXTERNAL_NAME)) {
        object::set_annotation(&mut composite, EXTERNAL_NAME, name);
    }
    let claim_kind = GroupVersionKind::of(claim);
    composite["spec"]["claimRef"] = json!({
        "apiVersion": claim_kind.api_version(), "kind": claim_kind.kind,
        "name": object::name(claim), "namespace": object::namespace(claim),
    });
    composite
}

/// The name of the XR that a claim has or will have. The end of a new one is the API server's to pick; here it is
/// always the same for the same claim.
pub fn composite_name(claim: &Value, live: Option<&Value>) -> String {
    let bound = object::string_at(claim, &["spec", "resourceRef", "name"]);
    bound.or(live.map(object::name)).map_or_else(
        || {
            let (namespace, name) = (object::namespace(claim), object::name(claim));
            names::suffixed(&format!("{name}-"), &format!("{}/{namespace}/{name}", GroupVersionKind::of(claim)))
        },
        str::to_owned,
    )
}

fn spec(definition: &Definition, claim: &Value, live: Option<&Value>) -> Value {
    let Some(given) = claim.get("spec").and_then(Value::as_object) else { return json!({}) };
    let live_policy = live.and_then(|live| object::string_at(live, &["spec", "compositionUpdatePolicy"]));
    let manual = live_policy == Some("Manual");
    let enforced = definition.enforced_composition_ref.is_some();
    let copied = given.iter().filter(|(key, _)| match key.as_str() {
        "compositionRef" => !enforced,
        "compositionRevisionRef" => manual,
        key => !NOT_COPIED.contains(&key),
    });
    Value::Object(copied.map(|(key, value)| (key.clone(), value.clone())).collect())
}

/// Labels or annotations without those that are Kubernetes' own.
fn copied(claim: &Value, key: &str) -> Map<String, Value> {
    let reserved = |key: &str| {
        let prefix = key.split('/').next().unwrap_or(key);
        prefix.ends_with("kubernetes.io") || prefix.ends_with("k8s.io")
    };
    let all = object::value_at(claim, &["metadata", key]).and_then(Value::as_object).into_iter().flatten();
    all.filter(|(key, _)| !reserved(key)).map(|(key, value)| (key.clone(), value.clone())).collect()
}
