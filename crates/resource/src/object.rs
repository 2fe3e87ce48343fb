//! What every Kubernetes object has: kind, name, namespace, labels, annotations, owners.
//!
//! Owns reading and writing of `apiVersion`, `kind` and `metadata` on plain JSON values. Objects stay `serde_json`
//! values everywhere: plat handles kinds it has never seen.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A JSON object; keys sorted, as Go prints them.
pub type Object = Map<String, Value>;

/// Group, version and kind of an object. The core group is the empty string.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct GroupVersionKind {
    /// API group, empty for core.
    pub group: String,
    /// API version, for instance `v1alpha1`.
    pub version: String,
    /// Kind, for instance `Deployment`.
    pub kind: String,
}

impl GroupVersionKind {
    /// Reads `group/version` (or `version` for core) and a kind.
    pub fn new(api_version: &str, kind: &str) -> Self {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        Self { group: group.to_owned(), version: version.to_owned(), kind: kind.to_owned() }
    }

    /// Kind of `object`; empty parts where the object does not say.
    pub fn of(object: &Value) -> Self {
        Self::new(string_at(object, &["apiVersion"]).unwrap_or(""), string_at(object, &["kind"]).unwrap_or(""))
    }

    /// `group/version`, or `version` for core.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }
}

impl fmt::Display for GroupVersionKind {
    /// `group/version/Kind`, `version/Kind` for core: plat's reading of a kind for people.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.api_version(), self.kind)
    }
}

/// What tells one object of a cluster from another.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ObjectKey {
    /// Its kind.
    #[serde(flatten)]
    pub kind: GroupVersionKind,
    /// Its namespace; empty for a cluster-scoped object.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl ObjectKey {
    /// Key of `object`.
    pub fn of(object: &Value) -> Self {
        Self {
            kind: GroupVersionKind::of(object),
            namespace: namespace(object).to_owned(),
            name: name(object).to_owned(),
        }
    }
}

/// The string at `path` of plain keys, if there is one.
pub fn string_at<'a>(object: &'a Value, path: &[&str]) -> Option<&'a str> {
    value_at(object, path)?.as_str()
}

/// The value at `path` of plain keys, if there is one.
pub fn value_at<'a>(object: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(object, |value, key| value.as_object()?.get(*key))
}

/// `metadata.name`, or empty.
pub fn name(object: &Value) -> &str {
    string_at(object, &["metadata", "name"]).unwrap_or("")
}

/// `metadata.namespace`, or empty.
pub fn namespace(object: &Value) -> &str {
    string_at(object, &["metadata", "namespace"]).unwrap_or("")
}

/// `metadata.generateName`, or empty.
pub fn generate_name(object: &Value) -> &str {
    string_at(object, &["metadata", "generateName"]).unwrap_or("")
}

/// `metadata.uid`, or empty.
pub fn uid(object: &Value) -> &str {
    string_at(object, &["metadata", "uid"]).unwrap_or("")
}

/// One label, if set to a string.
pub fn label<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    string_at(object, &["metadata", "labels", key])
}

/// One annotation, if set to a string.
pub fn annotation<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    string_at(object, &["metadata", "annotations", key])
}

/// The map at `path`, made (in place of anything that is not a map) where it is not there.
pub fn object_at_mut<'a>(object: &'a mut Value, path: &[&str]) -> &'a mut Object {
    let mut current = object;
    for key in path {
        current = as_object_mut(current).entry(*key).or_insert_with(|| Value::Object(Map::new()));
    }
    as_object_mut(current)
}

fn as_object_mut(value: &mut Value) -> &mut Object {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    match value {
        Value::Object(map) => map,
        _ => unreachable!("just made an object"),
    }
}

/// Sets `metadata.KEY`.
pub fn set_metadata(object: &mut Value, key: &str, value: impl Into<Value>) {
    object_at_mut(object, &["metadata"]).insert(key.to_owned(), value.into());
}

/// Sets one label.
pub fn set_label(object: &mut Value, key: &str, value: &str) {
    object_at_mut(object, &["metadata", "labels"]).insert(key.to_owned(), value.into());
}

/// Sets one annotation.
pub fn set_annotation(object: &mut Value, key: &str, value: &str) {
    object_at_mut(object, &["metadata", "annotations"]).insert(key.to_owned(), value.into());
}

/// The owner reference marked as controller, if there is one.
pub fn controller(object: &Value) -> Option<&Value> {
    value_at(object, &["metadata", "ownerReferences"])?
        .as_array()?
        .iter()
        .find(|owner| owner.get("controller").and_then(Value::as_bool) == Some(true))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reads_kinds_of_core_and_groups() {
        let core = GroupVersionKind::new("v1", "Secret");
        assert_eq!((core.group.as_str(), core.api_version().as_str()), ("", "v1"));
        let named = GroupVersionKind::of(&json!({"apiVersion": "a.b/v2", "kind": "K"}));
        assert_eq!(named.to_string(), "a.b/v2/K");
    }

    #[test]
    fn setting_makes_missing_maps() {
        let mut object = json!({"metadata": null});
        set_label(&mut object, "a.b/c", "d");
        assert_eq!(object, json!({"metadata": {"labels": {"a.b/c": "d"}}}));
        assert_eq!(label(&object, "a.b/c"), Some("d"));
    }
}
