//! Everything that a decision needs, at one moment.
//!
//! Owns nothing that changes: whoever has a newer part makes a new snapshot with it, and all others are shared.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use plat_expand::native::CompiledInputs;
use plat_plan::guardrails::{Implied, Reviewer, implied_by, mutated};
use plat_platform::Platform;
use plat_policy::mutation::MutationContext;
use plat_policy::{Budget, EnforcementPoint, Inventory, PolicySet, Review, Source, Verdict};
use plat_resource::{Document, Value};

use crate::exemption::Exemptions;
use crate::usage::Usages;

/// What becomes of a claim with steps whose functions are not run at admission: nobody knows what those would make of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Unexpanded {
    /// It is judged by the rest, and only annotated and counted.
    Allow,
    /// The user is told too.
    #[default]
    Warn,
    /// It is refused.
    Deny,
}

/// Enough for 20 composed resources and 50 constraints many times over, and within the three seconds that the webhook
/// configuration gives.
const REQUEST_BUDGET: Duration = Duration::from_secs(2);

/// What is set for an installation as a whole.
#[derive(Debug, Clone)]
pub struct Settings {
    /// plat's own service account, as `userInfo.username` names it. What it does is not judged: it would wait for itself.
    pub own_account: Option<String>,
    /// Who may be exempt.
    pub exemptions: Exemptions,
    /// How policies are read.
    pub policies: plat_policy::Options,
    /// What claims mean that cannot be fully expanded.
    pub unexpanded: Unexpanded,
    /// What all evaluations of one request may take together; counted in steps, see [`Budget::of`].
    pub request_budget: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            own_account: None,
            exemptions: Exemptions::default(),
            policies: plat_policy::Options::default(),
            unexpanded: Unexpanded::default(),
            request_budget: REQUEST_BUDGET,
        }
    }
}

/// One moment. A clone is cheap.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// What claims mean.
    pub platform: Arc<Platform>,
    /// What the functions of the platform's Compositions were compiled to, as they are used.
    pub compiled: Arc<CompiledInputs>,
    /// The policies.
    pub policies: Arc<PolicySet>,
    /// What the policies were made of; a constraint is checked with its template.
    pub policy_documents: Arc<Vec<Document>>,
    /// Namespaces by name.
    pub namespaces: Arc<BTreeMap<String, Arc<Value>>>,
    /// What policies may look at.
    pub inventory: Arc<Inventory>,
    /// What is in use.
    pub usages: Arc<Usages>,
    /// What is set.
    pub settings: Arc<Settings>,
}

impl Snapshot {
    /// The Namespace of this name.
    pub fn namespace(&self, name: &str) -> Option<&Value> {
        self.namespaces.get(name).map(AsRef::as_ref)
    }

    /// Whether requests of this user are not judged.
    pub(crate) fn is_own(&self, username: &str) -> bool {
        !username.is_empty() && self.settings.own_account.as_deref() == Some(username)
    }

    /// What ExpansionTemplates make of `object`, or why that cannot be told.
    fn implied(&self, object: &Value, namespace: Option<&Value>) -> Result<Vec<Implied>, String> {
        let context = MutationContext { namespace, source: Source::Generated, ..MutationContext::default() };
        let mut mutate = |made: Value| {
            let mutated = self.policies.mutation().mutate(made, &context);
            mutated.map(|mutated| mutated.object).map_err(|error| error.to_string())
        };
        implied_by(self.policies.expansion(), object, namespace, &mut mutate)
    }

    /// The policies as they are asked at `point`.
    pub fn guard<'a>(&'a self, point: EnforcementPoint, budget: &'a Budget<'a>) -> Guard<'a> {
        Guard { snapshot: self, point, budget }
    }
}

/// The policies of a snapshot at one enforcement point.
#[derive(Debug, Clone, Copy)]
pub struct Guard<'a> {
    pub(crate) snapshot: &'a Snapshot,
    point: EnforcementPoint,
    budget: &'a Budget<'a>,
}

impl Reviewer for Guard<'_> {
    fn review(&self, review: &Review) -> Vec<Verdict> {
        self.snapshot.policies.review_within(review, self.point, &self.snapshot.inventory, self.budget)
    }

    /// What a user sent has been mutated already when it is judged; what it would create has not.
    fn mutated(&self, review: Review) -> Result<Review, String> {
        match review.source {
            Source::Original => Ok(review),
            Source::Generated => mutated(self.snapshot.policies.mutation(), review),
        }
    }

    fn namespace(&self, name: &str) -> Option<Value> {
        self.snapshot.namespace(name).cloned()
    }

    fn implied(&self, object: &Value, namespace: Option<&Value>) -> Result<Vec<Implied>, String> {
        self.snapshot.implied(object, namespace)
    }
}
