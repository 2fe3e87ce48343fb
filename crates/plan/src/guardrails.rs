//! What guardrails say of everything that a claim or XR would create, change and delete.
//!
//! Owns the walk claim → XR → composed → implied, the requests that the API server would see on the way, and which field
//! of the claim is behind a field at fault. What a guardrail says of one object is the [`Reviewer`]'s, which is a set of
//! policies; the plan, the command line and the webhook call the same functions here.

mod finding;
mod request;
mod trace;

use std::collections::HashSet;

use plat_expand::{Composed, Expansion, Observed};
use plat_policy::mutation::{MutationContext, MutationSystem, Operation};
use plat_policy::{Cause, ConstraintName, EnforcementAction, Review, Source, Verdict};
use plat_resource::object::{self, GroupVersionKind};
use plat_resource::{FieldPath, Map, ObjectKey, Value};

pub use self::finding::{Finding, Subject, Tally, most_severe};
use self::request::Request;
use self::trace::Trace;
use crate::constants::{OWNER_OF_CLAIMED, OWNER_OF_COMPOSED};
use crate::live::Schemas;
use crate::model::Role;

/// Policies, ready to be asked.
pub trait Reviewer: Sync {
    /// What the constraints say of one request.
    fn review(&self, review: &Review) -> Vec<Verdict>;

    /// The request after the mutators that the API server asks before it is judged; or why they cannot be applied, which
    /// refuses it. Without mutators it is the request as it is.
    fn mutated(&self, review: Review) -> Result<Review, String> {
        Ok(review)
    }

    /// The Namespace object of this name, where it is known.
    fn namespace(&self, name: &str) -> Option<Value>;

    /// What comes of `object` once it is there, as ExpansionTemplates tell: the Pod of a Deployment. What cannot be told
    /// is refused.
    fn implied(&self, object: &Value, namespace: Option<&Value>) -> Result<Vec<Implied>, String>;
}

/// An object that an ExpansionTemplate makes of another.
#[derive(Debug, Clone, PartialEq)]
pub struct Implied {
    /// Names of the ExpansionTemplates that made it.
    pub templates: Vec<String>,
    /// The object.
    pub object: Value,
    /// What to do about its violations, where the template says so.
    pub action: Option<EnforcementAction>,
}

/// What ExpansionTemplates make of `object`, what that makes in turn included; `mutate` is what the mutators do to each.
pub fn implied_by(
    templates: &plat_policy::Expansion,
    object: &Value,
    namespace: Option<&Value>,
    mutate: &mut plat_policy::Mutate<'_>,
) -> Result<Vec<Implied>, String> {
    if templates.is_empty() {
        return Ok(Vec::new());
    }
    let made = templates.expand(object, namespace.map(object::name), mutate)?;
    Ok(made
        .into_iter()
        .map(|made| Implied { templates: vec![made.template], object: made.object, action: made.action })
        .collect())
}

/// The request after `mutators`, as the API server has it before it is judged. Deletions and connections are not mutated.
pub fn mutated(mutators: &MutationSystem, mut review: Review) -> Result<Review, String> {
    let operation = object::string_at(&review.request, &["operation"]).and_then(Operation::parse);
    if operation == Some(Operation::Delete) || operation == Some(Operation::Connect) {
        return Ok(review);
    }
    let context = mutation_context(&review);
    let mutated = mutators.mutate(review.object().clone(), &context).map_err(|error| error.to_string())?;
    object::object_at_mut(&mut review.request, &[]).insert("object".to_owned(), mutated.object);
    Ok(review)
}

/// What mutators are told of a request.
pub fn mutation_context(review: &Review) -> MutationContext<'_> {
    MutationContext {
        namespace: review.namespace.as_ref(),
        operation: object::string_at(&review.request, &["operation"]).and_then(Operation::parse),
        source: review.source,
        ..MutationContext::default()
    }
}

/// Which objects of an expansion are reviewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// All.
    All,
    /// Only what is made of the claim or XR that was given: that one is reviewed elsewhere, as the request it came in.
    Generated,
}

