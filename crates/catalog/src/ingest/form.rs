//! The schema of an XRD's spec to the fields of a form.
//!
//! Owns what the ingestor does to properties: hidden and advanced ones (`x-ui-hidden`, `x-ui-advanced`), switches called
//! `enabled`, free-form values, placeholders for defaults, order (`x-ui-order`). Its quirks are kept: a checked-in template is
//! compared with what is made here.

use std::cmp::Ordering;

use plat_resource::javascript::{Map, Value};

use super::collate;

/// Why an XRD has no template, in the words of the runtime that the plugin runs in.
pub(crate) type Fault = String;

/// Properties and what depends on switches among them.
pub(crate) struct Form {
    pub(crate) properties: Map,
    pub(crate) dependencies: Map,
}

/// The fields for the schema of a spec.
pub(crate) fn of_spec(spec: &Value, defaults_to_placeholders: bool) -> Result<Form, Fault> {
    let properties = entries(spec.get("properties"))?;
    let mut form = Maker { defaults_to_placeholders }.properties(properties)?;
    if form.properties.iter().any(|(_, value)| order(value).is_some()) {
        form.properties = sorted(&form.properties, collate::compare);
    }
    for (_, field) in form.properties.iter_mut() {
        add_order(field);
    }
    Ok(form)
}

/// What `Object.entries` takes.
fn entries(value: Option<&Value>) -> Result<Map, Fault> {
    match value {
        Some(Value::Map(map)) => Ok(map.clone()),
        Some(Value::List(items)) => {
            Ok(items.iter().enumerate().map(|(index, item)| (index.to_string(), item.clone())).collect())
        }
        None | Some(Value::Null) => Err("Cannot convert undefined or null to object".to_owned()),
        Some(_) => Ok(Map::new()),
    }
}

fn order(value: &Value) -> Option<f64> {
    match value.get("x-ui-order") {
        Some(Value::Number(order)) => Some(*order),
        _ => None,
    }
}

/// Ordered fields first, then the others by `rest`.
fn sorted(fields: &Map, rest: impl Fn(&str, &str) -> Ordering) -> Map {
    let (mut with, mut without): (Vec<_>, Vec<_>) = fields.iter().partition(|(_, value)| order(value).is_some());
    with.sort_by(|left, right| order(left.1).partial_cmp(&order(right.1)).unwrap_or(Ordering::Equal));
    without.sort_by(|left, right| rest(left.0, right.0));
    with.into_iter().chain(without).map(|(key, value)| (key, value.clone())).collect()
}

/// The keys of ordered fields, in their order.
pub(crate) fn ordered_keys(fields: &Map) -> Vec<String> {
    let mut ordered: Vec<_> = fields.iter().filter(|(_, value)| order(value).is_some()).collect();
    ordered.sort_by(|left, right| order(left.1).partial_cmp(&order(right.1)).unwrap_or(Ordering::Equal));
    ordered.into_iter().map(|(key, _)| key.to_owned()).collect()
}

fn is_object_with_properties(schema: &Value) -> bool {
    schema.text_at(&["type"]) == Some("object") && schema.get("properties").is_some_and(Value::is_truthy)
}

fn is_array_with_items(schema: &Value) -> bool {
    schema.text_at(&["type"]) == Some("array") && schema.get("items").is_some_and(Value::is_truthy)
}

fn is_true(schema: &Value, key: &str) -> bool {
    schema.get(key) == Some(&Value::Bool(true))
}

/// `ui:order` for objects, at any depth, that order some of their fields.
fn add_order(schema: &mut Value) {
    if is_object_with_properties(schema) {
        let ordered = schema.get("properties").and_then(Value::as_map).map(ordered_keys).unwrap_or_default();
        let Some(map) = schema.as_map_mut() else { return };
        if !ordered.is_empty() {
            let keys: Vec<String> = ordered.into_iter().chain(["*".to_owned()]).collect();
            map.insert("ui:order", keys);
        }
        let fields = map.get_mut("properties").and_then(Value::as_map_mut);
        fields.into_iter().flat_map(Map::iter_mut).for_each(|(_, field)| add_order(field));
    } else if is_array_with_items(schema)
        && let Some(items) = schema.as_map_mut().and_then(|map| map.get_mut("items"))
    {
        add_order(items);
    }
}

struct Maker {
    defaults_to_placeholders: bool,
}

impl Maker {
    fn properties(&self, properties: Map) -> Result<Form, Fault> {
        let mut fields = Map::new();
        for (key, schema) in properties {
            if schema == Value::Null {
                return Err("Cannot read properties of null (reading 'x-ui-hidden')".to_owned());
            }
            if !is_true(&schema, "x-ui-hidden") {
                fields.insert(key, self.field(schema)?);
            }
        }
        Ok(split_advanced(fields))
    }

