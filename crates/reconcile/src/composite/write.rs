//! The writes of one composition: what goes, what is referred to, what is applied.
//!
//! The order is Crossplane's: removals first, so that nothing is forgotten when one fails; then the references, so that
//! nothing exists that the XR does not name; then the resources. Only what differs is written.

use plat_expand::Expansion;
use plat_plan::{Schemas, composed_manager, would_change};
use plat_resource::{GroupVersionKind, ObjectKey, Value, object};
use serde_json::json;

use super::Look;
use crate::live::patched;
use crate::names::{CLAIM_NAME_LABEL, CLAIM_NAMESPACE_LABEL, COMPOSITE_LABEL, COMPOSITE_MANAGER};
use crate::{Propagation, Write};

/// What composing an XR writes.
#[derive(Debug, Default, PartialEq)]
pub struct Composing {
    /// Resources that are not wanted any more: names and writes, all of which must go through before anything else.
    pub removals: Vec<(String, Vec<Write>)>,
    /// The XR's references, where they change.
    pub references: Option<Write>,
    /// Resources that are new or differ, in order of name. One that fails does not keep the others from being written.
    pub applies: Vec<Apply>,
}

/// One composed resource to apply.
#[derive(Debug, PartialEq)]
pub struct Apply {
    /// Composition-resource name.
    pub name: String,
    /// Which object.
    pub key: ObjectKey,
    /// The write.
    pub write: Write,
}

/// The writes that make an expansion real.
///
/// `is_namespaced` tells of a kind as the API server serves it. The error is for the XR: nothing is written then.
pub fn compose(
    look: &Look<'_>,
    expansion: &Expansion,
    references: Option<&Value>,
    is_namespaced: &dyn Fn(&GroupVersionKind) -> Option<bool>,
    schemas: &dyn Schemas,
) -> Result<Composing, String> {
    let manager = composed_manager(look.composite);
    let mut composing = Composing { references: changed_references(look, references), ..Composing::default() };
    for composed in &expansion.composed {
        let (kind, key) = (GroupVersionKind::of(&composed.object), ObjectKey::of(&composed.object));
        if kind.version.is_empty() || kind.kind.is_empty() {
            return Err(format!("a function wants composed resource \"{}\" without apiVersion or kind", composed.name));
        }
        let is_new = composed.observed.is_none();
        if is_new && !object::namespace(look.composite).is_empty() && is_namespaced(&kind) == Some(false) {
            return Err(format!(
                "cannot apply cluster scoped composed resource \"{}\" (a {} named {}) for a namespaced composite resource. Must be a namespaced resource.",
                composed.name, kind.kind, key.name
            ));
        }
        let differs = composed
            .observed
            .as_ref()
            .is_none_or(|live| ObjectKey::of(live) != key || would_change(&composed.object, live, &manager, schemas));
        if differs {
            let write = Write::Apply { object: composed.object.clone(), manager: manager.clone() };
            composing.applies.push(Apply { name: composed.name.clone(), key, write });
        }
    }
    // A name that is still wanted is no removal, whatever kind it had: Crossplane collects by name.
    let wanted = |name: &str| expansion.composed.iter().any(|composed| composed.name == name);
    let gone = expansion.removed.iter().filter(|removed| !wanted(&removed.name));
    composing.removals = gone.map(|removed| (removed.name.clone(), removal(&removed.object))).collect();
    Ok(composing)
}

fn changed_references(look: &Look<'_>, wanted: Option<&Value>) -> Option<Write> {
    let wanted = wanted?;
    let live = look.machinery("resourceRefs");
    let is_empty = wanted.as_array().is_some_and(Vec::is_empty);
    if live == Some(wanted) || (live.is_none() && is_empty) {
        return None;
    }
    let kind = GroupVersionKind::of(look.composite);
    let mut patch = json!({
        "apiVersion": kind.api_version(), "kind": kind.kind, "metadata": {"name": object::name(look.composite)},
    });
    if !object::namespace(look.composite).is_empty() {
        patch["metadata"]["namespace"] = json!(object::namespace(look.composite));
    }
    object::object_at_mut(&mut patch, look.definition.machinery_path())
        .insert("resourceRefs".to_owned(), wanted.clone());
    Some(Write::Apply { object: patch, manager: COMPOSITE_MANAGER.to_owned() })
}

/// Labels first, so that whoever watches can tell an object that is not wanted any more from one whose XR is gone.
fn removal(live: &Value) -> Vec<Write> {
    let delete = Write::Delete {
        key: ObjectKey::of(live),
        uid: object::uid(live).to_owned(),
        propagation: Propagation::Foreground,
    };
    let labels = [COMPOSITE_LABEL, CLAIM_NAME_LABEL, CLAIM_NAMESPACE_LABEL];
    let is_going = object::string_at(live, &["metadata", "deletionTimestamp"]).is_some();
    if is_going {
        return Vec::new();
    }
    let present: Vec<&str> = labels.into_iter().filter(|label| object::label(live, label).is_some()).collect();
    if present.is_empty() {
        return vec![delete];
    }
    let nulls: plat_resource::Object = present.into_iter().map(|label| (label.to_owned(), Value::Null)).collect();
    vec![patched(live, json!({"metadata": {"labels": nulls}}), COMPOSITE_MANAGER), delete]
}
