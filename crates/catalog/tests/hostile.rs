//! Whatever text or value comes in, an answer comes out: no panic, no endless work.

use plat_catalog::check::{self, Options};
use plat_catalog::graph::{self, Graph, Scope};
use plat_catalog::ingest::cluster::{self, Cluster};
use plat_catalog::ingest::{Definition, Settings, apis, claim, templates};
use plat_catalog::prepare::{NothingToRead, Reader};
use plat_catalog::{Catalog, EntityRef, read, validate};
use plat_resource::javascript::Value;
use proptest::prelude::*;

/// Every placeholder is another placeholder.
struct Endless;

impl Reader for Endless {
    fn read(&self, target: &str) -> Result<String, String> {
        Ok(format!("{{\"$yaml\": \"{target}x\"}}"))
    }
}

fn value() -> impl Strategy<Value = Value> {
    let key = prop_oneof![
        Just("apiVersion"),
        Just("kind"),
        Just("metadata"),
        Just("spec"),
        Just("name"),
        Just("properties"),
        Just("items"),
        Just("type"),
        Just("versions"),
        Just("schema"),
        Just("openAPIV3Schema"),
        Just("annotations"),
        Just("x-ui-order"),
        Just("x-ui-advanced"),
        Just("enabled"),
        Just("resourceRef"),
        Just("crossplane"),
        Just("parameters"),
        Just("clusters"),
        Just("$text"),
        Just("owner"),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<f64>().prop_map(Value::Number),
        ".{0,12}".prop_map(Value::Text),
        prop_oneof![Just("Component"), Just("object"), Just("array"), Just("boolean"), Just("backstage.io/v1alpha1")]
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::List),
            prop::collection::vec((key.clone(), inner), 0..6)
                .prop_map(|entries| Value::Map(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_text_is_read(text in "(?s).{0,400}") {
        read("x.yaml", text.as_bytes(), &NothingToRead);
    }

    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        read("x.yaml", &bytes, &NothingToRead);
    }

    #[test]
    fn any_value_is_judged_and_ingested(value in value()) {
        let _ = validate(&value);
        let settings = Settings::read(&value);
        let clusters = ["dev".to_owned()];
        let definition = Definition { xrd: &value, clusters: &clusters, compositions: &clusters };
        let _ = templates(&definition, &settings);
        let _ = apis(&definition, Some(&value), &settings);
        let _ = claim::manifests(&value, &settings);
        let all = [value.clone()];
        let cluster = Cluster { name: "dev", crds: &all, definitions: &all, compositions: &all, namespaces: &all };
        cluster::entities(&value, &cluster, &settings);
    }

    #[test]
    fn any_catalog_is_checked_and_drawn(links in prop::collection::vec((0..12u8, 0..12u8, 0..4u8), 0..40)) {
        let entity = |(source, target, field): &(u8, u8, u8)| {
            let spec = match field {
                0 => format!("subcomponentOf: c{target}"),
                1 => format!("dependsOn: ['component:c{target}', 'resource:c{target}']"),
                2 => format!("system: c{target}"),
                _ => format!("providesApis: [c{target}]"),
            };
            format!("---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {{name: c{source}}}\nspec: {{type: a, lifecycle: b, owner: c{target}, {spec}}}\n")
        };
        let text: String = links.iter().map(entity).collect();
        let (entries, findings) = read("x.yaml", text.as_bytes(), &NothingToRead);
        prop_assert_eq!(findings, vec![]);
        let (catalog, _) = Catalog::new(entries);
        check::check(&catalog, Options { whole: true, known: &|_| false });
        let root = EntityRef::new("component", "default", "c0");
        for root in [None, Some(&root)] {
            let scope = Scope { root, depth: 3, relations: None };
            graph::tree(&catalog, scope);
            let graph = Graph::new(&catalog, scope);
            let (svg, dot) = (graph.svg(), graph.dot());
            let is_whole = svg.ends_with("</svg>\n") && dot.ends_with("}\n");
            prop_assert!(is_whole);
            graph.mermaid();
        }
    }
}

#[test]
fn depth_is_bounded() {
    for text in [
        format!("a: {}", "[".repeat(100_000)),
        format!("a: {}1{}", "{a: ".repeat(600), "}".repeat(600)),
        "- ".repeat(50_000),
    ] {
        let (entries, findings) = read("x.yaml", text.as_bytes(), &NothingToRead);
        assert!(entries.is_empty() && !findings.is_empty());
    }
}

#[test]
fn aliases_do_not_multiply_without_end() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let before = level - 1;
        text.push_str(&format!("a{level}: &a{level} [*a{before}, *a{before}, *a{before}, *a{before}, *a{before}, *a{before}, *a{before}, *a{before}]\n"));
    }
    let (entries, findings) = read("x.yaml", text.as_bytes(), &NothingToRead);
    assert!(entries.is_empty());
    assert!(findings[0].to_string().contains("excessive aliases"), "{findings:?}");
}

#[test]
fn placeholders_are_put_in_once() {
    let text = "apiVersion: backstage.io/v1alpha1\nkind: API\nmetadata: {name: a}\nspec: {type: a, lifecycle: b, owner: c, definition: {$yaml: ./x}}\n";
    let (_, findings) = read("x.yaml", text.as_bytes(), &Endless);
    assert!(findings[0].to_string().contains("/spec/definition must be string"), "{findings:?}");
}

#[test]
fn a_long_circle_is_told_in_a_few_words() {
    let text: String = (0..3_000)
        .map(|index| format!("---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {{name: c{index}}}\nspec: {{type: a, lifecycle: b, owner: 'group:x', subcomponentOf: c{}}}\n", (index + 1) % 3_000))
        .collect();
    let (entries, _) = read("x.yaml", text.as_bytes(), &NothingToRead);
    let (catalog, _) = Catalog::new(entries);
    let findings = check::check(&catalog, Options { whole: false, known: &|entity_ref| entity_ref.kind == "group" });
    assert_eq!(findings.len(), 1);
    assert!(
        findings[0].to_string().len() < 1_000 && findings[0].to_string().contains("(2990 more)"),
        "{}",
        findings[0]
    );
}
