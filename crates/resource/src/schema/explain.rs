//! What a schema says of one field, for people: as `kubectl explain`.

use serde_json::Value;

use super::node::{Kind, Node};
use super::text::json;
use crate::{FieldPath, Segment};

/// One field explained.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Explained {
    /// The field's own name; empty for the root.
    pub name: String,
    /// Type as kubectl prints it, for instance `<[]Object>`.
    pub type_name: String,
    /// True where the parent requires the field.
    pub required: bool,
    /// What the author wrote.
    pub description: Option<String>,
    /// Allowed values, as JSON without quotes around strings.
    pub allowed: Vec<String>,
    /// The default.
    pub default: Option<Value>,
    /// Limits in words: `minimum 20`, `pattern ^a$`, `format date-time`.
    pub limits: Vec<String>,
    /// What the rules demand: their messages, or the rules where there is none.
    pub rules: Vec<String>,
    /// The fields below, by name; those of an item for a list, of a value for a map.
    pub fields: Vec<Field>,
}

/// One child of an explained field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Type as kubectl prints it.
    pub type_name: String,
    /// True where it must be set.
    pub required: bool,
    /// What the author wrote.
    pub description: Option<String>,
    /// Allowed values.
    pub allowed: Vec<String>,
    /// The default.
    pub default: Option<Value>,
    /// Limits in words.
    pub limits: Vec<String>,
}

/// Explains the field at `path`: indexes and keys of maps may be left out, as for kubectl.
pub(super) fn explain(root: &Node, path: &FieldPath) -> Option<Explained> {
    let (mut node, mut name, mut required) = (root, "", false);
    for segment in path.segments() {
        match segment {
            Segment::Index(_) => node = node.items.as_deref()?,
            Segment::Field(field) if field == "*" => {
                node = node.items.as_deref().or_else(|| node.additional_schema())?;
            }
            Segment::Field(field) => {
                let holder = fields_of(node);
                required = holder.required.contains(field);
                // A key of a map stands for its value; a field of that value may follow at once.
                node = holder.properties.get(field).or_else(|| holder.additional_schema())?;
                name = field;
            }
        }
    }
    let Field { type_name, description, allowed, default, limits, .. } = field(name, node, required);
    let holder = fields_of(node);
    let fields =
        holder.properties.iter().map(|(name, child)| field(name, child, holder.required.contains(name))).collect();
    let rules = node.rules.iter().map(|rule| rule.said().to_owned()).collect();
    Some(Explained { name: name.to_owned(), type_name, required, description, allowed, default, limits, rules, fields })
}

/// The schema whose properties are meant: through lists and maps.
fn fields_of(node: &Node) -> &Node {
    let mut node = node;
    while node.properties.is_empty() {
        match node.items.as_deref().or_else(|| node.additional_schema()) {
            Some(inner) => node = inner,
            None => break,
        }
    }
    node
}

fn field(name: &str, node: &Node, required: bool) -> Field {
    let values = |value: &Value| value.as_str().map_or_else(|| json(value), str::to_owned);
    Field {
        name: name.to_owned(),
        type_name: format!("<{}>", type_name(node)),
        required,
        description: node.description.clone(),
        allowed: node.enumeration.iter().map(values).collect(),
        default: node.default.clone(),
        limits: limits(node),
    }
}

fn type_name(node: &Node) -> String {
    let mut prefix = String::new();
    let mut node = node;
    loop {
        if let Some(items) = node.items.as_deref().filter(|_| node.kind == Some(Kind::Array)) {
            prefix.push_str("[]");
            node = items;
        } else if let Some(values) = node.additional_schema().filter(|_| node.properties.is_empty()) {
            prefix.push_str("map[string]");
            node = values;
        } else {
            break;
        }
    }
    let name = match node.kind {
        _ if node.int_or_string => "IntOrString",
        Some(Kind::Object) | None => "Object",
        Some(kind) => kind.name(),
    };
    prefix + name
}

fn limits(node: &Node) -> Vec<String> {
    let limits = &node.limits;
    let exclusive = |exclusive: bool| if exclusive { " (exclusive)" } else { "" };
    let number = |name: &str, value: Option<f64>, suffix: &str| value.map(|value| format!("{name} {value}{suffix}"));
    let count = |name: &str, value: Option<i64>| value.map(|value| format!("{name} {value}"));
    [
        number("minimum", limits.minimum, exclusive(limits.exclusive_minimum)),
        number("maximum", limits.maximum, exclusive(limits.exclusive_maximum)),
        number("multiple of", limits.multiple_of, ""),
        count("min length", limits.min_length),
        count("max length", limits.max_length),
        count("min items", limits.min_items),
        count("max items", limits.max_items),
        count("min properties", limits.min_properties),
        count("max properties", limits.max_properties),
        node.pattern.as_ref().map(|pattern| format!("pattern {}", pattern.text)),
        node.format_text.as_ref().map(|format| format!("format {format}")),
        node.nullable.then(|| "nullable".to_owned()),
    ]
    .into_iter()
    .flatten()
    .collect()
}
