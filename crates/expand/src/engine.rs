//! The engine: from a claim or XR as a user gives it to everything it means.
//!
//! Owns finding the kind, filling in defaults, checking against the schema, claim → XR, choosing the Composition, nested
//! XRs, and saying what is wrong with a place and a hint. One reconcile is [`crate::render`]'s.

mod descent;
mod live;
mod report;
mod wrong_type;

use std::sync::{Arc, Mutex, PoisonError};

use plat_platform::{Definition, KindRef, Platform, Role};
use plat_resource::{Diagnostic, Document, FieldPath, GroupVersionKind, ObjectKey, Value, object};
use serde_json::json;

use self::descent::Descent;
use self::live::{Live, adopt_live};
use self::report::{check_name, failed, hint_for, invalid, patch_set_hint, subject, unknown_field, violated};
use crate::claim;
use crate::function::{FunctionRunner, ResourceSelector};
use crate::model::{Compatibility, Composed, Expansion, Observed};
use crate::native::{CompiledInputs, Native, native};
use crate::render::{Renderer, Subject};
use crate::store::Store;

/// To tell the place of a fault, the text is read again: of more faults than this in one object, the rest is counted.
const MAX_FAULTS: usize = 20;

/// How to expand.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Crossplane's version.
    pub compatibility: Compatibility,
    /// Steps whose function cannot run are left out and said, instead of being an error.
    pub skip_unavailable_functions: bool,
    /// One claim or XR is all there is: live composed resources that name no XR are meant for it.
    pub only_one: bool,
}

/// Expands claims and XRs of one platform against one live state.
pub struct Engine<'a> {
    platform: &'a Platform,
    options: Options,
    runner: &'a (dyn FunctionRunner + Sync),
    live: Live<'a>,
    store: Store<'a>,
    compiled: Arc<CompiledInputs>,
    context: Value,
    /// What functions looked for, each once.
    asked: Mutex<Vec<ResourceSelector>>,
}

impl<'a> Engine<'a> {
    /// An engine over `platform` and what is live in `observed`.
    pub fn new(
        platform: &'a Platform,
        observed: &'a Observed,
        options: Options,
        runner: &'a (dyn FunctionRunner + Sync),
    ) -> Self {
        Self {
            platform,
            options,
            runner,
            live: Live::new(observed),
            store: Store::of_platform(platform, observed.all()),
            compiled: Arc::default(),
            context: json!({}),
            asked: Mutex::default(),
        }
    }

