//! The live state that claims and XRs are expanded against, indexed.

use std::collections::{BTreeMap, HashMap};

use plat_platform::Definition;
use plat_resource::{GroupVersionKind, ObjectKey, Value, object};

use crate::model::Observed;
use crate::names;

/// The live state, indexed.
pub(super) struct Live<'a> {
    pub(super) by_key: HashMap<ObjectKey, &'a Value>,
    by_controller: HashMap<&'a str, Vec<&'a Value>>,
    pub(super) connection_details: &'a BTreeMap<ObjectKey, BTreeMap<String, Vec<u8>>>,
}

impl<'a> Live<'a> {
    pub(super) fn new(observed: &'a Observed) -> Self {
        let mut live = Self {
            by_key: HashMap::new(),
            by_controller: HashMap::new(),
            connection_details: &observed.connection_details,
        };
        for value in observed.all() {
            live.by_key.insert(ObjectKey::of(value), value);
            let owner = object::controller(value).and_then(|owner| owner.get("uid")).and_then(Value::as_str);
            if let Some(uid) = owner {
                live.by_controller.entry(uid).or_default().push(value);
            }
        }
        live
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
