//! Which Composition, and which revision of it, a claim or XR uses, and why.
//!
//! Owns Crossplane's order: enforced, named, default, labels. Where Crossplane would pick one of several at random, the
//! answer here is an error that lists them: a plan must not guess.

use std::collections::BTreeMap;

use plat_resource::{Diagnostic, Value, object, suggest};

use crate::composition::{Composition, Revision};
use crate::revision::matches_labels;
use crate::{Definition, Platform};

/// How many near misses an error lists.
const MAX_NEAR_MISSES: usize = 5;

/// The chosen Composition.
#[derive(Debug, Clone)]
pub struct Selection<'a> {
    /// What is composed: the Composition, or what the chosen revision says under its Composition's name.
    pub composition: &'a Composition,
    /// The chosen revision; `None` where the Composition is used as it is given.
    pub revision: Option<&'a Revision>,
    /// How it was chosen.
    pub how: How,
    /// Why, in words that follow `composition NAME: `.
    pub reason: String,
}

/// How a Composition was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum How {
    /// `enforcedCompositionRef` of the XRD.
    Enforced,
    /// `compositionRef` of the claim or XR.
    Named,
    /// `defaultCompositionRef` of the XRD.
    Default,
    /// `compositionSelector` of the claim or XR.
    Selector,
    /// Nothing says which, and only one fits.
    Only,
}

/// What a claim or XR asks for, read from `spec` or `spec.crossplane`.
pub(crate) struct Wish<'a> {
    pub(crate) definition: &'a Definition,
    pub(crate) composite: &'a Value,
}

impl<'a> Wish<'a> {
    fn value(&self, field: &str) -> Option<&'a Value> {
        let machinery = object::value_at(self.composite, self.definition.machinery_path())?;
        machinery.as_object()?.get(field).filter(|value| !value.is_null())
    }

    pub(crate) fn text(&self, field: &str) -> Option<&'a str> {
        self.value(field)?.as_str()
    }

    /// The name in a reference, where there is one.
    pub(crate) fn reference(&self, field: &str) -> Option<&'a str> {
        object::string_at(self.value(field)?, &["name"]).filter(|name| !name.is_empty())
    }

    /// The labels of a selector, where there is one.
    pub(crate) fn selector(&self, field: &str) -> Option<BTreeMap<String, String>> {
        let labels = object::value_at(self.value(field)?, &["matchLabels"]).and_then(Value::as_object);
        let pairs = labels.into_iter().flatten();
        Some(pairs.map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned())).collect())
    }

    /// `field` with the path in front, as a user writes it.
    pub(crate) fn path(&self, field: &str) -> String {
        format!("{}.{field}", self.definition.machinery_path().join("."))
    }

    /// The object in words.
    pub(crate) fn subject(&self) -> String {
        let kind = object::string_at(self.composite, &["kind"]).unwrap_or(&self.definition.names.kind);
        let name = match object::name(self.composite) {
            "" => object::generate_name(self.composite),
            name => name,
        };
        match object::namespace(self.composite) {
            "" => format!("{kind} {name}"),
            namespace => format!("{kind} {namespace}/{name}"),
        }
    }
}

impl Platform {
    /// Chooses the Composition (and revision) that Crossplane would use for `composite_or_claim`.
    pub fn select_composition<'a>(
        &'a self,
        definition: &'a Definition,
        composite_or_claim: &'a Value,
    ) -> Result<Selection<'a>, Diagnostic> {
        let wish = Wish { definition, composite: composite_or_claim };
        let (name, how, reason) = match named(&wish) {
            Some((name, how, reason)) => (name, how, reason),
            None => self.by_labels(&wish)?,
        };
        let composition = self.composition(&name);
        let chosen = self.select_revision(&wish, &name, composition)?;
        let used = chosen.revision.map(|revision| &revision.composition).or(composition);
        let Some(used) = used else { return Err(self.missing(&wish, &name, how, &reason)) };
        if used.composite_type != definition.composite_kind() {
            return Err(incompatible(&wish, used, &reason));
        }
        let reason = [reason].into_iter().chain(chosen.remark).collect::<Vec<_>>().join("; ");
        Ok(Selection { composition: used, revision: chosen.revision, how, reason })
    }

    fn by_labels(&self, wish: &Wish<'_>) -> Result<(String, How, String), Diagnostic> {
        let selector = wish.selector("compositionSelector");
        let labels = selector.clone().unwrap_or_default();
        let kind = wish.definition.composite_kind();
        let found: Vec<&Composition> =
            self.compositions_for(&kind).filter(|each| matches_labels(&labels, &each.labels)).collect();
        match (found.as_slice(), selector) {
            ([], _) => Err(self.none_fits(wish, &labels)),
            ([only], None) => Ok((only.name.clone(), How::Only, format!("the only one for {}", kind.kind))),
            ([only], Some(_)) => {
                let path = wish.path("compositionSelector");
                let reason = format!("the only one that matches {path} {}", in_braces(&labels));
                Ok((only.name.clone(), How::Selector, reason))
            }
            (several, selector) => Err(ambiguous(wish, several, selector.as_ref())),
        }
    }

    fn missing(&self, wish: &Wish<'_>, name: &str, how: How, reason: &str) -> Diagnostic {
        let kind = wish.definition.composite_kind();
        let names: Vec<&str> = self.compositions_for(&kind).map(|each| each.name.as_str()).collect();
        let slip = suggest::did_you_mean(name, names.iter().copied());
        let others = (!names.is_empty()).then(|| format!("Compositions for this kind: {}", names.join(", ")));
        let field = (how == How::Named).then(|| wish.path("compositionRef.name"));
        let mut diagnostic = refused(wish);
        diagnostic.field = field;
        diagnostic
            .because(format!("Composition {name:?} ({reason}) is not on the platform"))
            .maybe_hint(slip.or(others))
    }

    fn none_fits(&self, wish: &Wish<'_>, labels: &BTreeMap<String, String>) -> Diagnostic {
        let kind = wish.definition.composite_kind();
        let mut diagnostic = refused(wish).because(format!("no compatible Compositions found for {kind}"));
        if !labels.is_empty() {
            diagnostic = diagnostic.field(wish.path("compositionSelector"));
        }
        let near = self.compositions().filter_map(|each| {
            if each.composite_type == kind {
                let (have, want) = (in_braces(&each.labels), in_braces(labels));
                return Some(format!("Composition {} has labels {have}, the selector wants {want}", each.name));
            }
            let of_same_kind = each.composite_type.kind == kind.kind || each.composite_type.group == kind.group;
            of_same_kind.then(|| format!("Composition {} is for {}", each.name, each.composite_type))
        });
        for cause in near.take(MAX_NEAR_MISSES) {
            diagnostic = diagnostic.because(cause);
        }
        let values = self.compositions_for(&kind).flat_map(|each| &each.labels);
        let hint = closest_label(labels, values).unwrap_or_else(|| {
            format!("add a Composition with compositeTypeRef {}, kind {}", kind.api_version(), kind.kind)
        });
        diagnostic.hint(hint)
    }
}

