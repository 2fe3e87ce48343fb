//! What is kept of a live object in memory.
//!
//! Owns leaving out what no decision reads: the bookkeeping of other field managers, and the schemas of CRDs that no XRD made.

use plat_reconcile::names::CROSSPLANE_MANAGER;
use plat_resource::{GroupVersionKind, Object, Value, object};

/// Begins the names of the field managers whose bookkeeping is read.
const MANAGERS: &str = "apiextensions.crossplane.io";
/// Groups whose objects are neither claims nor XRs.
const PLATFORM: [&str; 4] =
    ["apiextensions.crossplane.io", "pkg.crossplane.io", "protection.crossplane.io", "apiextensions.k8s.io"];

/// An object without what nobody reads. Of claims and XRs, which are followed as a whole kind, and of the CRDs of
/// XRDs, all bookkeeping is kept: a field that nobody owns any more has to go.
pub(super) fn kept(mut object: Value, is_whole_kind: bool) -> Value {
    let kind = GroupVersionKind::of(&object);
    let is_of_platform = PLATFORM.contains(&kind.group.as_str());
    let is_crd = kind.group == "apiextensions.k8s.io";
    let is_foreign_crd = is_foreign_crd(&kind, &object);
    let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else { return object };
    metadata.remove("selfLink");
    if is_foreign_crd {
        metadata.remove("annotations");
    }
    // What is wrong in a CRD that an XRD made is put right field by field.
    if !is_whole_kind || (is_of_platform && (!is_crd || is_foreign_crd)) {
        keep_own_bookkeeping(metadata);
    }
    if is_foreign_crd && let Some(versions) = object.pointer_mut("/spec/versions").and_then(Value::as_array_mut) {
        for version in versions.iter_mut().filter_map(Value::as_object_mut) {
            version.remove("schema");
        }
    }
    object
}

fn keep_own_bookkeeping(metadata: &mut Object) {
    let Some(entries) = metadata.get_mut("managedFields").and_then(Value::as_array_mut) else { return };
    entries.retain(|entry| object::string_at(entry, &["manager"]).is_some_and(is_kept));
    if entries.is_empty() {
        metadata.remove("managedFields");
    }
}

/// Crossplane's own show whether it is at work.
fn is_kept(manager: &str) -> bool {
    manager.starts_with(MANAGERS) || manager == CROSSPLANE_MANAGER
}

/// Whether an object is a CRD that no XRD controls: only its names count.
fn is_foreign_crd(kind: &GroupVersionKind, object: &Value) -> bool {
    kind.group == "apiextensions.k8s.io"
        && kind.kind == "CustomResourceDefinition"
        && object::controller(object).and_then(|owner| object::string_at(owner, &["kind"]))
            != Some("CompositeResourceDefinition")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(api_version: &str, kind: &str) -> Value {
        json!({
            "apiVersion": api_version, "kind": kind,
            "metadata": {"name": "a", "annotations": {"a": "b"}, "managedFields": [
                {"manager": "kubectl", "operation": "Apply"},
                {"manager": "apiextensions.crossplane.io/composed/0", "operation": "Apply"},
            ]},
            "spec": {"versions": [{"name": "v1", "schema": {"openAPIV3Schema": {}}}]},
        })
    }

    #[test]
    fn bookkeeping_of_others_is_kept_of_claims_and_xrs_only() {
        let managers = |object: Value, is_whole| {
            let kept = kept(object, is_whole);
            kept["metadata"]["managedFields"].as_array().map(Vec::len)
        };
        assert_eq!(managers(object("acme.example/v1", "Bucket"), true), Some(2));
        assert_eq!(managers(object("acme.example/v1", "Bucket"), false), Some(1));
        assert_eq!(managers(object("apiextensions.crossplane.io/v1", "Composition"), true), Some(1));
        let mut foreign = object("v1", "ConfigMap");
        foreign["metadata"]["managedFields"] = json!([{"manager": "kubectl"}]);
        assert_eq!(managers(foreign, false), None);
    }

    #[test]
    fn a_crd_that_no_xrd_made_keeps_its_names() {
        let crd = object("apiextensions.k8s.io/v1", "CustomResourceDefinition");
        assert_eq!(kept(crd.clone(), true)["spec"], json!({"versions": [{"name": "v1"}]}));
        let mut made = crd;
        made["metadata"]["ownerReferences"] =
            json!([{"kind": "CompositeResourceDefinition", "name": "a", "uid": "u", "controller": true}]);
        assert_eq!(kept(made.clone(), true), made);
    }
}
