//! What one evaluation costs: `cargo run --release -p plat-rego --example speed`.
#![expect(clippy::print_stdout, reason = "it is a program")]

use std::time::Instant;

use plat_rego::{Document, Limits, Module, Program, Version};
use serde_json::{Value, json};

const LABELS: &str = r#"package t
violation[{"msg": msg, "details": {"missing_labels": missing}}] {
  provided := {label | input.review.object.metadata.labels[label]}
  required := {label | label := input.parameters.labels[_].key}
  missing := required - provided
  count(missing) > 0
  msg := sprintf("you must provide labels: %v", [missing])
}
violation[{"msg": msg}] {
  value := input.review.object.metadata.labels[key]
  expected := input.parameters.labels[_]
  expected.key == key
  expected.allowedRegex != ""
  not re_match(expected.allowedRegex, value)
  msg := sprintf("Label <%v: %v> does not satisfy allowed regex: %v", [key, value, expected.allowedRegex])
}"#;

const HOSTS: &str = r#"package t
identical(obj, review) {
  obj.metadata.namespace == review.object.metadata.namespace
  obj.metadata.name == review.object.metadata.name
}
violation[{"msg": msg}] {
  input.review.kind.kind == "Ingress"
  host := input.review.object.spec.rules[_].host
  other := data.inventory.namespace[_][version]["Ingress"][_]
  re_match("^(extensions|networking.k8s.io)/.+$", version)
  other.spec.rules[_].host == host
  not identical(other, input.review)
  msg := sprintf("ingress host conflicts with an existing ingress <%v>", [host])
}"#;

fn main() {
    let labels = json!({
        "review": { "kind": { "kind": "Namespace" }, "object": { "metadata": { "name": "a", "labels": { "team": "x", "env": "y" } } } },
        "parameters": { "labels": [{ "key": "owner", "allowedRegex": "" }, { "key": "env", "allowedRegex": "^y$" }] },
    });
    measure("required labels", LABELS, &labels, &json!({}), 20_000);
    for count in [100_usize, 1_000, 10_000] {
        let ingress = |index: usize| {
            json!({
                "metadata": { "name": format!("i{index}"), "namespace": "n" },
                "spec": { "rules": [{ "host": format!("h{index}.example.com") }] },
            })
        };
        let all: serde_json::Map<String, Value> =
            (0..count).map(|index| (format!("i{index}"), ingress(index))).collect();
        let data = json!({ "inventory": { "namespace": { "n": { "networking.k8s.io/v1": { "Ingress": all } } } } });
        let mut new = ingress(0);
        new["metadata"]["name"] = json!("new");
        let input = json!({ "review": { "kind": { "kind": "Ingress" }, "object": new }, "parameters": {} });
        measure(&format!("{count} ingresses"), HOSTS, &input, &data, 200_000 / count);
    }
}

fn measure(name: &str, source: &str, input: &Value, data: &Value, times: usize) {
    let started = Instant::now();
    let Ok(program) = Program::compile(&[Module { name, source }], Version::V0) else { return };
    let compiled = started.elapsed();
    let started = Instant::now();
    let (input, data) = (Document::new(input), Document::new(data));
    let converted = started.elapsed();
    let started = Instant::now();
    for _ in 0..times {
        let answer = program.eval("data.t.violation", &input, &data, Limits::default());
        assert!(
            answer.is_ok_and(|answer| answer.is_some_and(|answer| answer.as_array().is_some_and(|it| it.len() == 1)))
        );
    }
    let each = started.elapsed() / u32::try_from(times).unwrap_or(1);
    println!("{name}: {each:?} each; compiled in {compiled:?}, documents in {converted:?}");
}
