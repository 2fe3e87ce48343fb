//! What OPA 1.22.2 answers to calls for which plat once had another answer; every value was printed by the real program.
#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use plat_rego::{Document, Limits, Module, Program, Version};
use serde_json::{Value, json};

/// The value of an expression; none where it is undefined.
fn eval(expression: &str) -> Option<Value> {
    let source = format!("package t\np = x {{ x := {expression} }}");
    let program = Program::compile(&[Module { name: "t", source: &source }], Version::V0).expect("it compiles");
    let nothing = Document::default();
    program.eval("data.t.p", &nothing, &nothing, Limits::default()).expect("it evaluates")
}

#[test]
fn versions() {
    let wanted = [
        (r#"semver.is_valid("v1.2.3")"#, Some(json!(true))),
        (r#"semver.is_valid("01.2.3")"#, Some(json!(false))),
        (r#"semver.is_valid("1.2.3-01")"#, Some(json!(false))),
        (r#"semver.compare("v1.2.3", "1.2.3-rc.1+x")"#, Some(json!(1))),
        (r#"semver.compare("1.2.3-2", "1.2.3-10")"#, Some(json!(-1))),
        (r#"semver.compare("1.2.3-a", "1.2.3-1")"#, Some(json!(1))),
        (r#"semver.compare("1.2", "1.2.0")"#, None),
    ];
    for (expression, value) in wanted {
        assert_eq!(eval(expression), value, "{expression}");
    }
}

#[test]
fn amounts() {
    let wanted = [
        (r#"units.parse("5.")"#, Some(json!(5))),
        (r#"units.parse("1n")"#, None),
        (r#"units.parse("1_000")"#, None),
        (r#"units.parse("1e3Mi")"#, Some(json!(1_048_576_000_i64))),
        (r#"units.parse_bytes("0.5")"#, Some(json!(0))),
        (r#"units.parse_bytes("1.5Gi")"#, Some(json!(1_610_612_736_i64))),
        (r#"units.parse_bytes("-0.5k")"#, Some(json!(-500))),
        (r#"units.parse_bytes("12E")"#, Some(json!(12_000_000_000_000_000_000_u64))),
        (r#"units.parse_bytes("1 Gi")"#, None),
    ];
    for (expression, value) in wanted {
        assert_eq!(eval(expression), value, "{expression}");
    }
}

#[test]
fn dates() {
    let wanted = [
        (r#"time.parse_ns("2006-01-02", "2020-01-02T03:04:05Z")"#, None),
        (r#"time.parse_ns("RFC1123", "Thu, 02 Jan 2020 03:04:05 MST")"#, Some(json!(1_577_934_245_000_000_000_i64))),
        (r#"time.parse_ns("2006-01-02 15:04:05.000", "2020-01-02 03:04:05.5")"#, None),
        (
            r#"time.parse_ns("2006-01-02 15:04:05.000", "2020-01-02 03:04:05.125")"#,
            Some(json!(1_577_934_245_125_000_000_i64)),
        ),
        (r#"time.parse_ns("Jan _2 2006 3:04PM", "feb  3 2021 12:07AM")"#, Some(json!(1_612_310_820_000_000_000_i64))),
        (r#"time.parse_ns("2006 002", "2024 366")"#, Some(json!(1_735_603_200_000_000_000_i64))),
        (r#"time.parse_ns("02/01/06 -0700", "28/02/69 +0130")"#, Some(json!(-26_530_200_000_000_000_i64))),
        (r#"time.parse_rfc3339_ns("2020-01-02T03:04:60Z")"#, None),
        (r#"time.parse_rfc3339_ns("2020-01-02T03:04:05,5Z")"#, Some(json!(1_577_934_245_500_000_000_i64))),
        (r#"time.parse_rfc3339_ns("2020-01-02t03:04:05z")"#, None),
        (r#"time.parse_rfc3339_ns("2023-02-29T00:00:00Z")"#, None),
        (r#"time.parse_rfc3339_ns("1677-09-21T00:12:43Z")"#, None),
        ("time.add_date(1582934400000000000, 1, -13, 30)", Some(json!(1_582_848_000_000_000_000_i64))),
        ("time.add_date(0, 0, 0, 200000)", None),
    ];
    for (expression, value) in wanted {
        assert_eq!(eval(expression), value, "{expression}");
    }
}

#[test]
fn encodings() {
    let wanted = [
        (r#"base64.decode("YQ==\n")"#, Some(json!("a"))),
        (r#"base64.is_valid("YW\r\nI=")"#, Some(json!(true))),
        (r#"base64url.decode("YQ=")"#, None),
        (r#"base64url.decode("YQ==\n")"#, None),
        (
            r#"yaml.marshal({"a": "10", "b": [1, {"c": ["x"]}], "d": ""})"#,
            Some(json!("a: \"10\"\nb:\n- 1\n- c:\n  - x\nd: \"\"\n")),
        ),
        (r#"lower("İ")"#, Some(json!("i"))),
        (r#"regex.split("", "")"#, Some(json!([]))),
        (r#"regex.split("a", "")"#, Some(json!([""]))),
    ];
    for (expression, value) in wanted {
        assert_eq!(eval(expression), value, "{expression}");
    }
}

#[test]
fn documents() {
    let wanted = [
        (r#"json.filter({"a": 1}, ["a/b"])"#, Some(json!({"a": 1}))),
        (r#"json.filter({"a": 1}, [""])"#, Some(json!({}))),
        (r#"json.remove({"a": 1, "b": {"c": 2}}, ["", "b/c"])"#, Some(json!({"a": 1, "b": {}}))),
        ("object.subset([], set())", Some(json!(false))),
        ("object.subset([1], set())", Some(json!(true))),
        (r#"graph.reachable_paths({"a": ["a"]}, ["a"])"#, Some(json!([["a", "a"]]))),
        (
            r#"graph.reachable_paths({"a": ["b", "c"], "b": ["a"], "c": []}, {"a"})"#,
            Some(json!([["a", "b"], ["a", "c"]])),
        ),
        (r#"uuid.parse("xf81d4fae-7dec-61d0-a765-00a0c91e6bf6y")"#, Some(json!({"variant": "RFC4122", "version": 6}))),
        (r#"uuid.parse("00000000-0000-0000-0000-000000000000")"#, Some(json!({"variant": "Reserved", "version": 0}))),
    ];
    for (expression, value) in wanted {
        assert_eq!(eval(expression), value, "{expression}");
    }
}

#[test]
fn networks() {
    let wanted = [
        (r#"net.cidr_contains("10.0.0.0/8", "::ffff:10.0.0.1")"#, Some(json!(true))),
        (r#"net.cidr_contains_matches("10.0.0.1", "10.0.0.1")"#, None),
        (r#"net.cidr_contains_matches(["10.0.0.0/8", "bad"], [])"#, Some(json!([]))),
        (r#"net.cidr_contains_matches({"a": ["10.0.0.0/8", 1]}, ["10.1.0.0/16", "::1"])"#, Some(json!([["a", 0]]))),
        (r#"net.cidr_merge(["10.0.0.1"])"#, Some(json!(["10.0.0.1/8"]))),
        (r#"net.cidr_merge(["10.0.0.1", "10.3.0.0/16"])"#, Some(json!(["10.0.0.0/8"]))),
        (r#"net.cidr_merge(["1::1"])"#, None),
    ];
    for (expression, value) in wanted {
        assert_eq!(eval(expression), value, "{expression}");
    }
}

#[test]
fn patterns() {
    let wanted = [
        (r#"glob.match("[a-]", null, "a")"#, None),
        (r#"glob.match("[ab-]", null, "-")"#, Some(json!(true))),
        (r#"glob.match("[!a-c]x", null, "dx")"#, Some(json!(true))),
        (r#"glob.match("[]a]", null, "a")"#, None),
        (r#"regex.template_match("urn:{.*}:x", "urn:a:x", "{", "}")"#, Some(json!(true))),
        (r#"regex.template_match("a{b", "a", "{", "}")"#, None),
        (r#"regex.template_match("x{a|b}.", "xb.", "{", "}")"#, Some(json!(true))),
        (r#"regex.template_match("x", "x", "", "")"#, None),
    ];
    for (expression, value) in wanted {
        assert_eq!(eval(expression), value, "{expression}");
    }
}

#[test]
fn rounding() {
    let wanted = [
        ("ceil(-0.75)", Some(json!(1))),
        ("floor(-0.75)", Some(json!(0))),
        ("ceil(-2.5)", Some(json!(-2))),
        ("floor(-2.5)", Some(json!(-3))),
    ];
    for (expression, value) in wanted {
        assert_eq!(eval(expression), value, "{expression}");
    }
}

#[test]
fn arguments_of_a_kind_that_is_never_taken_are_refused() {
    let refused = |body: &str| {
        let source = format!("package t\np {{ {body} }}");
        Program::compile(&[Module { name: "t", source: &source }], Version::V0)
            .err()
            .map(|errors| errors[0].message.clone())
    };
    for body in [
        "count(1)",
        "startswith(1, \"a\")",
        "x := 1; count(x)",
        "concat(\",\", [1])",
        "concat(\",\", {y | y := 1})",
        "sprintf(\"%d\", 5)",
        "startswith(count(input.a), \"a\")",
        "x := {\"a\": 1}; x & {1}",
        "{\"a\"} - 1 == 0; abs({1})",
        "not contains([\"a\"], \"a\")",
        "[y | y := input.a[_]; upper(2)]",
        "glob.match(\"a\", \".\", \"a\")",
        "sum([\"a\"])",
    ] {
        assert!(refused(body).is_some_and(|message| message.contains("invalid argument(s)")), "{body}");
    }
    for body in [
        "count(input.a)",
        "count({1} - {2})",
        "x := input.a; startswith(x, \"a\")",
        "some x; y := [x | x = input.a[_]]; concat(\",\", y)",
        "x := 1; [y | x := \"a\"; y := upper(x)]",
        "to_number(null) == 0",
        "glob.match(\"a\", null, \"a\")",
        "max(union({{1}, {2}})) == 2",
    ] {
        assert_eq!(refused(body), None, "{body}");
    }
}
