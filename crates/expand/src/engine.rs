//! The engine: from a claim or XR as a user gives it to everything it means.
//!
//! Owns finding the kind, filling in defaults, checking against the schema, claim → XR, choosing the Composition, nested
//! XRs, and saying what is wrong with a place and a hint. One reconcile is [`crate::render`]'s.

use std::collections::{BTreeMap, HashMap};

use plat_platform::{Definition, KindRef, Platform, Role};
use plat_resource::{
    Diagnostic, Document, FieldPath, GroupVersionKind, ObjectKey, Value, names as names_rules, object, suggest,
};
use serde_json::json;

use crate::claim;
use crate::function::FunctionRunner;
use crate::model::{Compatibility, Composed, Expansion, Failure, Observed};
use crate::names;
use crate::native::{CompiledInputs, Native, native};
use crate::render::{Renderer, Subject};
use crate::store::Store;

/// How deep XRs may compose XRs before the engine stops (crossplane-diff stops at the same depth).
const MAX_NESTED_DEPTH: usize = 10;

/// To tell the place of a fault, the text is read again: of more faults than this in one object, the rest is counted.
const MAX_FAULTS: usize = 20;

/// How to expand.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Crossplane's version.
    pub compatibility: Compatibility,
    /// Steps whose function cannot run are left out and said, instead of being an error.
    pub skip_unavailable_functions: bool,
}

/// Expands claims and XRs of one platform against one live state.
pub struct Engine<'a> {
    platform: &'a Platform,
    options: Options,
    runner: &'a dyn FunctionRunner,
    live: Live<'a>,
    store: Store<'a>,
    compiled: CompiledInputs,
    context: Value,
}

/// The live state, indexed.
struct Live<'a> {
    by_key: HashMap<ObjectKey, &'a Value>,
    by_controller: HashMap<&'a str, Vec<&'a Value>>,
    connection_details: &'a BTreeMap<ObjectKey, BTreeMap<String, Vec<u8>>>,
}

impl<'a> Live<'a> {
    fn new(observed: &'a Observed) -> Self {
        let mut live = Self {
            by_key: HashMap::new(),
            by_controller: HashMap::new(),
            connection_details: &observed.connection_details,
        };
        for value in observed.all() {
            live.by_key.insert(ObjectKey::of(value), value);
            let owner = object::controller(value).and_then(|owner| owner.get("uid")).and_then(Value::as_str);
            if let Some(uid) = owner {
                live.by_controller.entry(uid).or_default().push(value);
            }
        }
        live
    }

    fn get(&self, kind: &GroupVersionKind, namespace: &str, name: &str) -> Option<&'a Value> {
        let key = ObjectKey { kind: kind.clone(), namespace: namespace.to_owned(), name: name.to_owned() };
        self.by_key.get(&key).copied()
    }

    /// The live resources of an XR: those it controls, and those it refers to that nobody controls.
    fn composed_by(&self, composite: &Value, legacy: bool) -> Vec<Value> {
        let kind = GroupVersionKind::of(composite);
        let (namespace, name) = (object::namespace(composite), object::name(composite));
        let offline = names::offline_uid(&kind, namespace, name);
        let uid = Some(object::uid(composite)).filter(|uid| !uid.is_empty()).unwrap_or(&offline);
        let mut found: Vec<Value> = self.by_controller.get(uid).into_iter().flatten().copied().cloned().collect();
        let path: &[&str] = if legacy { &["spec", "resourceRefs"] } else { &["spec", "crossplane", "resourceRefs"] };
        let references = object::value_at(composite, path).and_then(Value::as_array).into_iter().flatten();
        for reference in references {
            let text = |key: &str| object::string_at(reference, &[key]).unwrap_or("");
            let place = if namespace.is_empty() { text("namespace") } else { namespace };
            let kind = GroupVersionKind::new(text("apiVersion"), text("kind"));
            if let Some(value) =
                self.get(&kind, place, text("name")).filter(|value| object::controller(value).is_none())
            {
                found.push(value.clone());
            }
        }
        found
    }
}

impl<'a> Engine<'a> {
    /// An engine over `platform` and what is live in `observed`.
    pub fn new(
        platform: &'a Platform,
        observed: &'a Observed,
        options: Options,
        runner: &'a dyn FunctionRunner,
    ) -> Self {
        Self {
            platform,
            options,
            runner,
            live: Live::new(observed),
            store: Store::of_platform(platform, observed.all()),
            compiled: CompiledInputs::default(),
            context: json!({}),
        }
    }

