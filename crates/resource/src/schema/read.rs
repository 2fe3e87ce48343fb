//! JSON → [`Node`].
//!
//! Owns what each keyword may hold. Keywords that Kubernetes does not have are passed over; those it forbids are errors.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::formats::Format;
use super::node::{Additional, Kind, Limits, ListType, Node, Pattern};
use super::place::Place;
use super::rules;
use super::validate::strict;
use super::{MAX_DEPTH, SchemaError, defaults, prune, text};
use crate::go_regex;

/// Keywords of JSON schema that a CustomResourceDefinition may not use.
const FORBIDDEN: [&str; 7] =
    ["id", "additionalItems", "patternProperties", "definitions", "dependencies", "$ref", "$schema"];
/// Those of them that are refused even where they are empty.
const FORBIDDEN_EMPTY: [&str; 2] = ["additionalItems", "$ref"];

/// Reads schemas and gathers what is wrong with them.
pub(super) struct Reader {
    pub(super) errors: Vec<SchemaError>,
    depth: usize,
}

impl Reader {
    pub(super) fn new() -> Self {
        Self { errors: Vec::new(), depth: 0 }
    }

    pub(super) fn read(&mut self, value: &Value, place: &Place<'_>) -> Node {
        let Some(keywords) = value.as_object() else {
            self.error(place, "Invalid value: must be an object".to_owned());
            return unreadable();
        };
        if self.depth >= MAX_DEPTH {
            self.error(place, format!("Invalid value: nests deeper than {MAX_DEPTH} schemas"));
            return unreadable();
        }
        self.depth += 1;
        let mut node = self.scalars(keywords, place);
        self.children(&mut node, keywords, place);
        self.default(&mut node, place);
        node.rules = rules::read(keywords, &node, place, &mut self.errors);
        node.has_rules = !node.rules.is_empty() || node.any_child(|child| child.has_rules);
        self.depth -= 1;
        node
    }

    fn scalars(&mut self, keywords: &Map<String, Value>, place: &Place<'_>) -> Node {
        for keyword in FORBIDDEN {
            if keywords.get(keyword).is_some_and(|value| !is_empty(value) || is_refused_empty(keyword, value)) {
                self.error(&place.field(keyword), format!("Forbidden: {keyword} is not supported"));
            }
        }
        let mut fields = Fields { keywords, place, errors: &mut self.errors };
        let kind = fields.kind();
        let int_or_string = fields.flag("x-kubernetes-int-or-string");
        let format_text = fields.text("format").filter(|format| !format.is_empty());
        let format_kind = if int_or_string { None } else { kind };
        if fields.keywords.get("x-kubernetes-preserve-unknown-fields") == Some(&Value::Bool(false)) {
            fields.error("x-kubernetes-preserve-unknown-fields", "Invalid value: false: must be true or undefined");
        }
        Node {
            kind,
            int_or_string,
            nullable: fields.flag("nullable"),
            title: fields.text("title").filter(|title| !title.is_empty()),
            description: fields.text("description").filter(|description| !description.is_empty()),
            default: keywords.get("default").filter(|value| !value.is_null()).cloned(),
            format: format_text.as_deref().and_then(|format| Format::known(format, format_kind)),
            format_text,
            limits: fields.limits(),
            pattern: fields.text("pattern").filter(|pattern| !pattern.is_empty()).map(|text| {
                let regex = go_regex::compile(&text);
                Pattern { text, regex }
            }),
            required: fields.texts("required"),
            enumeration: fields.list("enum").to_vec(),
            preserve_unknown: fields.flag("x-kubernetes-preserve-unknown-fields"),
            embedded_resource: fields.flag("x-kubernetes-embedded-resource"),
            list_type: fields.list_type(),
            list_map_keys: fields.texts("x-kubernetes-list-map-keys"),
            map_type: fields.text("x-kubernetes-map-type"),
            ..Node::default()
        }
    }

    fn children(&mut self, node: &mut Node, keywords: &Map<String, Value>, place: &Place<'_>) {
        node.properties = self.properties(keywords, place);
        node.additional = match keywords.get("additionalProperties") {
            None | Some(Value::Null) => Additional::Unsaid,
            Some(Value::Bool(allowed)) => Additional::Allowed(*allowed),
            Some(schema) => Additional::Schema(Box::new(self.read(schema, &place.field("additionalProperties")))),
        };
        node.items = match keywords.get("items") {
            None | Some(Value::Null) => None,
            Some(Value::Array(_)) => {
                let message = "Forbidden: items must be a schema object and not an array".to_owned();
                self.error(&place.field("items"), message);
                None
            }
            Some(schema) => Some(Box::new(self.read(schema, &place.field("items")))),
        };
        node.all_of = self.alternatives(keywords, "allOf", place);
        node.any_of = self.alternatives(keywords, "anyOf", place);
        node.one_of = self.alternatives(keywords, "oneOf", place);
        node.not = match keywords.get("not") {
            None | Some(Value::Null) => None,
            Some(schema) => Some(Box::new(self.read(schema, &place.field("not")))),
        };
    }

    /// A default has no fields that the schema does not know and no nulls that it does not want, and must be valid.
    fn default(&mut self, node: &mut Node, place: &Place<'_>) {
        let Some(mut default) = node.default.take() else { return };
        let place = place.field("default");
        if !prune::prune(&mut default, node, false).is_empty() {
            let shown = text::json(&default);
            self.error(&place, format!("Invalid value: {shown}: must not have unknown fields"));
        }
        defaults::drop_nulls(&mut default, node);
        let mut filled = default.clone();
        defaults::fill(&mut filled, node);
        for violation in strict(&filled, None, node, &Place::ROOT).errors {
            self.error(&place, violation.message);
        }
        node.default = Some(default);
    }

