//! What a dry run takes for the output of an action that it must not run.

use crate::data::Data;

/// A value like those that a schema describes.
pub fn example_output(schema: &Data) -> Option<Data> {
    if let Some(Data::Array(examples)) = schema.get("examples") {
        return examples.first().cloned();
    }
    Some(match schema.get("type").and_then(Data::as_str) {
        Some("object") => {
            let properties = schema.get("properties").and_then(Data::as_object);
            let fields = properties.into_iter().flatten();
            Data::object(fields.filter_map(|(name, schema)| Some((name.clone(), example_output(schema)?))))
        }
        Some("array") => {
            let first = match schema.get("items") {
                Some(Data::Array(schemas)) => schemas.first(),
                schema => schema,
            };
            let first = first.filter(|schema| schema.is_truthy());
            Data::Array(first.map(|schema| example_output(schema).unwrap_or_default()).into_iter().collect())
        }
        Some("string") => Data::from("<example>"),
        Some("number") => Data::Number(0.0),
        Some("boolean") => Data::Bool(false),
        _ => Data::from("<unknown>"),
    })
}
