//! What makes a schema structural, and what else the API server refuses in one.
//!
//! Owns judgements over a tree that could be read. Faults of single keywords are told by `read`.

use super::node::{Additional, Kind, ListType, Node};
use super::place::Place;
use super::{SchemaError, text};

/// Where a schema stands: the root and its metadata have rules of their own.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Root,
    Item,
    Field,
}

/// Finds what the API server would refuse.
pub(super) fn check(root: &Node, errors: &mut Vec<SchemaError>) {
    let mut checker = Checker { errors };
    checker.node(root, Level::Root, &Place::ROOT);
    checker.complete_values(root, Some(root), &Place::ROOT, &Place::ROOT);
}

struct Checker<'a> {
    errors: &'a mut Vec<SchemaError>,
}

impl Checker<'_> {
    fn error(&mut self, place: &Place<'_>, message: impl Into<String>) {
        self.errors.push(SchemaError { path: place.field_path(), message: message.into() });
    }

    fn node(&mut self, node: &Node, level: Level, place: &Place<'_>) {
        if node.kind == Some(Kind::Array) && node.items.is_none() {
            self.error(&place.field("items"), "Required value: must be specified");
        }
        self.kind(node, level, place);
        self.extensions(node, place);
        self.lists(node, place);
        self.values(
            node,
            place,
            has_pair(&node.any_of),
            node.all_of.first().is_some_and(|first| has_pair(&first.any_of)),
        );
        self.resource(node, level, place);
        if let Some(child) = node.items.as_deref() {
            self.node(child, Level::Item, &place.field("items"));
        }
        let properties = place.field("properties");
        for (name, child) in &node.properties {
            if level == Level::Root && name == "metadata" {
                self.root_metadata(child, &properties.key(name));
            } else {
                self.node(child, Level::Field, &properties.key(name));
            }
        }
        let additional = place.field("additionalProperties");
        if level == Level::Root && !matches!(node.additional, Additional::Unsaid) {
            self.error(&additional, "Forbidden: must not be used at the root");
        }
        if !node.properties.is_empty() && matches!(node.additional, Additional::Allowed(false) | Additional::Schema(_))
        {
            self.error(&additional, "Forbidden: additionalProperties and properties are mutual exclusive");
        }
        if let Some(child) = node.additional_schema() {
            self.node(child, Level::Field, &additional);
        }
    }

    fn kind(&mut self, node: &Node, level: Level, place: &Place<'_>) {
        let place = place.field("type");
        match node.kind {
            None if node.embedded_resource => {
                self.error(&place, "Required value: must be object if x-kubernetes-embedded-resource is true");
            }
            Some(kind) if node.embedded_resource && kind != Kind::Object => {
                let kind = text::quoted(kind.name());
                self.error(
                    &place,
                    format!("Invalid value: {kind}: must be object if x-kubernetes-embedded-resource is true"),
                );
            }
            None if !node.int_or_string && !node.preserve_unknown => {
                let detail = match level {
                    Level::Root => "must not be empty at the root",
                    Level::Item => "must not be empty for specified array items",
                    Level::Field => "must not be empty for specified object fields",
                };
                self.error(&place, format!("Required value: {detail}"));
            }
            _ => {}
        }
        if let Some(kind) = node.kind.filter(|kind| level == Level::Root && *kind != Kind::Object) {
            let kind = text::quoted(kind.name());
            self.error(&place, format!("Invalid value: {kind}: must be object at the root"));
        }
    }

    fn extensions(&mut self, node: &Node, place: &Place<'_>) {
        if node.int_or_string && node.preserve_unknown {
            self.error(
                &place.field("x-kubernetes-preserve-unknown-fields"),
                "Invalid value: true: must be false if x-kubernetes-int-or-string is true",
            );
        }
        if node.int_or_string && node.embedded_resource {
            self.error(
                &place.field("x-kubernetes-embedded-resource"),
                "Invalid value: true: must be false if x-kubernetes-int-or-string is true",
            );
        }
        if let Some(map_type) = &node.map_type {
            if node.kind != Some(Kind::Object) {
                let place = place.field("type");
                self.wrong_kind(node, &place, "must be object if x-kubernetes-map-type is specified");
            }
            if !matches!(map_type.as_str(), "atomic" | "granular") {
                let value = text::quoted(map_type);
                self.error(
                    &place.field("x-kubernetes-map-type"),
                    format!("Unsupported value: {value}: supported values: \"atomic\", \"granular\""),
                );
            }
        }
        if node.limits.unique_items {
            self.error(
                &place.field("uniqueItems"),
                "Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic",
            );
        }
    }

    fn wrong_kind(&mut self, node: &Node, place: &Place<'_>, detail: &str) {
        let message = match node.kind {
            None => format!("Required value: {detail}"),
            Some(kind) => format!("Invalid value: {}: {detail}", text::quoted(kind.name())),
        };
        self.error(place, message);
    }

    fn lists(&mut self, node: &Node, place: &Place<'_>) {
        let keys = place.field("x-kubernetes-list-map-keys");
        if node.list_type.is_some() && node.kind != Some(Kind::Array) {
            self.wrong_kind(node, &place.field("type"), "must be array if x-kubernetes-list-type is specified");
        }
        if !node.list_map_keys.is_empty() && node.list_type != Some(ListType::Map) {
            let word = if node.list_type.is_none() { "Required value" } else { "Invalid value" };
            let detail = "must be map if x-kubernetes-list-map-keys is non-empty";
            self.error(&place.field("x-kubernetes-list-type"), format!("{word}: {detail}"));
        }
        let item = node.items.as_deref();
        if node.list_type == Some(ListType::Set) && item.is_some_and(is_mergeable) {
            let detail = "must be atomic as item of a list with x-kubernetes-list-type=set";
            self.error(&place.field("items"), format!("Invalid value: {detail}"));
        }
        if node.list_type != Some(ListType::Map) {
            return;
        }
        if node.list_map_keys.is_empty() {
            self.error(&keys, "Required value: must not be empty if x-kubernetes-list-type is map");
        }
        let Some(item) = item else {
            return self
                .error(&place.field("items"), "Required value: must have a schema if x-kubernetes-list-type is map");
        };
        if item.kind != Some(Kind::Object) {
            let items = place.field("items");
            let detail = "must be object if parent array's x-kubernetes-list-type is map";
            return self.wrong_kind(item, &items.field("type"), detail);
        }
        for (index, key) in node.list_map_keys.iter().enumerate() {
            let shown = text::json(&node.list_map_keys.clone().into());
            match item.properties.get(key) {
                None => {
                    self.error(&keys, format!("Invalid value: {shown}: entries must all be names of item properties"));
                }
                Some(child) if matches!(child.kind, Some(Kind::Array | Kind::Object)) => {
                    let detail = "must be a scalar type if parent array's x-kubernetes-list-type is map";
                    self.error(&keys, format!("Invalid value: {key}: {detail}"));
                }
                Some(child) if child.default.is_none() && !item.required.contains(key) => {
                    let detail = "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property";
                    let (items, default) = ("items", "default");
                    let place = place.field(items);
                    let place = place.field("properties");
                    let place = place.key(key);
                    self.error(&place.field(default), format!("Required value: {detail}"));
                }
                Some(_) => {}
            }
            if node.list_map_keys.iter().take(index).any(|other| other == key) {
                self.error(&keys, format!("Invalid value: {shown}: must not contain duplicate entries"));
            }
        }
    }

    /// Patterns compile, and schemas in combinations only narrow values.
    fn values(&mut self, node: &Node, place: &Place<'_>, skip_any: bool, skip_first_all: bool) {
        if let Some((pattern, Err(error))) = node.pattern.as_ref().map(|pattern| (pattern, &pattern.regex)) {
            let shown = text::quoted(&pattern.text);
            self.error(
                &place.field("pattern"),
                format!("Invalid value: {shown}: must be a valid regular expression, but isn't: {error}"),
            );
        }
        let lists = [("anyOf", &node.any_of), ("allOf", &node.all_of), ("oneOf", &node.one_of)];
        for (keyword, children) in lists.into_iter().filter(|(keyword, _)| !(*keyword == "anyOf" && skip_any)) {
            let place = place.field(keyword);
            for (index, child) in children.iter().enumerate() {
                let skip_any = keyword == "allOf" && index == 0 && skip_first_all;
                self.nested(child, &place.index(index), skip_any, keyword == "allOf");
            }
        }
        if let Some(child) = node.not.as_deref() {
            self.nested(child, &place.field("not"), false, false);
        }
    }

    fn nested(&mut self, node: &Node, place: &Place<'_>, skip_any: bool, rules_allowed: bool) {
        self.values(node, place, skip_any, false);
        let additional = matches!(node.additional, Additional::Allowed(true) | Additional::Schema(_));
        let forbidden = [
            (node.kind.is_some(), "type", "must be empty to be structural"),
            (additional, "additionalProperties", "must be undefined to be structural"),
            (node.default.is_some(), "default", "must be undefined to be structural"),
            (node.title.is_some(), "title", "must be empty to be structural"),
            (node.description.is_some(), "description", "must be empty to be structural"),
            (node.nullable, "nullable", "must be false to be structural"),
            (node.preserve_unknown, "x-kubernetes-preserve-unknown-fields", "must be false to be structural"),
            (node.embedded_resource, "x-kubernetes-embedded-resource", "must be false to be structural"),
            (node.int_or_string, "x-kubernetes-int-or-string", "must be false to be structural"),
            (!node.list_map_keys.is_empty(), "x-kubernetes-list-map-keys", "must be empty to be structural"),
            (node.list_type.is_some(), "x-kubernetes-list-type", "must be undefined to be structural"),
            (node.map_type.is_some(), "x-kubernetes-map-type", "must be undefined to be structural"),
            (!rules_allowed && !node.rules.is_empty(), "x-kubernetes-validations", "must be empty to be structural"),
        ];
        for (_, keyword, detail) in forbidden.into_iter().filter(|(present, ..)| *present) {
            self.error(&place.field(keyword), format!("Forbidden: {detail}"));
        }
        if let Some(child) = node.items.as_deref() {
            self.nested(child, &place.field("items"), false, rules_allowed);
        }
        let properties = place.field("properties");
        for (name, child) in &node.properties {
            if name == "metadata" {
                self.error(&properties.key(name), "Forbidden: must not be specified in a nested context");
            }
            self.nested(child, &properties.key(name), false, rules_allowed);
        }
    }

    fn resource(&mut self, node: &Node, level: Level, place: &Place<'_>) {
        let properties = place.field("properties");
        if level == Level::Root || node.embedded_resource {
            for (name, wanted) in [("kind", Kind::String), ("apiVersion", Kind::String), ("metadata", Kind::Object)] {
                let found = node.properties.get(name);
                if let Some(found) = found.filter(|found| found.kind != Some(wanted)) {
                    let shown = text::quoted(found.kind.map_or("", Kind::name));
                    let property = properties.key(name);
                    self.error(&property.field("type"), format!("Invalid value: {shown}: must be {}", wanted.name()));
                }
            }
        }
        if !node.embedded_resource {
            return;
        }
        if !matches!(node.additional, Additional::Unsaid) {
            self.error(
                &place.field("additionalProperties"),
                "Forbidden: must not be used if x-kubernetes-embedded-resource is set",
            );
        }
        if !node.preserve_unknown && node.properties.is_empty() {
            self.error(
                &properties,
                "Required value: must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields",
            );
        }
    }

    /// The root's metadata may only narrow the name.
    fn root_metadata(&mut self, node: &Node, place: &Place<'_>) {
        let only_names = node.properties.keys().all(|key| matches!(key.as_str(), "name" | "generateName"));
        let more = node.title.is_some()
            || node.description.is_some()
            || node.nullable
            || node.preserve_unknown
            || node.embedded_resource
            || node.items.is_some()
            || node.map_type.is_some()
            || !node.required.is_empty()
            || !node.rules.is_empty()
            || !matches!(node.additional, Additional::Unsaid);
        if !only_names || more {
            self.error(
                place,
                "Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified",
            );
        }
        let properties = place.field("properties");
        for (name, child) in &node.properties {
            self.node(child, Level::Field, &properties.key(name));
        }
    }

    /// Everything that a combination speaks of must be defined outside of it.
    fn complete_values(&mut self, values: &Node, node: Option<&Node>, place: &Place<'_>, at: &Place<'_>) {
        for (keyword, children) in [("allOf", &values.all_of), ("anyOf", &values.any_of), ("oneOf", &values.one_of)] {
            let at = at.field(keyword);
            for (index, child) in children.iter().enumerate() {
                self.complete(child, node, place, &at.index(index));
            }
        }
        if let Some(child) = values.not.as_deref() {
            self.complete(child, node, place, &at.field("not"));
        }
    }

    fn complete(&mut self, values: &Node, node: Option<&Node>, place: &Place<'_>, at: &Place<'_>) {
        let Some(node) = node else {
            let message = format!("Required value: because it is defined in {}", at.bracketed());
            return self.error(place, message);
        };
        self.complete_values(values, Some(node), place, at);
        if let Some(child) = values.items.as_deref() {
            self.complete(child, node.items.as_deref(), &place.field("items"), &at.field("items"));
        }
        let (properties, properties_at) = (place.field("properties"), at.field("properties"));
        for (name, child) in &values.properties {
            // A property that only a map's schema defines is enough since Kubernetes 1.33.
            let (found, place) = match node.properties.get(name) {
                Some(found) => (Some(found), properties.key(name)),
                None => (node.additional_schema(), properties.key(name)),
            };
            self.complete(child, found, &place, &properties_at.key(name));
        }
    }
}

/// The two types that a combination may repeat where an integer or a string is wanted.
fn has_pair(children: &[Node]) -> bool {
    matches!(children, [first, second] if first.kind == Some(Kind::Integer) && second.kind == Some(Kind::String))
}

fn is_mergeable(node: &Node) -> bool {
    match node.kind {
        Some(Kind::Array) => node.list_type.is_some_and(|list_type| list_type != ListType::Atomic),
        Some(Kind::Object) => node.map_type.as_deref() != Some("atomic"),
        _ => false,
    }
}
