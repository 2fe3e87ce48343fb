//! What cannot work, or would let through what it means to stop.
//!
//! Owns the rules, each with an id; what `PolicySet::load` finds is told under ids of its own. Presentation is elsewhere.

mod constraints;
mod prefix;
mod rego;

use plat_resource::{Diagnostic, Document, FieldPath, GroupVersionKind, Segment, object};

use crate::template::GROUP;
use crate::{Options, PolicySet, constraint};

/// A rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// A policy cannot be read or compiled.
    Unusable,
    /// There is no template of the constraint's kind.
    ConstraintWithoutTemplate,
    /// No constraint uses the template: it judges nothing.
    TemplateWithoutConstraint,
    /// The policy reads a parameter that the schema does not have.
    ParameterUnknown,
    /// The constraint gives a parameter that the schema does not have, and the schema lets that pass.
    ParameterUnread,
    /// Nothing can match.
    MatchesNothing,
    /// A criterion about namespaces on kinds that are in none.
    SelectorOnClusterKinds,
    /// A namespace is excluded that was not included.
    ExclusionDead,
    /// The action is none of those that do something.
    ActionUnknown,
    /// The scope is none of those that exist, so that it is ignored.
    ScopeUnknown,
    /// A prefix of an image's repository ends where a longer name would still match.
    PrefixOpen,
    /// Containers and init containers are looked at, ephemeral containers are not.
    EphemeralContainers,
    /// The template needs objects in the inventory that nobody puts there.
    InventoryNotSynced,
}

impl Rule {
    /// All rules.
    pub const ALL: [Self; 13] = [
        Self::Unusable,
        Self::ConstraintWithoutTemplate,
        Self::TemplateWithoutConstraint,
        Self::ParameterUnknown,
        Self::ParameterUnread,
        Self::MatchesNothing,
        Self::SelectorOnClusterKinds,
        Self::ExclusionDead,
        Self::ActionUnknown,
        Self::ScopeUnknown,
        Self::PrefixOpen,
        Self::EphemeralContainers,
        Self::InventoryNotSynced,
    ];

    /// Its id.
    pub fn id(self) -> &'static str {
        match self {
            Self::Unusable => "unusable",
            Self::ConstraintWithoutTemplate => "constraint-without-template",
            Self::TemplateWithoutConstraint => "template-without-constraint",
            Self::ParameterUnknown => "parameter-unknown",
            Self::ParameterUnread => "parameter-unread",
            Self::MatchesNothing => "matches-nothing",
            Self::SelectorOnClusterKinds => "selector-on-cluster-kinds",
            Self::ExclusionDead => "exclusion-dead",
            Self::ActionUnknown => "action-unknown",
            Self::ScopeUnknown => "scope-unknown",
            Self::PrefixOpen => "prefix-open",
            Self::EphemeralContainers => "ephemeral-containers",
            Self::InventoryNotSynced => "inventory-not-synced",
        }
    }

    /// What it is about, in one line.
    pub fn about(self) -> &'static str {
        match self {
            Self::Unusable => "a policy that cannot be read or compiled",
            Self::ConstraintWithoutTemplate => "a constraint of a kind that no template makes",
            Self::TemplateWithoutConstraint => "a template that no constraint uses",
            Self::ParameterUnknown => "Rego that reads a parameter which the schema lacks",
            Self::ParameterUnread => "a parameter which the schema lacks and lets pass",
            Self::MatchesNothing => "a match that nothing can satisfy",
            Self::SelectorOnClusterKinds => "namespaces asked of kinds that are in none",
            Self::ExclusionDead => "an excluded namespace that was not included",
            Self::ActionUnknown => "an enforcement action that does nothing",
            Self::ScopeUnknown => "a scope that is ignored",
            Self::PrefixOpen => "a prefix that also stands for other names",
            Self::EphemeralContainers => "containers judged without ephemeral ones",
            Self::InventoryNotSynced => "an inventory that lacks what a template reads",
        }
    }
}

/// One finding of one rule; its severity is in the diagnostic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lint {
    /// The rule.
    pub rule: Rule,
    /// What it found.
    pub finding: Diagnostic,
}

