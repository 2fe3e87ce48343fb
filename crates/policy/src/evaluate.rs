//! One review against all policies.
//!
//! Owns matching by object or old object, autoreject, Gatekeeper's grouping by template and its order of results.

use plat_resource::{Value, object};

use crate::engine::{Call, Failure, Found};
use crate::matcher::Subject;
use crate::review_input::Input;
use crate::{
    Budget, Cause, Constraint, ConstraintName, EnforcementAction, EnforcementPoint, Inventory, MatchOutcome, Outcome,
    PolicySet, Review, Verdict, field,
};

/// One violation, whatever is to be done about it.
#[derive(Debug, Clone)]
pub(crate) struct Finding<'a> {
    pub(crate) constraint: &'a Constraint,
    pub(crate) actions: Vec<EnforcementAction>,
    pub(crate) message: String,
    pub(crate) details: Value,
    pub(crate) cause: Cause,
}

impl PolicySet {
    /// What the policies say of `review` at `point`. The order is Gatekeeper's: by action, then by message.
    pub fn review(&self, review: &Review, point: EnforcementPoint, inventory: &Inventory) -> Vec<Verdict> {
        self.review_within(review, point, inventory, &Budget::unlimited())
    }

    /// The same within a budget. What it is not enough for is a violation of its own, by the constraint's action.
    pub fn review_within(
        &self,
        review: &Review,
        point: EnforcementPoint,
        inventory: &Inventory,
        budget: &Budget<'_>,
    ) -> Vec<Verdict> {
        let findings = self.findings_within(review, point, inventory, budget);
        findings.into_iter().flat_map(|finding| finding.into_verdicts(review)).collect()
    }

    /// For each constraint, whether it is asked about `review` at `point`, and why not.
    pub fn explain(&self, review: &Review, point: EnforcementPoint) -> Vec<MatchOutcome> {
        let explain = |constraint: &Constraint| MatchOutcome {
            constraint: constraint.name.clone(),
            actions: constraint.actions_at(point),
            outcome: self.outcome(constraint, review, point),
        };
        self.constraints.iter().map(explain).collect()
    }

    fn outcome(&self, constraint: &Constraint, review: &Review, point: EnforcementPoint) -> Outcome {
        if let Some(operations) = self.unwanted_operation(&constraint.name, review, point) {
            return Outcome::Operation { wanted: operations.to_vec() };
        }
        if constraint.actions_at(point).is_empty() {
            return Outcome::Point;
        }
        let Some(matcher) = &constraint.matcher else { return Outcome::Matches };
        let mut first = None;
        for object in reviewed(review) {
            let subject = Subject { object, namespace: review.namespace.as_ref(), source: review.source };
            match matcher.explain(subject) {
                Ok(None) => return Outcome::Matches,
                Ok(Some(mismatch)) => first = first.or(Some(mismatch)),
                Err(error) => return Outcome::Error(error.to_string()),
            }
        }
        first.map_or_else(|| Outcome::Error(NOTHING.to_owned()), Outcome::Differs)
    }

    fn unwanted_operation(&self, name: &ConstraintName, review: &Review, point: EnforcementPoint) -> Option<&[String]> {
        let template = self.template(&name.kind)?;
        let operation = object::string_at(&review.request, &["operation"]).unwrap_or_default();
        (point == EnforcementPoint::Webhook && !template.wants(operation)).then_some(template.operations())
    }

