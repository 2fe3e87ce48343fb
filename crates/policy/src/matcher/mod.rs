//! `spec.match` of constraints and mutators: one meaning, with the reason where something does not match.
//!
//! Owns the criteria and their order, which is Gatekeeper's. Does not own `applyTo`, operations, or where the Namespace
//! of an object comes from.

mod kinds;
mod selector;
mod wildcard;

pub use kinds::Kinds;
pub use selector::{Selector, faults as selector_faults};
pub use wildcard::Wildcard;

use plat_resource::{Value, object};
use serde::Serialize;

use crate::Source;

/// A compiled `spec.match`. Without criteria it matches everything.
#[derive(Debug, Clone, Default)]
pub struct Match {
    source: Option<String>,
    kinds: Vec<Kinds>,
    scope: String,
    namespaces: Vec<Wildcard>,
    excluded_namespaces: Vec<Wildcard>,
    label_selector: Option<Selector>,
    namespace_selector: Option<Selector>,
    name: Option<Wildcard>,
}

/// What is to be matched.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The object.
    pub object: &'a Value,
    /// Its Namespace object, where it is known.
    pub namespace: Option<&'a Value>,
    /// Who made it.
    pub source: Source,
}

/// The criteria of `spec.match`, in the order in which they are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Criterion {
    /// `kinds`.
    Kinds,
    /// `scope`.
    Scope,
    /// `namespaces`.
    Namespaces,
    /// `excludedNamespaces`.
    ExcludedNamespaces,
    /// `labelSelector`.
    LabelSelector,
    /// `namespaceSelector`.
    NamespaceSelector,
    /// `name`.
    Name,
    /// `source`.
    Source,
}

impl Criterion {
    /// The field of `spec.match`.
    pub fn field(self) -> &'static str {
        match self {
            Self::Kinds => "kinds",
            Self::Scope => "scope",
            Self::Namespaces => "namespaces",
            Self::ExcludedNamespaces => "excludedNamespaces",
            Self::LabelSelector => "labelSelector",
            Self::NamespaceSelector => "namespaceSelector",
            Self::Name => "name",
            Self::Source => "source",
        }
    }
}

/// Which criterion says no, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mismatch {
    /// The criterion.
    pub criterion: Criterion,
    /// Why, in words.
    pub reason: String,
}

/// Whether something matches cannot be told; the text is Gatekeeper's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct MatchError(pub String);

/// The criteria in Gatekeeper's order: an earlier no hides a later error.
const ORDER: [Criterion; 8] = [
    Criterion::Kinds,
    Criterion::Scope,
    Criterion::Namespaces,
    Criterion::ExcludedNamespaces,
    Criterion::LabelSelector,
    Criterion::NamespaceSelector,
    Criterion::Name,
    Criterion::Source,
];

impl Match {
    /// Reads a `spec.match`. Its shape is checked by a schema elsewhere; what is of another type here counts as absent.
    pub fn read(value: &Value) -> Self {
        let list = |field: &str| -> Vec<Wildcard> {
            let items = value.get(field).and_then(Value::as_array).into_iter().flatten();
            items.filter_map(Value::as_str).map(Wildcard::new).collect()
        };
        let text = |field: &str| object::string_at(value, &[field]).filter(|text| !text.is_empty());
        let selector = |field: &str| value.get(field).filter(|value| value.is_object()).map(Selector::read);
        Self {
            source: text("source").map(str::to_owned),
            kinds: value.get("kinds").and_then(Value::as_array).into_iter().flatten().map(Kinds::read).collect(),
            scope: text("scope").unwrap_or_default().to_owned(),
            namespaces: list("namespaces"),
            excluded_namespaces: list("excludedNamespaces"),
            label_selector: selector("labelSelector"),
            namespace_selector: selector("namespaceSelector"),
            name: text("name").map(Wildcard::new),
        }
    }

    /// `kinds`; empty for all.
    pub fn kinds(&self) -> &[Kinds] {
        &self.kinds
    }

    /// `scope` as it is written; empty for all.
    pub fn scope(&self) -> &str {
        &self.scope
    }

    /// `namespaces`; empty for all.
    pub fn namespaces(&self) -> &[Wildcard] {
        &self.namespaces
    }

    /// `excludedNamespaces`.
    pub fn excluded_namespaces(&self) -> &[Wildcard] {
        &self.excluded_namespaces
    }

    /// `labelSelector`.
    pub fn label_selector(&self) -> Option<&Selector> {
        self.label_selector.as_ref()
    }

    /// `namespaceSelector`.
    pub fn namespace_selector(&self) -> Option<&Selector> {
        self.namespace_selector.as_ref()
    }

    /// `source` as it is written.
    pub fn source(&self) -> Option<&str> {
        self.source.as_deref()
    }