/// What the guardrails say of an expansion: in tree order, the gravest first for each object, each fact once.
pub fn review_expansion(
    expansion: &Expansion,
    observed: &Observed,
    extent: Extent,
    schemas: &dyn Schemas,
    reviewer: &dyn Reviewer,
) -> Vec<Finding> {
    let mut walk = Walk::new(reviewer, schemas, Role::Claim);
    if let Some(claim) = &expansion.claim {
        if extent == Extent::All {
            let request = Request { desired: claim, live: observed.claim.as_ref(), role: Role::Claim, manager: None };
            walk.object(&request, &Step { subject: Subject::Claim, source: Source::Original, trace: &Trace::given() });
        }
    } else {
        walk.given = Role::Composite;
    }
    let is_given = expansion.claim.is_none();
    if !is_given || extent == Extent::All {
        let source = if is_given { Source::Original } else { Source::Generated };
        let manager = (!is_given).then_some(OWNER_OF_CLAIMED);
        let live = observed.composite.as_ref();
        let request = Request { desired: &expansion.composite, live, role: Role::Composite, manager };
        let trace = Trace::root(expansion);
        walk.object(&request, &Step { subject: Subject::Composite, source, trace: &trace });
    }
    walk.children(expansion, &Trace::root(expansion));
    finding::once(walk.findings)
}

/// What the guardrails say of one request, and of what its object implies.
pub fn review_object(review: &Review, reviewer: &dyn Reviewer) -> Vec<Finding> {
    let mut walk = Walk::new(reviewer, &crate::live::NoSchemas, Role::Composed);
    walk.reviewed(review, &Step { subject: Subject::Object, source: review.source, trace: &Trace::given() });
    finding::once(walk.findings)
}

/// The way down a tree.
struct Walk<'a> {
    reviewer: &'a dyn Reviewer,
    schemas: &'a dyn Schemas,
    findings: Vec<Finding>,
    /// What the user gave: words differ by it.
    given: Role,
    /// ExpansionTemplates that led to the object at hand.
    templates: Vec<String>,
    /// What the budget was not enough for, and what it wants done: told of the first object, not of each.
    unevaluated: HashSet<(ConstraintName, EnforcementAction)>,
}

/// Where in the tree an object stands.
struct Step<'a> {
    subject: Subject,
    source: Source,
    trace: &'a Trace<'a>,
}

impl<'a> Walk<'a> {
    fn new(reviewer: &'a dyn Reviewer, schemas: &'a dyn Schemas, given: Role) -> Self {
        let (findings, templates, unevaluated) = (Vec::new(), Vec::new(), HashSet::new());
        Self { reviewer, schemas, findings, given, templates, unevaluated }
    }

    fn children(&mut self, expansion: &Expansion, trace: &Trace<'_>) {
        for composed in &expansion.composed {
            self.composed(composed, trace);
        }
        // A name that is still wanted is no deletion: Crossplane collects by name alone.
        let is_wanted = |name: &str| expansion.composed.iter().any(|composed| composed.name == name);
        for removed in expansion.removed.iter().filter(|removed| !is_wanted(&removed.name)) {
            let trace = trace.removed(&removed.name);
            let review = Request::deletion(&removed.object, self.namespace_of(&removed.object));
            self.reviewed(&review, &Step { subject: Subject::Removed, source: Source::Generated, trace: &trace });
        }
    }

    fn composed(&mut self, composed: &Composed, above: &Trace<'_>) {
        let trace = above.below(composed);
        let subject = if composed.nested.is_some() { Subject::Composite } else { Subject::Composed };
        let role = if composed.nested.is_some() { Role::Composite } else { Role::Composed };
        let live = composed.observed.as_ref().filter(|live| is_same_kind(live, &composed.object));
        let request = Request { desired: &composed.object, live, role, manager: Some(OWNER_OF_COMPOSED) };
        self.object(&request, &Step { subject, source: Source::Generated, trace: &trace });
        if let Some(nested) = &composed.nested {
            self.children(nested, &trace.into_nested(nested));
        }
    }

