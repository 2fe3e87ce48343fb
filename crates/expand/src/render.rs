//! One reconcile of one XR: what `crossplane internal render` computes, with what a plan needs on top.
//!
//! Owns the order of Crossplane's reconciler around the pipeline: pausing, labels, references, status and conditions.
//! Choosing the Composition, claims, nested XRs and schemas are [`crate::engine`]'s.

mod references;

use std::collections::BTreeMap;

use plat_platform::{Composition, Mode, Platform};
use plat_resource::{FieldPath, GroupVersionKind, ObjectKey, Value, merge, object};
use serde_json::json;

use crate::compose::{self, COMPOSITE_LABEL, Owner};
use crate::conditions::{self, Condition};
use crate::function::{FunctionResource, FunctionRunner, Ready, State};
use crate::go::{json as go_json, unstructured};
use crate::model::{Compatibility, Composed, Expansion, Failure, ResultSeverity, StepResult, Unknown};
use crate::names;
use crate::native::CompiledInputs;
use crate::pipeline::{Outcome, Pipeline};
use crate::resources_mode;
use crate::store::Store;

pub use references::{check_observed, observed_references, set_machinery};

use references::{live_by_name, machinery, object_reference, refers_to_all};

/// How a failure before composing starts.
const CONFIGURE: &str = "cannot configure composite resource";

/// What a render runs with, the same for many XRs.
#[derive(Clone, Copy)]
pub struct Renderer<'a> {
    /// The platform.
    pub platform: &'a Platform,
    /// Runs functions that are not native.
    pub runner: &'a dyn FunctionRunner,
    /// Compiled inputs, shared.
    pub compiled: &'a CompiledInputs,
    /// Crossplane's version.
    pub compatibility: Compatibility,
    /// Steps whose function cannot run are left out.
    pub skip_unavailable: bool,
}

/// One XR to render.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The XR, defaults filled in.
    pub composite: &'a Value,
    /// Whether Crossplane's own fields are directly under `spec`.
    pub legacy: bool,
    /// What composes it.
    pub composition: &'a Composition,
    /// Live composed resources that belong to the XR.
    pub observed: &'a [Value],
    /// Connection details of live composed resources.
    pub connection_details: &'a BTreeMap<ObjectKey, BTreeMap<String, Vec<u8>>>,
    /// What functions may look up.
    pub store: &'a Store<'a>,
    /// The context to start with.
    pub context: &'a Value,
}

/// A render, with what only the render protocol shows.
#[derive(Debug)]
pub struct Rendered {
    /// What the XR means.
    pub expansion: Expansion,
    /// The XR as the reconcile last writes it: where it went through, without the fields that it was given.
    pub bare_composite: Value,
    /// Selectors and schemas that functions asked for.
    pub outcome: Outcome,
}

impl Renderer<'_> {
    /// Renders one XR. A pipeline that stops is an expansion with a [`Failure`].
    pub fn render(&self, subject: Subject<'_>) -> Rendered {
        let mut run = Run::new(*self, subject);
        if run.is_paused() {
            return run.paused();
        }
        run.note_request();
        if unstructured::is_deleted(subject.composite) {
            return run.deleting();
        }
        run.select();
        if let Err(failure) = run.configure() {
            return run.failed(failure, Outcome::default());
        }
        run.reconcile()
    }
}

struct Run<'a> {
    renderer: Renderer<'a>,
    subject: Subject<'a>,
    /// The XR as the reconciler changes it.
    composite: Value,
    /// The XR as it is stored, to which status is added.
    stored: Value,
    /// Whether the reconciler stored the XR itself.
    updated: bool,
    results: Vec<StepResult>,
    generation: Option<i64>,
}

impl<'a> Run<'a> {
    fn new(renderer: Renderer<'a>, subject: Subject<'a>) -> Self {
        let mut composite = subject.composite.clone();
        let kind = GroupVersionKind::of(&composite);
        if object::uid(&composite).is_empty() {
            let uid = names::offline_uid(&kind, object::namespace(&composite), object::name(&composite));
            unstructured::set_metadata(&mut composite, "uid", &uid);
        }
        if object::string_at(&composite, &["metadata", "resourceVersion"]).is_none() {
            unstructured::set_metadata(&mut composite, "resourceVersion", "999");
        }
        let generation = object::value_at(&composite, &["metadata", "generation"]).and_then(Value::as_i64);
        if !refers_to_all(&composite, subject.legacy, subject.observed) {
            let references = observed_references(&composite, subject.observed);
            set_machinery(&mut composite, subject.legacy, "resourceRefs", references);
        }
        let stored = composite.clone();
        conditions::set(&mut composite, &[Condition::responsive().observed_at(generation)]);
        Self { renderer, subject, composite, stored, updated: false, results: Vec::new(), generation }
    }

