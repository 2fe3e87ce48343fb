//! What is applied: a platform of one kind of claim with five composed resources, and any number of claims.
//!
//! Owns how a claim shows that a change went all the way through: each composed resource's value comes back in its status.

use serde_json::{Value, json};

/// How many resources a claim is composed of.
pub(super) const RESOURCES: usize = 5;
/// Where claims are.
const NAMESPACES: usize = 20;
const GROUP: &str = "bench.example";
/// The resource of claims, in paths and metrics.
pub(super) const CLAIMS: &str = "stores";
/// The function that composes.
pub(super) const FUNCTION: &str = "function-patch-and-transform";

/// The XRD.
pub(super) fn definition() -> Value {
    let parts: serde_json::Map<String, Value> =
        (0..RESOURCES).map(|part| (format!("part{part}"), json!({"type": "string"}))).collect();
    json!({
        "apiVersion": "apiextensions.crossplane.io/v1", "kind": "CompositeResourceDefinition",
        "metadata": {"name": format!("xstores.{GROUP}")},
        "spec": {
            "group": GROUP,
            "names": {"kind": "XStore", "plural": "xstores"},
            "claimNames": {"kind": "Store", "plural": CLAIMS},
            "versions": [{"name": "v1", "served": true, "referenceable": true, "schema": {"openAPIV3Schema": {
                "type": "object", "properties": {
                    "spec": {"type": "object", "required": ["value"], "properties": {
                        "value": {"type": "integer", "minimum": 0},
                        "region": {"type": "string", "enum": ["eu", "us"], "default": "eu"},
                        "tags": {"type": "object", "additionalProperties": {"type": "string"}},
                    }},
                    "status": {"type": "object", "properties": {"parts": {"type": "object", "properties": parts}}},
                },
            }}}],
        },
    })
}

/// Its Composition.
pub(super) fn composition() -> Value {
    let resources: Vec<Value> = (0..RESOURCES).map(template).collect();
    json!({
        "apiVersion": "apiextensions.crossplane.io/v1", "kind": "Composition", "metadata": {"name": "stores"},
        "spec": {
            "compositeTypeRef": {"apiVersion": format!("{GROUP}/v1"), "kind": "XStore"}, "mode": "Pipeline",
            "pipeline": [{"step": "compose", "functionRef": {"name": FUNCTION}, "input": {
                "apiVersion": "pt.fn.crossplane.io/v1beta1", "kind": "Resources", "resources": resources,
            }}],
        },
    })
}

fn template(part: usize) -> Value {
    json!({
        "name": format!("part{part}"),
        "base": {
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"labels": {"bench.example/part": format!("part{part}")}},
            "data": {"settings": "monitoring: true\nretention: 30d\nreplicas: 2\n", "part": part.to_string()},
        },
        "patches": [
            {"fromFieldPath": "spec.claimRef.namespace", "toFieldPath": "metadata.namespace"},
            {"fromFieldPath": "spec.value", "toFieldPath": "data.value", "transforms": [
                {"type": "convert", "convert": {"toType": "string"}}]},
            {"fromFieldPath": "spec.region", "toFieldPath": "data.region", "transforms": [
                {"type": "map", "map": {"eu": "eu-west-1", "us": "us-east-1"}}]},
            {"fromFieldPath": "spec.tags", "toFieldPath": "metadata.annotations"},
            {"type": "ToCompositeFieldPath", "fromFieldPath": "data.value", "toFieldPath": format!("status.parts.part{part}")},
        ],
        "readinessChecks": [{"type": "NonEmpty", "fieldPath": "metadata.uid"}],
    })
}

/// The namespaces that claims are in.
pub(super) fn namespaces() -> Vec<Value> {
    (0..NAMESPACES).map(|number| json!({"metadata": {"name": namespace(number)}})).collect()
}

fn namespace(number: usize) -> String {
    format!("team-{}", number % NAMESPACES)
}

/// A claim, no two the same.
pub(super) fn claim(number: usize, value: u64) -> Value {
    let region = ["eu", "us"][number % 2];
    json!({
        "apiVersion": format!("{GROUP}/v1"), "kind": "Store",
        "metadata": {"name": name(number), "namespace": namespace(number)},
        "spec": {
            "value": value, "region": region,
            "tags": {"bench.example/owner": format!("team-{number}"), "bench.example/stage": "production"},
        },
    })
}

/// The name of a claim.
pub(super) fn name(number: usize) -> String {
    format!("store-{number}")
}

/// The path of all claims of the namespace that this one is in.
pub(super) fn collection(number: usize) -> String {
    format!("/apis/{GROUP}/v1/namespaces/{}/{CLAIMS}", namespace(number))
}

/// The path of all claims.
pub(super) fn everywhere() -> String {
    format!("/apis/{GROUP}/v1/{CLAIMS}")
}

/// The value that all composed resources of a claim have, where it is ready: what went all the way through.
pub(super) fn through(claim: &Value) -> Option<u64> {
    let conditions = claim["status"]["conditions"].as_array()?;
    let ready = conditions.iter().any(|condition| condition["type"] == "Ready" && condition["status"] == "True");
    let parts = claim["status"]["parts"].as_object().filter(|parts| ready && parts.len() == RESOURCES)?;
    // The oldest of them counts.
    parts.values().map(|part| part.as_str()?.parse().ok()).min()?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_through_when_it_is_ready_and_every_part_is() {
        let mut claim = claim(3, 7);
        assert_eq!(through(&claim), None);
        claim["status"] = json!({"conditions": [{"type": "Ready", "status": "True"}], "parts": {
            "part0": "7", "part1": "7", "part2": "7", "part3": "7"}});
        assert_eq!(through(&claim), None, "one is missing");
        claim["status"]["parts"]["part4"] = json!("6");
        assert_eq!(through(&claim), Some(6));
        claim["status"]["conditions"][0]["status"] = json!("False");
        assert_eq!(through(&claim), None);
    }
}
