//! Makes a [`Plan`] of expansions and what is live.
//!
//! Owns the walk claim → XR → composed and the sharing of repeated texts. One object is compared in [`node`], what stands
//! in a change's way is judged in [`gate`]. [`Planner`] takes one claim at a time, so that a caller need not hold all
//! expansions at once.

mod changes;
mod gate;
mod intern;
mod node;
mod prepare;
mod sensitive;

use plat_expand::{Compatibility, Composed, Expansion, Observed, Removed, StepResult};
use plat_resource::object::{self, GroupVersionKind};
use plat_resource::{Diagnostic, ObjectKey, Value};

use self::gate::Gate;
use self::intern::Interner;
pub use self::node::would_change;
use self::node::{Owner, Subtree};
pub(crate) use self::prepare::prepare;
use crate::constants::{OWNER_OF_CLAIMED, OWNER_OF_COMPOSED};
use crate::foretold::{Foretold, Question, composed_manager};
use crate::guardrails::{Finding, Subject as Reviewed};
use crate::live::Schemas;
use crate::model::{Action, BlockedBy, ClaimPlan, GivenObject, Node, Plan, Role, Summary, UnknownField};

/// One claim or XR to plan.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// Where it was read.
    pub file: Option<&'a str>,
    /// The claim or XR as it was written, before defaults; lets a plan tell what a default set.
    pub given: Option<&'a Value>,
    /// What it means.
    pub expansion: &'a Expansion,
    /// What is live.
    pub observed: &'a Observed,
    /// What the caller has to say about it.
    pub warnings: &'a [String],
    /// What guardrails say of it: see [`crate::guardrails::review_expansion`].
    pub verdicts: &'a [Finding],
}

impl Plan {
    /// The plan of `subjects`.
    pub fn new(compatibility: Compatibility, subjects: &[Subject<'_>], schemas: &dyn Schemas) -> Self {
        let mut planner = Planner::new(schemas);
        let claims = subjects.iter().map(|subject| planner.claim(subject)).collect();
        Self::of(compatibility, claims)
    }
}

/// Plans one claim after the other; texts that repeat are kept once for all of them.
pub struct Planner<'s> {
    schemas: &'s dyn Schemas,
    foretold: Option<&'s Foretold>,
    questions: Option<Vec<Question>>,
    interner: Interner,
    /// Live objects of the current claim whose former fields nobody can tell.
    without_owner: usize,
    results: Vec<StepResult>,
    warnings: Vec<String>,
}

