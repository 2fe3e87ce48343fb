//! XRs that compose XRs: how many resources one XR may come to.

use plat_expand::function::NoFunctions;
use plat_expand::{Engine, Expansion, Observed, Options};
use plat_platform::Platform;
use plat_resource::{Diagnostic, Document};
use serde_json::{Value, json};

/// An XRD of kind `K<level>` and a Composition of it that composes `width` of the next level.
fn level(level: usize, width: usize, base: &Value) -> [Document; 2] {
    let kind = format!("K{level}");
    let definition = json!({
        "apiVersion": "apiextensions.crossplane.io/v2", "kind": "CompositeResourceDefinition",
        "metadata": {"name": format!("k{level}s.acme.example")},
        "spec": {
            "group": "acme.example", "scope": "Cluster", "names": {"kind": kind, "plural": format!("k{level}s")},
            "versions": [{"name": "v1", "served": true, "referenceable": true, "schema": {"openAPIV3Schema": {"type": "object"}}}],
        },
    });
    let resources: Vec<Value> = (0..width).map(|index| json!({"name": format!("r{index}"), "base": base})).collect();
    let composition = json!({
        "apiVersion": "apiextensions.crossplane.io/v1", "kind": "Composition", "metadata": {"name": format!("k{level}")},
        "spec": {
            "compositeTypeRef": {"apiVersion": "acme.example/v1", "kind": kind}, "mode": "Pipeline",
            "pipeline": [{"step": "s", "functionRef": {"name": "function-patch-and-transform"}, "input": {"resources": resources}}],
        },
    });
    [definition, composition].map(|value| Document::synthetic(value, "platform"))
}

fn of_kind(kind: &str) -> Value {
    json!({"apiVersion": "acme.example/v1", "kind": kind, "spec": {}})
}

fn expanded(levels: usize, width: usize, leaf: &Value) -> Result<Expansion, Vec<Diagnostic>> {
    let documents = (0..levels).flat_map(|index| {
        let next = of_kind(&format!("K{}", index + 1));
        level(index, width, if index + 1 == levels { leaf } else { &next })
    });
    let (platform, diagnostics) = Platform::load(documents.collect());
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let observed = Observed::default();
    let mut composite = of_kind("K0");
    composite["metadata"] = json!({"name": "x"});
    Engine::new(&platform, &observed, Options::default(), &NoFunctions).expand(&Document::synthetic(composite, "xr"))
}

fn count(expansion: &Expansion) -> usize {
    let nested = expansion.composed.iter().filter_map(|composed| composed.nested.as_deref());
    expansion.composed.len() + nested.map(count).sum::<usize>()
}

#[test]
fn ten_levels_of_two_are_planned() {
    let expansion = expanded(10, 2, &of_kind("Leaf")).expect("2,046 resources");
    assert_eq!(count(&expansion), 2046);
}

#[test]
fn ten_levels_of_many_are_refused() {
    let diagnostics = expanded(10, 30, &of_kind("Leaf")).expect_err("30^10 resources");
    let text = diagnostics[0].to_string();
    assert!(text.contains("K0 x cannot be planned"), "{text}");
    assert!(text.contains("it composes more than 10000 resources"), "{text}");
}

#[test]
fn a_few_large_resources_are_refused_too() {
    let mut large = of_kind("Leaf");
    large["spec"] = json!({"text": "x".repeat(1 << 20)});
    let diagnostics = expanded(2, 15, &large).expect_err("225 MiB");
    assert!(diagnostics[0].to_string().contains("it composes more than 128 MiB of resources"));
}