    /// Pipelines start with this context instead of an empty one.
    #[must_use]
    pub fn with_context(self, context: Value) -> Self {
        Self { context, ..self }
    }

    /// What is wrong with the inputs of native functions, in all Compositions of the platform.
    pub fn check(&self) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for composition in self.platform.compositions() {
            let plat_platform::Mode::Pipeline(steps) = &composition.mode else { continue };
            for step in steps {
                let native = native(self.platform, &step.function);
                if native != Some(Native::PatchAndTransform) || self.runner.replaces_native(&step.function) {
                    continue;
                }
                if let Err(fault) = self.compiled.of_step(composition, step).as_ref() {
                    let place = fault.place.segments().iter().cloned();
                    let path = place.fold(step.input_path(), |path, segment| path.join(segment));
                    let resource =
                        fault.resource.as_ref().map(|name| format!("resource {name:?}, ")).unwrap_or_default();
                    found.push(
                        Diagnostic::error(format!("composition {} is not usable", composition.name))
                            .at(composition.document.locate(&path))
                            .field(path.to_string())
                            .because(format!("pipeline step {:?}, {resource}{}", step.name, fault.message))
                            .maybe_hint(hint_for(&fault.message)),
                    );
                }
            }
        }
        found
    }

    /// Everything that `document`, a claim or an XR, means.
    pub fn expand(&self, document: &Document) -> Result<Expansion, Vec<Diagnostic>> {
        let kind = GroupVersionKind::of(&document.value);
        let found = self
            .platform
            .served_kind(&kind)
            .map_err(|diagnostic| vec![diagnostic.at(document.locate(&FieldPath::default().key("kind")))])?;
        let mut given = document.value.clone();
        let warnings = self.prepare(document, &mut given, found)?;
        let mut expansion = match found.role {
            Role::Claim => self.claim(document, given, found.definition)?,
            Role::Composite => self.composite(document, given, found.definition)?,
        };
        expansion.warnings.splice(0..0, warnings);
        Ok(expansion)
    }

    fn prepare(
        &self,
        document: &Document,
        given: &mut Value,
        found: KindRef<'_>,
    ) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
        let mut faults = check_name(document, found);
        let mut warnings = Vec::new();
        if let Some(schema) = found.definition.schema(found.role, &found.version.name) {
            let unknown = schema.prune(given);
            faults.extend(unknown.iter().take(MAX_FAULTS).map(|path| unknown_field(document, path, &schema)));
            apply_defaults(&schema, found.definition, given);
            let key = ObjectKey::of(given);
            let live = self.live.get(&key.kind, &key.namespace, &key.name);
            let mut validation = schema.validate(given, live);
            // What the API server adds to other faults; it names no field and nothing to do.
            validation.violations.retain(|fault| !fault.message.contains("some validation rules were not checked"));
            let untold =
                unknown.len().saturating_sub(MAX_FAULTS) + validation.violations.len().saturating_sub(MAX_FAULTS);
            faults.extend(validation.violations.into_iter().take(MAX_FAULTS).map(|violation| {
                let text = violation.message.clone();
                let field = violation.field.to_string();
                let cause = text.strip_prefix(&format!("{field}: ")).unwrap_or(&text).to_owned();
                invalid(document).at(document.locate(&violation.field)).field(field).because(cause)
            }));
            if untold > 0 {
                faults.push(
                    invalid(document).at(document.location()).because(format!("{untold} more faults of this kind")),
                );
            }
            warnings.extend(validation.unchecked.into_iter().take(MAX_FAULTS).map(|unchecked| {
                Diagnostic::warning(format!("{} is not fully checked", subject(&document.value)))
                    .at(document.locate(&unchecked.field))
                    .field(unchecked.field.to_string())
                    .because(format!("the rule {:?} cannot be run here: {}", unchecked.rule, unchecked.reason))
                    .hint("the API server runs it when the object is applied")
            }));
        }
        if found.version.deprecated {
            let words = found.version.deprecation_warning.clone().unwrap_or_else(|| "deprecated".to_owned());
            let name = &found.version.name;
            warnings.push(
                Diagnostic::warning(format!("version {name} of {} is deprecated", found.definition.name))
                    .because(words),
            );
        }
        if faults.is_empty() { Ok(warnings) } else { Err(faults) }
    }

    fn claim(&self, document: &Document, given: Value, definition: &Definition) -> Result<Expansion, Vec<Diagnostic>> {
        let kind = GroupVersionKind { kind: definition.names.kind.clone(), ..GroupVersionKind::of(&given) };
        let live_claim = self.live.get(&GroupVersionKind::of(&given), object::namespace(&given), object::name(&given));
        let bound = live_claim.and_then(|claim| object::string_at(claim, &["spec", "resourceRef", "name"]));
        let name = bound.map_or_else(|| claim::composite_name(&given, None), str::to_owned);
        let live = self.live.get(&kind, "", &name).or_else(|| self.composite_claimed_by(&kind, &given));
        let mut composite = claim::composite_of(definition, &given, live);
        if live.is_none() {
            object::set_metadata(&mut composite, "name", name.as_str());
        }
        if let Some(schema) = definition.schema(Role::Composite, &kind.version) {
            apply_defaults(&schema, definition, &mut composite);
        }
        let mut expansion = self.composite(document, composite, definition)?;
        if live.is_none() && bound.is_none() {
            expansion.unknowns.push(crate::Unknown {
                field: FieldPath::default().key("metadata").key("name"),
                reason: "Crossplane picks the end of the XR's name, and with it those of its resources".to_owned(),
            });
        }
        expansion.claim = Some(given);
        Ok(expansion)
    }

    /// The live XR whose `claimRef` is this claim.
    fn composite_claimed_by(&self, kind: &GroupVersionKind, claim: &Value) -> Option<&'a Value> {
        let (namespace, name) = (object::namespace(claim), object::name(claim));
        let labelled = |value: &&&Value| {
            object::string_at(value, &["spec", "claimRef", "namespace"]) == Some(namespace)
                && object::string_at(value, &["spec", "claimRef", "name"]) == Some(name)
        };
        let of_kind = self.live.by_key.iter().filter(|(key, _)| key.kind == *kind).map(|(_, value)| value);
        of_kind.filter(|value| labelled(&value)).min_by_key(|value| object::name(value)).copied()
    }

    fn composite(
        &self,
        document: &Document,
        composite: Value,
        definition: &Definition,
    ) -> Result<Expansion, Vec<Diagnostic>> {
        let mut chain = Vec::new();
        self.expand_composite(document, composite, definition, &mut chain)
    }

    fn expand_composite(
        &self,
        document: &Document,
        mut composite: Value,
        definition: &Definition,
        chain: &mut Vec<(ObjectKey, String)>,
    ) -> Result<Expansion, Vec<Diagnostic>> {
        let key = ObjectKey::of(&composite);
        if let Some(live) = self.live.get(&key.kind, &key.namespace, &key.name) {
            adopt_live(&mut composite, live, definition);
        }
        let selection = self.platform.select_composition(definition, &composite).map_err(|diagnostic| {
            let missing_place = diagnostic.location.is_none();
            vec![if missing_place { diagnostic.at(document.location()) } else { diagnostic }]
        })?;
        let composition = selection.composition;
        refuse_cycle(document, &key, &composition.name, chain)?;
        let observed = self.live.composed_by(&composite, definition.is_legacy());
        let renderer = Renderer {
            platform: self.platform,
            runner: self.runner,
            compiled: &self.compiled,
            compatibility: self.options.compatibility,
            skip_unavailable: self.options.skip_unavailable_functions,
        };
        let rendered = renderer.render(Subject {
            composite: &composite,
            legacy: definition.is_legacy(),
            composition,
            observed: &observed,
            connection_details: self.live.connection_details,
            store: &self.store,
            context: &self.context,
        });
        let mut expansion = rendered.expansion;
        expansion.composition_reason = selection.reason;
        if let Some(failure) = &expansion.fatal {
            return Err(vec![failed(&document.value, &composition.document, failure)]);
        }
        chain.push((key, composition.name.clone()));
        let nested = expansion.composed.iter_mut().try_for_each(|composed| self.nested(document, composed, chain));
        chain.pop();
        nested?;
        Ok(expansion)
    }

    fn nested(
        &self,
        document: &Document,
        composed: &mut Composed,
        chain: &mut Vec<(ObjectKey, String)>,
    ) -> Result<(), Vec<Diagnostic>> {
        let kind = GroupVersionKind::of(&composed.object);
        let Some(found) = self.platform.kind(&kind).filter(|found| found.role == Role::Composite) else {
            return Ok(());
        };
        let mut composite = composed.object.clone();
        if let Some(schema) = found.definition.schema(Role::Composite, &kind.version) {
            schema.prune(&mut composite);
            apply_defaults(&schema, found.definition, &mut composite);
        }
        if let Some(live) = &composed.observed {
            adopt_live(&mut composite, live, found.definition);
        }
        let expansion = self.expand_composite(document, composite, found.definition, chain).map_err(|diagnostics| {
            let outer =
                format!("in nested {} ({:?} of {})", subject(&composed.object), composed.name, chain_text(chain));
            diagnostics.into_iter().map(|diagnostic| diagnostic.because(outer.clone())).collect::<Vec<_>>()
        })?;
        composed.nested = Some(Box::new(expansion));
        Ok(())
    }
}

