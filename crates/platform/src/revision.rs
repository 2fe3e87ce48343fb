//! Which revision of a Composition an XR uses.
//!
//! Where no revision is given, the Composition is what will be composed. Where some are, a Composition that differs from
//! all of them is the revision that Crossplane makes next, so it counts as the newest.

use std::collections::BTreeMap;

use plat_resource::{Diagnostic, Value, suggest};

use crate::Platform;
use crate::composition::{Composition, Revision};
use crate::select::{Wish, in_braces, refused};

/// A chosen revision; none means the Composition as given.
pub(crate) struct Chosen<'a> {
    pub(crate) revision: Option<&'a Revision>,
    /// What to add to the reason.
    pub(crate) remark: Option<String>,
}

impl<'a> Chosen<'a> {
    fn of(revision: &'a Revision) -> Self {
        let remark = format!("revision {} (number {})", revision.name, revision.revision);
        Self { revision: Some(revision), remark: Some(remark) }
    }

    fn composition(remark: impl Into<Option<String>>) -> Self {
        Self { revision: None, remark: remark.into() }
    }
}

impl Platform {
    pub(crate) fn select_revision<'a>(
        &'a self,
        wish: &Wish<'_>,
        name: &str,
        composition: Option<&Composition>,
    ) -> Result<Chosen<'a>, Diagnostic> {
        let revisions = self.revisions(name);
        // The API server sets the XRD's default on every XR, so no XR is without a policy.
        let policy = wish.text("compositionUpdatePolicy").unwrap_or(&wish.definition.default_composition_update_policy);
        let reference = wish.reference("compositionRevisionRef");
        if let (Some(reference), "Manual") = (reference, policy) {
            return pinned(wish, revisions, reference);
        }
        let default = wish.definition.default_composition_revision_selector.clone();
        let own = wish.selector("compositionRevisionSelector");
        let selector = own.or(if reference.is_none() { default } else { None }).filter(|_| policy == "Automatic");
        let labels = selector.unwrap_or_default();
        latest(wish, revisions, composition, &labels)
    }
}

fn pinned<'a>(wish: &Wish<'_>, revisions: &'a [Revision], name: &str) -> Result<Chosen<'a>, Diagnostic> {
    let path = wish.path("compositionRevisionRef");
    if let Some(revision) = revisions.iter().find(|revision| revision.name == name) {
        let remark = format!("revision {name} is pinned by {path}");
        return Ok(Chosen { revision: Some(revision), remark: Some(remark) });
    }
    if revisions.is_empty() {
        let remark = format!("{path} pins revision {name}, which is not given: planned with the Composition as given");
        return Ok(Chosen::composition(remark));
    }
    let known = revisions.iter().map(|revision| revision.name.as_str());
    Err(refused(wish)
        .field(path)
        .because(format!("CompositionRevision {name:?} is not on the platform"))
        .maybe_hint(suggest::did_you_mean(name, known)))
}

fn latest<'a>(
    wish: &Wish<'_>,
    revisions: &'a [Revision],
    composition: Option<&Composition>,
    labels: &BTreeMap<String, String>,
) -> Result<Chosen<'a>, Diagnostic> {
    let path = wish.path("compositionRevisionSelector");
    // Going back to an earlier state makes that revision the newest again.
    let current = composition.and_then(|own| revisions.iter().rev().find(|revision| says_the_same(revision, own)));
    let newest = revisions.iter().rev().find(|revision| matches_labels(labels, &revision.labels));
    let fitting = current.filter(|revision| matches_labels(labels, &revision.labels));
    match (fitting.or(newest), composition) {
        (_, Some(own)) if current.is_none() && matches_labels(labels, &own.labels) => {
            let last = revisions.last().map(|last| format!("newer than its latest revision {}", last.name));
            Ok(Chosen::composition(last))
        }
        (Some(revision), _) => Ok(Chosen::of(revision)),
        (None, Some(_)) if revisions.is_empty() => {
            let wanted = in_braces(labels);
            Ok(Chosen::composition(format!("{path} {wanted} does not match it, and no revisions are given")))
        }
        // That the Composition is missing is for the caller to say.
        (None, None) if revisions.is_empty() => Ok(Chosen::composition(None)),
        (None, _) => {
            let given = |each: &Revision| format!("{} {}", each.name, in_braces(&each.labels));
            let names: Vec<String> = revisions.iter().map(given).collect();
            let cause = format!("no compatible CompositionRevisions found that match {}", in_braces(labels));
            Err(refused(wish).field(path).because(cause).hint(format!("given revisions: {}", names.join(", "))))
        }
    }
}

fn says_the_same(revision: &Revision, composition: &Composition) -> bool {
    spec_without(&revision.composition.document.value) == spec_without(&composition.document.value)
}

/// The spec without what only a revision has, and with the mode that the API server fills in.
fn spec_without(document: &Value) -> Option<plat_resource::Map<String, Value>> {
    let mut spec = document.get("spec")?.as_object()?.clone();
    spec.remove("revision");
    if spec.contains_key("pipeline") {
        spec.entry("mode").or_insert_with(|| "Pipeline".into());
    }
    Some(spec)
}

/// Whether `have` has every label of `wanted`.
pub(crate) fn matches_labels(wanted: &BTreeMap<String, String>, have: &BTreeMap<String, String>) -> bool {
    wanted.iter().all(|(key, value)| have.get(key) == Some(value))
}
