//! Usages: which object must not be deleted, because which other one uses it or for which reason.
//!
//! Owns the three kinds of them (crossplane `internal/protection`) and what each says. They are no part of a `Platform`: what
//! follows from them is decided by those who delete.

use std::collections::BTreeMap;

use plat_resource::{GroupVersionKind, ObjectKey, Value, object};

/// One of the kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsageKind {
    /// API group.
    pub group: &'static str,
    /// Version.
    pub version: &'static str,
    /// Kind.
    pub kind: &'static str,
    /// Resource name in URLs and permissions.
    pub plural: &'static str,
    /// Whether such Usages are in namespaces; others are for cluster-scoped objects.
    pub is_namespaced: bool,
}

/// All kinds, in the order in which Crossplane looks for Usages.
pub const USAGE_KINDS: [UsageKind; 3] = [
    UsageKind {
        group: "protection.crossplane.io",
        version: "v1beta1",
        kind: "Usage",
        plural: "usages",
        is_namespaced: true,
    },
    UsageKind {
        group: "protection.crossplane.io",
        version: "v1beta1",
        kind: "ClusterUsage",
        plural: "clusterusages",
        is_namespaced: false,
    },
    // Deprecated by Crossplane, which serves it still.
    UsageKind {
        group: "apiextensions.crossplane.io",
        version: "v1beta1",
        kind: "Usage",
        plural: "usages",
        is_namespaced: false,
    },
];

/// Label of an object that is used: deletions of such objects are asked about.
pub const IN_USE_LABEL: &str = "crossplane.io/in-use";
/// Annotation of a used object that was to be deleted, with the propagation policy of that.
pub const DELETION_ATTEMPT: &str = "usage.crossplane.io/deletion-attempt-with-policy";

impl UsageKind {
    /// The kind as objects name it.
    pub fn kind(&self) -> GroupVersionKind {
        GroupVersionKind::new(&format!("{}/{}", self.group, self.version), self.kind)
    }

    /// The row of a kind, whatever the version.
    pub fn of(kind: &GroupVersionKind) -> Option<&'static Self> {
        USAGE_KINDS.iter().find(|row| row.group == kind.group && row.kind == kind.kind)
    }
}

/// What a Usage says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// The Usage itself.
    pub key: ObjectKey,
    /// What is used.
    pub of: Used,
    /// By what.
    pub by: Option<Used>,
    /// Why, for people.
    pub reason: Option<String>,
    /// Whether a deletion that was refused is done once the Usage is gone.
    pub replays_deletion: bool,
}

/// One of the two objects of a Usage.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Used {
    /// As it is written.
    pub api_version: String,
    /// Its kind.
    pub kind: String,
    /// Its name, once that is known.
    pub name: Option<String>,
    /// Its namespace, where that is not the Usage's.
    pub namespace: Option<String>,
    /// How it is found.
    pub selector: Option<Selector>,
}

/// How an object is found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selector {
    /// It has these labels.
    pub labels: BTreeMap<String, String>,
    /// It has the same controller owner as the Usage.
    pub same_controller: bool,
    /// The namespace that is looked through, where that is not the Usage's.
    pub namespace: Option<String>,
}

impl Usage {
    /// What an object says, where it is a Usage.
    pub fn read(value: &Value) -> Option<Self> {
        UsageKind::of(&GroupVersionKind::of(value))?;
        let by = object::value_at(value, &["spec", "by"]).filter(|by| by.is_object());
        Some(Self {
            key: ObjectKey::of(value),
            of: object::value_at(value, &["spec", "of"]).map(Used::read).unwrap_or_default(),
            by: by.map(Used::read),
            reason: text(value, &["spec", "reason"]),
            replays_deletion: object::value_at(value, &["spec", "replayDeletion"]) == Some(&Value::Bool(true)),
        })
    }

    /// The used object, once its name is known.
    pub fn used(&self) -> Option<ObjectKey> {
        let namespace = self.of.namespace.as_ref().unwrap_or(&self.key.namespace);
        self.of.key(namespace)
    }

    /// The object that uses it, once its name is known: it is where the Usage is.
    pub fn using(&self) -> Option<ObjectKey> {
        self.by.as_ref()?.key(&self.key.namespace)
    }

