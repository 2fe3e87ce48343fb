//! `strings.render_template` and `regex.globs_match`, with the answers of OPA 1.22.2.
#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use plat_rego::{Document, EvalError, Limits, Module, Program, Version};
use serde_json::{Value, json};

fn eval(call: &str) -> Result<Option<Value>, EvalError> {
    let source = format!("package t\nanswer := {call}\n");
    let program = Program::compile(&[Module { name: "t", source: &source }], Version::V1).expect("it compiles");
    let input = json!({
        "s": "hi", "n": 5, "zero": 0, "z": null, "b": true, "es": "", "el": [], "l": ["a", "b"],
        "m": {"x": "mx", "y": [1, null]}, "nested": {"a": {"c": [1, "x", {"d": null}]}},
    });
    program.eval("data.t.answer", &Document::new(&input), &Document::default(), Limits::default())
}

fn rendered(template: &str) -> Result<Option<Value>, EvalError> {
    eval(&format!("strings.render_template({}, input)", json!(template)))
}

#[test]
fn templates_print_as_go_prints() {
    for (template, expected) in [
        ("{{.s}} {{.n}} {{.z}} {{.missing}}", "hi 5 <undefined> <undefined>"),
        ("{{.m.x}}{{.m.nope}}{{.nope.deep}}", "mx<undefined><undefined>"),
        ("{{.m}} {{.l}} {{.nested}}", "map[x:mx y:[1 <nil>]] [a b] map[a:map[c:[1 x map[d:<nil>]]]]"),
        ("{{if .zero}}a number is a text here{{end}}", "a number is a text here"),
        ("{{if .es}}a{{else if .l}}b{{else}}c{{end}}", "b"),
        ("{{range $i, $e := .l}}{{if $i}},{{end}}{{$e}}{{end}}", "a,b"),
        ("{{range $k, $v := .m}}{{$k}};{{end}}{{range .el}}x{{else}}none{{end}}", "x;y;none"),
        ("{{range .l}}{{if eq . \"b\"}}{{continue}}{{end}}{{.}}{{end}}{{range .l}}{{break}}{{end}}", "a"),
        ("{{range $i := 3}}{{$i}}{{end}}", "012"),
        ("{{with .m}}{{.x}}{{$.s}}{{end}}{{with .nope}}a{{else with .s}}{{.}}{{end}}", "mxhihi"),
        ("a {{- .s -}} b {{- /* nothing */ -}} c", "ahibc"),
        ("{{.s | printf \"%q\"}}{{print 1 2 \"a\" 3}}{{println .s 1}}", "\"hi\"1 2a3hi 1\n"),
        ("{{len .l}}{{index .l 1}}{{index .m \"q\"}}", "2b<undefined>"),
        ("{{eq .n \"5\"}}{{ne .s \"x\"}}{{lt 1 2}}{{ge 1 2}}{{eq .missing .z}}", "truetruetruefalsetrue"),
        ("{{and .s .n}}{{or .es .s}}{{not .s}}", "5hifalse"),
        ("{{$a := 1}}{{range .l}}{{$a = .}}{{end}}{{$a}}", "b"),
        ("{{(index .l 0)}}{{(.m).x}}{{`raw`}}", "amxraw"),
    ] {
        assert_eq!(rendered(template), Ok(Some(json!(expected))), "{template}");
    }
}

#[test]
fn what_is_no_template_is_undefined() {
    for template in [
        "{{.s.x}}",
        "{{.z.x}}",
        "{{index .l 9}}",
        "{{eq .n 5}}",
        "{{unknown .s}}",
        "{{if .s}}",
        "{{end}}",
        "{{.s}}{{",
        "{{$y}}",
        "{{if $y := .s}}{{end}}{{$y}}",
        "{{nil}}",
        "{{.s .n}}",
        "{{range .s}}{{end}}",
        "{{.s | .n}}",
        "{{break}}",
        "{{range .l}}{{else if .s}}{{end}}",
        "{{else}}",
    ] {
        assert_eq!(rendered(template), Ok(None), "{template}");
    }
}

#[test]
fn what_go_has_and_this_has_not_is_an_error() {
    for template in ["{{define \"x\"}}{{end}}y", "{{html .s}}", "{{1.5}}", "{{printf \"%s\" .l}}"] {
        assert!(matches!(rendered(template), Err(EvalError::Failed(_))), "{template}");
    }
    let deep = "{{if .s}}".repeat(10_000) + &"{{end}}".repeat(10_000);
    assert!(matches!(rendered(&deep), Err(EvalError::Failed(_))));
    let long = "{{range 100000}}{{range 100000}}x{{end}}{{end}}";
    assert!(matches!(rendered(long), Err(EvalError::Time(_) | EvalError::Size(_))));
}

#[test]
fn patterns_meet_as_in_opa() {
    for (one, other, expected) in [
        ("a.a.[0-9]+z", ".b.b2359825792*594823z", Some(true)),
        ("[a-z]+", "[0-9]*", Some(false)),
        ("[a-z]+\\[[0-9]+\\]", "foo\\[1\\]", Some(true)),
        ("b.*", "baz", Some(true)),
        ("a*b", "aaac", Some(false)),
        ("x*y", "x", Some(false)),
        ("", "", Some(true)),
        ("a*", "", Some(false)),
        ("a]", "x", None),
        ("[a-", "x", None),
        ("\\", "x", None),
        ("**", "a", None),
        ("[bc]+[bc]+", "c", Some(true)),
    ] {
        let call = format!("regex.globs_match({}, {})", json!(one), json!(other));
        assert_eq!(eval(&call), Ok(expected.map(Value::from)), "{call}");
    }
    let call = format!("regex.globs_match({}, {})", json!("a*b*".repeat(5_000)), json!("b*a*".repeat(5_000)));
    assert!(eval(&call).is_err());
}
