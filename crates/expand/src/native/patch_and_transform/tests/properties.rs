//! What holds of every input.

use proptest::prelude::*;

use super::*;

fn path() -> impl Strategy<Value = String> {
    let segment = prop_oneof![Just("spec"), Just("a"), Just("b[0]"), Just("c[*]"), Just("[*]"), Just("d[x.y]")];
    prop::collection::vec(segment, 1..4).prop_map(|segments| segments.join("."))
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-c]{0,2}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[a-d]", inner, 0..3).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn patch() -> impl Strategy<Value = Value> {
    let policy = prop::sample::select(vec![
        "Replace",
        "MergeObjects",
        "MergeObjectsAppendArrays",
        "ForceMergeObjects",
        "ForceMergeObjectsAppendArrays",
    ]);
    let kind = prop::sample::select(vec!["FromCompositeFieldPath", "ToCompositeFieldPath", "FromEnvironmentFieldPath"]);
    (kind, path(), path(), policy, any::<bool>()).prop_map(|(kind, from, to, policy, required)| {
        let from_policy = if required { "Required" } else { "Optional" };
        json!({"type": kind, "fromFieldPath": from, "toFieldPath": to, "policy": {"toFieldPath": policy, "fromFieldPath": from_policy}})
    })
}

proptest! {
    #[test]
    fn the_same_input_gives_the_same_answer_in_any_order(
        first in prop::collection::vec(patch(), 0..4),
        second in prop::collection::vec(patch().prop_filter("of its own template", |patch| patch["type"] != "ToCompositeFieldPath"), 0..4),
        base in value(),
        spec in value(),
        live in value(),
    ) {
        let template = |name: &str, patches: &[Value]| json!({
            "name": name, "base": {"apiVersion": "v1", "kind": "K", "spec": base, "a": base, "b": [base], "c": [base, base]}, "patches": patches,
        });
        let (one, two) = (template("one", &first), template("two", &second));
        let composite = json!({"kind": "X", "spec": spec, "a": spec, "b": [spec], "c": [spec]});
        let live = [("one", json!({"kind": "K", "spec": live, "a": live}))];
        let forth = json!({"resources": [one, two]});
        let answer = run_over(&forth, &composite, &live);
        prop_assert_eq!(&answer, &run_over(&forth, &composite, &live));
        let back = run_over(&json!({"resources": [two, one]}), &composite, &live);
        let fatal = |response: &RunFunctionResponse| response.results.iter().any(|result| result.severity == FunctionSeverity::Fatal);
        prop_assert_eq!(fatal(&answer), fatal(&back));
        if !fatal(&answer) {
            prop_assert_eq!(answer.desired, back.desired);
        }
    }

    #[test]
    fn anything_is_an_input_or_refused_with_a_reason(resources in value(), environment in value(), sets in value()) {
        let input = json!({"resources": resources, "environment": environment, "patchSets": sets});
        if let Err(fault) = Compiled::new(&input) {
            prop_assert!(!fault.message.is_empty());
        }
    }
}