    fn is_paused(&self) -> bool {
        unstructured::string_map_entry(&self.composite, "annotations", "crossplane.io/paused").as_deref()
            == Some("true")
    }

    fn paused(mut self) -> Rendered {
        let message = "Reconciliation is paused via the pause annotation";
        self.say(ResultSeverity::Normal, "ReconciliationPaused", message.to_owned());
        conditions::set(&mut self.composite, &[Condition::paused().observed_at(self.generation)]);
        self.unchanged(true)
    }

    /// Somebody asked for this reconcile by annotation: that is answered in the status.
    fn note_request(&mut self) {
        let key = "crossplane.io/reconcile-requested-at";
        let token = unstructured::string_map_entry(&self.composite, "annotations", key).unwrap_or_default();
        let handled = object::string_at(&self.composite, &["status", "lastHandledReconcileAt"]).unwrap_or("");
        if !token.is_empty() && handled != token {
            self.say(ResultSeverity::Normal, "ReconcileRequestHandled", "Handling reconcile request".to_owned());
            let path = FieldPath::default().key("status").key("lastHandledReconcileAt");
            // Crossplane goes on where the status is no object, too.
            let _ = path.set(&mut self.composite, Value::String(token));
        }
    }

    fn deleting(mut self) -> Rendered {
        let ends = [Condition::deleting(), Condition::synced()].map(|each| each.observed_at(self.generation));
        conditions::set(&mut self.composite, &ends);
        self.unchanged(false)
    }

    /// Nothing is composed: the XR has a new status, and that is all.
    fn unchanged(self, paused: bool) -> Rendered {
        let bare = self.stored_with_status();
        let mut rendered = self.finish(bare, Outcome::default(), compose::Composition::default(), None);
        rendered.expansion.paused = paused;
        rendered
    }

    fn select(&mut self) {
        let name = self.subject.composition.name.clone();
        let reference = json!({"name": name});
        let before = self.composition_reference();
        set_machinery(&mut self.composite, self.subject.legacy, "compositionRef", reference.clone());
        // A spec that is no object takes no reference.
        if before.as_ref() != Some(&reference) && self.composition_reference().is_some() {
            self.say(ResultSeverity::Normal, "SelectComposition", format!("Successfully selected composition: {name}"));
        }
    }

    fn composition_reference(&self) -> Option<Value> {
        let found = machinery(&self.composite, self.subject.legacy).and_then(|found| found.get("compositionRef"));
        found.and_then(object_reference)
    }

    fn configure(&mut self) -> Result<(), Failure> {
        let label = unstructured::string_map_entry(&self.composite, "labels", COMPOSITE_LABEL);
        if label.is_none_or(|label| label.is_empty()) {
            let name = unstructured::metadata(&self.composite, "name").to_owned();
            unstructured::add_to_string_map(&mut self.composite, "labels", [(COMPOSITE_LABEL, name.as_str())]);
            self.update();
        }
        let composition = self.subject.composition;
        if composition.composite_type != GroupVersionKind::of(&self.composite) {
            let cause = "referenced composition is not compatible with this composite resource";
            return Err(engine_failure(format!("{CONFIGURE}: {cause}"), None));
        }
        let present = object::value_at(&self.composite, &["spec", "writeConnectionSecretToRef"]);
        let present = present.filter(|_| self.subject.legacy);
        if let (None, Some(namespace)) = (present, &composition.write_connection_secrets_to_namespace) {
            if self.subject.legacy {
                let uid = unstructured::metadata(&self.composite, "uid");
                let reference = json!({"name": uid, "namespace": namespace});
                set_machinery(&mut self.composite, true, "writeConnectionSecretToRef", reference);
            }
            self.update();
        }
        Ok(())
    }

    /// The XR is stored as it is by now.
    fn update(&mut self) {
        self.stored = self.composite.clone();
        self.updated = true;
    }

    fn stored_with_status(&self) -> Value {
        let mut stored = self.stored.clone();
        if let (Some(root), Some(status)) = (stored.as_object_mut(), self.composite.get("status")) {
            root.insert("status".to_owned(), status.clone());
        }
        stored
    }

