//! The live state that claims and XRs are expanded against, indexed.

use std::collections::{BTreeMap, HashMap};

use plat_platform::Definition;
use plat_resource::{GroupVersionKind, ObjectKey, Value, object};

use crate::compose::{COMPOSITE_LABEL, RESOURCE_NAME_ANNOTATION};
use crate::model::Observed;
use crate::names;

/// Says which claim a composed resource is for.
const CLAIM_NAME_LABEL: &str = "crossplane.io/claim-name";
const CLAIM_NAMESPACE_LABEL: &str = "crossplane.io/claim-namespace";

/// What a live object says of its controller.
struct Controlled<'a> {
    uid: &'a str,
    object: &'a Value,
}

/// The live state, indexed.
pub(super) struct Live<'a> {
    pub(super) by_key: HashMap<ObjectKey, &'a Value>,
    by_controller: HashMap<&'a str, Vec<&'a Value>>,
    /// Who controls what is live, by kind and name: the XR itself may not have been given.
    controllers: HashMap<(GroupVersionKind, &'a str), Vec<Controlled<'a>>>,
    /// Composed resources that nobody controls, by the XR that their label names; written by hand, as for
    /// `crossplane composition render --observed-resources`.
    uncontrolled: HashMap<&'a str, Vec<&'a Value>>,
    pub(super) connection_details: &'a BTreeMap<ObjectKey, BTreeMap<String, Vec<u8>>>,
}

impl<'a> Live<'a> {
    pub(super) fn new(observed: &'a Observed) -> Self {
        let mut live = Self {
            by_key: HashMap::new(),
            by_controller: HashMap::new(),
            controllers: HashMap::new(),
            uncontrolled: HashMap::new(),
            connection_details: &observed.connection_details,
        };
        for value in observed.all() {
            live.by_key.insert(ObjectKey::of(value), value);
            live.index(value);
        }
        live
    }

    fn index(&mut self, value: &'a Value) {
        let Some(owner) = object::controller(value) else {
            if object::annotation(value, RESOURCE_NAME_ANNOTATION).is_some() {
                let name = object::label(value, COMPOSITE_LABEL).unwrap_or_default();
                self.uncontrolled.entry(name).or_default().push(value);
            }
            return;
        };
        let text = |key: &str| owner.get(key).and_then(Value::as_str).unwrap_or_default();
        let Some(uid) = owner.get("uid").and_then(Value::as_str) else { return };
        self.by_controller.entry(uid).or_default().push(value);
        let name = owner.get("name").and_then(Value::as_str).unwrap_or_default();
        let kind = versionless(&GroupVersionKind::new(text("apiVersion"), text("kind")));
        self.controllers.entry((kind, name)).or_default().push(Controlled { uid, object: value });
    }

    /// The UID of an XR that is not live itself, as the resources that it controls give it.
    pub(super) fn uid_by_controlled(&self, key: &ObjectKey) -> Option<&'a str> {
        let found = self.controllers.get(&(versionless(&key.kind), key.name.as_str()))?;
        let is_near = |controlled: &&Controlled<'_>| {
            key.namespace.is_empty() || object::namespace(controlled.object) == key.namespace
        };
        found.iter().find(is_near).map(|controlled| controlled.uid)
    }

    /// The name of the XR of a claim, as the labels of what it controls give it.
    pub(super) fn name_by_claim(&self, composite: &GroupVersionKind, claim: &Value) -> Option<&'a str> {
        let composite = versionless(composite);
        let is_for_claim = |controlled: &Controlled<'_>| {
            object::label(controlled.object, CLAIM_NAME_LABEL) == Some(object::name(claim))
                && object::label(controlled.object, CLAIM_NAMESPACE_LABEL) == Some(object::namespace(claim))
        };
        let of_kind = self.controllers.iter().filter(|((kind, _), _)| *kind == composite);
        of_kind.filter(|(_, found)| found.iter().any(is_for_claim)).map(|((_, name), _)| *name).min()
    }

    /// Resources that nobody controls and that are meant for an XR that is not live. Without a label they are for
    /// the only XR there is.
    pub(super) fn meant_for(&self, composite: &Value, is_only: bool) -> Vec<Value> {
        let (namespace, name) = (object::namespace(composite), object::name(composite));
        let unlabelled = self.uncontrolled.get("").filter(|_| is_only).into_iter().flatten();
        let labelled = self.uncontrolled.get(name).filter(|_| !name.is_empty()).into_iter().flatten();
        let is_near = |value: &&&Value| namespace.is_empty() || object::namespace(value) == namespace;
        unlabelled.chain(labelled).filter(is_near).copied().cloned().collect()
    }

    pub(super) fn get(&self, kind: &GroupVersionKind, namespace: &str, name: &str) -> Option<&'a Value> {
        let key = ObjectKey { kind: kind.clone(), namespace: namespace.to_owned(), name: name.to_owned() };
        self.by_key.get(&key).copied()
    }

    /// The live resources of an XR: those it controls, and those it refers to that nobody controls.
    pub(super) fn composed_by(&self, composite: &Value, legacy: bool) -> Vec<Value> {
        let kind = GroupVersionKind::of(composite);
        let (namespace, name) = (object::namespace(composite), object::name(composite));
        let offline = names::offline_uid(&kind, namespace, name);
        let uid = Some(object::uid(composite)).filter(|uid| !uid.is_empty()).unwrap_or(&offline);
        let mut found: Vec<Value> = self.by_controller.get(uid).into_iter().flatten().copied().cloned().collect();
        let path: &[&str] = if legacy { &["spec", "resourceRefs"] } else { &["spec", "crossplane", "resourceRefs"] };
        let references = object::value_at(composite, path).and_then(Value::as_array).into_iter().flatten();
        for reference in references {
            let text = |key: &str| object::string_at(reference, &[key]).unwrap_or("");
            let place = if namespace.is_empty() { text("namespace") } else { namespace };
            let kind = GroupVersionKind::new(text("apiVersion"), text("kind"));
            if let Some(value) =
                self.get(&kind, place, text("name")).filter(|value| object::controller(value).is_none())
            {
                found.push(value.clone());
            }
        }
        found
    }
}

fn versionless(kind: &GroupVersionKind) -> GroupVersionKind {
    GroupVersionKind { version: String::new(), ..kind.clone() }
}

impl Observed {
    /// Everything live: claims, XRs and resources.
    pub fn all(&self) -> impl Iterator<Item = &Value> {
        self.resources.iter().chain(&self.composite).chain(&self.claim)
    }
}

/// What the API server and Crossplane keep of a live XR when a new one is applied over it.
pub(super) fn adopt_live(composite: &mut Value, live: &Value, definition: &Definition) {
    for key in ["uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp"] {
        if let Some(value) = object::value_at(live, &["metadata", key]) {
            object::set_metadata(composite, key, value.clone());
        }
    }
    for key in ["labels", "annotations"] {
        let kept = object::value_at(live, &["metadata", key]).and_then(Value::as_object).cloned().unwrap_or_default();
        for (entry, value) in kept {
            object::object_at_mut(composite, &["metadata", key]).entry(entry).or_insert(value);
        }
    }
    let path = definition.machinery_path();
    let machinery = object::value_at(live, path).and_then(Value::as_object).cloned().unwrap_or_default();
    for key in ["compositionRef", "compositionRevisionRef", "resourceRefs", "writeConnectionSecretToRef"] {
        if let Some(value) = machinery.get(key) {
            object::object_at_mut(composite, path).entry(key).or_insert_with(|| value.clone());
        }
    }
    if let Some(status) = live.get("status") {
        composite["status"] = status.clone();
    }
}
