//! The CustomResourceDefinition around the schemas of a kind.
//!
//! Owns names, versions and columns. What is in the objects is told by the kinds' modules.

use plat_resource::Value;
use serde_json::json;

use crate::schema::{Schema, object, string};

/// A kind and its versions.
pub(crate) struct Kind {
    pub(crate) group: &'static str,
    pub(crate) name: &'static str,
    pub(crate) plural: &'static str,
    pub(crate) short_names: &'static [&'static str],
    pub(crate) categories: &'static [&'static str],
    pub(crate) scope: Scope,
    /// The one that is stored comes first.
    pub(crate) versions: Vec<Version>,
}

/// Where objects of a kind are.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scope {
    Cluster,
    Namespaced,
}

/// One version of a kind.
pub(crate) struct Version {
    pub(crate) name: &'static str,
    pub(crate) schema: Schema,
    pub(crate) columns: Vec<Column>,
    /// Whether `status` is written by itself.
    pub(crate) status: bool,
    /// What a client is told that still uses it.
    pub(crate) deprecated: Option<&'static str>,
}

/// What `kubectl get` prints: the path, the head and the type.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column(pub(crate) &'static str, pub(crate) &'static str, pub(crate) &'static str);

/// How old the object is.
pub(crate) const AGE: Column = Column(".metadata.creationTimestamp", "AGE", "date");

impl Version {
    /// A version that is not deprecated and has no status.
    pub(crate) fn new(name: &'static str, schema: Schema, columns: &[Column]) -> Self {
        Self { name, schema, columns: columns.to_vec(), status: false, deprecated: None }
    }

    /// With a status that is written by itself.
    pub(crate) fn with_status(self) -> Self {
        Self { status: true, ..self }
    }

    /// With what a client is told that still uses it.
    pub(crate) fn deprecated(self, warning: &'static str) -> Self {
        Self { deprecated: Some(warning), ..self }
    }

    fn value(self, stored: bool) -> Value {
        let columns =
            self.columns.iter().map(|Column(path, name, kind)| json!({"jsonPath": path, "name": name, "type": kind}));
        let columns: Vec<Value> = columns.collect();
        let mut version = json!({
            "name": self.name, "served": true, "storage": stored,
            "schema": {"openAPIV3Schema": self.schema.into_value()},
        });
        if !columns.is_empty() {
            version["additionalPrinterColumns"] = columns.into();
        }
        if self.status {
            version["subresources"] = json!({"status": {}});
        }
        if let Some(warning) = self.deprecated {
            version["deprecated"] = true.into();
            version["deprecationWarning"] = warning.into();
        }
        version
    }
}

impl Kind {
    /// The definition.
    pub(crate) fn definition(self) -> Value {
        let mut names = json!({
            "kind": self.name, "listKind": format!("{}List", self.name), "plural": self.plural,
            "singular": self.name.to_lowercase(),
        });
        for (field, list) in [("shortNames", self.short_names), ("categories", self.categories)] {
            if !list.is_empty() {
                names[field] = list.into();
            }
        }
        let scope = match self.scope {
            Scope::Cluster => "Cluster",
            Scope::Namespaced => "Namespaced",
        };
        let versions = self.versions.into_iter().enumerate().map(|(index, version)| version.value(index == 0));
        json!({
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": format!("{}.{}", self.plural, self.group)},
            "spec": {
                "group": self.group, "names": names, "scope": scope, "versions": versions.collect::<Vec<Value>>(),
            },
        })
    }
}

/// The schema of a whole object: its own fields come on top.
pub(crate) fn whole(about: &str) -> Schema {
    object().strings(&["apiVersion", "kind"]).field("metadata", object()).about(about)
}

/// A name of another object, and nothing else.
pub(crate) fn reference() -> Schema {
    object().required("name", string().about("Its name."))
}