    fn reconcile(self) -> Rendered {
        let live = match live_by_name(&self.composite, self.subject.observed) {
            Ok(live) => live,
            Err(message) => return self.failed(engine_failure(message, None), Outcome::default()),
        };
        let observed = self.observed_state(&live);
        let mut outcome = self.run_pipeline(&observed);
        if let Some(failure) = outcome.failure.take() {
            return self.failed(failure, outcome);
        }
        let is_namespaced = |kind: &GroupVersionKind| self.renderer.platform.is_namespaced(kind);
        let owner = Owner {
            composite: &self.composite,
            compatibility: self.renderer.compatibility,
            is_namespaced: &is_namespaced,
        };
        let desired =
            State { composite: FunctionResource::default(), resources: std::mem::take(&mut outcome.desired.resources) };
        match compose::compose(owner, desired, &live, &mut outcome.trace) {
            Ok(composition) => self.succeeded(outcome, composition),
            Err(error) => self.failed(engine_failure(error.message, Some(error.resource)), outcome),
        }
    }

    fn observed_state(&self, live: &BTreeMap<String, Value>) -> State {
        // Resources mode never leaves the process, so its numbers stay what they are.
        let pipeline = matches!(self.subject.composition.mode, Mode::Pipeline(_));
        let as_seen = |value: &Value| if pipeline { go_json::to_struct(value) } else { go_json::normalized(value) };
        let details_of =
            |value: &Value| self.subject.connection_details.get(&ObjectKey::of(value)).cloned().unwrap_or_default();
        let resources = live.iter().map(|(name, value)| {
            let connection_details = details_of(value);
            (name.clone(), FunctionResource { resource: as_seen(value), connection_details, ready: Ready::Unspecified })
        });
        State {
            resources: resources.collect(),
            composite: FunctionResource {
                resource: as_seen(&self.composite),
                connection_details: details_of(&self.composite),
                ready: Ready::Unspecified,
            },
        }
    }

    fn run_pipeline(&self, observed: &State) -> Outcome {
        let composition = self.subject.composition;
        let pipeline = |steps| Pipeline {
            composition,
            steps,
            platform: self.renderer.platform,
            runner: self.renderer.runner,
            store: self.subject.store,
            compiled: self.renderer.compiled,
            skip_unavailable: self.renderer.skip_unavailable,
        };
        match &composition.mode {
            Mode::Pipeline(steps) => pipeline(steps).run(observed, self.subject.context.clone()),
            Mode::Resources { .. } => resources_mode::run(pipeline(&[]), observed, self.subject.context.clone()),
        }
    }

    fn say(&mut self, severity: ResultSeverity, reason: &str, message: String) {
        self.results.push(StepResult { step: None, severity, reason: reason.to_owned(), message, to_claim: false });
    }

    fn succeeded(mut self, mut outcome: Outcome, composition: compose::Composition) -> Rendered {
        let unready: Vec<String> =
            composition.composed.iter().filter(|found| !found.ready).map(|found| found.name.clone()).collect();
        self.results.append(&mut outcome.results);
        self.results.extend(composition.results.iter().cloned());
        for name in &unready {
            let message = format!("Composed resource \"{name}\" is not yet ready");
            self.say(ResultSeverity::Normal, "ComposeResources", message);
        }
        let mut bare = self.bare(&mut outcome, &composition.composed);
        let mut ends: Vec<Condition> = outcome.conditions.iter().filter_map(Condition::of_function).collect();
        ends.push(Condition::synced());
        ends.push(match outcome.desired.composite.ready {
            Ready::True => Condition::available(),
            Ready::False => Condition::creating(&[]),
            Ready::Unspecified if unready.is_empty() => Condition::available(),
            Ready::Unspecified => Condition::creating(&unready),
        });
        conditions::set(&mut bare, &ends);
        if self.subject.legacy {
            note_claim_conditions(&mut bare, &outcome);
        }
        // A status that stays as it was is not written again.
        let kept =
            (self.updated && bare.get("status") == self.subject.composite.get("status")).then(|| self.stored.clone());
        let mut rendered = self.finish(bare, outcome, composition, None);
        if let Some(kept) = kept {
            rendered.bare_composite = kept;
        }
        rendered
    }

