//! Objects as rules see them: typed by their schema, fields under escaped names.

use std::sync::Arc;

use base64::Engine as _;
use serde_json::{Map, Value};

use crate::cel::{self, Key};
use crate::schema::formats::{Format, TextFormat, span};
use crate::schema::node::{Kind, Node};

/// Words of the language that no field can be called by as they are.
const RESERVED: [&str; 21] = [
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
    "while",
];

/// A field's name as a rule writes it. `None` where no rule can name it.
pub(super) fn escape(name: &str) -> Option<String> {
    if RESERVED.contains(&name) {
        return Some(format!("__{name}__"));
    }
    let starts = name.starts_with(|first: char| !first.is_ascii_digit());
    let allowed = |character: char| character.is_ascii_alphanumeric() || "_.-/".contains(character);
    if !starts || !name.chars().all(allowed) {
        return None;
    }
    let escaped = name.replace("__", "__underscores__").replace('.', "__dot__");
    Some(escaped.replace('-', "__dash__").replace('/', "__slash__"))
}

/// The value as the rule sees it. `is_resource` adds the type and the name, which schemas need not define. What the schema
/// does not change is borrowed whole.
pub(super) fn view<'a>(value: &'a Value, node: Option<&Node>, is_resource: bool) -> cel::Value<'a> {
    match value {
        Value::String(text) => {
            node.and_then(|node| special(text, node)).unwrap_or_else(|| cel::Value::from_json(value))
        }
        Value::Number(_) => number(value, node),
        Value::Array(items) => match node.and_then(|node| node.items.as_deref()).filter(|child| !is_plain(child)) {
            Some(child) => {
                cel::Value::list(items.iter().map(|item| view(item, Some(child), child.embedded_resource)).collect())
            }
            None => cel::Value::from_json(value),
        },
        Value::Object(map) => object(value, map, node, is_resource),
        Value::Null | Value::Bool(_) => cel::Value::from_json(value),
    }
}

/// True where values of this schema are what their JSON is.
fn is_plain(node: &Node) -> bool {
    let is_special = matches!(node.format, Some(Format::Text(format)) if SPECIAL.contains(&format));
    matches!(node.kinds(), [Kind::String | Kind::Boolean]) && !is_special
}

/// The formats whose text is read.
const SPECIAL: [TextFormat; 4] = [TextFormat::Date, TextFormat::DateTime, TextFormat::Duration, TextFormat::Byte];

/// A time, a span of time or bytes. A text that is none, though the schema says so, is told by the schema before any rule
/// is run.
fn special<'a>(text: &str, node: &Node) -> Option<cel::Value<'a>> {
    let Some(Format::Text(format)) = node.format.filter(|_| node.kinds() == [Kind::String]) else { return None };
    let moment = |text: &str| cel::Timestamp::parse(text).ok().map(cel::Value::Timestamp);
    match format {
        TextFormat::Date => moment(&format!("{text}T00:00:00Z")),
        TextFormat::DateTime if text.is_empty() => cel::Timestamp::at(0, 0).map(cel::Value::Timestamp),
        // Without a zone it is read as UTC.
        TextFormat::DateTime => moment(text).or_else(|| moment(&format!("{text}Z"))),
        TextFormat::Duration => span(text).map(cel::Value::Duration),
        TextFormat::Byte => {
            let bytes = base64::engine::general_purpose::STANDARD.decode(text).ok()?;
            Some(cel::Value::Bytes(Arc::from(bytes)))
        }
        _ => None,
    }
}

fn number<'a>(value: &'a Value, node: Option<&Node>) -> cel::Value<'a> {
    let kinds = node.map_or(&[][..], Node::kinds);
    let float = value.as_f64().unwrap_or_default();
    #[expect(clippy::cast_possible_truncation, reason = "the schema says that it is an integer")]
    let truncated = float as i64;
    match (value.as_i64(), kinds) {
        (_, [Kind::Number]) => cel::Value::Double(float),
        (None, [Kind::Integer]) => cel::Value::Int(truncated),
        _ => cel::Value::from_json(value),
    }
}

fn object<'a>(value: &'a Value, map: &'a Map<String, Value>, node: Option<&Node>, is_resource: bool) -> cel::Value<'a> {
    let typed = is_resource || node.is_some_and(|node| !node.properties.is_empty());
    let additional = node.and_then(Node::additional_schema);
    if !typed && additional.is_none_or(is_plain) {
        return cel::Value::from_json(value);
    }
    let mut fields = std::collections::BTreeMap::new();
    for (key, value) in map {
        let child = node.and_then(|node| node.child(key));
        let viewed = || view(value, child, child.is_some_and(|child| child.embedded_resource));
        let mut insert = |name: &str, value| fields.insert(Key::String(Arc::from(name)), value);
        if !typed {
            insert(key, viewed());
        } else if is_resource && key == "metadata" {
            insert(key, metadata(value));
        } else if is_resource && matches!(key.as_str(), "apiVersion" | "kind") {
            insert(key, cel::Value::from_json(value));
        } else if let Some(name) = escape(key).filter(|_| child.is_some()) {
            insert(&name, viewed());
        }
    }
    cel::Value::map(fields)
}

/// Rules see no more of metadata than its names.
fn metadata(value: &Value) -> cel::Value<'_> {
    let found = ["name", "generateName"]
        .into_iter()
        .filter_map(|name| Some((Key::String(Arc::from(name)), cel::Value::from_json(value.get(name)?))));
    cel::Value::map(found.collect())
}
