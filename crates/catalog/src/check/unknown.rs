//! Entities that are named and are not there, or are of a kind that makes no sense.

use std::collections::BTreeMap;

use plat_resource::{Diagnostic, Severity};

use super::Options;
use crate::catalog::Catalog;
use crate::document::Entry;
use crate::entity_ref::EntityRef;
use crate::kinds;
use crate::relations::{Mention, Relation};

pub(super) fn check(catalog: &Catalog, options: Options<'_>) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    let mut hints = Hints { catalog, found: BTreeMap::new() };
    for (entity_ref, entry) in catalog.entries() {
        for mention in &entry.mentions {
            if let Some(kinds) = allowed(mention.relation)
                && !kinds.iter().any(|kind| mention.target.kind.eq_ignore_ascii_case(kind))
            {
                findings.push(misplaced(entity_ref, entry, mention, kinds));
            } else if catalog.get(&mention.target).is_none() && !(options.known)(&mention.target) {
                let finding = unknown(entity_ref, entry, mention, options.whole);
                findings.push(finding.maybe_hint(hints.of(&mention.target)));
            }
        }
    }
    findings
}

/// How many unknown entities get a hint. Where more are missing, no slip of the pen is the reason, and looking for what each
/// is near to would take long.
const MAX_HINTS: usize = 200;

/// What was meant by each unknown entity, looked for once.
struct Hints<'a> {
    catalog: &'a Catalog,
    found: BTreeMap<EntityRef, Option<String>>,
}

impl Hints<'_> {
    fn of(&mut self, target: &EntityRef) -> Option<String> {
        let target = target.canonical();
        if self.found.len() >= MAX_HINTS && !self.found.contains_key(&target) {
            return None;
        }
        let catalog = self.catalog;
        self.found.entry(target).or_insert_with_key(|target| catalog.near(target)).clone()
    }
}

/// The kinds that may be named, where not every kind may.
fn allowed(relation: Relation) -> Option<&'static [&'static str]> {
    match relation {
        Relation::OwnedBy => Some(&["Group", "User"]),
        Relation::ChildOf | Relation::ParentOf | Relation::MemberOf => Some(&["Group"]),
        Relation::HasMember => Some(&["User"]),
        Relation::ProvidesApi | Relation::ConsumesApi => Some(&["API"]),
        _ => None,
    }
}

fn field(mention: &Mention) -> String {
    let index = mention.index.map(|index| format!("[{index}]")).unwrap_or_default();
    format!("spec.{}{index}", mention.field)
}

fn misplaced(entity_ref: &EntityRef, entry: &Entry, mention: &Mention, allowed: &[&str]) -> Diagnostic {
    let allowed = allowed.join(" or ");
    let named = kinds::named(&mention.target.kind).map_or(mention.target.kind.as_str(), |kind| kind.name);
    Diagnostic::error(format!("{entity_ref} names a {named} where a {allowed} belongs"))
        .at(entry.location_of(mention))
        .field(field(mention))
        .because(format!("{} is no {allowed}", mention.target))
}

fn unknown(entity_ref: &EntityRef, entry: &Entry, mention: &Mention, whole: bool) -> Diagnostic {
    let message = format!("{entity_ref} names {}, which is not in the catalog", mention.target);
    let mut finding = Diagnostic::warning(message)
        .at(entry.location_of(mention))
        .field(field(mention))
        .because(format!("{} leads nowhere", mention.relation.name()));
    if whole {
        finding.severity = Severity::Error;
    }
    finding
}
