//! ConstraintTemplates: a kind of constraint, the schema of its parameters, and the compiled policy.
//!
//! Owns what Gatekeeper checks when it takes in a template, with the place of each mistake, also inside the policy's
//! text. The languages are elsewhere.

pub(crate) mod code;
mod compile_rego;
pub(crate) mod outline;
mod read;
mod schema;
pub(crate) mod tokens;

use std::sync::Arc;

use plat_resource::schema::Schema;
use plat_resource::{Diagnostic, GroupVersionKind, Location, Value};

use crate::engine::Engine;
pub(crate) use read::read;

/// The API group of templates.
pub(crate) const GROUP: &str = "templates.gatekeeper.sh";

/// Which engine evaluates a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EngineKind {
    /// Rego.
    Rego,
    /// CEL, `K8sNativeValidation`.
    Cel,
}

/// One ConstraintTemplate, usable or not.
#[derive(Debug, Clone)]
pub struct Template {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) object: Arc<Value>,
    pub(crate) location: Location,
    pub(crate) operations: Vec<String>,
    pub(crate) parameters: Option<Value>,
    pub(crate) schema: Option<Arc<Schema>>,
    pub(crate) engine: Option<(EngineKind, Arc<dyn Engine>)>,
    pub(crate) findings: Vec<Diagnostic>,
}

impl Template {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The kind of its constraints.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The object.
    pub fn object(&self) -> &Value {
        &self.object
    }

    /// Where it stands.
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// Whether it can be evaluated.
    pub fn is_compiled(&self) -> bool {
        self.engine.is_some()
    }

    /// The engine that evaluates it.
    pub fn engine(&self) -> Option<EngineKind> {
        self.engine.as_ref().map(|(kind, _)| *kind)
    }

    /// What is wrong with it.
    pub fn findings(&self) -> &[Diagnostic] {
        &self.findings
    }

    /// The schema of `spec.parameters`, as it is used; `None` where the template takes none.
    pub fn parameters_schema(&self) -> Option<&Value> {
        self.parameters.as_ref()
    }

    /// The operations that it is for, at admission; empty for all.
    pub fn operations(&self) -> &[String] {
        &self.operations
    }

    /// What it says it needs in the inventory: each member is met where one of its kinds is synced.
    pub fn requirements(&self) -> Result<Vec<Vec<GroupVersionKind>>, String> {
        crate::config::requirements(&self.object)
    }

    /// Whether it is asked about this operation at admission.
    pub(crate) fn wants(&self, operation: &str) -> bool {
        self.operations.is_empty() || self.operations.iter().any(|one| one == operation || one == "*")
    }
}

#[cfg(test)]
mod tests;
