//! The status of an XRD: its conditions and the kinds that are watched.

use plat_platform::Definition;
use plat_resource::{GroupVersionKind, Value, object};
use serde_json::json;

use super::{Observed, Refusal, Role, crd};
use crate::condition::Condition;
use crate::status::has_status;
use crate::{Decision, Event, Then, Write};

/// Present once something was refused: Crossplane's XRDs have no such condition, and a sound one needs none.
const SYNCED: &str = "Synced";

/// The XRD is not put into force. A kind that is served goes on as it was, and its condition says so.
pub(super) fn refused(observed: &Observed<'_>, refusal: &Refusal, role: Role) -> Decision {
    let mut object = observed.definition.clone();
    for (role, _) in super::crd_keys(observed.definition) {
        if !is_served(observed, role) {
            let condition = Condition::no(role.words().condition, refusal.reason, refusal.message.as_str());
            condition.set(&mut object, observed.now);
        }
    }
    Condition::no(SYNCED, refusal.reason, refusal.message.as_str()).set(&mut object, observed.now);
    let mut decision = written(observed, object);
    if !decision.writes.is_empty() {
        let reason = if refusal.reason == "InvalidDefinition" { "RenderCRD" } else { role.words().establish };
        decision.events.push(Event::warning(reason, refusal.message.as_str()));
    }
    if refusal.reason == "ControlledByAnother" {
        // What becomes of somebody else's CRD wakes its owner only.
        decision.then = Then::Retry;
    }
    decision
}

/// The CRDs are as wanted; what they say of themselves decides.
pub(super) fn established(observed: &Observed<'_>, loaded: &Definition) -> Decision {
    let mut object = observed.definition.clone();
    let mut events = Vec::new();
    let claim = loaded.claim_kind().filter(|_| loaded.is_legacy()).map(|kind| (Role::Claim, kind));
    let kinds = [(Role::Composite, loaded.composite_kind())].into_iter().chain(claim);
    for (role, kind) in kinds {
        match state(observed, role) {
            State::Served => served(&mut object, role, &kind, observed.now),
            State::Refused(why) => {
                let condition =
                    Condition::no(role.words().condition, "NamesNotAccepted", format!("{}: {why}", role.words().names));
                condition.set(&mut object, observed.now);
                events.push(Event::warning(role.words().establish, condition.message));
            }
            State::Awaited => events.push(Event::normal(role.words().establish, role.words().wait_established)),
        }
    }
    no_longer_offered(observed, loaded, &mut object);
    if has_status(&object, SYNCED, "False") {
        Condition::yes(SYNCED, "ReconcileSuccess").set(&mut object, observed.now);
    }
    let mut decision = written(observed, object);
    if !decision.writes.is_empty() || events.iter().any(|event| event.kind == crate::EventKind::Normal) {
        decision.events = events;
    }
    decision
}

/// Whether a CRD of the XRD is in force, under whatever name it has.
fn is_served(observed: &Observed<'_>, role: Role) -> bool {
    let uid = object::uid(observed.definition);
    let mut own = observed.crds.iter().filter(|live| crd::is_controlled_by(live, uid));
    own.any(|live| Role::of(observed.definition, live) == role && crd::is_established(live))
}

enum State {
    Served,
    Refused(String),
    Awaited,
}

fn state(observed: &Observed<'_>, role: Role) -> State {
    let keys = super::crd_keys(observed.definition);
    let key = keys.into_iter().find(|(each, _)| *each == role).map(|(_, key)| key.name).unwrap_or_default();
    match crd::find(observed.crds, &key) {
        Some(live) if crd::is_established(live) => State::Served,
        Some(live) => crd::names_refused(live).map_or(State::Awaited, |why| State::Refused(why.to_owned())),
        None => State::Awaited,
    }
}

fn served(object: &mut Value, role: Role, kind: &GroupVersionKind, now: &str) {
    Condition::yes(role.words().condition, role.words().watching).set(object, now);
    let reference = json!({"apiVersion": kind.api_version(), "kind": kind.kind});
    let controllers = object::object_at_mut(object, &["status", "controllers"]);
    controllers.insert(role.words().type_reference.to_owned(), reference);
    // The other is there too, if only in name: Crossplane would write it when it takes over.
    for role in [Role::Composite, Role::Claim] {
        let reference = controllers.entry(role.words().type_reference);
        reference.or_insert_with(|| json!({"apiVersion": "", "kind": ""}));
    }
}

/// Claims that were offered once and are not any more: they stay, and so does their CRD.
fn no_longer_offered(observed: &Observed<'_>, loaded: &Definition, object: &mut Value) {
    if loaded.is_legacy() && loaded.claim_names.is_some() {
        return;
    }
    let uid = object::uid(observed.definition);
    let is_claim = |live: &&Value| {
        crd::is_controlled_by(live, uid)
            && Role::of(observed.definition, live) == Role::Claim
            && !super::is_deleted(live)
    };
    let Some(live) = observed.crds.iter().find(is_claim) else { return };
    let message = format!(
        "spec.claimNames: was removed, but CustomResourceDefinition {} and its claims still exist and are left as they are; put \
         spec.claimNames back, or delete the claims and then that CRD",
        object::name(live)
    );
    Condition::no(Role::Claim.words().condition, "ClaimNamesRemoved", message).set(object, observed.now);
}

/// Writes the status where it changes.
pub(super) fn written(observed: &Observed<'_>, object: Value) -> Decision {
    let writes = if object == *observed.definition { Vec::new() } else { vec![Write::Status { object }] };
    Decision { writes, events: Vec::new(), then: Then::Wait }
}
