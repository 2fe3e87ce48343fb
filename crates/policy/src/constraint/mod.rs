//! Constraints: what a template is asked about, with which parameters, and what is to be done about a violation.
//!
//! Owns reading and validation against the template's schema. Does not own evaluation.

mod actions;
mod read;

use std::sync::Arc;

use plat_rego::Document;
use plat_resource::{Location, Value};

use crate::matcher::Match;
use crate::{ConstraintName, EnforcementAction, EnforcementPoint};
pub(crate) use actions::Actions;
pub(crate) use read::{Fault, read};

/// The API group of constraints.
pub(crate) const GROUP: &str = "constraints.gatekeeper.sh";

/// One constraint, valid for its template.
#[derive(Debug, Clone)]
pub struct Constraint {
    pub(crate) name: ConstraintName,
    pub(crate) object: Arc<Value>,
    pub(crate) location: Location,
    pub(crate) matcher: Option<Match>,
    pub(crate) actions: Actions,
    pub(crate) parameters: Document,
}

impl Constraint {
    /// Kind and name.
    pub fn name(&self) -> &ConstraintName {
        &self.name
    }

    /// The object, parameters defaulted.
    pub fn object(&self) -> &Value {
        &self.object
    }

    /// Where it stands.
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// Its `spec.match`; `None` where it has none and so matches everything.
    pub fn matcher(&self) -> Option<&Match> {
        self.matcher.as_ref()
    }

    /// `spec.parameters`, defaulted; `{}` where there are none.
    pub fn parameters(&self) -> &Value {
        static NONE: std::sync::LazyLock<Value> = std::sync::LazyLock::new(|| Value::Object(plat_resource::Map::new()));
        let parameters = plat_resource::object::value_at(&self.object, &["spec", "parameters"]);
        parameters.filter(|parameters| !parameters.is_null()).unwrap_or(&NONE)
    }

    /// `spec.parameters` as engines take it.
    pub(crate) fn parameters_document(&self) -> &Document {
        &self.parameters
    }

    /// `spec.enforcementAction`, which may be `scoped`.
    pub fn action(&self) -> &str {
        self.actions.raw()
    }

    /// What is to be done about a violation at this point; nothing where it is not for this point.
    pub fn actions_at(&self, point: EnforcementPoint) -> Vec<EnforcementAction> {
        self.actions.at(point)
    }
}
