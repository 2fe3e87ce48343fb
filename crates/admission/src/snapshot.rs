//! Everything that a decision needs, at one moment.
//!
//! Owns nothing that changes: whoever has a newer part makes a new snapshot with it, and all others are shared.

use std::collections::BTreeMap;
use std::sync::Arc;

use plat_expand::native::CompiledInputs;
use plat_plan::guardrails::{Implied, Reviewer, implied_by, mutated};
use plat_platform::Platform;
use plat_policy::mutation::MutationContext;
use plat_policy::{EnforcementPoint, Inventory, PolicySet, Review, Source, Verdict};
use plat_resource::{Document, Value};

use crate::exemption::Exemptions;

/// What is set for an installation as a whole.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// plat's own service account, as `userInfo.username` names it. What it does is not judged: it would wait for itself.
    pub own_account: Option<String>,
    /// Who may be exempt.
    pub exemptions: Exemptions,
    /// How policies are read.
    pub policies: plat_policy::Options,
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
    pub fn guard(&self, point: EnforcementPoint) -> Guard<'_> {
        Guard { snapshot: self, point }
    }
}

/// The policies of a snapshot at one enforcement point.
#[derive(Debug, Clone, Copy)]
pub struct Guard<'a> {
    snapshot: &'a Snapshot,
    point: EnforcementPoint,
}

impl Reviewer for Guard<'_> {
    fn review(&self, review: &Review) -> Vec<Verdict> {
        self.snapshot.policies.review(review, self.point, &self.snapshot.inventory)
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
