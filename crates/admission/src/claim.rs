//! What a claim or XR would create, judged.
//!
//! Owns expanding it with what the request and the snapshot know. Expanding and judging are the same as in a plan.

use plat_expand::function::NoFunctions;
use plat_expand::{Engine, Expansion, Observed, Options, ResultSeverity, StepResult};
use plat_plan::guardrails::{Extent, Finding, review_expansion};
use plat_plan::{NoSchemas, PlatformSchemas};
use plat_platform::{Mode, Role};
use plat_resource::{Diagnostic, Document, GroupVersionKind, ObjectKey, Value, object};

use crate::snapshot::{Guard, Snapshot};

/// Group and kind of XRDs.
const DEFINITIONS: (&str, &str) = ("apiextensions.crossplane.io", "CompositeResourceDefinition");

/// What is said of a claim or XR.
#[derive(Debug, Default)]
pub struct Judged {
    /// The Composition that is used.
    pub composition: Option<String>,
    /// What the guardrails say of what is made of it.
    pub findings: Vec<Finding>,
    /// Things to know.
    pub warnings: Vec<String>,
    /// Steps whose functions were not run, in this XR and those below it.
    pub unexpanded: Vec<Unexpanded>,
    /// Why it cannot be expanded.
    pub errors: Vec<Diagnostic>,
}

/// A step that nobody knows the result of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unexpanded {
    /// The Composition it is a step of.
    pub composition: String,
    /// Its name.
    pub step: String,
    /// The function that was not run, where the Composition as it is now has the step.
    pub function: Option<String>,
}

impl Unexpanded {
    /// In words, for a warning or a refusal.
    pub fn message(&self) -> String {
        let Self { composition, step, function } = self;
        let function = function.as_ref().map_or_else(|| "its function".to_owned(), |name| format!("function {name:?}"));
        format!(
            "step {step:?} of Composition {composition} is not judged: {function} is not run at admission, so nobody knows \
             what it would add, change or remove"
        )
    }
}

/// Judges what `given` would create; nothing where it is no claim and no XR.
pub fn judge(guard: Guard<'_>, given: &Value, old: Option<&Value>) -> Option<Judged> {
    let snapshot = guard.snapshot;
    let kind = GroupVersionKind::of(given);
    let Some(found) = snapshot.platform.kind(&kind) else { return not_loaded(snapshot, &kind) };
    let observed = observed(snapshot, found.role, given, old);
    // Neither pauses nor waits: functions that are elsewhere are left out, and said.
    let options = Options { skip_unavailable_functions: true, ..Options::default() };
    let engine = Engine::new(&snapshot.platform, &observed, options, &NoFunctions)
        .with_compiled(std::sync::Arc::clone(&snapshot.compiled));
    let document = Document::synthetic(named(given), "request");
    match engine.expand(&document) {
        Err(errors) => Some(Judged { errors, ..Judged::default() }),
        Ok(expansion) => Some(judged(guard, &expansion, &observed)),
    }
}

/// A claim or XR whose XRD is there and does not load means nothing that could be judged: it is refused, not let through.
fn not_loaded(snapshot: &Snapshot, kind: &GroupVersionKind) -> Option<Judged> {
    let defines = |document: &&Document| {
        let text = |path: &[&str]| object::string_at(&document.value, path);
        let kinds = [text(&["spec", "names", "kind"]), text(&["spec", "claimNames", "kind"])];
        text(&["spec", "group"]) == Some(&kind.group) && kinds.contains(&Some(&kind.kind))
    };
    let definition = snapshot.platform.objects(DEFINITIONS.0, DEFINITIONS.1).find(defines)?;
    let name = object::name(&definition.value);
    let error = Diagnostic::error(format!("{kind} cannot be judged"))
        .because(format!("CompositeResourceDefinition {name} does not load, or does not have this version"))
        .hint("the readiness detail of the webhook says what is wrong with it");
    Some(Judged { errors: vec![error], ..Judged::default() })
}

