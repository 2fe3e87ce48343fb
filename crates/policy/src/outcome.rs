//! Whether a constraint is asked about a review, and why not.

use serde::Serialize;

use crate::matcher::Mismatch;
use crate::{ConstraintName, EnforcementAction};

/// One constraint and one review.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MatchOutcome {
    /// The constraint.
    pub constraint: ConstraintName,
    /// What it would do about a violation, at the point that asks.
    pub actions: Vec<EnforcementAction>,
    /// Whether it is asked.
    pub outcome: Outcome,
}

/// Whether a constraint is asked.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// It is.
    Matches,
    /// It is not: a criterion of `spec.match` says no, of the object and of the old one. Told is that of the object.
    Differs(Mismatch),
    /// It is not: none of its scoped actions is for this enforcement point.
    Point,
    /// It is not: its template is for other operations.
    Operation {
        /// Those that it is for.
        wanted: Vec<String>,
    },
    /// That cannot be told, so the object is refused.
    Error(String),
}