    fn object(&mut self, request: &Request<'_>, step: &Step<'_>) {
        let namespace = self.namespace_of(request.desired);
        let review = request.review(self.schemas, namespace, step.source);
        match self.reviewer.mutated(review.clone()) {
            Ok(review) => self.reviewed(&review, step),
            Err(reason) => {
                self.add(vec![refusal("mutators", format!("mutators cannot be applied: {reason}"))], &review, step);
            }
        }
    }

    fn reviewed(&mut self, review: &Review, step: &Step<'_>) {
        let verdicts = self.reviewer.review(review);
        self.add(verdicts, review, step);
        if step.subject == Subject::Removed {
            return;
        }
        let all = self.reviewer.implied(review.object(), review.namespace.as_ref()).unwrap_or_else(|reason| {
            self.add(vec![refusal("expansion", format!("what it implies cannot be told: {reason}"))], review, step);
            Vec::new()
        });
        for implied in all {
            let request = request::implied(&implied.object, review, self.namespace_of(&implied.object));
            let mut verdicts = self.reviewer.review(&request);
            if let Some(action) = &implied.action {
                for verdict in &mut verdicts {
                    verdict.action = action.clone();
                }
            }
            self.templates = implied.templates;
            self.add(verdicts, &request, step);
            self.templates.clear();
        }
    }

    /// Adds what is said of one object. What the budget was not enough for would be all constraints times all objects.
    fn add(&mut self, mut verdicts: Vec<Verdict>, review: &Review, step: &Step<'_>) {
        verdicts.sort_by(|one, other| finding::order(one).cmp(&finding::order(other)));
        for verdict in verdicts {
            let is_budget = verdict.cause == Cause::Budget;
            if !is_budget || self.unevaluated.insert((verdict.constraint.clone(), verdict.action.clone())) {
                let finding = self.finding(verdict, review, step);
                self.findings.push(finding);
            }
        }
    }

    fn finding(&self, verdict: Verdict, review: &Review, step: &Step<'_>) -> Finding {
        let path = verdict.field.as_deref().and_then(|field| FieldPath::parse(field).ok());
        // The fields of a Pod are not those of its Deployment, whose origins these would be.
        let path = path.filter(|_| self.templates.is_empty());
        let origin = path.as_ref().and_then(|path| step.trace.origin(path)).cloned();
        let given_fields = match (&path, step.subject) {
            (None, _) | (_, Subject::Removed) => Vec::new(),
            (Some(path), Subject::Claim | Subject::Object) => vec![path.to_string()],
            (Some(path), _) => step.trace.given_fields(path).iter().map(ToString::to_string).collect(),
        };
        let hint = path.as_ref().and_then(|path| {
            let object = review.object();
            step.trace.hint(&trace::Fault { path, object, subject: step.subject, given: self.given }, &given_fields)
        });
        Finding {
            subject: step.subject,
            object: ObjectKey::of(review.object()),
            resource: step.trace.resource(),
            implied_by: self.templates.clone(),
            constraint: verdict.constraint,
            action: verdict.action,
            message: verdict.message,
            details: verdict.details,
            field: verdict.field,
            origin,
            given_fields,
            hint,
            cause: verdict.cause,
            place: step.trace.place(),
        }
    }

    fn namespace_of(&self, object: &Value) -> Option<Value> {
        let name = object::namespace(object);
        if name.is_empty() { None } else { self.reviewer.namespace(name) }
    }
}

/// The refusal of an object that cannot be judged, in the name of what stands in the way.
fn refusal(what: &str, message: String) -> Verdict {
    Verdict {
        constraint: ConstraintName { kind: "Guardrails".to_owned(), name: what.to_owned() },
        action: EnforcementAction::Deny,
        message,
        details: Value::Object(Map::new()),
        field: None,
        cause: Cause::Evaluation,
    }
}

fn is_same_kind(live: &Value, wanted: &Value) -> bool {
    let (live, wanted) = (GroupVersionKind::of(live), GroupVersionKind::of(wanted));
    live.group == wanted.group && live.kind == wanted.kind
}

#[cfg(test)]
mod tests;
