//! What keeps a change from having an effect: pausing, management policies, usages, other owners, a failed pipeline.

use plat_expand::Expansion;
use plat_resource::Value;
use plat_resource::object::{self, string_at, value_at};

use crate::constants::{IN_USE, PAUSED};
use crate::model::{Action, Blocked, BlockedBy, Node};

/// A reason for which changes have no effect.
#[derive(Debug, Clone)]
pub(super) struct Gate {
    by: BlockedBy,
    reason: String,
}

impl Gate {
    fn new(by: BlockedBy, reason: impl Into<String>) -> Self {
        Self { by, reason: reason.into() }
    }

    /// The API server refuses it, in these words.
    pub(super) fn refused(message: &str) -> Self {
        Self::new(BlockedBy::Refused, format!("the API server refuses it: {message}"))
    }

    /// `who` carries the annotation.
    pub(super) fn paused(who: &str) -> Self {
        Self::new(BlockedBy::Paused, format!("{who} is paused ({PAUSED})"))
    }

    /// Marks the change of `node`, where there is one, as without effect.
    pub(super) fn close(self, node: &mut Node) {
        if matches!(node.action, Action::NoOp | Action::Blocked) {
            return;
        }
        node.blocked = Some(Blocked { by: self.by, reason: self.reason, would: node.action });
        node.action = Action::Blocked;
    }
}

/// True where reconciling `object` is paused.
pub(super) fn is_paused(object: &Value) -> bool {
    object::annotation(object, PAUSED) == Some("true")
}

/// What keeps the composed resources of an XR from being applied.
pub(super) fn of_expansion(expansion: &Expansion) -> Option<Gate> {
    if expansion.paused {
        return Some(Gate::paused("the XR"));
    }
    let failure = expansion.fatal.as_ref()?;
    let step = failure.step.as_ref().map_or_else(String::new, |step| format!(" at step {step:?}"));
    Some(Gate::new(BlockedBy::Failure, format!("the pipeline stopped{step}: nothing is applied")))
}

/// What keeps a composed resource from being made or changed. `after` is the object as it would be.
pub(super) fn of_change(
    action: Action,
    after: &Value,
    live: Option<&Value>,
    node: &Node,
    live_uid: Option<&str>,
) -> Option<Gate> {
    if let Some(gate) = live.and_then(|live| of_owner(live, live_uid)) {
        return Some(gate);
    }
    let managed = is_managed(after);
    if managed && is_paused(after) {
        return Some(Gate::new(BlockedBy::Paused, format!("it is paused ({PAUSED}): the provider does not act")));
    }
    let policies = policies(after).filter(|_| managed)?;
    let touches_external = node.changes.iter().any(|change| is_external(&change.path));
    let verb = match action {
        Action::Create => "Create",
        Action::Update | Action::Replace | Action::Unknown if touches_external => "Update",
        _ => return None,
    };
    (!allows(&policies, verb)).then(|| {
        let reason = format!("managementPolicies [{}] lack {verb}: nothing changes outside", policies.join(", "));
        Gate::new(BlockedBy::ManagementPolicies, reason)
    })
}

/// What keeps a composed resource that is no longer wanted from being deleted.
pub(super) fn of_deletion(live: &Value, live_uid: Option<&str>) -> Option<Gate> {
    if object::controller(live).is_none() {
        let reason = "it has no controller reference: Crossplane never deletes it";
        return Some(Gate::new(BlockedBy::NotControlled, reason));
    }
    if let Some(gate) = of_owner(live, live_uid) {
        return Some(gate);
    }
    if object::label(live, IN_USE) == Some("true") {
        return Some(Gate::new(BlockedBy::InUse, format!("a Usage protects it ({IN_USE})")));
    }
    (is_managed(live) && is_paused(live))
        .then(|| Gate::new(BlockedBy::Paused, format!("it is paused ({PAUSED}): the deletion waits")))
}

/// The external resource that outlives its object, in words.
pub(super) fn what_stays(live: &Value) -> Option<String> {
    if string_at(live, &["spec", "deletionPolicy"]) == Some("Orphan") {
        return Some("the external resource stays (deletionPolicy: Orphan)".to_owned());
    }
    let policies = policies(live).filter(|_| is_managed(live))?;
    (!allows(&policies, "Delete"))
        .then(|| format!("the external resource stays (managementPolicies [{}] lack Delete)", policies.join(", ")))
}

/// Another controller owns the object: Crossplane refuses to touch it.
pub(super) fn of_owner(live: &Value, live_uid: Option<&str>) -> Option<Gate> {
    let controller = object::controller(live)?;
    let text = |key: &str| controller.get(key).and_then(Value::as_str).unwrap_or("");
    let ours = live_uid.is_none_or(|uid| text("uid") == uid);
    (!ours).then(|| {
        let reason = format!("it is controlled by {} {}: Crossplane does not touch it", text("kind"), text("name"));
        Gate::new(BlockedBy::NotControlled, reason)
    })
}

/// A managed resource has `spec.forProvider`.
fn is_managed(object: &Value) -> bool {
    value_at(object, &["spec", "forProvider"]).is_some()
}

fn policies(object: &Value) -> Option<Vec<&str>> {
    let policies = value_at(object, &["spec", "managementPolicies"])?.as_array()?;
    Some(policies.iter().filter_map(Value::as_str).collect())
}

fn allows(policies: &[&str], verb: &str) -> bool {
    policies.iter().any(|policy| *policy == "*" || *policy == verb)
}

fn is_external(path: &str) -> bool {
    ["spec.forProvider", "spec.initProvider"].iter().any(|prefix| path.starts_with(prefix))
}
