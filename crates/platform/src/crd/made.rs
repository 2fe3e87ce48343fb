//! The CRDs that Crossplane 2.4 makes from an XRD: one for the composite kind, one for the claim where it is offered.
//!
//! Owns which parts of the author's schema survive: the root's description and rules, some keywords of `spec` and
//! `status`, the longest name, and all properties except those that Crossplane needs for itself.

use plat_resource::{Map, Object, Value, go};
use serde_json::json;

use super::fields::{COLUMN, CONVERSION, Field, SCALE};
use super::keywords::{Case, kept, normalised};
use super::machinery;
use crate::{Definition, Role, Scope};

/// Names of composites and claims become label values, which end at this length.
const MAX_NAME_LENGTH: i64 = 63;
/// Keywords of the author's `spec` schema that are kept.
const KEPT_OF_SPEC: &[&str] =
    &["description", "required", "oneOf", "x-kubernetes-preserve-unknown-fields", "x-kubernetes-validations"];
/// Keywords of the author's `status` schema that are kept.
const KEPT_OF_STATUS: &[&str] = &["description", "required", "oneOf", "x-kubernetes-validations"];

impl Definition {
    /// The CRDs that Crossplane makes from this XRD: the composite's, then the claim's. Its UID is not known offline, so
    /// the owner reference has none.
    pub fn crds(&self) -> Vec<Value> {
        let claim = self.offers_claim().then(|| self.crd(Role::Claim));
        [self.crd(Role::Composite)].into_iter().chain(claim).collect()
    }

    fn crd(&self, role: Role) -> Value {
        let (names_field, category, plural) = match (role, &self.claim_names) {
            (Role::Claim, Some(claim)) => ("claimNames", "claim", claim.plural.as_str()),
            _ => ("names", "composite", self.names.plural.as_str()),
        };
        let name = match role {
            Role::Composite => self.name.clone(),
            Role::Claim => format!("{plural}.{}", self.group),
        };
        let namespaced = role == Role::Claim || self.scope == Scope::Namespaced;
        let mut spec = Map::new();
        spec.insert("group".to_owned(), json!(self.group));
        spec.insert("names".to_owned(), self.crd_names(names_field, category));
        spec.insert("scope".to_owned(), json!(if namespaced { "Namespaced" } else { "Cluster" }));
        let versions = self.written_versions().iter().map(|version| self.crd_version(version, role)).collect();
        spec.insert("versions".to_owned(), Value::Array(versions));
        copy_kept(self.spec(), "conversion", CONVERSION, &mut spec);
        json!({
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": self.crd_metadata(&name),
            "spec": spec,
        })
    }

    pub(crate) fn offers_claim(&self) -> bool {
        self.is_legacy() && self.claim_names.is_some()
    }

    /// The versions as the author wrote them.
    pub(crate) fn written_versions(&self) -> &[Value] {
        self.spec().get("versions").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
    }

    fn crd_metadata(&self, name: &str) -> Value {
        let mut metadata = Map::new();
        let inherited = self.spec().get("metadata");
        let own = self.document.value.get("metadata");
        let mut labels = object_in(own, "labels");
        labels.extend(object_in(inherited, "labels"));
        let annotations = object_in(inherited, "annotations");
        metadata.insert("name".to_owned(), json!(name));
        insert_filled("labels", labels, &mut metadata);
        insert_filled("annotations", annotations, &mut metadata);
        let owner = json!({
            // Crossplane reads every XRD in the stored form, v1, whatever form it was written in.
            "apiVersion": "apiextensions.crossplane.io/v1",
            "blockOwnerDeletion": true,
            "controller": true,
            "kind": "CompositeResourceDefinition",
            "name": self.name,
        });
        metadata.insert("ownerReferences".to_owned(), json!([owner]));
        Value::Object(metadata)
    }

    fn crd_names(&self, field: &str, category: &str) -> Value {
        let written = object_in(Some(self.spec()), field);
        let mut names = Map::new();
        for key in ["kind", "plural", "singular", "listKind", "shortNames"] {
            if let Some(value) = written.get(key).filter(|value| !go::is_empty(value)) {
                names.insert(key.to_owned(), value.clone());
            }
        }
        let mut categories = written.get("categories").and_then(Value::as_array).cloned().unwrap_or_default();
        categories.push(json!(category));
        names.insert("categories".to_owned(), Value::Array(categories));
        Value::Object(names)
    }

