//! Many entities as one catalog: each by its reference, and the relations between them in both directions.
//!
//! Owns who is in the catalog when two files say the same reference, looking entities up, and lists. What is wrong between
//! entities is told by `check`.

use std::collections::{BTreeMap, BTreeSet};

use plat_resource::javascript::Value;
use plat_resource::suggest::did_you_mean;
use plat_resource::{Diagnostic, Location};

use crate::document::Entry;
use crate::entity_ref::{Defaults, EntityRef};
use crate::kinds::KINDS;
use crate::relations::Relation;

/// A catalog: immutable once made.
#[derive(Debug, Default)]
pub struct Catalog {
    entries: BTreeMap<EntityRef, Entry>,
    links: BTreeMap<EntityRef, BTreeSet<(Relation, EntityRef)>>,
}

/// Which entities a list has. Everything that is left out fits.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter<'a> {
    /// The kind, whatever its letters.
    pub kind: Option<&'a str>,
    /// The namespace.
    pub namespace: Option<&'a str>,
    /// `spec.type`.
    pub spec_type: Option<&'a str>,
    /// A tag that it must have.
    pub tag: Option<&'a str>,
    /// The owner, as a canonical reference.
    pub owner: Option<&'a EntityRef>,
}

impl Catalog {
    /// A catalog of `entries`. Of two with one reference the first is in it; the other is told.
    pub fn new(entries: impl IntoIterator<Item = Entry>) -> (Self, Vec<Diagnostic>) {
        let mut catalog = Self::default();
        let mut findings = Vec::new();
        for entry in entries {
            let entity_ref = entry.entity_ref.canonical();
            if let Some(first) = catalog.entries.get(&entity_ref) {
                findings.push(duplicate(&entity_ref, &first.location(), entry.location()));
                continue;
            }
            for mention in &entry.mentions {
                catalog.link(&entity_ref, mention.relation, &mention.target.canonical());
            }
            catalog.entries.insert(entity_ref, entry);
        }
        (catalog, findings)
    }

    fn link(&mut self, source: &EntityRef, relation: Relation, target: &EntityRef) {
        self.links.entry(source.clone()).or_default().insert((relation, target.clone()));
        self.links.entry(target.clone()).or_default().insert((relation.inverse(), source.clone()));
    }

    /// All entities, by their canonical references.
    pub fn entries(&self) -> impl Iterator<Item = (&EntityRef, &Entry)> {
        self.entries.iter()
    }

    /// How many entities.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entity of a reference.
    pub fn get(&self, entity_ref: &EntityRef) -> Option<&Entry> {
        self.entries.get(&entity_ref.canonical())
    }

    /// What the entity is to others, and they to it. Others may not be in the catalog.
    pub fn relations(&self, entity_ref: &EntityRef) -> impl Iterator<Item = (Relation, &EntityRef)> {
        self.links.get(&entity_ref.canonical()).into_iter().flatten().map(|(relation, target)| (*relation, target))
    }

    /// The entities that fit, by reference.
    pub fn list<'a>(&'a self, filter: Filter<'a>) -> impl Iterator<Item = (&'a EntityRef, &'a Entry)> {
        self.entries.iter().filter(move |(entity_ref, entry)| {
            let spec_type = || entry.entity.text_at(&["spec", "type"]);
            let has_tag = |tag: &str| {
                let tags = entry.entity.at(&["metadata", "tags"]).and_then(Value::as_list).unwrap_or_default();
                tags.iter().any(|other| other.as_str() == Some(tag))
            };
            let owned_by = |owner: &EntityRef| {
                self.relations(entity_ref).any(|(relation, other)| relation == Relation::OwnedBy && other == owner)
            };
            filter.kind.is_none_or(|kind| entity_ref.kind.eq_ignore_ascii_case(kind))
                && filter.namespace.is_none_or(|namespace| entity_ref.namespace.eq_ignore_ascii_case(namespace))
                && filter.spec_type.is_none_or(|wanted| spec_type().is_some_and(|it| it.eq_ignore_ascii_case(wanted)))
                && filter.tag.is_none_or(has_tag)
                && filter.owner.is_none_or(owned_by)
        })
    }

    /// The entity that a user means by `text`: a whole reference, or a name that only one entity has.
    pub fn find(&self, text: &str) -> Result<&Entry, Box<Diagnostic>> {
        let fault = |cause: String| Box::new(Diagnostic::error(format!("no entity {text:?}")).because(cause));
        if let Ok(entity_ref) = EntityRef::parse(text, Defaults::default()) {
            return self.get(&entity_ref).ok_or_else(|| {
                let finding = fault(format!("{entity_ref} is not in the catalog"));
                Box::new(finding.maybe_hint(self.near(&entity_ref)))
            });
        }
        let any = EntityRef::parse(text, Defaults { kind: Some("any"), namespace: None })
            .map_err(|error| fault(error.to_string()))?
            .canonical();
        let names_namespace = text.contains('/');
        let fits = |other: &EntityRef| other.name == any.name && (!names_namespace || other.namespace == any.namespace);
        let mut found = self.entries.iter().filter(|(entity_ref, _)| fits(entity_ref));
        match (found.next(), found.next()) {
            (Some((_, entry)), None) => Ok(entry),
            (Some((first, _)), Some((second, _))) => {
                let cause = format!("several are called that: {first}, {second}");
                Err(Box::new(fault(cause).hint(format!("say which: {first}"))))
            }
            (None, _) => {
                let names = self.entries.keys().map(|entity_ref| entity_ref.name.as_str());
                let cause = "nothing in the catalog is called that".to_owned();
                Err(Box::new(fault(cause).maybe_hint(did_you_mean(&any.name, names))))
            }
        }
    }

    /// What somebody who wrote `entity_ref` may have meant.
    pub(crate) fn near(&self, entity_ref: &EntityRef) -> Option<String> {
        let EntityRef { kind, namespace, name } = entity_ref.canonical();
        if !KINDS.iter().any(|known| known.name.eq_ignore_ascii_case(&kind)) {
            return did_you_mean(&kind, KINDS.iter().map(|known| known.name));
        }
        let same_kind = || self.entries.keys().filter(|other| other.kind == kind);
        if let Some(elsewhere) = same_kind().find(|other| other.name == name) {
            return Some(format!("it is in another namespace: {elsewhere}"));
        }
        let beside = same_kind().filter(|other| other.namespace == namespace).map(|other| other.name.as_str());
        if let Some(hint) = did_you_mean(&name, beside) {
            return Some(hint);
        }
        let other_kind = self.entries.keys().find(|other| other.name == name && other.namespace == namespace);
        other_kind.map(|other| format!("there is {other}"))
    }
}

fn duplicate(entity_ref: &EntityRef, first: &Location, second: Location) -> Diagnostic {
    Diagnostic::error(format!("{entity_ref} is in the catalog twice"))
        .at(second)
        .because(format!("it is at {first} already; that one counts"))
        .hint("give one of them another name or namespace")
}