    /// What the reconciler writes: identity, references and status, nothing that was given.
    fn bare(&self, outcome: &mut Outcome, composed: &[Composed]) -> Value {
        let mut bare = json!({});
        for key in ["apiVersion", "kind"] {
            bare[key] = self.composite.get(key).cloned().unwrap_or_default();
        }
        for key in ["name", "namespace"] {
            unstructured::set_metadata(&mut bare, key, unstructured::metadata(&self.composite, key));
        }
        let namespaced = !unstructured::metadata(&self.composite, "namespace").is_empty();
        let references = compose::resource_references(composed, namespaced);
        set_machinery(&mut bare, self.subject.legacy, "resourceRefs", references);
        let mut desired = std::mem::take(&mut outcome.desired.composite.resource);
        go_json::normalize(&mut desired);
        for key in ["status", "conditions"] {
            if let Some(value) = desired.get_mut(key).map(Value::take) {
                bare[key] = value;
            }
        }
        conditions::carry(&self.composite, &mut bare);
        bare
    }

    fn failed(mut self, failure: Failure, mut outcome: Outcome) -> Rendered {
        let message = reconcile_error(&failure);
        self.say(ResultSeverity::Warning, "ComposeResources", message.clone());
        self.results.append(&mut outcome.results);
        let custom = conditions::custom_types(&self.composite);
        let set: Vec<Condition> = outcome.conditions.iter().filter_map(Condition::of_function).collect();
        let seen: Vec<String> = outcome.conditions.iter().map(|condition| condition.kind.clone()).collect();
        conditions::set(&mut self.composite, &[Condition::not_synced(message).observed_at(self.generation)]);
        conditions::set(&mut self.composite, &set);
        for kind in custom.iter().filter(|kind| !seen.contains(kind)) {
            conditions::lose(&mut self.composite, kind, self.generation);
        }
        let bare = self.stored_with_status();
        self.finish(bare, outcome, compose::Composition::default(), Some(failure))
    }

    fn finish(
        self,
        bare: Value,
        mut outcome: Outcome,
        composition: compose::Composition,
        fatal: Option<Failure>,
    ) -> Rendered {
        let options = merge::MergeOptions { keep_map_values: false, append_arrays: false };
        let composite = merge::merge(Some(self.subject.composite), &bare, options).unwrap_or_else(|_| bare.clone());
        let mut expansion = Expansion {
            claim: None,
            composite,
            composition: self.subject.composition.name.clone(),
            composition_reason: String::new(),
            composed: composition.composed,
            removed: composition.removed,
            results: self.results,
            context: std::mem::take(&mut outcome.context),
            connection_details: std::mem::take(&mut outcome.desired.composite.connection_details),
            fatal,
            paused: false,
            origins: std::mem::take(&mut outcome.trace.composite),
            unknowns: std::mem::take(&mut outcome.trace.composite_unknowns),
            warnings: Vec::new(),
        };
        if object::uid(self.subject.composite).is_empty() {
            note_made_names(&mut expansion, self.renderer.compatibility);
        }
        Rendered { expansion, bare_composite: bare, outcome }
    }
}

/// Names that Crossplane makes depend on the UID of the XR, which a new XR does not have yet.
fn note_made_names(expansion: &mut Expansion, compatibility: Compatibility) {
    let reason = match compatibility {
        Compatibility::V1 => "the API server picks the end of the name",
        _ => "the name is made from the UID of the XR, which does not exist yet",
    };
    for composed in expansion.composed.iter_mut().filter(|composed| composed.observed.is_none()) {
        let (name, generated) = (object::name(&composed.object), object::generate_name(&composed.object));
        if !generated.is_empty() && name.starts_with(generated.trim_end_matches('-')) {
            let field = FieldPath::default().key("metadata").key("name");
            composed.unknowns.push(Unknown { field, reason: reason.to_owned() });
        }
    }
}

fn note_claim_conditions(bare: &mut Value, outcome: &Outcome) {
    let for_claim = outcome.conditions.iter().filter(|condition| condition.to_claim);
    let types: Vec<String> =
        for_claim.filter(|found| Condition::of_function(found).is_some()).map(|found| found.kind.clone()).collect();
    if types.is_empty() {
        return;
    }
    let status = object::object_at_mut(bare, &["status"]);
    let list = status.entry("claimConditionTypes").or_insert_with(|| json!([]));
    if let Some(list) = list.as_array_mut() {
        for kind in types {
            if !list.contains(&json!(kind)) {
                list.push(json!(kind));
            }
        }
    }
}

/// What the reconciler says of a failure.
pub fn reconcile_error(failure: &Failure) -> String {
    if failure.message.starts_with(CONFIGURE) {
        return failure.message.clone();
    }
    format!("cannot compose resources: {}", failure.message)
}

fn engine_failure(message: String, resource: Option<String>) -> Failure {
    Failure { step: None, resource, path: None, message, hint: None }
}