impl<'s> Planner<'s> {
    /// A planner that takes list keys and immutability from `schemas`.
    pub fn new(schemas: &'s dyn Schemas) -> Self {
        Self {
            schemas,
            foretold: None,
            questions: None,
            interner: Interner::default(),
            without_owner: 0,
            results: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// What the API server said takes the place of what is worked out here.
    #[must_use]
    pub fn with_foretold(self, foretold: &'s Foretold) -> Self {
        Self { foretold: Some(foretold), ..self }
    }

    /// Notes what the API server could be asked; see [`Planner::take_questions`].
    #[must_use]
    pub fn asking(self) -> Self {
        Self { questions: Some(Vec::new()), ..self }
    }

    /// The questions of the plans made since the last time: one for each object that would be written.
    pub fn take_questions(&mut self) -> Vec<Question> {
        self.questions.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// The plan of one claim or XR.
    pub fn claim(&mut self, subject: &Subject<'_>) -> ClaimPlan {
        let expansion = subject.expansion;
        self.without_owner = 0;
        self.results.clone_from(&expansion.results);
        self.warnings = subject.warnings.iter().cloned().chain(expansion.warnings.iter().map(warning)).collect();
        let mut tree = match &expansion.claim {
            Some(claim) => self.claim_node(subject, claim),
            None => self.composite_node(subject, None),
        };
        subject.verdicts.iter().for_each(|finding| attach(&mut tree, finding));
        let given = subject.given.or(expansion.claim.as_ref()).unwrap_or(&expansion.composite);
        let role = if expansion.claim.is_some() { Role::Claim } else { Role::Composite };
        let mut summary = Summary::default();
        summary.count(&tree);
        ClaimPlan {
            given: GivenObject { object: ObjectKey::of(given), role, file: subject.file.map(str::to_owned) },
            composition: expansion.composition.clone(),
            composition_reason: expansion.composition_reason.clone(),
            paused: expansion.paused,
            summary,
            tree,
            results: std::mem::take(&mut self.results),
            warnings: std::mem::take(&mut self.warnings),
            unknowns: self.unknowns(expansion),
            failure: expansion.fatal.clone(),
        }
    }

    fn unknowns(&self, expansion: &Expansion) -> Vec<UnknownField> {
        let mut unknowns: Vec<_> = expansion.unknowns.iter().map(UnknownField::from).collect();
        if self.without_owner > 0 {
            let who = match self.without_owner {
                1 => "1 live object does".to_owned(),
                count => format!("{count} live objects do"),
            };
            let reason = format!(
                "{who} not say who set the fields (metadata.managedFields): \
                 fields that are no longer set are not shown as removed"
            );
            unknowns.push(UnknownField { field: String::new(), reason });
        }
        unknowns
    }

    fn claim_node(&mut self, subject: &Subject<'_>, claim: &Value) -> Node {
        let gate = gate::is_paused(claim).then(|| Gate::paused("the claim"));
        let mut node = self.object_node(
            &Subtree {
                role: Role::Claim,
                desired: subject.given.unwrap_or(claim),
                defaulted: Some(claim),
                live: subject.observed.claim.as_ref(),
                owner: Owner::Kubectl,
                ..Subtree::default()
            },
            None,
        );
        node.children = vec![self.composite_node(subject, gate.as_ref())];
        node
    }

    fn composite_node(&mut self, subject: &Subject<'_>, gate: Option<&Gate>) -> Node {
        let expansion = subject.expansion;
        let owner = if expansion.claim.is_some() { Owner::Manager(OWNER_OF_CLAIMED) } else { Owner::Kubectl };
        let mut node = self.object_node(
            &Subtree {
                role: Role::Composite,
                desired: &expansion.composite,
                live: subject.observed.composite.as_ref(),
                owner,
                manager: OWNER_OF_CLAIMED,
                given: subject.given,
                origins: Some(&expansion.origins),
                ..Subtree::default()
            },
            gate,
        );
        let live_uid = subject.observed.composite.as_ref().map(object::uid).filter(|uid| !uid.is_empty());
        node.children = self.children(expansion, live_uid, gate);
        node
    }

    /// Composed resources and those no longer wanted. `above` is what already blocks the XR itself.
    fn children(&mut self, expansion: &Expansion, live_uid: Option<&str>, above: Option<&Gate>) -> Vec<Node> {
        let own = gate::of_expansion(expansion);
        let gate = above.or(own.as_ref());
        let manager = composed_manager(&expansion.composite);
        let mut nodes: Vec<Node> =
            expansion.composed.iter().map(|composed| self.composed_node(composed, &manager, live_uid, gate)).collect();
        for removed in &expansion.removed {
            // Crossplane collects by name alone: what is of another kind under a name still wanted is left behind.
            match expansion.composed.iter().position(|composed| composed.name == removed.name) {
                Some(index) => {
                    if let Some(node) = nodes.get_mut(index) {
                        leave_behind(node, &removed.object);
                    }
                }
                None => nodes.push(removed_node(removed, live_uid, gate)),
            }
        }
        nodes
    }

    fn composed_node(
        &mut self,
        composed: &Composed,
        manager: &str,
        live_uid: Option<&str>,
        gate: Option<&Gate>,
    ) -> Node {
        let wanted = GroupVersionKind::of(&composed.object);
        let (live, other) = match &composed.observed {
            Some(live) if is_of(&wanted, live) => (Some(live), None),
            other => (None, other.as_ref()),
        };
        let mut node = self.object_node(
            &Subtree {
                role: if composed.nested.is_some() { Role::Composite } else { Role::Composed },
                desired: &composed.object,
                live,
                owner: Owner::Manager(OWNER_OF_COMPOSED),
                manager,
                origins: Some(&composed.origins),
                unknowns: &composed.unknowns,
                resource: Some(&composed.name),
                ready: Some(composed.ready),
                live_uid,
                ..Subtree::default()
            },
            gate,
        );
        if let Some(other) = other {
            leave_behind(&mut node, other);
        }
        if let Some(nested) = &composed.nested {
            self.nested(&mut node, composed, nested, gate);
        }
        node
    }

    fn nested(&mut self, node: &mut Node, composed: &Composed, nested: &Expansion, gate: Option<&Gate>) {
        node.composition = Some(nested.composition.clone());
        node.unknowns.extend(nested.unknowns.iter().map(UnknownField::from));
        if let Some(failure) = &nested.fatal {
            node.notes.push(format!("its pipeline stopped: {}", failure.message));
        }
        self.results.extend(nested.results.iter().map(|result| {
            let mut result = result.clone();
            result.message = format!("{}: {}", composed.name, result.message);
            result
        }));
        self.warnings.extend(nested.warnings.iter().map(|each| format!("{}: {}", composed.name, warning(each))));
        let live_uid = composed.observed.as_ref().map(object::uid).filter(|uid| !uid.is_empty());
        node.children = self.children(nested, live_uid, gate);
    }
}

/// Puts a finding at the node it speaks of; at the nearest one above where a name has no node of its own.
fn attach(tree: &mut Node, finding: &Finding) {
    if tree.role == Role::Claim
        && finding.subject != Reviewed::Claim
        && let Some(composite) = tree.children.first_mut()
    {
        return attach(composite, finding);
    }
    node_at(tree, &finding.place).verdicts.push(finding.clone());
}

fn node_at<'a>(node: &'a mut Node, place: &[String]) -> &'a mut Node {
    let Some((name, below)) = place.split_first() else { return node };
    let position = node.children.iter().position(|child| child.resource.as_ref() == Some(name));
    match position {
        Some(index) => node_at(&mut node.children[index], below),
        None => node,
    }
}

/// The finding without the label that its heading already gives.
fn warning(diagnostic: &Diagnostic) -> String {
    let text = diagnostic.to_string();
    text.strip_prefix("warning: ").unwrap_or(&text).to_owned()
}

fn is_of(wanted: &GroupVersionKind, live: &Value) -> bool {
    let kind = GroupVersionKind::of(live);
    kind.group == wanted.group && kind.kind == wanted.kind
}

fn leave_behind(node: &mut Node, live: &Value) {
    let key = ObjectKey::of(live);
    node.notes.push(format!(
        "{} {} had this composition-resource name: Crossplane makes the new object and leaves that one behind",
        key.kind, key.name
    ));
    node.left_behind = Some(key);
}

fn removed_node(removed: &Removed, live_uid: Option<&str>, gate: Option<&Gate>) -> Node {
    let mut node = Node {
        action: Action::Delete,
        object: ObjectKey::of(&removed.object),
        resource: Some(removed.name.clone()),
        ..Node::default()
    };
    if let Some(gate) = gate.cloned().or_else(|| gate::of_deletion(&removed.object, live_uid)) {
        gate.close(&mut node);
    }
    if let Some(reason) = gate::what_stays(&removed.object)
        && node.blocked.as_ref().is_none_or(|blocked| blocked.by != BlockedBy::Failure)
    {
        node.notes.push(reason);
    }
    node
}

#[cfg(test)]
mod tests;
