//! Objects as rules see them: typed by their schema, fields under escaped names.

use std::collections::HashMap;

use cel::Value as Cel;
use cel::objects::OptionalValue;
use serde_json::{Map, Value};

use crate::schema::formats::{Format, TextFormat};
use crate::schema::node::{Kind, Node};

/// Words of the language that no field can be called by as they are.
const RESERVED: [&str; 20] = [
    "true",
    "false",
    "null",
    "in",
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
];

/// A field's name as a rule writes it. `None` where no rule can name it.
pub(super) fn escape(name: &str) -> Option<String> {
    if RESERVED.contains(&name) || name == "while" {
        return Some(format!("__{name}__"));
    }
    let starts = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    let allowed = |character: char| character.is_ascii_alphanumeric() || "_.-/".contains(character);
    if !starts || !name.chars().all(allowed) {
        return None;
    }
    let escaped = name.replace("__", "__underscores__").replace('.', "__dot__");
    Some(escaped.replace('-', "__dash__").replace('/', "__slash__"))
}

/// The value as the rule sees it. `is_resource` adds the type and the name, which schemas need not define.
pub(super) fn convert(value: &Value, node: Option<&Node>, is_resource: bool) -> Cel {
    match value {
        Value::Null => Cel::Null,
        Value::Bool(flag) => Cel::Bool(*flag),
        Value::String(text) => Cel::from(text.as_str()),
        Value::Number(_) => number(value, node),
        Value::Array(items) => {
            let child = node.and_then(|node| node.items.as_deref());
            let convert_item = |item| convert(item, child, child.is_some_and(|child| child.embedded_resource));
            Cel::from(items.iter().map(convert_item).collect::<Vec<_>>())
        }
        Value::Object(map) => object(map, node, is_resource),
    }
}

fn number(value: &Value, node: Option<&Node>) -> Cel {
    let kinds = node.map_or(&[][..], Node::kinds);
    let float = value.as_f64().unwrap_or_default();
    #[expect(clippy::cast_possible_truncation, reason = "the schema says that it is an integer")]
    let truncated = float as i64;
    match (value.as_i64(), kinds) {
        (_, [Kind::Number]) => Cel::Float(float),
        (Some(integer), _) => Cel::Int(integer),
        (None, [Kind::Integer]) => Cel::Int(truncated),
        (None, _) => Cel::Float(float),
    }
}

fn object(map: &Map<String, Value>, node: Option<&Node>, is_resource: bool) -> Cel {
    let mut fields: HashMap<String, Cel> = HashMap::new();
    let typed = is_resource || node.is_some_and(|node| !node.properties.is_empty());
    for (key, value) in map {
        let child = node.and_then(|node| node.child(key));
        let converted = || convert(value, child, child.is_some_and(|child| child.embedded_resource));
        if !typed {
            fields.insert(key.clone(), converted());
        } else if is_resource && key == "metadata" {
            fields.insert(key.clone(), metadata(value));
        } else if is_resource && matches!(key.as_str(), "apiVersion" | "kind") {
            fields.insert(key.clone(), convert(value, None, false));
        } else if let Some(name) = escape(key).filter(|_| child.is_some()) {
            fields.insert(name, converted());
        }
    }
    Cel::from(fields)
}

/// Rules see no more of metadata than its names.
fn metadata(value: &Value) -> Cel {
    let names = ["name", "generateName"];
    let found = names.iter().filter_map(|name| Some(((*name).to_owned(), convert(value.get(name)?, None, false))));
    Cel::from(found.collect::<HashMap<_, _>>())
}

/// An optional value, for `oldSelf` of rules that ask for one.
pub(super) fn optional(value: Option<Cel>) -> Cel {
    Cel::Opaque(std::sync::Arc::new(value.map_or_else(OptionalValue::none, OptionalValue::of)))
}

/// The longest list or map anywhere in a value.
pub(super) fn longest(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(longest).max().unwrap_or(0).max(items.len()),
        Value::Object(map) => map.values().map(longest).max().unwrap_or(0).max(map.len()),
        _ => 0,
    }
}

/// The first of `names` that is a field which Kubernetes reads as a time, a span of time or bytes, somewhere below.
pub(super) fn special<'a>(node: &'a Node, names: &[String]) -> Option<&'a str> {
    if is_special(node) { Some("self") } else { special_below(node, names) }
}

fn special_below<'a>(node: &'a Node, names: &[String]) -> Option<&'a str> {
    let own = |(name, child): (&'a String, &'a Node)| {
        let selected = is_special(child) && escape(name).is_some_and(|escaped| names.contains(&escaped));
        if selected { Some(name.as_str()) } else { special_below(child, names) }
    };
    let inner = || [node.items.as_deref(), node.additional_schema()].into_iter().flatten();
    node.properties.iter().find_map(own).or_else(|| inner().find_map(|child| special_below(child, names)))
}

/// True for such a value, and for lists and maps of such values.
fn is_special(node: &Node) -> bool {
    const FORMATS: [TextFormat; 4] = [TextFormat::Date, TextFormat::DateTime, TextFormat::Duration, TextFormat::Byte];
    let mut inner = [node.items.as_deref(), node.additional_schema()].into_iter().flatten();
    matches!(node.format, Some(Format::Text(format)) if FORMATS.contains(&format)) || inner.any(is_special)
}
