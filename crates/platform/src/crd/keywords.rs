//! An author's schema as Crossplane writes it into the CRD.
//!
//! Crossplane reads the schema into the API server's type and writes it again. So what the type does not have is lost on
//! the way, and what it cannot hold stops Crossplane from making the CRD. Owns both; which fields there are is said in
//! [`super::fields`].

use std::collections::HashSet;

use plat_resource::{FieldPath, Number, Object, Value, go, suggest};

use super::fields::{Field, KEYWORDS, Shape, Written};
use crate::cursor::{Cursor, Findings, kind_of};

/// How the name of a field is compared.
///
/// Go's reader of JSON takes names in any case. The type has readers of its own where a keyword holds one of two things,
/// and these want the case right in all that is below them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    Any,
    Exact,
}

impl Case {
    fn below(self, shape: Shape) -> Self {
        match shape {
            Shape::SchemaOrFlag | Shape::SchemaOrList | Shape::Dependencies => Self::Exact,
            _ => self,
        }
    }
}

/// `schema` with only what its type keeps. YAML bounds its depth, and so this recursion.
pub(super) fn normalised(schema: &Value) -> Value {
    kept(schema, KEYWORDS, Case::Any)
}

/// `value` with only what is kept of these fields. What is of a wrong type stays: it is reported elsewhere.
pub(super) fn kept(value: &Value, fields: &[Field], case: Case) -> Value {
    let Value::Object(map) = value else { return value.clone() };
    let mut result = Object::new();
    // The API server sends names in this order; of two that differ in case only, the later one counts.
    let mut entries: Vec<(&String, &Value)> = map.iter().collect();
    entries.sort_unstable_by_key(|(key, _)| *key);
    for (key, value) in entries {
        let Some((name, shape, written)) = field(fields, key, case) else { continue };
        match keep(value, shape, case) {
            Some(value) => put(&mut result, name, value),
            None if written == Written::Given => drop(result.remove(name)),
            None => {}
        }
    }
    for (name, _, written) in fields {
        match written {
            Written::Filled if result.get(*name).is_some_and(go::is_empty) => drop(result.remove(*name)),
            Written::Always => drop(result.entry(*name).or_insert_with(|| Value::String(String::new()))),
            Written::Filled | Written::Given => {}
        }
    }
    Value::Object(result)
}

/// A second map under one name, in another case, adds to the first; everything else takes its place.
fn put(object: &mut Object, name: &str, value: Value) {
    match (object.get_mut(name), value) {
        (Some(Value::Object(first)), Value::Object(second)) => first.extend(second),
        (_, value) => drop(object.insert(name.to_owned(), value)),
    }
}

fn field(fields: &[Field], key: &str, case: Case) -> Option<Field> {
    let exact = fields.binary_search_by(|(name, ..)| (*name).cmp(key)).ok().and_then(|index| fields.get(index));
    let any = || fields.iter().find(|(name, ..)| case == Case::Any && name.eq_ignore_ascii_case(key));
    exact.or_else(any).copied()
}

/// `None` for null.
fn keep(value: &Value, shape: Shape, case: Case) -> Option<Value> {
    let case = case.below(shape);
    let schema = |value: &Value| kept(&or_empty(value), KEYWORDS, case);
    let list = |each: &dyn Fn(&Value) -> Value| match value {
        Value::Array(items) => Value::Array(items.iter().map(each).collect()),
        _ => value.clone(),
    };
    let map = |each: &dyn Fn(&Value) -> Value| match value {
        Value::Object(map) => Value::Object(map.iter().map(|(key, value)| (key.clone(), each(value))).collect()),
        _ => value.clone(),
    };
    if value.is_null() {
        return None;
    }
    Some(match shape {
        Shape::Text | Shape::Flag => value.clone(),
        Shape::Integer | Shape::Any | Shape::Anys => stored(value),
        Shape::Number => double(value),
        Shape::Texts => list(&text_or_empty),
        Shape::Schema | Shape::SchemaOrFlag => kept(value, KEYWORDS, case),
        Shape::SchemaOrList => one_or_list(value, &schema),
        Shape::Schemas => list(&schema),
        Shape::NamedSchemas => map(&schema),
        Shape::Dependencies => map(&|value| one_or_list(value, &text_or_empty)),
        Shape::Object(fields) => kept(value, fields, case),
        Shape::Objects(fields) => list(&|value| kept(&or_empty(value), fields, case)),
    })
}

/// A schema, or a list that is not empty; null for the rest.
fn one_or_list(value: &Value, element: &dyn Fn(&Value) -> Value) -> Value {
    match value {
        Value::Object(_) => kept(value, KEYWORDS, Case::Exact),
        Value::Array(items) if !items.is_empty() => Value::Array(items.iter().map(element).collect()),
        _ => Value::Null,
    }
}

/// Go reads a null in a list or map as the empty value.
fn or_empty(value: &Value) -> Value {
    if value.is_null() { Value::Object(Object::new()) } else { value.clone() }
}

fn text_or_empty(value: &Value) -> Value {
    if value.is_null() { Value::String(String::new()) } else { value.clone() }
}

/// As the API server stores it: whole numbers without a fraction, `1.0` as `1`.
fn stored(value: &Value) -> Value {
    match value {
        Value::Number(number) => Value::Number(if number.is_i64() { number.clone() } else { shortest(number) }),
        Value::Array(items) => Value::Array(items.iter().map(stored).collect()),
        Value::Object(map) => Value::Object(map.iter().map(|(key, value)| (key.clone(), stored(value))).collect()),
        _ => value.clone(),
    }
}

