use serde_json::{Value, json};

use super::{Schema, ViolationKind};
use crate::FieldPath;

fn spec(schema: &Value) -> Schema {
    Schema::compile(&json!({"type": "object", "properties": {"spec": schema}})).unwrap()
}

fn messages(schema: &Value, value: impl Into<Value>) -> Vec<String> {
    spec(schema)
        .validate(&json!({"spec": value.into()}), None)
        .violations
        .into_iter()
        .map(|violation| violation.message)
        .collect()
}

fn refused(schema: &Value) -> Vec<String> {
    Schema::compile(schema).unwrap_err().iter().map(ToString::to_string).collect()
}

fn database() -> Value {
    json!({"type": "object", "required": ["engine"], "properties": {
        "engine": {"type": "string", "enum": ["postgres", "mariadb"], "description": "What runs."},
        "storageGB": {"type": "integer", "minimum": 20, "maximum": 100, "default": 20},
        "name": {"type": "string", "maxLength": 5, "minLength": 2, "pattern": "^[a-z]+$"},
        "tags": {"type": "array", "maxItems": 2, "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "port": {"x-kubernetes-int-or-string": true},
        "when": {"type": "string", "format": "date-time"},
        "ratio": {"type": "number", "multipleOf": 0.5},
        "note": {"type": "string", "nullable": true},
        "rules": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
            "items": {"type": "object", "required": ["name"], "properties": {
                "name": {"type": "string"}, "size": {"type": "integer", "default": 1}}}},
        "raw": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
    }})
}

#[test]
fn violations_are_in_the_words_of_the_api_server() {
    let cases = [
        (
            json!({"engine": "postgres", "storageGB": "50"}),
            "spec.storageGB: Invalid value: \"string\": spec.storageGB in body must be of type integer: \"string\"",
        ),
        (json!({}), "spec.engine: Required value"),
        (
            json!({"engine": "oracle"}),
            "spec.engine: Unsupported value: \"oracle\": supported values: \"postgres\", \"mariadb\"",
        ),
        (
            json!({"engine": "postgres", "storageGB": 5}),
            "spec.storageGB: Invalid value: 5: spec.storageGB in body should be greater than or equal to 20",
        ),
        (
            json!({"engine": "postgres", "storageGB": 500}),
            "spec.storageGB: Invalid value: 500: spec.storageGB in body should be less than or equal to 100",
        ),
        (json!({"engine": "postgres", "name": "toolong"}), "spec.name: Too long: may not be more than 5 bytes"),
        (
            json!({"engine": "postgres", "name": "a"}),
            "spec.name: Invalid value: \"a\": spec.name in body should be at least 2 chars long",
        ),
        (
            json!({"engine": "postgres", "name": "A1"}),
            "spec.name: Invalid value: \"A1\": spec.name in body should match '^[a-z]+$'",
        ),
        (json!({"engine": "postgres", "tags": ["a", "b", "c"]}), "spec.tags: Too many: 3: must have at most 2 items"),
        (json!({"engine": "postgres", "tags": ["a", "a"]}), "spec.tags[1]: Duplicate value: \"a\""),
        (
            json!({"engine": "postgres", "labels": {"a": 1}}),
            "spec.labels.a: Invalid value: \"integer\": spec.labels.a in body must be of type string: \"integer\"",
        ),
        (
            json!({"engine": "postgres", "port": 1.5}),
            "spec.port: Invalid value: \"number\": spec.port in body must be of type integer,string: \"number\"",
        ),
        (
            json!({"engine": "postgres", "when": "noon"}),
            "spec.when: Invalid value: \"noon\": spec.when in body must be of type date-time: \"noon\"",
        ),
        (
            json!({"engine": "postgres", "ratio": 0.7}),
            "spec.ratio: Invalid value: 0.7: spec.ratio in body should be a multiple of 0.5",
        ),
        (
            json!({"engine": "postgres", "raw": []}),
            "spec.raw: Invalid value: \"array\": spec.raw in body must be of type object: \"array\"",
        ),
        (
            json!({"engine": "postgres", "name": null}),
            "spec.name: Invalid value: \"null\": spec.name in body must be of type string: \"null\"",
        ),
        (
            json!({"engine": "postgres", "rules": [{"name": "a"}, {"name": "a"}]}),
            "spec.rules[1]: Duplicate value: {\"name\":\"a\"}",
        ),
    ];
    for (value, want) in cases {
        assert_eq!(messages(&database(), value), [want]);
    }
    let fine =
        json!({"engine": "mariadb", "storageGB": 20.0, "port": "http", "note": null, "ratio": 3.0, "raw": {"x": [1]}});
    assert_eq!(messages(&database(), fine), Vec::<String>::new());
}

