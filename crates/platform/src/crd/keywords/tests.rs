//! What Crossplane's reader of schemas does with odd ones.

use serde_json::json;

use super::*;

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

#[test]
fn drops_the_empty_and_unknown_inside_rules_and_links() {
    let schema = json!({
        "externalDocs": {"url": "", "description": "d", "other": 1},
        "x-kubernetes-validations": [
            {"rule": "true", "message": "", "reason": "", "fieldPath": "", "optionalOldSelf": false, "other": 1},
            {"message": "m"},
            null,
        ],
    });
    let want = json!({
        "externalDocs": {"description": "d"},
        "x-kubernetes-validations": [
            {"rule": "true", "reason": "", "optionalOldSelf": false},
            {"rule": "", "message": "m"},
            {"rule": ""},
        ],
    });
    assert_eq!(normalised(&schema), want);
}

#[test]
fn names_of_keywords_may_be_in_any_case_except_below_items_and_additional_properties() {
    let schema = json!({
        "Type": "object", "Description": "loses", "description": "counts",
        "PROPERTIES": {"a": {"TYPE": "string"}},
        "additionalProperties": {"Type": "string", "properties": {"a": {"Type": "string"}}},
        "Items": {"type": "string", "Minlength": 1},
    });
    let want = json!({
        "type": "object", "description": "counts", "properties": {"a": {"type": "string"}},
        "additionalProperties": {"properties": {"a": {}}}, "items": {"type": "string"},
    });
    assert_eq!(normalised(&schema), want);
}

#[test]
fn null_is_the_empty_value_in_lists_and_maps_and_nothing_elsewhere() {
    let schema = json!({
        "type": null, "default": null, "enum": [null, 1.0], "required": [null], "allOf": [null],
        "properties": {"a": null}, "items": [], "dependencies": {"a": null, "b": ["c"], "d": {"Type": "x"}},
    });
    let want = json!({
        "enum": [null, 1], "required": [""], "allOf": [{}],
        "properties": {"a": {}}, "items": null, "dependencies": {"a": null, "b": ["c"], "d": {}},
    });
    assert_eq!(normalised(&schema), want);
}

#[test]
fn numbers_are_written_as_go_writes_them() {
    let schema = json!({
        "minimum": 9_007_199_254_740_993_u64, "maximum": 1_234_567_890_123_456_768_u64, "multipleOf": 0.5,
        "minLength": -0.0, "maxLength": 20.0, "default": {"a": [2.0, 2.5, 9_007_199_254_740_993_u64]},
    });
    let want = json!({
        "minimum": 9_007_199_254_740_992_u64, "maximum": 1_234_567_890_123_456_800_u64, "multipleOf": 0.5,
        "minLength": 0, "maxLength": 20, "default": {"a": [2, 2.5, 9_007_199_254_740_993_u64]},
    });
    assert_eq!(normalised(&schema), want);
}