    /// The violations, in order.
    pub(crate) fn findings(&self, review: &Review, point: EnforcementPoint, inventory: &Inventory) -> Vec<Finding<'_>> {
        self.findings_within(review, point, inventory, &Budget::unlimited())
    }

    fn findings_within(
        &self,
        review: &Review,
        point: EnforcementPoint,
        inventory: &Inventory,
        budget: &Budget<'_>,
    ) -> Vec<Finding<'_>> {
        let input = Input::new(review);
        let mut findings = Vec::new();
        let asked = Asked { input: &input, inventory, budget };
        let matching = self.matching(review, point, &asked, &mut findings);
        for group in matching.chunk_by(|(one, _), (other, _)| one.name.kind == other.name.kind) {
            findings.extend(self.evaluate_template(group, &asked));
        }
        findings.sort_by(|one, other| {
            let key = |finding: &Finding<'_>| {
                let is_last = finding.cause == Cause::Budget;
                (is_last, finding.constraint.actions.raw().to_owned(), finding.message.clone())
            };
            key(one).cmp(&key(other)).then_with(|| one.constraint.name.cmp(&other.constraint.name))
        });
        findings
    }

    /// The constraints that are asked about `review` at `point`; a match that fails is a finding.
    fn matching<'a>(
        &'a self,
        review: &Review,
        point: EnforcementPoint,
        asked: &Asked<'_>,
        findings: &mut Vec<Finding<'a>>,
    ) -> Vec<(&'a Constraint, Vec<EnforcementAction>)> {
        let namespace = review.namespace.as_ref().or_else(|| {
            let name = object::string_at(&review.request, &["namespace"]).filter(|name| !name.is_empty())?;
            asked.inventory.namespace(name)
        });
        let kinds = reviewed(review).filter_map(|object| object::string_at(object, &["kind"]));
        let mut candidates = self.index.candidates(kinds);
        if reviewed(review).next().is_none() {
            candidates = (0..self.constraints.len()).collect();
        }
        let mut matching: Vec<(&Constraint, Vec<EnforcementAction>)> = Vec::new();
        for constraint in candidates.into_iter().filter_map(|position| self.constraints.get(position)) {
            let actions = constraint.actions_at(point);
            if actions.is_empty() || self.unwanted_operation(&constraint.name, review, point).is_some() {
                continue;
            }
            asked.budget.take_match();
            match matches(constraint, review, namespace) {
                Ok(true) => matching.push((constraint, actions)),
                Ok(false) => {}
                Err(message) => findings.push(Finding::failed(constraint, actions, message, Cause::Match)),
            }
        }
        matching
    }

    /// Adds the lines of Rego that `review` reaches at `point` to `reached`; all constraints are to be of one template.
    pub(crate) fn reach(
        &self,
        review: &Review,
        point: EnforcementPoint,
        inventory: &Inventory,
        reached: &mut plat_rego::Reached,
    ) {
        let (input, budget) = (Input::new(review), &Budget::unlimited());
        let asked = Asked { input: &input, inventory, budget };
        for (constraint, _) in self.matching(review, point, &asked, &mut Vec::new()) {
            if let Some((_, engine)) = self.template(&constraint.name.kind).and_then(|found| found.engine.as_ref()) {
                let limits = self.options.limits_now();
                engine.reach(&Call { input: &input, constraint, inventory, limits, budget }, reached);
            }
        }
    }

    /// Evaluates the matching constraints of one template. A failure that Gatekeeper would have for all of them is one
    /// for all of them.
    fn evaluate_template<'a>(
        &'a self,
        group: &[(&'a Constraint, Vec<EnforcementAction>)],
        asked: &Asked<'_>,
    ) -> Vec<Finding<'a>> {
        let mut found = Vec::new();
        for (constraint, actions) in group {
            if let Some(reason) = asked.budget.reason() {
                found.push(Finding::failed(constraint, actions.clone(), reason, Cause::Budget));
                continue;
            }
            match self.observed(constraint, asked) {
                Ok(violations) => found.extend(violations.into_iter().map(|Found { message, details }| Finding {
                    constraint,
                    actions: actions.clone(),
                    message,
                    details,
                    cause: Cause::Violation,
                })),
                Err(failure) if failure.of_template => {
                    let failed = |(constraint, actions): &(&'a Constraint, Vec<EnforcementAction>)| {
                        Finding::failed(constraint, actions.clone(), failure.message.clone(), Cause::Evaluation)
                    };
                    return group.iter().map(failed).collect();
                }
                Err(failure) => {
                    found.push(Finding::failed(constraint, actions.clone(), failure.message, Cause::Evaluation));
                }
            }
        }
        found
    }

    fn observed(&self, constraint: &Constraint, asked: &Asked<'_>) -> Result<Vec<Found>, Failure> {
        let Some(observer) = &self.options.observer else { return self.evaluate(constraint, asked) };
        observer.begin(&constraint.name);
        let result = self.evaluate(constraint, asked);
        observer.end(&constraint.name);
        result
    }

    fn evaluate(&self, constraint: &Constraint, asked: &Asked<'_>) -> Result<Vec<Found>, Failure> {
        let engine = self.template(&constraint.name.kind).and_then(|template| template.engine.as_ref());
        match engine {
            Some((_, engine)) => {
                let Asked { input, inventory, budget } = *asked;
                engine.evaluate(&Call { input, constraint, inventory, limits: self.options.limits_now(), budget })
            }
            // Constraints without a compiled template are not in the set.
            None => Err(Failure { message: "the template is not usable".to_owned(), of_template: true }),
        }
    }
}

/// What every constraint is asked about.
#[derive(Clone, Copy)]
struct Asked<'a> {
    input: &'a Input<'a>,
    inventory: &'a Inventory,
    budget: &'a Budget<'a>,
}

/// What Gatekeeper says of a request without an object.
const NOTHING: &str = "invalid request object: neither object nor old object are defined";

/// The object and the old one, as far as there are any.
fn reviewed(review: &Review) -> impl Iterator<Item = &Value> {
    [Some(review.object()), review.old_object()].into_iter().flatten().filter(|object| !object.is_null())
}

fn matches(constraint: &Constraint, review: &Review, namespace: Option<&Value>) -> Result<bool, String> {
    let Some(matcher) = &constraint.matcher else { return Ok(true) };
    let mut seen = false;
    for object in reviewed(review) {
        seen = true;
        let answer = matcher.matches(Subject { object, namespace, source: review.source }).map_err(|error| {
            let name = object::name(object);
            format!("unable to match constraints: error matching the requested object: {name} :{error}")
        })?;
        if answer {
            return Ok(true);
        }
    }
    if seen { Ok(false) } else { Err(format!("unable to match constraints: {NOTHING}")) }
}

impl<'a> Finding<'a> {
    fn failed(constraint: &'a Constraint, actions: Vec<EnforcementAction>, message: String, cause: Cause) -> Self {
        Self { constraint, actions, message, details: Value::Object(plat_resource::Map::new()), cause }
    }

    /// One verdict for each thing that is to be done.
    pub(crate) fn into_verdicts(self, review: &Review) -> impl Iterator<Item = Verdict> + use<> {
        let field = field::named(&self.details, &self.message, review.object());
        let Self { constraint, actions, message, details, cause } = self;
        let constraint = constraint.name.clone();
        actions.into_iter().map(move |action| Verdict {
            constraint: constraint.clone(),
            action,
            message: message.clone(),
            details: details.clone(),
            field: field.clone(),
            cause,
        })
    }
}
