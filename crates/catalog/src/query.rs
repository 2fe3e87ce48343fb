//! Filters of entities as pickers have them (`catalogFilter`): `{kind: Group, spec.type: [team, squad]}`.
//!
//! Owns what of an entity can be asked for, under which key, and when a filter fits. Keys and values are compared without regard to
//! case.

use std::collections::BTreeSet;

use plat_resource::javascript::{Value, length};

use crate::catalog::Catalog;
use crate::document::Entry;
use crate::entity_ref::{DEFAULT_NAMESPACE, EntityRef};

/// A filter: one of several, each of which is a number of conditions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query(Vec<Vec<Condition>>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Condition {
    key: String,
    /// One of these; anything, where this is absent.
    values: Option<Vec<String>>,
}

impl Query {
    /// Reads a filter: an object, or a list of them of which one must fit.
    pub fn read(filter: &Value) -> Result<Self, String> {
        let all = match filter {
            Value::List(filters) => filters.iter().map(conditions).collect::<Result<_, _>>()?,
            filter => vec![conditions(filter)?],
        };
        Ok(Self(all))
    }

    fn fits(&self, facts: &BTreeSet<(String, Option<String>)>) -> bool {
        let holds = |condition: &Condition| {
            let mut found = facts.iter().filter(|(key, _)| *key == condition.key).map(|(_, value)| value);
            match &condition.values {
                None => found.next().is_some(),
                Some(values) => found.flatten().any(|value| values.contains(value)),
            }
        };
        self.0.is_empty() || self.0.iter().any(|conditions| conditions.iter().all(holds))
    }
}

fn conditions(filter: &Value) -> Result<Vec<Condition>, String> {
    let Some(map) = filter.as_map() else { return Err(format!("{} is no filter of entities", filter.to_json())) };
    let text = |value: &Value| value.to_text().to_lowercase();
    let condition = |(key, value): (&str, &Value)| {
        let values = match value {
            Value::Map(exists) if exists.get("exists") == Some(&Value::Bool(true)) => None,
            Value::Map(_) => return Err(format!("a filter's {key} is a value, a list of values, or {{exists: true}}")),
            Value::List(values) => Some(values.iter().map(text).collect()),
            value => Some(vec![text(value)]),
        };
        Ok(Condition { key: key.to_lowercase(), values })
    };
    map.iter().map(condition).collect()
}

impl Catalog {
    /// The entities that a filter fits, by reference.
    pub fn query<'a>(&'a self, query: &'a Query) -> impl Iterator<Item = (&'a EntityRef, &'a Entry)> {
        self.entries().filter(|(entity_ref, entry)| {
            let relations = self.relations(entity_ref);
            let relations = relations.map(|(relation, target)| (relation.name().to_owned(), target.to_string()));
            query.fits(&facts(&entry.entity, relations))
        })
    }
}

/// Longer keys are not looked for; longer values only exist.
const MAX_LENGTH: usize = 200;
/// Fields that are told in another way, or not at all.
const SPECIAL: [&str; 7] =
    ["attachments", "relations", "status", "metadata.name", "metadata.namespace", "metadata.uid", "metadata.etag"];

/// Everything that can be asked of an entity, in lower case.
pub fn facts(
    entity: &Value,
    relations: impl IntoIterator<Item = (String, String)>,
) -> BTreeSet<(String, Option<String>)> {
    let mut facts = BTreeSet::new();
    visit("", entity, &mut facts);
    let metadata = |key: &str| entity.at(&["metadata", key]);
    let namespace = metadata("namespace").filter(|namespace| namespace.is_truthy()).cloned();
    let namespace = namespace.unwrap_or_else(|| DEFAULT_NAMESPACE.into());
    add("metadata.name", metadata("name").unwrap_or(&Value::Null), &mut facts);
    add("metadata.namespace", &namespace, &mut facts);
    add("metadata.uid", metadata("uid").unwrap_or(&Value::Null), &mut facts);
    for (relation, target) in relations {
        add(&format!("relations.{relation}"), &target.into(), &mut facts);
    }
    facts
}

fn add(key: &str, value: &Value, facts: &mut BTreeSet<(String, Option<String>)>) {
    let key = key.to_lowercase();
    if length(&key) > MAX_LENGTH {
        return;
    }
    let value = Some(value).filter(|value| **value != Value::Null).map(|value| value.to_text().to_lowercase());
    facts.insert((key, value.filter(|value| length(value) <= MAX_LENGTH)));
}

fn visit(path: &str, value: &Value, facts: &mut BTreeSet<(String, Option<String>)>) {
    if SPECIAL.contains(&path) {
        return;
    }
    match value {
        Value::Map(map) => {
            for (key, value) in map.iter() {
                let below = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
                visit(&below, value, facts);
            }
        }
        Value::List(items) => {
            for item in items {
                visit(path, item, facts);
                if let Value::Text(text) = item {
                    add(&format!("{path}.{text}"), &true.into(), facts);
                }
            }
        }
        value => add(path, value, facts),
    }
}