    /// Whether the subject matches.
    pub fn matches(&self, subject: Subject<'_>) -> Result<bool, MatchError> {
        for criterion in ORDER {
            if !self.holds(criterion, subject)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Which criterion says no, and why; `None` where the subject matches.
    pub fn explain(&self, subject: Subject<'_>) -> Result<Option<Mismatch>, MatchError> {
        for criterion in ORDER {
            if !self.holds(criterion, subject)? {
                return Ok(Some(Mismatch { criterion, reason: self.reason(criterion, subject) }));
            }
        }
        Ok(None)
    }

    fn holds(&self, criterion: Criterion, subject: Subject<'_>) -> Result<bool, MatchError> {
        match criterion {
            Criterion::Kinds => {
                Ok(self.kinds.is_empty() || self.kinds.iter().any(|kinds| kinds.match_object(subject.object)))
            }
            Criterion::Scope => Ok(self.scope_matches(subject)),
            Criterion::Namespaces => {
                Ok(self.namespaces.is_empty() || subject.in_one_of(&self.namespaces).unwrap_or(true))
            }
            Criterion::ExcludedNamespaces => Ok(!subject.in_one_of(&self.excluded_namespaces).unwrap_or(false)),
            Criterion::LabelSelector => match &self.label_selector {
                Some(selector) => selector.matches(subject.object).map_err(MatchError::of),
                None => Ok(true),
            },
            Criterion::NamespaceSelector => self.namespace_selector_matches(subject),
            Criterion::Name => Ok(self.name.as_ref().is_none_or(|name| {
                name.matches(object::name(subject.object))
                    || name.matches_generate_name(object::generate_name(subject.object))
            })),
            Criterion::Source => self.source_matches(subject),
        }
    }

    fn scope_matches(&self, subject: Subject<'_>) -> bool {
        match self.scope.as_str() {
            "Cluster" => subject.is_namespace() || !subject.has_namespace(),
            "Namespaced" => !subject.is_namespace() && subject.has_namespace(),
            // Anything else counts as no criterion, a misspelt one as well.
            _ => true,
        }
    }

    fn namespace_selector_matches(&self, subject: Subject<'_>) -> Result<bool, MatchError> {
        let Some(selector) = &self.namespace_selector else { return Ok(true) };
        if !subject.is_namespace() && !subject.has_namespace() {
            return Ok(true);
        }
        // A broken selector comes before a missing Namespace.
        let labelled = if subject.is_namespace() { Some(subject.object) } else { subject.namespace };
        let selected = selector.matches(labelled.unwrap_or(&Value::Null)).map_err(MatchError::of)?;
        if labelled.is_none() {
            return Err(MatchError::of("namespace selector for namespace-scoped object but missing Namespace"));
        }
        Ok(selected)
    }

    fn source_matches(&self, subject: Subject<'_>) -> Result<bool, MatchError> {
        match self.source.as_deref() {
            None | Some("All") => Ok(true),
            Some("Generated") => Ok(subject.source == Source::Generated),
            Some("Original") => Ok(subject.source == Source::Original),
            Some(other) => Err(MatchError::of(format!("invalid source field {other:?}"))),
        }
    }

    fn reason(&self, criterion: Criterion, subject: Subject<'_>) -> String {
        let texts = |wildcards: &[Wildcard]| wildcards.iter().map(Wildcard::as_str).collect::<Vec<_>>().join(", ");
        let namespace = subject.namespace_name().unwrap_or_default();
        match criterion {
            Criterion::Kinds => {
                let wanted: Vec<_> = self.kinds.iter().map(ToString::to_string).collect();
                let kind = plat_resource::GroupVersionKind::of(subject.object);
                let group = if kind.group.is_empty() { "the core group".to_owned() } else { kind.group };
                format!("it is a {} of {group}, wanted is {}", kind.kind, wanted.join(" or "))
            }
            Criterion::Scope if self.scope == "Cluster" => {
                "it is in a namespace, wanted is the scope Cluster".to_owned()
            }
            Criterion::Scope => format!("it is in no namespace, wanted is the scope {}", self.scope),
            Criterion::Namespaces => format!("the namespace {namespace} is none of {}", texts(&self.namespaces)),
            Criterion::ExcludedNamespaces => {
                format!("the namespace {namespace} is one of {}", texts(&self.excluded_namespaces))
            }
            Criterion::LabelSelector => unmet(self.label_selector.as_ref(), Some(subject.object)),
            Criterion::NamespaceSelector if subject.is_namespace() => {
                unmet(self.namespace_selector.as_ref(), Some(subject.object))
            }
            Criterion::NamespaceSelector => {
                format!("namespace {namespace}: {}", unmet(self.namespace_selector.as_ref(), subject.namespace))
            }
            Criterion::Name => {
                let wanted = self.name.as_ref().map(Wildcard::as_str).unwrap_or_default();
                let name = object::name(subject.object);
                let shown = if name.is_empty() { object::generate_name(subject.object) } else { name };
                format!("the name {shown} is not {wanted}")
            }
            Criterion::Source => {
                let wanted = self.source.as_deref().unwrap_or_default();
                let is = if subject.source == Source::Generated { "Generated" } else { "Original" };
                format!("it is {is}, wanted is {wanted}")
            }
        }
    }
}

fn unmet(selector: Option<&Selector>, object: Option<&Value>) -> String {
    selector.zip(object).and_then(|(selector, object)| selector.unmet(object)).unwrap_or_default()
}

impl MatchError {
    fn of(cause: impl std::fmt::Display) -> Self {
        Self(format!("failed to run Match criteria: {cause}"))
    }
}

impl<'a> Subject<'a> {
    /// Whether the object is itself a Namespace.
    pub fn is_namespace(self) -> bool {
        object::string_at(self.object, &["kind"]) == Some("Namespace")
            && object::string_at(self.object, &["apiVersion"]).is_some_and(|version| !version.contains('/'))
    }

    fn has_namespace(self) -> bool {
        self.namespace.is_some() || !object::namespace(self.object).is_empty()
    }

    /// The namespace that counts: a Namespace's own name, else that of its Namespace, else what the object says;
    /// `None` for other objects of the cluster.
    fn namespace_name(self) -> Option<&'a str> {
        if self.is_namespace() {
            return Some(object::name(self.object));
        }
        match self.namespace {
            Some(namespace) => Some(object::name(namespace)),
            None => Some(object::namespace(self.object)).filter(|name| !name.is_empty()),
        }
    }

    fn in_one_of(self, wildcards: &[Wildcard]) -> Option<bool> {
        let name = self.namespace_name()?;
        Some(wildcards.iter().any(|wildcard| wildcard.matches(name)))
    }
}

#[cfg(test)]
mod tests;