impl Observed {
    /// Everything live: claims, XRs and resources.
    pub fn all(&self) -> impl Iterator<Item = &Value> {
        self.resources.iter().chain(&self.composite).chain(&self.claim)
    }
}

/// Fills in what the author's schema says. The policies that Crossplane itself adds to every kind are left out where
/// neither the user nor the XRD asks for them, as `crossplane composition render` leaves them out: they say nothing.
pub fn apply_defaults(schema: &plat_resource::schema::Schema, definition: &Definition, value: &mut Value) {
    let policies = [
        ("compositionUpdatePolicy", "defaultCompositionUpdatePolicy"),
        ("compositeDeletePolicy", "defaultCompositeDeletePolicy"),
    ];
    let path = definition.machinery_path();
    let unset = policies.map(|(field, default)| {
        let given = object::value_at(value, path).and_then(|found| found.get(field)).is_some();
        let asked = object::value_at(&definition.document.value, &["spec", default]).is_some();
        (field, !given && !asked)
    });
    let had_machinery = object::value_at(value, path).is_some();
    schema.apply_defaults(value);
    for (field, _) in unset.into_iter().filter(|(_, unset)| *unset) {
        if object::value_at(value, path).and_then(|found| found.get(field)).is_some() {
            object::object_at_mut(value, path).remove(field);
        }
    }
    let emptied = object::value_at(value, path).and_then(Value::as_object).is_some_and(plat_resource::Map::is_empty);
    if let ([parent, last], false, true) = (path, had_machinery, emptied) {
        object::object_at_mut(value, &[parent]).remove(*last);
    }
}

