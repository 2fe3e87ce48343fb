//! What one guardrail says of one object.

use plat_resource::Value;
use serde::Serialize;

/// What a constraint wants done about a violation (`spec.enforcementAction`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EnforcementAction {
    /// The request is refused.
    Deny,
    /// The request goes on, the user is told.
    Warn,
    /// Nobody is told but the audit.
    Dryrun,
    /// An action that Gatekeeper does not know and keeps as it is.
    #[serde(untagged)]
    Other(String),
}

impl EnforcementAction {
    /// The action of this name.
    pub fn named(name: &str) -> Self {
        match name {
            "deny" => Self::Deny,
            "warn" => Self::Warn,
            "dryrun" => Self::Dryrun,
            other => Self::Other(other.to_owned()),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Deny => "deny",
            Self::Warn => "warn",
            Self::Dryrun => "dryrun",
            Self::Other(name) => name,
        }
    }
}

/// Who asks; scoped enforcement actions differ by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum EnforcementPoint {
    /// The admission webhook, `validation.gatekeeper.sh`.
    #[serde(rename = "validation.gatekeeper.sh")]
    Webhook,
    /// The audit, `audit.gatekeeper.sh`.
    #[serde(rename = "audit.gatekeeper.sh")]
    Audit,
    /// The command line, `gator.gatekeeper.sh`.
    #[serde(rename = "gator.gatekeeper.sh")]
    CommandLine,
}

impl EnforcementPoint {
    /// Its name in `scopedEnforcementActions`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Webhook => "validation.gatekeeper.sh",
            Self::Audit => "audit.gatekeeper.sh",
            Self::CommandLine => "gator.gatekeeper.sh",
        }
    }
}

/// Kind and name of a constraint.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ConstraintName {
    /// Its kind, which is the template's.
    pub kind: String,
    /// Its name.
    pub name: String,
}

/// Why a verdict was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Cause {
    /// The policy found a violation.
    Violation,
    /// Whether the constraint matches cannot be told, for instance for want of the Namespace: refused (autoreject).
    Match,
    /// The policy could not be evaluated to its end: refused.
    Evaluation,
    /// The request's budget was used up before the policy was evaluated: refused.
    Budget,
}

/// One violation of one constraint by one object.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// The constraint.
    pub constraint: ConstraintName,
    /// What it wants done; with scoped actions there can be several verdicts of one violation.
    pub action: EnforcementAction,
    /// What the policy says, in Gatekeeper's words; without the `[constraint]` that an admission message starts with.
    pub message: String,
    /// What else the policy says (`details`), `{}` where it says nothing.
    pub details: Value,
    /// The field of the object that is at fault, where the policy names one (`details.field`) or its message does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Why.
    pub cause: Cause,
}
