//! Compiled schemas of the kinds of a platform, made when first asked for and then shared.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use plat_resource::schema::{Schema, SchemaError};
use plat_resource::{FieldPath, GroupVersionKind, Value, object};

use crate::crd::report_keywords;
use crate::cursor::{Cursor, Findings};
use crate::{Crd, Definition, Platform, Role, Version};

/// A schema that is compiled once; none where there is none or it cannot be compiled.
#[derive(Debug, Default)]
pub(crate) struct Compiled(OnceLock<Option<Arc<Schema>>>);

impl Compiled {
    fn get(&self, compile: impl FnOnce() -> Option<Schema>) -> Option<Arc<Schema>> {
        self.0.get_or_init(|| compile().map(Arc::new)).clone()
    }
}

impl Platform {
    /// The schema of `kind`, where an XRD or a CRD of the platform has one.
    pub fn schema(&self, kind: &GroupVersionKind) -> Option<Arc<Schema>> {
        match self.kind(kind) {
            Some(found) => found.definition.schema(found.role, &kind.version),
            None => self.crd(kind)?.schema(&kind.version),
        }
    }
}

impl Crd {
    /// The compiled schema of a version; `None` where there is none or it cannot be compiled.
    pub fn schema(&self, version: &str) -> Option<Arc<Schema>> {
        let version = self.versions.iter().find(|each| each.name == version)?;
        version.schema.get(|| {
            let versions = object::value_at(&self.document.value, &["spec", "versions"])?;
            let schema = versions.get(version.index)?.get("schema")?.get("openAPIV3Schema")?;
            Schema::compile(schema).ok()
        })
    }
}

impl Definition {
    /// The compiled schema of the CRD that Crossplane makes for a role and version; `None` for a role or version that
    /// the XRD does not have, and for a schema that cannot be compiled (which loading has reported).
    pub fn schema(&self, role: Role, version: &str) -> Option<Arc<Schema>> {
        self.names_of(role)?;
        let named = |written: &&Value| written.get("name").and_then(Value::as_str) == Some(version);
        let written = self.written_versions().iter().find(named)?;
        self.version(version)?.compiled(role).get(|| Schema::compile(&self.crd_schema(written, role)).ok())
    }

    /// Reports what the API server would refuse in the schemas, at its place in the author's document.
    pub(crate) fn check_schemas(&self, versions: &Cursor<'_>, findings: &mut Findings<'_>) {
        let mut unread: HashMap<&str, &Version> = self.versions.iter().map(|each| (each.name.as_str(), each)).collect();
        for cursor in versions.items() {
            let Some(version) = cursor.text("name").and_then(|name| unread.remove(name)) else { continue };
            let author = cursor.get("schema").and_then(|schema| schema.get("openAPIV3Schema"));
            let result = Schema::compile(&self.crd_schema(cursor.value(), Role::Composite));
            let mut errors = result.as_ref().err().cloned().unwrap_or_default();
            // The check is the compilation: keep it for whoever asks for this schema.
            version.composite_schema.get(|| result.ok());
            errors.extend(self.claim_errors(cursor.value(), &errors));
            let root = cursor.path().key("schema").key("openAPIV3Schema");
            let place = |path: &FieldPath| {
                FieldPath::new(root.segments().iter().chain(path.segments()).cloned().collect::<Vec<_>>())
            };
            if let Some(author) = author {
                let refused: HashSet<FieldPath> = errors.iter().map(|error| place(&error.path)).collect();
                report_keywords(&author, &refused, findings);
            }
            for SchemaError { path, message } in errors {
                findings.error(&cursor.at_path(place(&path)), message);
            }
        }
    }

    /// What is wrong with the claim's schema only: properties that Crossplane replaces in composite resources.
    fn claim_errors(&self, version: &Value, known: &[SchemaError]) -> Vec<SchemaError> {
        let spec = ["schema", "openAPIV3Schema", "properties", "spec", "properties"];
        let properties = object::value_at(version, &spec).and_then(Value::as_object);
        let differs =
            properties.is_some_and(|all| ["claimRef", "resourceRefs"].iter().any(|name| all.contains_key(*name)));
        if !(differs && self.offers_claim()) {
            return Vec::new();
        }
        let errors = Schema::compile(&self.crd_schema(version, Role::Claim)).err().unwrap_or_default();
        errors.into_iter().filter(|error| !known.contains(error)).collect()
    }
}

impl Version {
    fn compiled(&self, role: Role) -> &Compiled {
        match role {
            Role::Composite => &self.composite_schema,
            Role::Claim => &self.claim_schema,
        }
    }
}
