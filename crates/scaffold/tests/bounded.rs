//! Whatever is written in a template, rendering it ends, and with an error rather than a crash.

#![expect(clippy::expect_used, reason = "helpers of tests, which clippy does not see as tests")]

use std::time::{Duration, Instant};

use plat_scaffold::Data;
use plat_scaffold::capabilities::Capabilities;
use plat_scaffold::template::{ErrorKind, Limits, Options, Renderer};
use proptest::prelude::*;

fn render(source: &str, limits: Limits) -> Result<String, ErrorKind> {
    let host = Capabilities::default();
    let options = Options { allow_regex_execution: true, ..Options::default() };
    let renderer = Renderer::new(options, &host).with_limits(limits);
    let data: Data =
        serde_json::from_str(r#"{"a":[1,"x",null],"r":{"length":1e9,"0":1},"s":"text 🎉"}"#).expect("values");
    let context = renderer.prepare(data).expect("they are taken in");
    renderer.render(source, &context).map_err(|error| error.kind)
}

#[test]
fn bombs_are_stopped() {
    let deep = 100_000;
    let bombs = [
        format!("${{{{ {}1{} }}}}", "(".repeat(deep), ")".repeat(deep)),
        format!("${{{{ 1{} }}}}", " + 1".repeat(deep)),
        format!("{}{}", "{% if true %}".repeat(deep), "{% endif %}".repeat(deep)),
        format!("{{% if false %}}{}{{% endif %}}", "{% elif true %}".repeat(deep)),
        format!("${{{{ {}1 }}}}", "not ".repeat(deep)),
        format!("${{{{ {}1 }}}}", "-+".repeat(deep)),
        "{% for i in range(99999) %}{% for j in range(99999) %}x{% endfor %}{% endfor %}".to_owned(),
        "{% macro m() %}${{ m() }}{% endmacro %}${{ m() }}".to_owned(),
        "{% for x in r %}${{ x }}{% endfor %}".to_owned(),
        "{% for x in a %}${{ a.push(x) }}{% endfor %}".to_owned(),
        "${{ range(0, 1, 0.0000001) | length }}".to_owned(),
        "${{ \"\"[\"v\":] }}".to_owned(),
        "${{ range(\"a\", \"b\") }}".to_owned(),
        "{% set l = [1] %}{% for i in range(300) %}{% set l = [l, l] %}{% endfor %}${{ l }}".to_owned(),
        "{% set l = [1] %}{% for i in range(200) %}{% set l = [l, l] %}{% endfor %}${{ l | dump | length }}".to_owned(),
        "{% set l = [] %}{% set k = l %}{% for i in range(400) %}{% set n = [] %}${{ k.push(n) }}{% set k = n %}{% endfor %}${{ l }}".to_owned(),
        "${{ \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\".replace(r/(a+)+b/, \"\") }}".to_owned(),
        "${{ \"x\" | center(99999999) }}".to_owned(),
        "${{ 1 | batch(9007199254740991, 1) }}${{ a | batch(9007199254740991, 1) }}".to_owned(),
        "${{ a | slice(9007199254740991) }}".to_owned(),
    ];
    for bomb in bombs {
        let started = Instant::now();
        let result = render(&bomb, Limits { work_units: 100_000, ..Limits::default() });
        let shown: String = bomb.chars().take(60).collect();
        assert!(result.is_err(), "{shown}: {result:?}");
        assert!(started.elapsed() < Duration::from_mins(2), "{shown} took {:?}", started.elapsed());
    }
}

#[test]
fn a_list_in_itself_is_refused() {
    let source = "{% set l = [] %}{% set k = [l] %}${{ l.push(k) }}";
    assert_eq!(render(source, Limits::default()), Err(ErrorKind::Evaluation));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_source_returns(parts in prop::collection::vec(part(), 0..14)) {
        let source = parts.concat();
        let _ = render(&source, Limits { work_units: 5_000, ..Limits::default() });
    }

    #[test]
    fn every_text_returns(source in ".{0,80}") {
        let _ = render(&source, Limits { work_units: 5_000, ..Limits::default() });
        let _ = render(&format!("${{{{ {source} }}}}"), Limits { work_units: 5_000, ..Limits::default() });
        let _ = render(&format!("${{{{ s.replace(r/{source}/g, 'b') }}}}"), Limits { work_units: 5_000, ..Limits::default() });
    }
}

fn part() -> impl Strategy<Value = String> {
    let words = [
        "${{",
        "}}",
        "{%",
        "%}",
        "{#",
        "#}",
        " ",
        "-",
        "\n",
        "a",
        "r",
        "s",
        "x",
        "1",
        "0",
        ".5",
        "\"",
        "'",
        "\\",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        ".",
        "|",
        "=",
        "==",
        "+",
        "*",
        "**",
        "//",
        "%",
        "~",
        "not ",
        "in ",
        "is ",
        "if ",
        "else ",
        "elif ",
        "for ",
        "endfor",
        "endif",
        "set ",
        "endset",
        "macro ",
        "endmacro",
        "call ",
        "endcall",
        "filter ",
        "endfilter",
        "raw",
        "endraw",
        "switch ",
        "case ",
        "default",
        "endswitch",
        "block ",
        "endblock",
        "loop",
        "caller",
        "range",
        "length",
        "push",
        "sort",
        "r/(a|b)*?c/g",
        "upper",
        "join",
        "batch",
        "true",
        "none",
        "🎉",
        "\u{2028}",
    ];
    prop::sample::select(words.to_vec()).prop_map(str::to_owned)
}
