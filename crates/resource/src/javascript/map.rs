//! Plain objects of JavaScript: keys in the order they came, but for array indexes, which come first and sorted.

use indexmap::IndexMap;

use super::Value;

/// A plain object.
#[derive(Debug, Clone, Default)]
pub struct Map {
    entries: IndexMap<String, Value>,
    /// How many keys, the first ones, are array indexes.
    indexes: usize,
}

/// The largest array index of JavaScript.
const MAX_INDEX: u32 = u32::MAX - 1;

fn array_index(key: &str) -> Option<u32> {
    let canonical = key == "0" || (!key.starts_with('0') && key.bytes().all(|byte| byte.is_ascii_digit()));
    key.parse().ok().filter(|index| canonical && *index <= MAX_INDEX)
}

impl Map {
    /// An object without keys.
    pub fn new() -> Self {
        Self::default()
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.entries.get(key)
    }

    /// The value of a key.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        self.entries.get_mut(key)
    }

    /// Whether the key is there.
    pub fn contains_key(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// Sets a key; one that is there keeps its place.
    pub fn insert(&mut self, key: impl Into<String>, value: impl Into<Value>) -> Option<Value> {
        let (key, value) = (key.into(), value.into());
        if let Some(place) = self.entries.get_mut(&key) {
            return Some(std::mem::replace(place, value));
        }
        if let Some(index) = array_index(&key) {
            let before = |(key, _): (&String, &Value)| array_index(key).is_some_and(|other| other < index);
            let place = self.entries.iter().take(self.indexes).take_while(|entry| before(*entry)).count();
            self.indexes += 1;
            return self.entries.shift_insert(place, key, value);
        }
        self.entries.insert(key, value)
    }

    /// Takes a key out; the others keep their order.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        let removed = self.entries.shift_remove(key)?;
        self.indexes -= usize::from(array_index(key).is_some());
        Some(removed)
    }

    /// The object below a key, made when there is none.
    pub fn map_at(&mut self, key: &str) -> Option<&mut Map> {
        if !matches!(self.get(key), Some(Value::Map(_))) {
            self.insert(key, Map::new());
        }
        self.get_mut(key)?.as_map_mut()
    }

    /// Keys and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.entries.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// Keys and values, in order; values may be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut Value)> {
        self.entries.iter_mut().map(|(key, value)| (key.as_str(), value))
    }

    /// The keys, in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// How many keys.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are no keys.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl PartialEq for Map {
    /// The same keys in the same order with the same values.
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl IntoIterator for Map {
    type Item = (String, Value);
    type IntoIter = indexmap::map::IntoIter<String, Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

impl<K: Into<String>, V: Into<Value>> FromIterator<(K, V)> for Map {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Self::new();
        for (key, value) in entries {
            map.insert(key, value);
        }
        map
    }
}
