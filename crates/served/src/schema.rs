//! Structural schemas, built from their leaves.
//!
//! Owns the words in which the kinds are written down. Does not check that what is built is structural: the API server does,
//! in the end-to-end tests.

use plat_resource::{Map, Value};
use serde_json::json;

/// One node of a structural schema.
#[derive(Debug, Clone)]
pub(crate) struct Schema(Map<String, Value>);

/// An object with no fields yet.
pub(crate) fn object() -> Schema {
    Schema::of("object")
}

/// A text.
pub(crate) fn string() -> Schema {
    Schema::of("string")
}

/// True or false.
pub(crate) fn boolean() -> Schema {
    Schema::of("boolean")
}

/// A whole number of 32 bits.
pub(crate) fn int32() -> Schema {
    Schema::of("integer").format("int32")
}

/// A whole number of 64 bits.
pub(crate) fn int64() -> Schema {
    Schema::of("integer").format("int64")
}

/// A whole number, or a text: what that may say is somebody else's matter.
pub(crate) fn int_or_string() -> Schema {
    Schema(Map::new())
        .with("anyOf", json!([{"type": "integer"}, {"type": "string"}]))
        .with("x-kubernetes-int-or-string", true)
}

/// An amount, as `100m` or `1Gi`.
pub(crate) fn quantity() -> Schema {
    const NUMBER: &str = r"(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))";
    let pattern = format!(r"^(\+|-)?{NUMBER}(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?{NUMBER}))?$");
    int_or_string().with("pattern", pattern)
}

/// Anything at all.
pub(crate) fn anything() -> Schema {
    Schema(Map::new()).with("x-kubernetes-preserve-unknown-fields", true)
}

/// An object of which nothing is known but that it is one.
pub(crate) fn open_object() -> Schema {
    object().with("x-kubernetes-preserve-unknown-fields", true)
}

/// A list that does not say how it is merged.
pub(crate) fn list(item: Schema) -> Schema {
    Schema::of("array").with("items", item.0)
}

/// A list that is replaced as a whole.
pub(crate) fn atomic_list(item: Schema) -> Schema {
    list(item).with("x-kubernetes-list-type", "atomic")
}

/// A list whose items are told apart by these fields.
pub(crate) fn keyed_list(keys: &[&str], item: Schema) -> Schema {
    list(item).with("x-kubernetes-list-map-keys", keys).with("x-kubernetes-list-type", "map")
}

/// Texts under keys of any name.
pub(crate) fn string_map() -> Schema {
    map(string())
}

/// Values under keys of any name.
pub(crate) fn map(value: Schema) -> Schema {
    object().with("additionalProperties", value.0)
}

impl Schema {
    fn of(kind: &str) -> Self {
        Self(Map::new()).with("type", kind)
    }

    /// With a keyword.
    pub(crate) fn with(mut self, keyword: &str, value: impl Into<Value>) -> Self {
        self.0.insert(keyword.to_owned(), value.into());
        self
    }

    /// With the words that `kubectl explain` prints.
    pub(crate) fn about(self, text: &str) -> Self {
        self.with("description", text)
    }

    /// With a format.
    pub(crate) fn format(self, format: &str) -> Self {
        self.with("format", format)
    }

    /// With a value where there is none.
    pub(crate) fn default(self, value: impl Into<Value>) -> Self {
        self.with("default", value)
    }

    /// With all its possible values.
    pub(crate) fn one_of(self, values: &[&str]) -> Self {
        self.with("enum", values)
    }

    /// With a field that may be left out.
    pub(crate) fn field(mut self, name: &str, schema: Self) -> Self {
        let fields = self.0.entry("properties").or_insert_with(|| json!({}));
        if let Some(fields) = fields.as_object_mut() {
            fields.insert(name.to_owned(), schema.0.into());
        }
        self
    }

    /// With a field that must be there.
    pub(crate) fn required(mut self, name: &str, schema: Self) -> Self {
        let required = self.0.entry("required").or_insert_with(|| json!([]));
        if let Some(required) = required.as_array_mut() {
            required.push(name.into());
            // The order says nothing; sorted, it does not depend on how the fields are written down.
            required.sort_by(|left, right| left.as_str().cmp(&right.as_str()));
        }
        self.field(name, schema)
    }

    /// With fields of the same shape that may be left out.
    pub(crate) fn fields(self, names: &[&str], schema: &Self) -> Self {
        names.iter().fold(self, |whole, name| whole.field(name, schema.clone()))
    }

    /// With texts that may be left out.
    pub(crate) fn strings(self, names: &[&str]) -> Self {
        self.fields(names, &string())
    }

    /// With texts that must be there.
    pub(crate) fn required_strings(self, names: &[&str]) -> Self {
        names.iter().fold(self, |whole, name| whole.required(name, string()))
    }

    /// With a rule in CEL, and what is said where it does not hold.
    pub(crate) fn rule(mut self, rule: &str, message: &str) -> Self {
        let rules = self.0.entry("x-kubernetes-validations").or_insert_with(|| json!([]));
        if let Some(rules) = rules.as_array_mut() {
            rules.push(json!({"rule": rule, "message": message}));
        }
        self
    }

    /// Never changing once it is there.
    pub(crate) fn immutable(self) -> Self {
        self.rule("self == oldSelf", "Value is immutable")
    }

    /// Replaced as a whole by whoever applies it.
    pub(crate) fn atomic(self) -> Self {
        self.with("x-kubernetes-map-type", "atomic")
    }

    /// The schema as a value.
    pub(crate) fn into_value(self) -> Value {
        self.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_in_which_fields_are_written_down_does_not_matter() {
        let left = object().required("b", string()).field("c", int32()).required("a", boolean()).into_value();
        let right = object().required("a", boolean()).required("b", string()).field("c", int32()).into_value();
        assert_eq!(left, right);
        assert_eq!(left["required"], json!(["a", "b"]));
    }

    #[test]
    fn rules_keep_their_order() {
        let schema = object().immutable().rule("has(self.a)", "a is missing").into_value();
        let rules = &schema["x-kubernetes-validations"];
        assert_eq!(rules[0], json!({"rule": "self == oldSelf", "message": "Value is immutable"}));
        assert_eq!(rules[1], json!({"rule": "has(self.a)", "message": "a is missing"}));
    }
}
