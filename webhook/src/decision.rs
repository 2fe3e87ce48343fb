//! The seam between the server and what decides.
//!
//! Owns the question, the answer and the trait between them. The server knows bytes, connections and time; it does not know
//! policies. What decides does not know HTTP.

use std::time::{Duration, Instant};

use crate::review::Envelope;

/// What the API server asks for: each has a path of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// May the object be as it is?
    Validate,
    /// What should the object be?
    Mutate,
    /// May the Namespace carry the label that exempts it?
    ValidateLabel,
    /// May the object be deleted, though something may use it?
    ValidateNoUsages,
}

impl Endpoint {
    /// Every endpoint.
    pub const ALL: [Self; 4] = [Self::Validate, Self::Mutate, Self::ValidateLabel, Self::ValidateNoUsages];

    /// Its path.
    pub fn path(self) -> &'static str {
        match self {
            Self::Validate => "/validate",
            Self::Mutate => "/mutate",
            Self::ValidateLabel => "/validate-label",
            // Crossplane's own path.
            Self::ValidateNoUsages => "/validate-no-usages",
        }
    }

    /// Its name in metrics and logs.
    pub fn name(self) -> &'static str {
        self.path().trim_start_matches('/')
    }
}

/// One AdmissionReview to answer.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// What is asked.
    pub endpoint: Endpoint,
    /// The whole AdmissionReview: valid JSON, of a version the server speaks, with a request that has a uid.
    pub body: &'a [u8],
    /// What the server has read of it.
    pub envelope: &'a Envelope,
    /// When the server gives its own answer in place of this one: it is of no use to go on after that.
    pub deadline: Instant,
}

/// How a request ended; a label of metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Allowed as it is.
    Allowed,
    /// Allowed, with something to tell the user.
    Warned,
    /// Allowed with changes.
    Mutated,
    /// Refused by a rule.
    Denied,
    /// Refused because it could not be judged.
    Errored,
}

impl Outcome {
    /// Its name in metrics and logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Allowed => "allow",
            Self::Warned => "warn",
            Self::Mutated => "mutate",
            Self::Denied => "deny",
            Self::Errored => "error",
        }
    }
}

/// What one constraint cost and found, for metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConstraintUse {
    /// Kind of the constraint.
    pub kind: String,
    /// Name of the constraint.
    pub name: String,
    /// How often it was evaluated: a claim is many objects.
    pub evaluations: u64,
    /// How long that took.
    pub time: Duration,
    /// How many violations it found, by what it wants done about them, as Gatekeeper spells it.
    pub violations: Vec<(String, u64)>,
}

/// The answer to one question.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The AdmissionReview with the response, as JSON.
    pub review: Vec<u8>,
    /// How it ended.
    pub outcome: Outcome,
    /// What the constraints that were looked at cost and found.
    pub constraints: Vec<ConstraintUse>,
    /// What it was decided without.
    pub gaps: Gaps,
}

/// What was not known of a request that was decided on, for metrics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Gaps {
    /// What some function would have made of a claim.
    pub unexpanded: bool,
    /// What some constraint would have said: the request's budget was used up.
    pub over_budget: bool,
}

/// One thing that must hold before requests may come.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Condition {
    /// What it is about, in lower case.
    pub name: String,
    /// Whether it holds.
    pub ready: bool,
    /// How it stands, for people.
    pub detail: String,
}

/// What the policies look like now, for metrics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Policies {
    /// Templates that compiled.
    pub templates: usize,
    /// Templates that are not as they were written: refused, or the last good one is in use.
    pub broken_templates: usize,
    /// Constraints in use.
    pub constraints: usize,
    /// Mutators in use.
    pub mutators: usize,
    /// Parts (platform, policies) that could not be loaded as they are now; earlier ones are in use.
    pub failed_loads: usize,
    /// How long ago the snapshot in use was made.
    pub age: Option<Duration>,
}

/// What decides on requests. It is asked from many threads at once and must not block on anything but itself.
pub trait Admission: Send + Sync + 'static {
    /// Answers one question. A panic is answered by the server, with a denial.
    fn decide(&self, question: &Question<'_>) -> Answer;

    /// Whether all is here that the answer needs. Where it is not, the server asks a little later, and holds up no thread
    /// meanwhile; in the end it asks for an answer all the same.
    fn is_prepared(&self, _envelope: &Envelope) -> bool {
        true
    }

    /// What must hold before requests may come.
    fn conditions(&self) -> Vec<Condition>;

    /// What the policies look like now.
    fn policies(&self) -> Policies;
}