    fn crd_version(&self, written: &Value, role: Role) -> Value {
        let flag = |key: &str| written.get(key).and_then(Value::as_bool).unwrap_or(false);
        let columns = written.get("additionalPrinterColumns").and_then(Value::as_array);
        let columns = columns.into_iter().flatten().map(|column| kept(column, COLUMN, Case::Exact));
        let mut columns: Vec<Value> = columns.collect();
        columns.extend(machinery::printer_columns(self.scope, role));
        let mut version = Map::new();
        version.insert("name".to_owned(), written.get("name").cloned().unwrap_or_default());
        version.insert("served".to_owned(), json!(flag("served")));
        version.insert("storage".to_owned(), json!(flag("referenceable")));
        if flag("deprecated") {
            version.insert("deprecated".to_owned(), json!(true));
        }
        copy(written, "deprecationWarning", &mut version);
        version.insert("additionalPrinterColumns".to_owned(), Value::Array(columns));
        version.insert("schema".to_owned(), json!({"openAPIV3Schema": self.crd_schema(written, role)}));
        let mut subresources = Map::from_iter([("status".to_owned(), json!({}))]);
        copy_kept(written.get("subresources").unwrap_or(&Value::Null), "scale", SCALE, &mut subresources);
        version.insert("subresources".to_owned(), Value::Object(subresources));
        Value::Object(version)
    }

    /// The schema of one version, from the version as the XRD's author wrote it.
    pub(crate) fn crd_schema(&self, written: &Value, role: Role) -> Value {
        let author = written.get("schema").and_then(|schema| schema.get("openAPIV3Schema"));
        let author = author.map(normalised).unwrap_or_default();
        let properties = author.get("properties");
        let part = |name: &str| properties.and_then(|properties| properties.get(name));
        let name_length = part("metadata")
            .and_then(|metadata| metadata.get("properties")?.get("name")?.get("maxLength")?.as_i64())
            .map_or(MAX_NAME_LENGTH, |length| length.min(MAX_NAME_LENGTH));
        let spec = merged(part("spec"), KEPT_OF_SPEC, machinery::spec(self, role));
        let status = merged(part("status"), KEPT_OF_STATUS, machinery::status(self.scope, role));
        let mut schema = Map::new();
        for key in ["description", "x-kubernetes-validations"] {
            copy(&author, key, &mut schema);
        }
        schema.insert("type".to_owned(), json!("object"));
        schema.insert("required".to_owned(), json!(["spec"]));
        schema.insert(
            "properties".to_owned(),
            json!({
                "apiVersion": {"type": "string"},
                "kind": {"type": "string"},
                "metadata": {
                    "type": "object",
                    "properties": {"name": {"type": "string", "maxLength": name_length}},
                },
                "spec": spec,
                "status": status,
            }),
        );
        Value::Object(schema)
    }
}

/// The author's part with Crossplane's properties over it.
fn merged(author: Option<&Value>, kept: &[&str], own: Object) -> Value {
    let mut part = Map::new();
    part.insert("type".to_owned(), json!("object"));
    for key in kept {
        copy(author.unwrap_or(&Value::Null), key, &mut part);
    }
    let mut properties = object_in(author, "properties");
    properties.extend(own);
    part.insert("properties".to_owned(), Value::Object(properties));
    Value::Object(part)
}

fn copy(from: &Value, key: &str, to: &mut Object) {
    if let Some(value) = from.get(key).filter(|value| !value.is_null()) {
        to.insert(key.to_owned(), value.clone());
    }
}

/// Copies the object at `key` with only what is kept of its fields.
fn copy_kept(from: &Value, key: &str, fields: &[Field], to: &mut Object) {
    if let Some(value) = from.get(key).filter(|value| !value.is_null()) {
        to.insert(key.to_owned(), kept(value, fields, Case::Exact));
    }
}

fn object_in(parent: Option<&Value>, key: &str) -> Object {
    parent.and_then(|parent| parent.get(key)?.as_object()).cloned().unwrap_or_default()
}

fn insert_filled(key: &str, value: Object, to: &mut Object) {
    if !value.is_empty() {
        to.insert(key.to_owned(), Value::Object(value));
    }
}

/// Adds to a CRD what the API server fills in when it is created.
pub fn with_api_server_defaults(mut crd: Value) -> Value {
    let Some(spec) = crd.get_mut("spec").and_then(Value::as_object_mut) else { return crd };
    let conversion = spec.entry("conversion").or_insert_with(|| json!({"strategy": "None"}));
    if let Some(service) = conversion
        .get_mut("webhook")
        .and_then(|webhook| webhook.get_mut("clientConfig")?.get_mut("service")?.as_object_mut())
    {
        service.entry("port").or_insert_with(|| json!(443));
    }
    if let Some(names) = spec.get_mut("names").and_then(Value::as_object_mut) {
        let kind = names.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
        names.entry("singular").or_insert_with(|| json!(kind.to_lowercase()));
        names.entry("listKind").or_insert_with(|| json!(format!("{kind}List")));
    }
    crd
}
