//! An XRD and its CRDs: what is defined, what is refused, and how it goes away.
//!
//! Owns the CRDs' life, the finalizers and conditions of the XRD, and Crossplane's rules of deletion. What stands in a CRD is
//! `plat-platform`'s matter. A change that cannot be made leaves both CRDs as they are: XRs and claims go on with the
//! definition that was there before, and the XRD says why.

mod change;
mod crd;
mod deletion;
mod role;
mod status;
#[cfg(test)]
mod tests;

use plat_platform::{Definition, Platform};
use plat_resource::{Document, GroupVersionKind, ObjectKey, Value, object};
use serde_json::json;

pub use role::Role;

use crate::live::{patched, with_finalizers};
use crate::names::{DEFINED_FINALIZER, OFFERED_FINALIZER, PLAT_MANAGER};
use crate::{Decision, Event, Then, Write};

/// What is live of an XRD.
#[derive(Debug, Clone, Copy)]
pub struct Observed<'a> {
    /// The XRD.
    pub definition: &'a Value,
    /// The CRDs that [`crd_keys`] names and all others that it controls, with their managed fields.
    pub crds: &'a [Value],
    /// Claims and composite resources; asked for only where [`instance_kinds`] names kinds.
    pub instances: &'a [Value],
    /// The time, in RFC 3339.
    pub now: &'a str,
}

/// Why an XRD, or a change of it, is not put into force.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Refusal {
    /// One word for the condition.
    reason: &'static str,
    /// Field, cause and what to do.
    message: String,
}

/// What is done about an XRD now.
pub fn decide(observed: &Observed<'_>) -> Decision {
    let definition = observed.definition;
    if is_deleted(definition) {
        return deletion::decide(observed);
    }
    let (platform, findings) = load(definition);
    let loaded = match (crate::told::errors(&findings), platform.definitions().first()) {
        (None, Some(loaded)) => loaded,
        (errors, _) => {
            let message = errors.unwrap_or_else(|| "spec: does not say what is defined".to_owned());
            return status::refused(observed, &Refusal { reason: "InvalidDefinition", message }, Role::Composite);
        }
    };
    if let Some(write) = finalizers(definition, loaded) {
        return Decision::first(write);
    }
    establish(observed, loaded)
}

/// The API server refused to write the CRD of `role`.
pub fn refused_by_server(observed: &Observed<'_>, role: Role, message: &str) -> Decision {
    let message = format!("{}: {message}", role.words().cannot_apply);
    status::refused(observed, &Refusal { reason: "RefusedByServer", message }, role)
}

/// The CRDs that an XRD asks for, whatever else it says.
pub fn crd_keys(definition: &Value) -> Vec<(Role, ObjectKey)> {
    let group = object::string_at(definition, &["spec", "group"]).unwrap_or_default();
    let claim = object::string_at(definition, &["spec", "claimNames", "plural"]);
    let claim = claim.map(|plural| (Role::Claim, format!("{plural}.{group}")));
    let names = [(Role::Composite, object::name(definition).to_owned())].into_iter().chain(claim);
    names.map(|(role, name)| (role, crd::key(&name))).collect()
}

/// The kinds whose instances must be listed before [`decide`]: none unless the XRD is being deleted.
pub fn instance_kinds(definition: &Value, crds: &[Value]) -> Vec<(Role, GroupVersionKind)> {
    if !is_deleted(definition) {
        return Vec::new();
    }
    let own = crds.iter().filter(|live| crd::is_controlled_by(live, object::uid(definition)));
    own.filter_map(|live| Some((Role::of(definition, live), crd::served_kind(live)?))).collect()
}

fn establish(observed: &Observed<'_>, loaded: &Definition) -> Decision {
    let wanted = crd::wanted(loaded, object::uid(observed.definition));
    for (role, wanted) in &wanted {
        if let Some(refusal) = change::refusal(observed, *role, wanted) {
            return status::refused(observed, &refusal, *role);
        }
    }
    let mut decision = Decision::default();
    for (role, wanted) in wanted {
        let live = crd::find(observed.crds, object::name(&wanted));
        let Some(write) = crd::write(live, wanted) else { continue };
        let text = format!("Applied {} CustomResourceDefinition: {}", role.words().resource, write.key().name);
        decision.events.push(Event::normal(role.words().establish, text));
        decision.writes.push(write);
    }
    if !decision.writes.is_empty() {
        decision.then = Then::Again;
        return decision;
    }
    status::established(observed, loaded)
}

fn finalizers(definition: &Value, loaded: &Definition) -> Option<Write> {
    let offered = loaded.is_legacy() && loaded.claim_names.is_some();
    let wanted = [Some(DEFINED_FINALIZER), offered.then_some(OFFERED_FINALIZER)];
    let finalizers = with_finalizers(definition, wanted.into_iter().flatten())?;
    Some(patched(definition, json!({"metadata": {"finalizers": finalizers}}), PLAT_MANAGER))
}

fn load(definition: &Value) -> (Platform, Vec<plat_resource::Diagnostic>) {
    Platform::load(vec![Document::synthetic(definition.clone(), object::name(definition))])
}

fn is_deleted(object: &Value) -> bool {
    object::value_at(object, &["metadata", "deletionTimestamp"]).is_some()
}
