//! An author's schema as the API server keeps it: only the keywords of `JSONSchemaProps`, empty ones left out.
//!
//! Crossplane reads the schema into that type and writes it again, so what the type does not have is lost on the way.

use plat_resource::{Number, Object, Value, suggest};

use crate::cursor::{Cursor, Findings};

/// How a keyword is kept.
#[derive(Clone, Copy)]
enum Keep {
    /// As it is, unless it is null.
    Always,
    /// Unless it is empty: an empty text, list or map, false.
    Filled,
    /// A number, written as Go writes a float.
    Number,
    /// One schema.
    Schema,
    /// One schema or a boolean.
    SchemaOrFlag,
    /// A list of schemas.
    Schemas,
    /// A map of schemas.
    NamedSchemas,
}

const KEYWORDS: &[(&str, Keep)] = &[
    ("$ref", Keep::Always),
    ("$schema", Keep::Filled),
    ("additionalItems", Keep::SchemaOrFlag),
    ("additionalProperties", Keep::SchemaOrFlag),
    ("allOf", Keep::Schemas),
    ("anyOf", Keep::Schemas),
    ("default", Keep::Always),
    ("definitions", Keep::NamedSchemas),
    ("dependencies", Keep::Filled),
    ("description", Keep::Filled),
    ("enum", Keep::Filled),
    ("example", Keep::Always),
    ("exclusiveMaximum", Keep::Filled),
    ("exclusiveMinimum", Keep::Filled),
    ("externalDocs", Keep::Always),
    ("format", Keep::Filled),
    ("id", Keep::Filled),
    ("items", Keep::Schema),
    ("maxItems", Keep::Number),
    ("maxLength", Keep::Number),
    ("maxProperties", Keep::Number),
    ("maximum", Keep::Number),
    ("minItems", Keep::Number),
    ("minLength", Keep::Number),
    ("minProperties", Keep::Number),
    ("minimum", Keep::Number),
    ("multipleOf", Keep::Number),
    ("not", Keep::Schema),
    ("nullable", Keep::Filled),
    ("oneOf", Keep::Schemas),
    ("pattern", Keep::Filled),
    ("patternProperties", Keep::NamedSchemas),
    ("properties", Keep::NamedSchemas),
    ("required", Keep::Filled),
    ("title", Keep::Filled),
    ("type", Keep::Filled),
    ("uniqueItems", Keep::Filled),
    ("x-kubernetes-embedded-resource", Keep::Filled),
    ("x-kubernetes-int-or-string", Keep::Filled),
    ("x-kubernetes-list-map-keys", Keep::Filled),
    ("x-kubernetes-list-type", Keep::Always),
    ("x-kubernetes-map-type", Keep::Always),
    ("x-kubernetes-preserve-unknown-fields", Keep::Always),
    ("x-kubernetes-validations", Keep::Filled),
];

/// `schema` with only what the API server keeps. YAML bounds its depth, and so this recursion.
pub(super) fn normalised(schema: &Value) -> Value {
    let Value::Object(map) = schema else { return schema.clone() };
    let kept = map.iter().filter_map(|(key, value)| Some((key.clone(), keep(key, value)?)));
    Value::Object(kept.collect())
}

/// Warns of keywords that `JSONSchemaProps` does not have. Vendor extensions (`x-`) are let be unless they look like a
/// slip.
pub(crate) fn report_unknown_keywords(schema: &Cursor<'_>, findings: &mut Findings<'_>) {
    let Value::Object(map) = schema.value() else { return };
    let known: Vec<&str> = KEYWORDS.iter().map(|(keyword, _)| *keyword).collect();
    for key in map.keys() {
        let Some(at) = schema.get(key) else { continue };
        let nested = match keyword(key) {
            None if key.starts_with("x-") && suggest::closest(key, known.iter().copied()).is_none() => Vec::new(),
            None => {
                findings.unknown_field(&at, key, &known);
                Vec::new()
            }
            Some(Keep::Schema | Keep::SchemaOrFlag) => vec![at],
            Some(Keep::Schemas) => at.items(),
            Some(Keep::NamedSchemas) => at.fields(),
            Some(Keep::Always | Keep::Filled | Keep::Number) => Vec::new(),
        };
        for schema in nested {
            report_unknown_keywords(&schema, findings);
        }
    }
}

fn keyword(key: &str) -> Option<Keep> {
    let index = KEYWORDS.binary_search_by(|(keyword, _)| (*keyword).cmp(key)).ok()?;
    KEYWORDS.get(index).map(|(_, keep)| *keep)
}

fn keep(key: &str, value: &Value) -> Option<Value> {
    match (keyword(key)?, value) {
        (_, Value::Null) => None,
        (Keep::Filled, _) => is_filled(value).then(|| value.clone()),
        (Keep::Number, Value::Number(number)) => Some(Value::Number(whole(number))),
        // The list form of `items` is not structural and refused elsewhere.
        (Keep::Schema | Keep::SchemaOrFlag, _) => Some(normalised(value)),
        (Keep::Schemas, Value::Array(items)) => {
            (!items.is_empty()).then(|| Value::Array(items.iter().map(normalised).collect()))
        }
        (Keep::NamedSchemas, Value::Object(map)) => {
            let schemas: Object = map.iter().map(|(name, schema)| (name.clone(), normalised(schema))).collect();
            (!schemas.is_empty()).then_some(Value::Object(schemas))
        }
        // A value of another type than the keyword's is refused elsewhere.
        (Keep::Always | Keep::Number | Keep::Schemas | Keep::NamedSchemas, _) => Some(value.clone()),
    }
}

fn is_filled(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::Number(_) => true,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => !map.is_empty(),
    }
}

/// `1.0` is written `1`.
fn whole(number: &Number) -> Number {
    /// Above this a double has no exact integers.
    const LIMIT: f64 = 9_007_199_254_740_992.0;
    match number.as_f64() {
        #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
        Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < LIMIT => Number::from(float as i64),
        _ => number.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_keyword_table_is_sorted() {
        assert!(KEYWORDS.is_sorted_by(|left, right| left.0 < right.0));
    }

    #[test]
    fn drops_what_json_schema_props_does_not_hold() {
        let schema = json!({
            "type": "object", "description": "", "nullable": false, "x-vendor": 1, "required": [],
            "properties": {"a": {"type": "integer", "minimum": 1.0, "default": 0, "deprecated": true}},
            "additionalProperties": false,
        });
        let want = json!({
            "type": "object",
            "properties": {"a": {"type": "integer", "minimum": 1, "default": 0}},
            "additionalProperties": false,
        });
        assert_eq!(normalised(&schema), want);
    }
}
