//! Values of the language: JSON, with sets, in OPA's order.
//!
//! Arrays, objects and sets are shared; a clone is one counter. Objects and sets are sorted, so a look-up is a search.

use std::sync::Arc;

use serde_json::Value as Json;

use crate::indexes::Indexes;
use crate::number::Number;

/// Nesting beyond this is refused wherever a value comes in or is built: comparing and dropping recurse.
pub(crate) const MAX_DEPTH: usize = 400;

/// One value. The order of the variants is the order of the language.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Number(Number),
    String(Arc<str>),
    Array(Arc<Vec<Value>>),
    Object(Arc<Object>),
    Set(Arc<Set>),
}

/// Sorted by key, each key once.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Object {
    pairs: Vec<(Value, Value)>,
    indexes: Indexes,
}

/// Sorted, each element once.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Set(Vec<Value>);

impl Object {
    /// Of pairs in any order; of equal keys the last one stays.
    pub(crate) fn new(mut pairs: Vec<(Value, Value)>) -> Self {
        if !pairs.is_sorted_by(|left, right| left.0 < right.0) {
            pairs.sort_by(|left, right| left.0.cmp(&right.0));
            pairs.reverse();
            pairs.dedup_by(|left, right| left.0 == right.0);
            pairs.reverse();
        }
        Self { pairs, indexes: Indexes::default() }
    }

    /// Of pairs in any order; the key that has two different values is the error.
    pub(crate) fn unique(mut pairs: Vec<(Value, Value)>) -> Result<Self, Value> {
        pairs.sort();
        pairs.dedup();
        if let Some(clash) = pairs.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(clash[0].0.clone());
        }
        Ok(Self { pairs, indexes: Indexes::default() })
    }

    pub(crate) fn get(&self, key: &Value) -> Option<&Value> {
        let found = self.pairs.binary_search_by(|(candidate, _)| candidate.cmp(key)).ok()?;
        self.pairs.get(found).map(|(_, value)| value)
    }

    pub(crate) fn get_text(&self, key: &str) -> Option<&Value> {
        let found = self.pairs.binary_search_by(|(candidate, _)| match candidate {
            Value::String(text) => (**text).cmp(key),
            other => other.rank().cmp(&3),
        });
        self.pairs.get(found.ok()?).map(|(_, value)| value)
    }

    pub(crate) fn pairs(&self) -> &[(Value, Value)] {
        &self.pairs
    }

    pub(crate) fn indexes(&self) -> &Indexes {
        &self.indexes
    }

    /// The object with one key set anew.
    pub(crate) fn with(&self, key: &Value, value: Value) -> Self {
        let mut pairs = self.pairs.clone();
        match pairs.binary_search_by(|(candidate, _)| candidate.cmp(key)) {
            Ok(at) => {
                if let Some(pair) = pairs.get_mut(at) {
                    pair.1 = value;
                }
            }
            Err(at) => pairs.insert(at, (key.clone(), value)),
        }
        Self { pairs, indexes: Indexes::default() }
    }
}

impl Set {
    pub(crate) fn new(mut items: Vec<Value>) -> Self {
        if !items.is_sorted_by(|left, right| left < right) {
            items.sort();
            items.dedup();
        }
        Self(items)
    }

    pub(crate) fn contains(&self, item: &Value) -> bool {
        self.0.binary_search(item).is_ok()
    }

    pub(crate) fn items(&self) -> &[Value] {
        &self.0
    }
}

impl Value {
    pub(crate) fn array(items: Vec<Self>) -> Self {
        Self::Array(Arc::new(items))
    }

    pub(crate) fn set(items: Vec<Self>) -> Self {
        Self::Set(Arc::new(Set::new(items)))
    }

    pub(crate) fn object(pairs: Vec<(Self, Self)>) -> Self {
        Self::Object(Arc::new(Object::new(pairs)))
    }

    pub(crate) fn int(integer: i64) -> Self {
        Self::Number(Number::Int(integer))
    }

    pub(crate) fn count(count: usize) -> Self {
        Self::int(i64::try_from(count).unwrap_or(i64::MAX))
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Bool(_) => 1,
            Self::Number(_) => 2,
            Self::String(_) => 3,
            Self::Array(_) => 4,
            Self::Object(_) => 5,
            Self::Set(_) => 6,
        }
    }

    /// The name `type_name` gives.
    pub(crate) fn type_name(&self) -> &'static str {
        ["null", "boolean", "number", "string", "array", "object", "set"][usize::from(self.rank())]
    }

    /// What a reference finds under a key.
    pub(crate) fn get(&self, key: &Self) -> Option<&Self> {
        match self {
            Self::Object(object) => match key {
                Self::String(text) => object.get_text(text),
                _ => object.get(key),
            },
            Self::Array(items) => match key {
                Self::Number(number) => items.get(usize::try_from(number.as_i64()?).ok()?),
                _ => None,
            },
            Self::Set(set) => set.0.binary_search(key).ok().and_then(|at| set.0.get(at)),
            _ => None,
        }
    }

    /// The value of a JSON value; none where it is nested too deep or holds a number too large.
    pub(crate) fn from_json(json: &Json, depth: usize) -> Option<Self> {
        if depth > MAX_DEPTH {
            return None;
        }
        Some(match json {
            Json::Null => Self::Null,
            Json::Bool(flag) => Self::Bool(*flag),
            Json::Number(number) => match number.as_i64() {
                Some(integer) => Self::int(integer),
                None => Self::Number(Number::parse(&number.to_string())?),
            },
            Json::String(text) => Self::from(text.as_str()),
            Json::Array(items) => {
                Self::array(items.iter().map(|item| Self::from_json(item, depth + 1)).collect::<Option<_>>()?)
            }
            Json::Object(map) => {
                let pair =
                    |(key, item): (&String, &Json)| Some((Self::from(key.as_str()), Self::from_json(item, depth + 1)?));
                Self::object(map.iter().map(pair).collect::<Option<_>>()?)
            }
        })
    }

    /// As JSON: sets are arrays, keys that are no strings are written out.
    pub(crate) fn to_json(&self) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Bool(flag) => Json::Bool(*flag),
            Self::Number(Number::Int(integer)) => Json::from(*integer),
            Self::Number(number) => number
                .to_string()
                .parse::<serde_json::Number>()
                .map_or_else(|_| Json::String(number.to_string()), Json::Number),
            Self::String(text) => Json::String(text.as_ref().to_owned()),
            Self::Array(items) => Json::Array(items.iter().map(Self::to_json).collect()),
            Self::Set(set) => Json::Array(set.items().iter().map(Self::to_json).collect()),
            Self::Object(object) => {
                let pair = |(key, item): &(Self, Self)| (key.key_text(), item.to_json());
                Json::Object(object.pairs().iter().map(pair).collect())
            }
        }
    }

    /// A key as JSON can have it.
    pub(crate) fn key_text(&self) -> String {
        match self {
            Self::String(text) => text.as_ref().to_owned(),
            other => crate::text::json(other),
        }
    }

    /// How deep it nests.
    pub(crate) fn depth(&self) -> usize {
        match self {
            Self::Array(items) => 1 + items.iter().map(Self::depth).max().unwrap_or(0),
            Self::Set(set) => 1 + set.items().iter().map(Self::depth).max().unwrap_or(0),
            Self::Object(object) => {
                1 + object.pairs().iter().map(|(key, item)| key.depth().max(item.depth())).max().unwrap_or(0)
            }
            _ => 0,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text.into())
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}