/// What the API server and Crossplane keep of a live XR when a new one is applied over it.
fn adopt_live(composite: &mut Value, live: &Value, definition: &Definition) {
    for key in ["uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp"] {
        if let Some(value) = object::value_at(live, &["metadata", key]) {
            object::set_metadata(composite, key, value.clone());
        }
    }
    for key in ["labels", "annotations"] {
        let kept = object::value_at(live, &["metadata", key]).and_then(Value::as_object).cloned().unwrap_or_default();
        for (entry, value) in kept {
            object::object_at_mut(composite, &["metadata", key]).entry(entry).or_insert(value);
        }
    }
    let path = definition.machinery_path();
    let machinery = object::value_at(live, path).and_then(Value::as_object).cloned().unwrap_or_default();
    for key in ["compositionRef", "compositionRevisionRef", "resourceRefs", "writeConnectionSecretToRef"] {
        if let Some(value) = machinery.get(key) {
            object::object_at_mut(composite, path).entry(key).or_insert_with(|| value.clone());
        }
    }
    if let Some(status) = live.get("status") {
        composite["status"] = status.clone();
    }
}

fn refuse_cycle(
    document: &Document,
    key: &ObjectKey,
    composition: &str,
    chain: &[(ObjectKey, String)],
) -> Result<(), Vec<Diagnostic>> {
    let again = chain.iter().any(|(outer, name)| outer.kind == key.kind && name == composition);
    let cyclic =
        again && chain.iter().filter(|(outer, name)| outer.kind == key.kind && name == composition).count() > 1;
    if !cyclic && chain.len() < MAX_NESTED_DEPTH {
        return Ok(());
    }
    let cause = format!(
        "{} composes itself without end: {} → {} ({composition})",
        key.kind.kind,
        chain_text(chain),
        key.kind.kind
    );
    Err(vec![
        Diagnostic::error(format!("{} cannot be planned", subject(&document.value)))
            .at(document.location())
            .because(cause)
            .hint("a Composition must not lead back to its own kind"),
    ])
}

fn chain_text(chain: &[(ObjectKey, String)]) -> String {
    chain.iter().map(|(key, composition)| format!("{} ({composition})", key.kind.kind)).collect::<Vec<_>>().join(" → ")
}

/// The object in words: `SQLInstance team-a/orders-db`.
fn subject(value: &Value) -> String {
    let kind = object::string_at(value, &["kind"]).unwrap_or("object");
    match (object::namespace(value), object::name(value)) {
        ("", name) => format!("{kind} {name}"),
        (namespace, name) => format!("{kind} {namespace}/{name}"),
    }
}

