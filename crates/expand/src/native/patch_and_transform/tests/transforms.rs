//! One transform, one value; numbers are float64, as they are behind protobuf.

use super::*;

fn ok(input: Value, transform: Value, want: Value) {
    assert_eq!(transformed(&input, json!([transform])), Ok(want), "{transform} of {input}");
}

fn fails(input: Value, transform: Value, want: &str) {
    assert_eq!(transformed(&input, json!([transform])), Err(want.to_owned()), "{transform} of {input}");
}

fn string(kind: &str, field: &str, value: Value) -> Value {
    json!({"type": "string", "string": {"type": kind, field: value}})
}

#[test]
fn map_and_match() {
    let map = json!({"type": "map", "map": {"a": "b", "c": {"d": [1]}}});
    ok(json!("a"), map.clone(), json!("b"));
    ok(json!("c"), map.clone(), json!({"d": [1]}));
    fails(json!("z"), map.clone(), "map transform could not resolve: key z is not found in map");
    fails(json!(1), map, "map transform could not resolve: type float64 is not supported for map transform");
    let patterns =
        json!([{"type": "literal", "literal": "a", "result": 1}, {"type": "regexp", "regexp": "^b", "result": [2]}]);
    let matching = json!({"type": "match", "match": {"patterns": patterns, "fallbackValue": "f"}});
    ok(json!("a"), matching.clone(), json!(1));
    ok(json!("bc"), matching.clone(), json!([2]));
    ok(json!("c"), matching, json!("f"));
    let input = json!({"type": "match", "match": {"patterns": patterns, "fallbackTo": "Input"}});
    ok(json!("c"), input, json!("c"));
    let both = json!({"type": "match", "match": {"patterns": patterns, "fallbackTo": "Input", "fallbackValue": 1}});
    fails(
        json!("c"),
        both,
        "match transform could not resolve: cannot set both a fallback value and the fallback to input flag",
    );
}

#[test]
fn math() {
    let math = |kind: &str, field: &str, value: i64| json!({"type": "math", "math": {"type": kind, field: value}});
    ok(json!(3), math("Multiply", "multiply", 1024), json!(3072));
    ok(json!(1.5), math("Multiply", "multiply", 3), json!(4.5));
    ok(json!(1.5), math("ClampMin", "clampMin", 2), json!(2));
    // The bound is compared with the truncated value: 2.5 is no less than 2.
    ok(json!(2.5), math("ClampMax", "clampMax", 2), json!(2.5));
    ok(json!(3.5), math("ClampMax", "clampMax", 2), json!(2));
    fails(
        json!("3"),
        math("Multiply", "multiply", 2),
        "math transform could not resolve: input is required to be a number for math transformer, got string",
    );
}

#[test]
fn strings() {
    ok(json!(3), string("Format", "fmt", json!("%d|%[1]v")), json!("%!d(float64=3)|3"));
    ok(json!(1_000_000), string("Format", "fmt", json!("n-%v")), json!("n-1e+06"));
    ok(json!("aé"), string("Convert", "convert", json!("ToUpper")), json!("AÉ"));
    ok(json!({"a": [1, "x"]}), string("Convert", "convert", json!("ToJson")), json!("{\"a\":[1,\"x\"]}"));
    ok(json!({"a": "b"}), string("Convert", "convert", json!("ToUpper")), json!("MAP[A:B]"));
    ok(json!("hi"), string("Convert", "convert", json!("ToBase64")), json!("aGk="));
    ok(json!("aGk="), string("Convert", "convert", json!("FromBase64")), json!("hi"));
    ok(json!("hi"), string("Convert", "convert", json!("ToSha1")), json!("c22b5f9178342609428d6f51b2c5af4c0bde6a42"));
    ok(json!("Wikipedia"), string("Convert", "convert", json!("ToAdler32")), json!("300286872"));
    let base64 = "string transform could not resolve: string is not valid base64: illegal base64 data at input byte 0";
    fails(json!("*"), string("Convert", "convert", json!("FromBase64")), base64);
    ok(json!("abab"), string("TrimPrefix", "trim", json!("ab")), json!("ab"));
    ok(json!("abab"), string("TrimSuffix", "trim", json!("x")), json!("abab"));
    ok(json!("a-b-c"), string("Replace", "replace", json!({"search": "-", "replace": ""})), json!("abc"));
    ok(json!("id-42-x"), string("Regexp", "regexp", json!({"match": "-([0-9]+)", "group": 1})), json!("42"));
    fails(
        json!("x"),
        string("Regexp", "regexp", json!({"match": "y"})),
        "string transform could not resolve: regexp \"y\" had no matches for group 0",
    );
}

#[test]
fn join_cuts_off_one_byte_as_the_real_one_does() {
    let join = |separator: &str| string("Join", "join", json!({"separator": separator}));
    ok(json!(["a", 1, true]), join(","), json!("a,1,true"));
    ok(json!(["a", "b"]), join(", "), json!("a, b,"));
    ok(json!([]), join(","), json!(""));
    fails(json!("a"), join(","), "string transform could not resolve: could not parse input array");
}

#[test]
fn convert() {
    let convert = |to: &str, format: &str| json!({"type": "convert", "convert": {"toType": to, "format": format}});
    ok(json!("42"), convert("int", "none"), json!(42));
    ok(json!("T"), convert("bool", "none"), json!(true));
    ok(json!("1.5Gi"), convert("float64", "quantity"), json!(1_610_612_736_i64));
    // Zero times infinity, in Go too: found by the fuzz target `quantity`.
    fails(
        json!("0e527"),
        convert("float64", "quantity"),
        "convert transform could not resolve: json: unsupported value: NaN",
    );
    ok(json!("{\"a\":1}"), convert("object", "json"), json!({"a": 1}));
    ok(json!(3), convert("string", "none"), json!("3"));
    ok(json!(1e21), convert("string", "none"), json!("1000000000000000000000"));
    ok(json!(1), convert("bool", "none"), json!(true));
    ok(json!(2), convert("bool", "none"), json!(false));
    ok(json!(3.9), convert("int64", "none"), json!(3));
    fails(
        json!({}),
        convert("string", "none"),
        "convert transform could not resolve: invalid input type map[string]interface {}",
    );
    fails(
        json!(1),
        convert("array", "json"),
        "convert transform could not resolve: conversion from float64 to array is not supported with format json",
    );
}
