//! Filling in what a claim or XR leaves open and the platform answers without doubt.
//!
//! Owns schema defaults, the Composition made explicit, and what is inherited from the Namespace. Only adds: what a user
//! wrote stays as it is. Filling in twice is filling in once.

use plat_expand::engine::apply_defaults;
use plat_platform::{How, Platform};
use plat_resource::{GroupVersionKind, Value, object};

/// Labels and annotations of a Namespace that its claims and XRs get where they do not have them: who owns what is made
/// and who pays for it.
pub const INHERITED: [&str; 4] = [
    "kubectl-plat.dev/owner",
    "kubectl-plat.dev/cost-center",
    "kubectl-plat.dev/project",
    "kubectl-plat.dev/environment",
];

/// Annotation that says why the Composition that plat wrote was chosen.
pub const SELECTED: &str = "kubectl-plat.dev/composition-selected";

/// Fills in `object` where it is a claim or an XR of `platform`.
pub fn fill(platform: &Platform, kind: &GroupVersionKind, namespace: Option<&Value>, object: &mut Value) {
    let Ok(found) = platform.served_kind(kind) else { return };
    let definition = found.definition;
    if let Some(schema) = definition.schema(found.role, &found.version.name) {
        apply_defaults(&schema, definition, object);
    }
    if let Some(namespace) = namespace {
        inherit(namespace, object);
    }
    let path = definition.machinery_path();
    let names_one = object::value_at(object, path).is_some_and(|machinery| {
        machinery.get("compositionRef").is_some_and(|reference| !reference.is_null()) || !machinery.is_object()
    });
    // What is being deleted composes nothing any more.
    if names_one || object::value_at(object, &["metadata", "deletionTimestamp"]).is_some() {
        return;
    }
    let Ok(selection) = platform.select_composition(definition, object) else { return };
    let (name, how) = (selection.composition.name.clone(), selection.how);
    object::object_at_mut(object, path).insert("compositionRef".to_owned(), serde_json::json!({"name": name}));
    let how = match how {
        How::Enforced => "enforced",
        How::Named => return,
        How::Default => "default",
        How::Selector => "selector",
        How::Only => "only",
    };
    if object::annotation(object, SELECTED).is_none() {
        object::set_annotation(object, SELECTED, how);
    }
}

fn inherit(namespace: &Value, object: &mut Value) {
    for part in ["labels", "annotations"] {
        for key in INHERITED {
            let Some(value) = object::string_at(namespace, &["metadata", part, key]) else { continue };
            // A label and an annotation of one key say the same; the user's own counts in either place.
            if object::label(object, key).is_none() && object::annotation(object, key).is_none() {
                let value = value.to_owned();
                object::object_at_mut(object, &["metadata", part]).insert(key.to_owned(), value.into());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{claim, platform};
    use serde_json::json;

    fn filled(mut object: Value, namespace: &Value) -> Value {
        let kind = GroupVersionKind::of(&object);
        fill(&platform(), &kind, Some(namespace), &mut object);
        object
    }

    #[test]
    fn defaults_composition_and_owner_are_filled_in() {
        let namespace = json!({"metadata": {
            "labels": {"kubectl-plat.dev/owner": "team-a", "kubectl-plat.dev/cost-center": "42", "other": "x"},
            "annotations": {"kubectl-plat.dev/project": "a project, with words"},
        }});
        let object = filled(claim("orders", &json!({"size": 5})), &namespace);
        assert_eq!(object["spec"], json!({"size": 5, "region": "eu", "compositionRef": {"name": "buckets"}}));
        let labels = json!({"kubectl-plat.dev/owner": "team-a", "kubectl-plat.dev/cost-center": "42"});
        assert_eq!(object["metadata"]["labels"], labels);
        let annotations = json!({"kubectl-plat.dev/project": "a project, with words", SELECTED: "only"});
        assert_eq!(object["metadata"]["annotations"], annotations);
        assert_eq!(filled(object.clone(), &namespace), object);
    }

    #[test]
    fn what_the_user_wrote_stays() {
        let namespace = json!({"metadata": {"labels": {"kubectl-plat.dev/owner": "team-a"}}});
        let mut given = claim("orders", &json!({"region": "us", "compositionRef": {"name": "mine"}}));
        given["metadata"]["annotations"] = json!({"kubectl-plat.dev/owner": "team-b"});
        assert_eq!(filled(given.clone(), &namespace), given);
    }

    #[test]
    fn nothing_is_chosen_where_nothing_or_too_much_fits() {
        let given = claim("orders", &json!({"region": "us", "compositionSelector": {"matchLabels": {"tier": "none"}}}));
        assert_eq!(filled(given.clone(), &Value::Null), given);
    }

    #[test]
    fn what_is_no_claim_stays_as_it_is() {
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}});
        let namespace = json!({"metadata": {"labels": {"kubectl-plat.dev/owner": "team-a"}}});
        assert_eq!(filled(pod.clone(), &namespace), pod);
    }
}