    fn field(&self, schema: Value) -> Result<Value, Fault> {
        let has_type = schema.get("type").is_some_and(Value::is_truthy);
        if is_true(&schema, "x-kubernetes-preserve-unknown-fields") && !has_type {
            let mut field = into_map(schema);
            field.insert("type", "string");
            field.insert("ui:widget", "textarea");
            field.insert("ui:options", Value::from([("rows", 10)]));
            return Ok(field.into());
        }
        if is_object_with_properties(&schema) {
            return self.object(into_map(schema), false);
        }
        if is_array_with_items(&schema) {
            let mut field = into_map(schema);
            let items = field.get("items").cloned().unwrap_or_default();
            field.insert("items", self.items(items)?);
            return Ok(field.into());
        }
        let is_boolean = schema.text_at(&["type"]) == Some("boolean");
        let mut schema = schema;
        if self.defaults_to_placeholders
            && !is_boolean
            && let Some(map) = schema.as_map_mut()
            && let Some(default) = map.get("default").cloned()
        {
            map.insert("ui:placeholder", default);
            map.remove("default");
        }
        Ok(schema)
    }

    fn items(&self, items: Value) -> Result<Value, Fault> {
        if is_object_with_properties(&items) {
            return self.object(into_map(items), self.defaults_to_placeholders);
        }
        if is_array_with_items(&items) {
            let mut field = into_map(items);
            let inner = field.get("items").cloned().unwrap_or_default();
            field.insert("items", self.items(inner)?);
            return Ok(field.into());
        }
        Ok(items)
    }

    fn object(&self, mut field: Map, default_to_placeholder: bool) -> Result<Value, Fault> {
        let form = self.properties(entries(field.get("properties"))?)?;
        let required: Vec<Value> = match field.get("required") {
            Some(Value::List(names)) => {
                names.iter().filter(|name| form.properties.contains_key(&name.to_text())).cloned().collect()
            }
            _ => Vec::new(),
        };
        let mut dependencies = field.get("dependencies").and_then(Value::as_map).cloned().unwrap_or_default();
        for (key, value) in form.dependencies {
            dependencies.insert(key, value);
        }
        field.insert("properties", form.properties);
        field.insert("dependencies", dependencies);
        if required.is_empty() {
            field.remove("required");
        } else {
            field.insert("required", required);
        }
        if default_to_placeholder && let Some(default) = field.get("default").cloned() {
            field.insert("ui:placeholder", default.to_text());
            field.remove("default");
        }
        hide_behind_switch(&mut field);
        Ok(field.into())
    }
}

fn into_map(value: Value) -> Map {
    match value {
        Value::Map(map) => map,
        _ => Map::new(),
    }
}

/// The siblings of a switch called `enabled` are shown when it is on.
fn hide_behind_switch(field: &mut Map) {
    let Some(properties) = field.get_mut("properties").and_then(Value::as_map_mut) else { return };
    let Some(enabled) =
        properties.get("enabled").filter(|enabled| enabled.text_at(&["type"]) == Some("boolean")).cloned()
    else {
        return;
    };
    let all = std::mem::take(properties);
    let siblings: Map = all.into_iter().filter(|(key, _)| key != "enabled").collect();
    properties.insert("enabled", enabled);
    let on = condition("enabled", siblings);
    if let Some(dependencies) = field.map_at("dependencies") {
        dependencies.insert("enabled", on);
    }
}

fn condition(switch: &str, then: Map) -> Value {
    let is_on = Value::from([("properties", Value::from([(switch, Value::from([("const", true)]))]))]);
    Value::from([("if", is_on), ("then", Value::from([("properties", then)]))])
}

/// Advanced fields are shown when the user asks for them.
fn split_advanced(fields: Map) -> Form {
    let (mut properties, mut advanced, mut dependencies) = (Map::new(), Map::new(), Map::new());
    for (key, value) in fields {
        if is_true(&value, "x-ui-advanced") {
            let mut field = into_map(value);
            field.remove("x-ui-advanced");
            advanced.insert(key, without_defaults(field));
        } else {
            properties.insert(key, value);
        }
    }
    if !advanced.is_empty() {
        properties.insert(
            "showAdvancedSettings",
            Value::from([
                ("title", Value::from("Show Advanced Settings")),
                ("type", "boolean".into()),
                ("default", false.into()),
            ]),
        );
        let advanced = sorted(&advanced, |_, _| Ordering::Equal);
        dependencies.insert("showAdvancedSettings", condition("showAdvancedSettings", advanced));
    }
    Form { properties, dependencies }
}

/// What is hidden must not have defaults, or they would be sent unseen.
fn without_defaults(mut field: Map) -> Value {
    let as_value = Value::Map(field.clone());
    if is_object_with_properties(&as_value) {
        if let Some(properties) = field.get_mut("properties").and_then(Value::as_map_mut) {
            remove_defaults(properties);
        }
    } else {
        remove_default(&mut field);
    }
    field.into()
}

fn remove_defaults(properties: &mut Map) {
    for (_, property) in properties.iter_mut() {
        let goes_on = is_object_with_properties(property);
        let Some(map) = property.as_map_mut() else { continue };
        remove_default(map);
        if goes_on && let Some(below) = map.get_mut("properties").and_then(Value::as_map_mut) {
            remove_defaults(below);
        }
    }
}

fn remove_default(field: &mut Map) {
    let Some(default) = field.get("default").cloned() else { return };
    if field.get("type").and_then(Value::as_str) != Some("boolean") {
        field.insert("ui:placeholder", default.to_text());
    }
    field.remove("default");
}
