//! Documents to a Platform: sorts them by the kind table, reads each, then checks them against each other.
//!
//! Owns duplicates, clashing kinds and Compositions for kinds that no XRD defines. What one document must say is checked
//! where it is read.

use std::collections::HashMap;
use std::sync::Arc;

use plat_resource::{Diagnostic, Document, GroupVersionKind, ObjectKey, object, suggest};

use crate::composition::Composition;
use crate::crd::read_crd;
use crate::cursor::{Cursor, Findings};
use crate::kinds::{PlatformKind, What, what_is};
use crate::platform::GroupKind;
use crate::read_composition::{read_composition, read_function, read_revision};
use crate::read_definition::read_definition;
use crate::{Definition, Platform, Role};

impl Platform {
    /// Reads a platform from documents in any order, among others that it does not know. What could be read is in the
    /// Platform even where there are findings; whoever gets an error among them should not plan with it.
    pub fn load(documents: Vec<Document>) -> (Self, Vec<Diagnostic>) {
        let mut loader = Loader::default();
        for document in documents {
            loader.take(Arc::new(document));
        }
        loader.finish()
    }
}

#[derive(Default)]
struct Loader {
    platform: Platform,
    seen: HashMap<ObjectKey, Arc<Document>>,
    diagnostics: Vec<Diagnostic>,
}

impl Loader {
    fn take(&mut self, document: Arc<Document>) {
        let kind = GroupVersionKind::of(&document.value);
        let row = what_is(&kind);
        let row = match row {
            Some(row) if !row.versions.contains(&kind.version.as_str()) => self.unknown_version(row, &kind, &document),
            row => row,
        };
        if let Some(row) = row {
            match self.is_new(row, &kind, &document) {
                Some(true) => self.read(row.what, &document),
                Some(false) => return,
                None => {}
            }
        } else {
            self.platform.others.push(Arc::clone(&document));
        }
        let index = self.platform.documents.len();
        self.platform.by_kind.entry(GroupKind::of(&kind)).or_default().push(index);
        self.platform.documents.push(document);
    }

    fn unknown_version(
        &mut self,
        row: &PlatformKind,
        kind: &GroupVersionKind,
        document: &Document,
    ) -> Option<&'static PlatformKind> {
        let subject = format!("{} {}", row.kind, object::name(&document.value));
        let root = Cursor::root(document);
        let at = root.get("apiVersion").unwrap_or(root);
        let mut findings = Findings::new(subject, &mut self.diagnostics);
        let cause = format!("version {:?} of {} is not known", kind.version, row.kind);
        let diagnostic = match row.what {
            What::Definition | What::Composition => findings.error(&at, cause),
            _ => findings.warning(&at, format!("{cause}; the object is kept as it is")),
        };
        let newest = row.versions.last().copied().unwrap_or_default();
        diagnostic.hint = Some(format!("write apiVersion: {}/{newest}", row.group));
        None
    }

    /// `Some(true)` for an object to read, `Some(false)` for one to leave out, `None` for one without a name.
    fn is_new(&mut self, row: &PlatformKind, kind: &GroupVersionKind, document: &Arc<Document>) -> Option<bool> {
        let mut key = ObjectKey::of(&document.value);
        key.kind.version.clear();
        key.namespace.clear();
        let root = Cursor::root(document);
        let subject = format!("{} {}", row.kind, key.name);
        let mut findings = Findings::new(subject.trim_end().to_owned(), &mut self.diagnostics);
        if key.name.is_empty() {
            let metadata = findings.object(&root, "metadata");
            metadata.and_then(|metadata| findings.required_text(&metadata, "name"));
            return None;
        }
        let Some(first) = self.seen.get(&key) else {
            self.seen.insert(key, Arc::clone(document));
            return Some(true);
        };
        let place = first.location();
        // The same file named twice on the command line is no mistake, and neither is a copy.
        let is_same_file = place == document.location() && place.position.is_some();
        if is_same_file || first.value == document.value {
            return Some(false);
        }
        let cause = format!("{}/{} is given twice, first at {place}", kind.kind, key.name);
        let hint = Some("keep one of the two".to_owned());
        // Published platforms carry several sets of them; of two, kubectl apply leaves the later one.
        if row.what == What::EnvironmentConfig {
            findings.warning(&root, format!("{cause}; this one counts")).hint = hint;
            self.seen.insert(key, Arc::clone(document));
            return Some(true);
        }
        findings.error(&root, cause).hint = hint;
        Some(false)
    }

    fn read(&mut self, what: What, document: &Arc<Document>) {
        let platform = &mut self.platform;
        match what {
            What::Definition => platform.definitions.extend(read_definition(document, &mut self.diagnostics)),
            What::Composition => {
                if let Some(composition) = read_composition(document, &mut self.diagnostics) {
                    platform.compositions.insert(composition.name.clone(), composition);
                }
            }
            What::Revision => {
                if let Some(revision) = read_revision(document, &mut self.diagnostics) {
                    platform.revisions.entry(revision.composition.name.clone()).or_default().push(revision);
                }
            }
            What::EnvironmentConfig => {
                let name = object::name(&document.value).to_owned();
                platform.environment_configs.insert(name, Arc::clone(document));
            }
            What::Function => {
                let function = read_function(document);
                platform.functions.insert(function.name.clone(), function);
            }
            What::Crd => {
                if let Some(crd) = read_crd(document, &mut self.diagnostics) {
                    platform.crds.insert(GroupKind::new(&crd.group, &crd.kind), crd);
                }
            }
        }
    }

    fn finish(mut self) -> (Platform, Vec<Diagnostic>) {
        let platform = &mut self.platform;
        platform.definitions.sort_by(|left, right| left.name.cmp(&right.name));
        for revisions in platform.revisions.values_mut() {
            revisions.sort_by_key(|revision| revision.revision);
        }
        for composition in platform.compositions.values() {
            platform.by_type.entry(composition.composite_type.clone()).or_default().push(composition.name.clone());
        }
        for index in 0..platform.definitions.len() {
            index_kinds(platform, index, &mut self.diagnostics);
        }
        for definition in &self.platform.definitions {
            check_references(&self.platform, definition, &mut self.diagnostics);
        }
        for composition in self.platform.compositions.values() {
            check_composite_type(&self.platform, composition, &mut self.diagnostics);
        }
        (self.platform, self.diagnostics)
    }
}