fn double(value: &Value) -> Value {
    match value {
        Value::Number(number) => Value::Number(shortest(number)),
        _ => value.clone(),
    }
}

/// The number as Go writes the double: the fewest digits that mean it, filled up with zeros.
fn shortest(number: &Number) -> Number {
    let Some(float) = number.as_f64() else { return number.clone() };
    let whole = (float.fract() == 0.0).then(|| float.to_string().parse::<i64>().ok()).flatten();
    whole.map(Number::from).or_else(|| Number::from_f64(float)).unwrap_or_else(|| number.clone())
}

/// Warns of keywords that `JSONSchemaProps` does not have, and refuses values that it cannot hold; those at `refused`
/// are refused already. Vendor extensions (`x-`) are let be unless they look like a slip.
pub(crate) fn report_keywords(schema: &Cursor<'_>, refused: &HashSet<FieldPath>, findings: &mut Findings<'_>) {
    Report { refused, findings }.schema(schema, Case::Any);
}

/// The same for an object that has these fields.
pub(super) fn report_fields(object: &Cursor<'_>, fields: &[Field], findings: &mut Findings<'_>) {
    Report { refused: &HashSet::new(), findings }.object(object, fields, Case::Exact);
}

/// The same for a list of strings.
pub(super) fn report_texts(list: &Cursor<'_>, findings: &mut Findings<'_>) {
    Report { refused: &HashSet::new(), findings }.value(list, Shape::Texts, Case::Exact);
}

struct Report<'a, 'b> {
    refused: &'a HashSet<FieldPath>,
    findings: &'a mut Findings<'b>,
}

impl Report<'_, '_> {
    fn schema(&mut self, schema: &Cursor<'_>, case: Case) {
        self.object(schema, KEYWORDS, case);
    }

    fn object(&mut self, object: &Cursor<'_>, fields: &[Field], case: Case) {
        let Some(map) = object.value().as_object() else { return self.refuse(object, "an object") };
        for key in map.keys() {
            let Some(at) = object.get(key) else { continue };
            match field(fields, key, case) {
                Some((_, shape, _)) => self.value(&at, shape, case.below(shape)),
                None => self.unknown(&at, key, fields),
            }
        }
    }

    fn unknown(&mut self, at: &Cursor<'_>, key: &str, fields: &[Field]) {
        let known: Vec<&str> = fields.iter().map(|(name, ..)| *name).collect();
        if !key.starts_with("x-") || suggest::closest(key, known.iter().copied()).is_some() {
            self.findings.unknown_field(at, key, &known);
        }
    }

    fn value(&mut self, at: &Cursor<'_>, shape: Shape, case: Case) {
        let value = at.value();
        match shape {
            Shape::Text if !value.is_string() => self.refuse(at, "a string"),
            Shape::Flag if !value.is_boolean() => self.refuse(at, "true or false"),
            Shape::Integer if stored(value).as_i64().is_none() => self.refuse(at, "a whole number"),
            Shape::Number if !value.is_number() => self.refuse(at, "a number"),
            Shape::Text | Shape::Flag | Shape::Integer | Shape::Number | Shape::Any => {}
            Shape::Anys => self.list(at, |_, _| {}),
            Shape::Texts => self.list(at, |report, item| report.value(item, Shape::Text, case)),
            Shape::SchemaOrFlag if value.is_boolean() => {}
            Shape::Schema | Shape::SchemaOrFlag => self.schema(at, case),
            Shape::Schemas => self.list(at, |report, item| report.schema(item, case)),
            Shape::NamedSchemas => self.map(at, |report, value| report.schema(value, case)),
            Shape::SchemaOrList => self.one_or_list(at, |report, item| report.schema(item, case)),
            Shape::Dependencies => self.map(at, |report, value| {
                report.one_or_list(value, |report, item| report.value(item, Shape::Text, case));
            }),
            Shape::Object(fields) => self.object(at, fields, case),
            Shape::Objects(fields) => self.list(at, |report, item| report.object(item, fields, case)),
        }
    }

    fn list(&mut self, at: &Cursor<'_>, each: impl Fn(&mut Self, &Cursor<'_>)) {
        if !at.value().is_array() {
            return self.refuse(at, "a list");
        }
        at.items().iter().filter(|item| !item.value().is_null()).for_each(|item| each(self, item));
    }

    fn map(&mut self, at: &Cursor<'_>, each: impl Fn(&mut Self, &Cursor<'_>)) {
        if !at.value().is_object() {
            return self.refuse(at, "an object");
        }
        at.fields().iter().filter(|value| !value.value().is_null()).for_each(|value| each(self, value));
    }

    fn one_or_list(&mut self, at: &Cursor<'_>, each: impl Fn(&mut Self, &Cursor<'_>)) {
        match at.value() {
            Value::Object(_) => self.schema(at, Case::Exact),
            Value::Array(_) => self.list(at, each),
            // Becomes null, which the API server speaks about.
            _ => {}
        }
    }

    fn refuse(&mut self, at: &Cursor<'_>, wanted: &str) {
        if !self.refused.contains(at.path()) {
            self.findings.error(at, format!("is {}, must be {wanted}", kind_of(at.value())));
        }
    }
}

#[cfg(test)]
mod tests;
