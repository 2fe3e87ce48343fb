//! What OPA 1.22.2 answers to each of these; every value was printed by the real program.
#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use plat_rego::{Document, EvalError, Limits, Module, Program, Version};
use serde_json::{Value, json};

fn compile(source: &str, version: Version) -> Result<Program, String> {
    Program::compile(&[Module { name: "test.rego", source }], version)
        .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

fn eval(source: &str, input: &Value) -> Result<Option<Value>, EvalError> {
    let program = compile(&format!("package t\n{source}"), Version::V0).expect("it compiles");
    program.eval("data.t.p", &Document::new(input), &Document::default(), Limits::default())
}

#[track_caller]
fn check(source: &str, input: &Value, want: &Value) {
    assert_eq!(eval(source, input), Ok(Some(want.clone())), "{source}");
}

#[test]
fn bodies_may_follow_each_other() {
    check("p[x] { x := 1 } { x := 2 }", &json!({}), &json!([1, 2]));
    check("p { input.a } { input.b }", &json!({"b": 1}), &json!(true));
}

#[test]
fn a_parenthesis_on_a_new_line_begins_an_expression() {
    check("p = x {\n x := input.f\n (x == 1)\n}", &json!({"f": 1}), &json!(1));
}

#[test]
fn an_undefined_argument_is_outside_of_not() {
    let rule = "f(x) { x == 1 }\nq { not f(input.a) }\np { not q }";
    check(rule, &json!({}), &json!(true));
    check("q { not input.a != 1 }\np { not q }", &json!({}), &json!(true));
    check("p { not input.a == 1 }", &json!({}), &json!(true));
    check("p { not input.a[input.b] }\n", &json!({"b": "x"}), &json!(true));
    assert_eq!(eval("p { not input.a[input.b] }", &json!({})), Ok(None));
    assert_eq!(eval("p { not object.get(input.a, [\"b\"], false) }", &json!({})), Ok(None));
}

#[test]
fn an_undefined_head_leaves_only_its_element_out() {
    let input = json!({"c": [{"name": "a", "i": 1}, {"i": 2}, {"name": "b"}]});
    check("p[c.name] = c.i { c := input.c[_] }", &input, &json!({"a": 1}));
    check("p = [c.i | c := input.c[_]]", &input, &json!([1, 2]));
    check("p = {c.name: c.i | c := input.c[_]}", &input, &json!({"a": 1}));
    check("p[{\"msg\": sprintf(\"%v\", [c.i])}] { c := input.c[_] }", &input, &json!([{"msg": "1"}, {"msg": "2"}]));
}

#[test]
fn sprintf_prints_as_go_does() {
    check("p = sprintf(\"%v %d %s\", [1.0, 1.5, set()])", &json!({}), &json!("1 %!d(float64=1.5) set()"));
    check("p = sprintf(\"%v %v\", [{1, \"a\"}])", &json!({}), &json!("{1, \"a\"} %!v(MISSING)"));
    check("p = sprintf(\"%s\", [\"a\", 2])", &json!({}), &json!("a%!(EXTRA int64=2)"));
}

#[test]
fn numbers_are_decimal() {
    check("p = x { x := sprintf(\"%v\", [0.1 + 0.2]) }", &json!({}), &json!("0.3"));
    check("p = x { x := json.marshal(1.0) }", &json!({}), &json!("1.0"));
    check("p = x { x := sprintf(\"%v\", [10 / 4]) }", &json!({}), &json!("2.5"));
}

#[test]
fn builtin_errors_are_undefined() {
    assert_eq!(eval("p { to_number(\"x\") }", &json!({})), Ok(None));
    assert_eq!(eval("p = x { x := 1 / 0 }", &json!({})), Ok(None));
    check("p { not to_number(\"x\") }", &json!({}), &json!(true));
}

#[test]
fn conflicts_are_errors() {
    let error = eval("p = 1 { true }\np = 2 { true }", &json!({})).expect_err("two values");
    assert_eq!(error.to_string(), "complete rules must not produce multiple outputs");
    let error = eval("p[x] = y { x := \"a\"; y := input.l[_] }", &json!({"l": [1, 2]})).expect_err("two values");
    assert_eq!(error.to_string(), "object keys must be unique");
}

#[test]
fn with_replaces_input_data_and_functions() {
    check("q = input.a\np = x { x := q with input as {\"a\": 3} }", &json!({"a": 1}), &json!(3));
    check("p = x { x := data.inventory.a with data.inventory as {\"a\": 4} }", &json!({}), &json!(4));
    check("f(x) = 1 { true }\np = x { x := count([1]) with count as f }", &json!({}), &json!(1));
    check("q { count(input) > 7 }\np { q with count as 8 }", &json!({}), &json!(true));
}

#[test]
fn what_cannot_run_is_refused_with_its_place() {
    let cases = [
        ("p { nosuch(1) }", "test.rego:2:5: undefined function nosuch"),
        ("p { count(1, 2, 3) }", "test.rego:2:5: function count has arity 1, got 3 arguments"),
        ("p { x == 1 }", "test.rego:2:5: var x is unsafe"),
        ("p[x] { true }", "test.rego:2:3: var x is unsafe"),
        ("p { not x }", "test.rego:2:5: var x is unsafe"),
        ("p { http.send({}) }", "test.rego:2:5: http.send is not available: a policy must not reach the network"),
        (
            "p { count(1) with count as http.send }",
            "test.rego:2:14: http.send is not available: a policy must not reach the network",
        ),
        ("p { q }\nq { p }", "test.rego:2:1: rule data.t.p is recursive: data.t.p -> data.t.q -> data.t.p"),
        ("f(x) { f(x) }", "test.rego:2:1: rule data.t.f is recursive: data.t.f -> data.t.f"),
        (
            "f(x) = x { true }\ng(x) { count(x) with count as g }",
            "test.rego:3:1: rule data.t.g is recursive: data.t.g -> data.t.g",
        ),
        ("p = 1\np[x] { x := 1 }", "test.rego:3:1: conflicting rules data.t.p found"),
        ("p { x := 1; x := 2 }", "test.rego:2:13: var x declared above"),
    ];
    for (source, want) in cases {
        let error = compile(&format!("package t\n{source}"), Version::V0).expect_err(source);
        assert_eq!(error, want, "{source}");
    }
}

#[test]
fn version_one_needs_its_keywords() {
    assert!(compile("package t\np if { true }", Version::V1).is_ok());
    let error = compile("package t\np { true }", Version::V1).expect_err("no if");
    assert_eq!(error, "test.rego:2:3: `if` keyword is required before rule body");
    assert!(compile("package t\nimport rego.v1\np contains x if some x in [1]", Version::V0).is_ok());
    assert!(compile("package t\nimport future.keywords.in\np { 1 in [1] }", Version::V0).is_ok());
}