    /// What functions of the expansions so far looked for, found or not: whoever can look elsewhere brings it among what is
    /// live, and expands again.
    pub fn asked(&self) -> Vec<ResourceSelector> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note_asked(&self, selectors: Vec<ResourceSelector>) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        for selector in selectors {
            if !asked.contains(&selector) {
                asked.push(selector);
            }
        }
    }

    /// Pipelines start with this context instead of an empty one.
    #[must_use]
    pub fn with_context(self, context: Value) -> Self {
        Self { context, ..self }
    }

    /// Inputs of functions are compiled into this cache, which may serve many engines over the same platform.
    #[must_use]
    pub fn with_compiled(self, compiled: Arc<CompiledInputs>) -> Self {
        Self { compiled, ..self }
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
                    let path = step.input_path().concat(&fault.place);
                    let resource =
                        fault.resource.as_ref().map(|name| format!("resource {name:?}, ")).unwrap_or_default();
                    found.push(
                        Diagnostic::error(format!("composition {} is not usable", composition.name))
                            .at(composition.document.locate(&path))
                            .field(path.to_string())
                            .because(format!("pipeline step {:?}, {resource}{}", step.name, fault.message))
                            .maybe_hint(
                                hint_for(&fault.message)
                                    .or_else(|| patch_set_hint(step.input.as_ref(), &fault.message)),
                            ),
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
            validation.violations = wrong_type::without_echoes(validation.violations);
            let untold =
                unknown.len().saturating_sub(MAX_FAULTS) + validation.violations.len().saturating_sub(MAX_FAULTS);
            let told = validation.violations.iter().take(MAX_FAULTS);
            faults.extend(told.map(|violation| violated(document, violation, given)));
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
        let bound = live_claim
            .and_then(|claim| object::string_at(claim, &["spec", "resourceRef", "name"]))
            .or_else(|| self.live.name_by_claim(&kind, &given));
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
            note_made_name(&mut expansion);
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
        of_kind.filter(|value| labelled(value)).min_by_key(|value| object::name(value)).copied()
    }

    fn composite(
        &self,
        document: &Document,
        composite: Value,
        definition: &Definition,
    ) -> Result<Expansion, Vec<Diagnostic>> {
        self.expand_composite(document, composite, definition, &mut Descent::default())
    }

    fn expand_composite(
        &self,
        document: &Document,
        mut composite: Value,
        definition: &Definition,
        descent: &mut Descent,
    ) -> Result<Expansion, Vec<Diagnostic>> {
        let key = ObjectKey::of(&composite);
        let live = self.live.get(&key.kind, &key.namespace, &key.name);
        let warning = match live {
            Some(live) => {
                adopt_live(&mut composite, live, definition);
                None
            }
            None => self.adopt_uid(document, &key, &mut composite),
        };
        let selection = self.platform.select_composition(definition, &composite).map_err(|diagnostic| {
            let missing_place = diagnostic.location.is_none();
            vec![if missing_place { diagnostic.at(document.location()) } else { diagnostic }]
        })?;
        let composition = selection.composition;
        descent.refuse_cycle(document, &key, &composition.name)?;
        let mut observed = self.live.composed_by(&composite, definition.is_legacy());
        if live.is_none() && observed.is_empty() {
            observed = self.live.meant_for(&composite, self.options.only_one && descent.chain.is_empty());
        }
        let reconciler = Renderer {
            platform: self.platform,
            runner: self.runner,
            compiled: &self.compiled,
            compatibility: self.options.compatibility,
            skip_unavailable: self.options.skip_unavailable_functions,
        };
        let rendered = reconciler.render(Subject {
            composite: &composite,
            legacy: definition.is_legacy(),
            composition,
            observed: &observed,
            connection_details: self.live.connection_details,
            store: &self.store,
            context: &self.context,
        });
        self.note_asked(rendered.outcome.selectors);
        let mut expansion = rendered.expansion;
        expansion.composition_reason = selection.reason;
        expansion.warnings.extend(warning);
        if let Some(failure) = &expansion.fatal {
            return Err(vec![failed(&document.value, &composition.document, failure)]);
        }
        descent.count(document, &expansion.composed)?;
        descent.chain.push((key, composition.name.clone()));
        let nested = expansion.composed.iter_mut().try_for_each(|composed| self.nested(document, composed, descent));
        descent.chain.pop();
        nested?;
        Ok(expansion)
    }

    /// Gives an XR that is not among what is live the UID that the resources it controls have for it.
    fn adopt_uid(&self, document: &Document, key: &ObjectKey, composite: &mut Value) -> Option<Diagnostic> {
        if !object::uid(composite).is_empty() {
            return None;
        }
        let uid = self.live.uid_by_controlled(key)?;
        object::set_metadata(composite, "uid", uid);
        Some(
            Diagnostic::warning(format!("{} is shown as new, but may be live", subject(composite)))
                .at(document.location())
                .because("resources that it controls are among what is live, the XR is not")
                .hint("give the live XR with --observed too"),
        )
    }

    fn nested(
        &self,
        document: &Document,
        composed: &mut Composed,
        descent: &mut Descent,
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
        let expansion =
            self.expand_composite(document, composite, found.definition, descent).map_err(|diagnostics| {
                let outer =
                    format!("in nested {} ({:?} of {})", subject(&composed.object), composed.name, descent.text());
                diagnostics.into_iter().map(|diagnostic| diagnostic.because(outer.clone())).collect::<Vec<_>>()
            })?;
        composed.nested = Some(Box::new(expansion));
        Ok(())
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

/// What patches made of the XR's name is as unknown as the name.
fn note_made_name(expansion: &mut Expansion) {
    for composed in &mut expansion.composed {
        let made = composed.origins.iter().filter(|(_, origin)| {
            origin.source == "composite" && origin.from.iter().any(|path| path == "metadata.name")
        });
        let unknowns: Vec<crate::Unknown> = made
            .map(|(path, _)| crate::Unknown {
                field: path.clone(),
                reason: "made from the name of the XR, whose end Crossplane picks".to_owned(),
            })
            .collect();
        composed.unknowns.extend(unknowns);
    }
}