fn judged(guard: Guard<'_>, expansion: &Expansion, observed: &Observed) -> Judged {
    let is_new = observed.all().next().is_none();
    // Schemas say how lists merge with what is live; where nothing is, they are not worth reading.
    let findings = if is_new {
        review_expansion(expansion, observed, Extent::Generated, &NoSchemas, &guard)
    } else {
        let schemas = PlatformSchemas::new(&guard.snapshot.platform);
        review_expansion(expansion, observed, Extent::Generated, &schemas, &guard)
    };
    let is_warning = |result: &&StepResult| result.severity == ResultSeverity::Warning && !result.is_skipped();
    let told = expansion.results.iter().filter(is_warning).map(StepResult::full_message);
    let said = expansion.warnings.iter().map(crate::message::of_diagnostic);
    let mut unexpanded = Vec::new();
    skipped(guard.snapshot, expansion, &mut unexpanded);
    Judged {
        composition: Some(expansion.composition.clone()),
        findings,
        warnings: said.chain(told).collect(),
        unexpanded,
        errors: Vec::new(),
    }
}

/// The steps that were left out, here and below; each once, however many XRs the Composition is used for.
fn skipped(snapshot: &Snapshot, expansion: &Expansion, found: &mut Vec<Unexpanded>) {
    let steps = match snapshot.platform.composition(&expansion.composition).map(|composition| &composition.mode) {
        Some(Mode::Pipeline(steps)) => steps.as_slice(),
        _ => &[],
    };
    for result in expansion.results.iter().filter(|result| result.is_skipped()) {
        let step = result.step.clone().unwrap_or_default();
        let function = steps.iter().find(|known| known.name == step).map(|known| known.function.clone());
        let one = Unexpanded { composition: expansion.composition.clone(), step, function };
        if !found.contains(&one) {
            found.push(one);
        }
    }
    for nested in expansion.composed.iter().filter_map(|composed| composed.nested.as_ref()) {
        skipped(snapshot, nested, found);
    }
}

/// What is live, as far as the request and the inventory know it.
fn observed(snapshot: &Snapshot, role: Role, given: &Value, old: Option<&Value>) -> Observed {
    let mut observed = Observed::default();
    let old = old.cloned();
    match role {
        Role::Claim => {
            observed.composite = composite_of(snapshot, given);
            observed.claim = old;
        }
        Role::Composite => observed.composite = old,
    }
    if let Some(composite) = &observed.composite {
        observed.resources = composed_of(snapshot, composite);
    }
    observed
}

fn composite_of(snapshot: &Snapshot, claim: &Value) -> Option<Value> {
    let reference = object::value_at(claim, &["spec", "resourceRef"])?;
    snapshot.inventory.get(&key_of(reference, "")).cloned()
}

fn composed_of(snapshot: &Snapshot, composite: &Value) -> Vec<Value> {
    let paths: [&[&str]; 2] = [&["spec", "resourceRefs"], &["spec", "crossplane", "resourceRefs"]];
    let references = paths.iter().find_map(|path| object::value_at(composite, path)?.as_array());
    let found = references
        .into_iter()
        .flatten()
        .filter_map(|reference| snapshot.inventory.get(&key_of(reference, object::namespace(composite))).cloned());
    found.collect()
}

fn key_of(reference: &Value, namespace: &str) -> ObjectKey {
    let text = |key: &str| object::string_at(reference, &[key]).unwrap_or_default();
    let namespace = if namespace.is_empty() { text("namespace") } else { namespace };
    ObjectKey {
        kind: GroupVersionKind::new(text("apiVersion"), text("kind")),
        namespace: namespace.to_owned(),
        name: text("name").to_owned(),
    }
}

/// The object with a name: the API server makes the end of a generated one only after it is admitted.
fn named(given: &Value) -> Value {
    let mut object = given.clone();
    if object::name(given).is_empty() && !object::generate_name(given).is_empty() {
        let name = format!("{}xxxxx", object::generate_name(given));
        object::set_metadata(&mut object, "name", name);
    }
    object
}
