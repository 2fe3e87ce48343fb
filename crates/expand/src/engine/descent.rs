//! How deep and how wide one claim or XR goes, through the XRs that it composes.

use plat_resource::{Diagnostic, Document, ObjectKey};

use super::report::subject;
use crate::budget::{MAX_RESOURCE_BYTES, MAX_RESOURCES, bytes_of};
use crate::model::Composed;

/// How deep XRs may compose XRs before the engine stops (crossplane-diff stops at the same depth).
const MAX_NESTED_DEPTH: usize = 10;

/// The XRs above the one being expanded, with their Compositions, and what all of them have made so far.
#[derive(Debug, Default)]
pub(super) struct Descent {
    pub(super) chain: Vec<(ObjectKey, String)>,
    resources: usize,
    bytes: usize,
}

impl Descent {
    /// Adds what one XR composes; refused when it is more than one claim may make.
    pub(super) fn count(&mut self, document: &Document, composed: &[Composed]) -> Result<(), Vec<Diagnostic>> {
        self.resources += composed.len();
        self.bytes += composed.iter().map(|composed| bytes_of(&composed.object)).sum::<usize>();
        let cause = if self.resources > MAX_RESOURCES {
            format!("it composes more than {MAX_RESOURCES} resources")
        } else if self.bytes > MAX_RESOURCE_BYTES {
            format!("it composes more than {} MiB of resources", MAX_RESOURCE_BYTES >> 20)
        } else {
            return Ok(());
        };
        Err(vec![
            cannot_be_planned(document)
                .because(cause)
                .hint("XRs that compose XRs multiply: plan the inner ones apart, or compose fewer of them"),
        ])
    }

    /// Refuses an XR of a kind and a Composition that are above it already, and what is too deep.
    pub(super) fn refuse_cycle(
        &self,
        document: &Document,
        key: &ObjectKey,
        composition: &str,
    ) -> Result<(), Vec<Diagnostic>> {
        let same = self.chain.iter().filter(|(outer, name)| outer.kind == key.kind && name == composition).count();
        if same < 2 && self.chain.len() < MAX_NESTED_DEPTH {
            return Ok(());
        }
        let kind = &key.kind.kind;
        let cause = format!("{kind} composes itself without end: {} → {kind} ({composition})", self.text());
        Err(vec![cannot_be_planned(document).because(cause).hint("a Composition must not lead back to its own kind")])
    }

    /// The kinds and Compositions from the outermost XR on.
    pub(super) fn text(&self) -> String {
        let each = self.chain.iter().map(|(key, composition)| format!("{} ({composition})", key.kind.kind));
        each.collect::<Vec<_>>().join(" → ")
    }
}

fn cannot_be_planned(document: &Document) -> Diagnostic {
    Diagnostic::error(format!("{} cannot be planned", subject(&document.value))).at(document.location())
}
