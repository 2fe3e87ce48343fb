//! Laws that hold for every schema and every value.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use serde_json::{Map, Value, json};

use super::Schema;

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e22f64..1e22).prop_map(Value::from),
        "[a-z0-9<\"é\n]{0,4}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-c]|apiVersion|kind|metadata", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Structural schemas over the keys that [`value`] uses.
fn schema() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        (any::<bool>(), prop::option::of("[a-z]{1,3}")).prop_map(|(nullable, default)| {
            with_default(json!({"type": "string", "nullable": nullable, "maxLength": 3}), default)
        }),
        prop::option::of(0i64..9)
            .prop_map(|default| with_default(json!({"type": "integer", "minimum": 3, "maximum": 1e20}), default)),
        Just(json!({"type": "number", "multipleOf": 0.5, "format": "float"})),
        Just(json!({"type": "boolean"})),
        Just(json!({"x-kubernetes-int-or-string": true})),
        Just(json!({"type": "string", "format": "date-time", "enum": ["a", null, 1]})),
        Just(
            json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true, "x-kubernetes-embedded-resource": true})
        ),
    ];
    leaf.prop_recursive(3, 16, 3, |inner| {
        let rules = json!([{"rule": "has(self.a) ? self.a != 'b' : self.b > 1"}, {"rule": "self == oldSelf"}]);
        prop_oneof![
            inner.clone().prop_map(|items| json!({"type": "array", "items": items, "maxItems": 2})),
            inner
                .clone()
                .prop_map(|values| json!({"type": "object", "additionalProperties": values, "default": {"a": null}})),
            prop::collection::btree_map("[a-c]", inner, 1..3).prop_map(move |properties| {
                let properties: Map<String, Value> = properties.into_iter().collect();
                json!({"type": "object", "properties": properties, "anyOf": [{"required": ["a"]}, {"required": ["b"]}],
                    "x-kubernetes-validations": rules})
            }),
        ]
    })
}

fn with_default(mut schema: Value, default: Option<impl Into<Value>>) -> Value {
    if let (Some(map), Some(default)) = (schema.as_object_mut(), default) {
        map.insert("default".to_owned(), default.into());
    }
    schema
}

/// `None` for the few whose defaults are not valid.
fn root(properties: &Value) -> Option<Schema> {
    Schema::compile(&json!({"type": "object", "properties": {"a": properties}})).ok()
}

#[test]
fn schemas_made_here_compile() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let made = (0..200).filter(|_| root(&schema().new_tree(&mut runner).unwrap().current()).is_some()).count();
    assert!(made > 150, "{made} of 200");
}

proptest! {
    #[test]
    fn defaulting_twice_is_defaulting_once(schema in schema(), value in value()) {
        let Some(schema) = root(&schema) else { return Ok(()) };
        let mut once = json!({"a": value});
        schema.apply_defaults(&mut once);
        let mut twice = once.clone();
        schema.apply_defaults(&mut twice);
        prop_assert_eq!(once, twice);
    }

    #[test]
    fn pruning_twice_takes_nothing_more(schema in schema(), value in value()) {
        let Some(schema) = root(&schema) else { return Ok(()) };
        let mut object = json!({"a": value, "metadata": {"name": "n"}});
        schema.prune(&mut object);
        let once = object.clone();
        prop_assert_eq!(schema.prune(&mut object), vec![]);
        prop_assert_eq!(once, object);
    }

    #[test]
    fn an_object_may_always_stay_as_it_is(schema in schema(), value in value()) {
        let Some(schema) = root(&schema) else { return Ok(()) };
        let object = json!({"a": value});
        let outcome = super::validate::ratcheted(&object, Some(&object), &schema.root, &super::place::Place::ROOT);
        prop_assert!(outcome.is_valid());
        let _ = schema.validate(&object, None);
    }

    #[test]
    fn no_schema_panics(schema in value(), object in value()) {
        if let Ok(schema) = Schema::compile(&schema) {
            let _ = schema.validate(&object, None);
        }
        let odd = json!({"type": schema, "properties": schema, "items": object, "enum": schema, "x-kubernetes-validations": [schema, {"rule": object}]});
        let _ = Schema::compile(&odd);
    }

    #[test]
    fn no_rule_panics(rule in r#"[a-z0-9.()\[\]{}'"\\ +*?:!<=&|,-]{0,24}"#) {
        let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}, "x-kubernetes-validations": [{"rule": rule}]});
        if let Ok(schema) = Schema::compile(&schema) {
            let _ = schema.validate(&json!({"a": "b"}), None);
        }
    }
}

#[test]
fn deep_schemas_are_refused_and_deep_values_walked() {
    let nested = |depth: usize, leaf: Value| {
        (0..depth).fold(leaf, |inner, _| json!({"type": "object", "properties": {"a": inner}}))
    };
    let run = move || {
        let errors = Schema::compile(&nested(120, json!({"type": "string"}))).unwrap_err();
        assert_eq!(errors.len(), 1);
        assert!(errors[0].message.contains("nests deeper"));
        let schema = Schema::compile(&nested(90, json!({"type": "string"}))).unwrap();
        let mut object = (0..120).fold(json!(1), |inner, _| json!({"a": inner}));
        assert_eq!(schema.validate(&object, None).violations.len(), 1);
        schema.apply_defaults(&mut object);
        schema.prune(&mut object);
    };
    std::thread::Builder::new().stack_size(2 << 20).spawn(run).unwrap().join().unwrap();
}

#[test]
fn schemas_are_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Schema>();
}
