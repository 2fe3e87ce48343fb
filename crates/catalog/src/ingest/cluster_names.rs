//! Names of clusters: as the portal's backend, its frontend, and entities have them.
//!
//! Owns `clusterNameMapping` of the configuration.

use plat_resource::javascript::{Map, Value};

/// How names of clusters become those in entities.
#[derive(Debug, Clone, Default)]
pub(crate) enum ClusterNames {
    /// Not at all.
    #[default]
    AsTheyAre,
    /// The prefix of the backend is that of the frontend; entities have none.
    Prefixes { source: String, target: String },
    /// Pairs of names.
    Explicit(Vec<(String, String)>),
}

impl ClusterNames {
    /// Reads `clusterNameMapping`.
    pub(crate) fn read(mapping: Option<&Value>) -> Self {
        let Some(mapping) = mapping else { return Self::AsTheyAre };
        let text = |key: &str| mapping.text_at(&[key]).unwrap_or_default().to_owned();
        match mapping.text_at(&["mode"]) {
            Some("prefix-replacement") => Self::Prefixes { source: text("sourcePrefix"), target: text("targetPrefix") },
            Some("explicit") => {
                let pairs = mapping.get("mappings").and_then(Value::as_map).into_iter().flat_map(Map::iter);
                Self::Explicit(
                    pairs.filter_map(|(key, value)| Some((key.to_owned(), value.as_str()?.to_owned()))).collect(),
                )
            }
            _ => Self::AsTheyAre,
        }
    }

    /// The name in entities.
    pub(crate) fn in_entities(&self, name: &str) -> String {
        match self {
            Self::AsTheyAre => name.to_owned(),
            Self::Prefixes { source, target } => {
                let without = |prefix: &String| name.strip_prefix(prefix.as_str()).filter(|_| !prefix.is_empty());
                without(source).or_else(|| without(target)).unwrap_or(name).to_owned()
            }
            Self::Explicit(pairs) => explicit(pairs, name).unwrap_or_else(|| name.to_owned()),
        }
    }

    /// The name in the frontend.
    pub(crate) fn shown(&self, name: &str) -> String {
        let shown = match self {
            Self::AsTheyAre => None,
            Self::Prefixes { source, target } if source.is_empty() || target.is_empty() => None,
            Self::Prefixes { source, target } => {
                name.strip_prefix(source.as_str()).map(|rest| format!("{target}{rest}"))
            }
            Self::Explicit(pairs) => {
                pairs.iter().find(|(key, value)| key == name && !value.is_empty()).map(|pair| pair.1.clone())
            }
        };
        shown.unwrap_or_else(|| name.to_owned())
    }
}

/// The end that both names of a mapped cluster share.
fn explicit(pairs: &[(String, String)], name: &str) -> Option<String> {
    let forward = pairs.iter().filter(|(key, _)| key == name);
    let backward = pairs.iter().filter(|(_, value)| value == name);
    forward.chain(backward).find_map(|(key, value)| shared_end(key, value, name))
}

/// What is left of the name from the first place at which both are the same, unless that is the start.
fn shared_end(left: &str, right: &str, name: &str) -> Option<String> {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let least = left.len().min(right.len());
    let place = (0..least).find(|place| left.get(*place..) == right.get(*place..))?;
    (place > 0).then(|| name.chars().skip(place).collect())
}