fn index_kinds(platform: &mut Platform, index: usize, diagnostics: &mut Vec<Diagnostic>) {
    let Some(definition) = platform.definitions.get(index) else { return };
    for role in [Role::Composite, Role::Claim] {
        let Some(names) = definition.names_of(role) else { continue };
        let key = GroupKind::new(&definition.group, &names.kind);
        let Some((other, _)) = platform.kinds.get(&key) else {
            platform.kinds.insert(key, (index, role));
            continue;
        };
        // Within one XRD the reader has said it already.
        if let Some(first) = platform.definitions.get(*other).filter(|_| *other != index) {
            report_clash(definition, role, first, diagnostics);
        }
    }
}

fn report_clash(definition: &Definition, role: Role, first: &Definition, diagnostics: &mut Vec<Diagnostic>) {
    let field = if role == Role::Claim { "claimNames" } else { "names" };
    let root = Cursor::root(&definition.document);
    let at = root.get("spec").and_then(|spec| spec.get(field)?.get("kind")).unwrap_or(root);
    let place = first.document.location();
    let kind = definition.names_of(role).map(|names| names.kind.as_str()).unwrap_or_default();
    let mut findings = Findings::new(format!("XRD {}", definition.name), diagnostics);
    let cause = format!("kind {kind} of group {} is defined by XRD {} too, at {place}", definition.group, first.name);
    findings.error(&at, cause).hint = Some("give one of the two another kind or another group".to_owned());
}

/// Warns where the XRD names a Composition that is not there: every XR of it would wait for it.
fn check_references(platform: &Platform, definition: &Definition, diagnostics: &mut Vec<Diagnostic>) {
    let references = [
        ("defaultCompositionRef", &definition.default_composition_ref),
        ("enforcedCompositionRef", &definition.enforced_composition_ref),
    ];
    for (field, name) in references {
        let Some(name) = name.as_ref().filter(|name| platform.composition(name).is_none()) else { continue };
        let root = Cursor::root(&definition.document);
        let at = root.get("spec").and_then(|spec| spec.get(field)?.get("name")).unwrap_or(root);
        let hints = has_hints(diagnostics);
        let mut findings = Findings::new(format!("XRD {}", definition.name), diagnostics);
        let diagnostic = findings.warning(&at, format!("Composition {name:?} is not on the platform"));
        let names = platform.compositions.keys().map(String::as_str);
        diagnostic.hint = if hints { suggest::did_you_mean(name, names) } else { None };
    }
}

/// Looking for a likely slip compares with every name there is; past this many findings nobody reads the hints.
fn has_hints(diagnostics: &[Diagnostic]) -> bool {
    const MAX_HINTS: usize = 100;
    diagnostics.len() < MAX_HINTS
}

fn check_composite_type(platform: &Platform, composition: &Composition, diagnostics: &mut Vec<Diagnostic>) {
    let kind = &composition.composite_type;
    let root = Cursor::root(&composition.document);
    let Some(reference) = root.get("spec").and_then(|spec| spec.get("compositeTypeRef")) else { return };
    let hints = has_hints(diagnostics);
    let mut findings = Findings::new(format!("Composition {}", composition.name), diagnostics);
    let Some((index, role)) = platform.kinds.get(&GroupKind::of(kind)) else {
        let diagnostic = findings.warning(&reference, format!("no XRD of the platform defines {kind}"));
        diagnostic.hint = if hints { platform.closest_kind(kind) } else { None };
        return;
    };
    let Some(definition) = platform.definitions.get(*index) else { return };
    let want = definition.composite_kind();
    if *role == Role::Claim {
        let at = reference.get("kind").unwrap_or(reference);
        let cause =
            format!("{} is the claim of XRD {}, a Composition is for the composite kind", kind.kind, definition.name);
        findings.error(&at, cause).hint = Some(format!("write kind: {}", want.kind));
    } else if kind.version != want.version && !want.version.is_empty() {
        let at = reference.get("apiVersion").unwrap_or(reference);
        let what = match definition.version(&kind.version) {
            Some(_) => "is not the referenceable version",
            None => "is not a version",
        };
        let cause = format!("{:?} {what} of XRD {}", kind.version, definition.name);
        findings.error(&at, cause).hint = Some(format!("write apiVersion: {}", want.api_version()));
    }
}
