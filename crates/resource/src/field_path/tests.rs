//! Paths as crossplane-runtime reads them, and properties that must hold for all.

use super::*;
use proptest::prelude::*;
use serde_json::json;

fn path(text: &str) -> FieldPath {
    FieldPath::parse(text).unwrap()
}

#[test]
fn parses_what_crossplane_parses() {
    use Segment::{Field, Index};
    let field = |text: &str| Field(text.to_owned());
    let cases: &[(&str, Vec<Segment>)] = &[
        ("spec", vec![field("spec")]),
        ("spec.a[0].b", vec![field("spec"), field("a"), Index(0), field("b")]),
        ("data[a.b/c]", vec![field("data"), field("a.b/c")]),
        ("data['a.b']", vec![field("data"), field("a.b")]),
        ("a[*].b", vec![field("a"), field("*"), field("b")]),
        ("a[4294967296]", vec![field("a"), field("4294967296")]),
        ("[0]", vec![Index(0)]),
        ("a[0]b", vec![field("a"), Index(0), field("b")]),
        ("", vec![]),
    ];
    for (text, want) in cases {
        assert_eq!(path(text).segments(), want, "{text}");
    }
}

#[test]
fn refuses_what_crossplane_refuses_in_its_words() {
    let cases = [
        ("spec..text", "cannot parse path \"spec..text\": unexpected '.' at position 5"),
        ("spec]", "cannot parse path \"spec]\": unexpected ']' at position 4"),
        (".spec", "cannot parse path \".spec\": unexpected '.' at position 0"),
        ("spec.", "cannot parse path \"spec.\": unexpected '.' at position 4"),
        ("a.[b]", "cannot parse path \"a.[b]\": unexpected '[' at position 2"),
        ("a[]", "cannot parse path \"a[]\": unexpected ']' at position 2"),
        ("a[b", "cannot parse path \"a[b\": unterminated '[' at position 1"),
        ("a[b[c]", "cannot parse path \"a[b[c]\": unexpected '[' at position 3"),
    ];
    for (text, want) in cases {
        assert_eq!(FieldPath::parse(text).unwrap_err().to_string(), want);
    }
}

#[test]
fn reading_says_what_is_there() {
    let object = json!({"a": {"b": [1, {"c": "d"}], "n": null}, "s": "x"});
    assert_eq!(path("a.b[1].c").get(&object), Ok(&json!("d")));
    let error = |text: &str| path(text).get(&object).unwrap_err();
    assert_eq!(error("a.x.y").to_string(), "a.x: no such field");
    assert_eq!(error("a.b[7]").to_string(), "a.b[7]: no such element");
    assert_eq!(error("a.n.z").to_string(), "a.n: expected map, got nil");
    assert_eq!(error("s.z").to_string(), "s: not an object");
    assert!(!error("s.z").is_not_found());
    assert_eq!(error("s[0]").to_string(), "s: not an array");
}

#[test]
fn writing_makes_containers_but_never_replaces_a_null() {
    let mut object = json!({"nul": null});
    path("a.b[2].c").set(&mut object, json!(1)).unwrap();
    assert_eq!(object["a"], json!({"b": [null, null, {"c": 1}]}));
    let error = path("nul.x").set(&mut object, json!(1)).unwrap_err();
    assert_eq!(error.to_string(), "nul is not an object");
    let error = path("a[1025]").set(&mut object, json!(1)).unwrap_err();
    assert_eq!(error.to_string(), "index 1025 is greater than max allowed index 1024");
}

#[test]
fn wildcards_stand_for_what_is_there() {
    let object = json!({"l": [{"x": 1}, {"y": 2}], "m": {"a.b": {"x": 3}}, "s": "t", "n": null});
    let expand =
        |text: &str| path(text).expand(&object).map(|paths| paths.iter().map(ToString::to_string).collect::<Vec<_>>());
    assert_eq!(expand("l[*].x").unwrap(), ["l[0].x"]);
    assert_eq!(expand("m[*].x").unwrap(), ["m[a.b].x"]);
    assert_eq!(expand("none[*].x").unwrap(), Vec::<String>::new());
    assert!(expand("n[*]").unwrap_err().is_not_found());
    assert_eq!(expand("s[*]").unwrap_err().to_string(), "\"s\": unexpected wildcard usage");
}

#[test]
fn deleting_pulls_array_elements_back() {
    let mut object = json!({"a": [1, 2, 3], "b": {"c": 1}});
    path("a[1]").delete(&mut object).unwrap();
    path("b.c").delete(&mut object).unwrap();
    path("x.y").delete(&mut object).unwrap();
    assert_eq!(object, json!({"a": [1, 3], "b": {}}));
}

fn segments() -> impl Strategy<Value = Vec<Segment>> {
    let field = "[a-zA-Z][a-zA-Z0-9./_-]{0,8}".prop_map(Segment::Field);
    prop::collection::vec(prop_oneof![field, (0u32..20).prop_map(Segment::Index)], 1..6).prop_map(|mut segments| {
        segments.insert(0, Segment::Field("spec".to_owned()));
        segments
    })
}

proptest! {
    #[test]
    fn printing_then_parsing_is_the_same(segments in segments()) {
        let path = FieldPath::new(segments);
        prop_assert_eq!(FieldPath::parse(&path.to_string()).unwrap(), path);
    }

    #[test]
    fn set_then_get_gives_what_was_set(segments in segments(), number in any::<i64>()) {
        let path = FieldPath::new(segments);
        let mut object = json!({});
        path.set(&mut object, json!(number)).unwrap();
        prop_assert_eq!(path.get(&object).unwrap(), &json!(number));
        path.delete(&mut object).unwrap();
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,24}") {
        if let Ok(path) = FieldPath::parse(&text) {
            let _ = path.get(&json!({"a": [1]}));
            let _ = path.expand(&json!({"a": [1]}));
        }
    }
}
