//! The port behind which the two engines stand.
//!
//! Owns what an engine is given and what it answers. Knows neither language; that Rego has lines to be counted is all.

pub(crate) mod rego;

use std::collections::BTreeMap;
use std::fmt;

use plat_rego::{Coverage, Reached};
use plat_resource::Value;

use crate::review_input::Input;
use crate::{Budget, Constraint, Inventory};

/// One evaluation: one review against one constraint, whose match is certain.
pub(crate) struct Call<'a> {
    /// The review.
    pub(crate) input: &'a Input<'a>,
    /// The constraint, parameters defaulted.
    pub(crate) constraint: &'a Constraint,
    /// The other objects.
    pub(crate) inventory: &'a Inventory,
    /// Bounds.
    pub(crate) limits: plat_rego::Limits,
    /// What the request may take; what the evaluation took is taken from it.
    pub(crate) budget: &'a Budget<'a>,
}

/// A violation as an engine found it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Found {
    /// What to tell the user.
    pub(crate) message: String,
    /// More, for machines; `{}` where there is nothing.
    pub(crate) details: Value,
}

/// Why an engine has no answer. Whoever asked must refuse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// Why, in the words of the engine.
    pub(crate) message: String,
    /// Whether the other constraints of the template have no answer either: Gatekeeper evaluates them in one go.
    pub(crate) of_template: bool,
}

/// The compiled code of one template.
pub(crate) trait Engine: fmt::Debug + Send + Sync {
    /// Evaluates one constraint; the violations in the engine's own order.
    fn evaluate(&self, call: &Call<'_>) -> Result<Vec<Found>, Failure>;

    /// Adds the lines that the evaluation reaches to `reached`.
    fn reach(&self, _call: &Call<'_>, _reached: &mut Reached) {}

    /// The lines of each module, that with the violations first; none where lines are not counted.
    fn coverage(&self, _reached: &Reached) -> BTreeMap<usize, Coverage> {
        BTreeMap::new()
    }
}
