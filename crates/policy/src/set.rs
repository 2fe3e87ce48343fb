//! The policies of a platform, compiled: [`PolicySet`].
//!
//! Owns which document is what, and which constraint belongs to which template. Reading one of them is elsewhere.

use std::collections::BTreeMap;

use plat_resource::{Diagnostic, Document, FieldPath, GroupVersionKind, object};

use crate::config::{self, Config};
use crate::constraint;
use crate::expansion::{self, Expansion};
use crate::index::Index;
use crate::mutation::MutationSystem;
use crate::report::Report;
use crate::template::{self, Template};
use crate::{Constraint, Options};

/// All policies, immutable; to be shared between threads.
#[derive(Debug, Default)]
pub struct PolicySet {
    pub(crate) options: Options,
    /// By name, which is the kind of the constraints in small letters.
    pub(crate) templates: BTreeMap<String, Template>,
    /// By kind and name.
    pub(crate) constraints: Vec<Constraint>,
    pub(crate) index: Index,
    pub(crate) config: Config,
    pub(crate) expansion: Expansion,
    pub(crate) mutation: MutationSystem,
}

impl PolicySet {
    /// Reads policies among other documents. What could be read is in the set; the findings say what could not.
    pub fn load(documents: &[Document], options: &Options) -> (Self, Vec<Diagnostic>) {
        Self::load_after(&Self::default(), documents, options)
    }

    /// The same, when a set was loaded before: templates that did not change are not compiled again.
    pub fn load_after(previous: &Self, documents: &[Document], options: &Options) -> (Self, Vec<Diagnostic>) {
        let mut loader = Loader {
            options,
            previous,
            set: Self { options: options.clone(), ..Self::default() },
            findings: Vec::new(),
        };
        let mut constraints = Vec::new();
        for document in documents {
            let kind = GroupVersionKind::of(&document.value);
            match (kind.group.as_str(), kind.kind.as_str()) {
                (template::GROUP, "ConstraintTemplate") => loader.template(document),
                (constraint::GROUP, _) => constraints.push(document),
                (config::GROUP, "Config") => loader.config(document),
                (expansion::GROUP, "ExpansionTemplate") => loader.expansion(document),
                (config::SYNC_GROUP, "SyncSet") => loader.set.config.read_sync_set(document),
                _ => {}
            }
        }
        for document in constraints {
            loader.constraint(document);
        }
        loader.drop_cycles(documents);
        let Loader { mut set, mut findings, .. } = loader;
        let (mutation, found) = MutationSystem::load(documents);
        set.mutation = mutation;
        findings.extend(found);
        set.constraints.sort_by(|one, other| one.name.cmp(&other.name));
        set.index = Index::new(&set.constraints);
        (set, findings)
    }

    /// The set of one constraint.
    pub(crate) fn of(template: Template, constraint: Constraint, options: &Options) -> Self {
        let constraints = vec![constraint];
        let index = Index::new(&constraints);
        let templates = BTreeMap::from([(template.kind.to_lowercase(), template)]);
        Self { options: options.clone(), templates, constraints, index, ..Self::default() }
    }

    /// The templates by name, usable or not.
    pub fn templates(&self) -> impl Iterator<Item = &Template> {
        self.templates.values()
    }

    /// The template of this kind of constraints.
    pub fn template(&self, kind: &str) -> Option<&Template> {
        self.templates.get(&kind.to_lowercase())
    }

    /// The usable constraints, by kind and name.
    pub fn constraints(&self) -> &[Constraint] {
        &self.constraints
    }

    /// The ExpansionTemplates.
    pub fn expansion(&self) -> &Expansion {
        &self.expansion
    }

    /// The mutators.
    pub fn mutation(&self) -> &MutationSystem {
        &self.mutation
    }

    /// What Config and SyncSets say.
    pub fn config(&self) -> &Config {
        &self.config
    }
}

struct Loader<'a> {
    options: &'a Options,
    previous: &'a PolicySet,
    set: PolicySet,
    findings: Vec<Diagnostic>,
}

impl Loader<'_> {
    fn template(&mut self, document: &Document) {
        let name = object::name(&document.value).to_lowercase();
        let known = self.previous.templates.get(&name).filter(|known| {
            known.findings.is_empty()
                && *known.object == document.value
                && self.previous.options.cel == self.options.cel
        });
        let template = match known {
            Some(known) => Template { location: document.location(), ..known.clone() },
            None => template::read(document, self.options),
        };
        self.findings.extend(template.findings.iter().cloned());
        if let Some(first) = self.set.templates.get(&name) {
            self.findings.push(twice(document, &format!("ConstraintTemplate {name}"), first.location()));
        }
        self.set.templates.insert(name, template);
    }

    fn config(&mut self, document: &Document) {
        let mut report = Report::new(document, format!("Config {}", object::name(&document.value)));
        self.set.config.read_config(document, &mut report);
        self.findings.extend(report.into_findings());
    }

    fn expansion(&mut self, document: &Document) {
        let mut report = Report::new(document, format!("ExpansionTemplate {}", object::name(&document.value)));
        self.set.expansion.read(document, &mut report);
        self.findings.extend(report.into_findings());
    }

    fn drop_cycles(&mut self, documents: &[Document]) {
        for name in self.set.expansion.drop_cycles() {
            let is_it = |document: &&Document| {
                GroupVersionKind::of(&document.value).group == expansion::GROUP && object::name(&document.value) == name
            };
            let location = documents.iter().find(is_it).map(Document::location);
            let message = format!("ExpansionTemplate {name} is not usable");
            self.findings.push(Diagnostic::error(message).at(location).because("template forms expansion cycle"));
        }
    }

    fn constraint(&mut self, document: &Document) {
        let kind = object::string_at(&document.value, &["kind"]).unwrap_or_default();
        let name = object::name(&document.value);
        let mut report = Report::new(document, format!("{kind} {name}"));
        let kind_field = FieldPath::default().key("kind");
        let Some(template) = self.set.templates.get(&kind.to_lowercase()) else {
            report.error(&kind_field, format!("there is no ConstraintTemplate {}", kind.to_lowercase())).hint =
                plat_resource::suggest::did_you_mean(
                    kind,
                    self.set.templates.values().map(|template| template.kind.as_str()),
                );
            self.findings.extend(report.into_findings());
            return;
        };
        match constraint::read(document, template) {
            Ok(_) if !template.is_compiled() => {
                report.error(&kind_field, format!("its ConstraintTemplate {} is not usable", template.name));
                self.findings.extend(report.into_findings());
            }
            Ok(constraint) => {
                if let Some(index) = self.set.constraints.iter().position(|known| known.name == constraint.name) {
                    let known = self.set.constraints.remove(index);
                    self.findings.push(twice(document, &format!("{kind} {name}"), known.location()));
                }
                self.set.constraints.push(constraint);
            }
            Err(fault) => self.findings.extend(fault.findings),
        }
    }
}

fn twice(document: &Document, subject: &str, first: &plat_resource::Location) -> Diagnostic {
    Diagnostic::error(format!("{subject} is there twice"))
        .at(document.location())
        .because(format!("the first is at {first}; the last one counts"))
        .hint("remove one of them")
}
