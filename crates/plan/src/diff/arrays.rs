//! Which element of one array is which of another.

use std::collections::BTreeMap;

use plat_resource::Value;

use crate::live::ListType;

/// An order-preserving pairing of two arrays.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Alignment {
    /// Indices of the before array, ascending.
    pub removed: Vec<usize>,
    /// Indices of the after array, ascending.
    pub added: Vec<usize>,
    /// Index before, index after; both ascending.
    pub kept: Vec<(usize, usize)>,
}

/// Pairs by key where the list is a map and its elements kept their order, by place otherwise.
pub(super) fn align(before: &[Value], after: &[Value], list: Option<&ListType>) -> Alignment {
    match list {
        Some(ListType::Map(keys)) => by_identity(before, after, |item| key_of(item, keys)),
        Some(ListType::Set) => by_identity(before, after, |item| Some(item.to_string())),
        Some(ListType::Atomic) | None => None,
    }
    .unwrap_or_else(|| by_place(before, after))
}

/// The identity of a list-map element; `None` where it has none of the keys.
pub(crate) fn key_of(item: &Value, keys: &[String]) -> Option<String> {
    let map = item.as_object()?;
    if !keys.iter().any(|key| map.contains_key(key)) {
        return None;
    }
    // The one key of Kubernetes' own list-maps that has a default.
    let absent = |key: &String| if key == "protocol" { Value::from("TCP") } else { Value::Null };
    let parts: Vec<_> = keys.iter().map(|key| map.get(key).cloned().unwrap_or_else(|| absent(key))).collect();
    serde_json::to_string(&parts).ok()
}

/// `None` where an element has no identity, an identity occurs twice, or common elements changed their order.
fn by_identity(before: &[Value], after: &[Value], identity: impl Fn(&Value) -> Option<String>) -> Option<Alignment> {
    let mut places = BTreeMap::new();
    for (index, item) in before.iter().enumerate() {
        if places.insert(identity(item)?, index).is_some() {
            return None;
        }
    }
    let mut alignment = Alignment::default();
    let mut last = None;
    let mut seen = std::collections::BTreeSet::new();
    for (index, item) in after.iter().enumerate() {
        let identity = identity(item)?;
        match places.remove(&identity) {
            Some(place) if last < Some(place) => {
                last = Some(place);
                alignment.kept.push((place, index));
            }
            Some(_) => return None,
            None if seen.contains(&identity) => return None,
            None => alignment.added.push(index),
        }
        seen.insert(identity);
    }
    alignment.removed = places.into_values().collect();
    alignment.removed.sort_unstable();
    Some(alignment)
}

/// Equal heads and tails are paired; what is between them by place, the longer rest is added or removed.
fn by_place(before: &[Value], after: &[Value]) -> Alignment {
    let shorter = before.len().min(after.len());
    let head = before.iter().zip(after).take_while(|(old, new)| old == new).count();
    let tail = before.iter().rev().zip(after.iter().rev()).take_while(|(old, new)| old == new).count();
    let tail = tail.min(shorter - head.min(shorter));
    let (old_middle, new_middle) = (before.len() - head - tail, after.len() - head - tail);
    let both = old_middle.min(new_middle);
    Alignment {
        removed: (head + both..head + old_middle).collect(),
        added: (head + both..head + new_middle).collect(),
        // Equal heads and tails need no visit.
        kept: (head..head + both).map(|index| (index, index)).collect(),
    }
}
