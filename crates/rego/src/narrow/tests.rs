//! Walks with and without an index.

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::{Document, EvalError, Limits, Module, Program, Version};

fn compile(body: &str) -> Program {
    let source = format!(
        r#"package t
same(one, other) {{ one.metadata.name == other.metadata.name }}
keys(o) = all {{ all := concat(",", sort([text | value := o.selector[name]; text := concat(":", [name, value])])) }}
several(o) = host {{ host := o.hosts[_] }}
mixed(o, other) = host {{ other.hosts; host := o.hosts[_] }}
found[[ns, name]] {{ {body} }}"#
    );
    Program::compile(&[Module { name: "t", source: &source }], Version::V0).unwrap()
}

/// How many walks are narrowed, and the program with none of them.
fn plain(mut program: Program) -> (usize, Program) {
    let clauses = program.rules.groups.iter_mut().flat_map(|group| &mut group.clauses);
    let steps = clauses.flat_map(|clause| &mut clause.branches).flat_map(|branch| &mut branch.body);
    let narrowed = steps.filter_map(|step| step.narrow.take()).count();
    (narrowed, program)
}

fn eval(program: &Program, input: &Document, data: &Document) -> Result<Option<Json>, EvalError> {
    program.eval("data.t.found", input, data, Limits::default())
}

const WALK: &str = r#"host := input.hosts[_]; o := data.inventory[ns]["Ingress"][name];"#;
const NARROWED: [&str; 12] = [
    "several(o) == host; several(input) == host; o.metadata",
    "several(o); o.hosts[_] == host",
    "o.hosts[_] == host",
    "o.hosts[i] = host; not o.hosts[1]",
    "not same(o, input); o.hosts[_] == host",
    r#"startswith(ns, "a"); o.rules[_].host == host"#,
    "x := o.rules[_]; not x.tls; lower(x.host) == host",
    "keys(o) == input.keys",
    "mine := keys(o); count(ns) > 0; mine == input.keys",
    "o.metadata.name == input.hosts[j]",
    "z := input.metadata.name; z; input.keys == keys(o)",
    r#"o.rules[_] == {"host": host}; o.metadata.name; o.hosts[0] == host"#,
];
const WHOLE: [&str; 5] = [
    "mixed(o, input) == host",
    "mixed(o, input); o.hosts[_] == host",
    "o.hosts[_] != host",
    "x := input.hosts[_]; o.hosts[_] == x; name",
    "startswith(name, o.metadata.name); input.absent[host][o.hosts[_]]",
];

fn object() -> impl Strategy<Value = Json> {
    let host = || prop_oneof![3 => "[abAB]{1,2}".prop_map(Json::from), 1 => Just(json!(1)), 1 => Just(json!(1.0))];
    let hosts = proptest::collection::vec(host(), 0..3);
    let rule = (host(), any::<bool>())
        .prop_map(|(host, tls)| if tls { json!({"host": host, "tls": 1}) } else { json!({"host": host}) });
    let rules = proptest::collection::vec(rule, 0..3);
    let selector =
        proptest::collection::btree_map("[ab]", prop_oneof![Just(json!("x")), Just(json!("y")), Just(json!(1))], 0..3);
    ("[abAB]", hosts, rules, selector).prop_map(|(name, hosts, rules, selector)| {
        json!({"metadata": {"name": name}, "hosts": hosts, "rules": rules, "selector": selector, "keys": "a:x"})
    })
}

fn space() -> impl Strategy<Value = Json> {
    proptest::collection::btree_map("[a-d]{1,3}", object(), 0..60).prop_map(|all| json!({"Ingress": all}))
}

proptest! {
    #[test]
    fn an_index_changes_no_answer(one in space(), two in space(), input in object(), again in object()) {
        let data = Document::new(&json!({"inventory": {"a": one, "b": two}}));
        for (bodies, narrowed) in [(&NARROWED[..], true), (&WHOLE[..], false)] {
            for body in bodies {
                let body = format!("{WALK} {body}");
                let (count, whole) = plain(compile(&body));
                prop_assert_eq!(count > 0, narrowed, "{}", body);
                let indexed = compile(&body);
                for input in [&input, &again] {
                    let input = Document::new(input);
                    prop_assert_eq!(eval(&indexed, &input, &data), eval(&whole, &input, &data), "{}", body);
                }
            }
        }
    }
}

#[test]
fn what_is_not_looked_at_costs_nothing() {
    let all: serde_json::Map<String, Json> =
        (0..5_000).map(|index| (format!("i{index}"), json!({"hosts": [format!("h{index}")]}))).collect();
    let data = Document::new(&json!({"inventory": {"a": {"Ingress": all}}}));
    let input = Document::new(&json!({"hosts": ["h7", "none"]}));
    let limits = Limits { time: std::time::Duration::from_millis(1), ..Limits::default() };
    let program = compile(&format!("{WALK} o.hosts[_] == host"));
    assert_eq!(program.eval("data.t.found", &input, &data, limits), Ok(Some(json!([["a", "i7"]]))));
    let (_, whole) = plain(compile(&format!("{WALK} o.hosts[_] == host")));
    assert!(matches!(whole.eval("data.t.found", &input, &data, limits), Err(EvalError::Time(_))));
}
