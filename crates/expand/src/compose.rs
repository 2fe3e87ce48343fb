//! From the desired state of a pipeline to composed resources as they would be applied.
//!
//! Owns names, namespaces, labels, owner references, garbage and resource references: the second half of Crossplane's
//! FunctionComposer.

use std::collections::BTreeMap;

use plat_resource::{GroupVersionKind, Value, object};
use serde_json::json;

use crate::function::{Ready, State};
use crate::go::{json as go_json, unstructured};
use crate::model::{Composed, Removed, ResultSeverity, StepResult};
use crate::native::patch_and_transform::Trace;
use crate::{Compatibility, names};

/// Label that carries the name of the root XR.
pub const COMPOSITE_LABEL: &str = "crossplane.io/composite";
/// Annotation that carries the composition-resource name.
pub const RESOURCE_NAME_ANNOTATION: &str = "crossplane.io/composition-resource-name";
/// Labels of the claim, on the XR and on everything it composes.
pub const CLAIM_LABELS: [&str; 2] = ["crossplane.io/claim-name", "crossplane.io/claim-namespace"];

/// The XR that composes.
#[derive(Clone, Copy)]
pub struct Owner<'a> {
    /// As functions saw it: with UID and label.
    pub composite: &'a Value,
    /// Rules for names.
    pub compatibility: Compatibility,
    /// Whether objects of a kind are namespaced, where that is known.
    pub is_namespaced: &'a dyn Fn(&GroupVersionKind) -> Option<bool>,
}

/// What composing gives.
#[derive(Debug, Default)]
pub struct Composition {
    /// Resources to apply, by name.
    pub composed: Vec<Composed>,
    /// Resources to delete.
    pub removed: Vec<Removed>,
    /// Warnings.
    pub results: Vec<StepResult>,
}

/// Why resources cannot be composed: which one, in Crossplane's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComposeError {
    /// Composition-resource name.
    pub resource: String,
    /// The reason.
    pub message: String,
}

/// Makes composed resources of `desired`; `observed` are the live ones by composition-resource name.
pub fn compose(
    owner: Owner<'_>,
    desired: State,
    observed: &BTreeMap<String, Value>,
    trace: &mut Trace,
) -> Result<Composition, ComposeError> {
    let mut composition = Composition::default();
    for (name, resource) in desired.resources {
        let live = observed.get(&name);
        let ready = resource.ready == Ready::True;
        let object = owner.render(&name, resource.resource, live, &mut composition.results)?;
        composition.composed.push(Composed {
            origins: trace.resources.remove(&name).unwrap_or_default(),
            unknowns: trace.unknowns.remove(&name).unwrap_or_default(),
            observed: live.cloned(),
            nested: None,
            object,
            ready,
            name,
        });
    }
    composition.removed = owner.garbage(observed, &composition.composed)?;
    Ok(composition)
}

