//! What of a Composition's spec its revisions say: the fields that Crossplane knows, in the form in which it hashes them.

use plat_resource::{Map, Value};
use serde_json::json;

/// How Crossplane's type writes a field.
#[derive(Clone, Copy)]
enum Kept {
    /// A text that is always written.
    Text,
    /// Left out where it is missing or empty.
    Filled,
    /// Left out where it is missing, else as it is.
    Given,
    /// An object that is always written.
    Object(Fields),
    /// An object that is left out where it is missing.
    Pointer(Fields),
    /// A list of objects, left out where it is empty.
    List(Fields),
}

type Fields = &'static [(&'static str, Kept)];

const TYPE: Fields = &[("apiVersion", Kept::Text), ("kind", Kept::Text)];
const REFERENCE: Fields = &[("name", Kept::Text)];
const SECRET: Fields = &[("name", Kept::Text), ("namespace", Kept::Text)];
const CREDENTIALS: Fields = &[("name", Kept::Text), ("source", Kept::Text), ("secretRef", Kept::Pointer(SECRET))];
const REQUIRED_RESOURCE: Fields = &[
    ("requirementName", Kept::Text),
    ("apiVersion", Kept::Text),
    ("kind", Kept::Text),
    ("namespace", Kept::Given),
    ("name", Kept::Given),
    ("matchLabels", Kept::Filled),
];
const REQUIRED_SCHEMA: Fields = &[("requirementName", Kept::Text), ("apiVersion", Kept::Text), ("kind", Kept::Text)];
const REQUIREMENTS: Fields =
    &[("requiredResources", Kept::List(REQUIRED_RESOURCE)), ("requiredSchemas", Kept::List(REQUIRED_SCHEMA))];
const STEP: Fields = &[
    ("step", Kept::Text),
    ("functionRef", Kept::Object(REFERENCE)),
    ("input", Kept::Given),
    ("credentials", Kept::List(CREDENTIALS)),
    ("requirements", Kept::Pointer(REQUIREMENTS)),
];
const SPEC: Fields = &[
    ("compositeTypeRef", Kept::Object(TYPE)),
    ("mode", Kept::Filled),
    ("pipeline", Kept::List(STEP)),
    ("writeConnectionSecretsToNamespace", Kept::Given),
    // Crossplane 1.x, whose CRD has them; that of 2.x drops them.
    ("resources", Kept::Given),
    ("patchSets", Kept::Given),
    ("environment", Kept::Given),
    ("publishConnectionDetailsWithStoreConfigRef", Kept::Given),
];

/// The spec of `composition` as a revision has it, its number aside.
pub(super) fn spec(composition: &Value) -> Value {
    object(composition.get("spec").unwrap_or(&Value::Null), SPEC)
}

fn object(given: &Value, fields: Fields) -> Value {
    let kept = fields.iter().filter_map(|(name, kept)| {
        let value = given.get(name).filter(|value| !value.is_null());
        Some(((*name).to_owned(), field(value, *kept)?))
    });
    Value::Object(kept.collect::<Map<String, Value>>())
}

fn field(value: Option<&Value>, kept: Kept) -> Option<Value> {
    match kept {
        Kept::Text => Some(value.cloned().unwrap_or_else(|| json!(""))),
        Kept::Filled => value.filter(|value| !is_empty(value)).cloned(),
        Kept::Given => value.cloned(),
        Kept::Object(fields) => Some(object(value.unwrap_or(&Value::Null), fields)),
        Kept::Pointer(fields) => value.map(|value| object(value, fields)),
        Kept::List(fields) => {
            let items = value?.as_array().filter(|items| !items.is_empty())?;
            Some(items.iter().map(|item| object(item, fields)).collect())
        }
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::String(text) => text.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_fields_are_kept() {
        let composition = json!({"spec": {
            "compositeTypeRef": {"apiVersion": "a.b/v1", "kind": "X", "more": 1}, "unknown": 2, "mode": "",
            "pipeline": [{"step": "a", "functionRef": {"name": "f", "x": 1}, "input": {"any": {"thing": null}}, "y": 1,
                "credentials": [], "requirements": {"requiredResources": [{"requirementName": "r", "apiVersion": "v1",
                "kind": "K", "name": "n", "matchLabels": {}, "z": 1}]}}],
        }});
        assert_eq!(
            spec(&composition),
            json!({"compositeTypeRef": {"apiVersion": "a.b/v1", "kind": "X"}, "pipeline": [{
                "step": "a", "functionRef": {"name": "f"}, "input": {"any": {"thing": null}},
                "requirements": {"requiredResources": [
                    {"requirementName": "r", "apiVersion": "v1", "kind": "K", "name": "n"},
                ]},
            }]})
        );
        assert_eq!(spec(&json!({})), json!({"compositeTypeRef": {"apiVersion": "", "kind": ""}}));
    }
}