fn named(wish: &Wish<'_>) -> Option<(String, How, String)> {
    if let Some(name) = &wish.definition.enforced_composition_ref {
        return Some((name.clone(), How::Enforced, "enforced by the XRD".to_owned()));
    }
    if let Some(name) = wish.reference("compositionRef") {
        return Some((name.to_owned(), How::Named, format!("named by {}", wish.path("compositionRef"))));
    }
    if wish.selector("compositionSelector").is_some() {
        return None;
    }
    let name = wish.definition.default_composition_ref.as_ref()?;
    Some((name.clone(), How::Default, "the default of the XRD".to_owned()))
}

pub(crate) fn refused(wish: &Wish<'_>) -> Diagnostic {
    Diagnostic::error(format!("no Composition can be chosen for {}", wish.subject()))
}

fn incompatible(wish: &Wish<'_>, composition: &Composition, reason: &str) -> Diagnostic {
    let kind = wish.definition.composite_kind();
    let cause = format!(
        "Composition {} ({reason}) is not compatible with this composite resource: it is for {}, not for {kind}",
        composition.name, composition.composite_type
    );
    refused(wish).because(cause)
}

fn ambiguous(wish: &Wish<'_>, found: &[&Composition], selector: Option<&BTreeMap<String, String>>) -> Diagnostic {
    let path = wish.path("compositionSelector");
    let what = match selector {
        None => format!("{} Compositions are for {} and nothing says which", found.len(), wish.definition.names.kind),
        Some(labels) => format!("{} Compositions match {}", found.len(), in_braces(labels)),
    };
    let mut diagnostic = refused(wish);
    diagnostic.field = selector.map(|_| path.clone());
    diagnostic = diagnostic.because(format!("{what}; Crossplane would take one at random"));
    for each in found {
        diagnostic = diagnostic.because(format!("candidate {} with labels {}", each.name, in_braces(&each.labels)));
    }
    let reference = wish.path("compositionRef.name");
    let first = found.first().map(|each| each.name.as_str()).unwrap_or_default();
    diagnostic.hint(format!(
        "write {reference}: {first} (or another of them), a {path}.matchLabels that only one has, \
         or give the XRD a defaultCompositionRef"
    ))
}

/// `{tier: gold, zone: a}`.
pub(crate) fn in_braces(labels: &BTreeMap<String, String>) -> String {
    let pairs: Vec<String> = labels.iter().map(|(key, value)| format!("{key}: {value}")).collect();
    format!("{{{}}}", pairs.join(", "))
}

fn closest_label<'a>(
    wanted: &BTreeMap<String, String>,
    known: impl Iterator<Item = (&'a String, &'a String)>,
) -> Option<String> {
    let known: Vec<(&String, &String)> = known.collect();
    let unmet = wanted.iter().filter(|(key, value)| !known.contains(&(*key, *value)));
    for (key, value) in unmet {
        let values = known.iter().filter(|(other, _)| *other == key).map(|(_, value)| value.as_str());
        if let Some(close) = suggest::closest(value, values) {
            return Some(format!("did you mean {key}: {close}?"));
        }
        if let Some(close) = suggest::closest(key, known.iter().map(|(key, _)| key.as_str())) {
            return Some(format!("did you mean the label {close}?"));
        }
    }
    None
}