    /// Whether this object is the used one. Usages of the cluster do not ask for a namespace.
    pub fn is_of(&self, key: &ObjectKey) -> bool {
        self.used().is_some_and(|used| {
            let same = |one: &ObjectKey, other: &ObjectKey| {
                (&one.kind.group, &one.kind.kind, &one.name) == (&other.kind.group, &other.kind.kind, &other.name)
            };
            same(&used, key) && (self.key.namespace.is_empty() || used.namespace == key.namespace)
        })
    }
}

impl Used {
    fn read(value: &Value) -> Self {
        let selector = object::value_at(value, &["resourceSelector"]).filter(|selector| selector.is_object());
        Self {
            api_version: text(value, &["apiVersion"]).unwrap_or_default(),
            kind: text(value, &["kind"]).unwrap_or_default(),
            name: text(value, &["resourceRef", "name"]),
            namespace: text(value, &["resourceRef", "namespace"]),
            selector: selector.map(Selector::read),
        }
    }

    /// Its kind as a whole.
    pub fn group_version_kind(&self) -> GroupVersionKind {
        GroupVersionKind::new(&self.api_version, &self.kind)
    }

    fn key(&self, namespace: &str) -> Option<ObjectKey> {
        let (kind, namespace) = (self.group_version_kind(), namespace.to_owned());
        Some(ObjectKey { kind, namespace, name: self.name.clone()? })
    }
}

impl Selector {
    fn read(value: &Value) -> Self {
        let labels = object::value_at(value, &["matchLabels"]).and_then(Value::as_object);
        let labels = labels.into_iter().flatten();
        Self {
            labels: labels.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect(),
            same_controller: object::value_at(value, &["matchControllerRef"]) == Some(&Value::Bool(true)),
            namespace: text(value, &["namespace"]),
        }
    }
}

/// A text that is not empty.
fn text(value: &Value, path: &[&str]) -> Option<String> {
    object::string_at(value, path).filter(|text| !text.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn usage(api_version: &str, kind: &str, namespace: &str, of: &Value) -> Usage {
        let value = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "u", "namespace": namespace},
            "spec": {"of": of, "by": {"apiVersion": "apps/v1", "kind": "Deployment", "resourceRef": {"name": "web"}}}});
        Usage::read(&value).unwrap()
    }

    fn key(namespace: &str, name: &str) -> ObjectKey {
        let kind = GroupVersionKind::new("db.example/v2", "Database");
        ObjectKey { kind, namespace: namespace.to_owned(), name: name.to_owned() }
    }

    #[test]
    fn an_object_is_used_by_group_kind_name_and_namespace() {
        let of = json!({"apiVersion": "db.example/v1", "kind": "Database", "resourceRef": {"name": "a"}});
        let own = usage("protection.crossplane.io/v1beta1", "Usage", "team", &of);
        assert!(own.is_of(&key("team", "a")), "the version does not matter");
        assert!(!own.is_of(&key("other", "a")) && !own.is_of(&key("team", "b")) && !own.is_of(&key("", "a")));
        let mut elsewhere = of.clone();
        elsewhere["resourceRef"]["namespace"] = json!("other");
        let elsewhere = usage("protection.crossplane.io/v1beta1", "Usage", "team", &elsewhere);
        assert!(elsewhere.is_of(&key("other", "a")) && !elsewhere.is_of(&key("team", "a")));
        assert_eq!(elsewhere.using().unwrap().namespace, "team");
        for (version, kind) in [("protection", "ClusterUsage"), ("apiextensions", "Usage")] {
            let cluster = usage(&format!("{version}.crossplane.io/v1beta1"), kind, "", &of);
            assert!(cluster.is_of(&key("", "a")) && cluster.is_of(&key("any", "a")) && !cluster.is_of(&key("", "b")));
        }
    }

    #[test]
    fn what_is_not_resolved_yet_is_nobodys_and_other_kinds_are_no_usages() {
        let of = json!({"apiVersion": "db.example/v1", "kind": "Database", "resourceSelector": {
            "matchControllerRef": true, "matchLabels": {"a": "b"}, "namespace": "n"}});
        let usage = usage("protection.crossplane.io/v1beta1", "Usage", "team", &of);
        assert!(usage.used().is_none() && !usage.is_of(&key("team", "a")));
        let selector = usage.of.selector.unwrap();
        assert!(selector.same_controller && selector.labels["a"] == "b");
        assert_eq!(selector.namespace.as_deref(), Some("n"));
        assert_eq!(Usage::read(&json!({"apiVersion": "a.example/v1", "kind": "Usage"})), None);
    }
}