fn invalid(document: &Document) -> Diagnostic {
    Diagnostic::error(format!("{} is not valid", subject(&document.value)))
}

fn check_name(document: &Document, found: KindRef<'_>) -> Vec<Diagnostic> {
    let path = FieldPath::default().key("metadata").key("name");
    let name = object::name(&document.value);
    let field = |cause: String| invalid(document).at(document.locate(&path)).field("metadata.name").because(cause);
    if name.is_empty() {
        return vec![field("Required value: a claim or XR needs a name".to_owned())];
    }
    let mut faults: Vec<Diagnostic> = names_rules::is_dns1123_subdomain(name).into_iter().map(field).collect();
    let namespaced = found.role == Role::Claim || found.definition.scope == plat_platform::Scope::Namespaced;
    let namespace = object::namespace(&document.value);
    let place = FieldPath::default().key("metadata").key("namespace");
    if namespaced && namespace.is_empty() {
        let kind = &found.definition.names_of(found.role).map(|names| names.kind.clone()).unwrap_or_default();
        faults.push(
            invalid(document)
                .at(document.locate(&place))
                .field("metadata.namespace")
                .because(format!("Required value: {kind} lives in a namespace"))
                .hint("write metadata.namespace, or give one with -n"),
        );
    }
    if !namespaced && !namespace.is_empty() {
        faults.push(
            invalid(document)
                .at(document.locate(&place))
                .field("metadata.namespace")
                .because("the kind is cluster-scoped")
                .hint("remove metadata.namespace"),
        );
    }
    faults
}

fn unknown_field(document: &Document, path: &FieldPath, schema: &plat_resource::schema::Schema) -> Diagnostic {
    let parent = FieldPath::new(path.segments().split_last().map(|(_, parent)| parent.to_vec()).unwrap_or_default());
    let siblings = schema.explain(&parent).map(|found| found.fields).unwrap_or_default();
    let word = match path.segments().last() {
        Some(plat_resource::Segment::Field(word)) => word.as_str(),
        _ => "",
    };
    let hint = suggest::did_you_mean(word, siblings.iter().map(|field| field.name.as_str()));
    invalid(document)
        .at(document.locate_key(path))
        .field(path.to_string())
        .because("unknown field")
        .maybe_hint(hint.or_else(|| Some("kubectl plat claim explain KIND lists the fields".to_owned())))
}

fn failed(given: &Value, composition: &Document, failure: &Failure) -> Diagnostic {
    let mut diagnostic = Diagnostic::error(format!("{} cannot be planned", subject(given)));
    if let Some(path) = &failure.path {
        diagnostic = diagnostic.at(composition.locate(path)).field(path.to_string());
    }
    diagnostic
        .because(format!("cannot compose resources: {}", failure.message))
        .maybe_hint(failure.hint.clone().or_else(|| hint_for(&failure.message)))
}

/// What to do about the refusals that people meet most.
fn hint_for(message: &str) -> Option<String> {
    let quoted = |start: &str| message.split(start).nth(1).and_then(|rest| rest.split('"').next());
    let choices: &[&str] = if message.contains("unknown transform type") {
        &["map", "match", "math", "string", "convert"]
    } else if message.contains("unknown patch type") {
        &[
            "FromCompositeFieldPath",
            "ToCompositeFieldPath",
            "CombineFromComposite",
            "CombineToComposite",
            "PatchSet",
            "FromEnvironmentFieldPath",
            "ToEnvironmentFieldPath",
            "CombineFromEnvironment",
            "CombineToEnvironment",
        ]
    } else if message.contains("toFieldPathPolicy") {
        &["Replace", "MergeObjects", "MergeObjectsAppendArrays", "ForceMergeObjects", "ForceMergeObjectsAppendArrays"]
    } else if message.contains("fromFieldPathPolicy") {
        &["Optional", "Required"]
    } else if message.contains("unknown readiness check type") {
        &["NonEmpty", "MatchString", "MatchInteger", "MatchTrue", "MatchFalse", "MatchCondition", "None"]
    } else if message.contains("unknown string transform type") {
        &["Format", "Convert", "TrimPrefix", "TrimSuffix", "Regexp", "Join", "Replace"]
    } else {
        return None;
    };
    let word = quoted("Invalid value: \"").unwrap_or("");
    suggest::did_you_mean(word, choices.iter().copied()).or_else(|| Some(format!("one of {}", choices.join(", "))))
}
