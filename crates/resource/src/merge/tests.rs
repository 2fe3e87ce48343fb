//! The algebra of merging.

use proptest::prelude::*;
use serde_json::json;

use super::*;

const REPLACE_ARRAYS: MergeOptions = MergeOptions { keep_map_values: false, append_arrays: false };
const KEEP: MergeOptions = MergeOptions { keep_map_values: true, append_arrays: false };
const KEEP_AND_APPEND: MergeOptions = MergeOptions { keep_map_values: true, append_arrays: true };
const APPEND: MergeOptions = MergeOptions { keep_map_values: false, append_arrays: true };
const ALL: [MergeOptions; 4] = [REPLACE_ARRAYS, KEEP, KEEP_AND_APPEND, APPEND];

#[test]
fn kinds_that_do_not_append() {
    let error = merge(Some(&json!({"a": 1})), &json!({"a": [1]}), APPEND).unwrap_err();
    assert_eq!(
        error.to_string(),
        "failed to merge values: cannot append two slices with different type ([]interface {}, int64)"
    );
    assert_eq!(merge(Some(&json!([])), &json!([]), APPEND), Ok(Value::Null), "a Go slice that was never filled");
    assert_eq!(merge(Some(&json!([1, 2])), &json!([2, 3, 3]), APPEND), Ok(json!([1, 2, 3, 3])));
    assert_eq!(
        merge(Some(&json!({"a": [1]})), &json!({"a": [1]}), APPEND),
        Ok(json!({"a": [1, 1]})),
        "at the top only"
    );
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2..3i64).prop_map(Value::from),
        "[a-b]{0,2}".prop_map(Value::from),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(4, 20, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[a-c]", inner, 0..3).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Every value of `before` that is neither empty nor a map is still in its place in `after`.
fn keeps(before: &Value, after: &Value) -> bool {
    match (before, after) {
        (before, _) if go::is_empty(before) => true,
        (Value::Object(before), Value::Object(after)) => before
            .iter()
            .all(|(key, value)| go::is_empty(value) || after.get(key).is_some_and(|after| keeps(value, after))),
        _ => before == after,
    }
}

proptest! {
    #[test]
    fn a_null_on_either_side_replaces(value in value()) {
        for options in ALL {
            prop_assert_eq!(merge(None, &value, options), Ok(value.clone()));
            prop_assert_eq!(merge(Some(&Value::Null), &value, options), Ok(value.clone()));
            prop_assert_eq!(merge(Some(&value), &Value::Null, options), Ok(Value::Null));
        }
    }

    #[test]
    fn without_appending_a_second_merge_changes_nothing(destination in value(), source in value()) {
        for options in [REPLACE_ARRAYS, KEEP] {
            let once = merge(Some(&destination), &source, options).unwrap();
            prop_assert_eq!(merge(Some(&once), &source, options), Ok(once));
        }
    }

    #[test]
    fn keeping_keeps_every_value_that_is_not_empty(destination in value(), source in value()) {
        prop_assume!(!source.is_null());
        let merged = merge(Some(&destination), &source, KEEP).unwrap();
        prop_assert!(keeps(&destination, &merged), "{} into {} gives {}", source, destination, merged);
    }

    #[test]
    fn overriding_takes_scalars_of_the_source(destination in value(), source in scalar()) {
        prop_assert_eq!(merge(Some(&destination), &source, REPLACE_ARRAYS), Ok(source));
    }

    #[test]
    fn nothing_grows_beyond_both(destination in value(), source in value()) {
        for options in ALL {
            if let Ok(merged) = merge(Some(&destination), &source, options) {
                prop_assert!(merged.to_string().len() <= destination.to_string().len() + source.to_string().len() + 2);
            }
        }
    }

    #[test]
    fn appending_arrays_keeps_what_is_there_in_front(have in prop::collection::vec(value(), 1..4), add in prop::collection::vec(value(), 0..4)) {
        for options in [APPEND, KEEP_AND_APPEND] {
            let merged = merge(Some(&json!(have)), &json!(add), options).unwrap();
            let items = merged.as_array().unwrap();
            prop_assert_eq!(&items[..have.len()], &have[..]);
            prop_assert!(add.iter().all(|item| items.contains(item)));
        }
    }
}
