//! Refusals before anything runs: the first fault, in Kubernetes' words.

use super::*;

fn of_patch(patch: Value) -> String {
    let message = refused(&one(json!([patch])));
    message.strip_prefix("invalid Function input: resources[0].patches[0].").unwrap_or(&message).to_owned()
}

fn of_transform(transform: Value) -> String {
    let message = of_patch(json!({"fromFieldPath": "a", "transforms": [transform]}));
    message.strip_prefix("transforms[0].").unwrap_or(&message).to_owned()
}

fn of_check(check: Value) -> String {
    let input = json!({"resources": [{"name": "a", "base": {"kind": "K"}, "readinessChecks": [check]}]});
    let message = refused(&input);
    message.strip_prefix("invalid Function input: resources[0].readinessChecks[0].").unwrap_or(&message).to_owned()
}

#[test]
fn inputs() {
    let needed = "invalid Function input: resources: Required value: resources or environment patches are required";
    assert_eq!(refused(&json!({})), needed);
    assert_eq!(refused(&json!({"resources": [], "environment": {"patches": []}})), needed);
    let unnamed = json!({"resources": [{"base": {"kind": "K"}}]});
    assert_eq!(refused(&unnamed), "invalid Function input: resources[0].name: Required value: name is required");
    let lost = one(json!([{"type": "PatchSet", "patchSetName": "gone"}]));
    assert_eq!(refused(&lost), "cannot resolve PatchSets: cannot find PatchSet by name gone");
    let nested = json!({
        "patchSets": [{"name": "s", "patches": [{"type": "PatchSet"}]}],
        "resources": [{"name": "a", "base": {"kind": "K"}}],
    });
    let want = "invalid Function input: patches[0].patchSetName: Required value: patchSetName must be set for patch type PatchSet";
    assert_eq!(refused(&nested), want);
    assert!(refused(&json!({"resource": []})).starts_with("cannot get Function input: "));
}

#[test]
fn patches() {
    let cases = [
        (json!({}), "fromFieldPath: Required value: fromFieldPath must be set for patch type FromCompositeFieldPath"),
        (json!({"type": "PatchSet"}), "patchSetName: Required value: patchSetName must be set for patch type PatchSet"),
        (
            json!({"type": "CombineFromComposite"}),
            "combine: Required value: combine must be set for patch type CombineFromComposite",
        ),
        (
            json!({"type": "CombineToComposite", "combine": {"strategy": "string"}}),
            "toFieldPath: Required value: toFieldPath must be set for patch type CombineToComposite",
        ),
        (json!({"type": "Nope"}), "type: Invalid value: \"Nope\": unknown patch type"),
    ];
    for (patch, want) in cases {
        assert_eq!(of_patch(patch.clone()), want, "{patch}");
    }
    let policy = of_patch(json!({"fromFieldPath": "a", "policy": {"toFieldPath": "Nope"}}));
    assert!(policy.contains("unknown toFieldPathPolicy"), "{policy}");
}

#[test]
fn transforms() {
    let missing = |kind: &str| format!("{kind}: Required value: given transform type {kind} requires configuration");
    for kind in ["map", "match", "math", "string", "convert"] {
        assert_eq!(of_transform(json!({"type": kind})), missing(kind));
    }
    let contains = [
        (json!({"type": "Nope"}), "unknown transform type"),
        (json!({"type": "map", "map": {}}), "at least one pair must be specified if a map transform is specified"),
        (
            json!({"type": "match", "match": {}}),
            "at least one pattern must be specified if a match transform is specified",
        ),
        (json!({"type": "math", "math": {}}), "math transform type is required"),
        (
            json!({"type": "math", "math": {"type": "Multiply"}}),
            "must specify a value if a multiply math transform is specified",
        ),
        (
            json!({"type": "math", "math": {"type": "ClampMin"}}),
            "must specify a value if a clamp min math transform is specified",
        ),
        (json!({"type": "string", "string": {}}), "string transform type is required"),
        (json!({"type": "string", "string": {"type": "Format"}}), "format transform requires a format"),
        (json!({"type": "string", "string": {"type": "Regexp"}}), "regexp transform requires a regexp"),
        (json!({"type": "string", "string": {"type": "Regexp", "regexp": {"match": "("}}}), "invalid regexp"),
        (
            json!({"type": "string", "string": {"type": "Replace", "replace": {"search": ""}}}),
            "replace transform requires a search",
        ),
        (json!({"type": "convert", "convert": {"toType": "number"}}), "invalid type"),
        (json!({"type": "convert", "convert": {"toType": "string", "format": "x"}}), "invalid format"),
    ];
    for (transform, want) in contains {
        let message = of_transform(transform.clone());
        assert!(message.contains(want), "{transform}: {message}");
    }
}

#[test]
fn readiness_checks_and_connection_details() {
    assert_eq!(
        of_check(json!({"type": "MatchString", "fieldPath": "a"})),
        "matchString: Required value: cannot be nil for type MatchString"
    );
    assert_eq!(
        of_check(json!({"type": "MatchInteger", "fieldPath": "a"})),
        "matchInteger: Required value: cannot be nil for type MatchInteger"
    );
    assert_eq!(of_check(json!({"type": "NonEmpty"})), "fieldPath: Required value: cannot be empty");
    assert!(of_check(json!({"type": "Nope"})).contains("unknown readiness check type"));
    let detail = |detail: Value| {
        refused(&json!({"resources": [{"name": "a", "base": {"kind": "K"}, "connectionDetails": [detail]}]}))
    };
    assert!(detail(json!({"name": "n"})).ends_with("type: Required value: connection detail type is required"));
    assert!(detail(json!({"type": "FromValue", "value": "v"})).ends_with("name: Required value: name is required"));
}
