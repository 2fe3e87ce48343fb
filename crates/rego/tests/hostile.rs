//! Policies and inputs that mean harm: each ends with an error, none with the process.
#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use plat_rego::{Document, EvalError, Limits, Module, Program, Version};
use serde_json::{Value, json};

fn eval(source: &str, input: &Value) -> Result<Option<Value>, EvalError> {
    let source = format!("package t\n{source}");
    let program = Program::compile(&[Module { name: "t", source: &source }], Version::V0).expect("it compiles");
    program.eval("data.t.p", &Document::new(input), &Document::default(), Limits::default())
}

#[test]
fn long_loops_end() {
    let source =
        "p = c { c := count([1 | numbers.range(1, 1000)[_]; numbers.range(1, 1000)[_]; numbers.range(1, 1000)[_]]) }";
    assert!(matches!(eval(source, &json!({})), Err(EvalError::Time(_) | EvalError::Size(_))));
}

#[test]
fn huge_values_are_refused() {
    for source in [
        "p = x { x := numbers.range(1, 300000000) }",
        "p = x { x := numbers.range(1, 9223372036854775807) }",
        "p = x { x := net.cidr_expand(\"10.0.0.0/4\") }",
        "p = x { x := bits.lsh(1, 1000000000) }",
        "p = x { x := sprintf(\"%999999d%999999d%999999d%999999d%999999d%999999d%999999d%999999d%999999d%999999d%999999d%999999d%999999d%999999d%999999d%999999d%999999d\", numbers.range(1, 17)) }",
        "p = x { x := json.unmarshal(concat(\"\", [\"[\" | numbers.range(1, 100000)[_]])) }",
    ] {
        assert!(matches!(eval(source, &json!({})), Err(EvalError::Size(_))), "{source}");
    }
    // Go says the same of a width that is no number.
    assert_eq!(eval("p = sprintf(\"%999999999d\", [1])", &json!({})), Ok(Some(json!("%!(NOVERB)%!(EXTRA int64=1)"))));
}

#[test]
fn texts_that_grow_are_refused() {
    let steps = (0..40).map(|n| format!("x{} := concat(\"\", [x{n}, x{n}])", n + 1)).collect::<Vec<_>>().join("\n");
    let source = format!("p = x40 {{ x0 := \"aaaaaaaaaa\"\n{steps} }}");
    assert!(matches!(eval(&source, &json!({})), Err(EvalError::Size(_) | EvalError::Time(_))));
}

#[test]
fn deep_input_is_an_error() {
    let mut deep = json!(1);
    for _ in 0..450 {
        deep = json!([deep]);
    }
    assert!(matches!(eval("p = input", &deep), Err(EvalError::Size(_))));
}

#[test]
fn patterns_take_no_longer_than_their_text() {
    let text = "a".repeat(100_000);
    assert_eq!(eval("p { not re_match(\"(a*)*b\", input) }", &json!(text)), Ok(Some(json!(true))));
}

#[test]
fn deep_sources_are_refused() {
    for (open, close) in [("[", "]"), ("{", "}"), ("(", ")"), ("[x | x := ", "]"), ("f(", ")"), ("{\"a\": ", "}")] {
        let source = format!("package t\np = {}1{}", open.repeat(100_000), close.repeat(100_000));
        let errors = Program::compile(&[Module { name: "t", source: &source }], Version::V0).expect_err("too deep");
        assert!(errors[0].message.contains("nested deeper"), "{}", errors[0]);
    }
}

#[test]
fn long_bodies_are_evaluated() {
    let body = (0..5_000).map(|n| format!("x{n} := {n}")).collect::<Vec<_>>().join("\n");
    assert_eq!(eval(&format!("p {{ {body} }}"), &json!({})), Ok(Some(json!(true))));
}

#[test]
fn long_chains_of_rules_are_evaluated() {
    let rules = (0..2_000).map(|n| format!("r{n} {{ r{} }}", n + 1)).collect::<Vec<_>>().join("\n");
    assert_eq!(eval(&format!("p {{ r0 }}\n{rules}\nr2000 {{ true }}"), &json!({})), Ok(Some(json!(true))));
}
