//! Values as JavaScript holds them, for what programs written in it are measured by: the order of keys is kept, every
//! number is a double.
//!
//! Owns the value, its text as `String()` and `JSON.stringify` make it, and what JavaScript calls blank. Kubernetes
//! objects stay [`crate::Value`], whose keys have no order.

mod json;
mod map;
mod number;

pub use map::Map;
pub use number::number_text;

/// A value.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Value {
    /// `null`
    #[default]
    Null,
    /// A boolean.
    Bool(bool),
    /// A number, perhaps not finite.
    Number(f64),
    /// A text.
    Text(String),
    /// An array.
    List(Vec<Value>),
    /// A plain object.
    Map(Map),
}

impl Value {
    /// The text, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The object, if it is one.
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The object, if it is one.
    pub fn as_map_mut(&mut self) -> Option<&mut Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The items, if it is an array.
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    /// The value below a key of an object.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_map()?.get(key)
    }

    /// The value at the end of a way of keys.
    pub fn at(&self, way: &[&str]) -> Option<&Value> {
        way.iter().try_fold(self, |value, key| value.get(key))
    }

    /// The text at the end of a way of keys.
    pub fn text_at(&self, way: &[&str]) -> Option<&str> {
        self.at(way)?.as_str()
    }

    /// What `if (value)` takes for true.
    pub fn is_truthy(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(flag) => *flag,
            Self::Number(number) => *number != 0.0 && !number.is_nan(),
            Self::Text(text) => !text.is_empty(),
            Self::List(_) | Self::Map(_) => true,
        }
    }

    /// `String(value)`.
    pub fn to_text(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Bool(flag) => flag.to_string(),
            Self::Number(number) => number_text(*number),
            Self::Text(text) => text.clone(),
            Self::List(items) => {
                let item = |item: &Self| if *item == Self::Null { String::new() } else { item.to_text() };
                items.iter().map(item).collect::<Vec<_>>().join(",")
            }
            Self::Map(_) => "[object Object]".to_owned(),
        }
    }

    /// `JSON.stringify(value)`.
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        json::write(self, &mut out);
        out
    }

    /// Reads JSON as `JSON.parse` does: the last of a key given twice counts.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Number(f64::from(number))
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Self::Map(map)
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(items: Vec<T>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}

impl<K: Into<String>, V: Into<Value>, const N: usize> From<[(K, V); N]> for Value {
    fn from(entries: [(K, V); N]) -> Self {
        Self::Map(entries.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
    }
}

/// What `trim()` cuts off: the white space and line ends of ECMAScript.
pub fn is_blank(character: char) -> bool {
    matches!(character,
        '\t'..='\r' | ' ' | '\u{A0}' | '\u{1680}' | '\u{2000}'..='\u{200A}' | '\u{2028}' | '\u{2029}' | '\u{202F}'
        | '\u{205F}' | '\u{3000}' | '\u{FEFF}')
}

/// `text.trim()`.
pub fn trim(text: &str) -> &str {
    text.trim_matches(is_blank)
}

/// `text.length`: units of UTF-16.
pub fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_are_indexes_come_first_in_order() {
        let value = Value::from_json(r#"{"b":1,"10":2,"a":3,"2":4,"01":5,"b":6}"#).unwrap();
        assert_eq!(value.to_json(), r#"{"2":4,"10":2,"b":6,"a":3,"01":5}"#);
    }

    #[test]
    fn texts_are_those_of_javascript() {
        let value = Value::from_json(r#"[null, [1, null, "x"], {"a": 1}, true, 1e21, 1.5e-7, -0.0, 100]"#).unwrap();
        assert_eq!(value.to_text(), ",1,,x,[object Object],true,1e+21,1.5e-7,0,100");
        assert_eq!(value.to_json(), r#"[null,[1,null,"x"],{"a":1},true,1e+21,1.5e-7,0,100]"#);
        assert_eq!(trim("\u{FEFF} a\u{85}\u{A0}"), "a\u{85}");
        assert_eq!(length("a\u{1F600}"), 3);
    }
}