    fn properties(&mut self, keywords: &Map<String, Value>, place: &Place<'_>) -> BTreeMap<String, Node> {
        let place = place.field("properties");
        match keywords.get("properties") {
            None | Some(Value::Null) => BTreeMap::new(),
            Some(Value::Object(properties)) => {
                properties.iter().map(|(name, schema)| (name.clone(), self.read(schema, &place.key(name)))).collect()
            }
            Some(_) => {
                self.error(&place, "Invalid value: must be an object".to_owned());
                BTreeMap::new()
            }
        }
    }

    fn alternatives(&mut self, keywords: &Map<String, Value>, keyword: &str, place: &Place<'_>) -> Vec<Node> {
        let list = Fields { keywords, place, errors: &mut self.errors }.list(keyword);
        let place = place.field(keyword);
        list.iter().enumerate().map(|(index, schema)| self.read(schema, &place.index(index))).collect()
    }

    fn error(&mut self, place: &Place<'_>, message: String) {
        self.errors.push(SchemaError { path: place.field_path(), message });
    }
}

impl Node {
    fn any_child(&self, check: impl Fn(&Node) -> bool) -> bool {
        self.properties.values().any(&check)
            || self.additional_schema().is_some_and(&check)
            || self.items.as_deref().is_some_and(&check)
            || self.all_of.iter().any(&check)
    }
}

/// Stands for a schema with a fault of its own, so that no other fault is told of it.
fn unreadable() -> Node {
    Node { preserve_unknown: true, ..Node::default() }
}

fn is_refused_empty(keyword: &str, value: &Value) -> bool {
    !value.is_null() && FORBIDDEN_EMPTY.contains(&keyword)
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(map) => map.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

/// The scalar keywords of one schema.
struct Fields<'a, 'e> {
    keywords: &'a Map<String, Value>,
    place: &'e Place<'e>,
    errors: &'e mut Vec<SchemaError>,
}

impl<'a> Fields<'a, '_> {
    fn error(&mut self, keyword: &str, message: &str) {
        self.errors.push(SchemaError { path: self.place.field(keyword).field_path(), message: message.to_owned() });
    }

    /// Reads a keyword with `read`; a value that it cannot read is an error.
    fn value<T>(&mut self, keyword: &str, wanted: &str, read: impl Fn(&'a Value) -> Option<T>) -> Option<T> {
        let value = self.keywords.get(keyword).filter(|value| !value.is_null())?;
        let found = read(value);
        if found.is_none() {
            self.error(keyword, &format!("Invalid value: {}: must be {wanted}", text::json(value)));
        }
        found
    }

    fn flag(&mut self, keyword: &str) -> bool {
        self.value(keyword, "a boolean", Value::as_bool).unwrap_or(false)
    }

    fn text(&mut self, keyword: &str) -> Option<String> {
        self.value(keyword, "a string", |value| value.as_str().map(str::to_owned))
    }

    fn number(&mut self, keyword: &str) -> Option<f64> {
        self.value(keyword, "a number", Value::as_f64)
    }

    fn integer(&mut self, keyword: &str) -> Option<i64> {
        self.value(keyword, "an integer", |value| value.as_i64().or_else(|| integral(value.as_f64()?)))
    }

    fn list(&mut self, keyword: &str) -> &'a [Value] {
        self.value(keyword, "an array", |value| value.as_array().map(Vec::as_slice)).unwrap_or_default()
    }

    fn texts(&mut self, keyword: &str) -> Vec<String> {
        let read = |value: &Value| {
            value.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
        };
        self.value(keyword, "an array of strings", read).unwrap_or_default()
    }

    fn kind(&mut self) -> Option<Kind> {
        let name = self.text("type").filter(|name| !name.is_empty())?;
        let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name);
        if name == "null" {
            self.error("type", "Forbidden: type cannot be set to null, use nullable as an alternative");
        } else if kind.is_none() {
            let names = Kind::ALL.map(|kind| text::quoted(kind.name())).join(", ");
            self.error("type", &format!("Unsupported value: {}: supported values: {names}", text::quoted(&name)));
        }
        kind
    }

    fn list_type(&mut self) -> Option<ListType> {
        match self.text("x-kubernetes-list-type")?.as_str() {
            "atomic" => Some(ListType::Atomic),
            "set" => Some(ListType::Set),
            "map" => Some(ListType::Map),
            other => {
                let message = format!(
                    "Unsupported value: {}: supported values: \"atomic\", \"set\", \"map\"",
                    text::quoted(other)
                );
                self.error("x-kubernetes-list-type", &message);
                None
            }
        }
    }

    fn limits(&mut self) -> Limits {
        Limits {
            maximum: self.number("maximum"),
            exclusive_maximum: self.flag("exclusiveMaximum"),
            minimum: self.number("minimum"),
            exclusive_minimum: self.flag("exclusiveMinimum"),
            multiple_of: self.number("multipleOf"),
            max_length: self.integer("maxLength"),
            min_length: self.integer("minLength"),
            max_items: self.integer("maxItems"),
            min_items: self.integer("minItems"),
            max_properties: self.integer("maxProperties"),
            min_properties: self.integer("minProperties"),
            unique_items: self.flag("uniqueItems"),
        }
    }
}

fn integral(number: f64) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
    (number.fract() == 0.0 && number.abs() < 1e15).then_some(number as i64)
}
