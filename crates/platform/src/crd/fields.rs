//! What Crossplane can hold of an XRD: the fields of `JSONSchemaProps` and of the CRD's parts that it copies.

/// What a field holds.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    /// A string.
    Text,
    /// A boolean.
    Flag,
    /// A whole number of 64 bits.
    Integer,
    /// A number, kept as a double.
    Number,
    /// Anything.
    Any,
    /// A list of anything.
    Anys,
    /// A list of strings.
    Texts,
    /// One schema.
    Schema,
    /// One schema or a boolean.
    SchemaOrFlag,
    /// One schema or a list of them; anything else becomes null.
    SchemaOrList,
    /// A list of schemas.
    Schemas,
    /// A map of schemas.
    NamedSchemas,
    /// A map of schemas or lists of strings; anything else in it becomes null.
    Dependencies,
    /// An object of these fields.
    Object(&'static [Field]),
    /// A list of objects of these fields.
    Objects(&'static [Field]),
}

/// When a field is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// Where it is given and not null.
    Given,
    /// Unless it is empty: an empty text, list or map, false, zero.
    Filled,
    /// Always; an empty text where it is not given.
    Always,
}

use Shape::{
    Any, Anys, Dependencies, Flag, Integer, NamedSchemas, Number, Object, Objects, Schema, SchemaOrFlag, SchemaOrList,
    Schemas, Text, Texts,
};
use Written::{Always, Filled, Given};

/// Name, what it holds, when it is written.
pub(super) type Field = (&'static str, Shape, Written);

const DOCS: &[Field] = &[("description", Text, Filled), ("url", Text, Filled)];

const RULE: &[Field] = &[
    ("fieldPath", Text, Filled),
    ("message", Text, Filled),
    ("messageExpression", Text, Filled),
    ("optionalOldSelf", Flag, Given),
    ("reason", Text, Given),
    ("rule", Text, Always),
];

/// The keywords of a schema.
pub(super) const KEYWORDS: &[Field] = &[
    ("$ref", Text, Given),
    ("$schema", Text, Filled),
    ("additionalItems", SchemaOrFlag, Given),
    ("additionalProperties", SchemaOrFlag, Given),
    ("allOf", Schemas, Filled),
    ("anyOf", Schemas, Filled),
    ("default", Any, Given),
    ("definitions", NamedSchemas, Filled),
    ("dependencies", Dependencies, Filled),
    ("description", Text, Filled),
    ("enum", Anys, Filled),
    ("example", Any, Given),
    ("exclusiveMaximum", Flag, Filled),
    ("exclusiveMinimum", Flag, Filled),
    ("externalDocs", Object(DOCS), Given),
    ("format", Text, Filled),
    ("id", Text, Filled),
    ("items", SchemaOrList, Given),
    ("maxItems", Integer, Given),
    ("maxLength", Integer, Given),
    ("maxProperties", Integer, Given),
    ("maximum", Number, Given),
    ("minItems", Integer, Given),
    ("minLength", Integer, Given),
    ("minProperties", Integer, Given),
    ("minimum", Number, Given),
    ("multipleOf", Number, Given),
    ("not", Schema, Given),
    ("nullable", Flag, Filled),
    ("oneOf", Schemas, Filled),
    ("pattern", Text, Filled),
    ("patternProperties", NamedSchemas, Filled),
    ("properties", NamedSchemas, Filled),
    ("required", Texts, Filled),
    ("title", Text, Filled),
    ("type", Text, Filled),
    ("uniqueItems", Flag, Filled),
    ("x-kubernetes-embedded-resource", Flag, Filled),
    ("x-kubernetes-int-or-string", Flag, Filled),
    ("x-kubernetes-list-map-keys", Texts, Filled),
    ("x-kubernetes-list-type", Text, Given),
    ("x-kubernetes-map-type", Text, Given),
    ("x-kubernetes-preserve-unknown-fields", Flag, Given),
    ("x-kubernetes-validations", Objects(RULE), Filled),
];

/// The fields of a printer column.
pub(super) const COLUMN: &[Field] = &[
    ("description", Text, Filled),
    ("format", Text, Filled),
    ("jsonPath", Text, Always),
    ("name", Text, Always),
    ("priority", Integer, Filled),
    ("type", Text, Always),
];

/// The fields of the scale subresource.
pub(super) const SCALE: &[Field] =
    &[("labelSelectorPath", Text, Given), ("specReplicasPath", Text, Always), ("statusReplicasPath", Text, Always)];

const SERVICE: &[Field] =
    &[("name", Text, Always), ("namespace", Text, Always), ("path", Text, Given), ("port", Integer, Given)];

const CLIENT: &[Field] = &[("caBundle", Text, Filled), ("service", Object(SERVICE), Given), ("url", Text, Given)];

const WEBHOOK: &[Field] = &[("clientConfig", Object(CLIENT), Given), ("conversionReviewVersions", Texts, Given)];

/// The fields of the conversion between versions.
pub(super) const CONVERSION: &[Field] = &[("strategy", Text, Always), ("webhook", Object(WEBHOOK), Given)];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keyword_table_is_sorted() {
        assert!(KEYWORDS.is_sorted_by(|left, right| left.0 < right.0));
    }
}
