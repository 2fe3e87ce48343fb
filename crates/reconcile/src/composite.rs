//! What the XR controller does, step by step.
//!
//! Owns the order of Crossplane's reconciler around a render: pausing, deletion, finalizer, label, choice of Composition and
//! revision; then removals, references, composed resources; then status, conditions and events. What an XR means is
//! `plat-expand`'s matter, Secrets are [`crate::connection`]'s.

mod conclude;
mod lineage;
mod write;

use plat_expand::conditions::Condition;
use plat_platform::{Definition, Platform, Revision};
use plat_resource::{Diagnostic, Map, Value, object};
use serde_json::json;

pub use conclude::{Conclusion, Outcomes, conclude};
pub use lineage::{MOST_ABOVE, endless};
pub use write::{Apply, Composing, compose};

use crate::live::{patched, with_finalizers, without_finalizer};
use crate::names::{COMPOSITE_FINALIZER, COMPOSITE_LABEL, COMPOSITE_MANAGER, PAUSED};
use crate::{Decision, Event, Then, Write, status};

/// How long is waited for a revision that the Composition's own controller is about to make.
const SOON: std::time::Duration = std::time::Duration::from_secs(1);

/// One XR, as it is looked at.
#[derive(Clone, Copy)]
pub struct Look<'a> {
    /// The live XR.
    pub composite: &'a Value,
    /// The XRD of its kind.
    pub definition: &'a Definition,
    /// What it is composed by.
    pub platform: &'a Platform,
    /// Why the XR may not move to this revision yet, if it may not: see the rollout rules.
    pub hold: &'a (dyn Fn(&Revision) -> Option<String> + Sync),
    /// Whether the circuit breaker is open, and what opened it.
    pub circuit_open: Option<&'a str>,
    /// Now, in RFC 3339.
    pub now: &'a str,
}

/// What comes first.
#[derive(Debug)]
pub enum Begin<'a> {
    /// This, and nothing else now.
    Decided(Decision),
    /// The XR is to be composed by this revision.
    Compose(&'a Revision),
}

