//! Where the engine looks up what functions require: resources by name or labels, Secrets, schemas.

use std::collections::{BTreeMap, HashMap};

use plat_platform::Platform;
use plat_resource::{GroupVersionKind, ObjectKey, Value, object};

use crate::function::{FunctionResource, ResourceMatch, ResourceSelector};
use crate::go::json;

/// Objects that exist as far as a plan knows, by kind.
#[derive(Debug, Default)]
pub struct Store<'a> {
    by_kind: HashMap<(String, String), Vec<&'a Value>>,
    by_key: HashMap<ObjectKey, &'a Value>,
    /// OpenAPI schemas by kind.
    schemas: HashMap<GroupVersionKind, Value>,
    platform: Option<&'a Platform>,
}

impl<'a> Store<'a> {
    /// A store of `objects`; of two with the same key, the later one counts.
    pub fn new(objects: impl IntoIterator<Item = &'a Value>) -> Self {
        let mut store = Self::default();
        for value in objects {
            store.add(value);
        }
        store
    }

    /// A store of what a platform says and of what is live.
    pub fn of_platform(platform: &'a Platform, live: impl IntoIterator<Item = &'a Value>) -> Self {
        let configs = platform.environment_configs().map(|document| &document.value);
        let others = platform.others().iter().map(|document| &document.value);
        Self { platform: Some(platform), ..Self::new(configs.chain(others).chain(live)) }
    }

    /// Adds one object.
    pub fn add(&mut self, value: &'a Value) {
        let kind = GroupVersionKind::of(value);
        self.by_key.insert(ObjectKey::of(value), value);
        self.by_kind.entry((kind.group, kind.kind)).or_default().push(value);
    }

    /// Adds the schema of one kind.
    pub fn add_schema(&mut self, kind: GroupVersionKind, schema: Value) {
        self.schemas.insert(kind, schema);
    }

    /// The OpenAPI schema of one kind, from an XRD or a CRD.
    pub fn schema(&self, kind: &GroupVersionKind) -> Option<Value> {
        self.schemas.get(kind).cloned().or_else(|| platform_schema(self.platform?, kind))
    }

    /// The object of this kind, namespace and name.
    pub fn get(&self, kind: &GroupVersionKind, namespace: &str, name: &str) -> Option<&'a Value> {
        let key = ObjectKey { kind: kind.clone(), namespace: namespace.to_owned(), name: name.to_owned() };
        self.by_key.get(&key).copied()
    }

    fn of_kind(&self, kind: &GroupVersionKind) -> impl Iterator<Item = &'a Value> {
        let key = (kind.group.clone(), kind.kind.clone());
        let version = kind.version.clone();
        let found = self.by_kind.get(&key).map(Vec::as_slice).unwrap_or_default();
        found.iter().copied().filter(move |value| GroupVersionKind::of(value).version == version)
    }

    /// What a selector selects, sorted by namespace and name; `None` where a name finds nothing.
    pub fn select(&self, selector: &ResourceSelector) -> Option<Vec<FunctionResource>> {
        let kind = GroupVersionKind::new(&selector.api_version, &selector.kind);
        let namespace = selector.namespace.as_deref().unwrap_or("");
        let found = match &selector.matches {
            ResourceMatch::Name(name) => vec![self.get(&kind, namespace, name)?],
            ResourceMatch::Labels(labels) => self.labelled(&kind, namespace, labels),
        };
        Some(found.into_iter().map(as_function_resource).collect())
    }

    fn labelled(&self, kind: &GroupVersionKind, namespace: &str, labels: &BTreeMap<String, String>) -> Vec<&'a Value> {
        let matches = |value: &&Value| {
            (namespace.is_empty() || object::namespace(value) == namespace)
                && labels.iter().all(|(key, wanted)| object::label(value, key) == Some(wanted))
        };
        // Keyed as an API server lists them, so that of two with the same key the later one counts.
        let found: BTreeMap<String, &Value> = self
            .of_kind(kind)
            .filter(matches)
            .map(|value| (format!("{}/{}", object::namespace(value), object::name(value)), value))
            .collect();
        found.into_values().collect()
    }
}

fn platform_schema(platform: &Platform, kind: &GroupVersionKind) -> Option<Value> {
    let made = platform.kind(kind).map(|found| found.definition.crds()).unwrap_or_default();
    let given = platform.crd(kind).map(|crd| &crd.document.value);
    let crd =
        made.iter().chain(given).find(|crd| object::string_at(crd, &["spec", "names", "kind"]) == Some(&kind.kind))?;
    let versions = object::value_at(crd, &["spec", "versions"])?.as_array()?;
    let version = versions.iter().find(|version| object::string_at(version, &["name"]) == Some(&kind.version))?;
    object::value_at(version, &["schema", "openAPIV3Schema"]).cloned()
}

fn as_function_resource(value: &Value) -> FunctionResource {
    FunctionResource { resource: json::to_struct(value), ..FunctionResource::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn selects_by_name_and_by_labels() {
        let config = |name: &str, tier: &str| json!({"apiVersion": "x.org/v1", "kind": "C", "metadata": {"name": name, "labels": {"tier": tier}}});
        let objects = [config("b", "gold"), config("a", "gold"), config("c", "iron"), config("a", "gold")];
        let store = Store::new(&objects);
        let mut selector = ResourceSelector { api_version: "x.org/v1".into(), kind: "C".into(), ..Default::default() };
        selector.matches = ResourceMatch::Labels(BTreeMap::from([("tier".to_owned(), "gold".to_owned())]));
        let found = store.select(&selector).unwrap();
        let names: Vec<&str> = found.iter().map(|found| object::name(&found.resource)).collect();
        assert_eq!(names, ["a", "b"]);
        selector.matches = ResourceMatch::Name("z".into());
        assert_eq!(store.select(&selector), None);
    }
}