#[test]
fn defaults_fill_gaps_and_forbidden_nulls() {
    let schema = spec(&database());
    let mut object = json!({"spec": {"storageGB": null, "name": null, "note": null, "rules": [{"name": "a"}]}});
    schema.apply_defaults(&mut object);
    assert_eq!(object, json!({"spec": {"storageGB": 20, "note": null, "rules": [{"name": "a", "size": 1}]}}));
}

#[test]
fn pruning_lists_what_it_takes() {
    let schema = spec(&database());
    let mut object = json!({"apiVersion": "a/v1", "kind": "K", "metadata": {"name": "n", "nme": "x"}, "other": 1,
        "spec": {"storageGb": 1, "raw": {"kept": {"all": 1}}, "labels": {"any": "v"}, "rules": [{"nam": "x"}]}});
    let removed: Vec<String> = schema.prune(&mut object).iter().map(ToString::to_string).collect();
    assert_eq!(removed, ["metadata.nme", "other", "spec.rules[0].nam", "spec.storageGb"]);
    let kept = json!({"apiVersion": "a/v1", "kind": "K", "metadata": {"name": "n"},
        "spec": {"raw": {"kept": {"all": 1}}, "labels": {"any": "v"}, "rules": [{}]}});
    assert_eq!(object, kept);
}

#[test]
fn combinations_tell_the_best_failure() {
    let schema = json!({"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
        "oneOf": [{"required": ["a"]}, {"required": ["b"]}]});
    assert_eq!(
        messages(&schema, json!({})),
        [
            "<nil>: Invalid value: \"\": \"spec\" must validate one and only one schema (oneOf). Found none valid",
            "spec.a: Required value",
        ]
    );
    assert_eq!(
        messages(&schema, json!({"a": "x", "b": "y"})),
        [
            "<nil>: Invalid value: \"\": \"spec\" must validate one and only one schema (oneOf). Found 2 valid alternatives"
        ]
    );
    assert_eq!(messages(&schema, json!({"a": "x"})), Vec::<String>::new());
}

#[test]
fn schemas_that_are_not_structural_are_refused() {
    assert_eq!(
        refused(&json!({"type": "object", "properties": {"spec": {}}})),
        ["properties.spec.type: Required value: must not be empty for specified object fields"]
    );
    assert_eq!(
        refused(&json!({"type": "array", "items": {"type": "string"}})),
        ["type: Invalid value: \"array\": must be object at the root"]
    );
    assert_eq!(
        refused(&json!({"type": "object", "properties": {"a": {"type": "string", "pattern": "("}}})),
        [
            "properties.a.pattern: Invalid value: \"(\": must be a valid regular expression, but isn't: error parsing regexp: missing closing ): `(`"
        ]
    );
    assert_eq!(
        refused(&json!({"type": "object", "properties": {"a": {"type": "strng"}}})),
        [
            "properties.a.type: Unsupported value: \"strng\": supported values: \"array\", \"boolean\", \"integer\", \"number\", \"object\", \"string\"",
            "properties.a.type: Required value: must not be empty for specified object fields",
        ]
    );
    assert_eq!(
        refused(&json!({"type": "object", "anyOf": [{"properties": {"b": {"type": "string"}}}]})),
        [
            "anyOf[0].properties.b.type: Forbidden: must be empty to be structural",
            "properties.b: Required value: because it is defined in anyOf[0].properties[b]",
        ]
    );
}

#[test]
fn an_update_need_not_mend_what_it_does_not_touch() {
    let schema = spec(&database());
    let old = json!({"spec": {"engine": "oracle", "storageGB": 5}});
    let new = json!({"spec": {"engine": "oracle", "storageGB": 6}});
    let validation = schema.validate(&new, Some(&old));
    assert_eq!(validation.violations.len(), 1);
    assert_eq!(validation.violations[0].kind, ViolationKind::Invalid);
}

#[test]
fn explains_like_kubectl() {
    let schema = spec(&database());
    let explained = schema.explain(&FieldPath::parse("spec").unwrap()).unwrap();
    let lines: Vec<String> = explained
        .fields
        .iter()
        .map(|field| {
            format!(
                "{} {} {}{}",
                field.name,
                field.type_name,
                if field.required { "-required- " } else { "" },
                field.limits.join(", ")
            )
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    engine <string> -required- 
    labels <map[string]string> 
    name <string> min length 2, max length 5, pattern ^[a-z]+$
    note <string> nullable
    port <IntOrString> 
    ratio <number> multiple of 0.5
    raw <Object> 
    rules <[]Object> 
    storageGB <integer> minimum 20, maximum 100
    tags <[]string> max items 2
    when <string> format date-time
    ");
    let rules = schema.explain(&FieldPath::parse("spec.rules.size").unwrap()).unwrap();
    assert_eq!((rules.type_name.as_str(), rules.default), ("<integer>", Some(json!(1))));
    assert_eq!(schema.explain(&FieldPath::parse("spec.nope").unwrap()), None);
}