impl Owner<'_> {
    fn render(
        self,
        name: &str,
        mut resource: Value,
        live: Option<&Value>,
        results: &mut Vec<StepResult>,
    ) -> Result<Value, ComposeError> {
        let fail = |message: String| ComposeError { resource: name.to_owned(), message };
        go_json::normalize(&mut resource);
        if let Some(live) = live {
            for key in ["namespace", "name", "generateName"] {
                unstructured::set_metadata(&mut resource, key, unstructured::metadata(live, key));
            }
        }
        let kind = read_kind(&mut resource);
        let own = unstructured::metadata(self.composite, "namespace");
        let asked = unstructured::metadata(&resource, "namespace").to_owned();
        if !own.is_empty() && asked.is_empty() && (self.is_namespaced)(&kind) == Some(false) {
            let object = unstructured::metadata(&resource, "name");
            return Err(fail(format!(
                "cannot apply cluster scoped composed resource \"{name}\" (a {} named {object}) for a namespaced composite resource. Must be a namespaced resource.",
                kind.kind
            )));
        }
        if !own.is_empty() && !asked.is_empty() && asked != own {
            results.push(namespace_overridden(name, &asked, own));
        }
        self.metadata(name, &mut resource).map_err(&fail)?;
        if unstructured::metadata(&resource, "name").is_empty() {
            let generate = unstructured::metadata(&resource, "generateName").to_owned();
            let uid = unstructured::metadata(self.composite, "uid");
            let made = names::composed_name(self.compatibility, &generate, uid, name);
            unstructured::set_metadata(&mut resource, "name", &made);
        }
        let made = unstructured::metadata(&resource, "name");
        if !names::is_valid(made, &kind) {
            return Err(fail(format!(
                "cannot apply composed resource \"{name}\" because it has an invalid name \"{made}\". Must be a valid RFC 1123 subdomain name."
            )));
        }
        Ok(resource)
    }

    fn metadata(self, name: &str, resource: &mut Value) -> Result<(), String> {
        let label = |key: &str| unstructured::string_map_entry(self.composite, "labels", key).unwrap_or_default();
        let prefix = label(COMPOSITE_LABEL);
        if prefix.is_empty() {
            let cause = format!(
                "cannot find top-level composite resource name label \"{COMPOSITE_LABEL}\" in composite resource metadata"
            );
            return Err(format!("cannot render metadata for composed resource \"{name}\": {cause}"));
        }
        let unnamed = ["name", "generateName"].iter().all(|key| unstructured::metadata(resource, key).is_empty());
        if unnamed {
            unstructured::set_metadata(resource, "generateName", &format!("{prefix}-"));
        }
        let namespace = unstructured::metadata(self.composite, "namespace");
        if !namespace.is_empty() {
            unstructured::set_metadata(resource, "namespace", namespace);
        }
        unstructured::add_to_string_map(resource, "annotations", [(RESOURCE_NAME_ANNOTATION, name)]);
        let claim = CLAIM_LABELS.map(|key| (key, label(key)));
        let mut labels = vec![(COMPOSITE_LABEL, prefix.as_str())];
        if claim.iter().all(|(_, value)| !value.is_empty()) {
            labels.extend(claim.iter().map(|(key, value)| (*key, value.as_str())));
        }
        unstructured::add_to_string_map(resource, "labels", labels);
        self.control(resource)
            .map_err(|cause| format!("cannot render metadata for composed resource \"{name}\": {cause}"))
    }

    fn control(self, resource: &mut Value) -> Result<(), String> {
        let kind = GroupVersionKind::of(self.composite);
        let uid = unstructured::metadata(self.composite, "uid");
        let reference = json!({
            "apiVersion": kind.api_version(), "kind": kind.kind, "uid": uid,
            "name": unstructured::metadata(self.composite, "name"),
            "controller": true, "blockOwnerDeletion": true,
        });
        let mut owners = unstructured::owner_references(resource);
        let text = |owner: &Value, key: &str| owner.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
        let other = owners
            .iter()
            .find(|owner| owner.get("controller") == Some(&Value::Bool(true)) && text(owner, "uid") != uid);
        if let Some(other) = other {
            return Err(format!(
                "cannot set controller reference: {} is already controlled by {} {} (UID {})",
                unstructured::metadata(resource, "name"),
                text(other, "kind"),
                text(other, "name"),
                text(other, "uid")
            ));
        }
        match owners.iter_mut().find(|owner| owner.get("uid").and_then(Value::as_str) == Some(uid)) {
            Some(present) => *present = reference,
            None => owners.push(reference),
        }
        unstructured::set_owner_references(resource, owners);
        Ok(())
    }

    /// Live resources that are not desired any more. Those without a controller are left alone.
    fn garbage(self, observed: &BTreeMap<String, Value>, desired: &[Composed]) -> Result<Vec<Removed>, ComposeError> {
        let mut removed = Vec::new();
        for (name, live) in observed {
            let wanted = desired.binary_search_by(|composed| composed.name.as_str().cmp(name)).is_ok();
            let Some(controller) = object::controller(live).filter(|_| !wanted) else { continue };
            let text = |key: &str| controller.get(key).and_then(Value::as_str).unwrap_or("");
            if text("uid") != unstructured::metadata(self.composite, "uid") {
                let message = format!(
                    "cannot garbage collect composed resources that are no longer desired: refusing to delete composed resource \"{name}\" that is controlled by {} \"{}\"",
                    text("kind"),
                    text("name")
                );
                return Err(ComposeError { resource: name.clone(), message });
            }
            removed.push(Removed { name: name.clone(), object: live.clone() });
        }
        Ok(removed)
    }
}

/// The kind, written back as it reads: what is no kind becomes an empty one, as in Kubernetes' accessors.
fn read_kind(resource: &mut Value) -> GroupVersionKind {
    let mut kind = GroupVersionKind::of(resource);
    if kind.version.contains('/') {
        kind = GroupVersionKind::default();
    }
    for (key, value) in [("apiVersion", kind.api_version()), ("kind", kind.kind.clone())] {
        if resource.get(key).and_then(Value::as_str) != Some(&value) && resource.is_object() {
            resource[key] = Value::String(value);
        }
    }
    kind
}

fn namespace_overridden(name: &str, asked: &str, own: &str) -> StepResult {
    StepResult {
        step: None,
        severity: ResultSeverity::Warning,
        reason: "NamespaceOverridden".to_owned(),
        message: format!(
            "cannot create composed resource \"{name}\" in namespace \"{asked}\", using XR namespace \"{own}\" instead"
        ),
        to_claim: false,
    }
}

/// `resourceRefs` of an XR, in Crossplane's order; namespaces only for a cluster-scoped XR.
pub fn resource_references(composed: &[Composed], namespaced: bool) -> Value {
    let mut references: Vec<(String, Value)> =
        composed.iter().map(|found| reference(&found.object, namespaced)).collect();
    references.sort_by(|left, right| left.0.cmp(&right.0));
    references.into_iter().map(|(_, reference)| reference).collect()
}

fn reference(resource: &Value, namespaced: bool) -> (String, Value) {
    let kind = GroupVersionKind::of(resource);
    let namespace = if namespaced { "" } else { unstructured::metadata(resource, "namespace") };
    let name = unstructured::metadata(resource, "name");
    let fields = [("apiVersion", kind.api_version()), ("kind", kind.kind.clone())];
    let uid = unstructured::metadata(resource, "uid");
    let rest = [("name", name.to_owned()), ("namespace", namespace.to_owned()), ("uid", uid.to_owned())];
    let fields = fields.into_iter().chain(rest);
    // Go's reference type leaves empty fields out.
    let fields = fields.filter(|(_, value)| !value.is_empty());
    let reference = fields.map(|(key, value)| (key.to_owned(), Value::String(value))).collect();
    (format!("{}{}{name}{namespace}", kind.api_version(), kind.kind), Value::Object(reference))
}
