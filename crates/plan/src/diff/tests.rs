use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::live::ListType;

struct Named;

impl Lists for Named {
    fn list(&self, path: &[Segment]) -> Option<ListType> {
        match path.last() {
            Some(Segment::Field(field)) if field == "containers" => Some(ListType::Map(vec!["name".to_owned()])),
            Some(Segment::Field(field)) if field == "finalizers" => Some(ListType::Set),
            _ => None,
        }
    }
}

fn lines(before: &Value, after: &Value) -> String {
    let changes = diff(before, after, &Named);
    assert_eq!(&apply(&changes, before), after);
    let text = |value: &Option<Value>| value.as_ref().map_or("-".to_owned(), ToString::to_string);
    changes
        .iter()
        .map(|change| format!("{} {} {}", change.path, text(&change.before), text(&change.after)))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn names_the_fields_that_differ() {
    let before = json!({"spec": {"size": 20, "gone": {"a": 1}, "same": [1, 2]}});
    let after = json!({"spec": {"size": 50, "new": null, "same": [1, 2]}});
    insta::assert_snapshot!(lines(&before, &after), @r#"
    spec.gone {"a":1} -
    spec.new - null
    spec.size 20 50
    "#);
}

#[test]
fn an_element_in_the_middle_comes_or_goes_alone() {
    insta::assert_snapshot!(lines(&json!({"a": [1, 2, 3]}), &json!({"a": [1, 3]})), @"a[1] 2 -");
    insta::assert_snapshot!(lines(&json!({"a": [1, 3]}), &json!({"a": [1, 2, 3]})), @"a[1] - 2");
    insta::assert_snapshot!(lines(&json!({"a": [1, 1]}), &json!({"a": [1]})), @"a[1] 1 -");
}

#[test]
fn list_maps_are_paired_by_key() {
    let before = json!({"containers": [{"name": "a", "image": "x"}, {"name": "b", "image": "y"}]});
    let after = json!({"containers": [{"name": "n"}, {"name": "b", "image": "z"}]});
    insta::assert_snapshot!(lines(&before, &after), @r#"
    containers[0] {"image":"x","name":"a"} -
    containers[0] - {"name":"n"}
    containers[1].image "y" "z"
    "#);
}

#[test]
fn a_list_map_that_changed_its_order_is_compared_by_place() {
    let before = json!({"containers": [{"name": "a"}, {"name": "b"}]});
    let after = json!({"containers": [{"name": "b"}, {"name": "a"}]});
    insta::assert_snapshot!(lines(&before, &after), @r#"
    containers[0].name "a" "b"
    containers[1].name "b" "a"
    "#);
}

#[test]
fn the_root_itself_can_change() {
    insta::assert_snapshot!(lines(&json!(1), &json!([1])), @" 1 [1]");
}

#[test]
fn deep_values_do_not_exhaust_the_stack() {
    let nest = |leaf: i32| (0..1_000).fold(json!(leaf), |value, _| json!([value]));
    let (before, after) = (nest(1), nest(2));
    assert_eq!(diff(&before, &after, &Named).len(), 1);
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0..4_i64).prop_map(Value::from),
        "[ab]{0,2}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 48, 5, |inner| {
        let key = prop_oneof![Just("containers"), Just("finalizers"), Just("name"), Just("a"), Just("b.c")];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(key.prop_map(str::to_owned), inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn applying_the_diff_gives_the_other(before in value(), after in value()) {
        let changes = diff(&before, &after, &Named);
        prop_assert_eq!(apply(&changes, &before), after);
    }

    #[test]
    fn keyed_lists_too(
        before in prop::collection::vec(("[abcd]", value()), 0..5),
        after in prop::collection::vec(("[abcd]", value()), 0..5),
    ) {
        let list = |items: Vec<(String, Value)>| {
            let items: Vec<_> = items.into_iter().map(|(name, x)| json!({"name": name, "x": x})).collect();
            json!({"containers": items})
        };
        let (before, after) = (list(before), list(after));
        let changes = diff(&before, &after, &Named);
        prop_assert_eq!(apply(&changes, &before), after);
    }

    #[test]
    fn equal_values_have_no_changes(one in value()) {
        prop_assert!(diff(&one, &one, &Named).is_empty());
    }
}