impl<'a> Look<'a> {
    /// What comes before composing.
    pub fn begin(&self) -> Begin<'a> {
        if object::annotation(self.composite, PAUSED) == Some("true") {
            return Begin::Decided(self.paused());
        }
        if object::string_at(self.composite, &["metadata", "deletionTimestamp"]).is_some() {
            return Begin::Decided(self.deleting());
        }
        let revision = match self.revision() {
            Ok(Some(revision)) => revision,
            Ok(None) => return Begin::Decided(Decision { then: Then::After(SOON), ..Decision::default() }),
            Err(message) => return Begin::Decided(self.fail("CompositionResolution", &message)),
        };
        if let Err(message) = self.is_valid(revision) {
            return Begin::Decided(match message {
                Some(message) => self.fail("ComposeResources", &message),
                None => Decision { then: Then::After(SOON), ..Decision::default() },
            });
        }
        match self.prepare(revision) {
            Some(decision) => Begin::Decided(decision),
            None => Begin::Compose(revision),
        }
    }

    /// The XR cannot be reconciled: the reason as condition and event, and another try later.
    pub fn fail(&self, reason: &str, message: &str) -> Decision {
        let set = [self.responsive(), Condition::not_synced(message)];
        let mut decision = self.say(&set, Event::warning(reason, message));
        decision.then = Then::Retry;
        decision
    }

    /// The status with these conditions, and the event with it where that is news.
    fn say(&self, set: &[Condition], event: Event) -> Decision {
        let object = status::with_conditions(self.composite, set, self.now);
        if object.get("status") == self.composite.get("status") {
            return Decision::wait();
        }
        Decision { writes: vec![Write::Status { object }], events: vec![event], then: Then::Wait }
    }

    fn responsive(&self) -> Condition {
        responsive(self.circuit_open)
    }

    fn paused(&self) -> Decision {
        let event = Event::normal("ReconciliationPaused", "Reconciliation is paused via the pause annotation");
        self.say(&[self.responsive(), Condition::paused()], event)
    }

    /// Composed resources are the garbage collector's: it takes them after the XR, or before it where the deletion is a
    /// foreground one.
    fn deleting(&self) -> Decision {
        if let Some(write) = without_finalizer(self.composite, COMPOSITE_FINALIZER, COMPOSITE_MANAGER) {
            return Decision::first(write);
        }
        let event = Event::normal("DeleteCompositeResource", "Waiting for composed resources to be deleted");
        self.say(&[self.responsive(), Condition::deleting(), Condition::synced()], event)
    }

    /// The revision to compose with; none where it is about to be made.
    fn revision(&self) -> Result<Option<&'a Revision>, String> {
        let selection = self.platform.select_composition(self.definition, self.composite);
        let selection =
            selection.map_err(|diagnostic| format!("cannot select Composition: {}", in_a_line(&diagnostic)))?;
        let Some(revision) = selection.revision else { return Ok(None) };
        let pinned = self.machinery("compositionRevisionRef").and_then(|found| object::string_at(found, &["name"]));
        let Some(pinned) = pinned.filter(|pinned| *pinned != revision.name) else { return Ok(Some(revision)) };
        let of_same = self.platform.revisions(&revision.composition.name).iter();
        let held = of_same.clone().find(|each| each.name == pinned).filter(|_| (self.hold)(revision).is_some());
        Ok(Some(held.unwrap_or(revision)))
    }

    /// Why a revision cannot be used; without words where that is not known yet.
    #[expect(clippy::unused_self, reason = "it belongs to the steps of a look")]
    fn is_valid(&self, revision: &Revision) -> Result<(), Option<String>> {
        let document = &revision.composition.document.value;
        let Some(condition) = status::condition_of(document, "ValidPipeline") else { return Err(None) };
        match object::string_at(condition, &["status"]) {
            Some("True") => Ok(()),
            _ => Err(Some(format!(
                "selected CompositionRevision {} does not have a valid function pipeline: {}",
                revision.name,
                object::string_at(condition, &["message"]).unwrap_or("pipeline status unknown")
            ))),
        }
    }

    fn machinery(&self, key: &str) -> Option<&'a Value> {
        object::value_at(self.composite, self.definition.machinery_path())?.get(key)
    }

    /// What has to be on the XR before anything is composed for it, in one write.
    fn prepare(&self, revision: &Revision) -> Option<Decision> {
        let mut patch = json!({});
        let mut events = Vec::new();
        if let Some(finalizers) = with_finalizers(self.composite, [COMPOSITE_FINALIZER]) {
            patch["metadata"]["finalizers"] = finalizers;
        }
        if object::label(self.composite, COMPOSITE_LABEL).is_none_or(str::is_empty) {
            patch["metadata"]["labels"] = json!({COMPOSITE_LABEL: object::name(self.composite)});
        }
        let mut machinery = Map::new();
        let composition = revision.composition.name.as_str();
        if self.named("compositionRef") != Some(composition) {
            machinery.insert("compositionRef".to_owned(), json!({"name": composition}));
            events
                .push(Event::normal("SelectComposition", format!("Successfully selected composition: {composition}")));
        }
        if self.named("compositionRevisionRef") != Some(revision.name.as_str()) {
            machinery.insert("compositionRevisionRef".to_owned(), json!({"name": revision.name}));
            let message = format!("Selected composition revision: {}", revision.name);
            events.push(Event::normal("SelectComposition", message));
        }
        if let Some(reference) = self.secret_reference(revision) {
            machinery.insert("writeConnectionSecretToRef".to_owned(), reference);
        }
        if !machinery.is_empty() {
            *object::object_at_mut(&mut patch, self.definition.machinery_path()) = machinery;
        }
        if patch.as_object().is_none_or(Map::is_empty) {
            return None;
        }
        let write = patched(self.composite, patch, COMPOSITE_MANAGER);
        Some(Decision { events, ..Decision::first(write) })
    }

    fn named(&self, key: &str) -> Option<&'a str> {
        self.machinery(key).and_then(|found| object::string_at(found, &["name"]))
    }

    /// Where the Secret of a v1 XR goes, where its Composition says so and the XR does not.
    fn secret_reference(&self, revision: &Revision) -> Option<Value> {
        let namespace = revision.composition.write_connection_secrets_to_namespace.as_ref()?;
        let wanted = self.definition.is_legacy() && self.machinery("writeConnectionSecretToRef").is_none();
        wanted.then(|| json!({"name": object::uid(self.composite), "namespace": namespace}))
    }
}

/// Whether watches wake the XR.
pub(crate) fn responsive(circuit_open: Option<&str>) -> Condition {
    match circuit_open {
        None => Condition::responsive(),
        Some(by) => Condition::new(
            "Responsive",
            "False",
            "WatchCircuitOpen",
            format!("Too many watch events from {by}. Allowing events periodically."),
        ),
    }
}

/// A finding in one line, the deepest cause last.
pub fn in_a_line(diagnostic: &Diagnostic) -> String {
    let mut text = diagnostic.to_string();
    if let Some(rest) = text.strip_prefix("error: ") {
        text = rest.to_owned();
    }
    text.split('\n').map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests;