/// Looks at all policies among `documents`. Findings come by document, those of loading first.
pub fn lint(documents: &[Document], options: &Options) -> Vec<Lint> {
    let (set, findings) = PolicySet::load(documents, options);
    let mut lints = Lints::default();
    for finding in findings {
        let orphan = finding.causes.first().is_some_and(|cause| cause.starts_with("there is no ConstraintTemplate"));
        let rule = if orphan { Rule::ConstraintWithoutTemplate } else { Rule::Unusable };
        lints.found.push(Lint { rule, finding });
    }
    let is_policy = |document: &Document, group: &str| GroupVersionKind::of(&document.value).group == group;
    for document in documents.iter().filter(|document| is_policy(document, GROUP)) {
        template(document, &set, documents, &mut lints);
    }
    for document in documents.iter().filter(|document| is_policy(document, constraint::GROUP)) {
        let kind = object::string_at(&document.value, &["kind"]).unwrap_or_default();
        constraints::check(document, set.template(kind), &mut lints);
    }
    lints.found
}

fn template(document: &Document, set: &PolicySet, documents: &[Document], lints: &mut Lints) {
    let Some(template) = set.template(object::name(&document.value)) else { return };
    let of_kind = |document: &Document| {
        let kind = GroupVersionKind::of(&document.value);
        kind.group == constraint::GROUP && kind.kind.eq_ignore_ascii_case(&template.kind)
    };
    if !template.kind.is_empty() && !documents.iter().any(of_kind) {
        lints
            .warn(
                Rule::TemplateWithoutConstraint,
                document,
                &field(&["metadata", "name"]),
                "no constraint uses it, so it judges nothing",
            )
            .hint = Some(format!("add a constraint of kind {}, or remove it", template.kind));
    }
    rego::check(document, template, lints);
    synced(document, template, set, documents, lints);
}

fn synced(document: &Document, template: &crate::Template, set: &PolicySet, documents: &[Document], lints: &mut Lints) {
    let path = field(&["metadata", "annotations"]);
    let requirements = match template.requirements() {
        Ok(requirements) => requirements,
        Err(cause) => {
            lints.warn(Rule::InventoryNotSynced, document, &path, cause);
            return;
        }
    };
    let group = |document: &Document| GroupVersionKind::of(&document.value).group;
    // Where nobody says what is synced, that is said elsewhere.
    if !documents
        .iter()
        .any(|document| [crate::config::GROUP, crate::config::SYNC_GROUP].contains(&group(document).as_str()))
    {
        return;
    }
    for wanted in requirements {
        if !wanted.iter().any(|kind| set.config().synced_kinds().contains(kind)) {
            let kinds: Vec<_> = wanted.iter().map(ToString::to_string).collect();
            let cause =
                format!("it reads {} from the inventory, which no Config or SyncSet puts there", kinds.join(" or "));
            lints.warn(Rule::InventoryNotSynced, document, &path, cause).hint =
                Some("add it to spec.sync.syncOnly of the Config".to_owned());
        }
    }
}

/// Collects findings.
#[derive(Default)]
struct Lints {
    found: Vec<Lint>,
}

impl Lints {
    fn warn(&mut self, rule: Rule, document: &Document, path: &FieldPath, cause: impl Into<String>) -> &mut Diagnostic {
        self.push(rule, Diagnostic::warning(subject(document)).at(document.locate(path)), path, cause.into())
    }

    fn warn_within(
        &mut self,
        rule: Rule,
        document: &Document,
        path: &FieldPath,
        place: (usize, usize),
        cause: String,
    ) -> &mut Diagnostic {
        let location = document.locate_within(path, place.0, place.1);
        self.push(rule, Diagnostic::warning(subject(document)).at(location), path, cause)
    }

    fn push(&mut self, rule: Rule, finding: Diagnostic, path: &FieldPath, cause: String) -> &mut Diagnostic {
        let index = self.found.len();
        self.found.push(Lint { rule, finding: finding.field(path.to_string()).because(cause) });
        &mut self.found[index].finding
    }
}

fn subject(document: &Document) -> String {
    let kind = object::string_at(&document.value, &["kind"]).unwrap_or_default();
    format!("{kind} {} may not do what it says", object::name(&document.value))
}

fn field(keys: &[&str]) -> FieldPath {
    FieldPath::new(keys.iter().map(|key| Segment::field(key)).collect())
}

#[cfg(test)]
mod tests;
